//! Factors of n = 0 ..= T of the Laplacian and of isotropic filters.
//!
//! | filter           | factor of n                         | source |
//! |------------------|-------------------------------------|--------|
//! | [`exponential`]  | exp(−α (n/T)^p)                     | Hou & Li 2007, doi:10.1016/j.jcp.2007.04.014 (α = p = 36) |
//! | [`hyperdiffusion`] | exp(−Δt/τ (n(n+1)/(T(T+1)))^p)    | exact solution of ∂f/∂t ∝ −(−∇²)^p f; as a filter Sardeshmukh & Hoskins 1984, doi:10.1175/1520-0493(1984)112<2524:SSOTS>2.0.CO;2 |
//! | [`gaussian`]     | exp(−½ L² n(n+1)/a²)                | the heat kernel of the sphere; Weaver & Courtier 2001, doi:10.1002/qj.49712757518 |
//! | [`sharp`]        | 1 up to the cutoff, 0 beyond        | –      |
//! | [`lanczos`]      | sin x / x, x = π n/(N+1), up to N   | Lanczos's σ factors; Duchon 1979, doi:10.1175/1520-0450(1979)018<1016:LFIOAT>2.0.CO;2 |
//!
//! All filters leave the global mean (n = 0) as it is.

use std::f64::consts::PI;

use crate::spectral::Truncation;
use crate::{Error, Result};

/// Factors of the Laplacian, −n(n+1)/a² [m⁻²], for a sphere of `radius` a [m].
///
/// An error unless the radius is positive and finite.
pub fn laplacian(truncation: Truncation, radius: f64) -> Result<Vec<f64>> {
    positive("radius", radius)?;
    Ok(by_degree(truncation, |n| -(n * (n + 1.0)) / (radius * radius)))
}

/// Factors of the inverse Laplacian, −a²/(n(n+1)) [m²], 0 for n = 0: the solution whose mean vanishes.
///
/// An error unless the radius is positive and finite.
pub fn inverse_laplacian(truncation: Truncation, radius: f64) -> Result<Vec<f64>> {
    positive("radius", radius)?;
    Ok(by_degree(truncation, |n| if n == 0.0 { 0.0 } else { -(radius * radius) / (n * (n + 1.0)) }))
}

/// Factors of a real power of minus the Laplacian, (n(n+1)/a²)^power [m^(−2·power)].
///
/// n = 0 has factor 0 for any power but 0, whose operator is the identity. Powers of a sphere in metres leave the range of
/// f32 soon: use the unit sphere and scale. Errors: a radius that is not positive and finite, a power that is not finite.
pub fn laplacian_power(truncation: Truncation, radius: f64, power: f64) -> Result<Vec<f64>> {
    positive("radius", radius)?;
    if !power.is_finite() {
        return Err(invalid("power", power, "a finite number"));
    }
    Ok(by_degree(truncation, |n| match n {
        0.0 if power != 0.0 => 0.0,
        _ => (n * (n + 1.0) / (radius * radius)).powf(power),
    }))
}

/// Exponential filter exp(−α (n/T)^p): e^−α at n = T and closer to 1 below the larger `order` p is.
///
/// Errors: `strength` α negative, `order` not positive.
pub fn exponential(truncation: Truncation, strength: f64, order: f64) -> Result<Vec<f64>> {
    not_negative("strength", strength)?;
    positive("order", order)?;
    let total = truncation.total().max(1) as f64;
    Ok(by_degree(truncation, |n| (-strength * (n / total).powf(order)).exp()))
}

/// What hyperdiffusion −ν (−∇²)^p leaves after `step`: exp(−(step/time) (n(n+1)/(T(T+1)))^p).
///
/// `time` is the e-folding time of n = T in the unit of `step`; ν = (a²/(T(T+1)))^p / time. Errors: `step` negative, `time`
/// or `power` p not positive.
pub fn hyperdiffusion(truncation: Truncation, step: f64, time: f64, power: f64) -> Result<Vec<f64>> {
    not_negative("step", step)?;
    positive("time", time)?;
    positive("power", power)?;
    let total = truncation.total().max(1) as f64;
    let largest = total * (total + 1.0);
    Ok(by_degree(truncation, |n| (-step / time * (n * (n + 1.0) / largest).powf(power)).exp()))
}

/// Gaussian filter exp(−½ L² n(n+1)/a²): on a plane a convolution with a Gaussian of standard deviation `length` L.
///
/// `length` and `radius` a in the same unit. Errors: `length` negative, `radius` not positive.
pub fn gaussian(truncation: Truncation, radius: f64, length: f64) -> Result<Vec<f64>> {
    positive("radius", radius)?;
    not_negative("length", length)?;
    let variance = (length / radius).powi(2);
    Ok(by_degree(truncation, |n| (-0.5 * variance * n * (n + 1.0)).exp()))
}

/// Sharp cutoff: 1 for n ≤ `cutoff`, 0 beyond. The number of factors stays; coefficients go with a `TruncationChange`.
pub fn sharp(truncation: Truncation, cutoff: usize) -> Vec<f64> {
    by_degree(truncation, |n| if n <= cutoff as f64 { 1.0 } else { 0.0 })
}

/// Lanczos filter: sin x / x with x = π n/(N+1) for n ≤ N = `cutoff`, 0 beyond, against Gibbs's ripples of a sharp cutoff.
pub fn lanczos(truncation: Truncation, cutoff: usize) -> Vec<f64> {
    by_degree(truncation, |n| {
        let x = PI * n / (cutoff as f64 + 1.0);
        match n {
            0.0 => 1.0,
            n if n <= cutoff as f64 => x.sin() / x,
            _ => 0.0,
        }
    })
}

fn by_degree(truncation: Truncation, factor: impl Fn(f64) -> f64) -> Vec<f64> {
    (0..=truncation.total()).map(|n| factor(n as f64)).collect()
}

fn positive(name: &'static str, value: f64) -> Result<()> {
    if value.is_finite() && value > 0.0 { Ok(()) } else { Err(invalid(name, value, "a positive number")) }
}

fn not_negative(name: &'static str, value: f64) -> Result<()> {
    if value.is_finite() && value >= 0.0 {
        Ok(())
    } else {
        Err(invalid(name, value, "0 or a positive number"))
    }
}

fn invalid(name: &'static str, value: f64, expected: &str) -> Error {
    Error::InvalidValue { name, got: value.to_string(), expected: expected.to_owned() }
}
