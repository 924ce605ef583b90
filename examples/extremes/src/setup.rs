//! From the configuration to the model's settings.

use std::path::Path;

use serde_json::Value;
use terrella_coupling::communicator::Route;
use terrella_dycore::shallow_water::Configuration as ModelConfiguration;
use terrella_dycore::time_stepping::{Diffusion, DiffusionStrength, Filter};
use terrella_kernels::device::Device;
use terrella_kernels::grid::Grid;
use terrella_kernels::spectral::Truncation;

use crate::automatic::Automatic;
use crate::checkpoint::Fingerprint;
use crate::configuration::Configuration;
use crate::error::{Error, Result};
use crate::initial_state::InitialState;

/// The longest time step \[s\]: the Coriolis term is explicit, leapfrog needs 2Ω·Δt < 1.
pub(crate) const LONGEST_TIME_STEP: f64 = 6000.0;
/// The longest time step that is chosen without being asked for \[s\].
const LONGEST_AUTOMATIC_TIME_STEP: f64 = 3600.0;
/// The strongest wind is expected to grow by no more than this factor during a forecast.
const WIND_GROWTH: f64 = 1.25;

/// The device, as text: command line, else configuration, else environment, else the CPU.
pub(crate) fn device(argument: Option<&str>, configured: Option<&str>) -> Result<String> {
    let text = match argument.or(configured) {
        Some(text) => text.to_owned(),
        None => std::env::var("TERRELLA_DEVICE").unwrap_or_else(|_| Device::Cpu.to_string()),
    };
    text.parse::<Device>()?;
    Ok(text)
}

/// How what ranks send gets from device to device, for people; nothing where they have none.
pub(crate) fn told_route(route: Option<Route>) -> Option<String> {
    route.map(|route| format!("ranks      what their devices send goes {route}"))
}

/// BLAKE3 of a file.
pub(crate) fn hash_of_file(path: &Path) -> Result<blake3::Hash> {
    let fail = |error| Error::file(path, "reading", error);
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(std::fs::File::open(path).map_err(fail)?).map_err(fail)?;
    Ok(hasher.finalize())
}

/// The model's grid; an error unless it is Gaussian and carries the truncation.
pub(crate) fn grid(
    name: &Automatic<String>,
    truncation: usize,
    automatic: fn(usize) -> terrella_dycore::Result<Grid>,
) -> Result<Grid> {
    let grid = match name {
        Automatic::Auto => automatic(truncation)?,
        Automatic::Given(name) => name.parse::<Grid>()?,
    };
    if !grid.kind().is_gaussian() {
        return Err(Error::Setting {
            key: "grid",
            table: "model",
            got: grid.name().to_owned(),
            expected: "a Gaussian grid such as F128, N160 or O160 (products need its exact quadrature)"
                .into(),
        });
    }
    Truncation::new(truncation).check_on(&grid)?;
    Ok(grid)
}

/// The time step \[s\] and how many of them are one output interval.
pub(crate) fn time_step(configuration: &Configuration, maximum_wind: f64) -> Result<(f64, u64)> {
    let interval = f64::from(configuration.output.interval) * 3600.0;
    let truncation = configuration.model.truncation as f64;
    // Leapfrog advection is stable for |V|·Δt·√(T(T+1))/a < 1.
    let limit =
        |wind: f64| ModelConfiguration::EARTH_RADIUS / ((truncation * (truncation + 1.0)).sqrt() * wind);
    match configuration.model.time_step {
        Automatic::Auto => {
            let usual = ModelConfiguration::new(configuration.model.truncation)?.time_step;
            let longest =
                usual.min(0.95 * limit(WIND_GROWTH * maximum_wind)).min(LONGEST_AUTOMATIC_TIME_STEP);
            let steps = (interval / longest).ceil();
            Ok((interval / steps, steps as u64))
        }
        Automatic::Given(step) => {
            let longest = limit(maximum_wind).min(LONGEST_TIME_STEP);
            let bound = format!("at T{truncation} with winds of {maximum_wind:.0} m/s (Courant number 1)");
            given_time_step(step, interval, longest, &bound)
        }
    }
}

/// The same of a given time step; `bound`: for what `longest` \[s\] holds, in words.
pub(crate) fn given_time_step(step: f64, interval: f64, longest: f64, bound: &str) -> Result<(f64, u64)> {
    let refuse = |expected: String| Error::Setting {
        key: "time_step",
        table: "model",
        got: format!("{step} s"),
        expected,
    };
    if step > longest {
        return Err(refuse(format!("at most {longest:.0} s {bound}")));
    }
    let steps = (interval / step).round().max(1.0);
    if (steps * step - interval).abs() > 1e-6 * interval {
        let nearest = interval / (interval / step).ceil();
        return Err(refuse(format!("a part of the output interval of {interval} s, such as {nearest} s")));
    }
    Ok((step, steps as u64))
}

/// The model's settings.
pub(crate) fn model_configuration(
    configuration: &Configuration,
    grid: Grid,
    initial: &InitialState,
    time_step: f64,
) -> Result<ModelConfiguration> {
    let model = &configuration.model;
    let diffusion = (model.diffusion_time > 0.0).then_some(Diffusion {
        order: model.diffusion_order,
        strength: DiffusionStrength::SmallestScaleTime(model.diffusion_time * 3600.0),
    });
    Ok(ModelConfiguration {
        grid,
        mean_geopotential: initial.mean_geopotential,
        time_step,
        diffusion,
        filter: Filter { strength: model.filter, ..Filter::default() },
        watch_interval: 6,
        wind_limit: 500.0,
        ..ModelConfiguration::new(model.truncation)?
    })
}

/// Hash of all that the results depend on: input, model and output interval, but neither paths, nor length, nor
/// device.
pub(crate) fn fingerprint(configuration: &Configuration, input: &blake3::Hash) -> Fingerprint {
    let mut settings = serde_json::to_value(configuration).expect("a configuration is valid JSON");
    let mut remove = |table: &str, key: &str| {
        if let Some(table) = settings.get_mut(table).and_then(Value::as_object_mut) {
            table.remove(key);
        }
    };
    remove("input", "file");
    remove("model", "length");
    remove("model", "device");
    // Which a checkpoint tells by itself.
    remove("model", "precision");
    let interval = configuration.output.interval;
    settings["output"] = Value::from(interval);
    if let Some(tables) = settings.as_object_mut() {
        tables.retain(|name, _| name != "ranks" && name != "server");
    }
    let mut hasher = blake3::Hasher::new();
    hasher.update(settings.to_string().as_bytes());
    hasher.update(input.as_bytes());
    *hasher.finalize().as_bytes()
}

#[cfg(test)]
mod tests {
    use terrella_dycore::shallow_water::quadratic_grid;

    use super::*;
    use crate::configuration::Settings;

    fn configuration(model: &str) -> Configuration {
        Configuration::parse(&format!("[input]\nfile = 'x'\n[model]\n{model}\n"), Path::new("c")).unwrap()
    }

    #[test]
    fn the_automatic_time_step_divides_the_interval_and_follows_the_wind() {
        assert_eq!(time_step(&configuration("truncation = 170"), 60.0).unwrap(), (300.0, 72));
        let (step, steps) = time_step(&configuration("truncation = 170"), 150.0).unwrap();
        assert_eq!(step * steps as f64, 21600.0);
        assert!(step * 1.25 * 150.0 * 170.5 < ModelConfiguration::EARTH_RADIUS);
        assert_eq!(time_step(&configuration("truncation = 5"), 30.0).unwrap(), (3600.0, 6));
    }

    #[test]
    fn an_impossible_time_step_is_refused_with_what_is_possible() {
        let message = |model: &str| time_step(&configuration(model), 80.0).unwrap_err().to_string();
        let uneven = message("time_step = 250.5");
        assert!(
            uneven.contains("'time_step' in [model] is 250.5 s") && uneven.contains("such as 248.27"),
            "{uneven}"
        );
        let long = message("time_step = 600");
        assert!(long.contains("at most 467 s at T170 with winds of 80 m/s"), "{long}");
    }

    #[test]
    fn grids_that_cannot_carry_the_truncation_are_refused() {
        let of = |text: &str| {
            let model = configuration(text).model;
            grid(&model.grid, model.truncation, quadratic_grid)
        };
        let message = |text: &str| of(text).unwrap_err().to_string();
        assert!(message("truncation = 170\ngrid = 'F32'").contains("largest possible is T63"));
        assert!(message("truncation = 42\ngrid = 'r360x181'").contains("Gaussian grid such as"));
        assert!(message("truncation = 42\ngrid = 'X7'").contains("'X7' is unknown"));
        assert_eq!(of("truncation = 42").unwrap().name(), "F32");
    }

    #[test]
    fn the_fingerprint_knows_the_model_and_not_its_length() {
        let hash = blake3::hash(b"input");
        let first = fingerprint(&configuration("truncation = 42"), &hash);
        assert_eq!(
            first,
            fingerprint(&configuration("truncation = 42\nlength = 48\ndevice = 'wgpu:0'"), &hash)
        );
        assert_ne!(first, fingerprint(&configuration("truncation = 43"), &hash));
        assert_ne!(first, fingerprint(&configuration("truncation = 42"), &blake3::hash(b"other")));
    }
}
