//! The norm of total energy.

use terrella_kernels::spectral::Truncation;
use terrella_kernels::vertical::Layer;

use super::super::Configuration;
use crate::{Error, Result};

/// Weights e of a state's values with which Σ e x² is the mean over the sphere of a perturbation's total energy about a temperature
/// T_r \[K\], per unit of mass \[J kg⁻¹\]:
///
/// ½⟨Σ_k Δp_k/p_r·(u² + v² + (c_p/T_r)·T² + w·L²/(c_p·T_r)·q²) + R_d·T_r·P²⟩,  P = δ ln p_s,
///
/// the form of Ehrendorfer & Errico (1995, *J. Atmos. Sci.* 52, 3475–3500), with δ ln p_s for p_s′/p_r; the term in q is that of
/// Ehrendorfer, Errico & Raeder (1999, *J. Atmos. Sci.* 56, 1627–1648). `humidity` is w·L², in J² kg⁻²: 0 for the dry norm.
///
/// With ⟨u² + v²⟩ = Σ a²/(n(n+1))·(|ζ_nm|² + |D_nm|²), where coefficients with m > 0 count twice. What no field on the grid depends on
/// (imaginary parts of m = 0, means of ζ and D), and tracers other than humidity, has weight 0.
///
/// Errors: a temperature that is not positive, a `humidity` that is negative, or not finite.
pub fn total_energy_norm(configuration: &Configuration, temperature: f64, humidity: f64) -> Result<Vec<f64>> {
    let refuse =
        |name, got: f64, expected| Err(Error::InvalidConfiguration { name, got: got.to_string(), expected });
    if !(temperature > 0.0 && temperature.is_finite()) {
        return refuse("temperature", temperature, "a finite temperature above 0 K");
    }
    if !(humidity >= 0.0 && humidity.is_finite()) {
        return refuse("humidity", humidity, "a finite number of at least 0");
    }
    let surface = configuration.reference_surface_pressure;
    let layers = Layer::all(&configuration.levels, surface);
    let by_layer =
        |factor: f64| layers.iter().map(|layer| factor * layer.thickness / surface).collect::<Vec<f64>>();
    let latent = humidity / (configuration.heat_capacity * temperature);
    let tracers: Vec<f64> = (0..configuration.tracers())
        .flat_map(|tracer| by_layer(if configuration.moist && tracer == 0 { latent } else { 0.0 }))
        .collect();
    let radius_squared = configuration.radius * configuration.radius;
    let kinetic =
        |degree: usize| if degree == 0 { 0.0 } else { radius_squared / (degree * (degree + 1)) as f64 };
    let mut weights = Vec::new();
    let mut append = |fields: &[f64], of_degree: &dyn Fn(usize) -> f64| {
        for (order, degree) in Truncation::new(configuration.truncation).wavenumbers() {
            // ½, and twice that for m > 0.
            let parts = if order == 0 { [0.5, 0.0] } else { [1.0, 1.0] };
            for part in parts {
                weights.extend(fields.iter().map(|field| field * part * of_degree(degree)));
            }
        }
    };
    append(&by_layer(1.0), &kinetic);
    append(&by_layer(1.0), &kinetic);
    append(&by_layer(configuration.heat_capacity / temperature), &|_| 1.0);
    append(&[configuration.gas_constant * temperature], &|_| 1.0);
    append(&tracers, &|_| 1.0);
    Ok(weights)
}
