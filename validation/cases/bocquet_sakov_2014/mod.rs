//! Bocquet & Sakov (2014): An iterative ensemble Kalman smoother, *Q. J. R. Meteorol. Soc.* 140, 1521–1535, doi:10.1002/qj.2236. The model of Lorenz (1996)
//! with 40 variables, F = 8, steps of 0.05; all variables are observed every 0.2 with errors of variance 1.

use rayon::prelude::*;
use terrella_dycore::low_order::RungeKutta;
use terrella_kernels::assimilation::iterative::{Smoother, Stop, Windows};
use terrella_kernels::assimilation::{Ensemble, Observations};

use super::sakov_oke_2008::twin::{ERROR_VARIANCE, TIME_STEP, Twin, VARIABLES, error, first_states};
use crate::figure::draw_errors;
use crate::{Case, Measurement, Options, Result};

/// The case.
pub const CASE: Case = Case {
    name: "lorenz-96-smoother",
    title: "An iterative smoother follows a chaotic system that is seldom observed",
    source: "Bocquet & Sakov (2014), Q. J. R. Meteorol. Soc. 140, 1521–1535",
    truncations: &[],
    quick_truncations: &[],
    run,
};

/// Time steps between observations.
const STEPS: usize = 4;
const MEMBERS: usize = 20;
/// Times of observation in a window.
const LAG: usize = 4;
/// Cycles before errors count.
const SPIN_UP: usize = 400;
/// Cycles that the figure shows.
const DRAWN: usize = 200;
/// Cycles that count.
const CYCLES: usize = 10_000;
const QUICK_CYCLES: usize = 300;
const SEEDS: std::ops::Range<u64> = 3_000..3_010;
/// The error of an independent run.
const PUBLISHED: f64 = 0.288;
/// It is rounded to three digits.
const HALF_DIGIT: f64 = 0.0005;
/// What a quick error may differ by: three of its standard deviations.
const QUICK_SHARE: f64 = 0.25;
const BASIS: &str = "time-mean error in an independent run of DAPPER 1.7.1; limit: three standard errors of the difference between one run and the mean \
    of ours, which spread as that does, and half of the last digit";

/// Errors of the analyses' mean at the windows' ends and, of the same times, when they leave the window; the share of windows that converged.
struct Errors {
    filter: f64,
    smoother: f64,
    converged: f64,
    /// Of all cycles, those of the spin-up first.
    of_filter: Vec<f64>,
    of_smoother: Vec<f64>,
}

fn run(options: &Options) -> Result<Vec<Measurement>> {
    let (cycles, seeds) = if options.quick { (QUICK_CYCLES, 3_000..3_001) } else { (CYCLES, SEEDS) };
    let errors: Vec<Errors> =
        seeds.into_par_iter().map(|seed| errors(seed, cycles)).collect::<Result<_>>()?;
    let count = errors.len() as f64;
    let mean = |of: fn(&Errors) -> f64| errors.iter().map(of).sum::<f64>() / count;
    let ours = mean(|errors| errors.filter);
    let limit = if options.quick {
        QUICK_SHARE * PUBLISHED
    } else {
        let squares: f64 = errors.iter().map(|errors| (errors.filter - ours).powi(2)).sum();
        3.0 * (squares / (count - 1.0) * (1.0 + 1.0 / count)).sqrt() + HALF_DIGIT
    };
    let setting = format!("N = {MEMBERS}, lag {LAG}");
    let distance = (ours - PUBLISHED).abs();
    let name = "iterative smoother";
    if let Some(folder) = &options.figures {
        let of = |of: fn(&Errors) -> &Vec<f64>| errors.iter().map(of).cloned().collect::<Vec<_>>();
        let lines = [
            ("when a window ends".to_owned(), of(|errors| &errors.of_filter)),
            ("when states leave the window".to_owned(), of(|errors| &errors.of_smoother)),
        ];
        draw_errors(folder, "lorenz-96-smoother", "Lorenz (1996): errors of the smoother", DRAWN, &lines)?;
    }
    Ok(vec![
        Measurement::information(name, &setting, ours, BASIS).published(PUBLISHED),
        Measurement::at_most(format!("{name}, distance"), &setting, distance, limit, BASIS),
        Measurement::information(
            "the same states, smoothed",
            &setting,
            mean(|errors| errors.smoother),
            "analyses of a time by observations up to 0.8 later",
        ),
        Measurement::information(
            "windows that converged",
            &setting,
            mean(|errors| errors.converged),
            "share of all windows",
        ),
    ])
}

fn errors(seed: u64, cycles: usize) -> Result<Errors> {
    let twin = Twin::observed_every(STEPS, seed, SPIN_UP + cycles)?;
    let smoother = Smoother { certainty: Some(2.0), ..Smoother::default() };
    let mut scheme = RungeKutta::new(&twin.model, MEMBERS, TIME_STEP)?;
    let mut run = |states: &mut Ensemble<f64>, intervals: usize| {
        (0..STEPS * intervals).for_each(|_| scheme.step(&twin.model, states.values_mut()));
    };
    let mut ensemble = Ensemble::new(MEMBERS, first_states(seed, 1, MEMBERS))?;
    let mut mean = [0.0; VARIABLES];
    let (mut filter, mut smoothed, mut converged) = (Vec::new(), Vec::new(), 0);
    for window in Windows::new(LAG, 1, twin.truth.len())? {
        let end = window.assimilated.start;
        let observations = Observations::new(&twin.observations[end - 1], &ERROR_VARIANCE)?;
        let smoothing = smoother.smooth(&mut ensemble, &observations, |states, equivalents| {
            run(states, end - window.begin);
            equivalents.values_mut().copy_from_slice(states.values());
            crate::Result::Ok(())
        })?;
        converged += usize::from(smoothing.stop == Stop::Converged);
        // At its beginning, which no later window will see.
        if window.next > window.begin && window.begin > 0 {
            ensemble.mean(&mut mean)?;
            smoothed.push(error(&mean, &twin.truth[window.begin - 1]));
        }
        let mut at_end = ensemble.clone();
        run(&mut at_end, end - window.begin);
        at_end.mean(&mut mean)?;
        filter.push(error(&mean, &twin.truth[end - 1]));
        run(&mut ensemble, window.next - window.begin);
    }
    let average = |errors: &[f64]| errors[SPIN_UP..].iter().sum::<f64>() / (errors.len() - SPIN_UP) as f64;
    Ok(Errors {
        filter: average(&filter),
        smoother: average(&smoothed),
        converged: converged as f64 / filter.len() as f64,
        of_filter: filter,
        of_smoother: smoothed,
    })
}
