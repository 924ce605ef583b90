//! Panels on a page: one below the other or side by side, under a common title.

use super::canvas::{Canvas, Point};
use super::colour::Colour;
use super::text::{self, Style};
use crate::error::Result;

/// Something that draws itself into a rectangle of a given width.
pub trait Panel {
    /// Height (pixels) for a width (pixels); `scale` is 1 where text is meant for a page 1600 pixels wide.
    fn height(&self, width: f32, scale: f32) -> f32;

    /// Draws with the upper left corner at `origin` (pixels).
    fn draw(&self, canvas: &mut Canvas, origin: Point, width: f32, scale: f32) -> Result<()>;
}

/// Panels in columns.
pub struct Page<'a> {
    /// Title over all panels; may be empty.
    pub title: String,
    /// Line below the title; may be empty.
    pub subtitle: String,
    /// Panels per row, at least 1.
    pub columns: usize,
    /// The panels, row by row.
    pub panels: Vec<&'a dyn Panel>,
    /// Small line at the bottom, such as sources; may be empty.
    pub footer: String,
}

impl Page<'_> {
    /// The page as a picture of a given width (pixels).
    pub fn draw(&self, width: u32) -> Result<Canvas> {
        let columns = self.columns.max(1);
        let page_scale = width as f32 / 1600.0;
        // Text of panels side by side shrinks less than they do: it must stay readable.
        let scale = if columns == 1 { page_scale } else { page_scale * 0.75 };
        let margin = 24.0 * page_scale;
        let panel_width = (width as f32 - 2.0 * margin) / columns as f32;
        let rows: Vec<f32> = self
            .panels
            .chunks(columns)
            .map(|row| row.iter().map(|panel| panel.height(panel_width, scale)).fold(0.0, f32::max))
            .collect();
        let title = Style::new(40.0 * page_scale).medium();
        let subtitle = Style::new(24.0 * page_scale).colour(Colour::GREY);
        let mut top = margin;
        let mut lines = Vec::new();
        for (line, style) in [(&self.title, title), (&self.subtitle, subtitle)] {
            if !line.is_empty() {
                top += style.capital_height();
                lines.push((line, style, top));
                top += 16.0 * page_scale;
            }
        }
        let footer = Style::new(18.0 * page_scale).colour(Colour::GREY);
        let bottom = if self.footer.is_empty() { 0.0 } else { footer.capital_height() + margin };
        let height = top + rows.iter().sum::<f32>() + bottom + margin / 2.0;
        let mut canvas = Canvas::new(width, height.ceil() as u32);
        for (line, style, base) in lines {
            text::draw_fitted(&mut canvas, line, (margin * 1.5, base), width as f32 - 3.0 * margin, &style);
        }
        for (row, panels) in self.panels.chunks(columns).enumerate() {
            for (column, panel) in panels.iter().enumerate() {
                let origin = (margin + panel_width * column as f32, top);
                panel.draw(&mut canvas, origin, panel_width, scale)?;
            }
            top += rows[row];
        }
        if !self.footer.is_empty() {
            let place = (margin * 1.5, top + footer.capital_height() + margin / 2.0);
            text::draw_fitted(&mut canvas, &self.footer, place, width as f32 - 3.0 * margin, &footer);
        }
        Ok(canvas)
    }
}
