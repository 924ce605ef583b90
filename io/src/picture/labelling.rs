//! Numbers on contour lines: where a line is long and straight enough, and nothing else is written.

use super::canvas::Point;
use super::text::Style;

/// A word, the middle of its base line, and its angle.
pub(super) type Word = (String, Point, f32);

/// What is written on a map.
pub(super) struct Labels<'a> {
    scale: f32,
    /// Whether a point of the sheet is on the map.
    is_inside: &'a dyn Fn(f32, f32) -> bool,
    /// Middle and half width of the words so far.
    taken: Vec<(Point, f32)>,
}

impl<'a> Labels<'a> {
    pub(super) fn new(scale: f32, is_inside: &'a dyn Fn(f32, f32) -> bool) -> Self {
        Self { scale, is_inside, taken: Vec::new() }
    }

    /// Keeps a place free of numbers; false if it is taken or beyond the map's edge.
    pub(super) fn reserve(&mut self, place: Point, half: f32) -> bool {
        let free = self.is_free(place, half);
        if free {
            self.taken.push((place, half));
        }
        free
    }

    pub(super) fn style(&self) -> Style {
        Style::new(16.5 * self.scale.max(0.8)).medium()
    }

    /// Writes `word` on `line` where it fits, and returns the line with gaps there.
    pub(super) fn place(&mut self, word: &str, line: Vec<Point>, words: &mut Vec<Word>) -> Vec<Vec<Point>> {
        let style = self.style();
        let word_width = style.measure(word);
        let half = word_width / 2.0 + 4.0 * self.scale;
        let lengths: Vec<f32> = std::iter::once(0.0)
            .chain(line.windows(2).scan(0.0, |sum, pair| {
                *sum += (pair[1].0 - pair[0].0).hypot(pair[1].1 - pair[0].1);
                Some(*sum)
            }))
            .collect();
        let total = lengths[lengths.len() - 1];
        if total < 8.0 * half {
            return vec![line];
        }
        let at = |length: f32| {
            let after = lengths.partition_point(|&sum| sum < length).clamp(1, line.len() - 1);
            let span = (lengths[after] - lengths[after - 1]).max(1e-6);
            let weight = (length - lengths[after - 1]) / span;
            let (a, b) = (line[after - 1], line[after]);
            (a.0 + (b.0 - a.0) * weight, a.1 + (b.1 - a.1) * weight)
        };
        let mut gaps: Vec<f32> = Vec::new();
        // On long lines a word every few hundred pixels, at the straightest place of each stretch.
        let stretches = ((total / (620.0 * self.scale)).round() as usize).max(1);
        for stretch in 0..stretches {
            let (start, end) =
                (total * stretch as f32 / stretches as f32, total * (stretch + 1) as f32 / stretches as f32);
            let mut best: Option<(f32, f32)> = None;
            let mut length = start.max(half * 1.5);
            while length < end.min(total - half * 1.5) {
                let (a, middle, b) = (at(length - half), at(length), at(length + half));
                let chord = (b.0 - a.0).hypot(b.1 - a.1);
                let bend = 1.0 - chord / (2.0 * half);
                let level = (b.1 - a.1).abs() / chord.max(1e-3);
                // Straight matters most, level reads best.
                let cost = bend + 0.02 * level;
                if bend < 0.04 && self.is_free(middle, half) && best.is_none_or(|(least, _)| cost < least) {
                    best = Some((cost, length));
                }
                length += 6.0 * self.scale;
            }
            let Some((_, length)) = best else { continue };
            let (a, middle, b) = (at(length - half), at(length), at(length + half));
            let (mut dx, mut dy) = (b.0 - a.0, b.1 - a.1);
            if dx < 0.0 {
                (dx, dy) = (-dx, -dy);
            }
            let rotation = dy.atan2(dx).to_degrees();
            let drop = style.capital_height() / 2.0;
            let (sine, cosine) = rotation.to_radians().sin_cos();
            words.push((word.to_owned(), (middle.0 - sine * drop, middle.1 + cosine * drop), rotation));
            self.taken.push((middle, half));
            gaps.push(length);
        }
        cut(&line, &lengths, &gaps, half, &at)
    }

    fn is_free(&self, (x, y): Point, half: f32) -> bool {
        let margin = half + 4.0 * self.scale;
        let inside = [(margin, 0.0), (-margin, 0.0), (0.0, margin * 0.7), (0.0, -margin * 0.7)]
            .iter()
            .all(|(right, down)| (self.is_inside)(x + right, y + down));
        inside && self.taken.iter().all(|((a, b), other)| (x - a).hypot(y - b) > 1.25 * (half + other))
    }
}

/// The line without the stretches of ± `half` around `gaps` (rising).
fn cut(
    line: &[Point],
    lengths: &[f32],
    gaps: &[f32],
    half: f32,
    at: &dyn Fn(f32) -> Point,
) -> Vec<Vec<Point>> {
    let mut pieces = Vec::new();
    let mut piece = Vec::new();
    let mut index = 0;
    for &gap in gaps {
        while index < line.len() && lengths[index] < gap - half {
            piece.push(line[index]);
            index += 1;
        }
        piece.push(at(gap - half));
        pieces.push(std::mem::take(&mut piece));
        piece.push(at(gap + half));
        while index < line.len() && lengths[index] <= gap + half {
            index += 1;
        }
    }
    piece.extend(&line[index..]);
    pieces.push(piece);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_straight_line_gets_its_word_in_a_gap() {
        let mut labels = Labels::new(1.0, &|x, y| (0.0..1000.0).contains(&x) && (0.0..500.0).contains(&y));
        let line: Vec<Point> = (0..=60).map(|k| (200.0 + 10.0 * k as f32, 250.0)).collect();
        let mut words = Vec::new();
        let pieces = labels.place("540", line.clone(), &mut words);
        assert_eq!((pieces.len(), words.len()), (2, 1));
        let (_, (x, y), rotation) = words[0].clone();
        assert_eq!(rotation, 0.0);
        assert!(y > 250.0 && y < 262.0);
        assert!(pieces[0].last().unwrap().0 < x - 12.0 && pieces[1][0].0 > x + 12.0);
        // The same place again is taken; another one is found on the same line.
        labels.place("540", line, &mut words);
        assert!(words.len() == 2 && (words[0].1.0 - words[1].1.0).abs() > 30.0);
    }

    #[test]
    fn a_narrow_bend_gets_none() {
        let mut labels = Labels::new(1.0, &|x, y| (0.0..1000.0).contains(&x) && (0.0..500.0).contains(&y));
        let line: Vec<Point> = (0..400)
            .map(|k| (k as f32 / 8.0).sin_cos())
            .map(|(sine, cosine)| (500.0 + 12.0 * sine, 250.0 + 12.0 * cosine))
            .collect();
        let mut words = Vec::new();
        assert_eq!(labels.place("540", line, &mut words).len(), 1);
        assert!(words.is_empty());
    }
}
