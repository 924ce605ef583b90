//! Ensembles from singular vectors.

use terrella_kernels::Real;
use terrella_kernels::assimilation::Ensemble;
use terrella_kernels::assimilation::vectors::add;
use terrella_kernels::random::normals;

use super::SingularVectors;
use crate::shallow_water::expect_length;
use crate::{Error, Result};

/// Adds random combinations of singular vectors to the members of an ensemble: Σ_k a_k v_k with independent normal a_k of variance amplitude²/K, so that
/// the mean square of the perturbations' norm is amplitude².
///
/// Members 0 and 1, 2 and 3, … get perturbations of opposite sign, so that an even number of members keeps its mean. The numbers
/// depend on the seed and the member alone.
///
/// # Errors
/// An ensemble of other states than the vectors'; [`Error::InvalidConfiguration`] for an amplitude that is negative or not finite and for no
/// vectors.
pub fn perturb<R: Real>(
    ensemble: &mut Ensemble<R>,
    vectors: &SingularVectors<R>,
    amplitude: f64,
    seed: u64,
) -> Result<()> {
    let invalid = |name, got, expected| Err(Error::InvalidConfiguration { name, got, expected });
    if !(amplitude >= 0.0 && amplitude.is_finite()) {
        return invalid("amplitude", amplitude.to_string(), "a finite number from 0 on");
    }
    let Some(first) = vectors.initial.first() else {
        return invalid("vectors", "none".to_owned(), "at least one singular vector");
    };
    expect_length("ensemble", first.len(), ensemble.variables())?;
    let scale = amplitude / (vectors.initial.len() as f64).sqrt();
    let mut amplitudes = vec![0.0_f64; vectors.initial.len()];
    let mut state = vec![R::ZERO; first.len()];
    for member in 0..ensemble.members() {
        normals(seed, [member as u32 / 2, 0, 0], &mut amplitudes);
        let sign = if member % 2 == 0 { scale } else { -scale };
        ensemble.read_member(member, &mut state)?;
        for (amplitude, vector) in amplitudes.iter().zip(&vectors.initial) {
            add(&mut state, sign * amplitude, vector);
        }
        ensemble.write_member(member, &state)?;
    }
    Ok(())
}
