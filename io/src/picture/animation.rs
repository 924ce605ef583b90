//! Sequences of pictures as one animated PNG (APNG, W3C PNG specification, third edition), which browsers play.
//!
//! The first picture is also what a reader shows that knows no animation. Of each later one only the pixels that change
//! are stored, the others as transparent, over the picture before.

use std::path::Path;

use super::canvas::Canvas;
use super::ticks::nice_levels;
use crate::error::Error;
use crate::sink::AtomicFile;

/// Draws `frames` pictures of one size one after the other and writes them as an animated PNG that repeats for ever, whole or
/// not at all. Each is shown for `seconds` (0.01 to 60), the last one five times as long.
///
/// Holds two pictures and the compressed file. Errors: a number or a time that cannot be, a picture of another size than the
/// first, and those of `draw`.
pub fn save_animation<E: From<Error>>(
    path: impl AsRef<Path>,
    frames: u32,
    seconds: f64,
    mut draw: impl FnMut(u32) -> std::result::Result<Canvas, E>,
) -> std::result::Result<(), E> {
    let invalid = |name: &str, got: String, expected: &str| {
        E::from(Error::InvalidValue { name: name.into(), got, expected: expected.into() })
    };
    if frames == 0 {
        return Err(invalid("frames", "0".into(), "at least one picture"));
    }
    if !(0.01..=60.0).contains(&seconds) {
        return Err(invalid("seconds", seconds.to_string(), "0.01 to 60 seconds for each picture"));
    }
    let failed =
        |error: png::EncodingError| invalid("animation", error.to_string(), "pictures that PNG can hold");
    let mut before = draw(0)?;
    let (width, height) = (before.width(), before.height());
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_animated(frames, 0).map_err(failed)?;
    let delay = (100.0 * seconds).round() as u16;
    encoder.set_frame_delay(delay, 100).map_err(failed)?;
    let mut writer = encoder.write_header().map_err(failed)?;
    writer.write_image_data(before.pixels()).map_err(failed)?;
    if frames > 1 {
        writer.set_blend_op(png::BlendOp::Over).map_err(failed)?;
    }
    for frame in 1..frames {
        let next = draw(frame)?;
        if (next.width(), next.height()) != (width, height) {
            let got = format!("{} × {} pixels", next.width(), next.height());
            return Err(invalid(
                &format!("frame {frame}"),
                got,
                &format!("{width} × {height} pixels as the first"),
            ));
        }
        if frame + 1 == frames {
            writer.set_frame_delay(5 * delay, 100).map_err(failed)?;
        }
        writer.write_image_data(&changes(before.pixels(), next.pixels())).map_err(failed)?;
        before = next;
    }
    writer.finish().map_err(failed)?;
    Ok(AtomicFile::write(path, &bytes)?)
}

/// The pixels of `next`, transparent where they are those of `before`.
fn changes(before: &[u8], next: &[u8]) -> Vec<u8> {
    let pairs = next.chunks_exact(4).zip(before.chunks_exact(4));
    pairs
        .flat_map(|(next, before)| if next == before { [0; 4] } else { [next[0], next[1], next[2], 255] })
        .collect()
}

/// Levels that suit all fields of a sequence, about `count` of them; those of [`nice_levels`] from the smallest to the largest
/// finite value.
pub fn common_levels<'a>(fields: impl IntoIterator<Item = &'a [f64]>, count: usize) -> Vec<f64> {
    let mut range = [f64::INFINITY, f64::NEG_INFINITY];
    for value in fields.into_iter().flatten().filter(|value| value.is_finite()) {
        range = [range[0].min(*value), range[1].max(*value)];
    }
    if range[0] > range[1] {
        return nice_levels(0.0, 1.0, count);
    }
    nice_levels(range[0], range[1], count)
}
