//! Conjugate gradients for quadratic costs.

use super::{Ending, Iterate, Minimum, Start, Stop, expect_positive};
use crate::assimilation::vectors::{add, dot, norm, update};
use crate::{Real, Result};

/// Minimises J(x) = J(x₀) + ∇J(x₀)·(x − x₀) + ½ (x − x₀)ᵀ H (x − x₀) with symmetric positive definite H.
///
/// | argument         | what |
/// |------------------|------|
/// | `start`          | x₀, J(x₀), ∇J(x₀), [n] |
/// | `hessian`        | (v, out): out = H v |
/// | `preconditioner` | (g, out): out = P g with symmetric positive definite P ≈ H⁻¹, such as [`RitzPreconditioner::apply`](super::RitzPreconditioner::apply) |
///
/// Nothing is orthogonalised again, so that large problems need more iterations than with [`lanczos`](super::lanczos) and the memory of
/// four vectors only. The norm in the history is that of the plain gradient, by recursion.
///
/// # Errors
/// [`Error::LengthMismatch`](crate::Error::LengthMismatch), [`Error::CostNotFinite`](crate::Error::CostNotFinite),
/// [`Error::IndefiniteHessian`](crate::Error::IndefiniteHessian) for a direction without positive curvature,
/// [`Error::InvalidValue`](crate::Error::InvalidValue) for an impossible ending, and those of `hessian` and `preconditioner`.
pub fn conjugate_gradients<R: Real>(
    start: &Start<'_, R>,
    mut hessian: impl FnMut(&[R], &mut [R]) -> Result<()>,
    mut preconditioner: impl FnMut(&[R], &mut [R]) -> Result<()>,
    ending: &Ending,
) -> Result<Minimum<R>> {
    ending.validate()?;
    let first = start.validate()?;
    let mut control = start.control.to_vec();
    let mut gradient = start.gradient.to_vec();
    let (mut preconditioned, mut product) = (gradient.clone(), gradient.clone());
    preconditioner(&gradient, &mut preconditioned)?;
    let mut direction: Vec<R> = preconditioned.iter().map(|value| -*value).collect();
    let mut along = dot(&gradient, &preconditioned);
    let mut history = vec![first];
    let goal = ending.goal(&first);
    let stop = loop {
        let last = history[history.len() - 1];
        if last.gradient_norm <= goal {
            break Stop::Converged;
        }
        if history.len() > ending.iterations {
            break Stop::IterationLimit;
        }
        hessian(&direction, &mut product)?;
        let curvature = expect_positive(dot(&direction, &product), history.len())?;
        expect_positive(along, history.len())?;
        let step = along / curvature;
        let cost = last.cost - 0.5 * step * along;
        if cost >= last.cost {
            break Stop::Stagnation;
        }
        add(&mut control, step, &direction);
        add(&mut gradient, step, &product);
        preconditioner(&gradient, &mut preconditioned)?;
        let next = dot(&gradient, &preconditioned);
        let keep = R::from_f64(next / along);
        update(&mut direction, &preconditioned, |direction, new| keep * direction - new);
        along = next;
        history.push(Iterate { cost, gradient_norm: norm(&gradient) });
    };
    Ok(Minimum { control, history, stop })
}
