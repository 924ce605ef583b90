//! Vorticity and divergence to wind and back, coefficient by coefficient.
//!
//! With streamfunction ψ = ∇⁻²ζ and velocity potential χ = ∇⁻²δ, ψ_nm = −a² ζ_nm / (n(n+1)), the wind is
//! u cos φ = (1/a) (∂χ/∂λ − (1−μ²) ∂ψ/∂μ), v cos φ = (1/a) (∂ψ/∂λ + (1−μ²) ∂χ/∂μ). From
//! (1−μ²) dP̄_n/dμ = (n+1) ε_n P̄_{n−1} − n ε_{n+1} P̄_{n+1} follow, for n = m ..= T+1,
//!
//! a (u cos φ)_n = i m χ_n + (n−1) ε_n ψ_{n−1} − (n+2) ε_{n+1} ψ_{n+1}
//! a (v cos φ)_n = i m ψ_n − (n−1) ε_n χ_{n−1} + (n+2) ε_{n+1} χ_{n+1}
//!
//! and by parts, with Ũ, Ṽ the coefficients of u/cos φ and v/cos φ up to n = T+1,
//!
//! a ζ_n = i m Ṽ_n + (n+1) ε_n Ũ_{n−1} − n ε_{n+1} Ũ_{n+1}
//! a δ_n = i m Ũ_n − (n+1) ε_n Ṽ_{n−1} + n ε_{n+1} Ṽ_{n+1}
//!
//! Here [re, im] of degree n stand at index n−m, followed by at least two zeros.

/// Coefficients of u cos φ (`sign` = 1, `gradient` = ψ, `zonal` = χ) or v cos φ (`sign` = −1, χ, ψ).
///
/// `zonal` and `gradient` hold vorticity or divergence up to T; `output` is written up to T+1.
pub(super) fn wind_from_sources(
    m: usize,
    truncation: usize,
    radius: f64,
    epsilon: &[f64],
    sign: f64,
    gradient: &[[f64; 2]],
    zonal: &[[f64; 2]],
    output: &mut [[f64; 2]],
) {
    // ψ_n of degree n by −a²/(n(n+1)), then the 1/a of the wind.
    let potential = |source: &[[f64; 2]], n: usize| {
        let factor = if n == 0 { 0.0 } else { -radius / (n * (n + 1)) as f64 };
        source[n - m].map(|value| factor * value)
    };
    for n in m..=truncation + 1 {
        let j = n - m;
        let mut sum = [0.0; 2];
        if n <= truncation {
            let [re, im] = potential(zonal, n);
            sum = [-(m as f64) * im, m as f64 * re];
        }
        if j > 0 {
            let factor = sign * (n as f64 - 1.0) * epsilon[j];
            let below = potential(gradient, n - 1);
            sum = [sum[0] + factor * below[0], sum[1] + factor * below[1]];
        }
        if n < truncation {
            let factor = -sign * (n + 2) as f64 * epsilon[j + 1];
            let above = potential(gradient, n + 1);
            sum = [sum[0] + factor * above[0], sum[1] + factor * above[1]];
        }
        output[j] = sum;
    }
}

/// Coefficients of ζ (`sign` = 1, `gradient` = Ũ, `zonal` = Ṽ) or δ (`sign` = −1, Ṽ, Ũ), one degree.
#[inline(always)]
pub(super) fn source_from_wind(
    m: usize,
    n: usize,
    radius: f64,
    epsilon: &[f64],
    sign: f64,
    gradient: &[[f64; 2]],
    zonal: &[[f64; 2]],
) -> [f64; 2] {
    let j = n - m;
    let [re, im] = zonal[j];
    let mut sum = [-(m as f64) * im, m as f64 * re];
    for part in 0..2 {
        let below = if j > 0 { (n + 1) as f64 * epsilon[j] * gradient[j - 1][part] } else { 0.0 };
        let above = n as f64 * epsilon[j + 1] * gradient[j + 1][part];
        sum[part] = (sum[part] + sign * (below - above)) / radius;
    }
    sum
}
