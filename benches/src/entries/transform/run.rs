//! One call for every direction.

use terrella_kernels::Real;
use terrella_kernels::device::Buffer;
use terrella_kernels::spectral::Transform;

use super::direction::{Direction, Operator};
use crate::Result;

/// Transforms `spectra` to `values` or back; the second of either is left alone where the operator has but one.
pub(super) fn run<R: Real>(
    plan: &mut Transform<R>,
    direction: Direction,
    fields: usize,
    spectra: &mut [Buffer<R>; 2],
    values: &mut [Buffer<R>; 2],
) -> Result<()> {
    use Operator::{Analysis, Gradient, Synthesis, WindAnalysis, WindSynthesis, WindZonalDerivative};
    let ([s, t], [u, v]) = (spectra, values);
    match (direction.operator, direction.adjoint) {
        (Synthesis, false) => plan.synthesis(fields, s, u),
        (Synthesis, true) => plan.synthesis_adjoint(fields, u, s),
        (Analysis, false) => plan.analysis(fields, u, s),
        (Analysis, true) => plan.analysis_adjoint(fields, s, u),
        (WindSynthesis, false) => plan.wind_synthesis(fields, s, t, u, v),
        (WindSynthesis, true) => plan.wind_synthesis_adjoint(fields, u, v, s, t),
        (WindAnalysis, false) => plan.wind_analysis(fields, u, v, s, t),
        (WindAnalysis, true) => plan.wind_analysis_adjoint(fields, s, t, u, v),
        (Gradient, false) => plan.gradient_synthesis(fields, s, u, v),
        (Gradient, true) => plan.gradient_synthesis_adjoint(fields, u, v, s),
        (WindZonalDerivative, false) => plan.wind_zonal_derivative_synthesis(fields, s, t, u, v),
        (WindZonalDerivative, true) => plan.wind_zonal_derivative_synthesis_adjoint(fields, u, v, s, t),
    }?;
    Ok(())
}
