//! Area mean and extremes of every written field, as a table that grows with the forecast.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use terrella_io::Level;
use terrella_io::sink::AtomicFile;
use terrella_kernels::grid::Grid;

use crate::error::Result;
use crate::observer::{Moment, Observer};

const NAME: &str = "statistics.csv";
const HEADER: &str = "hour,parameter,level,unit,mean,least,most\n";

/// Writes `statistics.csv`: forecast hour, parameter, level, unit, area mean, smallest and largest value.
pub(crate) struct Statistics {
    path: PathBuf,
    /// Share of the sphere of each point.
    weights: Vec<f64>,
    rows: String,
}

impl Statistics {
    /// Of fields on this grid, into this folder.
    pub(crate) fn new(grid: &Grid, folder: &Path) -> Self {
        let rings = grid.rings().iter();
        let weights =
            rings.flat_map(|ring| std::iter::repeat_n(ring.weight / ring.points as f64, ring.points));
        Self { path: folder.join(NAME), weights: weights.collect(), rows: String::new() }
    }
}

impl Observer for Statistics {
    fn name(&self) -> &'static str {
        "statistics"
    }

    fn observe(&mut self, moment: &Moment<'_>) -> Result<()> {
        for quantity in moment.quantities {
            let parameter = quantity.parameter;
            for level in &quantity.levels {
                let Some(values) = moment.field(parameter, *level) else { continue };
                let mean: f64 = values.iter().zip(&self.weights).map(|(value, weight)| value * weight).sum();
                let least = values.iter().copied().fold(f64::INFINITY, f64::min);
                let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                // Writing into a string does not fail.
                let _ = writeln!(
                    self.rows,
                    "{},{},{},{},{mean:.9e},{least:.9e},{most:.9e}",
                    moment.hour,
                    parameter.short_name,
                    words(*level),
                    parameter.units
                );
            }
        }
        Ok(())
    }

    fn memory(&self) -> Vec<u8> {
        self.rows.clone().into_bytes()
    }

    fn restore(&mut self, memory: &[u8]) -> Option<()> {
        self.rows = String::from_utf8(memory.to_vec()).ok()?;
        Some(())
    }

    fn finish(&mut self) -> Result<Vec<PathBuf>> {
        AtomicFile::write(&self.path, format!("{HEADER}{}", self.rows).as_bytes())?;
        Ok(vec![self.path.clone()])
    }
}

fn words(level: Level) -> String {
    match level {
        Level::Pressure(pressure) => format!("{pressure} hPa"),
        Level::HeightAboveGround(height) => format!("{height} m"),
        Level::MeanSea => "mean sea".into(),
        Level::Surface => "surface".into(),
        Level::Column => "column".into(),
    }
}
