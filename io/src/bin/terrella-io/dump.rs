//! `dump`: metadata as JSON.

use serde_json::{Value, json};
use terrella_io::read::{GribFile, Header, NetcdfVariable, NetcdfVariables};

use crate::arguments::{DumpArguments, FieldArguments};
use crate::failure::{Result, because};
use crate::fields::{Source, open};
use crate::output::print;

pub(crate) fn run(arguments: &DumpArguments) -> Result<()> {
    let value = match open(&arguments.file)? {
        Source::Grib(file) => {
            let headers = arguments.fields.headers(&file)?;
            let fields = headers.into_iter().map(|header| field(&file, header));
            Value::Array(fields.collect::<Result<_>>()?)
        }
        Source::Netcdf(file) => variables(&file, &arguments.fields)?,
    };
    match serde_json::to_string_pretty(&value) {
        Ok(text) => print(&(text + "\n")),
        Err(error) => because(format!("no JSON: {error}.")),
    }
}

fn field(file: &GribFile, header: &Header) -> Result<Value> {
    let storage = file.storage(header)?;
    Ok(json!({
        "shortName": header.short_name,
        "paramId": header.parameter,
        "name": header.name,
        "units": header.units,
        "typeOfLevel": header.level_type,
        "level": header.level,
        "otherLevel": header.other_level,
        "edition": header.edition,
        "centre": storage.centre,
        "reference": header.reference.to_string(),
        "valid": header.valid.to_string(),
        "stepHours": header.step(),
        "member": header.member,
        "gridType": header.grid_type,
        "values": storage.values,
        "packing": storage.packing,
        "bitsPerValue": storage.bits_per_value,
        "bytes": storage.bytes,
    }))
}

fn variables(file: &NetcdfVariables, fields: &FieldArguments) -> Result<Value> {
    let attributes = |attributes: Vec<(String, String)>| {
        Value::Object(attributes.into_iter().map(|(name, value)| (name, Value::String(value))).collect())
    };
    let variable = |variable: NetcdfVariable| {
        let dimension = |(name, size)| json!({ "name": name, "size": size });
        json!({
            "name": variable.name,
            "type": variable.kind,
            "dimensions": variable.dimensions.into_iter().map(dimension).collect::<Vec<_>>(),
            "attributes": attributes(variable.attributes),
        })
    };
    let variables: Vec<Value> = fields.variables(file)?.into_iter().map(variable).collect();
    Ok(json!({ "attributes": attributes(file.attributes()), "variables": variables }))
}
