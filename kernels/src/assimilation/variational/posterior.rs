//! Ensembles of data assimilations.

use super::{OuterLoops, Window, analyse_variationally};
use crate::assimilation::vectors::add;
use crate::assimilation::{Ensemble, LinearOperator, Observations};
use crate::error::expect_len;
use crate::{Real, Result, random};

/// Places of perturbations among an experiment's random numbers.
const OF_BACKGROUND: u32 = 0xeda0;
const OF_OBSERVATIONS: u32 = 0xeda1;

/// Where the backgrounds of an ensemble of data assimilations come from, \[element]\[member].
#[derive(Clone, Copy, Debug)]
pub enum Perturbations<'a, R> {
    /// x_b + S⁻ U ξ with independent normal ξ for each of the members.
    Drawn {
        /// x_b.
        background: &'a [R],
        /// N, at least 2.
        members: usize,
    },
    /// These, such as forecasts from the ensemble before.
    Given(&'a Ensemble<R>),
}

/// Analyses of N perturbed backgrounds with observations y + R^½ η, η independent and normal for each member: a sample of the analysis' errors, exact
/// where everything is linear and Gaussian (Houtekamer et al. 1996, *Mon. Wea. Rev.* 124, 1225–1242; Fisher 2003, ECMWF seminar).
///
/// Random numbers are those of [`crate::random`] for `seed` and `cycle`, so that every member has its own whatever the order of computation. Members
/// are analysed one after the other, with the window and transform of the one analysis. Use the unperturbed [`analyse_variationally`] for
/// the best state.
///
/// # Errors
/// Those of [`analyse_variationally`], and [`Error::InvalidValue`](crate::Error::InvalidValue) for fewer than two members.
pub fn ensemble_of_analyses<R: Real, W: Window<R>, U: LinearOperator<R>>(
    window: &mut W,
    transform: &mut U,
    perturbations: &Perturbations<R>,
    observations: &Observations<R>,
    settings: &OuterLoops,
    seed: u64,
    cycle: u32,
) -> Result<Ensemble<R>> {
    let (members, len) = match perturbations {
        Perturbations::Drawn { background, members } => (*members, background.len()),
        Perturbations::Given(ensemble) => (ensemble.members(), ensemble.variables()),
    };
    expect_len("background", window.state_len(), len)?;
    let mut analyses = Ensemble::new(members, vec![R::ZERO; members * len])?;
    let mut background = vec![R::ZERO; len];
    let mut control = vec![R::ZERO; transform.input_len()];
    let mut increment = vec![R::ZERO; transform.output_len()];
    let mut of_state = background.clone();
    let mut noise = vec![R::ZERO; observations.count()];
    for member in 0..members {
        match perturbations {
            Perturbations::Drawn { background: mean, .. } => {
                random::normals(seed, [cycle, OF_BACKGROUND, member as u32], &mut control);
                transform.apply(&control, &mut increment)?;
                window.prolong(&increment, &mut of_state)?;
                background.copy_from_slice(mean);
                add(&mut background, 1.0, &of_state);
            }
            Perturbations::Given(ensemble) => ensemble.read_member(member, &mut background)?,
        }
        random::normals(seed, [cycle, OF_OBSERVATIONS, member as u32], &mut noise);
        let perturbed: Vec<R> = (0..noise.len())
            .map(|i| observations.values()[i] + observations.variances()[i].sqrt() * noise[i])
            .collect();
        let perturbed = Observations::new(&perturbed, observations.variances())?;
        let analysis = analyse_variationally(window, transform, &background, &perturbed, settings)?;
        analyses.write_member(member, &analysis.state)?;
    }
    Ok(analyses)
}
