//! The semi-Lagrangian primitive equations per simulated time, beside the leapfrog ones.
//!
//! One run is an hour of a westerly flow of 40 m/s in balance, in as many steps as the scheme needs; the peer is the
//! leapfrog scheme over the same hour, on its own grid and with its own longest step. Phases are timed within whole runs.

use std::time::Instant;

use terrella_dycore::primitive::{Configuration, PhaseTimes, Primitive};
use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::{Precision, Real};

use super::data::scattered;
use crate::{Case, Cases, Entry, Error, Key, Peer, Request, Result, Work};

pub(super) const ENTRY: Entry = Entry {
    name: "semi_lagrangian",
    summary: "an hour of a balanced westerly flow, semi-Lagrangian, and its phases; peer: our leapfrog scheme; error: relative change of mass",
    keys: &[
        Key { name: "truncation", default: "170", meaning: "truncations, separated by commas" },
        Key { name: "levels", default: "24", meaning: "number of layers of equal thickness in sigma" },
        Key {
            name: "time-step",
            default: "auto",
            meaning: "seconds, or 'auto': 612,000 s over the truncation, at most 3,600 s",
        },
        Key {
            name: "grid",
            default: "auto",
            meaning: "F90, O90, ..., or 'auto': the linear octahedral grid of the truncation",
        },
        Key {
            name: "leapfrog-time-step",
            default: "auto",
            meaning: "the peer's, in seconds, or 'auto': 51,000 s over the truncation",
        },
    ],
    smallest: &[("truncation", "10"), ("levels", "4")],
    peers: &["leapfrog"],
    cases,
};

const RUN: f64 = 3_600.0;

fn cases(request: &Request) -> Result<Cases> {
    let mut cases = Cases::new();
    for truncation in request.numbers("truncation")? {
        for levels in request.numbers("levels")? {
            for phase in
                [None, Some("transform"), Some("grid_point"), Some("transport"), Some("semi_implicit")]
            {
                cases.push(match request.precision {
                    Precision::F32 => Box::new(Westerlies::<f32>::new(request, truncation, levels, phase)?),
                    Precision::F64 => Box::new(Westerlies::<f64>::new(request, truncation, levels, phase)?),
                });
            }
        }
    }
    Ok(cases)
}

/// A model with its steps per run.
struct Hour<R: Real> {
    model: Primitive<R>,
    steps: usize,
}

impl<R: Real> Hour<R> {
    fn new(mut configuration: Configuration, longest: f64, device: Device) -> Result<Self> {
        let steps = (RUN / longest).ceil() as usize;
        configuration.time_step = RUN / steps as f64;
        let (wind, temperature) = (40.0, 280.0);
        let slope = (configuration.radius * configuration.rotation * wind + 0.5 * wind * wind)
            / (configuration.gas_constant * temperature);
        let (grid, levels) = (configuration.grid.clone(), configuration.levels.count());
        let on_grid = |value: &dyn Fn(f64, f64) -> f64, copies: usize| -> Vec<R> {
            let level: Vec<R> = (grid.rings().iter())
                .flat_map(|ring| {
                    let here = R::from_f64(value(ring.sine_latitude, ring.cosine_latitude));
                    std::iter::repeat_n(here, ring.points)
                })
                .collect();
            level.repeat(copies)
        };
        let there = |values: &[R]| Buffer::from_slice(device, values);
        let mut model = Primitive::new(configuration, device)?;
        model.set_from_grid(
            &there(&on_grid(&|_, cosine| wind * cosine, levels))?,
            &there(&on_grid(&|_, _| 0.0, levels))?,
            &there(&scattered(levels * grid.points(), temperature - 0.1, temperature + 0.1, 1))?,
            &there(&on_grid(&|sine, _| 100_000.0 * (-slope * sine * sine).exp(), 1))?,
            &there(&[])?,
        )?;
        Ok(Self { model, steps })
    }

    fn run(&mut self) -> Result<()> {
        for _ in 0..self.steps {
            self.model.step()?;
        }
        Ok(())
    }
}

struct Westerlies<R: Real> {
    own: Hour<R>,
    /// The phase that is timed; all of the step if none.
    phase: Option<&'static str>,
    levels: usize,
    /// Mean surface pressure at the start [Pa].
    start: f64,
    leapfrog: Option<Leapfrog<R>>,
}

impl<R: Real> Westerlies<R> {
    fn new(request: &Request, truncation: usize, levels: usize, phase: Option<&'static str>) -> Result<Self> {
        let layers = || format!("sigma{levels}").parse();
        let mut configuration = Configuration::semi_lagrangian(truncation, layers()?)?;
        if request.text("grid") != "auto" {
            configuration.grid = request.text("grid").parse()?;
        }
        let longest = time_step(request, "time-step", configuration.time_step)?;
        let mut own = Hour::new(configuration, longest, request.device)?;
        let start = own.model.diagnostics()?.surface_pressure;
        own.model.set_timing(phase.is_some());
        let leapfrog = if phase.is_none() && request.peers.contains(&"leapfrog") {
            let configuration = Configuration::new(truncation, layers()?)?;
            let longest = time_step(request, "leapfrog-time-step", configuration.time_step)?;
            let hour = Hour::new(configuration, longest, request.device)?;
            let name = format!("leapfrog {} s", hour.model.configuration().time_step);
            Some(Leapfrog { hour, name })
        } else {
            None
        };
        Ok(Self { own, phase, levels, start, leapfrog })
    }
}

fn time_step(request: &Request, key: &'static str, automatic: f64) -> Result<f64> {
    match request.text(key) {
        "auto" => Ok(automatic),
        text => match text.parse() {
            Ok(seconds) if seconds > 0.0 && seconds <= RUN => Ok(seconds),
            _ => Err(Error::Value {
                name: format!("--{key}"),
                got: format!("'{text}'"),
                expected: format!("'auto' or seconds up to {RUN}"),
            }),
        },
    }
}

impl<R: Real> Case for Westerlies<R> {
    fn name(&self) -> &str {
        self.phase.unwrap_or("westerlies")
    }

    fn size(&self) -> String {
        let configuration = self.own.model.configuration();
        let (grid, step) = (configuration.grid.name(), configuration.time_step);
        format!("T{} L{} {grid} {step:.0} s", configuration.truncation, self.levels)
    }

    /// The transforms of the steps alone, counted as in `transform`: wind, divergence, temperature and its gradient to the
    /// grid, wind and temperature back, nine scalars' worth by level; and the state read and written. Other phases have no
    /// floor of their own.
    fn work(&self) -> Work {
        if self.phase.is_some_and(|phase| phase != "transform") {
            return Work::default();
        }
        let configuration = self.own.model.configuration();
        let rings = configuration.grid.rings();
        let total = configuration.truncation as f64;
        let legendre = (total + 1.0) * (total + 2.0) * rings.len() as f64;
        let fourier = super::grids::fourier_flops(&configuration.grid);
        let state = (3 * self.levels + 1) * self.own.model.coefficients() * 2 * size_of::<R>();
        let steps = self.own.steps as f64;
        Work {
            bytes: steps * 2.0 * state as f64,
            flops: steps * 9.0 * self.levels as f64 * (legendre + fourier),
        }
    }

    fn clock(&self) -> Option<f64> {
        let times: PhaseTimes = self.own.model.phase_times()?;
        Some(
            match self.phase? {
                "transform" => times.transform,
                "grid_point" => times.grid_point,
                "transport" => times.transport,
                _ => times.semi_implicit,
            }
            .as_secs_f64(),
        )
    }

    fn run(&mut self) -> Result<()> {
        self.own.run()
    }

    fn error(&mut self) -> Result<f64> {
        let change = (self.own.model.diagnostics()?.surface_pressure / self.start - 1.0).abs();
        Ok(if change.is_nan() { f64::INFINITY } else { change })
    }

    fn peers(&mut self) -> Vec<&mut dyn Peer> {
        self.leapfrog.iter_mut().map(|peer| peer as &mut dyn Peer).collect()
    }
}

/// The leapfrog scheme as a peer.
struct Leapfrog<R: Real> {
    hour: Hour<R>,
    name: String,
}

impl<R: Real> Peer for Leapfrog<R> {
    fn name(&self) -> &str {
        &self.name
    }

    fn sample(&mut self, repeats: usize) -> Result<f64> {
        let start = Instant::now();
        for _ in 0..repeats {
            self.hour.run()?;
        }
        self.hour.model.device().synchronize()?;
        Ok(start.elapsed().as_secs_f64() / repeats as f64)
    }
}
