//! 4D-Var over windows that overlap: each holds the observations of its end alone, those before being in its background.

use terrella_kernels::assimilation::covariance::MatrixRoot;
use terrella_kernels::assimilation::minimisation::{Ending, gradient_test};
use terrella_kernels::assimilation::variational::{
    IncrementalCost, Minimiser, ModelWindow, OuterLoops, Selection, Tangent, Window, analyse_variationally,
};
use terrella_kernels::assimilation::{Composition, Observations, adjoint_error};

use super::model::Trajectory;
use crate::Result;
use crate::cases::sakov_oke_2008::twin::{Twin, VARIABLES, error};

/// Steps of the model from one observation to the next.
pub(super) const STEPS: usize = 4;

const OUTER_LOOPS: OuterLoops = OuterLoops {
    most: 10,
    change: 1e-3,
    inner: Ending::new(VARIABLES, 1e-4),
    minimiser: Minimiser::Lanczos { pairs: VARIABLES },
    norms: None,
};
const ERROR_VARIANCES: [f64; VARIABLES] = [1.0; VARIABLES];

fn window(lag: usize) -> Result<ModelWindow<f64, Trajectory, Selection>> {
    let everything = Selection::new(VARIABLES, vec![(0..VARIABLES).collect()])?;
    Ok(ModelWindow::new(Trajectory::new()?, everything, vec![lag * STEPS])?)
}

/// Errors at the end of the window of each analysis, with a background covariance of `scale` times that of the climate, and windows of `lag` times
/// of observation.
pub(super) fn errors(twin: &Twin, lag: usize, scale: f64) -> Result<Vec<f64>> {
    let covariance: Vec<f64> = twin.climate().1.iter().map(|value| scale * value).collect();
    let mut root = MatrixRoot::new(VARIABLES, &covariance)?;
    let mut background = vec![0.0; VARIABLES];
    background[0] = 1.0;
    let mut model = Trajectory::new()?;
    // The first windows begin with the run and grow.
    let mut windows: Vec<_> = (1..=lag).map(window).collect::<Result<_>>()?;
    let times = twin.truth.iter().zip(&twin.observations);
    let mut errors = Vec::with_capacity(twin.truth.len());
    for (cycle, (truth, observed)) in times.enumerate() {
        let observations = Observations::new(observed, &ERROR_VARIANCES)?;
        let window = &mut windows[cycle.min(lag - 1)];
        let analysis = analyse_variationally(window, &mut root, &background, &observations, &OUTER_LOOPS)?;
        let departures = &analysis.departures.of_analysis;
        errors.push(error(&std::array::from_fn(|i| observed[i] - departures[i]), truth));
        background = analysis.state;
        if cycle + 1 >= lag {
            (0..STEPS).for_each(|_| model.step(&mut background));
        }
    }
    Ok(errors)
}

/// How far the window's adjoint is from its transpose, and how far from 1 is the order of a gradient test of the cost.
pub(super) fn checks(twin: &Twin, lag: usize) -> Result<[f64; 2]> {
    let mut window = window(lag)?;
    let mut departures = twin.observations[0].to_vec();
    window.trajectory(&twin.truth[0], &mut departures)?;
    let of_adjoint = adjoint_error(&mut Tangent(&mut window), twin.seed)?;
    let mut root = MatrixRoot::new(VARIABLES, &twin.climate().1)?;
    let operator = Composition::new(&mut root, Tangent(&mut window))?;
    let observations = Observations::new(&twin.observations[0], &ERROR_VARIANCES)?;
    let mut cost = IncrementalCost::new(operator, &departures, &observations)?;
    let (control, direction) = (&twin.truth[1], &twin.truth[100]);
    let tests = gradient_test(|v, gradient| cost.evaluate(v, gradient), control, direction, &[1e-1, 1e-2])?;
    Ok([of_adjoint, (tests[1].order - 1.0).abs()])
}
