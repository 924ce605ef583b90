//! The configuration of a primitive-equation forecast: its keys, defaults and what their values may be.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use terrella_dycore::shallow_water::{linear_grid, quadratic_grid};
use terrella_kernels::grid::Grid;

use super::physics_settings::Physics;
use crate::automatic::Automatic;
use crate::configuration::{Equations, Initialisation, Output, Precision, Settings, within, zero_or_within};
use crate::diagnostics::Diagnostics;
use crate::ensemble::Ensemble;
use crate::error::Result;
use crate::job::{RankSettings, ServerSettings};
use crate::setup;
use terrella_driver::{Tables, known_keys};

/// All of a configuration file.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Configuration {
    pub(crate) input: Input,
    pub(crate) model: Model,
    #[serde(default)]
    pub(crate) physics: Physics,
    #[serde(default)]
    pub(crate) output: Output,
    #[serde(default, skip_serializing_if = "RankSettings::is_usual")]
    pub(crate) ranks: RankSettings,
    #[serde(default, skip_serializing_if = "ServerSettings::is_usual")]
    pub(crate) server: ServerSettings,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) diagnostics: Option<Diagnostics>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ensemble: Option<Ensemble>,
}

/// `[input]`: which state of which file.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    /// GRIB file, relative to the configuration's folder.
    pub(crate) file: PathBuf,
    /// Base time of the wanted messages, YYYY-MM-DD or YYYY-MM-DDTHH, where the file has several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) date: Option<String>,
    /// Forecast step of the wanted messages \[h\], where the file has several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) step: Option<u32>,
    /// Ensemble member, where the file has several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) member: Option<u32>,
    /// GRIB file with orography (and land) of its own grid, instead of the state's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) orography: Option<PathBuf>,
    /// To what relative humidity refers.
    #[serde(default)]
    pub(crate) saturation: Saturation,
}

/// To what relative humidity refers.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Saturation {
    /// Ice where it is cold, water where it is warm.
    #[default]
    Mixed,
    /// Water.
    Water,
}

/// `[model]`: the equations and their discretisation.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Model {
    /// primitive.
    pub(crate) equations: Equations,
    /// Triangular truncation T.
    pub(crate) truncation: usize,
    /// L19, L26, L31, L60, L91, L137 or sigmaN.
    pub(crate) levels: String,
    /// Gaussian grid by its usual name; auto is the smallest one free of quadratic aliasing, or for the semi-Lagrangian
    /// scheme the smallest one that carries the truncation.
    pub(crate) grid: Automatic<String>,
    /// f32 or f64.
    pub(crate) precision: Precision,
    /// cpu, cuda:N, hip:N, wgpu:N.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) device: Option<String>,
    /// How the model is brought forward.
    pub(crate) time_stepping: Scheme,
    /// Time step \[s\]; auto follows from the scheme, the truncation and the strongest wind.
    pub(crate) time_step: Automatic<f64>,
    /// Length of the forecast \[h\].
    pub(crate) length: u32,
    /// Power p of the hyperdiffusion (−∇²)^p.
    pub(crate) diffusion_order: u32,
    /// Time in which hyperdiffusion damps the smallest scale by e \[h\]; 0 switches it off.
    pub(crate) diffusion_time: f64,
    /// Strength of the leapfrog scheme's filter, 0 to 1; auto is 0.1.
    pub(crate) filter: Automatic<f64>,
    /// Time in which friction damps the wind at the ground by e \[h\]; it ends at 0.7 of the surface pressure. 0 switches
    /// it off; auto is 24 h without column physics, else off, because fluxes at the ground brake the wind.
    pub(crate) friction_time: Automatic<f64>,
    /// Time in which the sponge damps eddies of the top layer by e \[h\]; 0 switches it off.
    pub(crate) sponge_time: f64,
    /// The deepest hole that the spectral orography may have in the sea \[m\].
    pub(crate) ripple_bound: f64,
    /// How gravity waves are kept out of the initial state.
    pub(crate) initialisation: Initialisation,
    /// Period below which the digital filter takes waves away \[h\].
    pub(crate) cutoff_period: f64,
}

/// How the model is brought forward.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Scheme {
    /// Three time levels, Eulerian.
    #[default]
    Leapfrog,
    /// Two time levels along trajectories, in longer steps.
    SemiLagrangian,
}

impl Model {
    /// The model's grid, which is that of the output.
    pub(crate) fn grid(&self) -> Result<Grid> {
        let automatic = match self.time_stepping {
            Scheme::Leapfrog => quadratic_grid,
            Scheme::SemiLagrangian => linear_grid,
        };
        setup::grid(&self.grid, self.truncation, automatic)
    }
}

impl Default for Model {
    fn default() -> Self {
        Self {
            equations: Equations::Primitive,
            truncation: 85,
            levels: "L26".into(),
            grid: Automatic::Auto,
            precision: Precision::F32,
            device: None,
            time_stepping: Scheme::Leapfrog,
            time_step: Automatic::Auto,
            length: 240,
            diffusion_order: 4,
            diffusion_time: 2.4,
            filter: Automatic::Auto,
            friction_time: Automatic::Auto,
            sponge_time: 24.0,
            ripple_bound: 100.0,
            initialisation: Initialisation::DigitalFilter,
            cutoff_period: 6.0,
        }
    }
}

fn keys_of(table: &str) -> Option<&'static [&'static str]> {
    match table {
        "input" => Some(known_keys::<Input>()),
        "model" => Some(known_keys::<Model>()),
        "physics" => Some(known_keys::<Physics>()),
        "output" => Some(known_keys::<Output>()),
        "ranks" => Some(known_keys::<RankSettings>()),
        "server" => Some(known_keys::<ServerSettings>()),
        "diagnostics" => Some(known_keys::<Diagnostics>()),
        "ensemble" => Some(known_keys::<Ensemble>()),
        _ => None,
    }
}

impl Settings for Configuration {
    const TABLES: Tables = Tables { names: known_keys::<Self>, keys_of };

    fn validate(&self) -> std::result::Result<(), String> {
        let model = &self.model;
        self.ranks.validate()?;
        self.server.validate()?;
        within("model", "truncation", model.truncation, 5, 4000)?;
        within("model", "length", model.length, 1, 24 * 366)?;
        if let Automatic::Given(step) = model.time_step {
            within("model", "time_step", step, 1.0, 3600.0)?;
        }
        within("model", "diffusion_order", model.diffusion_order, 1, 16)?;
        zero_or_within("model", "diffusion_time", model.diffusion_time, 0.01, 1e6)?;
        if let Automatic::Given(strength) = model.filter {
            within("model", "filter", strength, 0.0, 1.0)?;
            if model.time_stepping == Scheme::SemiLagrangian {
                return Err("Key 'filter' in [model] is given: expected none, since time_stepping is \"semi-lagrangian\", which has no time filter.".into());
            }
        }
        if let Automatic::Given(time) = model.friction_time {
            zero_or_within("model", "friction_time", time, 0.1, 1e6)?;
        }
        zero_or_within("model", "sponge_time", model.sponge_time, 0.1, 1e6)?;
        within("model", "ripple_bound", model.ripple_bound, 1.0, 10_000.0)?;
        within("model", "cutoff_period", model.cutoff_period, 1.0, 48.0)?;
        self.physics.validate()?;
        if let Some(diagnostics) = &self.diagnostics {
            diagnostics.validate(self.output.interval)?;
        }
        if let Some(ensemble) = &self.ensemble {
            ensemble.validate()?;
        }
        // Means and probabilities of an ensemble are packed with it.
        if self.ensemble.is_none() {
            self.output.expect_bits_in_plan()?;
        }
        self.output.validate(model.length)
    }

    fn resolve(&mut self, folder: &Path) {
        self.input.file = folder.join(&self.input.file);
        self.input.orography = self.input.orography.take().map(|path| folder.join(path));
        self.output.resolve(folder);
        if let Some(diagnostics) = &mut self.diagnostics {
            diagnostics.resolve(folder);
        }
    }

    fn input(&self) -> &Path {
        &self.input.file
    }

    fn other_inputs(&self) -> Vec<(&'static str, &Path)> {
        let orography = self.input.orography.as_deref().map(|path| ("orography", path));
        let diagnostics = self.diagnostics.as_ref();
        let climatology = diagnostics.and_then(|diagnostics| diagnostics.heat_climatology.as_deref());
        orography.into_iter().chain(climatology.map(|path| ("climatology", path))).collect()
    }

    fn output(&self) -> &Output {
        &self.output
    }

    fn output_mut(&mut self) -> &mut Output {
        &mut self.output
    }

    fn length(&self) -> u32 {
        self.model.length
    }

    fn device(&self) -> Option<&str> {
        self.model.device.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &str) -> String {
        let text = format!("[input]\nfile = 'x'\n[model]\nequations = 'primitive'\n{text}\n");
        Configuration::parse(&text, Path::new("primitive.toml")).unwrap_err().to_string()
    }

    #[test]
    fn defaults_are_valid_and_unknown_keys_get_the_nearest_one() {
        let text = "[input]\nfile = 'x'\n[model]\nequations = 'primitive'\n";
        let configuration = Configuration::parse(text, Path::new("c")).unwrap();
        assert_eq!((configuration.model.truncation, configuration.model.levels.as_str()), (85, "L26"));
        assert!(message("sponge = 3").contains("did you mean 'sponge_time'?"), "{}", message("sponge = 3"));
        assert!(message("mean_height = 3").contains("Unknown key 'mean_height' in [model]"));
        assert!(message("ripple_bound = 0").contains("expected 1 to 10000"));
        assert!(message("time_stepping = 'semi-lagrangian'\nfilter = 0.1").contains("has no time filter"));
        assert!(message("friction_time = -1").contains("expected 0 (off) or 0.1"));
        assert!(message("length = 7").contains("multiple of 'interval'"));
        assert!(
            message("[physics]\nsuite = 'wet'").contains("moist"),
            "{}",
            message("[physics]\nsuite = 'wet'")
        );
        assert!(message("[physics]\nalbedo = 1.5").contains("Key 'albedo' in [physics] is 1.5"));
    }
}
