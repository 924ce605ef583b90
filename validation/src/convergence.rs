//! One scenario at several truncations, and the distance of each from the finest.

use terrella_dycore::shallow_water::{Diagnostics, ShallowWater, quadratic_grid};
use terrella_kernels::Real;

use crate::cases::williamson_1992::GRAVITY;
use crate::norms::{Norms, relative_error};
use crate::shallow_water::{Integration, Scenario, Spectrum, start, steps, surface_spectrum};
use crate::{Error, Result};

/// What is kept of a finished run.
#[derive(Clone, Debug)]
pub struct Run {
    /// T.
    pub truncation: usize,
    /// Free surface at the start.
    pub initial_surface: Spectrum,
    /// Free surface at the end.
    pub surface: Spectrum,
    /// Vorticity at the end.
    pub vorticity: Spectrum,
    /// Integrals at the start.
    pub start: Diagnostics,
    /// Integrals at the end.
    pub end: Diagnostics,
}

/// Runs the scenario for `duration` \[s\] at each truncation; the model of the last is returned with the runs.
pub fn integrate<R: Real>(
    scenario: &Scenario,
    truncations: &[usize],
    duration: f64,
    integration: impl Fn(usize) -> Integration,
) -> Result<(Vec<Run>, ShallowWater<R>)> {
    let mut runs = Vec::new();
    let mut finest = None;
    for &truncation in truncations {
        let integration = integration(truncation);
        let mut model = start::<R>(scenario, &integration)?;
        let initial_surface = surface_spectrum(&model)?;
        let diagnostics = model.diagnostics()?;
        for _ in 0..steps(duration, integration.time_step) {
            model.step()?;
        }
        runs.push(Run {
            truncation,
            initial_surface,
            surface: surface_spectrum(&model)?,
            vorticity: Spectrum::of(truncation, &model.spectral_state().vorticity)?,
            start: diagnostics,
            end: model.diagnostics()?,
        });
        finest = Some(model);
    }
    match finest {
        Some(model) => Ok((runs, model)),
        None => Err(Error::Truncations { got: truncations.to_vec() }),
    }
}

/// Relative errors of free-surface heights (with `mean_depth` \[m\] added) against a reference, on the quadratic grid
/// of the largest truncation among them.
pub fn surface_errors(
    surfaces: &[(usize, &Spectrum)],
    reference: &Spectrum,
    mean_depth: f64,
) -> Result<Vec<(usize, Norms)>> {
    errors(surfaces, reference, GRAVITY * mean_depth)
}

/// Relative l2 errors of vorticities against the reference's.
pub fn vorticity_errors(runs: &[Run], reference: &Run) -> Result<Vec<f64>> {
    let spectra: Vec<_> = runs.iter().map(|run| (run.truncation, &run.vorticity)).collect();
    Ok(errors(&spectra, &reference.vorticity, 0.0)?.into_iter().map(|(_, norms)| norms.root_mean_square).collect())
}

fn errors(spectra: &[(usize, &Spectrum)], reference: &Spectrum, mean: f64) -> Result<Vec<(usize, Norms)>> {
    let largest = spectra.iter().map(|(truncation, _)| *truncation).fold(reference.truncation, usize::max);
    let grid = quadratic_grid(largest)?;
    let with_mean = |spectrum: &Spectrum| -> Result<Vec<f64>> {
        Ok(spectrum.on_grid(&grid)?.into_iter().map(|value| value + mean).collect())
    };
    let reference = with_mean(reference)?;
    spectra
        .iter()
        .map(|(truncation, spectrum)| Ok((*truncation, relative_error(&grid, &with_mean(spectrum)?, &reference))))
        .collect()
}
