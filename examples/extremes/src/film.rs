//! An animation of a field: one picture per output time, all with the same colours.

use std::path::PathBuf;

use terrella_io::layout::Layout;
use terrella_io::picture::{
    Colour, ColourMap, Contours, Map, Page, Projection, Shading, common_levels, save_animation,
};
use terrella_io::{Parameter, Time};

use crate::automatic::Automatic;
use crate::configuration::Output;
use crate::error::Result;
use crate::memory::{Memory, push, push_narrow};
use crate::named_field::{names, require};
use crate::observer::{Moment, Observer};
use crate::pictures::clock;

/// Colours of the scale, about.
const COLOURS: usize = 12;

/// Writes `animation_FIELD.png` for each field.
pub(crate) struct Film {
    folder: PathBuf,
    wanted: Automatic<Vec<String>>,
    width: u32,
    projection: Projection,
    seconds: f64,
    footer: &'static str,
    reference: Time,
    layout: Option<Layout>,
    reels: Vec<Reel>,
    hours: Vec<f64>,
}

/// A field at all times so far.
struct Reel {
    name: String,
    parameter: Parameter,
    frames: Vec<Vec<f32>>,
}

impl Film {
    /// As `[output]` wants it, if it does.
    pub(crate) fn new(output: &Output, footer: &'static str, reference: Time) -> Option<Self> {
        output.animation.then(|| Self {
            folder: output.folder.clone(),
            wanted: output.animation_fields.clone(),
            width: output.animation_width,
            projection: output.projection.of_pictures(),
            seconds: output.animation_time,
            footer,
            reference,
            layout: None,
            reels: Vec::new(),
            hours: Vec::new(),
        })
    }

    /// The fields that are filmed: as configured, else sea-level pressure and the wind of the highest surface.
    fn titles(&self, moment: &Moment<'_>) -> Vec<String> {
        match &self.wanted {
            Automatic::Given(names) => names.clone(),
            Automatic::Auto => {
                let names = names(moment.quantities);
                let wind = names.iter().find(|name| name.starts_with("ws")).cloned();
                let pressure = names.into_iter().find(|name| name == "prmsl");
                pressure.into_iter().chain(wind).collect()
            }
        }
    }

    fn draw(&self, reel: &Reel, layout: &Layout) -> Result<PathBuf> {
        let (factor, offset, label, colours) = look(reel.parameter);
        let scaled: Vec<Vec<f64>> = reel
            .frames
            .iter()
            .map(|frame| frame.iter().map(|value| factor * f64::from(*value) + offset).collect())
            .collect();
        let levels = common_levels(scaled.iter().map(Vec::as_slice), COLOURS);
        let isobars = reel.parameter.short_name == "prmsl";
        let path = self.folder.join(format!("animation_{}.png", reel.name));
        save_animation(&path, scaled.len() as u32, self.seconds, |number| {
            let (values, hour) = (&scaled[number as usize], self.hours[number as usize]);
            let valid = self.reference.plus_seconds((3600.0 * hour).round() as i64);
            let lines = Contours {
                layout,
                values,
                levels: (180..220).map(|number| 5.0 * f64::from(number)).collect(),
                colour: Colour::INK,
                width: 1.0,
                numbers: true,
                bold_every: 0,
                dash_negative: false,
                extremes: true,
            };
            let map = Map {
                title: String::new(),
                subtitle: String::new(),
                projection: self.projection,
                shading: Some(Shading {
                    layout,
                    values,
                    levels: levels.clone(),
                    colours,
                    smooth: false,
                    label: label.clone(),
                }),
                contours: if isobars { vec![lines] } else { Vec::new() },
                wind: None,
            };
            let page = Page {
                title: format!("{} ({})", reel.parameter.long_name, reel.name),
                subtitle: format!("+{hour:.0} h, valid {}", clock(valid)),
                columns: 1,
                panels: vec![&map],
                footer: self.footer.into(),
            };
            Ok::<_, crate::error::Error>(page.draw(self.width)?)
        })?;
        Ok(path)
    }
}

impl Observer for Film {
    fn name(&self) -> &'static str {
        "film"
    }

    fn observe(&mut self, moment: &Moment<'_>) -> Result<()> {
        self.layout.get_or_insert_with(|| moment.layout.clone());
        for (number, name) in self.titles(moment).iter().enumerate() {
            let field = require(moment, name, "output", "animation_fields")?;
            if number == self.reels.len() {
                self.reels.push(Reel { name: field.name, parameter: field.parameter, frames: Vec::new() });
            }
            self.reels[number].parameter = field.parameter;
            self.reels[number].frames.push(field.values.iter().map(|value| *value as f32).collect());
        }
        self.hours.push(moment.hour);
        Ok(())
    }

    fn memory(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        push(&mut bytes, &self.hours);
        push(&mut bytes, &[self.reels.len() as f64]);
        for reel in &self.reels {
            let name: Vec<f64> = reel.name.bytes().map(f64::from).collect();
            push(&mut bytes, &name);
            reel.frames.iter().for_each(|frame| push_narrow(&mut bytes, frame));
        }
        bytes
    }

    fn restore(&mut self, memory: &[u8]) -> Option<()> {
        let mut memory = Memory(memory);
        self.hours = memory.numbers()?;
        let reels = *memory.numbers()?.first()? as usize;
        self.reels = (0..reels)
            .map(|_| {
                let name = memory.numbers()?.into_iter().map(|letter| letter as u8).collect();
                let frames = self.hours.iter().map(|_| memory.narrow()).collect::<Option<Vec<_>>>()?;
                // The parameter comes with the next time.
                let parameter = Parameter::SEA_LEVEL_PRESSURE;
                Some(Reel { name: String::from_utf8(name).ok()?, parameter, frames })
            })
            .collect::<Option<Vec<_>>>()?;
        let names: Vec<&String> = self.reels.iter().map(|reel| &reel.name).collect();
        match &self.wanted {
            Automatic::Given(wanted) if names != wanted.iter().collect::<Vec<_>>() => None,
            _ => memory.end(),
        }
    }

    fn finish(&mut self) -> Result<Vec<PathBuf>> {
        let Some(layout) = &self.layout else { return Ok(Vec::new()) };
        self.reels.iter().map(|reel| self.draw(reel, layout)).collect()
    }
}

/// Factor and offset to the unit of the scale, its words, and colours.
fn look(parameter: Parameter) -> (f64, f64, String, ColourMap) {
    let in_unit = |unit: &str| format!("{} [{unit}]", parameter.long_name);
    match parameter.units {
        "Pa" => (0.01, 0.0, in_unit("hPa"), ColourMap::Height),
        "K" => (1.0, -273.15, in_unit("°C"), ColourMap::Warmth),
        "m s-1" if parameter.standard_name == "wind_speed" => (1.0, 0.0, in_unit("m/s"), ColourMap::Wind),
        "m s-1" => (1.0, 0.0, in_unit("m/s"), ColourMap::Difference),
        "s-1" => (1e5, 0.0, in_unit("10⁻⁵/s"), ColourMap::Difference),
        "m" => (1.0, 0.0, in_unit("m"), ColourMap::Height),
        "kg m-2" => (1.0, 0.0, in_unit("kg/m²"), ColourMap::Wind),
        other => (1.0, 0.0, in_unit(other), ColourMap::Height),
    }
}
