//! Semi-implicit step of divergence and geopotential in spectral space.

use crate::time_stepping::filter_displacement;
use terrella_kernels::{Real, kernel};

/// Next and filtered present divergence, next and filtered present geopotential departure \[s⁻¹, s⁻¹, m² s⁻², m² s⁻²\].
///
/// The formulas are in [`super`].
///
/// | argument                | shape                      | unit     |
/// |-------------------------|----------------------------|----------|
/// | `value`                 | index: coefficient·2 + part | –       |
/// | `interval`              | I = 2Δt, or Δt in a first step | s    |
/// | `implicit`              | β                          | –        |
/// | `mean_geopotential`     | Φ̄                          | m² s⁻²   |
/// | `strength`, `centring`  | filter                     | –        |
/// | `previous_*`, `present_*` | \[coefficients, 2\]      | s⁻¹, m² s⁻² |
/// | `flux_curl`             | \[coefficients, 2, 2\]; first field: k·∇×((ζ+f)V) | s⁻² |
/// | `flux_divergence`       | \[coefficients, 2, 2\]; second field: ∇·(Φ′V) | m² s⁻³ |
/// | `energy`                | \[coefficients, 2\], \|V\|²/2 | m² s⁻² |
/// | `orography`             | \[coefficients, 2\], Φ_s   | m² s⁻²   |
/// | `eigenvalue`            | \[coefficients\], n(n+1)/r² | m⁻²     |
/// | `*_source`              | \[coefficients, 2\]        | s⁻², m² s⁻³ |
/// | `*_damping`             | \[coefficients\]           | s⁻¹      |
#[kernel]
pub fn advance_gravity_waves<R: Real>(
    value: u32,
    interval: R,
    implicit: R,
    mean_geopotential: R,
    strength: R,
    centring: R,
    previous_divergence: &[R],
    present_divergence: &[R],
    previous_geopotential: &[R],
    present_geopotential: &[R],
    flux_curl: &[R],
    flux_divergence: &[R],
    energy: &[R],
    orography: &[R],
    eigenvalue: &[R],
    divergence_source: &[R],
    divergence_damping: &[R],
    geopotential_source: &[R],
    geopotential_damping: &[R],
) -> (R, R, R, R) {
    let coefficient = value / 2;
    let laplacian = eigenvalue[coefficient];
    let explicit = 1.0 - implicit;
    let divergence_factor = 1.0 + interval * divergence_damping[coefficient];
    let geopotential_factor = 1.0 + interval * geopotential_damping[coefficient];

    let divergence_tendency =
        flux_curl[value * 2] + laplacian * (energy[value] + orography[value]) + divergence_source[value];
    let geopotential_tendency = geopotential_source[value] - flux_divergence[value * 2 + 1];

    let provisional = (previous_geopotential[value]
        + interval * (geopotential_tendency - explicit * mean_geopotential * previous_divergence[value]))
        / geopotential_factor;
    let weight = interval * implicit * mean_geopotential / geopotential_factor;
    let divergence = (previous_divergence[value]
        + interval
            * (divergence_tendency
                + laplacian * (explicit * previous_geopotential[value] + implicit * provisional)))
        / (divergence_factor + interval * implicit * laplacian * weight);
    let geopotential = provisional - weight * divergence;

    let divergence_displacement =
        filter_displacement(strength, previous_divergence[value], present_divergence[value], divergence);
    let geopotential_displacement = filter_displacement(
        strength,
        previous_geopotential[value],
        present_geopotential[value],
        geopotential,
    );
    (
        divergence - (1.0 - centring) * divergence_displacement,
        present_divergence[value] + centring * divergence_displacement,
        geopotential - (1.0 - centring) * geopotential_displacement,
        present_geopotential[value] + centring * geopotential_displacement,
    )
}
