//! L-BFGS for costs that are not quadratic.

use std::collections::VecDeque;

use super::line_search::{Point, search};
use super::{Ending, Iterate, Minimum, Stop, expect_finite};
use crate::assimilation::vectors::{add, dot, norm, scale};
use crate::{Error, Real, Result};

/// Minimises a smooth J from `control`, [n].
///
/// `cost` writes ∇J(x) to its second argument and returns J(x). `pairs` is the number of steps s and changes of gradient y that are kept, 5 to 20 as
/// a rule; directions are −H⁻¹∇J with the inverse Hessian that they tell, from γ 1 with γ = s·y/y·y of the last pair. A cost or gradient that is not
/// finite shortens the step. The history has one line for each line search, whose evaluations it does not count.
///
/// Where the search fails along such a direction, it is tried along −∇J; where it fails there too, the minimisation ends with [`Stop::LineSearch`], or
/// with [`Stop::Stagnation`] if what remains is no more than rounding of J.
///
/// # Errors
/// [`Error::CostNotFinite`] at the first guess, [`Error::InvalidValue`] for no pairs or an impossible ending, and those of `cost`.
pub fn limited_memory<R: Real>(
    control: &[R],
    mut cost: impl FnMut(&[R], &mut [R]) -> Result<f64>,
    pairs: usize,
    ending: &Ending,
) -> Result<Minimum<R>> {
    ending.validate()?;
    if pairs == 0 {
        let (got, expected) = (pairs.to_string(), "at least 1".to_owned());
        return Err(Error::InvalidValue { name: "pairs", got, expected });
    }
    let mut control = control.to_vec();
    let mut gradient = vec![R::ZERO; control.len()];
    let value = cost(&control, &mut gradient)?;
    let mut history = vec![expect_finite(value, &gradient, 0)?];
    let goal = ending.goal(&history[0]);
    let mut memory = Memory { pairs: VecDeque::new(), most: pairs };
    let mut direction = vec![R::ZERO; control.len()];
    let (mut trial, mut of_trial) = (control.clone(), gradient.clone());
    let stop = loop {
        let last = history[history.len() - 1];
        if last.gradient_norm <= goal {
            break Stop::Converged;
        }
        if history.len() > ending.iterations {
            break Stop::IterationLimit;
        }
        direction.iter_mut().zip(&gradient).for_each(|(direction, value)| *direction = -*value);
        memory.apply(&mut direction);
        let mut slope = dot(&direction, &gradient);
        if slope.is_nan() || slope >= 0.0 {
            memory.pairs.clear();
            direction.iter_mut().zip(&gradient).for_each(|(direction, value)| *direction = -*value);
            slope = -last.gradient_norm * last.gradient_norm;
        }
        // Without memory the length of a step is unknown: a change of 1 is as good as any.
        let first = if memory.pairs.is_empty() { (1.0 / last.gradient_norm).min(1.0) } else { 1.0 };
        let found = search(Point { step: 0.0, cost: last.cost, slope }, first, |step| {
            trial.copy_from_slice(&control);
            add(&mut trial, step, &direction);
            let value = cost(&trial, &mut of_trial)?;
            Ok((value, dot(&direction, &of_trial)))
        })?;
        let Some(point) = found else {
            if !memory.pairs.is_empty() {
                memory.pairs.clear();
                continue;
            }
            // What a step along the direction could still gain.
            let gain = slope.abs() * first;
            let rounding = 16.0 * R::EPSILON.to_f64() * last.cost.abs();
            break if gain <= rounding { Stop::Stagnation } else { Stop::LineSearch };
        };
        let mut step = trial.clone();
        add(&mut step, -1.0, &control);
        let mut change = of_trial.clone();
        add(&mut change, -1.0, &gradient);
        memory.push(step, change);
        control.copy_from_slice(&trial);
        gradient.copy_from_slice(&of_trial);
        history.push(Iterate { cost: point.cost, gradient_norm: norm(&gradient) });
    };
    Ok(Minimum { control, history, stop })
}

/// The last steps and changes of gradient, with 1/s·y.
struct Memory<R> {
    pairs: VecDeque<(Vec<R>, Vec<R>, f64)>,
    most: usize,
}

impl<R: Real> Memory<R> {
    /// Keeps a pair of positive curvature, as Wolfe's conditions make it but for rounding.
    fn push(&mut self, step: Vec<R>, change: Vec<R>) {
        let product = dot(&step, &change);
        if product > R::EPSILON.to_f64() * norm(&step) * norm(&change) {
            if self.pairs.len() == self.most {
                self.pairs.pop_front();
            }
            self.pairs.push_back((step, change, 1.0 / product));
        }
    }

    /// x ← H⁻¹ x, the recursion of two loops.
    fn apply(&self, x: &mut [R]) {
        let mut shares = Vec::with_capacity(self.pairs.len());
        for (step, change, inverse) in self.pairs.iter().rev() {
            let share = inverse * dot(step, x);
            add(x, -share, change);
            shares.push(share);
        }
        if let Some((_, change, inverse)) = self.pairs.back() {
            scale(x, 1.0 / (inverse * dot(change, change)));
        }
        for ((step, change, inverse), share) in self.pairs.iter().zip(shares.iter().rev()) {
            let along = inverse * dot(change, x);
            add(x, share - along, step);
        }
    }
}
