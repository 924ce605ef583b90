//! Tracks on a map: lines through places, with a dot at each and a ring at the first.

use super::canvas::{Canvas, Point};
use super::colour::Colour;
use super::drawing::Drawing;
use super::map::Map;
use super::page::Panel;
use super::text::{self, Align, Style};
use crate::error::Result;

/// A way through places.
#[derive(Clone, Debug, PartialEq)]
pub struct MapTrack {
    /// Longitude and latitude (degrees) in order, and whether the dot there is filled.
    pub places: Vec<(f64, f64, bool)>,
    /// Colour of line and dots.
    pub colour: Colour,
    /// Words beside the last place; may be empty.
    pub label: String,
}

/// A map with tracks drawn over it.
#[derive(Clone, Debug)]
pub struct TrackedMap<'a> {
    /// The map.
    pub map: Map<'a>,
    /// Drawn in order.
    pub tracks: Vec<MapTrack>,
}

impl Panel for TrackedMap<'_> {
    fn height(&self, width: f32, scale: f32) -> f32 {
        self.map.height(width, scale)
    }

    fn draw(&self, canvas: &mut Canvas, origin: Point, width: f32, scale: f32) -> Result<()> {
        self.map.draw(canvas, origin, width, scale)?;
        let drawing = self.map.drawing(origin, width, scale);
        let edge = drawing.edge();
        canvas.clipped(&edge, |canvas| {
            for track in &self.tracks {
                draw(canvas, &drawing, track, scale);
            }
        });
        Ok(())
    }
}

fn draw(canvas: &mut Canvas, drawing: &Drawing, track: &MapTrack, scale: f32) {
    let line = track.places.iter().map(|&(longitude, latitude, _)| (drawing.relative(longitude), latitude));
    let pieces = drawing.pieces(line);
    canvas.lines(pieces.iter().map(Vec::as_slice), 4.6 * scale, Colour::WHITE.with_opacity(200), None);
    canvas.lines(pieces.iter().map(Vec::as_slice), 2.4 * scale, track.colour, None);
    let mut last = None;
    for (number, &(longitude, latitude, filled)) in track.places.iter().enumerate() {
        let place = drawing.projection.forward_relative(drawing.relative(longitude), latitude);
        let Some(centre) = place.map(|place| drawing.to_sheet(place)) else { continue };
        let radius = if number == 0 { 7.0 } else { 4.2 } * scale;
        canvas.polygon(&circle(centre, radius + 1.4 * scale), Colour::WHITE);
        canvas.polygon(&circle(centre, radius), track.colour);
        if !filled {
            canvas.polygon(&circle(centre, radius - 1.8 * scale), Colour::WHITE);
        }
        last = Some(centre);
    }
    if let Some((x, y)) = last.filter(|_| !track.label.is_empty()) {
        let style = Style::new(17.0 * scale).medium().align(Align::Left).halo(3.0 * scale, Colour::WHITE);
        text::draw(canvas, &track.label, (x + 8.0 * scale, y - 6.0 * scale), &style.colour(track.colour));
    }
}

pub(super) fn circle((x, y): Point, radius: f32) -> Vec<Point> {
    (0..24)
        .map(|corner| {
            let (sine, cosine) = (std::f32::consts::TAU * corner as f32 / 24.0).sin_cos();
            (x + radius * cosine, y + radius * sine)
        })
        .collect()
}
