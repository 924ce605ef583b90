//! Steps that meet the strong conditions of Wolfe.
//!
//! φ(a) = J(x + a p): sufficient decrease φ(a) ≤ φ(0) + c₁ a φ′(0) and curvature |φ′(a)| ≤ c₂ |φ′(0)|. The bracket grows until it holds such a
//! step and is then narrowed by cubic interpolation, as in algorithms 3.5 and 3.6 of Nocedal & Wright (2006, *Numerical Optimization*).

use crate::Result;

/// c₁.
const DECREASE: f64 = 1e-4;
/// c₂.
const CURVATURE: f64 = 0.9;
/// The most evaluations of one search.
const EVALUATIONS: usize = 40;
/// How much a step grows where it is too short.
const GROWTH: f64 = 2.5;

/// φ and φ′ at a step.
#[derive(Clone, Copy, Debug)]
pub(super) struct Point {
    pub(super) step: f64,
    pub(super) cost: f64,
    pub(super) slope: f64,
}

/// A step from `start`, where step is 0, that meets the conditions, first trying `trial`; none if there is none within rounding.
///
/// `evaluate` gives φ and φ′; a cost that is not finite counts as a step that is too long. The last call of `evaluate` is at the result.
pub(super) fn search(
    start: Point,
    trial: f64,
    mut evaluate: impl FnMut(f64) -> Result<(f64, f64)>,
) -> Result<Option<Point>> {
    let decreases = |point: &Point| point.cost <= start.cost + DECREASE * point.step * start.slope;
    let is_flat = |point: &Point| point.slope.abs() <= -CURVATURE * start.slope;
    let (mut low, mut high): (Point, Option<Point>) = (start, None);
    let mut step = trial;
    for _ in 0..EVALUATIONS {
        let (cost, slope) = evaluate(step)?;
        let finite = cost.is_finite() && slope.is_finite();
        let point = Point { step, cost: if finite { cost } else { f64::INFINITY }, slope };
        if !decreases(&point) || (low.step > 0.0 && point.cost >= low.cost) {
            high = Some(point);
        } else if is_flat(&point) {
            return Ok(Some(point));
        } else {
            // The minimum lies on the side to which the slope points.
            let leads_on = point.slope * high.map_or(1.0, |high| high.step - point.step) < 0.0;
            if !leads_on {
                high = Some(low);
            }
            low = point;
        }
        step = match high {
            None => GROWTH * step,
            Some(high) => {
                if (high.step - low.step).abs() <= 1e-15 * low.step.max(high.step) {
                    return Ok(None);
                }
                between(&low, &high)
            }
        };
    }
    Ok(None)
}

/// The minimum of the cubic through two points with their slopes, not too near to either; their middle where there is none.
fn between(low: &Point, high: &Point) -> f64 {
    let width = high.step - low.step;
    let middle = low.step + 0.5 * width;
    if !high.cost.is_finite() {
        return low.step + 0.1 * width;
    }
    let mixed = low.slope + high.slope - 3.0 * (low.cost - high.cost) / (low.step - high.step);
    let discriminant = mixed * mixed - low.slope * high.slope;
    if discriminant.is_nan() || discriminant < 0.0 {
        return middle;
    }
    let root = discriminant.sqrt() * width.signum();
    let step = high.step - width * (high.slope + root - mixed) / (high.slope - low.slope + 2.0 * root);
    let share = (step - low.step) / width;
    if (0.05..=0.95).contains(&share) { step } else { low.step + width * share.clamp(0.1, 0.9) }
}
