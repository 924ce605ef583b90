//! A map's rectangle on the sheet, its shading, coasts and edge. Further layers: `graticule`, `isolines`, `arrows`.

use super::canvas::{Canvas, Point};
use super::coastline;
use super::colour::Colour;
use super::colour_bar::Bands;
use super::projection::Projection;
use super::sampling::Sampled;

/// A map's projection and place on the sheet.
pub(super) struct Drawing {
    pub(super) projection: Projection,
    /// Upper left corner (pixels).
    pub(super) corner: Point,
    pub(super) width: f32,
    pub(super) height: f32,
    pub(super) scale: f32,
}

impl Drawing {
    pub(super) fn to_sheet(&self, (x, y): (f64, f64)) -> Point {
        (
            self.corner.0 + self.width * (0.5 + 0.5 * x as f32),
            self.corner.1 + self.height * (0.5 - 0.5 * y as f32),
        )
    }

    pub(super) fn to_map(&self, x: f32, y: f32) -> (f64, f64) {
        (
            f64::from((x - self.corner.0) / self.width) * 2.0 - 1.0,
            1.0 - 2.0 * f64::from((y - self.corner.1) / self.height),
        )
    }

    pub(super) fn edge(&self) -> Vec<Point> {
        self.projection.edge().into_iter().map(|place| self.to_sheet(place)).collect()
    }

    /// Colours every pixel by the mean of four samples, so that borders of colours are smooth.
    pub(super) fn shade(&self, canvas: &mut Canvas, field: &Sampled, bands: &Bands) {
        let first_column = self.corner.0.floor().max(0.0) as u32;
        let last_column = ((self.corner.0 + self.width).ceil() as u32).min(canvas.width());
        let first_row = self.corner.1.floor().max(0.0) as u32;
        let last_row = ((self.corner.1 + self.height).ceil() as u32).min(canvas.height());
        let colour_row = |row: u32| -> Vec<Colour> {
            let lines = [0.25, 0.75].map(|part| self.projection.row(self.to_map(0.0, row as f32 + part).1));
            (first_column..last_column)
                .map(|column| {
                    let (mut red, mut green, mut blue, mut count) = (0, 0, 0, 0);
                    for line in &lines {
                        for part in [0.25, 0.75] {
                            let x = self.to_map(column as f32 + part, 0.0).0;
                            let place = line.inverse(x);
                            let value = place.map_or(f64::NAN, |(east, north)| field.at(east, north));
                            if let Some(colour) = bands.colour(value) {
                                red += u32::from(colour.red);
                                green += u32::from(colour.green);
                                blue += u32::from(colour.blue);
                                count += 1;
                            }
                        }
                    }
                    let mean = |sum: u32| sum.checked_div(count).unwrap_or(0) as u8;
                    Colour::opaque(mean(red), mean(green), mean(blue)).with_opacity((count * 255 / 4) as u8)
                })
                .collect()
        };
        let rows: Vec<u32> = (first_row..last_row).collect();
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let share = rows.len().div_ceil(threads).max(1);
        std::thread::scope(|scope| {
            let parts: Vec<_> = rows
                .chunks(share)
                .map(|rows| scope.spawn(move || rows.iter().map(|&row| colour_row(row)).collect::<Vec<_>>()))
                .collect();
            for (rows, part) in rows.chunks(share).zip(parts) {
                let colours = part.join().expect("colouring of rows does not panic");
                for (&row, colours) in rows.iter().zip(&colours) {
                    canvas.paint_row(row, first_column, colours);
                }
            }
        });
    }

    /// A line of longitudes (counted from the map's middle, −180 to 180) and latitudes, in pieces that are visible.
    pub(super) fn pieces(&self, line: impl Iterator<Item = (f64, f64)>) -> Vec<Vec<Point>> {
        let mut pieces = vec![Vec::new()];
        let mut before: Option<f64> = None;
        for (relative, latitude) in line {
            let place = self.projection.forward_relative(relative, latitude);
            let jump = before.is_some_and(|before| (relative - before).abs() > 180.0);
            if place.is_none() || jump {
                pieces.push(Vec::new());
            }
            if let Some(place) = place {
                pieces.last_mut().expect("there is always a piece").push(self.to_sheet(place));
            }
            before = Some(relative);
        }
        pieces.retain(|piece| piece.len() > 1);
        pieces
    }

    /// West, east, south and north of what the map shows.
    pub(super) fn bounds(&self) -> (f64, f64, f64, f64) {
        match self.projection {
            Projection::Region { west, east, south, north } => (west, east, south, north),
            _ => (self.projection.middle() - 180.0, self.projection.middle() + 180.0, -90.0, 90.0),
        }
    }

    /// Longitude counted from the map's middle, −180 to 180.
    pub(super) fn relative(&self, longitude: f64) -> f64 {
        (longitude - self.projection.middle() + 180.0).rem_euclid(360.0) - 180.0
    }

    pub(super) fn coasts(&self, canvas: &mut Canvas) {
        let pieces: Vec<Vec<Point>> = coastline::lines()
            .iter()
            .flat_map(|line| {
                self.pieces(line.iter().map(|&(longitude, latitude)| (self.relative(longitude), latitude)))
            })
            .filter(|piece| {
                let reach = |part: fn(&Point) -> f32| {
                    let (low, high) =
                        piece.iter().map(part).fold((f32::MAX, f32::MIN), |(a, b), x| (a.min(x), b.max(x)));
                    high - low
                };
                // Islands smaller than a pixel only make dirt.
                reach(|point| point.0) + reach(|point| point.1) > 1.5
            })
            .collect();
        let edge = self.edge();
        canvas.clipped(&edge, |canvas| {
            let (width, colour) = (1.1 * self.scale.max(0.6), Colour::INK.with_opacity(215));
            canvas.lines(pieces.iter().map(Vec::as_slice), width, colour, None);
        });
    }

    /// The map's edge.
    pub(super) fn frame(&self, canvas: &mut Canvas) {
        canvas.line(&self.edge(), 1.8 * self.scale, Colour::INK);
    }
}
