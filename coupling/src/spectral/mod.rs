//! Spherical-harmonic transforms that ranks share: [`DistributedTransform`] over slices, [`ModelTransform`] for models that run on one
//! rank or on many, with the [`Part`] of grid and truncation that a rank has
//! and a [`ModelHalo`] for what looks beyond it.
//!
//! A rank sums Legendre functions for its zonal wavenumbers and transforms its rings, north and south together; in between
//! Fourier coefficients go to the owners of rings, or come from them ([`transposition`](crate::transposition), with its volume).
//! Results have the bits of [`HostTransform`](terrella_kernels::spectral::HostTransform) on any number of ranks, because each sum is
//! that of the transform in one piece: of all degrees or of all latitudes, by one rank, in the same order.
//!
//! ```
//! use terrella_coupling::communicator::Communicator;
//! use terrella_coupling::spectral::distributed_transform;
//! use terrella_coupling::transposition::Wire;
//! use terrella_kernels::spectral::Truncation;
//!
//! let grid = "O16".parse()?;
//! let means = Communicator::threads(3, |ranks| {
//!     let mut transform = distributed_transform::<f64>(&ranks, &grid, Truncation::new(15), Wire::Same)?;
//!     let values = vec![2.5; transform.points()];
//!     let mut spectrum = vec![0.0; transform.spectrum_len(1)];
//!     transform.analysis(1, &values, &mut spectrum)?;
//!     // The (0,0) coefficient is the global mean.
//!     let has_mean = transform.shares().wavenumbers(ranks.rank()).contains(&0);
//!     Ok::<_, terrella_coupling::Error>(has_mean.then(|| spectrum[0]))
//! });
//! let mean = means.into_iter().collect::<Result<Vec<_>, _>>()?.into_iter().flatten().next();
//! assert!(mean.is_some_and(|mean| (mean - 2.5).abs() < 1e-14));
//! # Ok::<(), terrella_coupling::Error>(())
//! ```
//!
//! On GPUs each rank has its part on its own device ([`DistributedDeviceTransform`]), and coefficients go from one's memory to another's. Their sums are
//! those of a `Transform` on the device, and so are their bits.
//!
//! Grids are Gaussian. Ranks without rings or wavenumbers take part idly. A portion of columns is on its way while the next one is summed; ranks of a
//! node read it where it was summed. Where
//! ranks are so many that parcels are short, sets of them transform sets of levels: [`LevelTransform`].

mod levels;
mod model_halo;
mod model_transform;
mod on_thread;
mod part;
mod volume;

use terrella_kernels::Real;
use terrella_kernels::device::Device;
use terrella_kernels::grid::Grid;
use terrella_kernels::spectral::{PartialDeviceTransform, PartialTransform, TransformShares, Truncation};

pub use self::levels::{LevelTransform, level_sets, shares_of_rows};
pub use self::model_halo::ModelHalo;
pub use self::model_transform::{ModelTransform, expect_no_idle_rank};
pub use self::part::{Part, Rings};
pub use self::volume::StepVolume;
use crate::agreement::agreed;
use crate::communicator::Communicator;
use crate::decomposition::{WavenumberSets, pairs_of_rings};
use crate::transposition::{DeviceWaveTransposition, WaveTransposition, Wire};
use crate::{Error, Result};

/// One rank's part of a transform, with all operators of a `HostTransform`.
pub type DistributedTransform<R> = PartialTransform<R, WaveTransposition>;

/// One rank's part of a transform on its device, with all operators of a `Transform`.
pub type DistributedDeviceTransform<R> = PartialDeviceTransform<R, DeviceWaveTransposition<R>>;

/// The transform of a grid and truncation on the devices of all ranks, of which each names its own, with the shares of
/// [`distributed_transform`].
///
/// Errors: those of [`transform_shares`]; a device that is not there, or whose memory the tables do not fit, on all ranks alike.
pub fn distributed_device_transform<R: Real>(
    communicator: &Communicator,
    grid: &Grid,
    truncation: Truncation,
    device: Device,
) -> Result<DistributedDeviceTransform<R>> {
    let shares = transform_shares(grid, truncation, communicator.size())?;
    let transposition = DeviceWaveTransposition::new(communicator, &shares, device)?;
    let transform = PartialDeviceTransform::new(&shares, communicator.rank(), device, transposition);
    agreed(communicator, "device", transform.map_err(Error::from))
}

/// The transform of a grid and truncation on all ranks, with wavenumbers of the same cost and rings with as many points on each.
pub fn distributed_transform<R: Real>(
    communicator: &Communicator,
    grid: &Grid,
    truncation: Truncation,
    wire: Wire,
) -> Result<DistributedTransform<R>> {
    let shares = transform_shares(grid, truncation, communicator.size())?;
    let transposition = WaveTransposition::new(communicator, &shares, wire)?;
    Ok(PartialTransform::new(&shares, communicator.rank(), transposition))
}

/// Who has what in [`distributed_transform`].
///
/// Errors: a grid that is not Gaussian, or does not carry the truncation.
pub fn transform_shares(grid: &Grid, truncation: Truncation, ranks: usize) -> Result<TransformShares> {
    let sets = WavenumberSets::new(grid, truncation, ranks);
    let pairs = pairs_of_rings(grid, ranks);
    let wavenumbers = (0..ranks).map(|rank| sets.of(rank).to_vec()).collect();
    let pairs = (0..ranks).map(|rank| pairs.of(rank)).collect();
    Ok(TransformShares::new(grid, truncation, wavenumbers, pairs)?)
}
