//! A particle filter whose weights differ from place to place.

use rayon::prelude::*;

use super::resampling::keep_in_place;
use super::{Resampling, add_likelihood, effective_size, normalise, resample};
use crate::assimilation::analysis::expect_equivalents;
use crate::assimilation::localization::{Near, Neighbourhood, find_near};
use crate::assimilation::{Ensemble, Observations};
use crate::{Error, Real, Result};

/// How local weights become members.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LocalParticles {
    /// How members are drawn, with the same random numbers in every domain.
    pub resampling: Resampling,
    /// The share of what the neighbours drew in a member, 0 to 1.
    pub smoothing: f64,
}

/// Replaces a forecast ensemble by one drawn by the weights of each domain: the local filter of state blocks with smoothing by weights of
/// Farchi & Bocquet (2018, *Nonlin. Processes Geophys.* 25, 765–807, doi:10.5194/npg-25-765-2018), which follows Penny & Miyoshi (2016, *Nonlin. Processes Geophys.* 23, 391–405).
///
/// In domain b member j has the weight w_j ∝ exp(−½ Σ_q ρ_bq (y_q − H_q x_j)²/r_q), with the observations q near b and their taper ρ. Members
/// φ_b(j) are drawn by these; who is drawn stays in his place j, so that neighbouring domains put parts of the same members together. What is
/// drawn at b and around it is mixed with the share s of `smoothing`,
///
/// x_j(b) ← (1 − s) x_φb(j)(b) + s Σ_c G_bc x_φc(j)(b) / Σ_c G_bc,
///
/// with the domains c near b, itself among them, and their taper G. Averaging takes variance: s ≈ ½, and deviates that are added to the
/// ensemble ([`inflation::add`](crate::assimilation::inflation::add)), are what the model's noise must make up for.
///
/// | argument        | shape                                        | unit |
/// |-----------------|----------------------------------------------|------|
/// | `ensemble`      | [layer][domain][member], forecast, then analysis | any |
/// | `domains`       | number of domains; their multiple is the number of variables | |
/// | `equivalents`   | [observation][member], Hx of the forecast     | that of the observations |
/// | `observations_near` | finds the observations near a domain      |      |
/// | `domains_near`  | finds the domains near a domain; not called without smoothing | |
///
/// All is a function of seed and cycle and does not depend on the number of threads; 4 bytes per domain and member remember who was drawn. Returns
/// the least effective number of members of any domain.
///
/// # Errors
/// Those of [`analyse`](crate::assimilation::analyse), [`Error::InvalidValue`] for a smoothing outside 0 to 1, domains that do not divide the variables, and observations
/// and domains that are found and not there; the ensemble is then unchanged.
#[expect(clippy::too_many_arguments, reason = "an array, what is known of it, and two searches")]
pub fn analyse_particles_locally<R: Real>(
    ensemble: &mut Ensemble<R>,
    domains: usize,
    equivalents: &Ensemble<R>,
    observations: &Observations<R>,
    settings: &LocalParticles,
    observations_near: &impl Neighbourhood,
    domains_near: &impl Neighbourhood,
    (seed, cycle): (u64, u32),
) -> Result<f64> {
    expect_equivalents(ensemble, equivalents, observations)?;
    let (members, variables) = (ensemble.members(), ensemble.variables());
    let refuse = |name, got: String, expected: String| Err(Error::InvalidValue { name, got, expected });
    if !(0.0..=1.0).contains(&settings.smoothing) {
        return refuse("smoothing", settings.smoothing.to_string(), "0 to 1".to_owned());
    }
    if domains == 0 || !variables.is_multiple_of(domains) {
        return refuse("domains", domains.to_string(), format!("a divisor of the {variables} variables"));
    }
    let draw = |found: &mut Vec<Near>, domain: usize| {
        find_near(observations_near, ("domain", domain), ("observation", observations.count()), found)?;
        let mut weights = vec![0.0; members];
        for near in found.iter() {
            let number = near.index as usize;
            let precision = near.taper / observations.variances()[number].to_f64();
            let value = observations.values()[number].to_f64();
            add_likelihood(&mut weights, equivalents, number, value, precision);
        }
        normalise(&mut weights);
        let drawn = resample(&weights, settings.resampling, seed, cycle)?;
        let drawn = if found.is_empty() { (0..members as u32).collect() } else { keep_in_place(&drawn) };
        Ok((effective_size(&weights), drawn))
    };
    let drawn: Vec<(f64, Vec<u32>)> =
        (0..domains).into_par_iter().map_init(Vec::new, draw).collect::<Result<_>>()?;
    // Shares of the domains around each domain, found before anything is written.
    let shares = |found: &mut Vec<Near>, domain: usize| {
        let near = if settings.smoothing == 0.0 {
            Vec::new()
        } else {
            find_near(domains_near, ("domain", domain), ("domain", domains), found)?;
            let total: f64 = found.iter().map(|near| near.taper).sum();
            let share = |near: &Near| (near.index as usize, settings.smoothing * near.taper / total);
            found.iter().map(share).collect()
        };
        let own = if near.is_empty() { 1.0 } else { 1.0 - settings.smoothing };
        Ok((own, near))
    };
    let shares: Vec<(f64, Vec<(usize, f64)>)> =
        (0..domains).into_par_iter().map_init(Vec::new, shares).collect::<Result<_>>()?;
    ensemble.values_mut().par_chunks_mut(members).enumerate().for_each_init(
        || vec![R::ZERO; members],
        |before, (variable, row)| {
            before.copy_from_slice(row);
            let domain = variable % domains;
            let (own, near) = &shares[domain];
            let mix = |member: usize, number: usize| before[drawn[number].1[member] as usize];
            for (member, value) in row.iter_mut().enumerate() {
                *value = R::from_f64(*own) * mix(member, domain);
                for (number, share) in near {
                    *value += R::from_f64(*share) * mix(member, *number);
                }
            }
        },
    );
    Ok(drawn.iter().map(|(size, _)| *size).fold(f64::INFINITY, f64::min))
}
