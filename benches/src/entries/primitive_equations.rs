//! The primitive equations with the forcing of Held & Suarez (1994), per simulated time.
//!
//! One run is six hours of the dry climate, in as many steps as the scheme needs. Phases are timed within whole runs.

use terrella_dycore::primitive::{Configuration, HeldSuarez, PhaseTimes, Primitive};
use terrella_kernels::device::Buffer;
use terrella_kernels::physics::held_suarez::Forcing;
use terrella_kernels::{Precision, Real};

use super::data::scattered;
use crate::peers::{PythonPeer, model_peer};
use crate::{Case, Cases, Entry, Error, Key, Peer, Request, Result, Work};

pub(super) const ENTRY: Entry = Entry {
    name: "primitive_equations",
    summary: "six hours of Held and Suarez's dry climate, and its phases; error: relative change of mass",
    keys: &[
        Key { name: "truncation", default: "42", meaning: "truncations, separated by commas" },
        Key { name: "levels", default: "24", meaning: "number of layers of equal thickness in sigma" },
        Key {
            name: "time-step",
            default: "auto",
            meaning: "seconds, or 'auto': the longest known to be stable in this climate",
        },
    ],
    smallest: &[("truncation", "10"), ("levels", "4")],
    peers: &["dinosaur"],
    cases,
};

const RUN: f64 = 6.0 * 3600.0;

/// Long steps [s] that divide six hours, by truncation. This climate has weaker winds than the real atmosphere, for which
/// [`Configuration::new`] chooses: at T42 L24 300 days are stable with 2,160 s and 74 with 2,400 s, at T85 L24 240 days with
/// 900 s.
const LONGEST_STEPS: [(usize, f64); 2] = [(42, 2160.0), (85, 900.0)];

fn cases(request: &Request) -> Result<Cases> {
    let mut cases = Cases::new();
    for truncation in request.numbers("truncation")? {
        for levels in request.numbers("levels")? {
            for phase in [None, Some("transform"), Some("grid_point"), Some("physics"), Some("semi_implicit")]
            {
                cases.push(match request.precision {
                    Precision::F32 => Box::new(Climate::<f32>::new(request, truncation, levels, phase)?),
                    Precision::F64 => Box::new(Climate::<f64>::new(request, truncation, levels, phase)?),
                });
            }
        }
    }
    Ok(cases)
}

struct Climate<R: Real> {
    model: Primitive<R>,
    /// The phase that is timed; all of the step if none.
    phase: Option<&'static str>,
    steps: usize,
    levels: usize,
    /// Mean surface pressure at the start [Pa].
    start: f64,
    peer: Option<PythonPeer>,
}

impl<R: Real> Climate<R> {
    fn new(request: &Request, truncation: usize, levels: usize, phase: Option<&'static str>) -> Result<Self> {
        let mut configuration = Configuration::new(truncation, format!("sigma{levels}").parse()?)?;
        let known = LONGEST_STEPS.iter().find(|(known, _)| *known == truncation);
        let longest = time_step(request, known.map_or(configuration.time_step, |(_, step)| *step))?;
        let steps = (RUN / longest).ceil() as usize;
        configuration.time_step = RUN / steps as f64;
        let grid = configuration.grid.clone();
        let mut model = Primitive::new(configuration, request.device)?;
        model.add_physics(Box::new(HeldSuarez::new(Forcing::default(), &grid, request.device)?))?;
        // Rest at 280 K with noise of a tenth of a kelvin, out of which the climate grows.
        let points = grid.points();
        let there = |values: &[R]| Buffer::from_slice(request.device, values);
        let rest = there(&vec![R::ZERO; levels * points])?;
        model.set_from_grid(
            &rest,
            &rest,
            &there(&scattered(levels * points, 279.9, 280.1, 1))?,
            &there(&vec![R::from_f64(100_000.0); points])?,
            &there(&[])?,
        )?;
        let start = model.diagnostics()?.surface_pressure;
        if phase.is_some() {
            model.set_timing(true);
        }
        let mut case = Self { model, phase, steps, levels, start, peer: None };
        if phase.is_none() && request.peers.contains(&"dinosaur") {
            case.peer = Some(model_peer(truncation, levels, RUN, request.threads)?);
        }
        Ok(case)
    }
}

fn time_step(request: &Request, automatic: f64) -> Result<f64> {
    match request.text("time-step") {
        "auto" => Ok(automatic),
        text => match text.parse() {
            Ok(seconds) if seconds > 0.0 && seconds <= RUN => Ok(seconds),
            _ => Err(Error::Value {
                name: "--time-step".to_owned(),
                got: format!("'{text}'"),
                expected: "'auto' or seconds up to 21600".to_owned(),
            }),
        },
    }
}

impl<R: Real> Case for Climate<R> {
    fn name(&self) -> &str {
        self.phase.unwrap_or("held_suarez")
    }

    fn size(&self) -> String {
        let configuration = self.model.configuration();
        format!("T{} L{} {:.0} s", configuration.truncation, self.levels, configuration.time_step)
    }

    /// The transforms of the steps alone, counted as in `transform`: wind, vorticity, divergence, temperature and its
    /// gradient to the grid, two components of the wind's tendency, energy and temperature's back, eleven scalars' worth by
    /// level; and the state read and written. Other phases have no
    /// floor of their own.
    fn work(&self) -> Work {
        if self.phase.is_some_and(|phase| phase != "transform") {
            return Work::default();
        }
        let configuration = self.model.configuration();
        let rings = configuration.grid.rings();
        let total = configuration.truncation as f64;
        let legendre = (total + 1.0) * (total + 2.0) * rings.len() as f64;
        let fourier = super::grids::fourier_flops(&configuration.grid);
        let state = 2 * (3 * self.levels + 1) * self.model.coefficients() * size_of::<R>();
        let steps = self.steps as f64;
        Work {
            bytes: steps * 2.0 * state as f64,
            flops: steps * 11.0 * self.levels as f64 * (legendre + fourier),
        }
    }

    fn clock(&self) -> Option<f64> {
        let times: PhaseTimes = self.model.phase_times()?;
        Some(
            match self.phase? {
                "transform" => times.transform,
                "grid_point" => times.grid_point,
                "physics" => times.physics,
                _ => times.semi_implicit,
            }
            .as_secs_f64(),
        )
    }

    fn run(&mut self) -> Result<()> {
        for _ in 0..self.steps {
            self.model.step()?;
        }
        Ok(())
    }

    fn error(&mut self) -> Result<f64> {
        let change = (self.model.diagnostics()?.surface_pressure / self.start - 1.0).abs();
        Ok(if change.is_nan() { f64::INFINITY } else { change })
    }

    fn peers(&mut self) -> Vec<&mut dyn Peer> {
        self.peer.iter_mut().map(|peer| peer as &mut dyn Peer).collect()
    }
}
