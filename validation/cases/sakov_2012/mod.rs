//! Sakov, Oliver & Bertino (2012): An iterative EnKF for strongly nonlinear systems, *Mon. Wea. Rev.* 140, 1988–2004, doi:10.1175/MWR-D-11-00176.1. Their experiment
//! with the model of Lorenz (1963): all variables observed every 0.25 with errors of variance 2, here by bootstrap particle filters.

use terrella_dycore::low_order::{Lorenz63, RungeKutta};
use terrella_kernels::assimilation::particles::ParticleFilter;
use terrella_kernels::assimilation::{Ensemble, Observations};
use terrella_kernels::random;

use crate::figure::draw_errors;
use crate::{Case, Measurement, Options, Result};

/// The case.
pub const CASE: Case = Case {
    name: "lorenz-63",
    title: "Particle filters follow a strongly nonlinear system",
    source: "Sakov et al. (2012), Mon. Wea. Rev. 140, 1988–2004",
    truncations: &[],
    quick_truncations: &[],
    run,
};

const VARIABLES: usize = 3;
const TIME_STEP: f64 = 0.01;
/// Time steps between observations.
const STEPS: usize = 25;
/// Where truth and members begin, each variable with deviates of variance 2.
const FIRST: [f64; VARIABLES] = [1.509, -1.531, 25.46];
const INITIAL_VARIANCE: f64 = 2.0;
const ERROR_VARIANCE: [f64; VARIABLES] = [2.0; VARIABLES];
/// Cycles before errors count.
const SPIN_UP: usize = 400;
/// Cycles that the figure shows.
const DRAWN: usize = 200;
/// Cycles that count.
const CYCLES: usize = 10_000;
const QUICK_CYCLES: usize = 1_000;
const SEEDS: [u64; 3] = [3_000, 3_001, 3_002];
/// What quick errors may differ by: three of their standard deviations over seeds.
const QUICK_SHARE: f64 = 0.3;

/// Places of an experiment's random numbers.
const INITIAL: u32 = 1;
const OBSERVED: u32 = 2;

const BASIS: &str = "time-mean error of an independent run of DAPPER 1.7.1, one seed; limit: three standard errors of the difference of one run and \
    the mean over three seeds, and half of the last digit";

/// A filter, as published with its error and the standard error of that.
struct Row {
    members: usize,
    share: f64,
    jitter: f64,
    published: f64,
    spread: f64,
}

const ROWS: [Row; 2] = [
    Row { members: 100, share: 0.3, jitter: 2.4, published: 0.382, spread: 0.005 },
    Row { members: 800, share: 0.2, jitter: 1.6, published: 0.296, spread: 0.004 },
];
/// Published errors are rounded to three digits.
const HALF_DIGIT: f64 = 0.0005;

fn run(options: &Options) -> Result<Vec<Measurement>> {
    let (cycles, seeds) = if options.quick { (QUICK_CYCLES, &SEEDS[..1]) } else { (CYCLES, &SEEDS[..]) };
    let (mut measurements, mut lines) = (Vec::new(), Vec::new());
    for row in &ROWS {
        let of_cycles: Vec<Vec<f64>> =
            seeds.iter().map(|&seed| of_cycles(row, seed, cycles)).collect::<Result<_>>()?;
        let errors: Vec<f64> =
            of_cycles.iter().map(|own| own[SPIN_UP..].iter().sum::<f64>() / cycles as f64).collect();
        let ours = errors.iter().sum::<f64>() / errors.len() as f64;
        let limit = if options.quick {
            QUICK_SHARE * row.published
        } else {
            let squares: f64 = errors.iter().map(|error| (error - ours).powi(2)).sum();
            let spread_of_ours = squares / (errors.len() - 1) as f64;
            3.0 * (row.spread * row.spread + spread_of_ours / errors.len() as f64).sqrt() + HALF_DIGIT
        };
        let setting = format!("N = {}, drawn below {} N, jitter {}", row.members, row.share, row.jitter);
        let name = "bootstrap particle filter";
        measurements.extend([
            Measurement::information(name, &setting, ours, BASIS).published(row.published),
            Measurement::at_most(
                format!("{name}, distance"),
                &setting,
                (ours - row.published).abs(),
                limit,
                BASIS,
            ),
        ]);
        lines.push((format!("{name}, N = {}", row.members), of_cycles));
    }
    if let Some(folder) = &options.figures {
        draw_errors(folder, "lorenz-63", "Lorenz (1963): errors of particles' means", DRAWN, &lines)?;
    }
    Ok(measurements)
}

/// Errors of the weighted mean, before members are drawn, those of the spin-up first.
fn of_cycles(row: &Row, seed: u64, cycles: usize) -> Result<Vec<f64>> {
    let model = Lorenz63::<f64>::default();
    let mut truth = first_states(seed, 0, 1);
    let mut step_truth = RungeKutta::new(&model, 1, TIME_STEP)?;
    let mut ensemble = Ensemble::new(row.members, first_states(seed, 1, row.members))?;
    let mut step = RungeKutta::new(&model, row.members, TIME_STEP)?;
    let mut filter = ParticleFilter::new(row.members)?;
    (filter.share, filter.jitter) = (row.share, row.jitter);
    let (mut observed, mut mean) = ([0.0; VARIABLES], [0.0; VARIABLES]);
    let mut errors = Vec::with_capacity(SPIN_UP + cycles);
    for cycle in 0..SPIN_UP + cycles {
        for _ in 0..STEPS {
            step_truth.step(&model, &mut truth);
            step.step(&model, ensemble.values_mut());
        }
        random::normals(seed, [cycle as u32, OBSERVED, 0], &mut observed);
        for (observed, (truth, variance)) in observed.iter_mut().zip(truth.iter().zip(ERROR_VARIANCE)) {
            *observed = truth + variance.sqrt() * *observed;
        }
        filter.weigh(&ensemble, &Observations::new(&observed, &ERROR_VARIANCE)?)?;
        filter.mean(&ensemble, &mut mean)?;
        let squares: f64 = mean.iter().zip(&truth).map(|(a, b)| (a - b) * (a - b)).sum();
        errors.push((squares / VARIABLES as f64).sqrt());
        filter.draw(&mut ensemble, seed, cycle as u32)?;
    }
    Ok(errors)
}

/// \[variable]\[member].
fn first_states(seed: u64, what: u32, members: usize) -> Vec<f64> {
    let mut states = vec![0.0; VARIABLES * members];
    random::normals(seed, [what, INITIAL, 0], &mut states);
    for (row, first) in states.chunks_exact_mut(members).zip(FIRST) {
        row.iter_mut().for_each(|value| *value = first + INITIAL_VARIANCE.sqrt() * *value);
    }
    states
}
