//! The norm of total energy.

use crate::shallow_water::Configuration;
use crate::shallow_water::degrees;

/// Weights e of a state's values, `[3, coefficients, 2]`, with which Σ e x² is the mean over the sphere of a perturbation's total energy about rest with
/// depth Φ̄, per unit of mass: ½⟨|V|²⟩ + ½⟨Φ²⟩/Φ̄ \[m² s⁻²\].
///
/// With ⟨|V|²⟩ = Σ r²/(n(n+1)) (|ζ_nm|² + |D_nm|²), where coefficients with m > 0 count twice. Those of ζ and D with n = 0 and imaginary parts of m = 0,
/// which are no part of a flow, have weight 0.
pub fn total_energy_norm(configuration: &Configuration) -> Vec<f64> {
    let truncation = configuration.truncation;
    let square = configuration.radius * configuration.radius;
    let orders = (0..=truncation).flat_map(|order| std::iter::repeat_n(order, truncation + 1 - order));
    let (mut kinetic, mut potential) = (Vec::new(), Vec::new());
    for (order, degree) in orders.zip(degrees(truncation)) {
        let eigenvalue = degree as f64 * (degree as f64 + 1.0) / square;
        // ½, and twice that for m > 0.
        let [real, imaginary] = if order == 0 { [0.5, 0.0] } else { [1.0, 1.0] };
        for count in [real, imaginary] {
            kinetic.push(if degree == 0 { 0.0 } else { count / eigenvalue });
            potential.push(count / configuration.mean_geopotential);
        }
    }
    [&kinetic[..], &kinetic, &potential].concat()
}
