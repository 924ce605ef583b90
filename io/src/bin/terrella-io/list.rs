//! `ls`: a line for each field.

use terrella_io::read::{GribFile, NetcdfVariables};

use crate::arguments::ListArguments;
use crate::failure::Result;
use crate::fields::{Range, Source, open};
use crate::output::{number, print, table};

const STATISTICS: [&str; 4] = ["least", "largest", "mean", "missing"];

pub(crate) fn run(arguments: &ListArguments) -> Result<()> {
    let rows = match open(&arguments.file)? {
        Source::Grib(file) => messages(&file, arguments)?,
        Source::Netcdf(file) => variables(file, arguments)?,
    };
    print(&table(&rows))
}

fn head(columns: &[&str], statistics: bool) -> Vec<String> {
    let more = if statistics { &STATISTICS[..] } else { &[] };
    columns.iter().chain(more).map(|name| (*name).to_owned()).collect()
}

fn described(values: &[f64]) -> Vec<String> {
    let range = Range::of(values);
    vec![number(range.least), number(range.largest), number(range.mean), range.missing.to_string()]
}

fn messages(file: &GribFile, arguments: &ListArguments) -> Result<Vec<Vec<String>>> {
    let columns =
        ["number", "name", "level", "reference", "step", "member", "grid", "values", "packing", "bits"];
    let mut rows = vec![head(&columns, arguments.statistics)];
    let numbered: Vec<_> = file.headers().iter().enumerate().collect();
    for header in arguments.fields.headers(file)? {
        let position = numbered.iter().find(|(_, own)| std::ptr::eq(*own, header));
        let storage = file.storage(header)?;
        let mut row = vec![
            position.map_or(String::new(), |(position, _)| (position + 1).to_string()),
            header.short_name.clone(),
            header.place(),
            header.reference.to_string(),
            number(header.step()),
            header.member.map_or("-".into(), |member| member.to_string()),
            header.grid_type.clone(),
            storage.values.to_string(),
            storage.packing,
            storage.bits_per_value.map_or("-".into(), |bits| bits.to_string()),
        ];
        if arguments.statistics {
            row.extend(described(&file.stored_values(header)?));
        }
        rows.push(row);
    }
    Ok(rows)
}

fn variables(mut file: NetcdfVariables, arguments: &ListArguments) -> Result<Vec<Vec<String>>> {
    let mut rows = vec![head(&["name", "type", "dimensions", "units"], arguments.statistics)];
    for variable in arguments.fields.variables(&file)? {
        let dimensions = variable.dimensions.iter().map(|(name, size)| format!("{name}={size}"));
        let mut row = vec![
            variable.name.clone(),
            variable.kind.to_owned(),
            dimensions.collect::<Vec<_>>().join(", "),
            variable.attribute("units").unwrap_or("-").to_owned(),
        ];
        if arguments.statistics {
            let text = variable.kind == "char";
            row.extend(if text { vec!["-".into(); 4] } else { described(&file.values(&variable.name)?) });
        }
        rows.push(row);
    }
    Ok(rows)
}
