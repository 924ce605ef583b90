//! Maps: shaded values, contour lines with numbers, wind arrows, coasts and a graticule.

use super::canvas::{Canvas, Point};
use super::colour::{Colour, ColourMap};
use super::colour_bar::Bands;
use super::drawing::Drawing;
use super::page::{Page, Panel};
use super::projection::Projection;
use super::sampling::Sampled;
use super::text::{self, Style};
use crate::error::{Error, Result};
use crate::layout::Layout;

/// Values as colours.
#[derive(Clone, Debug)]
pub struct Shading<'a> {
    /// Where the values are.
    pub layout: &'a Layout,
    /// One per point; NaN stays white.
    pub values: &'a [f64],
    /// Borders of the colours, rising; at least one.
    pub levels: Vec<f64>,
    /// The colours.
    pub colours: ColourMap,
    /// Colours flow into each other instead of changing at the levels.
    pub smooth: bool,
    /// Words and unit beside the colour bar.
    pub label: String,
}

/// Lines of equal value.
#[derive(Clone, Debug)]
pub struct Contours<'a> {
    /// Where the values are.
    pub layout: &'a Layout,
    /// One per point.
    pub values: &'a [f64],
    /// Values of the lines.
    pub levels: Vec<f64>,
    /// The lines' colour.
    pub colour: Colour,
    /// The lines' width (pixels at scale 1).
    pub width: f32,
    /// Write the values on the lines.
    pub numbers: bool,
    /// Every so many lines one is bold; 0: none. Counted from zero.
    pub bold_every: usize,
    /// Lines below zero are dashed.
    pub dash_negative: bool,
    /// Write H and L with the value at highs and lows of the field (as of height or pressure).
    pub extremes: bool,
}

/// Wind as arrows.
#[derive(Clone, Debug)]
pub struct Wind<'a> {
    /// Where the values are.
    pub layout: &'a Layout,
    /// Eastward wind (m/s).
    pub eastward: &'a [f64],
    /// Northward wind (m/s).
    pub northward: &'a [f64],
    /// Speed (m/s) whose arrow is as long as the distance between arrows.
    pub reference: f64,
}

/// A map.
#[derive(Clone, Debug)]
pub struct Map<'a> {
    /// Title above the map; may be empty.
    pub title: String,
    /// Line below the title; may be empty.
    pub subtitle: String,
    /// How the globe is laid flat.
    pub projection: Projection,
    /// Colours.
    pub shading: Option<Shading<'a>>,
    /// Lines, drawn in order.
    pub contours: Vec<Contours<'a>>,
    /// Arrows.
    pub wind: Option<Wind<'a>>,
}

impl Map<'_> {
    /// The map as a picture of a given width (pixels).
    pub fn picture(&self, width: u32) -> Result<Canvas> {
        Page {
            title: String::new(),
            subtitle: String::new(),
            columns: 1,
            panels: vec![self],
            footer: String::new(),
        }
        .draw(width)
    }

    /// Height of title and subtitle, and width and height of the map itself.
    fn sizes(&self, width: f32, scale: f32) -> (f32, f32, f32) {
        let mut head = 24.0 * scale;
        if !self.title.is_empty() {
            head += 40.0 * scale;
        }
        if !self.subtitle.is_empty() {
            head += 32.0 * scale;
        }
        let aspect = self.projection.aspect() as f32;
        // Room for the numbers of the graticule at the left; tall maps leave room at both sides.
        let full = width - 84.0 * scale;
        let map_width = full.min(0.72 * width * aspect);
        (head, map_width, map_width / aspect)
    }

    /// The map's rectangle on a panel.
    pub(super) fn drawing(&self, origin: Point, width: f32, scale: f32) -> Drawing {
        let (head, map_width, map_height) = self.sizes(width, scale);
        let corner = (origin.0 + (width - map_width) / 2.0 + 14.0 * scale, origin.1 + head);
        Drawing { projection: self.projection, corner, width: map_width, height: map_height, scale }
    }
}

impl Panel for Map<'_> {
    fn height(&self, width: f32, scale: f32) -> f32 {
        let (head, _, map_height) = self.sizes(width, scale);
        let bar = if self.shading.is_some() { 22.0 * scale + Bands::height(scale) } else { 0.0 };
        head + map_height + 30.0 * scale + bar + 10.0 * scale
    }

    fn draw(&self, canvas: &mut Canvas, origin: Point, width: f32, scale: f32) -> Result<()> {
        let left = origin.0 + 14.0 * scale;
        let mut base = origin.1;
        for (line, style, advance) in [
            (&self.title, Style::new(34.0 * scale).medium(), 40.0),
            (&self.subtitle, Style::new(23.0 * scale).colour(Colour::GREY), 32.0),
        ] {
            if !line.is_empty() {
                base += advance * scale;
                let place = (left, base - (advance - 34.0).max(0.0) * scale * 0.5);
                text::draw_fitted(canvas, line, place, width - 28.0 * scale, &style);
            }
        }
        let drawing = self.drawing(origin, width, scale);
        let mut beyond = (false, false);
        let mut bands = None;
        if let Some(shading) = &self.shading {
            if shading.levels.is_empty() || shading.levels.windows(2).any(|pair| pair[0] >= pair[1]) {
                return Err(Error::InvalidValue {
                    name: format!("levels of '{}'", shading.label),
                    got: format!("{:?}", shading.levels),
                    expected: "rising numbers, at least one".into(),
                });
            }
            let field = Sampled::new(&shading.label, shading.layout, shading.values)?;
            let colours = Bands::new(&shading.levels, shading.colours, shading.smooth);
            drawing.shade(canvas, &field, &colours);
            let (first, last) = (shading.levels[0], shading.levels[shading.levels.len() - 1]);
            beyond = (
                shading.values.iter().any(|&value| value < first),
                shading.values.iter().any(|&value| value > last),
            );
            bands = Some((colours, &shading.label));
        }
        drawing.graticule(canvas);
        drawing.coasts(canvas);
        if let Some(wind) = &self.wind {
            let eastward = Sampled::new("eastward wind", wind.layout, wind.eastward)?;
            let northward = Sampled::new("northward wind", wind.layout, wind.northward)?;
            drawing.arrows(canvas, &eastward, &northward, wind.reference);
        }
        for contours in &self.contours {
            let field = Sampled::new("contours", contours.layout, contours.values)?;
            drawing.contours(canvas, &field, contours);
        }
        drawing.frame(canvas);
        if let Some((bands, label)) = bands {
            let bar = (width * 0.86).min(width - 60.0 * scale);
            let place = (origin.0 + (width - bar) / 2.0, drawing.corner.1 + drawing.height + 52.0 * scale);
            bands.draw(canvas, place, bar, scale, label, beyond);
        }
        Ok(())
    }
}
