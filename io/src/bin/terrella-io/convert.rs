//! `convert`: into another format, or through a plan.

use terrella_io::plan::Plans;

use crate::arguments::ConvertArguments;
use crate::failure::{Result, because};
use crate::fields::{Source, open};
use crate::{messages, netcdf, plan, repack};

pub(crate) fn run(arguments: &ConvertArguments) -> Result<()> {
    let source = open(&arguments.input)?;
    let extension =
        arguments.output.as_ref().and_then(|output| output.extension()).and_then(|own| own.to_str());
    let unused = |option: &str, given: bool, format: &str| match given {
        true => because(format!("{option} has no meaning for {format}.")),
        false => Ok(()),
    };
    let plans = match (&arguments.plan, &arguments.output) {
        (Some(plan), _) => Plans::read(plan)?,
        (None, None) => return because("an OUTPUT or a --plan is needed."),
        (None, Some(output)) => match (extension, &source) {
            (Some("nc" | "nc4"), _) => {
                unused("--packing", arguments.packing.is_some(), "NetCDF")?;
                unused("--bits", arguments.bits.is_some(), "NetCDF")?;
                match (extension, &source) {
                    (Some("nc"), Source::Grib(file)) => {
                        let headers = arguments.fields.headers(file)?;
                        return netcdf::write(file, &headers, output, arguments.double);
                    }
                    (Some("nc"), Source::Netcdf(_)) => {
                        return because(format!(
                            "'{}' is NetCDF: expected a name that ends in .nc4, .grib2, .grb2, .grib, .grb or .zarr.",
                            arguments.input.display()
                        ));
                    }
                    _ => plan::netcdf4(output, arguments.double)?,
                }
            }
            (Some("zarr"), _) => {
                unused("--packing", arguments.packing.is_some(), "Zarr")?;
                unused("--bits", arguments.bits.is_some(), "Zarr")?;
                plan::zarr(output, arguments.double)?
            }
            (Some("grib2" | "grb2" | "grib" | "grb"), _) => {
                unused("--double", arguments.double, "GRIB2")?;
                if let Source::Grib(file) = &source {
                    let headers = arguments.fields.headers(file)?;
                    return repack::write(file, &headers, output, arguments.packing, arguments.bits);
                }
                plan::grib2(output, arguments.packing, arguments.bits)?
            }
            _ => {
                return because(format!(
                    "'{}': expected a name that ends in .nc, .nc4, .grib2, .grb2, .grib, .grb or .zarr.",
                    output.display()
                ));
            }
        },
    };
    match &source {
        Source::Grib(file) => {
            let headers = arguments.fields.headers(file)?;
            if arguments.output.is_some() {
                let named = netcdf::named(&headers)?;
                return plan::run(plans, |plans| messages::of_named_grib(file, &named, plans));
            }
            plan::run(plans, |plans| messages::of_grib(file, &headers, plans))
        }
        Source::Netcdf(file) => {
            let mut variables = arguments.fields.variables(file)?;
            if extension == Some("zarr") {
                // The first step of a store decides its levels.
                variables.sort_by_key(|variable| std::cmp::Reverse(variable.dimensions.len()));
            }
            let asked = !arguments.fields.field.is_empty();
            plan::run(plans, |plans| messages::of_netcdf(file, &variables, asked, plans))
        }
    }
}
