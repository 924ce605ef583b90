//! GRIB fields as a CF-NetCDF file: variables by parameter, a record for each valid time.

use std::collections::BTreeMap;
use std::path::Path;

use terrella_io::Time;
use terrella_io::encode::{NamedVariable, Naming, NetcdfFile};
use terrella_io::layout::Layout;
use terrella_io::parameter::Parameter;
use terrella_io::read::{GribFile, Header, Missing};
use terrella_kernels::Precision;

use crate::failure::{Result, because};

/// A variable in the making: all fields of one parameter on pressure levels, or on one other level.
struct Group<'a> {
    naming: Naming,
    /// By valid time and, on pressure levels, the level's number; else 0.
    fields: BTreeMap<(Time, usize), &'a Header>,
    on_pressures: bool,
}

pub(crate) fn write(file: &GribFile, headers: &[&Header], output: &Path, double: bool) -> Result<()> {
    let Some(first) = headers.first() else {
        return because(format!("'{}' has no fields.", file.path().display()));
    };
    let pressures = pressures(headers);
    let groups = groups(headers, &pressures)?;
    let layout = file.decode(first, Missing::Nan)?.layout;
    let reference = headers.iter().map(|header| header.reference).min().unwrap_or(first.reference);
    let precision = if double { Precision::F64 } else { Precision::F32 };
    let variables: Vec<NamedVariable> = groups
        .iter()
        .map(|group| NamedVariable {
            naming: group.naming.clone(),
            precision,
            pressures: if group.on_pressures { pressures.clone() } else { Vec::new() },
        })
        .collect();
    let source = file.path().file_name().map_or(String::new(), |name| name.to_string_lossy().into_owned());
    let attributes = [("title", "Fields of a GRIB file"), ("source", source.as_str())];
    // Under another name until it is whole.
    let partial = output.with_extension("nc.partial");
    let written = records(file, &groups, &variables, &layout, reference, &partial, &attributes);
    match written {
        Ok(()) => std::fs::rename(&partial, output)
            .map_err(|source| terrella_io::Error::file(output, "naming", source).into()),
        Err(failure) => {
            // The error is what matters; the rest of the file is no result.
            let _ = std::fs::remove_file(&partial);
            Err(failure)
        }
    }
}

fn records(
    file: &GribFile,
    groups: &[Group<'_>],
    variables: &[NamedVariable],
    layout: &Layout,
    reference: Time,
    path: &Path,
    attributes: &[(&str, &str)],
) -> Result<()> {
    let mut netcdf = NetcdfFile::create_named(path, layout, reference, variables, attributes)?;
    let mut times: Vec<Time> =
        groups.iter().flat_map(|group| group.fields.keys().map(|(time, _)| *time)).collect();
    times.sort_unstable();
    times.dedup();
    let points = layout.points();
    for time in times {
        let mut values = Vec::with_capacity(groups.len());
        for (group, variable) in groups.iter().zip(variables) {
            let mut levels = vec![f64::NAN; points * variable.pressures.len().max(1)];
            for ((_, level), header) in group.fields.range((time, 0)..=(time, usize::MAX)) {
                let field = file.decode(header, Missing::Nan)?;
                if field.layout != *layout {
                    return because(format!(
                        "'{}': {} is on another grid than the fields before: choose fields of one grid.",
                        file.path().display(),
                        header.title()
                    ));
                }
                levels[level * points..(level + 1) * points].copy_from_slice(&field.values);
            }
            values.push(levels);
        }
        let fields: Vec<&[f64]> = values.iter().map(Vec::as_slice).collect();
        netcdf.append(time, &fields)?;
    }
    Ok(netcdf.finish()?)
}

/// Fields by valid time, each with the name of its variable: that of the parameter, and with the level where this says which.
pub(crate) fn named<'a>(headers: &[&'a Header]) -> Result<Vec<(&'a Header, String)>> {
    let groups = groups(headers, &pressures(headers))?;
    let fields = |group: &Group<'a>| {
        let name = group.naming.name.clone();
        group.fields.values().map(move |header| (*header, name.clone())).collect::<Vec<_>>()
    };
    let mut all: Vec<(&Header, String)> = groups.iter().flat_map(fields).collect();
    all.sort_by_key(|(header, _)| header.valid);
    Ok(all)
}

/// All pressure levels [hPa], falling.
fn pressures(headers: &[&Header]) -> Vec<f64> {
    let mut pressures: Vec<f64> = headers.iter().filter_map(|header| header.pressure()).collect();
    pressures.sort_by(|one, other| other.total_cmp(one));
    pressures.dedup();
    pressures
}

fn groups<'a>(headers: &[&'a Header], pressures: &[f64]) -> Result<Vec<Group<'a>>> {
    // In the order of the file; the key of a level that is no pressure is its kind and value.
    let mut groups: Vec<((i64, String, String), Group<'a>)> = Vec::new();
    for header in headers {
        let place = match header.pressure() {
            Some(_) => String::new(),
            None => header.place(),
        };
        let key = (header.parameter, header.short_name.clone(), place);
        let number = match groups.iter().position(|(own, _)| *own == key) {
            Some(number) => number,
            None => {
                let (naming, on_pressures) = (naming(header), header.pressure().is_some());
                groups.push((key, Group { naming, fields: BTreeMap::new(), on_pressures }));
                groups.len() - 1
            }
        };
        let level = header.pressure().and_then(|own| pressures.iter().position(|level| *level == own));
        let place = (header.valid, level.unwrap_or(0));
        if groups[number].1.fields.insert(place, header).is_some() {
            return because(format!(
                "{} comes twice at {}: choose one by --field, --level, --step or --member.",
                header.title(),
                header.valid
            ));
        }
    }
    // The name alone where it says which; else with the level.
    let names: Vec<String> = groups.iter().map(|(_, group)| group.naming.name.clone()).collect();
    for ((_, _, place), group) in &mut groups {
        let shared = names.iter().filter(|name| **name == group.naming.name).count() > 1;
        if shared && !place.is_empty() {
            let place: String = place.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect();
            group.naming.name = format!("{}_{place}", group.naming.name);
        }
    }
    Ok(groups.into_iter().map(|(_, group)| group).collect())
}

fn naming(header: &Header) -> Naming {
    let known = Parameter::by_short_name(&header.short_name).ok();
    let name = match header.short_name.as_str() {
        "unknown" => format!("parameter_{}", header.parameter),
        name => name.to_owned(),
    };
    let level = if header.pressure().is_some() { String::new() } else { format!(", {}", header.place()) };
    Naming {
        name,
        long_name: format!("{}{level}", header.name),
        standard_name: known.map(|parameter| parameter.standard_name.to_owned()),
        units: header.units.replace("**", ""),
        cell_methods: None,
    }
}
