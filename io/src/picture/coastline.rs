//! Coastlines of the world: Natural Earth 1:50 million (public domain); see `assets/README.md`.

use std::sync::OnceLock;

/// Points as longitude, latitude (degrees).
pub(super) type Line = Vec<(f64, f64)>;

/// All lines.
pub(super) fn lines() -> &'static [Line] {
    static LINES: OnceLock<Vec<Line>> = OnceLock::new();
    LINES.get_or_init(|| decode(include_bytes!("../../assets/coastline-50m.bin")))
}

/// Format: `assets/coastline.py`.
fn decode(bytes: &[u8]) -> Vec<Line> {
    let mut numbers = Numbers { bytes: bytes.iter() };
    let mut lines = Vec::new();
    while let Some(points) = numbers.next() {
        let (mut longitude, mut latitude) = (0, 0);
        let line = (0..points).map_while(|_| {
            longitude += numbers.next()?;
            latitude += numbers.next()?;
            Some((longitude as f64 / 256.0, latitude as f64 / 256.0))
        });
        lines.push(line.collect());
    }
    lines
}

/// Zigzag LEB128 varints.
struct Numbers<'a> {
    bytes: std::slice::Iter<'a, u8>,
}

impl Iterator for Numbers<'_> {
    type Item = i64;

    fn next(&mut self) -> Option<i64> {
        let (mut number, mut shift) = (0_u64, 0);
        loop {
            let byte = *self.bytes.next()?;
            number |= u64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte < 0x80 {
                break;
            }
        }
        Some(if number % 2 == 1 { -((number / 2) as i64) - 1 } else { (number / 2) as i64 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_world_is_complete() {
        let lines = lines();
        assert_eq!((lines.len(), lines.iter().map(Vec::len).sum::<usize>()), (1422, 60_366));
        let near = |place: (f64, f64)| {
            lines.iter().flatten().any(|point| (point.0 - place.0).hypot(point.1 - place.1) < 0.3)
        };
        // Land's End, Cape Horn, Cape Agulhas, North Cape.
        for cape in [(-5.7, 50.1), (-67.3, -55.9), (20.0, -34.8), (25.7, 71.1)] {
            assert!(near(cape), "{cape:?}");
        }
        assert!(lines.iter().flatten().all(|point| point.0.abs() <= 180.0 && point.1.abs() <= 90.0));
    }
}
