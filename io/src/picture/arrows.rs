//! Wind arrows of a map.

use super::canvas::Canvas;
use super::colour::Colour;
use super::drawing::Drawing;
use super::sampling::Sampled;

impl Drawing {
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
}
