//! Lyapunov exponents of the low-order models and of the equation of Kuramoto and Sivashinsky, from their tangent linear models.

use std::f64::consts::TAU;

use terrella_dycore::kuramoto_sivashinsky::KuramotoSivashinsky;
use terrella_dycore::low_order::{LinearisedEquations, LinearisedRungeKutta, Lorenz63, Lorenz96, RungeKutta};
use terrella_kernels::random;

use crate::{Case, Measurement, Options, Result};

/// The case.
pub const CASE: Case = Case {
    name: "lyapunov-exponents",
    title: "Small perturbations of chaotic models grow at the known rates",
    source: "Sprott (2003); Lorenz & Emanuel (1998), J. Atmos. Sci. 55, 399–414; Pathak et al. (2018), Chaos 28, 041101",
    truncations: &[],
    quick_truncations: &[],
    run,
};

const SPROTT: &str = "J. C. Sprott's computation with the fourth-order method of Runge and Kutta, Δt = 0.001, over a time of 10⁶; limit: five \
    standard deviations of means over our time";
const SUM: &str =
    "the mean divergence of the flow, which is constant; limit: what steps of this length leave";
const NEUTRAL: &str =
    "along a trajectory nothing grows; limit: five standard deviations of means over our time";
const DAYS: &str = "small errors 'tend to double in about 2 days', a unit of time being 5 days (Lorenz & Emanuel 1998); limit: half a unit of the \
    last digit";
const PATHAK: &str = "0.07 in Pathak et al. (2018), 0.0749 by D. Duncan's code esnchaos with the same settings; limit: half a unit of the last digit \
    of the former";

/// Time over which exponents are means, and as much less in a quick run.
const TIME: f64 = 10_000.0;
const QUICK_SHARE: f64 = 0.02;
/// Δt of the ordinary differential equations.
const TIME_STEP: f64 = 0.01;
/// Time before anything is counted.
const SPIN_UP: f64 = 100.0;

fn run(options: &Options) -> Result<Vec<Measurement>> {
    let share = if options.quick { QUICK_SHARE } else { 1.0 };
    // Means over a shorter time spread more.
    let spread = 1.0 / share.sqrt();
    let lorenz_63 = exponents(&Lorenz63::default(), vec![1.0, 2.0, 20.0], share * TIME)?;
    let mut first = vec![8.0; 40];
    first[19] += 0.01;
    let lorenz_96 = exponents(&Lorenz96::new(40, 8.0)?, first, 0.1 * share * TIME)?;
    let kuramoto_sivashinsky = leading_of_kuramoto_sivashinsky(share * TIME)?;

    let mut measurements = Vec::new();
    let mut measure = |quantity: &str, setting: &str, ours: f64, published: f64, limit: f64, basis: &str| {
        measurements.extend([
            Measurement::information(quantity, setting, ours, basis).published(published),
            Measurement::at_most(
                format!("{quantity}, distance"),
                setting,
                (ours - published).abs(),
                limit,
                basis,
            ),
        ]);
    };
    let name = "Lorenz (1963)";
    measure("leading exponent", name, lorenz_63[0], 0.906, 0.02 * spread, SPROTT);
    measure("second exponent", name, lorenz_63[1], 0.0, 0.002 * spread, NEUTRAL);
    measure("third exponent", name, lorenz_63[2], -14.572, 0.02 * spread, SPROTT);
    let sum: f64 = lorenz_63.iter().sum();
    measure("sum of the exponents", name, sum, -41.0 / 3.0, 1e-3, SUM);
    let name = "Lorenz (1996), N = 40, F = 8";
    let days = 5.0 * std::f64::consts::LN_2 / lorenz_96[0];
    measure("doubling time [d]", name, days, 2.0, 0.5, DAYS);
    let smallest = lorenz_96.iter().fold(f64::INFINITY, |smallest, exponent| smallest.min(exponent.abs()));
    measure("exponent nearest to 0", name, smallest, 0.0, 0.01 * spread, NEUTRAL);
    let sum: f64 = lorenz_96.iter().sum();
    measure("sum of the exponents", name, sum, -40.0, 1e-3, SUM);
    let positive = lorenz_96.iter().filter(|exponent| **exponent > smallest).count();
    let of_all = "for information";
    let name = "Kuramoto and Sivashinsky, L = 35, N = 64, Δt = 1/4";
    measure("leading exponent", name, kuramoto_sivashinsky, 0.0749, 0.005 * spread, PATHAK);
    measurements.extend([
        Measurement::information("leading exponent", "Lorenz (1996), N = 40, F = 8", lorenz_96[0], of_all),
        Measurement::information(
            "positive exponents",
            "Lorenz (1996), N = 40, F = 8",
            positive as f64,
            of_all,
        ),
    ]);
    Ok(measurements)
}

/// All exponents, falling: mean logarithms of the growth of perturbations that are made orthonormal after each step (Benettin et al. 1980, *Meccanica*
/// 15, 9–20).
fn exponents(equations: &impl LinearisedEquations<f64>, first: Vec<f64>, time: f64) -> Result<Vec<f64>> {
    let size = first.len();
    let mut scheme = RungeKutta::new(equations, 1, TIME_STEP)?;
    let mut derivative = LinearisedRungeKutta::new(equations, size, TIME_STEP)?;
    let mut state = first;
    // A copy of the state and a perturbation for each exponent, [variable][member].
    let (mut states, mut perturbations) = (vec![0.0; size * size], vec![0.0; size * size]);
    random::normals(1, [0; 3], &mut perturbations);
    let mut logarithms = vec![0.0; size];
    let (spin_up, steps) = ((SPIN_UP / TIME_STEP) as usize, (time / TIME_STEP) as usize);
    (0..spin_up).for_each(|_| scheme.step(equations, &mut state));
    for step in 0..spin_up + steps {
        for (row, value) in states.chunks_exact_mut(size).zip(&state) {
            row.fill(*value);
        }
        derivative.tangent_step(equations, &states, &mut perturbations);
        scheme.step(equations, &mut state);
        if step == spin_up {
            logarithms.fill(0.0);
        }
        orthonormalise(size, &mut perturbations, &mut logarithms);
    }
    Ok(logarithms.iter().map(|sum| sum / (steps as f64 * TIME_STEP)).collect())
}

/// Makes the columns of a square matrix orthonormal, one after the other (Gram and Schmidt), and adds the logarithms of their lengths on
/// the way.
fn orthonormalise(size: usize, columns: &mut [f64], logarithms: &mut [f64]) {
    let mut products = vec![0.0; size];
    for number in 0..size {
        products[number..].fill(0.0);
        for row in columns.chunks_exact(size) {
            let of_column = row[number];
            for (product, value) in products[number..].iter_mut().zip(&row[number..]) {
                *product += of_column * value;
            }
        }
        let squared = products[number];
        logarithms[number] += 0.5 * squared.ln();
        for row in columns.chunks_exact_mut(size) {
            let of_column = row[number] / squared;
            for (value, product) in row[number + 1..].iter_mut().zip(&products[number + 1..]) {
                *value -= of_column * product;
            }
            row[number] /= squared.sqrt();
        }
    }
}

fn leading_of_kuramoto_sivashinsky(time: f64) -> Result<f64> {
    let (points, time_step) = (64, 0.25);
    let mut model = KuramotoSivashinsky::<f64>::new(35.0, points, time_step)?;
    let angle = |point: usize| TAU * point as f64 / points as f64;
    let mut state: Vec<f64> =
        (0..points).map(|point| angle(point).cos() + 0.1 * (3.0 * angle(point)).sin()).collect();
    let mut perturbation = vec![0.0; points];
    random::normals(2, [0; 3], &mut perturbation);
    // The mean neither grows nor falls; a perturbation of it would only shift the waves' speed.
    let mean = perturbation.iter().sum::<f64>() / points as f64;
    perturbation.iter_mut().for_each(|value| *value -= mean);
    let (spin_up, steps) = ((4.0 * SPIN_UP / time_step) as usize, (time / time_step) as usize);
    let mut logarithm = 0.0;
    for step in 0..spin_up + steps {
        model.tangent_step(&state, &mut perturbation)?;
        model.step(&mut state)?;
        if step == spin_up {
            logarithm = 0.0;
        }
        let length = perturbation.iter().map(|value| value * value).sum::<f64>().sqrt();
        perturbation.iter_mut().for_each(|value| *value /= length);
        logarithm += length.ln();
    }
    Ok(logarithm / (steps as f64 * time_step))
}
