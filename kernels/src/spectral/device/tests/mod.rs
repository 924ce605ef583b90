//! What the tests have in common: devices, grids, and the operators as pairs of adjoints.

mod adjoints;
mod agreement;
mod calls;
mod ranks;
#[cfg(all(target_os = "linux", feature = "cuda", feature = "hip"))]
mod texts;

use crate::device::{Buffer, Device};
use crate::grid::Grid;
use crate::spectral::{Transform, Truncation};
use crate::{Real, Result};

/// Radius of the sphere in all tests.
const RADIUS: f64 = 3.0;

/// The kernels' own functions on the CPU, and their texts on the first wgpu adapter. Says so where there is none, and fails
/// where `TERRELLA_REQUIRE` names it.
fn devices() -> Vec<Device> {
    let mut devices = vec![Device::Cpu];
    match Device::Wgpu(0).synchronize() {
        Ok(()) => devices.push(Device::Wgpu(0)),
        Err(error) => {
            assert!(!is_required("wgpu"), "required: {error}");
            eprintln!("not run: {error}");
        }
    }
    devices
}

/// Whether `TERRELLA_REQUIRE` has a name in its list.
fn is_required(name: &str) -> bool {
    let required = std::env::var("TERRELLA_REQUIRE").unwrap_or_default();
    required.split(',').any(|required| required.trim() == name)
}

/// Grids with their largest truncation and smaller ones: full, octahedral, reduced with rings of 1 and 2 points, odd and
/// prime lengths, and regular ones with and without poles below and above the reach of their own quadrature.
fn grids() -> Vec<(Grid, usize)> {
    let named = |name: &str| name.parse::<Grid>().unwrap();
    let reduced = [1, 2, 5, 9, 13, 17, 22, 27, 31, 33];
    let mirrored: Vec<usize> = reduced.iter().chain(reduced.iter().rev()).copied().collect();
    vec![
        (named("F16"), 31),
        (named("F24"), 21),
        (named("O16"), 17),
        (named("O33"), 65),
        (named("F33"), 65),
        (named("N32"), 63),
        (Grid::reduced(&mirrored).unwrap(), 16),
        (Grid::full_with_longitudes(8, 31).unwrap(), 15),
        (named("r64x63"), 31),
        (named("r48x25"), 23),
        (named("r48x24"), 23),
        (named("r31x24"), 15),
    ]
}

/// Grids with lengths that are cheaper to convolve than to sum, and with lines in pieces of both kinds.
fn long_grids() -> Vec<(Grid, usize)> {
    vec![
        (Grid::reduced(&[20, 211, 499, 499, 211, 20]).unwrap(), 5),
        (Grid::reduced(&[1031, 2160, 2160, 1031]).unwrap(), 3),
    ]
}

/// Values between −1 and 1 without a pattern along degrees or points, which would stand out somewhere on the sphere.
fn noise(len: usize, seed: usize) -> Vec<f64> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(seed as u64 + 1);
    let mut next = || {
        // Marsaglia's xorshift.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    };
    (0..len).map(|_| next()).collect()
}

fn upload<R: Real>(device: Device, values: &[f64]) -> Buffer<R> {
    let values: Vec<R> = values.iter().map(|&value| R::from_f64(value)).collect();
    Buffer::from_slice(device, &values).unwrap()
}

fn values<R: Real>(buffer: &Buffer<R>) -> Vec<f64> {
    buffer.to_vec().unwrap().into_iter().map(Real::to_f64).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Fails unless ‖a − b‖ < `tolerance` ‖a‖.
fn expect_close(what: &str, tolerance: f64, expected: &[f64], got: &[f64]) {
    let difference: Vec<f64> = expected.iter().zip(got).map(|(a, b)| a - b).collect();
    let relative = (dot(&difference, &difference) / dot(expected, expected)).sqrt();
    eprintln!("{what}: {relative:.1e}");
    assert!(expected.len() == got.len() && relative < tolerance, "{what}: {relative:e}");
}

/// An operator from `inputs` to `outputs`, of which `[0]` and `[n − 1]` are given.
type Operator<R> = fn(&mut Transform<R>, usize, [&Buffer<R>; 2], [&mut Buffer<R>; 2]) -> Result<()>;

/// See [`pairs_of_adjoints`].
type PairOfAdjoints<R> = (&'static str, [usize; 2], Operator<R>, Operator<R>);

/// Name, number of spectra and of grid fields, the operator to the grid, and the one to spectra; the second is the adjoint of
/// the first.
fn pairs_of_adjoints<R: Real>() -> Vec<PairOfAdjoints<R>> {
    vec![
        (
            "synthesis",
            [1, 1],
            |t, f, [x, _], [y, _]| t.synthesis(f, x, y),
            |t, f, [y, _], [x, _]| t.synthesis_adjoint(f, y, x),
        ),
        (
            "analysis",
            [1, 1],
            |t, f, [x, _], [y, _]| t.analysis_adjoint(f, x, y),
            |t, f, [y, _], [x, _]| t.analysis(f, y, x),
        ),
        (
            "wind_synthesis",
            [2, 2],
            |t, f, [x, y], [u, v]| t.wind_synthesis(f, x, y, u, v),
            |t, f, [u, v], [x, y]| t.wind_synthesis_adjoint(f, u, v, x, y),
        ),
        (
            "wind_analysis",
            [2, 2],
            |t, f, [x, y], [u, v]| t.wind_analysis_adjoint(f, x, y, u, v),
            |t, f, [u, v], [x, y]| t.wind_analysis(f, u, v, x, y),
        ),
        (
            "gradient_synthesis",
            [1, 2],
            |t, f, [x, _], [u, v]| t.gradient_synthesis(f, x, u, v),
            |t, f, [u, v], [x, _]| t.gradient_synthesis_adjoint(f, u, v, x),
        ),
        (
            "wind_zonal_derivative_synthesis",
            [2, 2],
            |t, f, [x, y], [u, v]| t.wind_zonal_derivative_synthesis(f, x, y, u, v),
            |t, f, [u, v], [x, y]| t.wind_zonal_derivative_synthesis_adjoint(f, u, v, x, y),
        ),
    ]
}

fn transform<R: Real>(device: Device, grid: &Grid, total: usize) -> Transform<R> {
    let mut transform = Transform::with_device_engine(grid, Truncation::new(total), device).unwrap();
    transform.set_radius(RADIUS).unwrap();
    transform
}

/// Sends `inputs` through an operator; all outputs one after another.
fn apply<R: Real>(
    transform: &mut Transform<R>,
    operator: Operator<R>,
    inputs: &[Vec<f64>],
    outputs: usize,
    len: usize,
) -> Vec<f64> {
    let device = transform.device();
    let first = upload(device, &inputs[0]);
    let second = upload(device, &inputs[inputs.len() - 1]);
    // What is there before must not matter.
    let mut results = [upload(device, &vec![7.0; len]), upload(device, &vec![7.0; len])];
    let [one, two] = &mut results;
    operator(transform, FIELDS, [&first, &second], [one, two]).unwrap();
    results[..outputs].iter().flat_map(values).collect()
}

const FIELDS: usize = 3;
