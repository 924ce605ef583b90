//! Where the time of a step goes.

use std::time::Duration;

use terrella_coupling::timing::{InPhase, Recorder};
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

impl Phase {
    /// Its name on a timeline.
    pub fn name(self) -> &'static str {
        match self {
            Self::Transform => "transform",
            Self::GridPoint => "grid point",
            Self::Transport => "transport",
            Self::Physics => "physics",
            Self::SemiImplicit => "semi-implicit",
        }
    }
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

/// Times phases if asked to, or tells a timeline of them: waiting for a GPU at each phase costs time itself.
pub(crate) struct Stopwatch {
    device: Device,
    times: Option<PhaseTimes>,
    recorder: Recorder,
}

/// A phase that is being timed.
pub(crate) struct Running {
    phase: Phase,
    timer: Timer,
    in_phase: InPhase,
}

impl Stopwatch {
    pub(crate) fn new(device: Device) -> Self {
        Self { device, times: None, recorder: Recorder::default() }
    }

    pub(crate) fn set_running(&mut self, running: bool) {
        self.times = running.then(PhaseTimes::default);
    }

    pub(crate) fn set_recorder(&mut self, recorder: Recorder) {
        self.recorder = recorder;
    }

    pub(crate) fn times(&self) -> Option<PhaseTimes> {
        self.times
    }

    pub(crate) fn start(&self, phase: Phase) -> Result<Option<Running>> {
        if self.times.is_none() && !self.recorder.is_on() {
            return Ok(None);
        }
        let in_phase = self.recorder.phase(phase.name());
        Ok(Some(Running { phase, timer: Timer::start(self.device)?, in_phase }))
    }

    pub(crate) fn stop(&mut self, running: Option<Running>) -> Result<()> {
        let Some(Running { phase, timer, in_phase }) = running else { return Ok(()) };
        let took = timer.stop()?;
        // Not before: the timer waits for a GPU.
        drop(in_phase);
        if let Some(times) = &mut self.times {
            let total = match phase {
                Phase::Transform => &mut times.transform,
                Phase::GridPoint => &mut times.grid_point,
                Phase::Transport => &mut times.transport,
                Phase::Physics => &mut times.physics,
                Phase::SemiImplicit => &mut times.semi_implicit,
            };
            *total += took;
        }
        Ok(())
    }
}
