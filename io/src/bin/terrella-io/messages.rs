//! Fields of a file as messages for plans.

use terrella_io::Time;
use terrella_io::parameter::Parameter;
use terrella_io::plan::{Kind, Message, Metadata, Plans};
use terrella_io::read::{GribFile, Header, Missing, NetcdfPlace, NetcdfVariable, NetcdfVariables};

use crate::failure::{Failure, Result, because};

/// Sends GRIB fields through plans.
pub(crate) fn of_grib(file: &GribFile, headers: &[&Header], plans: &mut Plans) -> Result<()> {
    for header in headers {
        let field = file.decode(header, Missing::Nan)?;
        let kind = Kind::Field { layout: field.layout, values: field.values };
        plans.write(Message { metadata: metadata(header), kind })?;
    }
    Ok(())
}

/// Sends GRIB fields through plans that make variables of them: under the variables' names, on pressure levels or on none.
pub(crate) fn of_named_grib(file: &GribFile, fields: &[(&Header, String)], plans: &mut Plans) -> Result<()> {
    for (header, name) in fields {
        let field = file.decode(header, Missing::Nan)?;
        let kind = Kind::Field { layout: field.layout, values: field.values };
        let levtype = if header.pressure().is_some() { "pl" } else { "sfc" };
        let metadata = metadata(header).with("name", name.as_str()).with("levtype", levtype);
        plans.write(Message { metadata, kind })?;
    }
    Ok(())
}

/// Sends all fields of NetCDF variables through plans. `asked`: all must be fields; otherwise coordinates and the like are
/// left out, but one must be a field.
pub(crate) fn of_netcdf(
    file: &NetcdfVariables,
    variables: &[NetcdfVariable],
    asked: bool,
    plans: &mut Plans,
) -> Result<()> {
    let names: Vec<String> =
        file.variables().into_iter().flat_map(|own| own.dimensions).map(|own| own.0).collect();
    let (mut any, mut first) = (false, None);
    for variable in variables {
        // Coordinates and their bounds are no fields.
        if !asked && (variable.dimensions.len() < 2 && names.contains(&variable.name)) {
            continue;
        }
        let mut visited = false;
        let outcome = file.visit_fields(&variable.name, |place, field| {
            visited = true;
            let kind = Kind::Field { layout: field.layout, values: field.values };
            plans.write(Message { metadata: of_variable(variable, place)?, kind }).map_err(Failure::from)
        });
        match outcome {
            Err(failure) if asked || visited => return Err(failure),
            Err(failure) => first = first.or(Some(failure)),
            Ok(()) => any = true,
        }
    }
    match first.filter(|_| !any) {
        Some(failure) => Err(failure),
        None if any => Ok(()),
        None => because(format!("'{}' has no fields.", file.path().display())),
    }
}

fn of_variable(variable: &NetcdfVariable, place: &NetcdfPlace) -> Result<Metadata> {
    let Some(valid) = place.time else {
        return because(format!("'{}' has no time.", variable.name));
    };
    let reference = place.reference.unwrap_or(valid);
    let own = variable.name.rsplit('/').next().unwrap_or_default();
    let mut metadata = base(short_name(variable, own), reference, valid)
        .with("units", variable.attribute("units").unwrap_or("1"))
        .with("levtype", if place.pressure.is_some() { "pl" } else { "sfc" });
    if let Some(pressure) = place.pressure {
        set_level(&mut metadata, pressure);
    }
    if let Some(member) = place.member {
        metadata.set("number", member);
    }
    Ok(metadata)
}

/// ecCodes' short name: the variable's own, or the one with its standard name.
fn short_name<'a>(variable: &NetcdfVariable, own: &'a str) -> &'a str {
    if Parameter::by_short_name(own).is_ok() {
        return own;
    }
    let standard_name = variable.attribute("standard_name").unwrap_or_default();
    let mut known = Parameter::ALL.iter().filter(|parameter| parameter.standard_name == standard_name);
    match (known.next(), known.next()) {
        (Some(parameter), None) => parameter.short_name,
        _ => own,
    }
}

fn base(name: &str, reference: Time, valid: Time) -> Metadata {
    let (year, month, day, hour, minute, second) = reference.civil();
    Metadata::new()
        .with("name", name)
        .with("startDate", year * 10_000 + i64::from(month * 100 + day))
        .with("startTime", i64::from(hour * 10_000 + minute * 100 + second))
        .with("step", valid.seconds() - reference.seconds())
        .with("timeStep", 1)
}

/// Whole levels as integers, so that `level: 500` matches.
fn set_level(metadata: &mut Metadata, level: f64) {
    match level.fract() == 0.0 && level.abs() < 1e15 {
        true => metadata.set("level", level as i64),
        false => metadata.set("level", level),
    }
}

fn metadata(header: &Header) -> Metadata {
    let (levtype, level) = match header.pressure() {
        Some(pressure) => ("pl", pressure),
        None => {
            // What `encode` calls a surface: the ground, mean sea level, heights above the ground that a name tells.
            let surface = ["surface", "meanSea", "heightAboveGround"].contains(&header.level_type.as_str());
            (if surface { "sfc" } else { header.level_type.as_str() }, header.level)
        }
    };
    let mut metadata = base(&header.short_name, header.reference, header.valid)
        .with("paramId", header.parameter)
        .with("units", header.units.as_str())
        .with("levtype", levtype);
    set_level(&mut metadata, level);
    if let Some(member) = header.member {
        metadata.set("number", member);
    }
    metadata
}
