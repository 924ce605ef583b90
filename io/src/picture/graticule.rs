//! Meridians and parallels of a map.

use super::canvas::Canvas;
use super::colour::Colour;
use super::drawing::Drawing;
use super::projection::Projection;
use super::text::{self, Align, Style};

impl Drawing {
    /// Meridians and parallels, with numbers at the left and below.
    pub(super) fn graticule(&self, canvas: &mut Canvas) {
        let (west, east, south, north) = self.bounds();
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
}

fn degrees(value: f64, positive: char, negative: char) -> String {
    let number = value.abs();
    match value {
        0.0 => "0°".into(),
        _ if number == 180.0 => "180°".into(),
        _ => format!("{number}°{}", if value > 0.0 { positive } else { negative }),
    }
}
