//! The reference state about which fast terms are implicit, and their matrices.

use terrella_kernels::vertical::{HybridLevels, Layer};

use super::dense::Matrix;

/// The terms of gravity waves about an atmosphere at rest with temperature T_r and surface pressure p_r, in f64.
///
/// With the layers of that atmosphere (α, ℓ = ln(p_{k+½}/p_{k−½}), Δp), of which layer j lies above k for j < k:
///
/// - φ′_k = (γT)_k: γ_kj = R·α_k for j = k, R·ℓ_j for j > k;
/// - ∂T_k/∂t = −(τD)_k: τ_kj = κ·T_r·α_k for j = k, κ·T_r·ℓ_k·Δp_j/Δp_k for j < k;
/// - ∂ln p_s/∂t = −ν·D: ν_j = Δp_j/p_r;
/// - the pressure gradient is R·T_r·∇ln p_s.
///
/// Simmons & Burridge's scheme linearised as in Hoskins & Simmons (1975, *Quart. J. Roy. Meteor. Soc.* 101, 637–655). The
/// eigenvalues of γτ + R·T_r·ν are the squares of the speeds of the gravity waves \[m² s⁻²\].
#[derive(Clone, Debug)]
pub struct ReferenceState {
    /// T_r \[K\].
    pub temperature: f64,
    /// p_r \[Pa\].
    pub surface_pressure: f64,
    /// R_d \[J kg⁻¹ K⁻¹\].
    pub gas_constant: f64,
    /// The layers of the reference.
    pub layers: Vec<Layer>,
    /// γ, `[k][j]` \[m² s⁻² K⁻¹\].
    pub geopotential: Matrix,
    /// τ, `[k][j]` \[K\].
    pub conversion: Matrix,
    /// ν, `[j]`.
    pub mass_weight: Vec<f64>,
}

impl ReferenceState {
    /// The matrices of these levels; `kappa` is R_d/c_p.
    pub fn new(
        levels: &HybridLevels,
        temperature: f64,
        surface_pressure: f64,
        gas_constant: f64,
        kappa: f64,
    ) -> Self {
        let layers = Layer::all(levels, surface_pressure);
        let count = levels.count();
        let geopotential = Matrix::from_function(count, |k, j| match j {
            _ if j == k => gas_constant * layers[k].alpha,
            _ if j > k => gas_constant * layers[j].logarithm,
            _ => 0.0,
        });
        let conversion = Matrix::from_function(count, |k, j| match j {
            _ if j == k => kappa * temperature * layers[k].alpha,
            _ if j < k => {
                kappa * temperature * layers[k].logarithm * layers[j].thickness / layers[k].thickness
            }
            _ => 0.0,
        });
        let mass_weight = layers.iter().map(|layer| layer.thickness / surface_pressure).collect();
        Self { temperature, surface_pressure, gas_constant, layers, geopotential, conversion, mass_weight }
    }

    /// γτ + R·T_r·ν \[m² s⁻²\]: ∂²D/∂t² = ∇²·(this)·D in a fluid that does not rotate.
    pub fn wave_matrix(&self) -> Matrix {
        let product = self.geopotential.times(&self.conversion);
        let force = self.gas_constant * self.temperature;
        Matrix::from_function(product.size(), |k, j| product[(k, j)] + force * self.mass_weight[j])
    }

    /// (1 + w²·λ_n·(γτ + R·T_r·ν))⁻¹ for n = 0 ..= `truncation`, w = βI \[s\], λ_n = n(n+1)/a².
    pub fn helmholtz_inverses(&self, truncation: usize, radius: f64, weight: f64) -> Vec<Matrix> {
        let waves = self.wave_matrix();
        (0..=truncation)
            .map(|n| {
                let factor = weight * weight * (n * (n + 1)) as f64 / (radius * radius);
                Matrix::from_function(waves.size(), |k, j| {
                    factor * waves[(k, j)] + if k == j { 1.0 } else { 0.0 }
                })
                .inverse()
            })
            .collect()
    }
}
