//! What a model of a few equations is.

use terrella_kernels::Real;

use crate::time_stepping::{Flow, LinearisedFlow};

/// dx/dt = f(x) of a few variables.
pub trait Equations<R: Real> {
    /// Number of variables.
    fn variables(&self) -> usize;

    /// Writes f(x) to `tendency`; both are \[variable]\[member].
    fn tendency(&self, members: usize, state: &[R], tendency: &mut [R]);
}

/// The derivative J = ∂f/∂x of [`Equations`], member by member. All arrays are \[variable]\[member].
pub trait LinearisedEquations<R: Real>: Equations<R> {
    /// Writes J(x) dx to `tendency`.
    fn tangent(&self, members: usize, state: &[R], perturbation: &[R], tendency: &mut [R]);

    /// Writes J(x)ᵀ w to `result`.
    fn adjoint(&self, members: usize, state: &[R], sensitivity: &[R], result: &mut [R]);
}

/// Equations for some members.
pub(super) struct OfMembers<'a, E> {
    pub(super) equations: &'a E,
    pub(super) members: usize,
}

impl<R: Real, E: Equations<R>> Flow<R> for OfMembers<'_, E> {
    #[inline(always)]
    fn tendency(&mut self, state: &[R], tendency: &mut [R]) {
        self.equations.tendency(self.members, state, tendency);
    }
}

impl<R: Real, E: LinearisedEquations<R>> LinearisedFlow<R> for OfMembers<'_, E> {
    #[inline(always)]
    fn tangent(&mut self, state: &[R], perturbation: &[R], tendency: &mut [R]) {
        self.equations.tangent(self.members, state, perturbation, tendency);
    }

    #[inline(always)]
    fn adjoint(&mut self, state: &[R], sensitivity: &[R], result: &mut [R]) {
        self.equations.adjoint(self.members, state, sensitivity, result);
    }
}
