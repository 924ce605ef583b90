//! From the configuration and the file to the model.

use std::path::Path;

use serde_json::Value;
use terrella_coupling::spectral::{Part, expect_no_idle_rank, transform_shares};
use terrella_dycore::primitive::initial::{self, InitialState, OrographyField, PressureOrigin, Settings};
use terrella_dycore::primitive::{Configuration as ModelConfiguration, HeldSuarez, Primitive, Sponge};
use terrella_dycore::time_stepping::{Diffusion, DiffusionStrength, Filter};
use terrella_io::Time;
use terrella_io::read::{GribFile, Missing, State, StateFile, StatePlaces, StateSelection};
use terrella_kernels::Real;
use terrella_kernels::constants::EARTH_RADIUS;
use terrella_kernels::physics::held_suarez::Forcing;
use terrella_kernels::spectral::Truncation;
use terrella_kernels::vertical::HybridLevels;

use super::analysis::Surfaces;
use super::configuration::{Configuration, Saturation, Scheme};
use super::ground::{GroundFields, SourceGround};
use super::physics_settings::Suite;
use super::{analysis, physics};
use crate::automatic::Automatic;
use crate::checkpoint::Fingerprint;
use crate::diagnostics::hourly_steps;
use crate::error::{Error, Result};
use crate::forecast::READING;
use crate::input_grid::input_grid;
use crate::ranks::Ranks;
use crate::setup::{given_time_step, hash_of_file};

/// The strongest wind is expected to grow by no more than this factor during a forecast.
const WIND_GROWTH: f64 = 1.4;
/// Of steps along trajectories, those of [`ModelConfiguration::semi_lagrangian`].
const LONGEST_COURANT_NUMBER: f64 = 6.0;
/// The sponge reaches down to this multiple of the top layer's pressure.
const SPONGE_DEPTH: f64 = 10.0;
/// Friction where no column physics brakes the wind \[h\].
const FRICTION_TIME: f64 = 24.0;

/// The model's settings, and what there is beside its initial state.
pub(super) struct Start {
    pub(super) settings: ModelConfiguration,
    /// Which column physics: not [`Suite::Auto`].
    pub(super) suite: Suite,
    /// What the columns stand on.
    pub(super) ground: GroundFields,
    /// When the state is valid.
    pub(super) valid: Time,
    pub(super) steps_per_output: u64,
    /// The name of the state's grid.
    pub(super) source: String,
    /// What was read and how it was used, line by line, for people.
    pub(super) report: Vec<String>,
}

/// Reads the state and makes the model's of it, at the points of this rank; all ranks call it together.
pub(super) fn start(ranks: &Ranks, configuration: &Configuration) -> Result<(Start, InitialState)> {
    let (model, path) = (&configuration.model, &configuration.input.file);
    let open = || -> Result<(HybridLevels, StateFile)> {
        Ok((model.levels.parse()?, StateFile::open(path, &selection(configuration)?)?))
    };
    let (levels, file) = ranks.together(READING, open())?;
    let state = file.state();
    let mut report = vec![describe(state)];
    let refuse = |message: String| Error::Input { path: path.clone(), message };
    for (pressure, lacking) in &state.incomplete {
        report.push(format!("           {} hPa lacks {}", pressure / 100.0, lacking.join(", ")));
    }
    let source = input_grid(&state.layout)
        .map_err(|reason| refuse(format!("the points cannot be analysed: {reason}.")))?;
    let valid = state.valid;
    let orography = configuration.input.orography.as_deref().map(other_orography).transpose();
    let orography = ranks.together(READING, orography)?;
    let moist = state.humidity.is_some();
    let suite = match (configuration.physics.suite, moist) {
        (Suite::Auto, true) => Suite::Moist,
        (Suite::Auto, false) => Suite::None,
        (Suite::Moist | Suite::Simple, false) => {
            return Err(refuse(
                "no 'q' and no 'r' on levels: the suite of [physics] needs humidity; \"none\" does without."
                    .into(),
            ));
        }
        (chosen, _) => chosen,
    };
    if !moist {
        report.push("           no humidity: the model is dry, without column physics".into());
    }
    let surfaces = Surfaces::read(ranks, &file)?;
    let source_ground = SourceGround::of(&surfaces, &source, orography.as_ref());
    let is_leapfrog = model.time_stepping == Scheme::Leapfrog;
    let mut settings = ModelConfiguration {
        grid: model.grid()?,
        moist,
        diffusion: (model.diffusion_time > 0.0).then_some(Diffusion {
            order: model.diffusion_order,
            strength: DiffusionStrength::SmallestScaleTime(model.diffusion_time * 3600.0),
        }),
        filter: match model.filter {
            Automatic::Given(strength) => Filter { strength, ..Filter::default() },
            Automatic::Auto => Filter::default(),
        },
        sponge: (model.sponge_time > 0.0)
            .then_some(Sponge { time: 3600.0 * model.sponge_time, depth: SPONGE_DEPTH }),
        watch_interval: if is_leapfrog { 6 } else { 1 },
        ..match is_leapfrog {
            true => ModelConfiguration::new(model.truncation, levels)?,
            false => ModelConfiguration::semi_lagrangian(model.truncation, levels)?,
        }
    };
    let communicator = ranks.communicator();
    let part = part(&settings, [communicator.rank(), communicator.size()])?;
    let own = ModelConfiguration { part, ..settings.clone() };
    let analysis = analysis::analysis(&file, surfaces, source.clone())?;
    let how = Settings {
        saturation: match configuration.input.saturation {
            Saturation::Mixed => initial::Saturation::Mixed,
            Saturation::Water => initial::Saturation::Water,
        },
        ripple_bound: model.ripple_bound,
        orography,
    };
    let state = InitialState::from_analysis_on(communicator, &analysis, &own, &how)
        .map_err(|error| of_input(error, path))?;
    let (time_step, steps_per_output) = time_step(configuration, state.report.strongest_wind)?;
    settings.time_step = time_step;
    let ground = source_ground.at_model(&state, &own);
    let source = source.name().to_owned();
    Ok((Start { settings, suite, ground, valid, steps_per_output, source, report }, state))
}

/// An error of the values of an input, with its name.
fn of_input(error: Error, path: &Path) -> Error {
    use terrella_coupling::Error::Communication;
    use terrella_dycore::Error::{Coupling, InvalidAnalysis, NotFinite};
    match error {
        Error::Dycore(error @ (InvalidAnalysis { .. } | NotFinite { .. })) => {
            Error::Input { path: path.to_owned(), message: error.to_string() }
        }
        Error::Dycore(Coupling(Communication { rank, reason, .. })) => {
            let name = format!("'{}'", path.display());
            let message = match reason.contains(&name) {
                true => format!("{reason}."),
                false => format!("{name}: {reason}."),
            };
            Error::OnRank { rank, phase: READING.to_owned(), message }
        }
        other => other,
    }
}

/// Which points a rank is to have; nothing where it is alone.
fn part(settings: &ModelConfiguration, [rank, size]: [usize; 2]) -> Result<Option<Part>> {
    if size == 1 {
        return Ok(None);
    }
    let shares = transform_shares(&settings.grid, Truncation::new(settings.truncation), size)?;
    expect_no_idle_rank(&shares)?;
    Ok(Some(Part::of_rank(&shares, rank)))
}

/// Gives a model at its initial state its physics.
pub(super) fn add_physics<R: Real>(
    model: &mut Primitive<R>,
    configuration: &Configuration,
    start: &Start,
) -> Result<()> {
    let (settings, device) = (model.configuration(), model.device());
    let ground = &start.ground;
    let suite = physics::suite(&configuration.physics, start.suite, settings, ground, start.valid, device)?;
    let friction_time = match configuration.model.friction_time {
        Automatic::Given(time) => time,
        Automatic::Auto if suite.is_none() => FRICTION_TIME,
        Automatic::Auto => 0.0,
    };
    if let Some(suite) = suite {
        model.add_physics(Box::new(suite))?;
    }
    if friction_time > 0.0 {
        // Of Held and Suarez's forcing the friction alone: no relaxation of temperature.
        let forcing = Forcing {
            friction: 1.0 / (3600.0 * friction_time),
            relaxation: 0.0,
            surface_relaxation: 0.0,
            ..Forcing::default()
        };
        model.add_physics(Box::new(HeldSuarez::new(forcing, model.configuration(), device)?))?;
    }
    Ok(())
}

fn selection(configuration: &Configuration) -> Result<StateSelection> {
    let input = &configuration.input;
    let reference = match &input.date {
        None => None,
        Some(text) => Some(text.parse().map_err(|_| Error::Input {
            path: input.file.clone(),
            message: format!("Key 'date' in [input] is '{text}': expected a UTC time such as 2011-01-10T12."),
        })?),
    };
    Ok(StateSelection { reference, step: input.step.map(f64::from), member: input.member.map(i64::from) })
}

/// Orography and, where there is one, land of another file.
fn other_orography(path: &Path) -> Result<OrographyField> {
    let refuse = |message: String| Error::Input { path: path.to_owned(), message };
    let file = GribFile::open(path)?;
    let named = |name: &str| {
        file.headers().iter().find(|header| header.short_name == name && header.level_type == "surface")
    };
    let header = named("orog")
        .or_else(|| named("z"))
        .ok_or_else(|| refuse("no 'orog' and no 'z' at the surface: an orography is needed.".into()))?;
    let field = file.decode(header, Missing::Refuse)?;
    let source = input_grid(&field.layout)
        .map_err(|reason| refuse(format!("the points cannot be analysed: {reason}.")))?;
    let land = match named("lsm") {
        Some(header) => Some(file.decode(header, Missing::Refuse)?)
            .filter(|land| land.layout == field.layout)
            .map(|land| land.values),
        None => None,
    };
    Ok(OrographyField {
        grid: source,
        height: analysis::height(&field.header.units),
        values: field.values,
        land_fraction: land,
    })
}

/// The time step \[s\] and how many of them are one output interval.
fn time_step(configuration: &Configuration, maximum_wind: f64) -> Result<(f64, u64)> {
    let interval = f64::from(configuration.output.interval) * 3600.0;
    let truncation = configuration.model.truncation as f64;
    // Leapfrog advection is stable for |V|·Δt·√(T(T+1))/a < 1. Trajectories have no such limit; they are cut short where
    // they would be inaccurate.
    let courant = match configuration.model.time_stepping {
        Scheme::Leapfrog => 1.0,
        Scheme::SemiLagrangian => LONGEST_COURANT_NUMBER,
    };
    let limit = |wind: f64| courant * EARTH_RADIUS / ((truncation * (truncation + 1.0)).sqrt() * wind);
    match configuration.model.time_step {
        Automatic::Auto => {
            let longest =
                (courant * 51_000.0 / truncation).min(limit(WIND_GROWTH * maximum_wind)).min(3600.0);
            let fewest = (interval / longest).ceil() as u64;
            // So many that looks every hour or so, between outputs, fall on whole steps.
            let hours = configuration.output.interval;
            let looks_fit = |steps: &u64| hourly_steps(*steps, hours) * u64::from(hours) < 2 * steps;
            let steps = (fewest..2 * fewest).find(looks_fit).unwrap_or(fewest);
            Ok((interval / steps as f64, steps))
        }
        Automatic::Given(step) => {
            let longest = limit(maximum_wind);
            let bound =
                format!("at T{truncation} with winds of {maximum_wind:.0} m/s (Courant number {courant})");
            given_time_step(step, interval, longest, &bound)
        }
    }
}

/// Hash of all that the results depend on: inputs, model and output interval, but neither paths, nor length, nor device;
/// and that of the state's file.
pub(super) fn fingerprint(configuration: &Configuration) -> Result<(Fingerprint, blake3::Hash)> {
    let mut settings = serde_json::to_value(configuration).expect("a configuration is valid JSON");
    let mut remove = |table: &str, key: &str| {
        if let Some(table) = settings.get_mut(table).and_then(Value::as_object_mut) {
            table.remove(key);
        }
    };
    remove("input", "file");
    remove("input", "orography");
    remove("model", "length");
    remove("model", "device");
    remove("diagnostics", "heat_climatology");
    // Which a checkpoint tells by itself.
    remove("model", "precision");
    settings["output"] = Value::from(configuration.output.interval);
    if let Some(tables) = settings.as_object_mut() {
        tables.retain(|name, _| name != "ranks" && name != "server");
    }
    let mut hasher = blake3::Hasher::new();
    hasher.update(settings.to_string().as_bytes());
    if let Some(ensemble) = &configuration.ensemble {
        hasher.update(&ensemble.member.to_le_bytes());
    }
    let input = hash_of_file(&configuration.input.file)?;
    hasher.update(input.as_bytes());
    let climatology = configuration.diagnostics.as_ref().and_then(|table| table.heat_climatology.as_ref());
    for path in configuration.input.orography.iter().chain(climatology) {
        hasher.update(hash_of_file(path)?.as_bytes());
    }
    Ok((*hasher.finalize().as_bytes(), input))
}

fn describe(state: &State<StatePlaces>) -> String {
    let mut names = vec![state.u.short_name.as_str(), &state.v.short_name, &state.temperature.short_name];
    names.extend(state.humidity.as_ref().map(|field| field.short_name.as_str()));
    names.extend(state.geopotential.as_ref().map(|field| field.short_name.as_str()));
    let surface = [
        &state.surface_pressure,
        &state.orography,
        &state.land_fraction,
        &state.surface_temperature,
        &state.sea_temperature,
    ];
    names.extend(surface.into_iter().flatten().map(|field| field.short_name.as_str()));
    format!(
        "input      {} on {} levels, valid {} (run of {}, step {} h)",
        names.join(", "),
        state.u.levels.count(),
        state.valid,
        state.reference,
        state.valid.hours_since(state.reference)
    )
}

/// What was done to the analysis, for people.
pub(super) fn told(state: &InitialState, grid: &str, truncation: usize) -> Vec<String> {
    let (report, orography) = (&state.report, &state.orography);
    let mut lines = vec![format!(
        "analysis   grid {grid}, T{}{}",
        report.truncation,
        if report.truncation < truncation {
            format!(" (the model's T{truncation} starts without waves beyond it)")
        } else {
            String::new()
        }
    )];
    lines.push(format!(
        "ground     deepest hole in the sea {:.0} m, {:.0} m before smoothing, which changes heights by {:.0} m (root mean square)",
        orography.deepest_ripple, orography.deepest_ripple_unsmoothed, orography.change
    ));
    lines.push(match report.pressure_origin {
        PressureOrigin::SurfacePressure => format!(
            "pressure   moved hydrostatically from the analysis' ground to the model's, {:.0} m apart (root mean square)",
            report.ground_difference.unwrap_or(0.0)
        ),
        PressureOrigin::Geopotential => "pressure   none at the ground: where the geopotential of the levels meets the model's ground".into(),
        PressureOrigin::SeaLevelPressure => "pressure   none at the ground: from mean sea level up by the temperature of the levels".into(),
    });
    if report.above_top > 0.0 {
        lines.push(format!(
            "top        {:.0} % of the model's points lie above the highest level: wind and temperature are continued upwards",
            100.0 * report.above_top
        ));
    }
    if report.humidity_values > 0 {
        let percent = |count: usize| 100.0 * count as f64 / report.humidity_values as f64;
        lines.push(format!(
            "humidity   cut to saturation at {} of {} points ({:.1} %), to 0 at {} ({:.1} %)",
            report.supersaturated,
            report.humidity_values,
            percent(report.supersaturated),
            report.negative,
            percent(report.negative)
        ));
    }
    lines
}
