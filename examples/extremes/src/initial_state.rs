//! The initial state: fields of a file as spectra of the model's truncation.
//!
//! Wind and height are analysed in f64 on the CPU with all that the file's grid can tell apart, then cut to the
//! model's truncation, or filled with zeros up to it. Where the file has no height, the geopotential is the one in
//! nonlinear balance with the wind: the divergence equation without its tendency,
//!
//! ∇²Φ = k·∇×((ζ + f)V) − ∇²(|V|²/2),
//!
//! whose area mean is free and taken from the configuration or the standard atmosphere.

use std::path::Path;

use terrella_dycore::shallow_water::{self, quadratic_grid};
use terrella_io::Time;
use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::spectral::{Transform, Truncation};

use crate::automatic::Automatic;
use crate::configuration::Configuration;
use crate::error::{Error, Result};
use crate::forecast::READING;
use crate::input::{self, InputFields};
use crate::input_grid::input_grid;
use crate::ranks::Ranks;
use crate::spectra::Spectra;

const RADIUS: f64 = shallow_water::Configuration::EARTH_RADIUS;
const ROTATION: f64 = shallow_water::Configuration::EARTH_ROTATION;
const GRAVITY: f64 = shallow_water::Configuration::STANDARD_GRAVITY;

/// What the forecast starts from.
#[derive(Debug)]
pub(crate) struct InitialState {
    /// Of the model's truncation; the geopotential without its mean.
    pub(crate) spectra: Spectra,
    /// Φ̄ \[m² s⁻²\].
    pub(crate) mean_geopotential: f64,
    /// When the state is valid.
    pub(crate) valid: Time,
    /// Largest wind speed of the analysis \[m s⁻¹\].
    pub(crate) maximum_wind: f64,
    /// What was read and how it was analysed, line by line, for people.
    pub(crate) report: Vec<String>,
}

impl InitialState {
    /// All but the report, each number as it is.
    fn to_numbers(&self) -> Vec<f64> {
        let head = [self.mean_geopotential, self.maximum_wind, self.valid.seconds() as f64];
        let Spectra { vorticity, divergence, geopotential, .. } = &self.spectra;
        [&head[..], vorticity, divergence, geopotential].concat()
    }

    /// The inverse of [`Self::to_numbers`], for a truncation.
    fn from_numbers(numbers: &[f64], truncation: usize, report: Vec<String>) -> Self {
        let (head, spectra) = numbers.split_at(3);
        let mut spectra = spectra.chunks_exact(Truncation::new(truncation).spectrum_len(1));
        let mut next = || spectra.next().map_or(Vec::new(), <[f64]>::to_vec);
        Self {
            spectra: Spectra { truncation, vorticity: next(), divergence: next(), geopotential: next() },
            mean_geopotential: head[0],
            maximum_wind: head[1],
            valid: Time::EPOCH.plus_seconds(head[2] as i64),
            report,
        }
    }
}

/// Reads and analyses the initial state of a configuration on rank 0, which sends its spectra to the others: there are three fields.
pub(crate) fn read(ranks: &Ranks, configuration: &Configuration) -> Result<InitialState> {
    let mut report = Vec::new();
    let numbers = ranks.made_by(0, READING, || {
        let state = read_alone(configuration)?;
        report = state.report.join("\n").into_bytes();
        Ok(state.to_numbers())
    })?;
    ranks.communicator().share(0, &mut report)?;
    let report = String::from_utf8_lossy(&report).lines().map(str::to_owned).collect();
    Ok(InitialState::from_numbers(&numbers, configuration.model.truncation, report))
}

fn read_alone(configuration: &Configuration) -> Result<InitialState> {
    let fields = input::read(&configuration.input)?;
    let mut report = vec![format!("input      {}", fields.description)];
    let analysis = analyse(&fields, &configuration.input.file)?;
    report.push(format!(
        "analysis   grid {}, T{}{}",
        analysis.grid,
        analysis.spectra.truncation,
        match configuration.model.truncation {
            model if model > analysis.spectra.truncation =>
                format!(" (the model's T{model} starts without waves beyond it)"),
            model => format!(", cut to T{model}"),
        }
    ));
    let truncation = configuration.model.truncation;
    let mut spectra = analysis.spectra.truncated(truncation);

    let mean_height = match (configuration.model.mean_height, analysis.mean_height) {
        (Automatic::Given(height), _) => {
            report.push(format!("mean depth {height:.1} m, as configured"));
            height
        }
        (Automatic::Auto, Some(height)) => {
            report.push(format!("mean depth {height:.1} m, the area mean of the height"));
            height
        }
        (Automatic::Auto, None) => {
            let height = standard_height(f64::from(configuration.input.level));
            report.push(format!("mean depth {height:.1} m, the standard atmosphere's height of the level"));
            height
        }
    };
    if analysis.mean_height.is_none() {
        report.push("height     none given: derived from the wind by the nonlinear balance equation".into());
        spectra.geopotential = balanced_geopotential(&spectra)?;
    }
    if !(mean_height > 0.0 && mean_height.is_finite()) {
        return Err(Error::Input {
            path: configuration.input.file.clone(),
            message: format!(
                "the height's area mean is {mean_height} m: a fluid of positive depth is needed."
            ),
        });
    }
    let maximum_wind = fields.u.iter().zip(&fields.v).map(|(u, v)| u.hypot(*v)).fold(0.0, f64::max);
    Ok(InitialState {
        spectra,
        mean_geopotential: GRAVITY * mean_height,
        valid: fields.valid,
        maximum_wind,
        report,
    })
}

struct Analysis {
    /// Of the largest truncation that the grid allows; the geopotential without its mean.
    spectra: Spectra,
    /// Area mean of the height \[m\], where there is one.
    mean_height: Option<f64>,
    /// The file's grid.
    grid: String,
}

fn analyse(fields: &InputFields, path: &Path) -> Result<Analysis> {
    let grid = input_grid(&fields.layout).map_err(|reason| Error::Input {
        path: path.to_owned(),
        message: format!("the points cannot be analysed: {reason}."),
    })?;
    let truncation = Truncation::largest_on(&grid);
    let mut transform = Transform::<f64>::new(&grid, truncation, Device::Cpu)?;
    let zeros = || Buffer::<f64>::zeros(Device::Cpu, truncation.spectrum_len(1));
    let (mut vorticity, mut divergence, mut geopotential) = (zeros()?, zeros()?, zeros()?);
    let (u, v) = (Buffer::from_slice(Device::Cpu, &fields.u)?, Buffer::from_slice(Device::Cpu, &fields.v)?);
    transform.wind_analysis(1, &u, &v, &mut vorticity, &mut divergence)?;
    let mut mean_height = None;
    if let Some(height) = &fields.height {
        transform.analysis(1, &Buffer::from_slice(Device::Cpu, height)?, &mut geopotential)?;
        let spectrum = geopotential.cpu_slice_mut()?;
        // The (0,0) coefficient is the area mean.
        mean_height = Some(std::mem::take(&mut spectrum[0]));
        spectrum.iter_mut().for_each(|value| *value *= GRAVITY);
    }
    let spectra = Spectra {
        truncation: truncation.total(),
        vorticity: vorticity.to_vec()?,
        divergence: divergence.to_vec()?,
        geopotential: geopotential.to_vec()?,
    };
    Ok(Analysis { spectra, mean_height, grid: grid.name().to_owned() })
}

/// Spectrum of the geopotential \[m² s⁻²\] in nonlinear balance with a wind, without area mean.
fn balanced_geopotential(spectra: &Spectra) -> Result<Vec<f64>> {
    let grid = quadratic_grid(spectra.truncation)?;
    let truncation = Truncation::new(spectra.truncation);
    let mut transform = Transform::<f64>::new(&grid, truncation, Device::Cpu)?;
    let on_grid = || Buffer::<f64>::zeros(Device::Cpu, grid.points());
    let spectral = || Buffer::<f64>::zeros(Device::Cpu, 2 * truncation.coefficients());
    let vorticity = Buffer::from_slice(Device::Cpu, &spectra.vorticity)?;
    let divergence = Buffer::from_slice(Device::Cpu, &spectra.divergence)?;
    let (mut u, mut v, mut relative) = (on_grid()?, on_grid()?, on_grid()?);
    transform.wind_synthesis(1, &vorticity, &divergence, &mut u, &mut v)?;
    transform.synthesis(1, &vorticity, &mut relative)?;

    let (mut energy, relative) = (on_grid()?, relative.to_vec()?);
    {
        let (u, v, energy) = (u.cpu_slice_mut()?, v.cpu_slice_mut()?, energy.cpu_slice_mut()?);
        for ring in grid.rings() {
            let coriolis = 2.0 * ROTATION * ring.sine_latitude;
            for point in ring.offset..ring.offset + ring.points {
                energy[point] = 0.5 * (u[point] * u[point] + v[point] * v[point]);
                u[point] *= relative[point] + coriolis;
                v[point] *= relative[point] + coriolis;
            }
        }
    }
    let (mut curl, mut flux_divergence, mut energy_spectrum) = (spectral()?, spectral()?, spectral()?);
    transform.wind_analysis(1, &u, &v, &mut curl, &mut flux_divergence)?;
    transform.analysis(1, &energy, &mut energy_spectrum)?;

    let (curl, mut geopotential) = (curl.to_vec()?, energy_spectrum.to_vec()?);
    let mut index = 0;
    for m in 0..=spectra.truncation {
        for n in m..=spectra.truncation {
            // ∇² is −n(n+1)/a² on a harmonic of degree n.
            let inverse_laplacian = if n == 0 { 0.0 } else { -RADIUS.powi(2) / (n * (n + 1)) as f64 };
            for value in index..index + 2 {
                geopotential[value] = inverse_laplacian * curl[value] - geopotential[value];
            }
            if n == 0 {
                geopotential[index] = 0.0;
            }
            index += 2;
        }
    }
    Ok(geopotential)
}

/// Height \[m\] of a pressure \[hPa\] in the ICAO standard atmosphere (ISO 2533:1975): 6.5 K/km up to 11 km, isothermal
/// above.
fn standard_height(pressure: f64) -> f64 {
    let (gas_constant, lapse_rate, surface_temperature) = (287.05287, 0.0065, 288.15);
    let (tropopause, tropopause_temperature) = (11_000.0, 216.65);
    let exponent = gas_constant * lapse_rate / GRAVITY;
    let below = surface_temperature / lapse_rate * (1.0 - (pressure / 1013.25).powf(exponent));
    if below <= tropopause {
        // A pressure above the surface's has no height in it; 1 m keeps the fluid's depth positive.
        return below.max(1.0);
    }
    let tropopause_pressure: f64 =
        1013.25 * (tropopause_temperature / surface_temperature).powf(1.0 / exponent);
    tropopause + gas_constant * tropopause_temperature / GRAVITY * (tropopause_pressure / pressure).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heights_of_the_standard_atmosphere() {
        // Tabulated geopotential heights of ISO 2533.
        assert!((standard_height(500.0) - 5574.4).abs() < 1.0);
        assert!((standard_height(850.0) - 1457.3).abs() < 1.0);
        assert!((standard_height(100.0) - 16179.6).abs() < 2.0);
    }
}
