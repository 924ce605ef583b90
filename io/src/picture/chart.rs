//! Charts of one quantity over another, such as a forecast's conserved quantities over time.

use super::canvas::{Canvas, Point};
use super::colour::Colour;
use super::page::{Page, Panel};
use super::text::{self, Align, Style};
use super::ticks;
use crate::error::{Error, Result};

/// One line of a chart.
#[derive(Clone, Debug)]
pub struct Series {
    /// Name in the legend.
    pub name: String,
    /// Points x, y; a y that is not finite breaks the line.
    pub points: Vec<(f64, f64)>,
}

impl Series {
    /// The outline of bars of equal width from `low` on, such as a histogram's.
    pub fn bars(name: String, low: f64, width: f64, heights: &[f64]) -> Self {
        let border = |bar: usize| low + width * bar as f64;
        let mut points = vec![(low, 0.0)];
        for (bar, height) in heights.iter().enumerate() {
            points.extend([(border(bar), *height), (border(bar + 1), *height)]);
        }
        points.push((border(heights.len()), 0.0));
        Self { name, points }
    }
}

/// A chart with several lines.
#[derive(Clone, Debug)]
pub struct Chart {
    /// Title above the chart; may be empty.
    pub title: String,
    /// Words and unit of the horizontal axis.
    pub x_label: String,
    /// Words and unit of the vertical axis.
    pub y_label: String,
    /// The lines.
    pub series: Vec<Series>,
    /// Distance of the horizontal axis' ticks, such as 24 for hours; None: round numbers.
    pub x_step: Option<f64>,
    /// Height over width of the whole panel.
    pub aspect: f64,
}

impl Chart {
    /// The chart as a picture of a given width (pixels).
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

    fn range(&self) -> Result<((f64, f64), (f64, f64))> {
        let finite = self.series.iter().flat_map(|series| &series.points).filter(|(_, y)| y.is_finite());
        let wide = (f64::MAX, f64::MIN);
        let (x, y) = finite.fold((wide, wide), |(x, y), point| {
            ((x.0.min(point.0), x.1.max(point.0)), (y.0.min(point.1), y.1.max(point.1)))
        });
        if x.0 > x.1 {
            return Err(Error::InvalidValue {
                name: format!("series of chart '{}'", self.title),
                got: "without any finite value".into(),
                expected: "at least one point".into(),
            });
        }
        // A constant still needs an axis with a length.
        let open = |(low, high): (f64, f64)| {
            let least = 1e-12 * low.abs().max(high.abs()).max(1e-300);
            if high - low > least { (low, high) } else { (low - least.max(0.5), high + least.max(0.5)) }
        };
        Ok((open(x), open(y)))
    }
}

/// Where the data lie on the sheet.
struct Frame {
    left: f32,
    right: f32,
    top: f32,
    bottom: f32,
    x: (f64, f64),
    y: (f64, f64),
}

impl Frame {
    fn across(&self, x: f64) -> f32 {
        self.left + (self.right - self.left) * ((x - self.x.0) / (self.x.1 - self.x.0)) as f32
    }

    fn up(&self, y: f64) -> f32 {
        self.bottom - (self.bottom - self.top) * ((y - self.y.0) / (self.y.1 - self.y.0)) as f32
    }
}

impl Panel for Chart {
    fn height(&self, width: f32, _scale: f32) -> f32 {
        width * self.aspect as f32
    }

    fn draw(&self, canvas: &mut Canvas, origin: Point, width: f32, scale: f32) -> Result<()> {
        let ((x_low, x_high), (y_low, y_high)) = self.range()?;
        let height = self.height(width, scale);
        let style = Style::new(21.0 * scale);
        let title = Style::new(28.0 * scale).medium();
        let (x0, y0) = (origin.0 + 20.0 * scale, origin.1 + 12.0 * scale);
        let right = origin.0 + width - 32.0 * scale;
        let mut top = y0;
        if !self.title.is_empty() {
            top += title.capital_height();
            text::draw_fitted(canvas, &self.title, (x0, top), right - x0, &title);
            top += 20.0 * scale;
        }
        top = legend(canvas, &self.series, (x0, top), right, scale) + 26.0 * scale;

        let bottom = origin.1 + height - 78.0 * scale;
        let room = ((bottom - top) / (62.0 * scale)).max(2.0) as usize;
        let levels = ticks::nice_levels(y_low, y_high, room);
        let y_step = if levels.len() > 1 { levels[1] - levels[0] } else { 1.0 };
        let labels: Vec<String> = levels.iter().map(|&level| ticks::label(level, y_step)).collect();
        let widest = labels.iter().map(|label| style.measure(label)).fold(0.0, f32::max);
        let left = x0 + style.size + 14.0 * scale + widest + 12.0 * scale;
        let frame = Frame {
            left,
            right,
            top,
            bottom,
            x: (x_low, x_high),
            y: (levels[0], levels[levels.len() - 1].max(levels[0] + y_step)),
        };
        for (&level, label) in levels.iter().zip(&labels) {
            let y = frame.up(level);
            let zero = level.abs() < 1e-9 * y_step;
            let (thickness, colour) = if zero { (1.6, Colour::GREY) } else { (1.0, Colour::LIGHT) };
            canvas.line(&[(left, y), (right, y)], thickness * scale, colour);
            let place = (left - 12.0 * scale, y + style.capital_height() / 2.0);
            text::draw(canvas, label, place, &style.align(Align::Right));
        }
        self.horizontal_axis(canvas, &frame, &style, scale);
        let place = (x0 + style.capital_height(), (top + bottom) / 2.0);
        text::draw(canvas, &self.y_label, place, &style.align(Align::Centre).rotated(-90.0));

        for (index, series) in self.series.iter().enumerate() {
            let pieces: Vec<Vec<Point>> = series
                .points
                .split(|(_, y)| !y.is_finite())
                .map(|piece| piece.iter().map(|&(x, y)| (frame.across(x), frame.up(y))).collect())
                .collect();
            let colour = Colour::of_line(index);
            canvas.lines(pieces.iter().map(Vec::as_slice), 3.2 * scale, colour, None);
            // A point alone is no line: mark it.
            for piece in pieces.iter().filter(|piece| piece.len() == 1) {
                let ((x, y), r) = (piece[0], 4.0 * scale);
                canvas.polygon(&[(x - r, y), (x, y - r), (x + r, y), (x, y + r)], colour);
            }
        }
        canvas.line(&[(left, top), (left, bottom), (right, bottom)], 1.6 * scale, Colour::INK);
        Ok(())
    }
}

impl Chart {
    fn horizontal_axis(&self, canvas: &mut Canvas, frame: &Frame, style: &Style, scale: f32) {
        let (low, high) = frame.x;
        let room = ((frame.right - frame.left) / (110.0 * scale)).max(2.0) as usize;
        let given = self.x_step.filter(|step| *step > 0.0).map(|step| {
            // The given step, or a multiple where that would be crowded.
            let every = ((high - low) / step / (2.0 * room as f64)).ceil().max(1.0);
            let step = step * every;
            let first = (low / step - 1e-9).ceil() as i64;
            let last = (high / step + 1e-9).floor() as i64;
            (first..=last).map(|index| index as f64 * step).collect::<Vec<_>>()
        });
        let marks = given.unwrap_or_else(|| ticks::ticks(low, high, room));
        let step = if marks.len() > 1 { marks[1] - marks[0] } else { 1.0 };
        let base = frame.bottom + 14.0 * scale + style.capital_height();
        for &mark in &marks {
            let x = frame.across(mark);
            canvas.line(&[(x, frame.top), (x, frame.bottom)], 0.7 * scale, Colour::LIGHT);
            canvas.line(&[(x, frame.bottom), (x, frame.bottom + 7.0 * scale)], 1.4 * scale, Colour::INK);
            text::draw(canvas, &ticks::label(mark, step), (x, base), &style.align(Align::Centre));
        }
        let place = ((frame.left + frame.right) / 2.0, base + 18.0 * scale + style.capital_height());
        text::draw(canvas, &self.x_label, place, &style.align(Align::Centre));
    }
}

/// Names with their lines above the chart, in as many rows as they need; returns where the last row ends.
fn legend(canvas: &mut Canvas, series: &[Series], place: Point, right: f32, scale: f32) -> f32 {
    let style = Style::new(21.0 * scale);
    let named: Vec<(usize, &Series)> =
        series.iter().enumerate().filter(|(_, series)| !series.name.is_empty()).collect();
    if named.is_empty() {
        return place.1;
    }
    let (mut x, mut y) = (place.0, place.1 + style.capital_height());
    for (index, series) in named {
        let width = 50.0 * scale + style.measure(&series.name);
        if x + width > right && x > place.0 {
            (x, y) = (place.0, y + 32.0 * scale);
        }
        let middle = y - style.capital_height() / 2.0;
        canvas.line(&[(x + 2.0, middle), (x + 38.0 * scale, middle)], 4.0 * scale, Colour::of_line(index));
        text::draw(canvas, &series.name, (x + 48.0 * scale, y), &style);
        x += width + 30.0 * scale;
    }
    y
}
