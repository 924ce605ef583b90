//! A sheet of pixels with anti-aliased lines and areas.

use std::path::Path;

use tiny_skia::{
    FillRule, LineCap, LineJoin, Mask, Paint, PathBuilder, Pixmap, Stroke, StrokeDash, Transform,
};

use super::colour::Colour;
use crate::error::{Error, Result};
use crate::sink::AtomicFile;

/// A point on the sheet (pixels), from the upper left corner.
pub(super) type Point = (f32, f32);

/// A picture in the making.
pub struct Canvas {
    pixmap: Pixmap,
    clip: Option<Mask>,
}

impl Canvas {
    /// A white sheet.
    ///
    /// # Panics
    /// If the sheet has no pixels or more than 30000 on a side.
    pub fn new(width: u32, height: u32) -> Self {
        assert!((1..=30_000).contains(&width) && (1..=30_000).contains(&height), "{width} × {height} pixels");
        let mut pixmap = Pixmap::new(width, height).expect("the size was checked");
        pixmap.fill(tiny_skia::Color::WHITE);
        Self { pixmap, clip: None }
    }

    /// Width (pixels).
    pub fn width(&self) -> u32 {
        self.pixmap.width()
    }

    /// Height (pixels).
    pub fn height(&self) -> u32 {
        self.pixmap.height()
    }

    /// The colour of a pixel, red, green, blue.
    pub fn pixel(&self, column: u32, row: u32) -> [u8; 3] {
        let colour = self.pixmap.pixel(column, row).expect("a pixel of the sheet");
        [colour.red(), colour.green(), colour.blue()]
    }

    /// Lines and areas drawn in `draw` stay inside the polygon.
    pub(super) fn clipped(&mut self, outline: &[Point], draw: impl FnOnce(&mut Self)) {
        let mask = path(std::iter::once(outline), true).and_then(|path| {
            let mut mask = Mask::new(self.pixmap.width(), self.pixmap.height())?;
            mask.fill_path(&path, FillRule::Winding, true, Transform::identity());
            Some(mask)
        });
        let before = std::mem::replace(&mut self.clip, mask);
        draw(self);
        self.clip = before;
    }

    /// Sets pixels of a row, mixed with what is there by the colours' opacity.
    pub(super) fn paint_row(&mut self, row: u32, first_column: u32, colours: &[Colour]) {
        let start = (row * self.pixmap.width() + first_column) as usize * 4;
        let pixels = &mut self.pixmap.data_mut()[start..start + 4 * colours.len()];
        for (pixel, colour) in pixels.chunks_exact_mut(4).zip(colours) {
            let opacity = u32::from(colour.opacity);
            for (part, new) in pixel.iter_mut().zip([colour.red, colour.green, colour.blue, 255]) {
                *part = ((u32::from(*part) * (255 - opacity) + u32::from(new) * opacity + 127) / 255) as u8;
            }
        }
    }

    /// Fills a rectangle given by its upper left corner, width and height.
    pub(super) fn rectangle(&mut self, (x, y): Point, width: f32, height: f32, colour: Colour) {
        self.polygon(&[(x, y), (x + width, y), (x + width, y + height), (x, y + height)], colour);
    }

    /// Fills a polygon.
    pub(super) fn polygon(&mut self, corners: &[Point], colour: Colour) {
        if let Some(path) = path(std::iter::once(corners), true) {
            self.fill(&path, colour);
        }
    }

    pub(super) fn fill(&mut self, path: &tiny_skia::Path, colour: Colour) {
        let clip = self.clip.as_ref();
        self.pixmap.fill_path(path, &paint(colour), FillRule::Winding, Transform::identity(), clip);
    }

    pub(super) fn outline(&mut self, path: &tiny_skia::Path, width: f32, colour: Colour) {
        let stroke =
            Stroke { width, line_cap: LineCap::Round, line_join: LineJoin::Round, ..Stroke::default() };
        let clip = self.clip.as_ref();
        self.pixmap.stroke_path(path, &paint(colour), &stroke, Transform::identity(), clip);
    }

    /// Draws lines of one width and colour; `dash`: lengths of stroke and gap.
    pub(super) fn lines<'a>(
        &mut self,
        lines: impl Iterator<Item = &'a [Point]>,
        width: f32,
        colour: Colour,
        dash: Option<[f32; 2]>,
    ) {
        let Some(path) = path(lines, false) else { return };
        let stroke = Stroke {
            width,
            line_cap: if dash.is_some() { LineCap::Butt } else { LineCap::Round },
            line_join: LineJoin::Round,
            dash: dash.and_then(|lengths| StrokeDash::new(lengths.to_vec(), 0.0)),
            ..Stroke::default()
        };
        let clip = self.clip.as_ref();
        self.pixmap.stroke_path(&path, &paint(colour), &stroke, Transform::identity(), clip);
    }

    /// Draws one line.
    pub(super) fn line(&mut self, points: &[Point], width: f32, colour: Colour) {
        self.lines(std::iter::once(points), width, colour, None);
    }

    /// All pixels as red, green, blue, opacity, row by row.
    pub(super) fn pixels(&self) -> &[u8] {
        self.pixmap.data()
    }

    /// The sheet as a PNG file's bytes.
    pub fn png(&self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let rgb: Vec<u8> =
            self.pixmap.data().chunks_exact(4).flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect();
        let mut encoder = png::Encoder::new(&mut bytes, self.width(), self.height());
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        let write = |encoder: png::Encoder<&mut Vec<u8>>| -> std::result::Result<(), png::EncodingError> {
            let mut writer = encoder.write_header()?;
            writer.write_image_data(&rgb)?;
            writer.finish()
        };
        write(encoder).map_err(|error| Error::InvalidValue {
            name: "picture".into(),
            got: format!("{} × {} pixels: {error}", self.width(), self.height()),
            expected: "a picture that PNG can hold".into(),
        })?;
        Ok(bytes)
    }

    /// Writes the sheet as a PNG file, whole or not at all.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        AtomicFile::write(path, &self.png()?)
    }
}

fn paint(colour: Colour) -> Paint<'static> {
    let mut paint = Paint { anti_alias: true, ..Paint::default() };
    paint.set_color_rgba8(colour.red, colour.green, colour.blue, colour.opacity);
    paint
}

fn path<'a>(lines: impl Iterator<Item = &'a [Point]>, closed: bool) -> Option<tiny_skia::Path> {
    let mut builder = PathBuilder::new();
    for line in lines {
        if line.len() < 2 {
            continue;
        }
        builder.move_to(line[0].0, line[0].1);
        for &(x, y) in &line[1..] {
            builder.line_to(x, y);
        }
        if closed {
            builder.close();
        }
    }
    builder.finish()
}
