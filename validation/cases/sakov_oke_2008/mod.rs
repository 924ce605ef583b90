//! Sakov & Oke (2008): A deterministic formulation of the ensemble Kalman filter, *Tellus A* 60, 361–371,
//! doi:10.1111/j.1600-0870.2007.00299.x. Their experiment with the model of Lorenz (1996): 40 variables, F = 8, steps of 0.05, all
//! variables observed at every step with errors of variance 1.

pub mod twin;

use terrella_kernels::assimilation::localization::{Cells, Near, Taper};
use terrella_kernels::assimilation::{
    Ensemble, Observations, Scheme, analyse, analyse_locally, analyse_serially, symmetric,
};
use terrella_kernels::random;

use self::twin::{Filter, Twin, VARIABLES};
use crate::figure::draw_errors;
use crate::{Case, Measurement, Options, Result};

/// The case.
pub const CASE: Case = Case {
    name: "lorenz-96",
    title: "Ensemble filters follow a chaotic system by its observations",
    source: "Sakov & Oke (2008), Tellus A 60, 361–371",
    truncations: &[],
    quick_truncations: &[],
    run,
};

/// Cycles before errors count.
const SPIN_UP: usize = 400;
/// Cycles that count.
const CYCLES: usize = 10_000;
const QUICK_CYCLES: usize = 1_500;
const SEEDS: [u64; 3] = [3_000, 3_001, 3_002];
/// What quick errors may differ by: three of their standard deviations over seeds, at the most.
const QUICK_SHARE: f64 = 0.15;
/// Published errors are rounded to three digits.
const HALF_DIGIT: f64 = 0.0005;

const BASIS: &str = "time-mean error in independent runs of DAPPER 1.7.1, three seeds; limit: three standard errors of the difference of \
    two means over three seeds, and half of the last digit";

/// A filter, as published with its error and the spread of that over three seeds.
pub struct Row {
    /// The filter.
    pub name: &'static str,
    /// N.
    pub members: usize,
    inflation: f64,
    method: Method,
    published: f64,
    spread: f64,
}

enum Method {
    Global(fn(u64, u32) -> Scheme),
    GlobalRotated(Scheme),
    SerialRotated,
    Local(f64),
    LocalSerial(f64),
}

/// The filters of the case.
pub const ROWS: [Row; 10] = [
    Row {
        name: "stochastic EnKF",
        members: 40,
        inflation: 1.06,
        method: Method::Global(stochastic),
        published: 0.219,
        spread: 0.001,
    },
    Row {
        name: "stochastic EnKF",
        members: 28,
        inflation: 1.08,
        method: Method::Global(stochastic),
        published: 0.241,
        spread: 0.003,
    },
    Row {
        name: "deterministic EnKF",
        members: 40,
        inflation: 1.01,
        method: Method::Global(|_, _| Scheme::Deterministic),
        published: 0.180,
        spread: 0.002,
    },
    Row {
        name: "serial square root, rotated",
        members: 28,
        inflation: 1.02,
        method: Method::SerialRotated,
        published: 0.178,
        spread: 0.001,
    },
    Row {
        name: "ETKF, rotated",
        members: 20,
        inflation: 1.04,
        method: Method::GlobalRotated(Scheme::SquareRoot),
        published: 0.195,
        spread: 0.001,
    },
    Row {
        name: "finite-size EnKF, rotated",
        members: 24,
        inflation: 1.0,
        method: Method::GlobalRotated(Scheme::FiniteSize { certainty: 2.0 }),
        published: 0.180,
        spread: 0.006,
    },
    Row {
        name: "LETKF, radius 4, rotated",
        members: 7,
        inflation: 1.04,
        method: Method::Local(4.0),
        published: 0.217,
        spread: 0.003,
    },
    Row {
        name: "LETKF, radius 4, rotated",
        members: 10,
        inflation: 1.02,
        method: Method::Local(4.0),
        published: 0.203,
        spread: 0.002,
    },
    Row {
        name: "LETKF, radius 6, rotated",
        members: 10,
        inflation: 1.04,
        method: Method::Local(6.0),
        published: 0.200,
        spread: 0.001,
    },
    Row {
        name: "serial EAKF, radius 6, rotated",
        members: 7,
        inflation: 1.07,
        method: Method::LocalSerial(6.0),
        published: 0.226,
        spread: 0.001,
    },
];

fn stochastic(seed: u64, cycle: u32) -> Scheme {
    Scheme::Stochastic { seed, cycle }
}

/// Gaspari and Cohn's half-width over the radius that the published runs name.
pub const HALF_WIDTH: f64 = 1.82;

/// Finds what is near each of the variables on their circle.
fn near_on_circle(radius: f64) -> Result<impl Fn(usize, &mut Vec<Near>) + Sync> {
    let places: Vec<[f64; 1]> = (0..VARIABLES).map(|variable| [variable as f64]).collect();
    let cells = Cells::new(&places, [Some(VARIABLES as f64)], Taper::GaspariCohn(HALF_WIDTH * radius))?;
    Ok(move |variable: usize, found: &mut Vec<Near>| cells.near([variable as f64], found))
}

fn everything(_: usize, found: &mut Vec<Near>) {
    found.extend((0..VARIABLES as u32).map(|index| Near { index, taper: 1.0 }));
}

impl Row {
    fn setting(&self) -> String {
        format!("N = {}, inflation {}", self.members, self.inflation)
    }

    /// Root-mean-square errors of the analyses' mean in every cycle.
    pub fn errors(&self, twin: &Twin) -> Result<Vec<f64>> {
        let seed = twin.seed;
        let order = |cycle: u32| random::permutation(seed, [cycle, 3, 0], VARIABLES);
        let follow = |rotates: bool, analyse: Analyse| {
            twin.errors_of_filter(&Filter {
                members: self.members,
                inflation: self.inflation,
                rotates,
                analyse,
            })
        };
        match &self.method {
            Method::Global(scheme) => {
                follow(false, &|x, hx, y, cycle| Ok(analyse(x, hx, y, &scheme(seed, cycle))?))
            }
            Method::GlobalRotated(scheme) => follow(true, &|x, hx, y, _| Ok(analyse(x, hx, y, scheme)?)),
            Method::SerialRotated => follow(true, &|x, hx, y, cycle| {
                Ok(analyse_serially(x, hx, y, &order(cycle), &everything, &everything)?)
            }),
            Method::Local(radius) => {
                let near = near_on_circle(*radius)?;
                follow(true, &|x, hx, y, _| {
                    Ok(analyse_locally(x, VARIABLES, hx, y, &Scheme::SquareRoot, &near)?)
                })
            }
            Method::LocalSerial(radius) => {
                let near = near_on_circle(*radius)?;
                follow(true, &|x, hx, y, cycle| Ok(analyse_serially(x, hx, y, &order(cycle), &near, &near)?))
            }
        }
    }
}

type Analyse<'a> = &'a dyn Fn(&mut Ensemble<f64>, &mut Ensemble<f64>, &Observations<f64>, u32) -> Result<()>;

fn run(options: &Options) -> Result<Vec<Measurement>> {
    let (cycles, seeds) = if options.quick { (QUICK_CYCLES, &SEEDS[..1]) } else { (CYCLES, &SEEDS[..]) };
    let twins: Vec<Twin> =
        seeds.iter().map(|&seed| Twin::new(seed, SPIN_UP + cycles)).collect::<Result<_>>()?;
    let mut measurements = Vec::new();
    let mut lines: Vec<(String, Vec<Vec<f64>>)> = Vec::new();
    let mut measure = |name: &str, setting: String, published: f64, spread: f64, errors: Vec<Vec<f64>>| {
        let means: Vec<f64> =
            errors.iter().map(|errors| errors[SPIN_UP..].iter().sum::<f64>() / cycles as f64).collect();
        let ours = means.iter().sum::<f64>() / means.len() as f64;
        let limit = if options.quick {
            QUICK_SHARE * published
        } else {
            let spread_of_ours =
                means.iter().map(|mean| (mean - ours).powi(2)).sum::<f64>() / (means.len() - 1) as f64;
            3.0 * ((spread * spread + spread_of_ours) / means.len() as f64).sqrt() + HALF_DIGIT
        };
        let distance = (ours - published).abs();
        measurements.extend([
            Measurement::information(name, setting.clone(), ours, BASIS).published(published),
            Measurement::at_most(format!("{name}, distance"), setting.clone(), distance, limit, BASIS),
        ]);
        lines.push((format!("{name}, {setting}"), errors));
    };

    let baselines = twins.iter().map(baselines).collect::<Result<Vec<_>>>()?;
    let published =
        [("climatology", 3.629, 0.001), ("optimal interpolation", 0.947, 0.001), ("3D-Var", 0.412, 0.002)];
    for (number, (name, value, spread)) in published.into_iter().enumerate() {
        let errors = baselines.iter().map(|baselines| baselines[number].clone()).collect();
        measure(name, "one state".to_owned(), value, spread, errors);
    }
    for row in &ROWS {
        let errors = twins.iter().map(|twin| row.errors(twin)).collect::<Result<_>>()?;
        measure(row.name, row.setting(), row.published, row.spread, errors);
    }
    if let Some(folder) = &options.figures {
        lines.retain(|(name, _)| DRAWN.iter().any(|begin| name.starts_with(begin)));
        draw_errors(folder, "lorenz-96", "Lorenz (1996): errors of analyses", SPIN_UP, &lines)?;
    }
    Ok(measurements)
}

/// Errors of what needs no ensemble, by the climate of the truth: its mean; analyses of that by B = P; analyses of forecasts by B = 0.02 P.
fn baselines(twin: &Twin) -> Result<[Vec<f64>; 3]> {
    let (mean, mut covariance) = twin.climate();
    let mut values = vec![0.0; VARIABLES];
    symmetric::eigen(VARIABLES, &mut covariance, &mut values)?;
    // With R = 1, K = B (B + 1)⁻¹ has P's eigenvectors.
    let gain = |scale: f64| {
        let (vectors, values) = (&covariance, &values);
        move |innovation: &[f64; VARIABLES]| {
            let mut increment = [0.0; VARIABLES];
            for (vector, value) in vectors.chunks_exact(VARIABLES).zip(values) {
                let along: f64 = vector.iter().zip(innovation).map(|(a, b)| a * b).sum();
                let share = scale * value / (scale * value + 1.0) * along;
                increment.iter_mut().zip(vector).for_each(|(sum, component)| *sum += share * component);
            }
            increment
        }
    };
    Ok([
        twin.errors_of_gain(&mean, false, |_| [0.0; VARIABLES])?,
        twin.errors_of_gain(&mean, false, gain(1.0))?,
        twin.errors_of_gain(&twin.truth[0], true, gain(0.02))?,
    ])
}

/// Beginnings of what the figure shows.
const DRAWN: [&str; 4] = ["3D-Var", "stochastic EnKF, N = 40", "ETKF", "LETKF, radius 4, rotated, N = 7"];
