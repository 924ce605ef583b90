//! Minimisers of cost functions J over control vectors, arrays of any length in f32 or f64.
//!
//! | function               | for | source |
//! |------------------------|-----|--------|
//! | [`conjugate_gradients`] | quadratic J, known by products of its Hessian with vectors | Hestenes & Stiefel 1952, *J. Res. Natl. Bur. Stand.* 49, 409–436 |
//! | [`lanczos`]            | the same, with Ritz pairs of the Hessian | Lanczos 1950, *J. Res. Natl. Bur. Stand.* 45, 255–282; Fisher 1998, ECMWF seminar on data assimilation |
//! | [`limited_memory`]     | any smooth J: L-BFGS with a line search by the strong conditions of Wolfe | Nocedal 1980, *Math. Comp.* 35, 773–782; Liu & Nocedal 1989, *Math. Program.* 45, 503–528 |
//!
//! [`RitzPreconditioner`] makes what one minimisation has learnt of the Hessian the preconditioner of the next one, whose Hessian is nearly
//! the same. [`gradient_test`] compares a gradient with
//! differences of the cost.
//!
//! Dot products are summed in f64 in a fixed order, so that results depend neither on precision more than they must nor on threads.
//! A minimiser that does not converge returns the best iterate, and [`Minimum::stop`] says why it stopped.

mod conjugate_gradients;
mod gradient_test;
mod lanczos;
mod limited_memory;
mod line_search;
mod ritz_preconditioner;
#[cfg(test)]
mod tests;

pub use conjugate_gradients::conjugate_gradients;
pub use gradient_test::{GradientTest, gradient_test};
pub use lanczos::{RitzPairs, lanczos};
pub use limited_memory::limited_memory;
pub use ritz_preconditioner::RitzPreconditioner;

use super::vectors::norm;
use crate::error::expect_len;
use crate::{Error, Real, Result};

/// When a minimisation ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ending {
    /// The largest number of iterations, each of them with one product or, in L-BFGS, one line search.
    pub iterations: usize,
    /// Converged is what has this share of the reference's norm, or less.
    pub gradient_reduction: f64,
    /// Norm of the gradient that the share is of; that of the first one unless it is given. Minimisations that go on where others of the same cost have
    /// ended give the first norm of those.
    pub reference: Option<f64>,
}

impl Ending {
    /// With the first gradient for reference.
    pub const fn new(iterations: usize, gradient_reduction: f64) -> Self {
        Self { iterations, gradient_reduction, reference: None }
    }

    /// The norm of a gradient that is small enough.
    fn goal(&self, first: &Iterate) -> f64 {
        self.gradient_reduction * self.reference.unwrap_or(first.gradient_norm)
    }

    fn validate(&self) -> Result<()> {
        if let Some(norm) = self.reference
            && !(norm >= 0.0 && norm.is_finite())
        {
            let (got, expected) = (norm.to_string(), "a finite number of 0 or more".to_owned());
            return Err(Error::InvalidValue { name: "reference", got, expected });
        }
        if self.gradient_reduction >= 0.0 && self.gradient_reduction < 1.0 {
            return Ok(());
        }
        Err(Error::InvalidValue {
            name: "gradient_reduction",
            got: self.gradient_reduction.to_string(),
            expected: "a number from 0 up to 1, without 1".to_owned(),
        })
    }
}

/// Why a minimisation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stop {
    /// The gradient is as small as was asked for.
    Converged,
    /// It is not, after as many iterations as were allowed.
    IterationLimit,
    /// The cost can be reduced no more in this precision, though the gradient is larger than was asked for.
    Stagnation,
    /// No point along the direction of descent meets Wolfe's conditions.
    LineSearch,
}

/// One line of a minimisation's history.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Iterate {
    /// J.
    pub cost: f64,
    /// |∇J|.
    pub gradient_norm: f64,
}

/// The best control vector that was found, and how.
#[derive(Clone, Debug)]
pub struct Minimum<R> {
    /// The control vector of least cost.
    pub control: Vec<R>,
    /// The first guess, then the result of every iteration.
    pub history: Vec<Iterate>,
    /// Why no more iterations were made.
    pub stop: Stop,
}

impl<R> Minimum<R> {
    /// Whether the gradient became as small as was asked for.
    pub fn converged(&self) -> bool {
        self.stop == Stop::Converged
    }

    /// Iterations that were made.
    pub fn iterations(&self) -> usize {
        self.history.len() - 1
    }
}

/// Where the minimisation of a quadratic cost begins: x₀ with J(x₀) and ∇J(x₀).
#[derive(Clone, Copy, Debug)]
pub struct Start<'a, R> {
    /// x₀.
    pub control: &'a [R],
    /// J(x₀).
    pub cost: f64,
    /// ∇J(x₀).
    pub gradient: &'a [R],
}

impl<R: Real> Start<'_, R> {
    fn validate(&self) -> Result<Iterate> {
        expect_len("gradient", self.control.len(), self.gradient.len())?;
        expect_finite(self.cost, self.gradient, 0)
    }
}

/// Cost and gradient norm, or an error where either is not finite.
fn expect_finite<R: Real>(cost: f64, gradient: &[R], iteration: usize) -> Result<Iterate> {
    let gradient_norm = norm(gradient);
    if cost.is_finite() && gradient_norm.is_finite() {
        return Ok(Iterate { cost, gradient_norm });
    }
    Err(Error::CostNotFinite { iteration, cost, gradient_norm })
}

/// The curvature dᵀHd along a direction, or an error unless it is positive.
fn expect_positive(curvature: f64, iteration: usize) -> Result<f64> {
    if curvature.is_nan() || curvature.is_infinite() {
        return Err(Error::CostNotFinite { iteration, cost: curvature, gradient_norm: f64::NAN });
    }
    if curvature > 0.0 { Ok(curvature) } else { Err(Error::IndefiniteHessian { iteration, curvature }) }
}
