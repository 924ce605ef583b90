//! [`Lorenz63`]: convection in three variables.

use terrella_kernels::Real;

use super::{Equations, LinearisedEquations};

/// dx/dt = σ(y − x), dy/dt = x(ρ − z) − y, dz/dt = xy − βz (Lorenz 1963, *J. Atmos. Sci.* 20, 130–141, equations 25–27).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lorenz63<R> {
    /// σ, the Prandtl number.
    pub prandtl_number: R,
    /// ρ, the Rayleigh number over its critical value.
    pub rayleigh_number: R,
    /// β, a geometric factor.
    pub aspect: R,
}

impl<R: Real> Default for Lorenz63<R> {
    /// σ = 10, ρ = 28, β = 8/3, as in the paper.
    fn default() -> Self {
        Self {
            prandtl_number: R::from_f64(10.0),
            rayleigh_number: R::from_f64(28.0),
            aspect: R::from_f64(8.0 / 3.0),
        }
    }
}

impl<R: Real> Equations<R> for Lorenz63<R> {
    fn variables(&self) -> usize {
        3
    }

    #[inline(always)]
    fn tendency(&self, members: usize, state: &[R], tendency: &mut [R]) {
        for member in 0..members {
            let [x, y, z] = of(state, members, member);
            tendency[member] = self.prandtl_number * (y - x);
            tendency[members + member] = x * (self.rayleigh_number - z) - y;
            tendency[2 * members + member] = x * y - self.aspect * z;
        }
    }
}

impl<R: Real> LinearisedEquations<R> for Lorenz63<R> {
    #[inline(always)]
    fn tangent(&self, members: usize, state: &[R], perturbation: &[R], tendency: &mut [R]) {
        for member in 0..members {
            let [[x, y, z], [dx, dy, dz]] = [state, perturbation].map(|array| of(array, members, member));
            tendency[member] = self.prandtl_number * (dy - dx);
            tendency[members + member] = dx * (self.rayleigh_number - z) - x * dz - dy;
            tendency[2 * members + member] = dx * y + x * dy - self.aspect * dz;
        }
    }

    #[inline(always)]
    fn adjoint(&self, members: usize, state: &[R], sensitivity: &[R], result: &mut [R]) {
        for member in 0..members {
            let [[x, y, z], [of_x, of_y, of_z]] =
                [state, sensitivity].map(|array| of(array, members, member));
            result[member] = (self.rayleigh_number - z) * of_y + y * of_z - self.prandtl_number * of_x;
            result[members + member] = self.prandtl_number * of_x - of_y + x * of_z;
            result[2 * members + member] = -(x * of_y) - self.aspect * of_z;
        }
    }
}

/// The three variables of a member.
#[inline(always)]
fn of<R: Copy>(array: &[R], members: usize, member: usize) -> [R; 3] {
    [0, 1, 2].map(|variable| array[variable * members + member])
}
