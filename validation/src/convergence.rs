//! One scenario at several truncations, and the distance of each from the finest.

use terrella_dycore::shallow_water::{Diagnostics, ShallowWater, quadratic_grid};
use terrella_kernels::Real;

use crate::cases::williamson_1992::GRAVITY;
use crate::norms::{Norms, relative_error};
use crate::shallow_water::{Integration, Scenario, Spectrum, start, steps, surface_spectrum};
use crate::{Error, Measurement, Result};

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

/// Relative l2 differences of height after `duration` between runs with Δt and Δt/2 and between Δt/2 and Δt/4, and the
/// order of convergence that they show, as measurements. The difference at Δt must not exceed `limit`.
pub fn time_step_convergence(
    scenario: &Scenario,
    integration: &Integration,
    duration: f64,
    limit: f64,
    basis: &str,
) -> Result<Vec<Measurement>> {
    let truncation = integration.truncation;
    let mut surfaces = Vec::new();
    for division in [1.0, 2.0, 4.0] {
        let refined = Integration { time_step: integration.time_step / division, ..*integration };
        let (mut runs, _) = integrate::<f64>(scenario, &[truncation], duration, |_| refined)?;
        surfaces.push(runs.remove(0).surface);
    }
    let mut differences = Vec::new();
    for pair in surfaces.windows(2) {
        let errors = surface_errors(&[(truncation, &pair[0])], &pair[1], scenario.mean_depth)?;
        differences.push(errors[0].1.root_mean_square);
    }
    let order = (differences[0] / differences[1]).log2();
    let step = integration.time_step;
    let setting = |division: f64| {
        format!("T{truncation} f64, Δt {} s against {} s", step / division, step / division / 2.0)
    };
    Ok(vec![
        Measurement::at_most(
            "l2 difference of height in time step",
            setting(1.0),
            differences[0],
            limit,
            basis,
        ),
        Measurement::at_most(
            "l2 difference of height in time step",
            setting(2.0),
            differences[1],
            differences[0],
            "must be below that of the longer step",
        ),
        Measurement::information(
            "order of convergence in time step",
            format!("T{truncation} f64, Δt from {step} s"),
            order,
            "leapfrog and the centred implicit terms are of order 2, the filter's damping of order 1",
        ),
    ])
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
    Ok(errors(&spectra, &reference.vorticity, 0.0)?
        .into_iter()
        .map(|(_, norms)| norms.root_mean_square)
        .collect())
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
        .map(|(truncation, spectrum)| {
            Ok((*truncation, relative_error(&grid, &with_mean(spectrum)?, &reference)))
        })
        .collect()
}
