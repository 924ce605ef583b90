//! Fields of a file through a plan.

use std::path::Path;

use terrella_io::plan::{Kind, Message, Metadata, Plans};
use terrella_io::read::{GribFile, Header, Missing};

use crate::failure::Result;

pub(crate) fn run(file: &GribFile, headers: &[&Header], plan: &Path) -> Result<()> {
    let mut plans = Plans::read(plan)?;
    for header in headers {
        let field = file.decode(header, Missing::Nan)?;
        let kind = Kind::Field { layout: field.layout, values: field.values };
        plans.write(Message { metadata: metadata(header), kind })?;
    }
    let skipped: Vec<String> = plans
        .skipped()
        .filter(|(_, count)| *count > 0)
        .map(|(name, count)| format!("plan '{name}': {count} skipped because of an error"))
        .collect();
    plans.finish()?;
    skipped.iter().for_each(|line| eprintln!("terrella-io: {line}"));
    Ok(())
}

fn metadata(header: &Header) -> Metadata {
    let (year, month, day, hour, minute, second) = header.reference.civil();
    let (levtype, level) = match header.pressure() {
        Some(pressure) => ("pl", pressure),
        None => {
            // What `encode` calls a surface: the ground, mean sea level, heights above the ground that a name tells.
            let surface = ["surface", "meanSea", "heightAboveGround"].contains(&header.level_type.as_str());
            (if surface { "sfc" } else { header.level_type.as_str() }, header.level)
        }
    };
    let mut metadata = Metadata::new()
        .with("name", header.short_name.as_str())
        .with("paramId", header.parameter)
        .with("units", header.units.as_str())
        .with("levtype", levtype)
        .with("startDate", year * 10_000 + i64::from(month * 100 + day))
        .with("startTime", i64::from(hour * 10_000 + minute * 100 + second))
        .with("step", header.valid.seconds() - header.reference.seconds())
        .with("timeStep", 1);
    // Whole levels as integers, so that `level: 500` matches.
    match level.fract() == 0.0 && level.abs() < 1e15 {
        true => metadata.set("level", level as i64),
        false => metadata.set("level", level),
    }
    if let Some(member) = header.member {
        metadata.set("number", member);
    }
    metadata
}
