//! The layers of a map inside its rectangle.

use super::canvas::{Canvas, Point};
use super::coastline;
use super::colour::Colour;
use super::colour_bar::Bands;
use super::contour::{self, Lattice};
use super::extremes;
use super::labelling::Labels;
use super::map::Contours;
use super::projection::Projection;
use super::sampling::Sampled;
use super::text::{self, Align, Style};
use super::ticks;

/// A map's projection and place on the sheet.
pub(super) struct Drawing {
    pub(super) projection: Projection,
    /// Upper left corner [pixels].
    pub(super) corner: Point,
    pub(super) width: f32,
    pub(super) height: f32,
    pub(super) scale: f32,
}

impl Drawing {
    fn to_sheet(&self, (x, y): (f64, f64)) -> Point {
        (
            self.corner.0 + self.width * (0.5 + 0.5 * x as f32),
            self.corner.1 + self.height * (0.5 - 0.5 * y as f32),
        )
    }

    fn to_map(&self, x: f32, y: f32) -> (f64, f64) {
        (
            f64::from((x - self.corner.0) / self.width) * 2.0 - 1.0,
            1.0 - 2.0 * f64::from((y - self.corner.1) / self.height),
        )
    }

    fn edge(&self) -> Vec<Point> {
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
                    let mean = |sum: u32| if count == 0 { 0 } else { (sum / count) as u8 };
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
    fn pieces(&self, line: impl Iterator<Item = (f64, f64)>) -> Vec<Vec<Point>> {
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

    fn relative(&self, longitude: f64) -> f64 {
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

    /// Meridians and parallels, with numbers at the left and below.
    pub(super) fn graticule(&self, canvas: &mut Canvas) {
        let (west, east, south, north) = match self.projection {
            Projection::Region { west, east, south, north } => (west, east, south, north),
            _ => (self.projection.middle() - 180.0, self.projection.middle() + 180.0, -90.0, 90.0),
        };
        let middle = self.projection.middle();
        let step = |span: f64| {
            [1.0, 2.0, 5.0, 10.0, 15.0, 30.0].into_iter().find(|step| span / step <= 12.0).unwrap_or(30.0)
        };
        let multiples = |low: f64, high: f64, step: f64| {
            ((low / step).ceil() as i64..=(high / step).floor() as i64).map(move |k| k as f64 * step)
        };
        let meridians: Vec<f64> = multiples(west, east, step(east - west)).collect();
        let parallels: Vec<f64> =
            multiples(south, north, step(north - south)).filter(|p| p.abs() < 90.0).collect();
        let along =
            |low: f64, high: f64| (0..=180).map(move |part| low + (high - low) * f64::from(part) / 180.0);
        let mut lines = Vec::new();
        for &meridian in &meridians {
            lines.extend(self.pieces(along(south, north).map(|latitude| (meridian - middle, latitude))));
        }
        for &parallel in &parallels {
            lines.extend(
                self.pieces(along(west - middle, east - middle).map(|relative| (relative, parallel))),
            );
        }
        let colour = Colour::INK.with_opacity(70);
        canvas.lines(lines.iter().map(Vec::as_slice), 0.8 * self.scale, colour, None);
        if matches!(self.projection, Projection::Orthographic { .. }) {
            return;
        }
        let style = Style::new(17.0 * self.scale).colour(Colour::GREY);
        for &parallel in &parallels {
            let Some(place) = self.projection.forward_relative(west - middle, parallel) else { continue };
            let (x, y) = self.to_sheet(place);
            let place = (x - 8.0 * self.scale, y + style.capital_height() / 2.0);
            text::draw(canvas, &degrees(parallel, 'N', 'S'), place, &style.align(Align::Right));
        }
        let base = self.corner.1 + self.height + 8.0 * self.scale + style.capital_height();
        let placed: Vec<(f32, String)> = meridians
            .iter()
            .filter_map(|&meridian| {
                let place = self.projection.forward_relative(meridian - middle, south)?;
                let turned = (meridian + 180.0).rem_euclid(360.0) - 180.0;
                Some((self.to_sheet(place).0, degrees(turned, 'E', 'W')))
            })
            .collect();
        // All, or every second, third, ... counted from the middle, where they would touch.
        let half = placed.iter().map(|(_, word)| style.measure(word) / 2.0).fold(0.0, f32::max);
        let room = placed.windows(2).map(|pair| pair[1].0 - pair[0].0).fold(f32::MAX, f32::min);
        let every = ((2.0 * half + 10.0 * self.scale) / room).ceil().max(1.0) as usize;
        let shift = placed.len() / 2 % every;
        for (x, word) in placed.iter().skip(shift).step_by(every) {
            text::draw(canvas, word, (*x, base), &style.align(Align::Centre));
        }
    }

    pub(super) fn contours(&self, canvas: &mut Canvas, field: &Sampled, contours: &Contours) {
        let (west, east, south, north) = match self.projection {
            Projection::Region { west, east, south, north } => (west, east, south, north),
            _ => (self.projection.middle() - 180.0, self.projection.middle() + 180.0, -90.0, 90.0),
        };
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
        let marks =
            if contours.extremes { extremes::find(&lattice, east - west >= 360.0) } else { Vec::new() };
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

    /// Arrows at even distances on the sheet.
    pub(super) fn arrows(
        &self,
        canvas: &mut Canvas,
        eastward: &Sampled,
        northward: &Sampled,
        reference: f64,
    ) {
        let distance = 30.0 * self.scale.max(0.6);
        let edge = self.edge();
        let (columns, rows) = ((self.width / distance) as usize, (self.height / distance) as usize);
        let mut shafts = Vec::new();
        let mut heads = Vec::new();
        for row in 0..=rows {
            for column in 0..=columns {
                let (x, y) = (
                    self.corner.0 + (column as f32 + 0.5) * distance,
                    self.corner.1 + (row as f32 + 0.5) * distance,
                );
                let (map_x, map_y) = self.to_map(x, y);
                let Some((longitude, latitude)) = self.projection.inverse(map_x, map_y) else { continue };
                let (u, v) = (eastward.at(longitude, latitude), northward.at(longitude, latitude));
                let speed = u.hypot(v);
                if speed.is_nan() || speed < 0.08 * reference || latitude.abs() > 88.0 {
                    continue;
                }
                // The direction on the sheet: where a short way with the wind leads.
                let (part_u, part_v) = (0.2 * u / speed, 0.2 * v / speed);
                let ahead = (longitude + part_u / latitude.to_radians().cos(), latitude + part_v);
                let Some(ahead) = self.projection.forward(ahead.0, ahead.1) else { continue };
                let (ahead_x, ahead_y) = self.to_sheet(ahead);
                let (dx, dy) = (ahead_x - x, ahead_y - y);
                let way = dx.hypot(dy);
                if !(1e-3..0.25 * self.width).contains(&way) {
                    continue;
                }
                let length = distance * (speed / reference).min(1.6) as f32;
                let (dx, dy) = (dx / way, dy / way);
                let tip = (x + dx * length / 2.0, y + dy * length / 2.0);
                let tail = (x - dx * length / 2.0, y - dy * length / 2.0);
                let head = (0.38 * length).min(9.0 * self.scale.max(0.6));
                let neck = (tip.0 - dx * head, tip.1 - dy * head);
                let side = (-dy * head * 0.42, dx * head * 0.42);
                shafts.push([tail, neck]);
                heads.push([tip, (neck.0 + side.0, neck.1 + side.1), (neck.0 - side.0, neck.1 - side.1)]);
            }
        }
        canvas.clipped(&edge, |canvas| {
            let colour = Colour::INK.with_opacity(225);
            canvas.lines(
                shafts.iter().map(|shaft| shaft.as_slice()),
                1.3 * self.scale.max(0.7),
                colour,
                None,
            );
            for head in &heads {
                canvas.polygon(head, colour);
            }
        });
    }

    /// The map's edge.
    pub(super) fn frame(&self, canvas: &mut Canvas) {
        canvas.line(&self.edge(), 1.8 * self.scale, Colour::INK);
    }
}

fn degrees(value: f64, positive: char, negative: char) -> String {
    let number = value.abs();
    match value {
        0.0 => "0°".into(),
        _ if number == 180.0 => "180°".into(),
        _ => format!("{number}°{}", if value > 0.0 { positive } else { negative }),
    }
}
