//! The model's variables of an analysis.

use std::borrow::Cow;

use rayon::prelude::*;
use terrella_coupling::communicator::Communicator;
use terrella_coupling::spectral::Part;
use terrella_kernels::Real;
use terrella_kernels::device::Buffer;
use terrella_kernels::spectral::Truncation;

use super::analysis::{Analysis, AnalysisLevels, Height, LevelValues, OrographyField};
use super::checks::{check, missing, orography as check_orography};
use super::column::{Columns, ModelColumn, Nodes, Profiles};
use super::horizontal::Regridder;
use super::levels::{OwnLevels, own_levels};
use super::orography::{Orography, fit};
use super::saturation::Saturation;
use crate::Result;
use crate::primitive::{Configuration, Primitive};
use crate::shallow_water::{expect_length, rounded};

/// Columns that are computed together: bounds the memory beside the results.
const BLOCK: usize = 4096;

/// How an analysis becomes a state.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What relative humidities refer to, and where humidity is cut.
    pub saturation: Saturation,
    /// The deepest hole that the spectral orography may have in the sea \[m\]; infinite: no smoothing.
    pub ripple_bound: f64,
    /// The ground from elsewhere than the analysis.
    pub orography: Option<OrographyField>,
}

impl Default for Settings {
    /// Mixed phase, holes of at most 100 m, the analysis' own ground.
    fn default() -> Self {
        Self { saturation: Saturation::default(), ripple_bound: 100.0, orography: None }
    }
}

/// What the model's surface pressure was made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PressureOrigin {
    /// The analysis' surface pressure at its orography, and its column above.
    SurfacePressure,
    /// The column of geopotential alone.
    Geopotential,
    /// Mean sea-level pressure, and the column above it by its temperatures.
    SeaLevelPressure,
}

/// What was done to the analysis; what is counted, at the points that the state has.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Truncation at which fields were carried over.
    pub truncation: usize,
    /// Strongest wind of the analysis \[m s⁻¹\], at all of its points.
    pub strongest_wind: f64,
    /// What surface pressure was made from.
    pub pressure_origin: PressureOrigin,
    /// Root mean square difference of the two grounds at the model's points \[m\], where the analysis has one.
    pub ground_difference: Option<f64>,
    /// Values of humidity on the analysis' levels at the model's points.
    pub humidity_values: usize,
    /// Those above saturation, cut to it.
    pub supersaturated: usize,
    /// Those below 0, cut to it. A sharp field has some after its truncation.
    pub negative: usize,
    /// Points of the model's levels above the highest level of the analysis' temperature, of all of the grid.
    pub above_top: f64,
    /// Points of the model's levels below the lowest one above the ground, of all of the grid.
    pub below_lowest: f64,
}

impl Report {
    /// What was done at the points of all ranks, on all of them, from what was done at those of each.
    pub fn of_all(&self, communicator: &Communicator) -> Result<Self> {
        let counts = [self.humidity_values, self.supersaturated, self.negative].map(|count| count as u64);
        let counts = communicator.all_gather(&counts)?;
        let count = |kind: usize| counts.iter().map(|of_rank| of_rank[kind] as usize).sum();
        let shares = communicator.all_gather(&[self.above_top, self.below_lowest])?;
        let share = |kind: usize| shares.iter().map(|of_rank| of_rank[kind]).sum();
        Ok(Self {
            humidity_values: count(0),
            supersaturated: count(1),
            negative: count(2),
            above_top: share(0),
            below_lowest: share(1),
            ..self.clone()
        })
    }
}

/// A state on the model's grid and levels, top first, in f64 on the host.
///
/// Of a rank's configuration ([`Configuration::part`]) its points are the rank's; the ground is whole.
#[derive(Clone, Debug, PartialEq)]
pub struct InitialState {
    /// Eastward wind \[m s⁻¹\], `[level][point]`.
    pub u: Vec<f64>,
    /// Northward wind \[m s⁻¹\], `[level][point]`.
    pub v: Vec<f64>,
    /// Temperature \[K\], `[level][point]`.
    pub temperature: Vec<f64>,
    /// Specific humidity \[kg kg⁻¹\], `[level][point]`; 0 where the analysis has none.
    pub specific_humidity: Vec<f64>,
    /// Surface pressure \[Pa\], `[point]`.
    pub surface_pressure: Vec<f64>,
    /// The ground.
    pub orography: Orography,
    /// What was done to the analysis.
    pub report: Report,
}

impl InitialState {
    /// The state of an analysis for a model with this configuration; see [`super`] for the steps.
    ///
    /// Errors: what is missing, by name; a field of the wrong length, with values that are not finite or not of its unit; levels
    /// that are given twice or not in Pa; a grid that carries no spectra; a bound on ripples that smoothing cannot reach; a rank's
    /// configuration, which [`Self::from_analysis_on`] is for; and those of [`LevelValues`].
    pub fn from_analysis<V: LevelValues>(
        analysis: &Analysis<V>,
        configuration: &Configuration,
        settings: &Settings,
    ) -> std::result::Result<Self, V::Error> {
        Self::from_analysis_on(&Communicator::serial(), analysis, configuration, settings)
    }

    /// The same across ranks, each of which has a configuration with its part, and gets the state at its points, with the bits of the
    /// whole state. All call it together, with an analysis that differs in how a rank comes to values on levels at most.
    ///
    /// Levels are dealt out: a rank gets one level of one field, or of the wind, at a time, interpolates it, and sends each rank its
    /// points. Fields without levels each rank has whole. What a rank refuses ends all, with its error there and one that quotes it
    /// elsewhere.
    pub fn from_analysis_on<V: LevelValues>(
        ranks: &Communicator,
        analysis: &Analysis<V>,
        configuration: &Configuration,
        settings: &Settings,
    ) -> std::result::Result<Self, V::Error> {
        check(analysis)?;
        configuration.validate()?;
        if configuration.moist && analysis.humidity.is_none() {
            return Ok(missing("humidity", "specific or relative humidity on levels for a moist model")?);
        }
        let (grid, truncation) = (&configuration.grid, configuration.truncation);
        let gravity = configuration.gravity;
        let whole_part = || Part::whole(grid, Truncation::new(truncation));
        let part = configuration.part.clone().unwrap_or_else(whole_part);
        let own = |whole: &[f64]| -> Result<Vec<f64>> { Ok(part.own_fields(1, whole)?.into_owned()) };
        let mut regridder = Regridder::new(&analysis.grid, grid, truncation, configuration.radius)?;
        let orography = ground(analysis, configuration, settings, &mut regridder)?;
        let (source, pressure_origin) = source_ground(analysis, &mut regridder, gravity)?;
        let ground_difference = match (&source, pressure_origin) {
            (Some((_, height)), PressureOrigin::SurfacePressure) => {
                let squares: f64 = height
                    .iter()
                    .zip(&orography.geopotential)
                    .map(|(theirs, ours)| ((theirs - ours) / gravity).powi(2))
                    .sum();
                Some((squares / height.len() as f64).sqrt())
            }
            _ => None,
        };
        let source = match source {
            Some((pressure, height)) => Some((own(&pressure)?, own(&height)?)),
            None => None,
        };
        let own_ground = own(&orography.geopotential)?;
        let log_surface_pressure = match &analysis.surface_pressure {
            Some(pressure) => Some(own(&regridder.whole(&logarithm(pressure))?)?),
            None => None,
        };
        let OwnLevels { u, v, temperature, humidity, geopotential, strongest_wind } =
            own_levels(analysis, &mut regridder, &part, ranks)?;
        let profiles = |levels: &AnalysisLevels, values: Vec<f64>| Profiles { nodes: nodes(levels), values };
        let humidity = analysis.humidity.as_ref().zip(humidity);
        let humidity = humidity.map(|((kind, field), values)| (*kind, profiles(&field.levels, values)));
        let geopotential = analysis.geopotential.as_ref().zip(geopotential);
        let geopotential = geopotential.map(|((kind, field), mut values)| {
            let factor = in_geopotential(*kind, gravity);
            values.iter_mut().for_each(|value| *value *= factor);
            profiles(&field.levels, values)
        });
        let columns = Columns {
            points: configuration.points(),
            u: profiles(&analysis.u.levels, u),
            v: profiles(&analysis.v.levels, v),
            temperature: profiles(&analysis.temperature.levels, temperature),
            humidity,
            geopotential,
            log_surface_pressure,
            ground: source,
            orography: &own_ground,
            levels: &configuration.levels,
            saturation: settings.saturation,
            gas_constant: configuration.gas_constant,
            vapour_gas_constant: configuration.vapour_gas_constant,
            gravity,
        };
        let mut state = Self::zeros(configuration, regridder.truncation(), pressure_origin);
        drop(regridder);
        state.report.strongest_wind = strongest_wind;
        state.report.ground_difference = ground_difference;
        state.report.humidity_values =
            columns.humidity.as_ref().map_or(0, |(_, profiles)| profiles.values.len());
        state.fill(&columns, configuration.levels.count(), grid.points());
        state.orography = orography;
        Ok(state)
    }

    /// Sets ground and state of a model whose configuration this state was made for, or of a rank's part of it; further tracers
    /// become 0.
    pub fn set_on<R: Real>(&self, model: &mut Primitive<R>) -> Result<()> {
        let (device, part) = (model.device(), model.part().clone());
        let buffer = |fields: usize, values: &[f64]| -> Result<Buffer<R>> {
            let own = match values.len() == fields * part.points() {
                true => Cow::Borrowed(values),
                false => part.own_fields(fields, values)?,
            };
            Ok(Buffer::from_slice(device, &rounded::<R>(&own))?)
        };
        model.set_orography(&buffer(1, &self.orography.geopotential)?)?;
        let configuration = model.configuration();
        let (levels, count) = (configuration.levels.count(), configuration.tracers());
        let field = levels * self.surface_pressure.len();
        let mut tracers = vec![0.0; count * field];
        if configuration.moist {
            tracers[..field.min(self.specific_humidity.len())]
                .copy_from_slice(&self.specific_humidity[..field.min(self.specific_humidity.len())]);
        }
        model.set_from_grid(
            &buffer(levels, &self.u)?,
            &buffer(levels, &self.v)?,
            &buffer(levels, &self.temperature)?,
            &buffer(1, &self.surface_pressure)?,
            &buffer(count * levels, &tracers)?,
        )
    }

    fn zeros(configuration: &Configuration, truncation: usize, pressure_origin: PressureOrigin) -> Self {
        let points = configuration.points();
        let field = || vec![0.0; configuration.levels.count() * points];
        Self {
            u: field(),
            v: field(),
            temperature: field(),
            specific_humidity: field(),
            surface_pressure: vec![0.0; points],
            orography: Orography {
                geopotential: Vec::new(),
                smoothing: 0.0,
                deepest_ripple: 0.0,
                deepest_ripple_unsmoothed: 0.0,
                change: 0.0,
            },
            report: Report {
                truncation,
                strongest_wind: 0.0,
                pressure_origin,
                ground_difference: None,
                humidity_values: 0,
                supersaturated: 0,
                negative: 0,
                above_top: 0.0,
                below_lowest: 0.0,
            },
        }
    }

    fn fill(&mut self, columns: &Columns, levels: usize, points_of_grid: usize) {
        let points = columns.points;
        let mut outside = [0; 2];
        for first in (0..points).step_by(BLOCK) {
            let block: Vec<ModelColumn> = (first..points.min(first + BLOCK))
                .into_par_iter()
                .map(|point| columns.column(point))
                .collect();
            for (point, column) in (first..).zip(block) {
                self.surface_pressure[point] = column.surface_pressure;
                for level in 0..levels {
                    let here = level * points + point;
                    self.u[here] = column.u[level];
                    self.v[here] = column.v[level];
                    self.temperature[here] = column.temperature[level];
                    self.specific_humidity[here] = column.humidity[level];
                }
                self.report.supersaturated += column.cut[0];
                self.report.negative += column.cut[1];
                outside[0] += column.outside[0];
                outside[1] += column.outside[1];
            }
        }
        let share = |count: usize| count as f64 / (levels * points_of_grid) as f64;
        (self.report.above_top, self.report.below_lowest) = (share(outside[0]), share(outside[1]));
    }
}

/// The model's ground, from the settings or the analysis.
fn ground<V>(
    analysis: &Analysis<V>,
    configuration: &Configuration,
    settings: &Settings,
    regridder: &mut Regridder,
) -> Result<Orography> {
    let (grid, truncation) = (&configuration.grid, configuration.truncation);
    let (gravity, bound) = (configuration.gravity, settings.ripple_bound);
    if let Some(OrographyField { grid: source, height, values, land_fraction }) = &settings.orography {
        check_orography(*height, values, source.points())?;
        if let Some(land) = land_fraction {
            expect_length("land_fraction", source.points(), land.len())?;
        }
        let mut regridder = Regridder::new(source, grid, truncation, configuration.radius)?;
        let geopotential = scaled(values, in_geopotential(*height, gravity));
        let land = land_fraction.as_deref();
        return fit(&mut regridder, source, grid, truncation, &geopotential, land, bound, gravity);
    }
    let Some((kind, values)) = &analysis.orography else {
        return missing("orography", "the analysis' own, or one in the settings");
    };
    let geopotential = scaled(values, in_geopotential(*kind, gravity));
    let land = analysis.land_fraction.as_deref();
    fit(regridder, &analysis.grid, grid, truncation, &geopotential, land, bound, gravity)
}

/// ln p and φ of the analysis' ground or sea level at the model's points, `[point]` each.
type GroundNodes = (Vec<f64>, Vec<f64>);

fn source_ground<V>(
    analysis: &Analysis<V>,
    regridder: &mut Regridder,
    gravity: f64,
) -> Result<(Option<GroundNodes>, PressureOrigin)> {
    if let (Some(pressure), Some((kind, height))) = (&analysis.surface_pressure, &analysis.orography) {
        let geopotential = scaled(height, in_geopotential(*kind, gravity));
        let ground = (regridder.whole(&logarithm(pressure))?, regridder.whole(&geopotential)?);
        return Ok((Some(ground), PressureOrigin::SurfacePressure));
    }
    if analysis.geopotential.is_some() {
        return Ok((None, PressureOrigin::Geopotential));
    }
    if let Some(pressure) = &analysis.sea_level_pressure {
        let log_pressure = regridder.whole(&logarithm(pressure))?;
        let sea_level = vec![0.0; log_pressure.len()];
        return Ok((Some((log_pressure, sea_level)), PressureOrigin::SeaLevelPressure));
    }
    match &analysis.surface_pressure {
        Some(_) => {
            missing("orography", "the height at which 'surface_pressure' is, or geopotential on levels")
        }
        None => missing(
            "surface_pressure",
            "it with orography, or geopotential on levels, or mean sea-level pressure",
        ),
    }
}

/// From the top downwards.
fn nodes(levels: &AnalysisLevels) -> Nodes {
    match levels {
        AnalysisLevels::Pressure(pressure) => {
            Nodes::Fixed(levels.order().into_iter().map(|level| pressure[level].ln()).collect())
        }
        AnalysisLevels::Hybrid(levels) => Nodes::Hybrid(levels.clone()),
    }
}

fn logarithm(values: &[f64]) -> Vec<f64> {
    values.iter().map(|pressure| pressure.ln()).collect()
}

fn in_geopotential(kind: Height, gravity: f64) -> f64 {
    match kind {
        Height::Geopotential => 1.0,
        Height::Height => gravity,
    }
}

fn scaled(values: &[f64], factor: f64) -> Vec<f64> {
    values.iter().map(|value| value * factor).collect()
}
