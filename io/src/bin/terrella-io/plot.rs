//! `plot`: a field as a map.

use terrella_io::picture::{ColourMap, Map, Projection, Shading, nice_levels};
use terrella_io::read::Missing;

use crate::arguments::{PlotArguments, ProjectionName};
use crate::failure::{Result, because};
use crate::fields::{Range, open_grib};

/// Levels of colour, about.
const LEVELS: usize = 16;

pub(crate) fn run(arguments: &PlotArguments) -> Result<()> {
    let file = open_grib(&arguments.file)?;
    let headers = arguments.fields.headers(&file)?;
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
    let range = Range::of(&field.values);
    if range.least.is_nan() {
        return because(format!("{} has no values.", header.title()));
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
        title: format!("{}, {}", header.name, header.title()),
        subtitle: format!("{} + {} h, valid {}", header.reference, header.step(), header.valid),
        projection: match arguments.projection {
            ProjectionName::Robinson => Projection::Robinson { longitude },
            ProjectionName::PlateCarree => Projection::PlateCarree { longitude },
            ProjectionName::Orthographic => {
                Projection::Orthographic { longitude, latitude: arguments.latitude }
            }
        },
        shading: Some(Shading {
            layout: &field.layout,
            values: &field.values,
            levels,
            colours: if signed { ColourMap::Difference } else { ColourMap::Height },
            smooth: false,
            label: format!("{} [{}]", header.short_name, header.units.replace("**", "")),
        }),
        contours: Vec::new(),
        wind: None,
    };
    Ok(map.picture(arguments.width)?.save(&arguments.output)?)
}
