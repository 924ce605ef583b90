//! Spherical-harmonic transforms between spectra and grids: [`Transform`].
//!
//! f(λ,μ) = Σ_{m=−T}^{T} Σ_{n=|m|}^{T} f_nm P̄_nm(μ) e^{imλ}, μ = sin φ, with real f, so that only m ≥ 0 is stored
//! (f_{n,−m} is the conjugate). P̄ is normalised so that ½∫P̄² dμ = 1 over [−1,1], without the factor (−1)^m, as in IFS,
//! ecTrans and GRIB: P̄_00 = 1 and f_00 is the global mean.
//!
//! | what                                                        | where                  |
//! |-------------------------------------------------------------|------------------------|
//! | transforms, winds, gradients and their adjoints             | [`Transform`] over buffers, [`HostTransform`] over slices |
//! | the same, shared between ranks                              | [`PartialTransform`]; [`PartialDeviceTransform`] on devices |
//! | truncations of a grid, order of coefficients                | [`Truncation`]         |
//! | Laplacian, its inverse and powers, filters                  | [`degree_factors`]     |
//! | cutting off and padding                                     | [`truncation_change`]  |
//! | norms, power and kinetic energy by total wavenumber         | [`power`]              |
//! | values and winds at arbitrary points                        | [`points`]             |
//! | analysis where quadrature is not exact, as on HEALPix       | [`iterative_analysis`] |
//!
//! Spectra are real arrays `[coefficient][2][field]`: coefficients m-major (n = m..T of m = 0, then of m = 1, ...), real
//! then imaginary part, field fastest. Grid fields are `[field][point]`, rings north to south, eastward from
//! their first longitude.
//!
//! ```
//! use terrella_kernels::device::{Buffer, Device};
//! use terrella_kernels::grid::Grid;
//! use terrella_kernels::spectral::{Transform, Truncation};
//!
//! let grid: Grid = "F32".parse()?;
//! let truncation = Truncation::new(42);
//! let mut transform = Transform::<f64>::new(&grid, truncation, Device::Cpu)?;
//!
//! let mut coefficients = vec![0.0; truncation.spectrum_len(1)];
//! coefficients[0] = 5.0; // a constant
//! coefficients[2 * truncation.index(0, 1)] = 1.0; // + √3 μ
//! let spectrum = Buffer::from_slice(Device::Cpu, &coefficients)?;
//! let mut values = Buffer::zeros(Device::Cpu, grid.points())?;
//! transform.synthesis(1, &spectrum, &mut values)?;
//! let northernmost = 5.0 + 3f64.sqrt() * grid.rings()[0].sine_latitude;
//! assert!((values.to_vec()?[0] - northernmost).abs() < 1e-14);
//! # Ok::<(), terrella_kernels::Error>(())
//! ```

mod coefficients;
pub mod degree_factors;
mod device;
mod form;
mod fourier;
mod host_engine;
mod host_transform;
pub mod iterative_analysis;
mod lane_fourier;
mod lanes;
mod latitudes;
mod narrow;
mod operation;
mod parcels;
mod partial_device_transform;
mod partial_transform;
mod partition;
pub mod points;
pub mod power;
mod prefetch;
mod recurrence;
mod resampling;
mod resampling_matrices;
mod ring_factor;
mod shares;
mod stage;
mod start;
mod sums;
mod transform;
mod transpose;
mod truncation;
pub mod truncation_change;
mod wide;

pub use host_transform::HostTransform;
pub use parcels::{Came, NearMemory, WaveSide};
pub use partial_device_transform::{DeviceWaveExchange, PartialDeviceTransform};
pub use partial_transform::{PartialTransform, WaveExchange};
pub use shares::TransformShares;
pub use stage::{FourierHook, FourierRow, StageSeconds};
pub use transform::Transform;
pub use truncation::Truncation;

use crate::device::{Buffer, Device};
use crate::error::expect_len;
use crate::{Element, Error, Result};

/// An error unless the buffer has this length and is on this device.
fn expect<T: Element>(name: &'static str, device: Device, len: usize, buffer: &Buffer<T>) -> Result<()> {
    if buffer.device() != device {
        return Err(Error::DeviceMismatch { name, expected: device, got: buffer.device() });
    }
    expect_len(name, len, buffer.len())
}

/// A sphere's radius [m], or an error unless it is positive and finite.
fn expect_radius(radius: f64) -> Result<f64> {
    if radius.is_finite() && radius > 0.0 {
        return Ok(radius);
    }
    let expected = "a positive length in metres".to_owned();
    Err(Error::InvalidValue { name: "radius", got: radius.to_string(), expected })
}
