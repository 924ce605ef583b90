//! Kernels of columns by themselves: derivatives of layers, and the transpose of integrals and tendencies together.

use terrella_dycore::primitive::linear::{
    energy_tangent, layer_coefficients, mass_and_temperature_adjoint, mass_flux_tangent, tracer_adjoint,
    tracer_tangent, wind_and_divergence_adjoint, wind_and_temperature_tangent,
};
use terrella_dycore::primitive::mass_flux;
use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::vertical::{HybridLevels, LayerTables};

use super::runs::{dot, noise};

const POINTS: usize = 37;
const GAS_CONSTANT: f64 = 287.0;
const KAPPA: f64 = 0.2857;
const VIRTUAL: f64 = 0.608;
const HEAT: f64 = 0.84;
const TRACERS: usize = 2;

fn field(len: usize) -> Buffer<f64> {
    Buffer::zeros(Device::Cpu, len).unwrap()
}

fn scaled(seed: usize, len: usize, offset: f64, size: f64) -> Buffer<f64> {
    let values: Vec<f64> = noise(seed, len).map(|value| offset + size * value).collect();
    Buffer::from_slice(Device::Cpu, &values).unwrap()
}

/// ℓ, α and their derivatives by p_s.
fn coefficients(levels: &HybridLevels, pressure: &Buffer<f64>) -> [Buffer<f64>; 4] {
    let layers = LayerTables::<f64>::new(levels, Device::Cpu).unwrap();
    let count = levels.count();
    let [mut logarithm, mut alpha, mut logarithm_slope, mut alpha_slope] =
        [(); 4].map(|()| field(count * pressure.len()));
    layer_coefficients::launch(
        [count as u32, pressure.len() as u32],
        &layers.a_thickness,
        &layers.b_thickness,
        &layers.a_sum,
        &layers.b_sum,
        &layers.kind,
        &layers.logarithm,
        &layers.alpha,
        pressure,
        &mut logarithm,
        &mut alpha,
        &mut logarithm_slope,
        &mut alpha_slope,
    )
    .unwrap();
    [logarithm, alpha, logarithm_slope, alpha_slope]
}

#[test]
fn slopes_of_layers_are_their_derivatives() {
    for name in ["L19", "L26", "L60", "sigma10"] {
        let levels: HybridLevels = name.parse().unwrap();
        let change = 20.0;
        let at = |pressure: f64| {
            let pressure = Buffer::from_slice(Device::Cpu, &[pressure]).unwrap();
            coefficients(&levels, &pressure).map(|field| field.to_vec().unwrap())
        };
        let [below, here, above] = [-change, 0.0, change].map(|change| at(95_000.0 + change));
        for value in 0..2 {
            for level in 0..levels.count() {
                let difference = (above[value][level] - below[value][level]) / (2.0 * change);
                let slope = here[value + 2][level];
                // Differences of second order, of numbers with sixteen digits.
                assert!((slope - difference).abs() < 1e-12, "{name} {level}: {slope:e} {difference:e}");
            }
        }
    }
}

/// A trajectory of columns, and the constants.
struct Columns {
    count: usize,
    layers: LayerTables<f64>,
    reference: Buffer<f64>,
    coriolis: Buffer<f64>,
    coefficients: [Buffer<f64>; 4],
    /// p_s and ∇ln p_s.
    surface: [Buffer<f64>; 3],
    /// u, v, ζ, D, T, ∇T.
    fields: [Buffer<f64>; 7],
    /// X, ∇X.
    tracers: [Buffer<f64>; 3],
    flux_above: Buffer<f64>,
    flux_total: Buffer<f64>,
}

const SURFACE: [f64; 3] = [500.0, 1e-7, 1e-7];
const FIELDS: [f64; 7] = [10.0, 10.0, 1e-5, 1e-5, 5.0, 1e-5, 1e-5];
const TRACER: [f64; 3] = [1e-3, 1e-9, 1e-9];

/// Surface fields, fields on levels and tracers.
type Perturbation = ([Buffer<f64>; 3], [Buffer<f64>; 7], [Buffer<f64>; 3]);

/// One of random numbers.
fn perturbation(count: usize, seed: usize) -> Perturbation {
    let of = |part: usize, len: usize, size: f64| scaled(seed + part, len, 0.0, size);
    (
        std::array::from_fn(|part| of(part, POINTS, SURFACE[part])),
        std::array::from_fn(|part| of(10 + part, count * POINTS, FIELDS[part])),
        std::array::from_fn(|part| of(20 + part, TRACERS * count * POINTS, TRACER[part])),
    )
}

impl Columns {
    fn new(name: &str) -> Self {
        let levels: HybridLevels = name.parse().unwrap();
        let count = levels.count();
        let ([_, east, north], [u, v, vorticity, divergence, temperature, t_east, t_north], mut tracers) =
            perturbation(count, 100);
        tracers[0] = scaled(130, TRACERS * count * POINTS, 0.01, 0.01);
        let pressure = scaled(99, POINTS, 95_000.0, 5_000.0);
        let layers = LayerTables::<f64>::new(&levels, Device::Cpu).unwrap();
        let (mut flux_above, mut flux_total) = (field(count * POINTS), field(POINTS));
        mass_flux::launch(
            [count as u32, POINTS as u32],
            POINTS as u32,
            &layers.a_thickness,
            &layers.b_thickness,
            &pressure,
            &east,
            &north,
            &divergence,
            &u,
            &v,
            &mut flux_above,
            &mut flux_total,
        )
        .unwrap();
        Self {
            count,
            coefficients: coefficients(&levels, &pressure),
            layers,
            reference: Buffer::from_slice(Device::Cpu, &vec![280.0; count]).unwrap(),
            coriolis: scaled(98, POINTS, 0.0, 1.4e-4),
            surface: [pressure, east, north],
            fields: [u, v, vorticity, divergence, temperature, t_east, t_north],
            tracers,
            flux_above,
            flux_total,
        }
    }

    /// Perturbations of F_u, F_v, ∂T/∂t, E + φ′, s_L and ∂X/∂t.
    fn tangent(
        &self,
        moist: u32,
        surface: &[Buffer<f64>; 3],
        fields: &[Buffer<f64>; 7],
        tracers: &[Buffer<f64>; 3],
    ) -> [Vec<f64>; 6] {
        let (levels, points) = (self.count as u32, POINTS as u32);
        let layers = &self.layers;
        let [logarithm, alpha, logarithm_slope, alpha_slope] = &self.coefficients;
        let [pressure, east, north] = &self.surface;
        let [u, v, vorticity, divergence, temperature, t_east, t_north] = &self.fields;
        let (mut above, mut total) = (field(self.count * POINTS), field(POINTS));
        mass_flux_tangent::launch(
            [levels, points],
            points,
            &layers.a_thickness,
            &layers.b_thickness,
            pressure,
            east,
            north,
            divergence,
            u,
            v,
            &surface[0],
            &surface[1],
            &surface[2],
            &fields[3],
            &fields[0],
            &fields[1],
            &mut above,
            &mut total,
        )
        .unwrap();
        let (mut energy, mut top) = (field(self.count * POINTS), field(POINTS));
        energy_tangent::launch(
            [levels, points],
            points,
            GAS_CONSTANT,
            VIRTUAL,
            moist,
            &self.reference,
            &layers.kind,
            &layers.logarithm,
            &layers.alpha,
            logarithm,
            alpha,
            logarithm_slope,
            alpha_slope,
            temperature,
            &self.tracers[0],
            u,
            v,
            &surface[0],
            &fields[4],
            &tracers[0],
            &fields[0],
            &fields[1],
            &mut energy,
            &mut top,
        )
        .unwrap();
        let [mut force_u, mut force_v, mut heating] = [(); 3].map(|()| field(self.count * POINTS));
        wind_and_temperature_tangent::launch(
            [levels, points],
            points,
            levels,
            GAS_CONSTANT,
            KAPPA,
            VIRTUAL,
            HEAT,
            moist,
            &layers.a_thickness,
            &layers.b_thickness,
            &layers.b_above,
            &self.reference,
            &self.coriolis,
            &layers.kind,
            &layers.logarithm,
            &layers.alpha,
            logarithm,
            alpha,
            logarithm_slope,
            alpha_slope,
            pressure,
            east,
            north,
            &self.flux_above,
            &self.flux_total,
            u,
            v,
            vorticity,
            divergence,
            temperature,
            t_east,
            t_north,
            &self.tracers[0],
            &surface[0],
            &surface[1],
            &surface[2],
            &above,
            &total,
            &fields[0],
            &fields[1],
            &fields[2],
            &fields[3],
            &fields[4],
            &fields[5],
            &fields[6],
            &tracers[0],
            &mut force_u,
            &mut force_v,
            &mut heating,
        )
        .unwrap();
        let mut change = field(TRACERS * self.count * POINTS);
        tracer_tangent::launch(
            [TRACERS as u32 * levels, points],
            points,
            levels,
            &layers.a_thickness,
            &layers.b_thickness,
            &layers.b_above,
            pressure,
            &self.flux_above,
            &self.flux_total,
            u,
            v,
            &self.tracers[0],
            &self.tracers[1],
            &self.tracers[2],
            &surface[0],
            &above,
            &total,
            &fields[0],
            &fields[1],
            &tracers[0],
            &tracers[1],
            &tracers[2],
            &mut change,
        )
        .unwrap();
        [force_u, force_v, heating, energy, total, change].map(|field| field.to_vec().unwrap())
    }

    /// Sensitivities to p_s, ∇ln p_s; u, v, ζ, D, T, ∇T; X, ∇X, of those to the outputs of [`Self::tangent`].
    fn adjoint(&self, moist: u32, outputs: &[Vec<f64>; 6]) -> Vec<Vec<f64>> {
        let (levels, points) = (self.count as u32, POINTS as u32);
        let layers = &self.layers;
        let [logarithm, alpha, logarithm_slope, alpha_slope] = &self.coefficients;
        let [pressure, east, north] = &self.surface;
        let [u, v, vorticity, divergence, temperature, t_east, t_north] = &self.fields;
        let [by_u, by_v, by_heating, by_energy, by_total, by_tracer] =
            [0, 1, 2, 3, 4, 5].map(|part| Buffer::from_slice(Device::Cpu, &outputs[part]).unwrap());
        let [mut to_flux, mut to_temperature, mut to_humidity, mut to_east, mut to_north] =
            [(); 5].map(|()| field(self.count * POINTS));
        let [mut energy_above, mut column, mut upper_pressure] = [(); 3].map(|()| field(POINTS));
        mass_and_temperature_adjoint::launch(
            [levels, points],
            points,
            levels,
            GAS_CONSTANT,
            KAPPA,
            VIRTUAL,
            HEAT,
            moist,
            TRACERS as u32,
            &layers.a_thickness,
            &layers.b_thickness,
            &layers.b_above,
            &self.reference,
            &layers.kind,
            &layers.logarithm,
            &layers.alpha,
            logarithm,
            alpha,
            logarithm_slope,
            alpha_slope,
            pressure,
            east,
            north,
            &self.flux_total,
            &self.flux_above,
            u,
            v,
            divergence,
            temperature,
            &self.tracers[0],
            &by_u,
            &by_v,
            &by_heating,
            &by_energy,
            &by_tracer,
            &mut to_flux,
            &mut to_temperature,
            &mut to_humidity,
            &mut to_east,
            &mut to_north,
            &mut energy_above,
            &mut column,
            &mut upper_pressure,
        )
        .unwrap();
        let [mut to_u, mut to_v, mut to_divergence, mut to_vorticity] =
            [(); 4].map(|()| field(self.count * POINTS));
        let [mut scratch, mut lower_pressure, mut to_slope_east, mut to_slope_north] =
            [(); 4].map(|()| field(POINTS));
        wind_and_divergence_adjoint::launch(
            [levels, points],
            points,
            levels,
            GAS_CONSTANT,
            KAPPA,
            VIRTUAL,
            HEAT,
            moist,
            TRACERS as u32,
            &layers.a_thickness,
            &layers.b_thickness,
            &layers.b_above,
            &self.reference,
            &self.coriolis,
            &layers.kind,
            &layers.logarithm,
            &layers.alpha,
            logarithm,
            alpha,
            logarithm_slope,
            alpha_slope,
            pressure,
            east,
            north,
            &self.flux_total,
            &self.flux_above,
            u,
            v,
            vorticity,
            divergence,
            temperature,
            t_east,
            t_north,
            &self.tracers[0],
            &self.tracers[1],
            &self.tracers[2],
            &by_u,
            &by_v,
            &by_heating,
            &by_energy,
            &by_tracer,
            &to_flux,
            &column,
            &by_total,
            &mut to_u,
            &mut to_v,
            &mut to_divergence,
            &mut to_vorticity,
            &mut scratch,
            &mut lower_pressure,
            &mut to_slope_east,
            &mut to_slope_north,
        )
        .unwrap();
        let [mut to_tracer, mut to_tracer_east, mut to_tracer_north] =
            [(); 3].map(|()| field(TRACERS * self.count * POINTS));
        tracer_adjoint::launch(
            [TRACERS as u32 * levels, points],
            points,
            levels,
            moist,
            &layers.a_thickness,
            &layers.b_thickness,
            &layers.b_above,
            pressure,
            &self.flux_total,
            &self.flux_above,
            u,
            v,
            &by_tracer,
            &to_humidity,
            &mut to_tracer,
            &mut to_tracer_east,
            &mut to_tracer_north,
        )
        .unwrap();
        let pressures = upper_pressure.to_vec().unwrap().into_iter().zip(lower_pressure.to_vec().unwrap());
        let mut all = vec![pressures.map(|(upper, lower)| upper + lower).collect()];
        for part in [
            to_slope_east,
            to_slope_north,
            to_u,
            to_v,
            to_vorticity,
            to_divergence,
            to_temperature,
            to_east,
            to_north,
            to_tracer,
            to_tracer_east,
            to_tracer_north,
        ] {
            all.push(part.to_vec().unwrap());
        }
        all
    }
}

/// Each output by itself, in dry and in moist air.
#[test]
fn columns_are_transposed() {
    for (name, moist) in [("sigma10", 0), ("L19", 0), ("L26", 1), ("L19", 1)] {
        let columns = Columns::new(name);
        let (surface, fields, tracers) = perturbation(columns.count, 200);
        let image = columns.tangent(moist, &surface, &fields, &tracers);
        let input: Vec<Vec<f64>> =
            surface.iter().chain(&fields).chain(&tracers).map(|field| field.to_vec().unwrap()).collect();
        for chosen in 0..image.len() {
            let mut outputs = image.each_ref().map(|field| vec![0.0; field.len()]);
            outputs[chosen] = noise(300 + chosen, image[chosen].len()).collect();
            let left = dot(&image[chosen], &outputs[chosen]);
            let sensitivity = columns.adjoint(moist, &outputs);
            let right: f64 = input.iter().zip(&sensitivity).map(|(input, own)| dot(input, own)).sum();
            let size = (dot(&image[chosen], &image[chosen]) * dot(&outputs[chosen], &outputs[chosen])).sqrt();
            let difference = (left - right).abs() / size;
            assert!(difference < 1e-12, "{name}, output {chosen}: {left:e} and {right:e}, {difference:e}");
        }
    }
}
