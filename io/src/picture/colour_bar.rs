//! Colours for bands of values, and the bar that explains them.

use super::canvas::{Canvas, Point};
use super::colour::{Colour, ColourMap};
use super::text::{self, Align, Style};
use super::ticks;

/// Which colour a value has.
pub(super) struct Bands {
    levels: Vec<f64>,
    /// Below the first level, between the levels, above the last.
    colours: Vec<Colour>,
    smooth: Option<ColourMap>,
}

impl Bands {
    pub(super) fn new(levels: &[f64], map: ColourMap, smooth: bool) -> Self {
        let colours = map.steps(levels.len() + 1);
        Self { levels: levels.to_vec(), colours, smooth: smooth.then_some(map) }
    }

    /// None for NaN.
    pub(super) fn colour(&self, value: f64) -> Option<Colour> {
        if value.is_nan() {
            return None;
        }
        let (low, high) = (self.levels[0], self.levels[self.levels.len() - 1]);
        match self.smooth {
            Some(map) if high > low => Some(map.at((value - low) / (high - low))),
            _ => Some(self.colours[self.levels.partition_point(|&level| level <= value)]),
        }
    }

    /// Height of the bar with its labels (pixels).
    pub(super) fn height(scale: f32) -> f32 {
        62.0 * scale
    }

    /// Draws the bar at `place` (upper left) with the levels below it and `label` at its right end.
    ///
    /// `beyond`: whether there are values below the first and above the last level, which get pointed ends.
    pub(super) fn draw(
        &self,
        canvas: &mut Canvas,
        place: Point,
        width: f32,
        scale: f32,
        label: &str,
        beyond: (bool, bool),
    ) {
        let (x, y) = place;
        let style = Style::new(20.0 * scale);
        let (height, tip) = (20.0 * scale, 20.0 * scale);
        let word = style.measure(label);
        let bar = width - word - 2.0 * tip - if word > 0.0 { 18.0 * scale } else { 0.0 };
        let left = x + tip;
        let inner = self.levels.len().saturating_sub(1).max(1);
        let at = |position: f32| left + bar * position / inner as f32;
        if let Some(map) = self.smooth {
            let columns = bar.ceil() as usize;
            for column in 0..columns {
                let colour = map.at(column as f64 / columns as f64);
                // A pixel more than its width, so that no seam shows.
                let wide = (bar - column as f32).min(2.0);
                canvas.rectangle((left + column as f32, y), wide, height, colour);
            }
        } else {
            for band in 0..inner {
                let colour = self.colours[band + 1];
                let seam = if band + 1 < inner { 1.0 } else { 0.0 };
                canvas.rectangle((at(band as f32), y), at(1.0) - at(0.0) + seam, height, colour);
            }
        }
        let right = left + bar;
        let first = self.smooth.map_or(self.colours[0], |map| map.at(0.0));
        let last = self.smooth.map_or(self.colours[self.levels.len()], |map| map.at(1.0));
        let mut edge = vec![(left, y)];
        if beyond.1 {
            canvas.polygon(&[(right, y), (right + tip, y + height / 2.0), (right, y + height)], last);
            edge.extend([(right, y), (right + tip, y + height / 2.0), (right, y + height)]);
        } else {
            edge.extend([(right, y), (right, y + height)]);
        }
        edge.push((left, y + height));
        if beyond.0 {
            canvas.polygon(&[(left, y), (left - tip, y + height / 2.0), (left, y + height)], first);
            edge.push((left - tip, y + height / 2.0));
        }
        edge.push((left, y));
        canvas.line(&edge, scale, Colour::INK);
        self.numbers(canvas, y + height, &style, scale, &at);
        let place = (x + width - word, y + height / 2.0 + style.capital_height() / 2.0);
        text::draw(canvas, label, place, &style);
    }

    /// The levels below the bar: all, or every second, fifth, ... where they would touch.
    fn numbers(&self, canvas: &mut Canvas, y: f32, style: &Style, scale: f32, at: &dyn Fn(f32) -> f32) {
        let step = self.levels.windows(2).map(|pair| pair[1] - pair[0]).fold(f64::MAX, f64::min);
        let step = if step < f64::MAX { step } else { 1.0 };
        let labels: Vec<String> = self.levels.iter().map(|&level| ticks::label(level, step)).collect();
        let widest = labels.iter().map(|label| style.measure(label)).fold(0.0, f32::max);
        let room = at(1.0) - at(0.0);
        let every = [1, 2, 4, 5, 10, 20, 50].into_iter().find(|&n| room * n as f32 > widest + 14.0 * scale);
        let every = every.unwrap_or(100);
        // Zero keeps its label where the levels have it.
        let shift = self.levels.iter().position(|level| level.abs() < 1e-9 * step).unwrap_or(0) % every;
        for (index, label) in labels.iter().enumerate().filter(|(index, _)| index % every == shift) {
            let x = at(index as f32);
            canvas.line(&[(x, y), (x, y + 5.0 * scale)], scale, Colour::INK);
            let place = (x, y + 9.0 * scale + style.capital_height());
            text::draw(canvas, label, place, &style.align(Align::Centre));
        }
    }
}
