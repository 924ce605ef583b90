//! Fields of a file through a plan: one of the user's, or one that makes a file of a format.

use std::path::Path;

use terrella_io::plan::Plans;

use crate::arguments::PackingName;
use crate::failure::{Failure, Result, because};

/// Sends messages through plans and ends these.
pub(crate) fn run(mut plans: Plans, send: impl FnOnce(&mut Plans) -> Result<()>) -> Result<()> {
    send(&mut plans)?;
    let skipped: Vec<String> = plans
        .skipped()
        .filter(|(_, count)| *count > 0)
        .map(|(name, count)| format!("plan '{name}': {count} skipped because of an error"))
        .collect();
    plans.finish()?;
    skipped.iter().for_each(|line| eprintln!("terrella-io: {line}"));
    Ok(())
}

/// A plan that makes a GRIB2 file, which has its name only when it is whole.
pub(crate) fn grib2(output: &Path, packing: Option<PackingName>, bits: Option<u32>) -> Result<Plans> {
    let packing = match packing {
        None | Some(PackingName::Simple) => "simple",
        Some(PackingName::Ccsds) => "ccsds",
    };
    let encode = format!(
        "{{type: encode, format: grib, packing: {packing}, bits-per-value: {}}}, ",
        bits.unwrap_or(16)
    );
    into_file(output, &encode, "type: file, whole: true")
}

/// A plan that makes a NetCDF-4 file.
pub(crate) fn netcdf4(output: &Path, double: bool) -> Result<Plans> {
    let precision = if double { "double" } else { "single" };
    into_file(output, "", &format!("type: netcdf, compression: deflate, precision: {precision}"))
}

/// A plan that makes a Zarr store.
pub(crate) fn zarr(output: &Path, double: bool) -> Result<Plans> {
    let precision = if double { "double" } else { "single" };
    into_file(output, "", &format!("type: zarr, compression: zstd, precision: {precision}"))
}

fn into_file(output: &Path, before: &str, sink: &str) -> Result<Plans> {
    let Some(name) = output.to_str().filter(|name| !name.contains(['[', '{'])) else {
        return because(format!("'{}': expected a path in UTF-8 without brackets.", output.display()));
    };
    // JSON is YAML.
    let name = serde_json::to_string(name).map_err(|error| Failure::Because(error.to_string()))?;
    let text = format!(
        "plans: [{{name: convert, actions: [{before}{{type: sink, sinks: [{{{sink}, path: {name}}}]}}]}}]"
    );
    Ok(Plans::from_yaml(&text)?)
}
