//! Strongest wind at 10 m, largest precipitation of a window, and how often they exceed thresholds.

use std::path::PathBuf;

use terrella_io::Time;
use terrella_io::layout::Layout;
use terrella_io::picture::{ColourMap, Map, Page, Projection, Shading};
use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::diagnostics::exceedance::{Exceedance, MovingSum};

use super::files::{Named, write};
use super::{Diagnostics, Setting, hours};
use crate::error::Result;
use crate::memory::{Memory, push, push_narrow};
use crate::named_field::find;
use crate::observer::{Moment, Observer};
use crate::pictures::clock;

/// Writes `exceedance_TIME.nc` and, with pictures, `exceedance_TIME.png`.
pub(super) struct Exceedances {
    wind: Exceedance<f32>,
    /// Precipitation since the start in the last window, and what exceeds; used where the model writes it.
    window: MovingSum<f32>,
    precipitation: Exceedance<f32>,
    window_hours: u32,
    hour: Option<f64>,
    layout: Option<Layout>,
    path: PathBuf,
    picture: PathBuf,
    reference: Time,
    pictures: Option<(u32, Projection)>,
}

impl Exceedances {
    pub(super) fn new(table: &Diagnostics, setting: &Setting<'_>) -> Result<Self> {
        let points = setting.grid.points();
        let intervals = (f64::from(table.precipitation_window) / setting.interval).round() as usize;
        Ok(Self {
            wind: Exceedance::new(Device::Cpu, points, &table.wind_thresholds)?,
            window: MovingSum::new(Device::Cpu, points, intervals)?,
            precipitation: Exceedance::new(Device::Cpu, points, &table.precipitation_thresholds)?,
            window_hours: table.precipitation_window,
            hour: None,
            layout: None,
            path: setting.path("exceedance", "nc"),
            picture: setting.path("exceedance", "png"),
            reference: setting.reference,
            pictures: setting.pictures,
        })
    }

    fn variables(&self) -> Result<Vec<Named>> {
        let mut variables = Vec::new();
        let window = self.window_hours;
        let parts = [
            (&self.wind, "wind".to_owned(), "wind speed at 10 m".to_owned(), "m s-1"),
            (
                &self.precipitation,
                format!("precipitation_{window}h"),
                format!("precipitation in {window} h"),
                "kg m-2",
            ),
        ];
        for (exceedance, name, words, units) in parts {
            if exceedance.maximum().to_vec()?.iter().all(|value| *value == f32::NEG_INFINITY) {
                continue;
            }
            let maximum = exceedance.maximum().to_vec()?.into_iter().map(f64::from).collect();
            variables.push(Named::new(format!("{name}_maximum"), format!("Largest {words}"), units, maximum));
            let fractions = exceedance.fraction_above()?;
            for (threshold, values) in
                exceedance.thresholds().iter().zip(fractions.chunks_exact(exceedance.maximum().len()))
            {
                let words = format!("Fraction of time with {words} above {threshold} {units}");
                variables.push(Named::new(format!("{name}_above_{threshold}"), words, "1", values.to_vec()));
            }
        }
        Ok(variables)
    }

    fn draw(&self, layout: &Layout, width: u32, projection: Projection) -> Result<()> {
        let values: Vec<f64> = self.wind.maximum().to_vec()?.into_iter().map(f64::from).collect();
        let map = Map {
            title: String::new(),
            subtitle: String::new(),
            projection,
            shading: Some(Shading {
                layout,
                values: &values,
                levels: vec![8.0, 10.8, 13.9, 17.2, 20.8, 24.5, 28.5, 32.7],
                colours: ColourMap::Wind,
                smooth: false,
                label: "Strongest wind at 10 m [m/s], Beaufort 5 to 12".into(),
            }),
            contours: Vec::new(),
            wind: None,
        };
        let hour = self.hour.unwrap_or(0.0);
        let page = Page {
            title: "Strongest wind at 10 m of the forecast".into(),
            subtitle: format!("up to +{hour:.0} h, {}", clock(hours(self.reference, hour))),
            columns: 1,
            panels: vec![&map],
            footer: "Terrella. Coasts: Natural Earth.".into(),
        };
        Ok(page.draw(width)?.save(&self.picture)?)
    }
}

fn buffer(values: &[f64]) -> Result<Buffer<f32>> {
    let narrow: Vec<f32> = values.iter().map(|value| *value as f32).collect();
    Ok(Buffer::from_slice(Device::Cpu, &narrow)?)
}

impl Observer for Exceedances {
    fn name(&self) -> &'static str {
        "exceedance"
    }

    fn looks_between(&self) -> bool {
        true
    }

    fn observe(&mut self, moment: &Moment<'_>) -> Result<()> {
        self.layout.get_or_insert_with(|| moment.layout.clone());
        let interval = self.hour.map_or(0.0, |before| 3600.0 * (moment.hour - before));
        if let Some(speed) = find(moment, "10si") {
            self.wind.observe(interval, &buffer(&speed.values)?)?;
        }
        // The sum starts from nothing at hour 0, which the window knows already.
        if let Some(total) = find(moment, "tp").filter(|_| moment.hour > 0.0)
            && let Some(amount) = self.window.observe(&buffer(&total.values)?)?
        {
            self.precipitation.observe(interval, amount)?;
        }
        self.hour = Some(moment.hour);
        Ok(())
    }

    fn memory(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        push(&mut bytes, &self.hour.map_or(Vec::new(), |hour| vec![hour]));
        for saved in [self.wind.save(), self.window.save(), self.precipitation.save()] {
            // Copies of host memory do not fail.
            push_narrow(&mut bytes, &saved.unwrap_or_default());
        }
        bytes
    }

    fn restore(&mut self, memory: &[u8]) -> Option<()> {
        let mut memory = Memory(memory);
        self.hour = memory.numbers()?.first().copied();
        self.wind.restore(&memory.narrow()?).ok()?;
        self.window.restore(&memory.narrow()?).ok()?;
        self.precipitation.restore(&memory.narrow()?).ok()?;
        memory.end()
    }

    fn finish(&mut self) -> Result<Vec<PathBuf>> {
        let (Some(layout), Some(hour)) = (&self.layout, self.hour) else { return Ok(Vec::new()) };
        let variables = self.variables()?;
        if variables.is_empty() {
            return Ok(Vec::new());
        }
        let title = "Strongest wind and precipitation of a forecast, and how often they exceed thresholds";
        let valid = hours(self.reference, hour);
        let mut files = vec![write(&self.path, layout, self.reference, valid, title, &variables)?];
        if let Some((width, projection)) = self.pictures {
            self.draw(layout, width, projection)?;
            files.push(self.picture.clone());
        }
        Ok(files)
    }
}
