//! Coloured dots at places on a map, with a colour bar.

use super::canvas::{Canvas, Point};
use super::colour::{Colour, ColourMap};
use super::colour_bar::Bands;
use super::map::Map;
use super::page::Panel;
use super::tracks::circle;
use crate::error::{Error, Result};

/// A map with a dot for each station. The map itself has no shading: the colour bar is that of the dots.
#[derive(Clone, Debug)]
pub struct StationMap<'a> {
    /// The map.
    pub map: Map<'a>,
    /// Longitude, latitude (degrees) and value, drawn in order; those without a value are left out.
    pub places: Vec<(f64, f64, f64)>,
    /// Borders of the colours, rising; at least one.
    pub levels: Vec<f64>,
    /// The colours.
    pub colours: ColourMap,
    /// Words and unit beside the colour bar.
    pub label: String,
}

impl StationMap<'_> {
    /// Room between the map and the bar.
    fn gap(scale: f32) -> f32 {
        22.0 * scale
    }
}

impl Panel for StationMap<'_> {
    fn height(&self, width: f32, scale: f32) -> f32 {
        self.map.height(width, scale) + Self::gap(scale) + Bands::height(scale)
    }

    fn draw(&self, canvas: &mut Canvas, origin: Point, width: f32, scale: f32) -> Result<()> {
        let rises = self.levels.windows(2).all(|pair| pair[0] < pair[1]);
        if self.levels.is_empty() || !rises || self.map.shading.is_some() {
            return Err(Error::InvalidValue {
                name: format!("levels of '{}'", self.label),
                got: format!("{:?}, shading: {}", self.levels, self.map.shading.is_some()),
                expected: "rising numbers, at least one, and a map without shading".into(),
            });
        }
        self.map.draw(canvas, origin, width, scale)?;
        let drawing = self.map.drawing(origin, width, scale);
        let bands = Bands::new(&self.levels, self.colours, false);
        // Many dots are small ones.
        let radius = (9.0 - 1.5 * (self.places.len().max(1) as f32).log10()).max(3.0) * scale;
        canvas.clipped(&drawing.edge(), |canvas| {
            for &(longitude, latitude, value) in &self.places {
                let place = drawing.projection.forward_relative(drawing.relative(longitude), latitude);
                let Some((place, colour)) = place.zip(bands.colour(value)) else { continue };
                let centre = drawing.to_sheet(place);
                canvas.polygon(&circle(centre, radius + scale), Colour::INK);
                canvas.polygon(&circle(centre, radius), colour);
            }
        });
        let (first, last) = (self.levels[0], self.levels[self.levels.len() - 1]);
        let beyond =
            (self.places.iter().any(|place| place.2 < first), self.places.iter().any(|place| place.2 > last));
        let bar = (width * 0.86).min(width - 60.0 * scale);
        let place = (origin.0 + (width - bar) / 2.0, drawing.corner.1 + drawing.height + 52.0 * scale);
        bands.draw(canvas, place, bar, scale, &self.label, beyond);
        Ok(())
    }
}
