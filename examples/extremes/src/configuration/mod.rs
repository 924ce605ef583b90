//! The configuration file of the shallow-water model: its keys, defaults and what their values may be; and what configurations of all
//! models share.

mod input;
mod model;
mod output;
mod ranges;
mod settings;

use std::path::Path;

use serde::{Deserialize, Serialize};
use terrella_driver::{Tables, known_keys};

use crate::automatic::Automatic;
use crate::job::{RankSettings, ServerSettings};
use crate::setup::LONGEST_TIME_STEP;
pub(crate) use input::Input;
use model::Model;
pub(crate) use model::{Equations, Initialisation, Precision};
pub(crate) use output::{Format, Output};
use ranges::named;
pub(crate) use ranges::{within, zero_or_within};
pub(crate) use settings::Settings;

/// All of a configuration file.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Configuration {
    pub(crate) input: Input,
    #[serde(default)]
    pub(crate) model: Model,
    #[serde(default)]
    pub(crate) output: Output,
    #[serde(default, skip_serializing_if = "RankSettings::is_usual")]
    pub(crate) ranks: RankSettings,
    #[serde(default, skip_serializing_if = "ServerSettings::is_usual")]
    pub(crate) server: ServerSettings,
}

impl Settings for Configuration {
    const TABLES: Tables = Tables { names: known_keys::<Self>, keys_of };

    fn validate(&self) -> std::result::Result<(), String> {
        let Self { input, model, output, ranks, server } = self;
        within("input", "level", input.level, 1, 1100)?;
        named("input", "u", &input.u)?;
        named("input", "v", &input.v)?;
        if let Automatic::Given(height) = &input.height {
            named("input", "height", height)?;
        }
        within("model", "truncation", model.truncation, 1, 4000)?;
        within("model", "length", model.length, 1, 24 * 366)?;
        if let Automatic::Given(step) = model.time_step {
            within("model", "time_step", step, 1.0, LONGEST_TIME_STEP)?;
        }
        if let Automatic::Given(height) = model.mean_height {
            within("model", "mean_height", height, 1.0, 100_000.0)?;
        }
        within("model", "diffusion_order", model.diffusion_order, 1, 16)?;
        zero_or_within("model", "diffusion_time", model.diffusion_time, 0.01, 1e6)?;
        within("model", "filter", model.filter, 0.0, 1.0)?;
        zero_or_within("model", "relaxation_time", model.relaxation_time, 0.1, 1e6)?;
        within("model", "cutoff_period", model.cutoff_period, 1.0, 48.0)?;
        ranks.validate()?;
        server.validate()?;
        output.expect_bits_in_plan()?;
        output.validate(model.length)
    }

    fn resolve(&mut self, folder: &Path) {
        self.input.file = folder.join(&self.input.file);
        self.output.resolve(folder);
    }

    fn input(&self) -> &Path {
        &self.input.file
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

fn keys_of(table: &str) -> Option<&'static [&'static str]> {
    match table {
        "input" => Some(known_keys::<Input>()),
        "model" => Some(known_keys::<Model>()),
        "output" => Some(known_keys::<Output>()),
        "ranks" => Some(known_keys::<RankSettings>()),
        "server" => Some(known_keys::<ServerSettings>()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &str) -> String {
        Configuration::parse(text, Path::new("forecast.toml")).unwrap_err().to_string()
    }

    #[test]
    fn defaults_are_valid() {
        let configuration =
            Configuration::parse("[input]\nfile = 'x.grib'\n", Path::new("forecast.toml")).unwrap();
        assert_eq!(configuration.model.truncation, 170);
        assert_eq!(configuration.input.height, Automatic::Auto);
        assert_eq!(configuration.output, Output::default());
    }

    #[test]
    fn an_unknown_key_is_named_with_the_nearest_one() {
        assert_eq!(
            message("[input]\nfile = 'x'\n[model]\ntruncaton = 21\n"),
            "'forecast.toml': Unknown key 'truncaton' in [model]: did you mean 'truncation'?"
        );
    }

    #[test]
    fn an_unknown_table_is_named_with_the_nearest_one() {
        assert_eq!(
            message("[input]\nfile = 'x'\n[modle]\ntruncation = 21\n"),
            "'forecast.toml': Unknown table [modle]: did you mean 'model'?"
        );
    }

    #[test]
    fn a_key_in_the_wrong_table_is_sent_to_the_right_one() {
        assert_eq!(
            message("[input]\nfile = 'x'\ntruncation = 21\n"),
            "'forecast.toml': Unknown key 'truncation' in [input]: it belongs into [model]."
        );
        assert!(message("length = 5\n").contains("it belongs into [model]"));
    }

    #[test]
    fn a_value_out_of_range_is_named_with_the_range() {
        assert_eq!(
            message("[input]\nfile = 'x'\n[model]\ntruncation = 0\n"),
            "'forecast.toml': Key 'truncation' in [model] is 0: expected 1 to 4000."
        );
        assert!(message("[input]\nfile = 'x'\n[model]\nfilter = nan\n").contains("expected 0 to 1"));
        assert!(
            message("[input]\nfile = 'x'\n[model]\nrelaxation_time = -1\n")
                .contains("expected 0 (off) or 0.1 to")
        );
    }

    #[test]
    fn a_value_of_the_wrong_type_is_named_with_its_line() {
        let message = message("[input]\nfile = 'x'\n[model]\ntruncation = \"big\"\n");
        assert!(message.contains("line 4 (truncation = \"big\")"), "{message}");
        assert!(!message.contains('\n'));
    }

    #[test]
    fn an_unknown_choice_lists_the_choices() {
        let message = message("[input]\nfile = 'x'\n[output]\nformats = ['grib']\n");
        assert!(message.contains("grib2") && message.contains("netcdf"), "{message}");
    }

    #[test]
    fn a_missing_file_key_is_named() {
        assert!(message("[input]\nlevel = 500\n").contains("file"));
        assert!(message("[model]\ntruncation = 21\n").contains("input"));
    }

    #[test]
    fn auto_or_a_number() {
        let text = "[input]\nfile = 'x'\n[model]\ntime_step = 600\nmean_height = 5500.5\n";
        let model = Configuration::parse(text, Path::new("c")).unwrap().model;
        assert_eq!(model.time_step, Automatic::Given(600.0));
        assert_eq!(model.mean_height, Automatic::Given(5500.5));
        assert!(message("[input]\nfile = 'x'\n[model]\ntime_step = 'slow'\n").contains("line 4"));
    }

    #[test]
    fn the_length_is_a_multiple_of_the_interval() {
        assert!(message("[input]\nfile = 'x'\n[model]\nlength = 7\n").contains("multiple of 'interval'"));
    }
}
