//! Contour lines of a map with their numbers, and the field's highs and lows.

use super::canvas::{Canvas, Point};
use super::colour::Colour;
use super::contour::{self, Lattice};
use super::drawing::Drawing;
use super::extremes;
use super::labelling::Labels;
use super::map::Contours;
use super::sampling::Sampled;
use super::text::{self, Align, Style};
use super::ticks;

impl Drawing {
    pub(super) fn contours(&self, canvas: &mut Canvas, field: &Sampled, contours: &Contours) {
        let (west, east, south, north) = self.bounds();
        // A lattice point every three pixels follows every bend that can be seen.
        let columns = ((self.width / 3.0) as usize).clamp(180, 1440) + 1;
        let rows = ((self.height / 3.0) as usize).clamp(90, 720) + 1;
        let longitude = |column: f64| west + (east - west) * column / (columns - 1) as f64;
        let latitude = |row: f64| north - (north - south) * row / (rows - 1) as f64;
        let values = (0..rows)
            .flat_map(|row| (0..columns).map(move |column| (column as f64, row as f64)))
            .map(|(column, row)| field.at(longitude(column), latitude(row)))
            .collect();
        let lattice = Lattice { columns, rows, values };
        let middle = self.projection.middle();
        let step = contours.levels.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(f64::MAX, f64::min);
        let step = if step < f64::MAX { step } else { 1.0 };
        let is_inside = |x: f32, y: f32| {
            let (x, y) = self.to_map(x, y);
            self.projection.inverse(x, y).is_some()
        };
        let mut labels = Labels::new(self.scale, &is_inside);
        // Nearby is 12°, whatever part of the globe the map shows.
        let reach = (12.0 / (east - west) * columns as f64) as usize;
        let around = east - west >= 360.0;
        let marks = if contours.extremes { extremes::find(&lattice, around, reach) } else { Vec::new() };
        let marks: Vec<(extremes::Extreme, Point)> = marks
            .into_iter()
            .filter_map(|mark| {
                let relative = longitude(mark.column as f64) - middle;
                let place = self.projection.forward_relative(relative, latitude(mark.row as f64))?;
                Some((mark, self.to_sheet(place)))
            })
            .filter(|(_, place)| labels.reserve(*place, 26.0 * self.scale.max(0.8)))
            .collect();
        let edge = self.edge();
        let mut words = Vec::new();
        canvas.clipped(&edge, |canvas| {
            for &level in &contours.levels {
                let mut pieces: Vec<Vec<Point>> = contour::trace(&lattice, level)
                    .into_iter()
                    .flat_map(|line| {
                        let places =
                            line.into_iter().map(|(column, row)| (longitude(column) - middle, latitude(row)));
                        self.pieces(places)
                    })
                    .collect();
                if contours.numbers {
                    let word = ticks::label(level, step);
                    pieces =
                        pieces.into_iter().flat_map(|line| labels.place(&word, line, &mut words)).collect();
                }
                let ordinal = (level / step).round() as i64;
                let bold = contours.bold_every > 0 && ordinal.rem_euclid(contours.bold_every as i64) == 0;
                let width = contours.width * self.scale.max(0.7) * if bold { 2.0 } else { 1.0 };
                let dash =
                    (contours.dash_negative && level < 0.0).then_some([7.0 * self.scale, 5.0 * self.scale]);
                canvas.lines(pieces.iter().map(Vec::as_slice), width, contours.colour, dash);
            }
            for (mark, (x, y)) in &marks {
                let (letter, colour) = if mark.is_high {
                    ("H", Colour::opaque(20, 60, 160))
                } else {
                    ("L", Colour::opaque(180, 25, 30))
                };
                let halo = (2.4 * self.scale, Colour::WHITE.with_opacity(210));
                let large =
                    Style::new(27.0 * self.scale.max(0.8)).medium().align(Align::Centre).colour(colour);
                text::draw(canvas, letter, (*x, *y), &large.halo(halo.0, halo.1));
                let small = Style::new(14.5 * self.scale.max(0.8)).align(Align::Centre).colour(colour);
                let number = ticks::label(mark.value.round(), 1.0);
                let below = y + small.capital_height() + 4.0 * self.scale;
                text::draw(canvas, &number, (*x, below), &small.halo(halo.0, halo.1));
            }
            for (word, place, rotation) in &words {
                let style = labels.style().colour(contours.colour).rotated(*rotation);
                let style =
                    style.align(Align::Centre).halo(2.2 * self.scale, Colour::WHITE.with_opacity(190));
                text::draw(canvas, word, *place, &style);
            }
        });
    }
}
