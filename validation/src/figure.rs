//! Maps and charts of results as PNG.

use std::path::Path;

use terrella_io::layout::Layout;
use terrella_io::picture::{self, Chart, ColourMap, Projection, Series, Shading};
use terrella_kernels::Real;
use terrella_kernels::grid::Grid;

use crate::{Error, Result};

/// How a field is shown.
pub struct Map<'a> {
    /// Above the map.
    pub title: &'a str,
    /// Quantity and unit after scaling.
    pub label: &'a str,
    /// Values are multiplied by this.
    pub factor: f64,
    /// Borders between colours, after scaling.
    pub levels: Vec<f64>,
    /// The colours.
    pub colours: ColourMap,
    /// Southern and northern edge \[degrees\].
    pub latitudes: [f64; 2],
}

/// Equidistant levels from `low` to `high`.
pub fn levels(low: f64, high: f64, count: usize) -> Vec<f64> {
    (0..count).map(|index| low + (high - low) * index as f64 / (count - 1) as f64).collect()
}

/// Writes `folder`/`file`.png: errors of the first analyses, \[seed]\[cycle] for each name, averaged over the seeds.
pub fn draw_errors(
    folder: &Path,
    file: &str,
    title: &str,
    cycles: usize,
    lines: &[(String, Vec<Vec<f64>>)],
) -> Result<()> {
    let series = lines.iter().map(|(name, errors)| {
        let mean =
            |cycle: usize| errors.iter().map(|errors| errors[cycle]).sum::<f64>() / errors.len() as f64;
        Series { name: name.clone(), points: (0..cycles).map(|cycle| (cycle as f64, mean(cycle))).collect() }
    });
    let chart = Chart {
        title: title.to_owned(),
        x_label: "analysis".to_owned(),
        y_label: "root-mean-square error".to_owned(),
        series: series.collect(),
        x_step: Some(cycles as f64 / 10.0),
        aspect: 0.6,
    };
    let path = folder.join(format!("{file}.png"));
    chart.picture(1_600).and_then(|canvas| canvas.save(&path)).map_err(|error| Error::file(&path, error))
}

/// Writes `folder`/`file`.png, all longitudes.
pub fn draw<R: Real>(folder: &Path, file: &str, map: &Map, grid: &Grid, values: &[R]) -> Result<()> {
    draw_region(folder, file, map, [-180.0, 180.0], grid, values)
}

/// Writes `folder`/`file`.png, from a western to an eastern edge \[degrees\].
pub fn draw_region<R: Real>(
    folder: &Path,
    file: &str,
    map: &Map,
    [west, east]: [f64; 2],
    grid: &Grid,
    values: &[R],
) -> Result<()> {
    let layout = Layout::from(grid);
    let values: Vec<f64> = values.iter().map(|value| map.factor * value.to_f64()).collect();
    let path = folder.join(format!("{file}.png"));
    let [south, north] = map.latitudes;
    let picture = picture::Map {
        title: map.title.to_owned(),
        subtitle: String::new(),
        projection: Projection::Region { west, east, south, north },
        shading: Some(Shading {
            layout: &layout,
            values: &values,
            levels: map.levels.clone(),
            colours: map.colours,
            smooth: true,
            label: map.label.to_owned(),
        }),
        contours: Vec::new(),
        wind: None,
    };
    picture.picture(1_600).and_then(|canvas| canvas.save(&path)).map_err(|error| Error::file(&path, error))
}
