//! `plot`: a field as a map.

use terrella_io::layout::Layout;
use terrella_io::picture::{ColourMap, Map, Projection, Shading, nice_levels};
use terrella_io::read::{GribFile, Missing, NetcdfVariables, netcdf_field};

use crate::arguments::{PlotArguments, ProjectionName};
use crate::failure::{Result, because};
use crate::fields::{Range, Source, open};

/// Levels of colour, about.
const LEVELS: usize = 16;

/// A field with the words around its map.
struct Picture {
    layout: Layout,
    values: Vec<f64>,
    title: String,
    subtitle: String,
    label: String,
}

pub(crate) fn run(arguments: &PlotArguments) -> Result<()> {
    let picture = match open(&arguments.file)? {
        Source::Grib(file) => message(&file, arguments)?,
        Source::Netcdf(file) => variable(&file, arguments)?,
    };
    let range = Range::of(&picture.values);
    if range.least.is_nan() {
        return because(format!("{} has no values.", picture.title));
    }
    // A constant field gets levels around it.
    let (low, high) = match range.least == range.largest {
        true => (range.least - 1.0, range.largest + 1.0),
        false => (range.least, range.largest),
    };
    let signed = low < 0.0 && high > 0.0 && -low < 4.0 * high && high < -4.0 * low;
    let largest = high.max(-low);
    let levels = if signed { nice_levels(-largest, largest, LEVELS) } else { nice_levels(low, high, LEVELS) };
    let longitude = arguments.longitude;
    let map = Map {
        title: picture.title,
        subtitle: picture.subtitle,
        projection: match arguments.projection {
            ProjectionName::Robinson => Projection::Robinson { longitude },
            ProjectionName::PlateCarree => Projection::PlateCarree { longitude },
            ProjectionName::Orthographic => {
                Projection::Orthographic { longitude, latitude: arguments.latitude }
            }
        },
        shading: Some(Shading {
            layout: &picture.layout,
            values: &picture.values,
            levels,
            colours: if signed { ColourMap::Difference } else { ColourMap::Height },
            smooth: false,
            label: picture.label,
        }),
        contours: Vec::new(),
        wind: None,
    };
    Ok(map.picture(arguments.width)?.save(&arguments.output)?)
}

fn message(file: &GribFile, arguments: &PlotArguments) -> Result<Picture> {
    if !arguments.index.is_empty() {
        return because("--index chooses from dimensions of NetCDF files, not from GRIB files.");
    }
    let headers = arguments.fields.headers(file)?;
    let [header] = headers[..] else {
        let few: Vec<String> = headers.iter().take(5).map(|header| header.title()).collect();
        return because(format!(
            "{} fields match ({}{}): --field, --level, --step and --member must choose one.",
            headers.len(),
            few.join(", "),
            if headers.len() > few.len() { ", ..." } else { "" }
        ));
    };
    let field = file.decode(header, Missing::Nan)?;
    Ok(Picture {
        layout: field.layout,
        values: field.values,
        title: format!("{}, {}", header.name, header.title()),
        subtitle: format!("{} + {} h, valid {}", header.reference, header.step(), header.valid),
        label: format!("{} [{}]", header.short_name, header.units.replace("**", "")),
    })
}

fn variable(file: &NetcdfVariables, arguments: &PlotArguments) -> Result<Picture> {
    let variables = arguments.fields.variables(file)?;
    let [variable] = &variables[..] else {
        let names: Vec<&str> = variables.iter().map(|variable| variable.name.as_str()).collect();
        return because(format!("--field must choose one of the variables {}.", names.join(", ")));
    };
    let chosen: Vec<(&str, usize)> =
        arguments.index.iter().map(|(name, number)| (name.as_str(), *number)).collect();
    let field = netcdf_field(&arguments.file, &variable.name, &chosen)?;
    let places: Vec<String> = chosen.iter().map(|(name, number)| format!("{name} {number}")).collect();
    let file_name = arguments.file.file_name().map_or(String::new(), |name| name.to_string_lossy().into());
    Ok(Picture {
        layout: field.layout,
        values: field.values,
        title: variable.attribute("long_name").unwrap_or(&variable.name).to_owned(),
        subtitle: [vec![file_name], places].concat().join(", "),
        label: format!("{} [{}]", variable.name, variable.attribute("units").unwrap_or("1")),
    })
}
