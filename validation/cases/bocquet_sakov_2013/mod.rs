//! Bocquet & Sakov (2013): Joint state and parameter estimation with an iterative ensemble Kalman smoother, *Nonlin. Processes Geophys.* 20,
//! 803–818, doi:10.5194/npg-20-803-2013. Their experiment with the model of Lorenz (1996): 40 variables, F = 8, steps of 0.05, all variables observed
//! every 0.2 with errors of variance 1; here for 4D-Var. The extended Kalman filter has observations at every step, as in Sakov & Oke (2008).

mod extended;
mod four_d_var;
mod model;

use rayon::prelude::*;

use self::extended::Derivative;
use super::sakov_oke_2008::twin::Twin;
use crate::figure::draw_errors;
use crate::{Case, Measurement, Options, Result};

/// The case.
pub const CASE: Case = Case {
    name: "lorenz-96-variational",
    title: "4D-Var and the extended Kalman filter follow a chaotic system",
    source: "Bocquet & Sakov (2013), Nonlin. Processes Geophys. 20, 803–818",
    truncations: &[],
    quick_truncations: &[],
    run,
};

/// Analyses before errors count.
const SPIN_UP: usize = 400;
/// Analyses that count.
const CYCLES: usize = 10_000;
/// The length of published runs is not known; this is the usual one of that program.
const PUBLISHED_CYCLES: usize = 1_000;
/// Analyses that the figure shows.
const DRAWN: usize = 100;
const QUICK_SPIN_UP: usize = 100;
const QUICK_CYCLES: usize = 300;
const SEEDS: [u64; 3] = [3_000, 3_001, 3_002];
/// What quick errors may differ by: three of their standard deviations over seeds, at the most.
const QUICK_SHARE: f64 = 0.15;

const BASIS: &str = "time-mean error in independent runs of DAPPER 1.7.1, its 4D-Var mended; limit: three standard errors of the difference of two means \
    over three seeds, taken as 1,000 analyses long where published, and half of the last digit";
const ROUNDING: &str = "rounding";

/// A scheme, as published with its error and half of that number's last digit.
struct Row {
    name: &'static str,
    setting: &'static str,
    steps: usize,
    errors: fn(&Twin) -> Result<Vec<f64>>,
    published: Option<(f64, f64)>,
}

const ROWS: [Row; 5] = [
    Row {
        name: "4D-Var, lag 1",
        setting: "B = 0.2 climatological",
        steps: four_d_var::STEPS,
        errors: |twin| four_d_var::errors(twin, 1, 0.2),
        published: Some((0.66, 0.005)),
    },
    Row {
        name: "4D-Var, lag 2",
        setting: "B = 0.1 climatological",
        steps: four_d_var::STEPS,
        errors: |twin| four_d_var::errors(twin, 2, 0.1),
        published: Some((0.59, 0.005)),
    },
    Row {
        name: "4D-Var, lag 4",
        setting: "B = 0.02 climatological",
        steps: four_d_var::STEPS,
        errors: |twin| four_d_var::errors(twin, 4, 0.02),
        published: Some((0.49, 0.005)),
    },
    Row {
        name: "extended Kalman filter, frozen Jacobian",
        setting: "inflation 10 in a unit of time",
        steps: 1,
        errors: |twin| extended::errors(twin, 10.0, Derivative::Frozen),
        published: Some((0.238, 0.0005)),
    },
    Row {
        name: "extended Kalman filter, derivative of the scheme",
        setting: "inflation 10 in a unit of time",
        steps: 1,
        errors: |twin| extended::errors(twin, 10.0, Derivative::OfScheme),
        published: None,
    },
];

fn run(options: &Options) -> Result<Vec<Measurement>> {
    let (spin_up, cycles, seeds) = if options.quick {
        (QUICK_SPIN_UP, QUICK_CYCLES, &SEEDS[..1])
    } else {
        (SPIN_UP, CYCLES, &SEEDS[..])
    };
    let twin = |&seed: &u64| {
        let twin = |steps: usize| Twin::observed_every(steps, seed, spin_up + cycles);
        Ok((twin(1)?, twin(four_d_var::STEPS)?))
    };
    let twins: Vec<(Twin, Twin)> = seeds.par_iter().map(twin).collect::<Result<_>>()?;
    let [adjoint, order] = four_d_var::checks(&twins[0].1, 4)?;
    let mut measurements = vec![
        Measurement::at_most("adjoint against its transpose", "window of 16 steps", adjoint, 1e-13, ROUNDING),
        Measurement::at_most("gradient test, order − 1", "window of 16 steps", order, 1e-6, ROUNDING),
    ];
    let mut lines = Vec::new();
    for row in &ROWS {
        let of_seed = |twins: &(Twin, Twin)| (row.errors)(if row.steps == 1 { &twins.0 } else { &twins.1 });
        let errors: Vec<Vec<f64>> = twins.par_iter().map(of_seed).collect::<Result<_>>()?;
        measurements.extend(row.measurements(&errors, spin_up, options.quick));
        lines.push((row.name.to_owned(), errors));
    }
    if let Some(folder) = &options.figures {
        draw_errors(folder, "lorenz-96-variational", "Lorenz (1996): errors of analyses", DRAWN, &lines)?;
    }
    Ok(measurements)
}

impl Row {
    /// From the errors of each seed, those of the spin-up first.
    fn measurements(&self, errors: &[Vec<f64>], spin_up: usize, quick: bool) -> Vec<Measurement> {
        let means = |length: usize| -> Vec<f64> {
            let runs = errors.iter().flat_map(|errors| errors[spin_up..].chunks_exact(length));
            runs.map(|run| run.iter().sum::<f64>() / run.len() as f64).collect()
        };
        let ours = means(errors[0].len() - spin_up);
        let mean = ours.iter().sum::<f64>() / ours.len() as f64;
        let value = Measurement::information(self.name, self.setting, mean, BASIS);
        let Some((published, half_digit)) = self.published else { return vec![value] };
        let limit = if quick {
            QUICK_SHARE * published
        } else {
            let variance = |means: &[f64]| {
                means.iter().map(|each| (each - mean).powi(2)).sum::<f64>() / (means.len() - 1) as f64
            };
            let of_difference = (variance(&ours) + variance(&means(PUBLISHED_CYCLES))) / SEEDS.len() as f64;
            3.0 * of_difference.sqrt() + half_digit
        };
        let distance = (mean - published).abs();
        let name = format!("{}, distance", self.name);
        vec![value.published(published), Measurement::at_most(name, self.setting, distance, limit, BASIS)]
    }
}
