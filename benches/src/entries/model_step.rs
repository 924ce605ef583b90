//! One time step of the shallow-water model.

use terrella_dycore::shallow_water::{Configuration, ShallowWater};
use terrella_kernels::device::Buffer;
use terrella_kernels::{Precision, Real};

use crate::{Case, Cases, Entry, Key, Request, Result, Work};

pub(super) const ENTRY: Entry = Entry {
    name: "model_step",
    summary: "one step of the shallow-water model in solid-body rotation; error: change of that steady state in ten steps",
    keys: &[Key { name: "truncation", default: "85,170", meaning: "truncations, separated by commas" }],
    smallest: &[("truncation", "21")],
    peers: &[],
    cases,
};

/// Speed of the rotating flow at the equator [m s⁻¹].
const SPEED: f64 = 30.0;

/// Steps after which the error is looked at.
const STEPS: usize = 10;

fn cases(request: &Request) -> Result<Cases> {
    let case = |truncation| -> Result<Box<dyn Case>> {
        Ok(match request.precision {
            Precision::F32 => Box::new(ModelStep::<f32>::new(request, truncation)?),
            Precision::F64 => Box::new(ModelStep::<f64>::new(request, truncation)?),
        })
    };
    request.numbers("truncation")?.into_iter().map(case).collect()
}

struct ModelStep<R: Real> {
    model: ShallowWater<R>,
    truncation: usize,
    /// u, v and Φ of the steady state on the grid.
    start: [Buffer<R>; 3],
    /// Geopotential of the steady state on the grid [m² s⁻²].
    steady: Vec<f64>,
}

impl<R: Real> ModelStep<R> {
    fn new(request: &Request, truncation: usize) -> Result<Self> {
        let mut configuration = Configuration::new(truncation)?;
        // Diffusion would wear the steady state down.
        configuration.diffusion = None;
        // Zonal wind u₀ cos φ, balanced by Φ = Φ̄ − (a Ω u₀ + u₀²/2)(sin²φ − 1/3).
        let amplitude = configuration.radius * configuration.rotation * SPEED + SPEED * SPEED / 2.0;
        let mut wind = Vec::with_capacity(configuration.grid.points());
        let mut steady = Vec::with_capacity(configuration.grid.points());
        for ring in configuration.grid.rings() {
            let sine = ring.sine_latitude;
            let speed = R::from_f64(SPEED * (1.0 - sine * sine).sqrt());
            let geopotential = configuration.mean_geopotential - amplitude * (sine * sine - 1.0 / 3.0);
            wind.resize(wind.len() + ring.points, speed);
            steady.resize(steady.len() + ring.points, geopotential);
        }
        let geopotential: Vec<R> = steady.iter().map(|value| R::from_f64(*value)).collect();
        let there = |values: &[R]| Buffer::from_slice(request.device, values);
        let start = [there(&wind)?, Buffer::zeros(request.device, wind.len())?, there(&geopotential)?];
        let mut model = ShallowWater::new(configuration, request.device)?;
        model.set_from_wind_and_geopotential(&start[0], &start[1], &start[2])?;
        Ok(Self { model, truncation, start, steady })
    }
}

impl<R: Real> Case for ModelStep<R> {
    fn name(&self) -> &str {
        "shallow_water"
    }

    fn size(&self) -> String {
        format!("T{} {}", self.truncation, self.model.configuration().grid.name())
    }

    /// The transforms of a step alone, counted as in `transform`: two scalars and a wind to the grid, two vector fluxes and
    /// a scalar back, nine scalars' worth; and the state read and written.
    fn work(&self) -> Work {
        let rings = self.model.configuration().grid.rings();
        let total = self.truncation as f64;
        let legendre = (total + 1.0) * (total + 2.0) * rings.len() as f64;
        let fourier: f64 = rings.iter().map(|ring| ring.points as f64).map(|n| 2.5 * n * n.log2()).sum();
        let state = 3 * 2 * self.model.coefficients() * size_of::<R>();
        Work { bytes: 2.0 * state as f64, flops: 9.0 * (legendre + fourier) }
    }

    fn run(&mut self) -> Result<()> {
        Ok(self.model.step()?)
    }

    fn error(&mut self) -> Result<f64> {
        let [u, v, geopotential] = &self.start;
        self.model.set_from_wind_and_geopotential(u, v, geopotential)?;
        for _ in 0..STEPS {
            self.model.step()?;
        }
        let state = self.model.grid_state()?;
        let pairs = || state.geopotential.iter().zip(&self.steady);
        let mean = self.model.configuration().mean_geopotential;
        let largest = pairs().map(|(_, steady)| (steady - mean).abs()).fold(0.0, f64::max);
        let differences = pairs().map(|(got, steady)| (got.to_f64() - steady).abs());
        let difference = differences.fold(0.0, |d: f64, x| if x.is_nan() { f64::INFINITY } else { d.max(x) });
        Ok(difference / largest)
    }
}
