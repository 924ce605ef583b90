//! `convert`: into another format, or through a plan.

use crate::arguments::ConvertArguments;
use crate::failure::{Result, because};
use crate::fields::open_grib;
use crate::netcdf::{self, Target};
use crate::{plan, repack};

pub(crate) fn run(arguments: &ConvertArguments) -> Result<()> {
    let file = open_grib(&arguments.input)?;
    let headers = arguments.fields.headers(&file)?;
    let output = match (&arguments.plan, &arguments.output) {
        (Some(plan), _) => return plan::run(&file, &headers, plan),
        (None, Some(output)) => output,
        (None, None) => return because("an OUTPUT or a --plan is needed."),
    };
    let extension = output.extension().and_then(|extension| extension.to_str());
    let unused = |option: &str, given: bool, format: &str| match given {
        true => because(format!("{option} has no meaning for {format}.")),
        false => Ok(()),
    };
    match extension {
        Some("nc") => {
            unused("--packing", arguments.packing.is_some(), "NetCDF")?;
            unused("--bits", arguments.bits.is_some(), "NetCDF")?;
            netcdf::write(&file, &headers, output, Target::Netcdf, arguments.double)
        }
        #[cfg(feature = "zarr")]
        Some("zarr") => {
            unused("--packing", arguments.packing.is_some(), "Zarr")?;
            unused("--bits", arguments.bits.is_some(), "Zarr")?;
            netcdf::write(&file, &headers, output, Target::Zarr, arguments.double)
        }
        #[cfg(not(feature = "zarr"))]
        Some("zarr") => because("this program was built without the feature 'zarr'."),
        Some("grib2" | "grb2" | "grib" | "grb") => {
            unused("--double", arguments.double, "GRIB2")?;
            repack::write(&file, &headers, output, arguments.packing, arguments.bits)
        }
        _ => because(format!(
            "'{}': expected a name that ends in .nc, .grib2, .grb2, .grib, .grb or .zarr.",
            output.display()
        )),
    }
}
