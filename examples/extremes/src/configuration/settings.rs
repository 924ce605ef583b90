//! What the frame of a forecast asks the configuration of any model.

use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;
use terrella_driver::Tables;

use super::Output;
use crate::error::{Error, Result};

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
