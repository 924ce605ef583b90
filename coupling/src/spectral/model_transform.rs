//! The transform of a model, whole or a rank's part of it.

use terrella_kernels::Real;
use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::grid::Grid;
use terrella_kernels::spectral::{Transform, TransformShares, Truncation};

use super::on_thread::OnThread;
use super::{
    DistributedDeviceTransform, LevelTransform, Part, distributed_device_transform, level_sets,
    transform_shares,
};
use crate::communicator::{Communicator, Route};
use crate::devices::expect_one_kind;
use crate::transposition::Wire;
use crate::{Error, Result};

/// The transform that a model runs on: a [`Transform`] on any device, or a rank's part of one, on the CPU or on the rank's device.
///
/// Its arrays are those of its [`Part`]: `spectrum`, `vorticity` and `divergence` `[own coefficient][2][fields]`, `values`,
/// `u`, `v` and gradients `[fields][own point]`. A model that asks the part for points, rings and degrees is the same on one rank
/// and on many, and so are its results, bit for bit where the ranks' devices are of one kind.
///
/// Where ranks share it, all of them call the same operators in the same order, each on the thread of its communicator.
///
/// ```
/// use terrella_coupling::communicator::Communicator;
/// use terrella_coupling::spectral::ModelTransform;
/// use terrella_kernels::device::{Buffer, Device};
/// use terrella_kernels::spectral::Truncation;
///
/// let grid = "O16".parse()?;
/// let points = Communicator::threads(3, |ranks| {
///     let mut transform = ModelTransform::<f64>::on(&ranks, &grid, Truncation::new(15))?;
///     let values = Buffer::zeros(Device::Cpu, transform.part().points())?;
///     let mut spectrum = Buffer::zeros(Device::Cpu, 2 * transform.part().coefficients())?;
///     transform.analysis(1, &values, &mut spectrum)?;
///     Ok::<_, terrella_coupling::Error>(transform.part().points())
/// });
/// let points: usize = points.into_iter().sum::<Result<_, _>>()?;
/// assert_eq!(points, grid.points());
/// # Ok::<(), terrella_coupling::Error>(())
/// ```
///
/// Errors: a buffer of another length or on another device; no room for the workspace; across ranks those of the communicator, and
/// a call from another thread.
pub struct ModelTransform<R: Real> {
    device: Device,
    part: Part,
    engine: Engine<R>,
}

enum Engine<R: Real> {
    Whole(Box<Transform<R>>),
    Shared(OnThread<Shared<LevelTransform<R>>>),
    SharedOnDevices(OnThread<Shared<DistributedDeviceTransform<R>>>),
}

struct Shared<T> {
    transform: T,
    communicator: Communicator,
}

impl<R: Real> ModelTransform<R> {
    /// The whole transform, for a sphere of [`EARTH_RADIUS`](terrella_kernels::constants::EARTH_RADIUS).
    pub fn new(grid: &Grid, truncation: Truncation, device: Device) -> Result<Self> {
        let engine = Engine::Whole(Box::new(Transform::new(grid, truncation, device)?));
        Ok(Self { device, part: Part::whole(grid, truncation), engine })
    }

    /// This rank's part of a transform that all ranks share, on the CPU; all make it together. A rank alone has the whole. Levels are shared
    /// as [`level_sets`] says.
    ///
    /// Errors, on all ranks alike: a grid that is not Gaussian; more ranks than have a pair of rings and a wavenumber each.
    pub fn on(communicator: &Communicator, grid: &Grid, truncation: Truncation) -> Result<Self> {
        if communicator.size() == 1 {
            return Self::new(grid, truncation, Device::Cpu);
        }
        let sets = level_sets(&transform_shares(grid, truncation, communicator.size())?);
        Self::on_levels(communicator, grid, truncation, sets)
    }

    /// The same with some sets of levels, a divisor of the number of ranks.
    pub fn on_levels(
        communicator: &Communicator,
        grid: &Grid,
        truncation: Truncation,
        sets: usize,
    ) -> Result<Self> {
        expect_no_idle_rank(&transform_shares(grid, truncation, communicator.size())?)?;
        let transform = LevelTransform::new(communicator, grid, truncation, sets, Wire::Same)?;
        let part = Part::of_rank(transform.shares(), communicator.rank());
        let engine = Engine::Shared(OnThread::new(Shared { transform, communicator: communicator.clone() }));
        Ok(Self { device: Device::Cpu, part, engine })
    }

    /// This rank's part, on its device. A rank alone has the whole; on the CPU it is [`Self::on`]. Ranks have devices of one kind, all or none
    /// of them the CPU. Levels are in one set on GPUs.
    ///
    /// Errors, on all ranks alike: those of [`Self::on`]; devices of several kinds, by rank; a device that is not there.
    pub fn on_device(
        communicator: &Communicator,
        grid: &Grid,
        truncation: Truncation,
        device: Device,
    ) -> Result<Self> {
        if communicator.size() == 1 {
            return Self::new(grid, truncation, device);
        }
        expect_one_kind(communicator, device)?;
        if device == Device::Cpu {
            return Self::on(communicator, grid, truncation);
        }
        expect_no_idle_rank(&transform_shares(grid, truncation, communicator.size())?)?;
        let transform = distributed_device_transform(communicator, grid, truncation, device)?;
        let part = Part::of_rank(transform.shares(), communicator.rank());
        let shared = Shared { transform, communicator: communicator.clone() };
        Ok(Self { device, part, engine: Engine::SharedOnDevices(OnThread::new(shared)) })
    }

    /// The way of coefficients between the ranks' devices; nothing where no rank has one, or there is one rank.
    ///
    /// Errors: a call from another thread than the one of the communicator.
    pub fn route(&self) -> Result<Option<Route>> {
        match &self.engine {
            Engine::Whole(_) | Engine::Shared(_) => Ok(None),
            Engine::SharedOnDevices(shared) => {
                shared.work(|shared| Ok(Some(shared.transform.exchange().route())))
            }
        }
    }

    /// Sets the radius a of the sphere \[m\], to which winds and gradients refer; an error unless it is positive and finite.
    pub fn set_radius(&mut self, radius: f64) -> Result<()> {
        match &mut self.engine {
            Engine::Whole(transform) => Ok(transform.set_radius(radius)?),
            Engine::Shared(shared) => shared.work(|shared| shared.transform.set_radius(radius)),
            Engine::SharedOnDevices(shared) => {
                shared.work(|shared| Ok(shared.transform.set_radius(radius)?))
            }
        }
    }

    /// Which rings and coefficients are here.
    pub fn part(&self) -> &Part {
        &self.part
    }

    /// The grid that ranks share.
    pub fn grid(&self) -> &Grid {
        self.part.grid()
    }

    /// The truncation that ranks share.
    pub fn truncation(&self) -> Truncation {
        self.part.truncation()
    }

    /// The device.
    pub fn device(&self) -> Device {
        self.device
    }

    /// The ranks that share it; one alone where it is whole.
    ///
    /// Errors: a call from another thread than the one of the communicator.
    pub fn communicator(&self) -> Result<Communicator> {
        Ok(self.shared_by()?.unwrap_or_else(Communicator::serial))
    }

    /// The ranks that share it; nothing where it is whole. Allocates nothing.
    ///
    /// Errors: those of [`Self::communicator`].
    pub fn shared_by(&self) -> Result<Option<Communicator>> {
        match &self.engine {
            Engine::Whole(_) => Ok(None),
            Engine::Shared(shared) => shared.work(|shared| Ok(Some(shared.communicator.clone()))),
            Engine::SharedOnDevices(shared) => shared.work(|shared| Ok(Some(shared.communicator.clone()))),
        }
    }
}

/// An error, naming the first of them, if there are ranks without rings or without wavenumbers.
pub fn expect_no_idle_rank(shares: &TransformShares) -> Result<()> {
    let is_idle = |rank: &usize| shares.pairs(*rank).is_empty() || shares.wavenumbers(*rank).is_empty();
    let Some(rank) = (0..shares.ranks()).find(is_idle) else { return Ok(()) };
    let grid = shares.grid();
    Err(Error::InvalidValue {
        name: "ranks",
        got: format!("{}, of which rank {rank} has nothing to do", shares.ranks()),
        expected: format!(
            "so few that each has one of the {} pairs of rings of {grid} and one of the {} zonal wavenumbers",
            grid.rings().len() / 2,
            shares.truncation().total() + 1
        ),
    })
}

/// The operators over buffers, by either engine.
macro_rules! operators {
    ($($name:ident, ($($input:ident),+) -> ($($output:ident),+);)+) => {
        impl<R: Real> ModelTransform<R> {$(
            #[doc = concat!("[`Transform::", stringify!($name), "`].")]
            pub fn $name(
                &mut self,
                fields: usize,
                $($input: &Buffer<R>,)+
                $($output: &mut Buffer<R>,)+
            ) -> Result<()> {
                match &mut self.engine {
                    Engine::Whole(transform) => Ok(transform.$name(fields, $($input,)+ $($output),+)?),
                    Engine::Shared(shared) => shared.work(|shared| {
                        shared.transform.$name(
                            fields,
                            $($input.cpu_slice()?,)+
                            $($output.cpu_slice_mut()?),+
                        )
                    }),
                    Engine::SharedOnDevices(shared) => {
                        shared.work(|shared| shared.transform.$name(fields, $($input,)+ $($output),+))
                    }
                }
            }
        )+}
    };
}
operators! {
    synthesis, (spectrum) -> (values);
    synthesis_adjoint, (values) -> (spectrum);
    analysis, (values) -> (spectrum);
    analysis_adjoint, (spectrum) -> (values);
    wind_synthesis, (vorticity, divergence) -> (u, v);
    wind_synthesis_adjoint, (u, v) -> (vorticity, divergence);
    wind_analysis, (u, v) -> (vorticity, divergence);
    wind_analysis_adjoint, (vorticity, divergence) -> (u, v);
    gradient_synthesis, (spectrum) -> (eastward, northward);
    gradient_synthesis_adjoint, (eastward, northward) -> (spectrum);
    wind_zonal_derivative_synthesis, (vorticity, divergence) -> (u_eastward, v_eastward);
    wind_zonal_derivative_synthesis_adjoint, (u_eastward, v_eastward) -> (vorticity, divergence);
}
