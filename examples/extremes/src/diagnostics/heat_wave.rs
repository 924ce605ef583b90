//! Heat waves: runs of days whose highest temperature at 2 m, or at 850 hPa where the model writes none there, is hot.

use std::path::{Path, PathBuf};

use terrella_io::Time;
use terrella_io::layout::Layout;
use terrella_io::read::{GribFile, Missing};
use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::diagnostics::exceedance::Exceedance;
use terrella_kernels::diagnostics::heat_wave::{HeatThresholds, HeatWaves};
use terrella_kernels::grid::Grid;

use super::files::{Named, write};
use super::{Diagnostics, Setting, hours};
use crate::automatic::Automatic;
use crate::error::{Error, Result};
use crate::interpolation::{Kind, interpolate};
use crate::memory::{Memory, push, push_narrow};
use crate::named_field::find;
use crate::observer::{Moment, Observer};

/// The temperature that is looked at, the first that is written.
const FIELDS: [&str; 2] = ["2t", "t850"];

/// Parts of a day by which sums of time steps may miss its end.
const ROUNDED: f64 = 1e-6;

/// Writes `heat_wave_TIME.nc`.
pub(super) struct HeatWaveDays {
    table: Diagnostics,
    grid: Grid,
    /// From the first time on.
    waves: Option<HeatWaves<f32>>,
    thresholds: Option<HeatThresholds>,
    /// Of the day that goes on; times on its last hour end it.
    day: Exceedance<f32>,
    hour: f64,
    field: String,
    layout: Option<Layout>,
    path: PathBuf,
    reference: Time,
}

impl HeatWaveDays {
    pub(super) fn new(table: &Diagnostics, setting: &Setting<'_>) -> Result<Self> {
        Ok(Self {
            table: table.clone(),
            grid: setting.grid.clone(),
            waves: None,
            thresholds: None,
            day: Exceedance::new(Device::Cpu, setting.grid.points(), &[])?,
            hour: 0.0,
            field: String::new(),
            layout: None,
            path: setting.path("heat_wave", "nc"),
            reference: setting.reference,
        })
    }

    fn thresholds(&self, initial: &[f64], layout: &Layout) -> Result<HeatThresholds> {
        if let Some(path) = &self.table.heat_climatology {
            return climatology(path, layout);
        }
        let hot = match self.table.heat_threshold {
            Automatic::Given(threshold) => vec![threshold; initial.len()],
            Automatic::Auto => {
                let mut hot = Vec::with_capacity(initial.len());
                for ring in self.grid.rings() {
                    let values = &initial[ring.offset..ring.offset + ring.points];
                    let mean = values.iter().sum::<f64>() / ring.points as f64;
                    hot.extend(std::iter::repeat_n(mean + self.table.heat_excess, ring.points));
                }
                hot
            }
        };
        Ok(HeatThresholds::excess(hot))
    }

    fn begin(&mut self, thresholds: HeatThresholds) -> Result<()> {
        self.waves = Some(HeatWaves::new(Device::Cpu, self.table.heat_days, &thresholds)?);
        self.thresholds = Some(thresholds);
        Ok(())
    }
}

/// The 25th, 75th and 90th percentile of a file's first three fields at the layout's points.
fn climatology(path: &Path, layout: &Layout) -> Result<HeatThresholds> {
    let refuse = |message: String| Error::Input { path: path.to_owned(), message };
    let file = GribFile::open(path)?;
    let count = file.headers().len();
    if count != 3 {
        return Err(refuse(format!(
            "{count} fields: expected three, the 25th, 75th and 90th percentile of daily maximum temperature."
        )));
    }
    let mut fields = Vec::new();
    for header in file.headers() {
        let field = file.decode(header, Missing::Refuse)?;
        if let Some(value) = field.values.iter().find(|value| !(150.0..=350.0).contains(*value)) {
            return Err(refuse(format!(
                "'{}' is {value}: expected temperatures of 150 to 350 K.",
                header.title()
            )));
        }
        if !field.layout.is_global() || field.layout.rings().len() < 4 {
            return Err(refuse(format!("'{}' does not cover the globe.", header.title())));
        }
        let rings = field.layout.rings();
        let at = |(longitude, latitude)| interpolate(rings, &field.values, Kind::Scalar, latitude, longitude);
        fields.push(layout.coordinates().map(at).collect::<Vec<f64>>());
    }
    let rising = (0..layout.points())
        .all(|point| fields[0][point] < fields[1][point] && fields[1][point] <= fields[2][point]);
    if !rising {
        return Err(refuse("the fields do not rise from the 25th to the 75th and 90th percentile.".into()));
    }
    let [low, high, hot]: [Vec<f64>; 3] = fields.try_into().expect("there are three");
    Ok(HeatThresholds::percentiles(hot, low, &high))
}

impl Observer for HeatWaveDays {
    fn name(&self) -> &'static str {
        "heat wave"
    }

    fn looks_between(&self) -> bool {
        true
    }

    fn observe(&mut self, moment: &Moment<'_>) -> Result<()> {
        let Some(temperature) = FIELDS.into_iter().find_map(|name| find(moment, name)) else { return Ok(()) };
        if self.waves.is_none() {
            let thresholds = self.thresholds(&temperature.values, moment.layout)?;
            self.begin(thresholds)?;
        }
        self.layout.get_or_insert_with(|| moment.layout.clone());
        self.field = temperature.name;
        let narrow: Vec<f32> = temperature.values.iter().map(|value| *value as f32).collect();
        self.day.observe(0.0, &Buffer::from_slice(Device::Cpu, &narrow)?)?;
        self.hour = moment.hour;
        let days = moment.hour / 24.0;
        if moment.hour > 0.0 && (days - days.round()).abs() < ROUNDED {
            let waves = self.waves.as_mut().expect("it was begun above");
            waves.observe(self.day.maximum())?;
            self.day = Exceedance::new(Device::Cpu, narrow.len(), &[])?;
        }
        Ok(())
    }

    fn memory(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let (Some(waves), Some(thresholds)) = (&self.waves, &self.thresholds) else { return bytes };
        push(&mut bytes, &[self.hour]);
        for values in [&thresholds.hot, &thresholds.low, &thresholds.range] {
            push(&mut bytes, values);
        }
        // Copies of host memory do not fail.
        push_narrow(&mut bytes, &waves.save().unwrap_or_default());
        push_narrow(&mut bytes, &self.day.save().unwrap_or_default());
        bytes
    }

    fn restore(&mut self, memory: &[u8]) -> Option<()> {
        if memory.is_empty() {
            return Some(());
        }
        let mut memory = Memory(memory);
        self.hour = *memory.numbers()?.first()?;
        let [hot, low, range] = [memory.numbers()?, memory.numbers()?, memory.numbers()?];
        if hot.len() != self.grid.points() {
            return None;
        }
        self.begin(HeatThresholds { hot, low, range }).ok()?;
        self.waves.as_mut()?.restore(&memory.narrow()?).ok()?;
        self.day.restore(&memory.narrow()?).ok()?;
        memory.end()
    }

    fn finish(&mut self) -> Result<Vec<PathBuf>> {
        let (Some(waves), Some(thresholds), Some(layout)) = (&self.waves, &self.thresholds, &self.layout)
        else {
            return Ok(Vec::new());
        };
        let wide = |buffer: &Buffer<f32>| -> Result<Vec<f64>> {
            Ok(buffer.to_vec()?.into_iter().map(f64::from).collect())
        };
        let days = self.table.heat_days;
        let unit = if self.table.heat_climatology.is_some() { "1" } else { "K day" };
        let of = format!("of '{}', at least {days} days", self.field);
        let variables = [
            Named::new(
                "heat_threshold",
                format!("Daily maximum of '{}' above which a day is hot", self.field),
                "K",
                thresholds.hot.clone(),
            ),
            Named::new("heat_wave_days", format!("Days in heat waves {of}"), "day", wide(waves.days())?),
            Named::new("heat_wave_longest", format!("Longest heat wave {of}"), "day", wide(waves.longest())?),
            Named::new(
                "heat_wave_magnitude",
                format!("Largest magnitude of a heat wave {of}"),
                unit,
                wide(waves.largest_magnitude())?,
            ),
        ];
        let valid = hours(self.reference, self.hour);
        let title = "Heat waves of a forecast";
        Ok(vec![write(&self.path, layout, self.reference, valid, title, &variables)?])
    }
}
