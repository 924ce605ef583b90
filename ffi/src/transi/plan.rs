//! What a handle stands for.

use std::sync::{Mutex, MutexGuard, PoisonError};

use terrella_kernels::grid::{Grid, GridKind, Ring};
use terrella_kernels::spectral::Truncation;

use crate::engine::Engine;
use crate::failure::{Cause, Failure, Outcome};

/// A grid, a truncation, or both with the transform between them.
pub(super) struct Plan {
    pub(super) grid: Option<Grid>,
    pub(super) truncation: Option<Truncation>,
    /// The radius of the sphere [m].
    pub(super) radius: f64,
    pub(super) engine: Option<Mutex<Engine<f64>>>,
}

impl Plan {
    pub(super) fn grid(&self) -> Outcome<&Grid> {
        self.grid.as_ref().ok_or_else(|| missing("grid", "trans->ndgl"))
    }

    pub(super) fn truncation(&self) -> Outcome<Truncation> {
        self.truncation.ok_or_else(|| missing("truncation", "trans->nsmax"))
    }

    pub(super) fn engine(&self) -> Outcome<MutexGuard<'_, Engine<f64>>> {
        self.grid()?;
        self.truncation()?;
        let engine = self.engine.as_ref().ok_or_else(|| missing("transform", "trans->nsmax"))?;
        Ok(engine.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reals of the spectrum of one field.
    pub(super) fn spectrum_len(&self) -> usize {
        self.truncation.map_or(0, |truncation| truncation.spectrum_len(1))
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

    /// Points of one field in the distributed layout.
    pub(super) fn held_points(&self) -> usize {
        self.global_points() + self.doubled_ring().map_or(0, |ring| ring.points)
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
