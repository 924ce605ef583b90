//! Where the time of a step goes.

use std::time::Duration;

use terrella_kernels::device::{Device, Timer};

use crate::Result;

/// A part of the step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Spherical-harmonic transforms.
    Transform,
    /// Products and vertical integrals on the grid.
    GridPoint,
    /// Departure points and interpolation of the semi-Lagrangian scheme.
    Transport,
    /// Column physics.
    Physics,
    /// The semi-implicit solve and everything else in spectral space.
    SemiImplicit,
}

/// Time spent in each phase since timing was switched on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PhaseTimes {
    /// Spherical-harmonic transforms.
    pub transform: Duration,
    /// Products and vertical integrals on the grid.
    pub grid_point: Duration,
    /// Departure points and interpolation of the semi-Lagrangian scheme.
    pub transport: Duration,
    /// Column physics.
    pub physics: Duration,
    /// The semi-implicit solve and everything else in spectral space.
    pub semi_implicit: Duration,
}

/// Times phases if asked to: waiting for a GPU at each phase costs time itself.
pub(super) struct Stopwatch {
    device: Device,
    times: Option<PhaseTimes>,
}

impl Stopwatch {
    pub(super) fn new(device: Device) -> Self {
        Self { device, times: None }
    }

    pub(super) fn set_running(&mut self, running: bool) {
        self.times = running.then(PhaseTimes::default);
    }

    pub(super) fn times(&self) -> Option<PhaseTimes> {
        self.times
    }

    pub(super) fn start(&self) -> Result<Option<Timer>> {
        Ok(self.times.is_some().then(|| Timer::start(self.device)).transpose()?)
    }

    pub(super) fn stop(&mut self, phase: Phase, timer: Option<Timer>) -> Result<()> {
        if let (Some(times), Some(timer)) = (&mut self.times, timer) {
            let total = match phase {
                Phase::Transform => &mut times.transform,
                Phase::GridPoint => &mut times.grid_point,
                Phase::Transport => &mut times.transport,
                Phase::Physics => &mut times.physics,
                Phase::SemiImplicit => &mut times.semi_implicit,
            };
            *total += timer.stop()?;
        }
        Ok(())
    }
}
