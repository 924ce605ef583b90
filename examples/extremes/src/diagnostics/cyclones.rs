//! Cyclones at every look, and their tracks at the end.

use std::path::PathBuf;

use terrella_io::layout::Layout;
use terrella_io::picture::{
    Colour, ColourMap, Contours, Map, MapTrack, Page, Projection, Shading, TrackedMap,
};
use terrella_io::sink::AtomicFile;
use terrella_io::{Level, Parameter, Time};
use terrella_kernels::diagnostics::cyclones::{
    Cyclone, CycloneFields, Detector, DetectorSettings, Track, Tracker, TrackerSettings,
};

use super::tracks::{csv, geojson};
use super::{Setting, hours};
use crate::error::Result;
use crate::memory::{Memory, push};
use crate::named_field::find;
use crate::observer::{Moment, Observer};
use crate::pictures::clock;

/// The layer whose thickness tells a warm core \[hPa\]: the output's surfaces nearest to 300–500.
const LAYER: [f64; 2] = [250.0, 500.0];
const GRAVITY: f64 = terrella_kernels::constants::GRAVITY;

/// Writes `cyclones_TIME.csv`, `.geojson` and, with pictures, `cyclones_TIME.png`.
pub(super) struct Cyclones {
    detector: Detector,
    tracker: Tracker,
    ground: Vec<f64>,
    /// All centres by forecast hour: what the tracks are made of.
    centres: Vec<(f64, Vec<Cyclone>)>,
    paths: [PathBuf; 3],
    reference: Time,
    pictures: Option<(u32, Projection)>,
    latest: Option<(Layout, Vec<f64>)>,
}

impl Cyclones {
    pub(super) fn new(setting: &Setting<'_>) -> Result<Self> {
        Ok(Self {
            detector: Detector::new(setting.grid, DetectorSettings::default())?,
            tracker: Tracker::new(TrackerSettings::default())?,
            ground: setting.ground.clone(),
            centres: Vec::new(),
            paths: ["csv", "geojson", "png"].map(|extension| setting.path("cyclones", extension)),
            reference: setting.reference,
            pictures: setting.pictures,
            latest: None,
        })
    }

    /// The tracks over the last pressure at sea level.
    fn draw(&self, tracks: &[&Track], width: u32, projection: Projection) -> Result<()> {
        let Some((layout, pressure)) = &self.latest else { return Ok(()) };
        let (first, last) = (self.centres[0].0, self.centres[self.centres.len() - 1].0);
        let [warm, cold] = [Colour::opaque(190, 20, 30), Colour::opaque(20, 40, 130)];
        let tracks: Vec<MapTrack> = tracks
            .iter()
            .map(|track| MapTrack {
                places: track
                    .points
                    .iter()
                    .map(|point| {
                        let cyclone = point.cyclone;
                        (cyclone.longitude, cyclone.latitude, cyclone.warm_core == Some(true))
                    })
                    .collect(),
                colour: if 2 * track.warm_positions() > track.points.len() { warm } else { cold },
                label: format!("{:.0}", track.lowest_pressure() / 100.0),
            })
            .collect();
        let map = Map {
            title: String::new(),
            subtitle: String::new(),
            projection,
            shading: Some(Shading {
                layout,
                values: pressure,
                levels: (0..10).map(|number| 960.0 + 8.0 * f64::from(number)).collect(),
                colours: ColourMap::Height,
                smooth: true,
                label: format!("Pressure at mean sea level at +{last:.0} h [hPa]"),
            }),
            contours: vec![Contours {
                layout,
                values: pressure,
                levels: (180..220).map(|number| 5.0 * f64::from(number)).collect(),
                colour: Colour::GREY,
                width: 0.7,
                numbers: false,
                bold_every: 0,
                dash_negative: false,
                extremes: false,
            }],
            wind: None,
        };
        let tracked = TrackedMap { map, tracks };
        let page = Page {
            title: "Cyclones and their tracks".into(),
            subtitle: format!(
                "from +{first:.0} h to +{last:.0} h, {}; filled dots and red: warm core; numbers: lowest pressure [hPa]",
                clock(hours(self.reference, last))
            ),
            columns: 1,
            panels: vec![&tracked],
            footer: "Terrella. Coasts: Natural Earth.".into(),
        };
        Ok(page.draw(width)?.save(&self.paths[2])?)
    }
}

impl Observer for Cyclones {
    fn name(&self) -> &'static str {
        "cyclones"
    }

    fn looks_between(&self) -> bool {
        true
    }

    fn observe(&mut self, moment: &Moment<'_>) -> Result<()> {
        let Some(pressure) = moment.field(Parameter::SEA_LEVEL_PRESSURE, Level::MeanSea) else {
            return Ok(());
        };
        let [upper, lower] =
            LAYER.map(|level| moment.field(Parameter::GEOPOTENTIAL_HEIGHT, Level::Pressure(level)));
        let thickness: Option<Vec<f64>> = upper.zip(lower).map(|(upper, lower)| {
            upper.iter().zip(lower).map(|(upper, lower)| GRAVITY * (upper - lower)).collect()
        });
        let wind = find(moment, "10si").map(|field| field.values);
        let found = self.detector.detect(&CycloneFields {
            sea_level_pressure: pressure,
            thickness: thickness.as_deref(),
            wind_speed: wind.as_deref(),
            ground: Some(&self.ground),
        })?;
        self.tracker.observe(3600.0 * moment.hour, &found)?;
        self.centres.push((moment.hour, found));
        let hectopascal = pressure.iter().map(|pressure| pressure / 100.0).collect();
        self.latest = Some((moment.layout.clone(), hectopascal));
        Ok(())
    }

    fn memory(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (hour, cyclones) in &self.centres {
            let mut numbers = vec![*hour];
            for cyclone in cyclones {
                numbers.extend([
                    cyclone.latitude,
                    cyclone.longitude,
                    cyclone.pressure,
                    cyclone.maximum_wind.unwrap_or(f64::NAN),
                    cyclone.warm_core.map_or(f64::NAN, |warm| if warm { 1.0 } else { 0.0 }),
                ]);
            }
            push(&mut bytes, &numbers);
        }
        bytes
    }

    fn restore(&mut self, memory: &[u8]) -> Option<()> {
        let mut memory = Memory(memory);
        while !memory.0.is_empty() {
            let numbers = memory.numbers()?;
            let (hour, rest) = numbers.split_first()?;
            let centres: Vec<Cyclone> = rest
                .chunks_exact(5)
                .map(|numbers| Cyclone {
                    latitude: numbers[0],
                    longitude: numbers[1],
                    pressure: numbers[2],
                    maximum_wind: Some(numbers[3]).filter(|wind| !wind.is_nan()),
                    warm_core: Some(numbers[4]).filter(|warm| !warm.is_nan()).map(|warm| warm == 1.0),
                })
                .collect();
            self.tracker.observe(3600.0 * hour, &centres).ok()?;
            self.centres.push((*hour, centres));
        }
        memory.end()
    }

    fn finish(&mut self) -> Result<Vec<PathBuf>> {
        if self.centres.is_empty() {
            return Ok(Vec::new());
        }
        let tracks: Vec<&Track> = self.tracker.tracks().collect();
        AtomicFile::write(&self.paths[0], csv(&tracks, self.reference).as_bytes())?;
        AtomicFile::write(&self.paths[1], geojson(&tracks, self.reference).as_bytes())?;
        let mut files = self.paths[..2].to_vec();
        if let Some((width, projection)) = self.pictures {
            self.draw(&tracks, width, projection)?;
            files.push(self.paths[2].clone());
        }
        Ok(files)
    }
}
