//! What a handle stands for.

use std::ffi::c_int;
use std::sync::{Mutex, MutexGuard, PoisonError};

use terrella_coupling::decomposition::{PointRegions, pairs_of_rings};
use terrella_kernels::grid::{Grid, GridKind, Ring};
use terrella_kernels::spectral::Truncation;

use super::regions::Bands;
use super::tasks::{SharedTransform, Tasks};
use super::waves::Waves;
use crate::engine::{Engine, Operator};
use crate::failure::{Cause, Failure, Outcome};

/// A grid, a truncation, or both with the transform between them.
pub(super) struct Plan {
    /// Its handle; 0 until it has one.
    pub(super) handle: c_int,
    pub(super) grid: Option<Grid>,
    pub(super) truncation: Option<Truncation>,
    /// The radius of the sphere [m].
    pub(super) radius: f64,
    pub(super) tasks: Tasks,
    /// Which points are whose, where there are several tasks and a grid.
    pub(super) regions: Option<PointRegions>,
    /// Points of this task.
    pub(super) own_points: usize,
    pub(super) transform: Option<PlanTransform>,
}

/// The transform, whole or shared with other tasks.
pub(super) enum PlanTransform {
    Whole(Mutex<Engine<f64>>),
    Shared(SharedTransform),
}

/// The transform for the time of a call: others wait.
pub(super) enum InUse<'a> {
    Whole(MutexGuard<'a, Engine<f64>>),
    Shared(&'a SharedTransform),
}

impl InUse<'_> {
    /// [`Engine::apply`], of what this task has.
    pub(super) fn apply(
        &mut self,
        operator: Operator,
        fields: usize,
        inputs: &[&[f64]],
        outputs: &mut [&mut [f64]],
    ) -> Outcome {
        match self {
            Self::Whole(engine) => engine.apply(operator, fields, inputs, outputs),
            Self::Shared(transform) => transform.apply(operator, fields, inputs, outputs),
        }
    }
}

impl Plan {
    pub(super) fn grid(&self) -> Outcome<&Grid> {
        self.grid.as_ref().ok_or_else(|| missing("grid", "trans->ndgl"))
    }

    pub(super) fn truncation(&self) -> Outcome<Truncation> {
        self.truncation.ok_or_else(|| missing("truncation", "trans->nsmax"))
    }

    /// Which wavenumbers are whose.
    pub(super) fn waves(&self) -> Outcome<Waves> {
        Ok(Waves { truncation: self.truncation()?, tasks: self.tasks })
    }

    pub(super) fn transform(&self) -> Outcome<InUse<'_>> {
        self.grid()?;
        self.truncation()?;
        match self.transform.as_ref().ok_or_else(|| missing("transform", "trans->nsmax"))? {
            PlanTransform::Whole(engine) => {
                Ok(InUse::Whole(engine.lock().unwrap_or_else(PoisonError::into_inner)))
            }
            PlanTransform::Shared(transform) => Ok(InUse::Shared(transform)),
        }
    }

    /// Reals of this task of the spectrum of one field.
    pub(super) fn spectrum_len(&self) -> usize {
        self.waves().map_or(0, Waves::own_len)
    }

    /// The ring that the distributed layout holds twice: the equator of a latitude-longitude grid with poles.
    pub(super) fn doubled_ring(&self) -> Option<&Ring> {
        let grid = self.grid.as_ref().filter(|grid| grid.kind() == GridKind::LatLonWithPoles)?;
        grid.rings().get(grid.rings().len() / 2)
    }

    /// The rings of the distributed layout, north to south.
    pub(super) fn held_rings(&self) -> Vec<&Ring> {
        let mut rings: Vec<&Ring> = self.grid.iter().flat_map(|grid| grid.rings()).collect();
        if let Some(equator) = self.doubled_ring() {
            rings.insert(rings.len() / 2, equator);
        }
        rings
    }

    /// Points of one field in the global layout.
    pub(super) fn global_points(&self) -> usize {
        self.grid.as_ref().map_or(0, Grid::points)
    }

    /// Points of one field in this task's part of the distributed layout.
    pub(super) fn held_points(&self) -> usize {
        self.own_points + self.doubled_ring().map_or(0, |ring| ring.points)
    }

    /// Which points of the distributed layout are whose.
    pub(super) fn bands(&self) -> Outcome<Bands> {
        self.grid()?;
        Ok(match &self.regions {
            Some(regions) => Bands::of(regions),
            None => Bands::whole(self.held_rings().iter().map(|ring| ring.points)),
        })
    }

    /// First latitude, from 0, and number of latitudes whose Fourier transforms each task makes. Of several tasks, half of the latitudes
    /// are those that mirror the others in the south.
    pub(super) fn latitudes_of_fourier(&self) -> Outcome<Vec<(usize, usize)>> {
        let grid = self.grid()?;
        if self.tasks == Tasks::ALONE {
            return Ok(vec![(0, self.held_rings().len())]);
        }
        let pairs = pairs_of_rings(grid, self.tasks.count);
        Ok((0..self.tasks.count)
            .map(|task| pairs.of(task))
            .map(|pairs| (pairs.start, 2 * pairs.len()))
            .collect())
    }
}

fn missing(what: &str, field: &str) -> Failure {
    let message = format!("The handle was set up without a {what}: expected '{field}' to be set before.");
    Failure::new(Cause::InvalidValue, message)
}

/// The wavenumbers that a ring carries, at most T: 2m+1 ≤ points.
pub(super) fn carried(ring: &Ring, total: usize) -> usize {
    total.min((ring.points - 1) / 2)
}
