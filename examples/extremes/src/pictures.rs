//! Maps and charts.
use std::path::{Path, PathBuf};
use terrella_io::layout::Layout;
use crate::configuration::Configuration;
use crate::error::Result;
use crate::output::OutputFields;
use crate::series::Series;
pub(crate) struct Pictures;
impl Pictures {
    pub(crate) fn new(_: &Configuration, _: &Path, _: &Layout, _: &OutputFields) -> Result<Self> { Ok(Self) }
    pub(crate) fn add(&mut self, _: &OutputFields) -> Result<()> { Ok(()) }
    pub(crate) fn finish(self, _: &Series) -> Result<Vec<PathBuf>> { Ok(vec![]) }
}
