//! Random perturbations of an initial state in linear balance: the members of an ensemble.
//!
//! A random streamfunction ψ, isotropic on each pressure surface and homogeneous in x = ln p, with
//!
//! - horizontal correlation exp(−d²/2L²) up to the model's truncation: the variance of a coefficient of total wavenumber n
//!   falls like exp(−n(n+1)L²/2a²);
//! - vertical correlation exp(−(x − x′)²/2ℓ²), as waves cos κx and sin κx, κ = kπ/H over a depth H of all levels, with
//!   weights of that correlation's spectrum;
//! - ⟨|k×∇ψ|²⟩ = W², W the rms wind, everywhere.
//!
//! Its mass field obeys the linear balance equation ∇²Φ = ∇·(f∇ψ) on pressure surfaces; with f = 2Ωμ, spherical harmonics
//! and ε_n = √((n² − m²)/(4n² − 1)),
//!
//! - Φ_n = 2Ω·(((n − 1)/n)·ε_n·ψ_{n−1} + ((n + 2)/(n + 1))·ε_{n+1}·ψ_{n+1}),  n ≥ 1.
//!
//! Temperature follows hydrostatically, T_v′ = −(1/R_d)·∂Φ/∂x, in closed form since the vertical structure is one of waves;
//! surface pressure so that the ground stays where it is, p_s′ = p_s·Φ(p_s)/(R_d·T_v). Levels move with the surface pressure,
//! so the state between them is continued to where they are now. All of it is linear: a member with the opposite sign
//! exists for each, so that an even number of perturbed members has the state itself as its mean.

use std::f64::consts::{PI, TAU};

use rayon::prelude::*;
use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::random::normal_pair;
use terrella_kernels::spectral::{Transform, Truncation};

use super::state::InitialState;
use crate::primitive::Configuration;
use crate::shallow_water::expect_length;
use crate::{Error, Result};

/// Vertical waves below this share of the strongest one's variance are left out.
const SMALLEST_SHARE: f64 = 1e-4;

/// How an ensemble is perturbed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Perturbations {
    /// Any number; another one is another ensemble.
    pub seed: u64,
    /// W, the root mean square of the perturbation's wind \[m s⁻¹\].
    pub wind: f64,
    /// L, the length of the streamfunction's horizontal correlation \[m\].
    pub length: f64,
    /// ℓ, the depth of its vertical correlation, in ln p.
    pub depth: f64,
}

impl Default for Perturbations {
    /// 1 m/s, 500 km and a depth of 0.8, a pressure ratio of 2.2: of the size of an analysis' uncertainty, in scales that
    /// grow.
    fn default() -> Self {
        Self { seed: 1, wind: 1.0, length: 500_000.0, depth: 0.8 }
    }
}

impl Perturbations {
    /// Refuses, by name, what no perturbation can have.
    pub fn validate(&self) -> Result<()> {
        let checks = [
            ("perturbations.wind", self.wind, 0.0, 50.0, "an rms wind of 0 to 50 m/s"),
            ("perturbations.length", self.length, 1e4, 1e7, "a length of 10,000 to 10,000,000 m"),
            ("perturbations.depth", self.depth, 0.2, 10.0, "a depth of 0.2 to 10 in ln p"),
        ];
        for (name, value, low, high, expected) in checks {
            if !(low..=high).contains(&value) {
                return Err(Error::InvalidConfiguration { name, got: value.to_string(), expected });
            }
        }
        Ok(())
    }

    /// Perturbs a state for a model with this configuration. Member 0 stays as it is; members 1 and 2, 3 and 4, … are pairs of
    /// opposite sign.
    pub fn apply(&self, state: &mut InitialState, configuration: &Configuration, member: u32) -> Result<()> {
        self.validate()?;
        let points = configuration.grid.points();
        let levels = configuration.levels.count();
        expect_length("surface_pressure", points, state.surface_pressure.len())?;
        for (name, field) in [("u", &state.u), ("v", &state.v), ("temperature", &state.temperature)] {
            expect_length(name, levels * points, field.len())?;
        }
        expect_length("specific_humidity", levels * points, state.specific_humidity.len())?;
        if member == 0 {
            return Ok(());
        }
        let sign = if member % 2 == 1 { 1.0 } else { -1.0 };
        let top = configuration.levels.full_level_pressure(configuration.reference_surface_pressure)[0];
        let waves = Waves::new(self.depth, (120_000.0 / top).ln());
        let fields = self.horizontal(configuration, &waves, member.div_ceil(2), sign)?;
        let columns: Vec<Column> = (0..points)
            .into_par_iter()
            .map(|point| fields.column(&waves, state, configuration, point))
            .collect();
        for (point, column) in columns.into_iter().enumerate() {
            state.surface_pressure[point] = column.surface_pressure;
            for level in 0..levels {
                let here = level * points + point;
                let [u, v, temperature, humidity] = column.levels[level];
                (state.u[here], state.v[here]) = (u, v);
                (state.temperature[here], state.specific_humidity[here]) = (temperature, humidity);
            }
        }
        Ok(())
    }

    /// Wind and geopotential of each vertical wave on the grid.
    fn horizontal(
        &self,
        configuration: &Configuration,
        waves: &Waves,
        pair: u32,
        sign: f64,
    ) -> Result<Fields> {
        let truncation = Truncation::new(configuration.truncation);
        let (total, radius, count) = (configuration.truncation, configuration.radius, waves.count());
        let variance = |n: usize| (-((n * (n + 1)) as f64) * (self.length / radius).powi(2) / 2.0).exp();
        let energy: f64 =
            (1..=total).map(|n| ((2 * n + 1) * n * (n + 1)) as f64 / (radius * radius) * variance(n)).sum();
        let amplitude = sign * self.wind / energy.sqrt();
        let mut streamfunction = vec![0.0; truncation.spectrum_len(count)];
        let at =
            |m: usize, n: usize, part: usize, wave: usize| (2 * truncation.index(m, n) + part) * count + wave;
        for m in 0..=total {
            for n in m.max(1)..=total {
                for wave in 0..count {
                    let [real, imaginary] = normal_pair(self.seed, [pair, wave as u32, m as u32, n as u32]);
                    let scale = amplitude * waves.weights[wave] * variance(n).sqrt();
                    // A complex coefficient stands for two, of m and −m.
                    let scale = if m == 0 { scale } else { scale / 2_f64.sqrt() };
                    streamfunction[at(m, n, 0, wave)] = scale * real;
                    streamfunction[at(m, n, 1, wave)] = if m == 0 { 0.0 } else { scale * imaginary };
                }
            }
        }
        let (mut vorticity, mut geopotential) = (streamfunction.clone(), vec![0.0; streamfunction.len()]);
        for m in 0..=total {
            for n in m.max(1)..=total {
                let laplacian = -((n * (n + 1)) as f64) / (radius * radius);
                let epsilon = |n: usize| {
                    let (n, m) = (n as f64, m as f64);
                    ((n * n - m * m) / (4.0 * n * n - 1.0)).sqrt()
                };
                let degree = n as f64;
                let below = (degree - 1.0) / degree * epsilon(n);
                let above = (degree + 2.0) / (degree + 1.0) * epsilon(n + 1);
                for part in 0..2 {
                    for wave in 0..count {
                        vorticity[at(m, n, part, wave)] *= laplacian;
                        let lower = if n > m { streamfunction[at(m, n - 1, part, wave)] } else { 0.0 };
                        let upper = if n < total { streamfunction[at(m, n + 1, part, wave)] } else { 0.0 };
                        geopotential[at(m, n, part, wave)] =
                            2.0 * configuration.rotation * (below * lower + above * upper);
                    }
                }
            }
        }
        let mut transform = Transform::<f64>::new(&configuration.grid, truncation, Device::Cpu)?;
        transform.set_radius(radius)?;
        let points = configuration.grid.points();
        let spectrum = |values: &[f64]| Buffer::from_slice(Device::Cpu, values);
        let grid = || Buffer::zeros(Device::Cpu, count * points);
        let (mut u, mut v, mut height) = (grid()?, grid()?, grid()?);
        let divergence = Buffer::zeros(Device::Cpu, vorticity.len())?;
        transform.wind_synthesis(count, &spectrum(&vorticity)?, &divergence, &mut u, &mut v)?;
        transform.synthesis(count, &spectrum(&geopotential)?, &mut height)?;
        Ok(Fields { points, u: u.to_vec()?, v: v.to_vec()?, geopotential: height.to_vec()? })
    }
}

/// Vertical structure: a constant, then cos and sin of each wavenumber.
struct Waves {
    /// π/H.
    wavenumber: f64,
    /// Share of the standard deviation, by field.
    weights: Vec<f64>,
}

impl Waves {
    fn new(depth: f64, height: f64) -> Self {
        let wavenumber = PI / height;
        let spectrum = |k: usize| (-0.5 * (k as f64 * wavenumber * depth).powi(2)).exp();
        let highest = (1..).take_while(|&k| spectrum(k) > SMALLEST_SHARE).last().unwrap_or(0);
        let mut variances = vec![1.0];
        for k in 1..=highest {
            variances.extend([2.0 * spectrum(k); 2]);
        }
        // cos² and sin² of one wavenumber make one variance.
        let total = variances.iter().sum::<f64>() / 2.0 + 0.5;
        Self {
            wavenumber,
            weights: variances.into_iter().map(|variance| (variance / total).sqrt()).collect(),
        }
    }

    fn count(&self) -> usize {
        self.weights.len()
    }

    /// Calls `visit` with each field's value and derivative with respect to x = ln p.
    fn at(&self, x: f64, mut visit: impl FnMut(usize, f64, f64)) {
        visit(0, 1.0, 0.0);
        for k in 1..=self.count() / 2 {
            let wavenumber = k as f64 * self.wavenumber;
            let (sine, cosine) = (wavenumber * x).rem_euclid(TAU).sin_cos();
            visit(2 * k - 1, cosine, -wavenumber * sine);
            visit(2 * k, sine, wavenumber * cosine);
        }
    }
}

/// `[wave][point]`.
struct Fields {
    points: usize,
    u: Vec<f64>,
    v: Vec<f64>,
    geopotential: Vec<f64>,
}

struct Column {
    surface_pressure: f64,
    /// u, v, T, q.
    levels: Vec<[f64; 4]>,
}

impl Fields {
    fn column(
        &self,
        waves: &Waves,
        state: &InitialState,
        configuration: &Configuration,
        point: usize,
    ) -> Column {
        let surface = state.surface_pressure[point];
        let pressures = configuration.levels.full_level_pressure(surface);
        let count = pressures.len();
        let before = |level: usize| {
            let here = level * self.points + point;
            [state.u[here], state.v[here], state.temperature[here], state.specific_humidity[here]]
        };
        let gas = configuration.gas_constant;
        let virtual_factor = |humidity: f64| 1.0 + (configuration.vapour_gas_constant / gas - 1.0) * humidity;
        let mut at_surface = 0.0;
        waves.at(surface.ln(), |wave, value, _| {
            at_surface += value * self.geopotential[wave * self.points + point];
        });
        let [.., temperature, humidity] = before(count - 1);
        let change = surface * at_surface / (gas * temperature * virtual_factor(humidity));
        let b = configuration.levels.b();
        let levels = (0..count)
            .map(|level| {
                let mut values = before(level);
                // Where the level is now, the state before has these values.
                let (above, below) = (level.saturating_sub(1), (level + 1).min(count - 1));
                let shift = 0.5 * (b[level] + b[level + 1]) * change / pressures[level];
                let share = shift / (pressures[below] / pressures[above]).ln();
                for ((value, upper), lower) in values.iter_mut().zip(before(above)).zip(before(below)) {
                    *value += share * (lower - upper);
                }
                let mut slope = 0.0;
                waves.at(pressures[level].ln(), |wave, value, derivative| {
                    let here = wave * self.points + point;
                    values[0] += value * self.u[here];
                    values[1] += value * self.v[here];
                    slope += derivative * self.geopotential[here];
                });
                values[2] -= slope / (gas * virtual_factor(values[3]));
                values[3] = values[3].max(0.0);
                values
            })
            .collect();
        Column { surface_pressure: surface + change, levels }
    }
}
