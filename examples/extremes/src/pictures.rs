//! Maps of the analysis and of every forecast day, a page that compares both, and charts of the run.

use std::path::{Path, PathBuf};

use terrella_io::Time;
use terrella_io::layout::Layout;
use terrella_io::picture::{Canvas, Chart, Page, Panel, Projection};

use crate::configuration::Output;
use crate::error::Result;
use crate::maps::{Drawable, Theme, line_spacing};

/// Hours between maps.
const INTERVAL: f64 = 24.0;

/// What is said on every picture.
#[derive(Clone, Debug)]
pub(crate) struct Labels {
    /// Pressure of the maps \[hPa\].
    pub(crate) level: u32,
    /// The model's.
    pub(crate) truncation: usize,
    /// Below each page.
    pub(crate) footer: &'static str,
}

/// The pictures of one run.
pub(crate) struct Pictures {
    folder: PathBuf,
    layout: Layout,
    labels: Labels,
    width: u32,
    projection: Projection,
    reference: Time,
    analysis: Drawable,
    /// The last state that got a map.
    latest: Option<(Time, Drawable)>,
    files: Vec<PathBuf>,
}

impl Pictures {
    /// `analysis` is the state at step 0, on which the comparing page needs to look back.
    pub(crate) fn new(
        output: &Output,
        labels: Labels,
        folder: &Path,
        layout: &Layout,
        reference: Time,
        analysis: Drawable,
    ) -> Self {
        let projection = output.projection.of_pictures();
        Self {
            folder: folder.to_owned(),
            layout: layout.clone(),
            labels,
            width: output.picture_width,
            projection,
            reference,
            analysis,
            latest: None,
            files: Vec::new(),
        }
    }

    /// Draws the maps of a state, if its day has come.
    pub(crate) fn add(&mut self, valid: Time, state: Drawable) -> Result<()> {
        let hours = valid.hours_since(self.reference);
        if hours % INTERVAL != 0.0 {
            return Ok(());
        }
        for (theme, name) in [(Theme::Wind, "wind"), (Theme::Vorticity, "vorticity")] {
            let map = self.map(&state, theme, self.projection, String::new());
            let page = Page {
                title: format!("{} hPa height [dam] and {}", self.labels.level, words(theme)),
                subtitle: self.when(valid),
                columns: 1,
                panels: vec![&map],
                footer: self.labels.footer.into(),
            };
            let canvas = page.draw(self.width)?;
            self.save(&canvas, format!("map_{name}_{hours:03}.png"))?;
        }
        self.latest = Some((valid, state));
        Ok(())
    }

    /// Draws what needs the whole run. Returns all files.
    pub(crate) fn finish(mut self, charts: &[Chart]) -> Result<Vec<PathBuf>> {
        if let Some((valid, state)) = self.latest.take().filter(|(valid, _)| *valid > self.reference) {
            let canvas = self.comparison(valid, &state)?;
            self.save(&canvas, "analysis_and_forecast.png".into())?;
        }
        if !charts.is_empty() {
            let page = Page {
                title: format!("T{} forecast from {}", self.labels.truncation, clock(self.reference)),
                subtitle: "what the run measured of itself".into(),
                columns: 2,
                panels: charts.iter().map(|chart| chart as &dyn Panel).collect(),
                footer: self.labels.footer.into(),
            };
            let canvas = page.draw(self.width)?;
            self.save(&canvas, "conserved.png".into())?;
        }
        Ok(self.files)
    }

    /// What was drawn so far.
    pub(crate) fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// Analysis on the left, forecast on the right; both hemispheres.
    fn comparison(&self, valid: Time, forecast: &Drawable) -> Result<Canvas> {
        let north = Projection::Orthographic { longitude: 0.0, latitude: 90.0 };
        let south = Projection::Orthographic { longitude: 0.0, latitude: -90.0 };
        let hours = valid.hours_since(self.reference);
        let maps: Vec<_> = [north, south]
            .into_iter()
            .flat_map(|projection| {
                let left = format!("Analysis, {}", clock(self.reference));
                let right = format!("+{hours:.0} h, {}", clock(valid));
                [
                    self.map(&self.analysis, Theme::Wind, projection, left),
                    self.map(forecast, Theme::Wind, projection, right),
                ]
            })
            .collect();
        let page = Page {
            title: format!("{} hPa height [dam] and wind speed", self.labels.level),
            subtitle: format!("analysis and {:.0}-day forecast, T{}", hours / 24.0, self.labels.truncation),
            columns: 2,
            panels: maps.iter().map(|map| map as &dyn Panel).collect(),
            footer: self.labels.footer.into(),
        };
        Ok(page.draw(self.width)?)
    }

    fn map<'a>(
        &'a self,
        state: &'a Drawable,
        theme: Theme,
        projection: Projection,
        title: String,
    ) -> terrella_io::picture::Map<'a> {
        state.map(&self.layout, theme, projection, line_spacing(self.labels.level), title, String::new())
    }

    fn when(&self, valid: Time) -> String {
        match valid.hours_since(self.reference) {
            0.0 => format!("Analysis of {}, T{}", clock(valid), self.labels.truncation),
            hours => {
                let start = clock(self.reference);
                format!(
                    "Forecast +{hours:.0} h from {start}, valid {}, T{}",
                    clock(valid),
                    self.labels.truncation
                )
            }
        }
    }

    fn save(&mut self, canvas: &Canvas, name: String) -> Result<()> {
        let path = self.folder.join(name);
        canvas.save(&path)?;
        self.files.push(path);
        Ok(())
    }
}

fn words(theme: Theme) -> &'static str {
    match theme {
        Theme::Wind => "wind speed",
        Theme::Vorticity => "cyclonic vorticity",
    }
}

/// `2011-01-15 12 UTC`.
pub(crate) fn clock(time: Time) -> String {
    let (year, month, day, hour, minute, _) = time.civil();
    match minute {
        0 => format!("{year:04}-{month:02}-{day:02} {hour:02} UTC"),
        _ => format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02} UTC"),
    }
}
