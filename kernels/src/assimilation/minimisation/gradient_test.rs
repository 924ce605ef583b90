//! Gradients against differences of the cost.

use crate::assimilation::vectors::{add, dot};
use crate::error::expect_len;
use crate::{Real, Result};

/// One step of a gradient test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GradientTest {
    /// h.
    pub step: f64,
    /// (J(x + h p) − J(x)) / (h p·∇J(x)), which tends to 1.
    pub ratio: f64,
    /// The power of h with which |1 − ratio| has fallen since the step before: 1 for a right gradient of a cost that is not linear, 0 for a wrong
    /// one; NaN for the first step, and noise where differences are lost in rounding.
    pub order: f64,
}

/// Compares ∇J with differences of J along a direction p, for each of these steps h: J(x + h p) = J(x) + h p·∇J(x) + O(h²).
///
/// `cost` writes ∇J(x) to its second argument and returns J(x). With p = −∇J/|∇J| and steps falling from 10⁻¹ the ratio nears 1 in proportion to h
/// until rounding ends it, at about √ε.
///
/// # Errors
/// [`Error::LengthMismatch`](crate::Error::LengthMismatch), and those of `cost`.
pub fn gradient_test<R: Real>(
    mut cost: impl FnMut(&[R], &mut [R]) -> Result<f64>,
    control: &[R],
    direction: &[R],
    steps: &[f64],
) -> Result<Vec<GradientTest>> {
    expect_len("direction", control.len(), direction.len())?;
    let mut gradient = vec![R::ZERO; control.len()];
    let here = cost(control, &mut gradient)?;
    let slope = dot(&gradient, direction);
    let mut tests: Vec<GradientTest> = Vec::with_capacity(steps.len());
    for &step in steps {
        let mut there = control.to_vec();
        add(&mut there, step, direction);
        let ratio = (cost(&there, &mut gradient)? - here) / (step * slope);
        let order = tests.last().map_or(f64::NAN, |before| {
            ((1.0 - ratio).abs() / (1.0 - before.ratio).abs()).ln() / (step / before.step).ln()
        });
        tests.push(GradientTest { step, ratio, order });
    }
    Ok(tests)
}
