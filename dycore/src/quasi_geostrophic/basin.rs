//! What changes the streamfunction.

use std::f64::consts::TAU;

use terrella_kernels::Real;

use super::Configuration;
use super::helmholtz::Helmholtz;
use super::operators::Square;
use crate::fourier::{FourierReal, rounded};
use crate::time_stepping::{Flow, LinearisedFlow};

/// ∂ψ/∂t and its derivative.
pub(super) struct Basin<R: FourierReal> {
    pub(super) square: Square<R>,
    helmholtz: Helmholtz<R>,
    froude_number: R,
    rossby_number: R,
    friction: R,
    /// The wind's curl, by row.
    curl: Vec<R>,
    /// q.
    vorticity: Vec<R>,
    /// Fields on the way to others.
    first: Vec<R>,
    second: Vec<R>,
    /// (Δ − F)⁻¹ of a sensitivity.
    solution: Vec<R>,
}

impl<R: FourierReal> Basin<R> {
    pub(super) fn new(configuration: &Configuration) -> Self {
        let Configuration { points, froude_number, rossby_number, friction, wind, .. } = *configuration;
        let spacing = 1.0 / (points - 1) as f64;
        let square = Square { points, spacing: rounded(spacing) };
        let zeros = || vec![<R as Real>::ZERO; square.len()];
        Self {
            square,
            helmholtz: Helmholtz::new(square, froude_number),
            froude_number: rounded(froude_number),
            rossby_number: rounded(rossby_number),
            friction: rounded(friction),
            curl: (0..points).map(|row| rounded(-wind * Real::sin(TAU * row as f64 * spacing))).collect(),
            vorticity: zeros(),
            first: zeros(),
            second: zeros(),
            solution: zeros(),
        }
    }

    /// Writes q of ψ to `vorticity`.
    #[inline(always)]
    fn set_vorticity(&mut self, streamfunction: &[R]) {
        self.square.shifted_laplacian(self.froude_number, streamfunction, &mut self.vorticity);
    }

    /// Adds −A Δ³ of a field.
    #[inline(always)]
    fn add_friction(&mut self, field: &[R], result: &mut [R]) {
        let Self { square, first, second, .. } = self;
        let zero = <R as Real>::ZERO;
        square.shifted_laplacian(zero, field, first);
        square.shifted_laplacian(zero, first, second);
        square.add_laplacian(-self.friction, second, result);
    }
}

impl<R: FourierReal> Flow<R> for Basin<R> {
    #[inline(always)]
    fn tendency(&mut self, state: &[R], tendency: &mut [R]) {
        self.set_vorticity(state);
        let curl = &self.curl;
        self.square.each_row(tendency, |row, values| values.fill(curl[row]));
        self.square.add_jacobian(-self.rossby_number, state, &self.vorticity, tendency);
        self.square.add_eastward_derivative(-<R as Real>::ONE, state, tendency);
        self.add_friction(state, tendency);
        self.helmholtz.solve(tendency);
    }
}

impl<R: FourierReal> LinearisedFlow<R> for Basin<R> {
    #[inline(always)]
    fn tangent(&mut self, state: &[R], perturbation: &[R], tendency: &mut [R]) {
        self.set_vorticity(state);
        tendency.fill(<R as Real>::ZERO);
        self.square.add_jacobian(-self.rossby_number, perturbation, &self.vorticity, tendency);
        self.square.shifted_laplacian(self.froude_number, perturbation, &mut self.first);
        self.square.add_jacobian(-self.rossby_number, state, &self.first, tendency);
        self.square.add_eastward_derivative(-<R as Real>::ONE, perturbation, tendency);
        self.add_friction(perturbation, tendency);
        self.helmholtz.solve(tendency);
    }

    #[inline(always)]
    fn adjoint(&mut self, state: &[R], sensitivity: &[R], result: &mut [R]) {
        self.set_vorticity(state);
        // g = (Δ − F)⁻¹ w
        let mut solution = std::mem::take(&mut self.solution);
        solution.copy_from_slice(sensitivity);
        self.helmholtz.solve(&mut solution);
        result.fill(<R as Real>::ZERO);
        self.square.add_jacobian(-self.rossby_number, &self.vorticity, &solution, result);
        self.first.fill(<R as Real>::ZERO);
        self.square.add_jacobian(-self.rossby_number, &solution, state, &mut self.first);
        self.square.shifted_laplacian(self.froude_number, &self.first, &mut self.second);
        for (result, value) in result.iter_mut().zip(&self.second) {
            *result += *value;
        }
        self.square.add_eastward_derivative(<R as Real>::ONE, &solution, result);
        self.add_friction(&solution, result);
        self.solution = solution;
    }
}
