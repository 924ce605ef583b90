//! The forcing of Held and Suarez by itself.

use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::physics::held_suarez::{
    Forcing, held_suarez_adjoint, held_suarez_forcing, held_suarez_tangent,
};

use super::runs::dot;

const LEVELS: usize = 9;
const POINTS: usize = 21;
const INTERVAL: f64 = 2_400.0;

fn noise(seed: usize, len: usize, size: f64) -> Vec<f64> {
    super::runs::noise(seed, len).map(|value| size * value).collect()
}

fn buffer(values: &[f64]) -> Buffer<f64> {
    Buffer::from_slice(Device::Cpu, values).unwrap()
}

/// The parameters in the order of the kernels.
macro_rules! with_parameters {
    ($kernel:ident, $($argument:expr),+) => {{
        let forcing = Forcing::default();
        $kernel::launch(
            [LEVELS as u32, POINTS as u32],
            POINTS as u32,
            INTERVAL,
            forcing.boundary_layer,
            forcing.friction,
            forcing.relaxation,
            forcing.surface_relaxation,
            forcing.meridional_difference,
            forcing.vertical_difference,
            forcing.warmest,
            forcing.coldest,
            forcing.reference_pressure,
            forcing.kappa,
            $($argument),+
        )
        .unwrap()
    }};
}

/// Layers between half levels that are of pressure above and of σ at the ground.
fn layers() -> [Buffer<f64>; 2] {
    let half = |k: usize| {
        let x = k as f64 / LEVELS as f64;
        [20_000.0 * x * (1.0 - x) * 2.0, x * x]
    };
    [0, 1].map(|part| buffer(&(0..LEVELS).map(|k| half(k)[part] + half(k + 1)[part]).collect::<Vec<f64>>()))
}

/// p_s, u, v, T − T_r.
fn state() -> [Vec<f64>; 4] {
    let pressure = noise(1, POINTS, 4_000.0).iter().map(|value| 97_000.0 + value).collect();
    [
        pressure,
        noise(2, LEVELS * POINTS, 30.0),
        noise(3, LEVELS * POINTS, 30.0),
        noise(4, LEVELS * POINTS, 40.0),
    ]
}

fn tendencies(state: &[Vec<f64>; 4]) -> [Vec<f64>; 3] {
    let [a_sum, b_sum] = layers();
    let none = buffer(&[0.0; LEVELS * POINTS]);
    let [mut u, mut v, mut temperature] = [(); 3].map(|()| buffer(&[0.0; LEVELS * POINTS]));
    let [surface, east, north, departure] = state.each_ref().map(|field| buffer(field));
    with_parameters!(
        held_suarez_forcing,
        &a_sum,
        &b_sum,
        &buffer(&noise(5, POINTS, 1.0)),
        &surface,
        &east,
        &north,
        &departure,
        &buffer(&[270.0; LEVELS]),
        &none,
        &none,
        &none,
        &mut u,
        &mut v,
        &mut temperature
    );
    [u, v, temperature].map(|field| field.to_vec().unwrap())
}

fn tangent(perturbation: &[Vec<f64>; 4]) -> [Vec<f64>; 3] {
    let [a_sum, b_sum] = layers();
    let none = buffer(&[0.0; LEVELS * POINTS]);
    let [mut u, mut v, mut temperature] = [(); 3].map(|()| buffer(&[0.0; LEVELS * POINTS]));
    let [surface, east, north, departure] = state().map(|field| buffer(&field));
    let [d_surface, d_east, d_north, d_departure] = perturbation.each_ref().map(|field| buffer(field));
    with_parameters!(
        held_suarez_tangent,
        &a_sum,
        &b_sum,
        &buffer(&noise(5, POINTS, 1.0)),
        &buffer(&[270.0; LEVELS]),
        &surface,
        &east,
        &north,
        &departure,
        &d_surface,
        &d_east,
        &d_north,
        &d_departure,
        &none,
        &none,
        &none,
        &mut u,
        &mut v,
        &mut temperature
    );
    [u, v, temperature].map(|field| field.to_vec().unwrap())
}

fn direction() -> [Vec<f64>; 4] {
    [
        noise(6, POINTS, 500.0),
        noise(7, LEVELS * POINTS, 3.0),
        noise(8, LEVELS * POINTS, 3.0),
        noise(9, LEVELS * POINTS, 3.0),
    ]
}

#[test]
fn tangent_of_the_forcing_is_its_derivative() {
    let (state, direction) = (state(), direction());
    let (base, tangent) = (tendencies(&state), tangent(&direction));
    let remainders = [1e-2, 1e-3, 1e-4].map(|factor| {
        let moved: [Vec<f64>; 4] = std::array::from_fn(|field| {
            state[field].iter().zip(&direction[field]).map(|(x, d)| x + factor * d).collect()
        });
        let disturbed = tendencies(&moved);
        let (mut error, mut size) = (0.0, 0.0);
        for field in 0..3 {
            for index in 0..LEVELS * POINTS {
                let change = disturbed[field][index] - base[field][index];
                error += (change - factor * tangent[field][index]).powi(2);
                size += (factor * tangent[field][index]).powi(2);
            }
        }
        (error / size).sqrt()
    });
    assert!(remainders[2] < 1e-5, "{remainders:?}");
    for pair in remainders.windows(2) {
        assert!((8.0..12.0).contains(&(pair[0] / pair[1])), "{remainders:?}");
    }
}

#[test]
fn adjoint_of_the_forcing_is_its_transpose() {
    let direction = direction();
    let image = tangent(&direction);
    let sensitivity = [10, 11, 12].map(|seed| noise(seed, LEVELS * POINTS, 1.0));
    let [a_sum, b_sum] = layers();
    let [surface, east, north, departure] = state().map(|field| buffer(&field));
    let [by_u, by_v, by_temperature] = sensitivity.each_ref().map(|field| buffer(field));
    let [mut u, mut v, mut temperature] = [(); 3].map(|()| buffer(&[0.0; LEVELS * POINTS]));
    let mut pressure = buffer(&[0.0; POINTS]);
    with_parameters!(
        held_suarez_adjoint,
        &a_sum,
        &b_sum,
        &buffer(&noise(5, POINTS, 1.0)),
        &buffer(&[270.0; LEVELS]),
        &surface,
        &east,
        &north,
        &departure,
        &by_u,
        &by_v,
        &by_temperature,
        &mut u,
        &mut v,
        &mut temperature,
        &mut pressure
    );
    let left: f64 = (0..3).map(|field| dot(&image[field], &sensitivity[field])).sum();
    let right: f64 = [pressure, u, v, temperature]
        .iter()
        .zip(&direction)
        .map(|(sensitivity, direction)| dot(&sensitivity.to_vec().unwrap(), direction))
        .sum();
    assert!((left - right).abs() < 1e-12 * left.abs(), "{left:e} and {right:e}");
}
