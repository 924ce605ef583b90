//! Text from the outlines of a font.

use std::sync::OnceLock;

use tiny_skia::{PathBuilder, Transform};
use ttf_parser::{Face, OutlineBuilder};

use super::canvas::{Canvas, Point};
use super::colour::Colour;

/// Weight of the letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weight {
    Regular,
    Medium,
}

/// Which point of the text lies at the given place, horizontally.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Centre,
    Right,
}

/// How a text looks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Style {
    /// Height of the em square (pixels).
    pub(super) size: f32,
    pub(super) weight: Weight,
    pub(super) colour: Colour,
    pub(super) align: Align,
    /// Width (pixels) and colour of a rim that sets the letters off the ground.
    pub(super) halo: Option<(f32, Colour)>,
    /// Clockwise (degrees).
    pub(super) rotation: f32,
}

impl Style {
    pub(super) fn new(size: f32) -> Self {
        let (weight, colour, align) = (Weight::Regular, Colour::INK, Align::Left);
        Self { size, weight, colour, align, halo: None, rotation: 0.0 }
    }

    pub(super) fn medium(self) -> Self {
        Self { weight: Weight::Medium, ..self }
    }

    pub(super) fn colour(self, colour: Colour) -> Self {
        Self { colour, ..self }
    }

    pub(super) fn align(self, align: Align) -> Self {
        Self { align, ..self }
    }

    pub(super) fn halo(self, width: f32, colour: Colour) -> Self {
        Self { halo: Some((width, colour)), ..self }
    }

    pub(super) fn rotated(self, rotation: f32) -> Self {
        Self { rotation, ..self }
    }

    /// Width of a text (pixels).
    pub(super) fn measure(&self, text: &str) -> f32 {
        let face = face(self.weight);
        text.chars().map(|letter| advance(face, letter)).sum::<f32>() * self.size
            / f32::from(face.units_per_em())
    }

    /// Height of capitals and digits (pixels).
    pub(super) fn capital_height(&self) -> f32 {
        0.711 * self.size
    }
}

/// Draws `text` with its base line's (left, centre or right) point at `place`.
pub(super) fn draw(canvas: &mut Canvas, text: &str, place: Point, style: &Style) {
    let face = face(style.weight);
    let scale = style.size / f32::from(face.units_per_em());
    let start = match style.align {
        Align::Left => 0.0,
        Align::Centre => -style.measure(text) / 2.0,
        Align::Right => -style.measure(text),
    };
    let mut pen = Pen { builder: PathBuilder::new(), x: start / scale };
    for letter in text.chars() {
        if let Some(glyph) = face.glyph_index(letter) {
            face.outline_glyph(glyph, &mut pen);
        }
        pen.x += advance(face, letter);
    }
    let transform = Transform::from_scale(scale, -scale)
        .post_concat(Transform::from_rotate(style.rotation))
        .post_translate(place.0, place.1);
    let Some(path) = pen.builder.finish().and_then(|path| path.transform(transform)) else { return };
    if let Some((width, colour)) = style.halo {
        canvas.outline(&path, 2.0 * width, colour);
    }
    canvas.fill(&path, style.colour);
}

/// Draws a text, smaller where it would be wider than `width`, and cut where that would be too small to read.
pub(super) fn draw_fitted(canvas: &mut Canvas, text: &str, place: Point, width: f32, style: &Style) {
    let mut style = *style;
    let natural = style.measure(text);
    if natural > width {
        style.size *= (width / natural).max(0.65);
    }
    if style.measure(text) <= width {
        return draw(canvas, text, place, &style);
    }
    let mut short = text.to_owned();
    while short.pop().is_some() && style.measure(&short) + style.measure("…") > width {}
    short.push('…');
    draw(canvas, &short, place, &style);
}

fn face(weight: Weight) -> &'static Face<'static> {
    static FACES: OnceLock<[Face<'static>; 2]> = OnceLock::new();
    let faces = FACES.get_or_init(|| {
        [
            include_bytes!("../../assets/Roboto-Regular.ttf").as_slice(),
            include_bytes!("../../assets/Roboto-Medium.ttf").as_slice(),
        ]
        .map(|bytes| Face::parse(bytes, 0).expect("the font in the source tree is a font"))
    });
    match weight {
        Weight::Regular => &faces[0],
        Weight::Medium => &faces[1],
    }
}

/// Width of a letter (font units); letters that the font lacks leave a gap.
fn advance(face: &Face, letter: char) -> f32 {
    let glyph = face.glyph_index(letter).or_else(|| face.glyph_index('?'));
    glyph.and_then(|glyph| face.glyph_hor_advance(glyph)).map_or(0.0, f32::from)
}

struct Pen {
    builder: PathBuilder,
    x: f32,
}

impl OutlineBuilder for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        self.builder.move_to(self.x + x, y);
    }
    fn line_to(&mut self, x: f32, y: f32) {
        self.builder.line_to(self.x + x, y);
    }
    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        self.builder.quad_to(self.x + x1, y1, self.x + x, y);
    }
    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        self.builder.cubic_to(self.x + x1, y1, self.x + x2, y2, self.x + x, y);
    }
    fn close(&mut self) {
        self.builder.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_font_has_the_letters_of_units_and_titles() {
        let needed = "AZaz09 .,:;()[]/%°′−–—×·±²³⁻¹⁵µΔφλζσπ≤≥éüß";
        for weight in [Weight::Regular, Weight::Medium] {
            let missing: String =
                needed.chars().filter(|&letter| face(weight).glyph_index(letter).is_none()).collect();
            assert!(missing.is_empty() || missing == "′", "{missing}");
        }
    }

    #[test]
    fn text_lies_where_it_was_put() {
        let mut canvas = Canvas::new(200, 60);
        let style = Style::new(30.0).align(Align::Right);
        draw(&mut canvas, "500 hPa", (190.0, 40.0), &style);
        let dark = |columns: std::ops::Range<u32>| {
            columns
                .flat_map(|x| (0..60).map(move |y| (x, y)))
                .filter(|&(x, y)| canvas.pixel(x, y)[0] < 100)
                .count()
        };
        let width = style.measure("500 hPa") as u32;
        assert!((100..125).contains(&width), "{width}");
        assert_eq!(dark(0..190 - width), 0);
        assert!(dark(190 - width..190) > 300);
        assert_eq!(dark(191..200), 0);
    }
}
