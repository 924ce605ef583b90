//! The configuration file: its keys, defaults and what their values may be.

use std::fmt::{self, Display};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use terrella_driver::{Tables, known_keys};
use terrella_kernels::Real;

use crate::automatic::Automatic;
use crate::error::{Error, Result};
use crate::job::{RankSettings, ServerSettings};
use crate::setup::LONGEST_TIME_STEP;

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

/// `[input]`: which fields of which file are the initial state.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    /// GRIB file, relative to the configuration's folder.
    pub(crate) file: PathBuf,
    /// Pressure level \[hPa\].
    #[serde(default = "five_hundred")]
    pub(crate) level: u32,
    /// Short name of the eastward wind.
    #[serde(default = "eastward")]
    pub(crate) u: String,
    /// Short name of the northward wind.
    #[serde(default = "northward")]
    pub(crate) v: String,
    /// Short name of the height (gh \[m\]) or geopotential (z \[m² s⁻²\]); auto takes gh, else z, else derives it from
    /// the wind; "none" derives it always.
    #[serde(default)]
    pub(crate) height: Automatic<String>,
    /// Base time of the wanted messages, YYYY-MM-DD or YYYY-MM-DDTHH, where the file has several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) date: Option<String>,
    /// Forecast step of the wanted messages \[h\], where the file has several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) step: Option<u32>,
    /// Ensemble member, where the file has several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) member: Option<u32>,
}

/// `[model]`: the equations and their discretisation.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Model {
    /// shallow-water; with primitive, the configuration is that of [`crate::primitive`].
    #[serde(skip_serializing)]
    pub(crate) equations: Equations,
    /// Triangular truncation T.
    pub(crate) truncation: usize,
    /// Gaussian grid by its usual name; auto is the smallest one free of quadratic aliasing.
    pub(crate) grid: Automatic<String>,
    /// f64 or f32.
    pub(crate) precision: Precision,
    /// cpu, cuda:N, hip:N, wgpu:N.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) device: Option<String>,
    /// Time step \[s\]; auto follows from the truncation and the strongest wind.
    pub(crate) time_step: Automatic<f64>,
    /// Length of the forecast \[h\].
    pub(crate) length: u32,
    /// Mean height (depth of the fluid at rest) \[m\]; auto is the area mean of the initial height.
    pub(crate) mean_height: Automatic<f64>,
    /// Power p of the hyperdiffusion (−∇²)^p.
    pub(crate) diffusion_order: u32,
    /// Time in which hyperdiffusion damps the smallest scale by e \[h\]; 0 switches it off.
    pub(crate) diffusion_time: f64,
    /// Strength of the time filter, 0 to 1.
    pub(crate) filter: f64,
    /// Time in which the state is drawn back to the initial one by e \[h\]; 0 switches it off.
    pub(crate) relaxation_time: f64,
    /// How gravity waves are kept out of the initial state.
    pub(crate) initialisation: Initialisation,
    /// Period below which the digital filter takes waves away \[h\].
    pub(crate) cutoff_period: f64,
}

/// `[output]`: what is written.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Output {
    /// Folder, relative to the configuration's; `--out` replaces it.
    pub(crate) folder: PathBuf,
    /// Hours between outputs.
    pub(crate) interval: u32,
    /// Which files.
    pub(crate) formats: Vec<Format>,
    /// Bits per value in GRIB, where no plan says it.
    pub(crate) bits: u32,
    /// What becomes of the fields in GRIB, a plan file; without it one file per output time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) plan: Option<PathBuf>,
    /// Maps and charts.
    pub(crate) pictures: bool,
    /// Width of pictures \[pixels\].
    pub(crate) picture_width: u32,
    /// Projection of the maps.
    pub(crate) projection: Projection,
    /// Animations of fields.
    pub(crate) animation: bool,
    /// Which fields, such as prmsl, t850, ws250; auto: sea-level pressure and the wind of the highest surface.
    pub(crate) animation_fields: Automatic<Vec<String>>,
    /// Width of animations \[pixels\].
    pub(crate) animation_width: u32,
    /// Time for which each picture of an animation is shown \[s\].
    pub(crate) animation_time: f64,
    /// Hours between checkpoints; 0 writes one only where a run stops early.
    pub(crate) checkpoint_interval: u32,
}

/// The equations of the model.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Equations {
    /// One layer.
    #[default]
    ShallowWater,
    /// The hydrostatic atmosphere.
    Primitive,
}

/// Floating-point format of the model.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Precision {
    F32,
    F64,
}

impl Precision {
    /// That of a number type.
    pub(crate) fn of<R: Real>() -> Self {
        match R::PRECISION {
            terrella_kernels::Precision::F32 => Self::F32,
            terrella_kernels::Precision::F64 => Self::F64,
        }
    }
}

impl Precision {
    /// Bytes of a number.
    pub(crate) fn bytes(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F64 => 8,
        }
    }
}

impl Display for Precision {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::F32 => "f32",
            Self::F64 => "f64",
        })
    }
}

/// How gravity waves are kept out of the initial state.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Initialisation {
    /// The analysis as it is.
    None,
    /// Digital filter over an adiabatic run backward and forward.
    DigitalFilter,
}

/// A file format.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Format {
    Grib2,
    Netcdf,
}

/// Projection of the maps.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Projection {
    Robinson,
    PlateCarree,
    NorthPolar,
    SouthPolar,
}

impl Projection {
    /// As the pictures draw it.
    pub(crate) fn of_pictures(self) -> terrella_io::picture::Projection {
        use terrella_io::picture::Projection as Drawn;
        match self {
            Self::Robinson => Drawn::Robinson { longitude: 0.0 },
            Self::PlateCarree => Drawn::PlateCarree { longitude: 0.0 },
            Self::NorthPolar => Drawn::Orthographic { longitude: 0.0, latitude: 90.0 },
            Self::SouthPolar => Drawn::Orthographic { longitude: 0.0, latitude: -90.0 },
        }
    }
}

fn five_hundred() -> u32 {
    500
}
fn eastward() -> String {
    "u".into()
}
fn northward() -> String {
    "v".into()
}

impl Default for Model {
    fn default() -> Self {
        Self {
            equations: Equations::ShallowWater,
            truncation: 170,
            grid: Automatic::Auto,
            precision: Precision::F64,
            device: None,
            time_step: Automatic::Auto,
            length: 120,
            mean_height: Automatic::Auto,
            diffusion_order: 4,
            diffusion_time: 4.0,
            filter: 0.1,
            relaxation_time: 0.0,
            initialisation: Initialisation::DigitalFilter,
            cutoff_period: 12.0,
        }
    }
}

impl Default for Output {
    fn default() -> Self {
        Self {
            folder: "out".into(),
            interval: 6,
            formats: vec![Format::Grib2, Format::Netcdf],
            bits: BITS,
            plan: None,
            pictures: true,
            picture_width: 1600,
            projection: Projection::Robinson,
            animation: false,
            animation_fields: Automatic::Auto,
            animation_width: 1000,
            animation_time: 0.25,
            checkpoint_interval: 24,
        }
    }
}

/// A configuration of one of the models: what the frame of a forecast asks it.
pub(crate) trait Settings: DeserializeOwned + Serialize {
    /// Its tables.
    const TABLES: Tables;

    /// Refuses values that cannot be, in one sentence.
    fn validate(&self) -> std::result::Result<(), String>;
    /// Makes paths that are relative to the configuration's folder so that they can be opened.
    fn resolve(&mut self, folder: &Path);
    /// The file of the initial state.
    fn input(&self) -> &Path;
    /// `[output]`.
    fn output(&self) -> &Output;
    /// `[output]`, for what the command line replaces.
    fn output_mut(&mut self) -> &mut Output;
    /// Length of the forecast \[h\].
    fn length(&self) -> u32;
    /// Files that are used beside the initial state, by what they are.
    fn other_inputs(&self) -> Vec<(&'static str, &Path)> {
        Vec::new()
    }
    /// The configured device.
    fn device(&self) -> Option<&str>;

    /// Reads, checks and resolves the paths of a configuration file.
    fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| Error::file(path, "reading of the configuration", error))?;
        let mut settings = Self::parse(&text, path)?;
        settings.resolve(path.parent().unwrap_or(Path::new("")));
        Ok(settings)
    }

    /// Parses and checks the text of a configuration file; `path` is for messages.
    fn parse(text: &str, path: &Path) -> Result<Self> {
        let refuse = |message: String| Error::Configuration { path: path.to_owned(), message };
        let settings: Self = terrella_driver::parse(text, &Self::TABLES).map_err(refuse)?;
        settings.validate().map_err(refuse)?;
        Ok(settings)
    }
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

/// Bits per value in GRIB, unless another number is given.
const BITS: u32 = 16;

impl Output {
    /// Makes its paths openable.
    pub(crate) fn resolve(&mut self, folder: &Path) {
        self.folder = folder.join(&self.folder);
        self.plan = self.plan.take().map(|plan| folder.join(plan));
    }

    /// Refuses bits that a plan would not heed.
    pub(crate) fn expect_bits_in_plan(&self) -> std::result::Result<(), String> {
        if self.plan.is_none() || self.bits == BITS {
            return Ok(());
        }
        Err(format!(
            "Key 'bits' in [output] is {}: expected none beside 'plan', whose 'bits-per-value' tells it.",
            self.bits
        ))
    }

    /// Refuses what does not go with itself or the forecast's length \[h\].
    pub(crate) fn validate(&self, length: u32) -> std::result::Result<(), String> {
        within("output", "interval", self.interval, 1, 24 * 366)?;
        within("output", "bits", self.bits, 1, 32)?;
        within("output", "picture_width", self.picture_width, 400, 8000)?;
        within("output", "animation_width", self.animation_width, 200, 4000)?;
        within("output", "animation_time", self.animation_time, 0.01, 10.0)?;
        if let Automatic::Given(fields) = &self.animation_fields
            && fields.is_empty()
        {
            return Err(
                "Key 'animation_fields' in [output] is empty: expected \"auto\" or names of fields.".into()
            );
        }
        if self.formats.is_empty() {
            return Err("Key 'formats' in [output] is empty: expected at least one of grib2, netcdf.".into());
        }
        if self.plan.is_some() && !self.formats.contains(&Format::Grib2) {
            return Err(
                "Key 'plan' in [output] is given: expected grib2 in 'formats', which it is for.".into()
            );
        }
        if !self.checkpoint_interval.is_multiple_of(self.interval) {
            return Err(format!(
                "Key 'checkpoint_interval' in [output] is {}: expected a multiple of 'interval' ({} h), or 0.",
                self.checkpoint_interval, self.interval
            ));
        }
        if !length.is_multiple_of(self.interval) {
            return Err(format!(
                "Key 'length' in [model] is {}: expected a multiple of 'interval' in [output] ({} h).",
                length, self.interval
            ));
        }
        Ok(())
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

/// What has to be known of a configuration file before it is read as that of a model.
#[derive(Debug, Default)]
pub(crate) struct Job {
    /// `equations` in \[model\]; the shallow-water ones where it does not say.
    pub(crate) equations: Equations,
    pub(crate) ranks: RankSettings,
    pub(crate) server: ServerSettings,
}

/// Reads it. What is wrong in the file but for the equations is refused by the reader of the model's own.
pub(crate) fn job(path: &Path) -> Result<Job> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Error::file(path, "reading of the configuration", error))?;
    let table: toml::Table = text.parse().unwrap_or_default();
    let equations = match table.get("model").and_then(|model| model.get("equations")) {
        None => Equations::ShallowWater,
        Some(value) => match value.as_str() {
            Some("shallow-water") => Equations::ShallowWater,
            Some("primitive") => Equations::Primitive,
            _ => {
                return Err(Error::Configuration {
                    path: path.to_owned(),
                    message: format!(
                        "Key 'equations' in [model] is {value}: expected \"shallow-water\" or \"primitive\"."
                    ),
                });
            }
        },
    };
    Ok(Job { equations, ranks: part(&table, "ranks"), server: part(&table, "server") })
}

/// A table of a file, as far as it is one; else the usual one.
fn part<T: DeserializeOwned + Default>(table: &toml::Table, name: &str) -> T {
    table.get(name).and_then(|value| value.clone().try_into().ok()).unwrap_or_default()
}

pub(crate) fn within<T: PartialOrd + Display>(
    table: &str,
    key: &str,
    value: T,
    least: T,
    most: T,
) -> std::result::Result<(), String> {
    // NaN is in no range.
    if least <= value && value <= most {
        return Ok(());
    }
    Err(format!("Key '{key}' in [{table}] is {value}: expected {least} to {most}."))
}

pub(crate) fn zero_or_within(
    table: &str,
    key: &str,
    value: f64,
    least: f64,
    most: f64,
) -> std::result::Result<(), String> {
    if value == 0.0 {
        return Ok(());
    }
    within(table, key, value, least, most)
        .map_err(|message| message.replace("expected ", "expected 0 (off) or "))
}

fn named(table: &str, key: &str, value: &str) -> std::result::Result<(), String> {
    if !value.is_empty() {
        return Ok(());
    }
    Err(format!("Key '{key}' in [{table}] is empty: expected a GRIB short name."))
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
