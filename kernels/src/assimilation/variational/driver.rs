//! Outer and inner loops.

use super::{IncrementalCost, Tangent, Window};
use crate::assimilation::linear_operator::Composition;
use crate::assimilation::minimisation::{
    Ending, Iterate, Minimum, RitzPreconditioner, Start, Stop, conjugate_gradients, lanczos, limited_memory,
};
use crate::assimilation::quality::Huber;
use crate::assimilation::vectors::{add, dot, norm};
use crate::assimilation::{LinearOperator, Observations};
use crate::error::expect_len;
use crate::{Error, Real, Result};

/// What minimises inner loops.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Minimiser {
    /// Conjugate gradients: the least memory.
    ConjugateGradients,
    /// Lanczos's method, whose Ritz pairs precondition the outer loops that follow, and those of the next window by [`analyse_variationally_knowing`].
    Lanczos {
        /// The most pairs taken from one inner loop, those of the largest values first; 0 for no preconditioning.
        pairs: usize,
    },
    /// L-BFGS with so many pairs kept; the only one that minimises with Huber norms themselves.
    LimitedMemory {
        /// Steps and changes of gradient that are kept.
        pairs: usize,
    },
}

/// How to minimise.
#[derive(Clone, Copy, Debug)]
pub struct OuterLoops<'a> {
    /// The most outer loops, at least 1.
    pub most: usize,
    /// The root mean square change of the control vector, whose elements have the background's variance 1, at which outer loops end; with 0
    /// there are always as many as allowed.
    pub change: f64,
    /// When inner loops end; the gradient's norm where the first of them begins is the reference of all, unless another is given.
    pub inner: Ending,
    /// What minimises them.
    pub minimiser: Minimiser,
    /// Huber norms of the observations, one each. Minimisers of quadratic costs use their weights at the full model's departures, anew in every outer
    /// loop.
    pub norms: Option<&'a [Huber]>,
}

/// Why outer loops ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OuterStop {
    /// The control vector changed by no more than was asked for.
    Converged,
    /// As many loops were made as were allowed.
    Limit,
    /// The full model's equivalents were not finite at the last control vector; the result is the best before.
    NotFinite,
}

/// One outer loop.
#[derive(Clone, Debug)]
pub struct OuterLoop {
    /// The cost by the full model at the state about which it was linearised.
    pub cost: f64,
    /// The inner loop's costs and gradient norms.
    pub history: Vec<Iterate>,
    /// Why the inner loop ended.
    pub stop: Stop,
    /// The root mean square change of the control vector.
    pub change: f64,
}

impl OuterLoop {
    /// Whether the inner loop converged as far as precision allows.
    pub fn converged(&self) -> bool {
        matches!(self.stop, Stop::Converged | Stop::Stagnation)
    }
}

/// y − H(M(x)) by the full model.
#[derive(Clone, Debug, PartialEq)]
pub struct Departures<R> {
    /// At the background, \[observation].
    pub of_background: Vec<R>,
    /// At the analysis, \[observation].
    pub of_analysis: Vec<R>,
}

/// The state of least cost by the full model, and how it was found.
#[derive(Clone, Debug)]
pub struct VariationalAnalysis<R> {
    /// xᵃ at the window's begin.
    pub state: Vec<R>,
    /// Its control vector.
    pub control: Vec<R>,
    /// Its cost by the full model, J = ½ vᵀv + Σ ρ.
    pub cost: f64,
    /// y − H(M(x)).
    pub departures: Departures<R>,
    /// The outer loops.
    pub loops: Vec<OuterLoop>,
    /// Why no more of them were made.
    pub stop: OuterStop,
    /// What is known of the last Hessian; what was known before unless Lanczos's method was used.
    pub preconditioner: RitzPreconditioner<R>,
}

impl<R> VariationalAnalysis<R> {
    /// Whether outer loops converged, and the last inner loop as far as precision allows.
    pub fn converged(&self) -> bool {
        self.stop == OuterStop::Converged && self.loops.last().is_none_or(OuterLoop::converged)
    }
}

/// Analyses `background` with the observations of a window; see [the module](super) for the equations.
///
/// | argument       | shape, or what |
/// |----------------|----------------|
/// | `window`       | H and M |
/// | `transform`    | U, from control vectors to increments |
/// | `background`   | x_b at the window's begin, [state] |
/// | `observations` | y and r, [observation] |
///
/// The full model runs once for each outer loop and once for the analysis. Of all states that it ran from, that of least cost is the analysis: where
/// outer loops diverge, which they may with a model that is far from linear, the background is the worst that may come out.
///
/// # Errors
/// [`Error::LengthMismatch`]; [`Error::InvalidValue`] for a background that is not finite and impossible settings; [`Error::CostNotFinite`] where equivalents of
/// the background are not finite; those of window, transform and minimiser.
pub fn analyse_variationally<R: Real, W: Window<R>, U: LinearOperator<R>>(
    window: &mut W,
    transform: &mut U,
    background: &[R],
    observations: &Observations<R>,
    settings: &OuterLoops,
) -> Result<VariationalAnalysis<R>> {
    let nothing = RitzPreconditioner::none();
    analyse_variationally_knowing(window, transform, background, observations, settings, nothing)
}

/// [`analyse_variationally`] that begins with what is known of the Hessian, [`VariationalAnalysis::preconditioner`] of the window before. It helps where
/// windows have the same transform, much the same network and a linear model that changes little between them, and harms where it changes much.
/// Inner loops end by the same norm of the same gradient, whatever is known.
///
/// # Errors
/// Those of [`analyse_variationally`], and [`Error::LengthMismatch`] for a preconditioner of other control vectors.
pub fn analyse_variationally_knowing<R: Real, W: Window<R>, U: LinearOperator<R>>(
    window: &mut W,
    transform: &mut U,
    background: &[R],
    observations: &Observations<R>,
    settings: &OuterLoops,
    mut preconditioner: RitzPreconditioner<R>,
) -> Result<VariationalAnalysis<R>> {
    validate(window, transform, background, observations, settings)?;
    let (control_len, count) = (transform.input_len(), observations.count());
    let mut control = vec![R::ZERO; control_len];
    let mut increment = vec![R::ZERO; window.increment_len()];
    let mut state = background.to_vec();
    let mut of_state = state.clone();
    let mut departures = vec![R::ZERO; count];
    let mut of_background = Vec::new();
    let mut loops: Vec<OuterLoop> = Vec::new();
    let mut best: Option<Best<R>> = None;
    let stop = loop {
        window.trajectory(&state, &mut departures)?;
        for (departure, value) in departures.iter_mut().zip(observations.values()) {
            *departure = *value - *departure;
        }
        let cost = full_cost(&control, &departures, observations, settings.norms);
        if !cost.is_finite() {
            if loops.is_empty() {
                return Err(Error::CostNotFinite { iteration: 0, cost, gradient_norm: norm(&departures) });
            }
            break OuterStop::NotFinite;
        }
        if loops.is_empty() {
            of_background.clone_from(&departures);
        }
        if best.as_ref().is_none_or(|best| cost < best.cost) {
            let (control, state, departures) = (control.clone(), state.clone(), departures.clone());
            best = Some(Best { cost, control, state, departures });
        }
        if loops.last().is_some_and(|last| last.change <= settings.change) {
            break OuterStop::Converged;
        }
        if loops.len() == settings.most {
            break OuterStop::Limit;
        }
        let weights = weights(&departures, observations, settings);
        let before = control.clone();
        let mut operator = Composition::new(&mut *transform, Tangent(&mut *window))?;
        let mut linear = vec![R::ZERO; count];
        operator.apply(&control, &mut linear)?;
        add(&mut departures, 1.0, &linear);
        let cost_function = IncrementalCost::new(operator, &departures, observations)?;
        let cost_function = match (&weights, settings.norms) {
            (Some(weights), _) => cost_function.with_weights(weights)?,
            (None, Some(norms)) => cost_function.with_norms(norms)?,
            (None, None) => cost_function,
        };
        let first = loops.first().map(|first| first.history[0].gradient_norm);
        let ending = Ending { reference: settings.inner.reference.or(first), ..settings.inner };
        let minimum = minimise(cost_function, &control, &mut preconditioner, settings.minimiser, &ending)?;
        control = minimum.control;
        let mut difference = before;
        add(&mut difference, -1.0, &control);
        let change = norm(&difference) / (control_len.max(1) as f64).sqrt();
        loops.push(OuterLoop { cost, history: minimum.history, stop: minimum.stop, change });
        transform.apply(&control, &mut increment)?;
        window.prolong(&increment, &mut of_state)?;
        state.copy_from_slice(background);
        add(&mut state, 1.0, &of_state);
    };
    let best = best.expect("the background's cost is finite");
    Ok(VariationalAnalysis {
        state: best.state,
        control: best.control,
        cost: best.cost,
        departures: Departures { of_background, of_analysis: best.departures },
        loops,
        stop,
        preconditioner,
    })
}

struct Best<R> {
    cost: f64,
    control: Vec<R>,
    state: Vec<R>,
    departures: Vec<R>,
}

fn validate<R: Real>(
    window: &impl Window<R>,
    transform: &impl LinearOperator<R>,
    background: &[R],
    observations: &Observations<R>,
    settings: &OuterLoops,
) -> Result<()> {
    expect_len("background", window.state_len(), background.len())?;
    expect_len("output of the transform", window.increment_len(), transform.output_len())?;
    expect_len("observations", window.observation_count(), observations.count())?;
    if let Some(norms) = settings.norms {
        expect_len("norms", observations.count(), norms.len())?;
    }
    if let Some(place) = background.iter().position(|value| !value.to_f64().is_finite()) {
        let got = format!("{} at element {place}", background[place]);
        return Err(Error::InvalidValue { name: "background", got, expected: "finite numbers".to_owned() });
    }
    if settings.most == 0 {
        let (got, expected) = ("0".to_owned(), "at least 1 outer loop".to_owned());
        return Err(Error::InvalidValue { name: "most", got, expected });
    }
    if settings.change.is_nan() || settings.change < 0.0 {
        let (got, expected) = (settings.change.to_string(), "a number of 0 or more".to_owned());
        return Err(Error::InvalidValue { name: "change", got, expected });
    }
    Ok(())
}

/// J by the full model.
fn full_cost<R: Real>(
    control: &[R],
    departures: &[R],
    observations: &Observations<R>,
    norms: Option<&[Huber]>,
) -> f64 {
    let mut cost = 0.5 * dot(control, control);
    for (number, (departure, variance)) in departures.iter().zip(observations.variances()).enumerate() {
        let norm = norms.map_or(Huber::GAUSSIAN, |norms| norms[number]);
        cost += norm.cost(-departure.to_f64() / variance.to_f64().sqrt());
    }
    cost
}

/// Weights of Huber norms for minimisers that know only squares.
fn weights<R: Real>(
    departures: &[R],
    observations: &Observations<R>,
    settings: &OuterLoops,
) -> Option<Vec<R>> {
    let norms = settings.norms?;
    if matches!(settings.minimiser, Minimiser::LimitedMemory { .. }) {
        return None;
    }
    let of_each = departures.iter().zip(observations.variances()).zip(norms);
    let weight = |((departure, variance), norm): ((&R, &R), &Huber)| {
        R::from_f64(norm.weight(-departure.to_f64() / variance.to_f64().sqrt()))
    };
    Some(of_each.map(weight).collect())
}

/// An inner loop.
fn minimise<R: Real, G: LinearOperator<R>>(
    mut cost: IncrementalCost<R, G>,
    control: &[R],
    preconditioner: &mut RitzPreconditioner<R>,
    minimiser: Minimiser,
    ending: &Ending,
) -> Result<Minimum<R>> {
    if let Minimiser::LimitedMemory { pairs } = minimiser {
        return limited_memory(control, |v, gradient| cost.evaluate(v, gradient), pairs, ending);
    }
    let mut gradient = vec![R::ZERO; control.len()];
    let start = Start { control, cost: cost.evaluate(control, &mut gradient)?, gradient: &gradient };
    let hessian = |v: &[R], product: &mut [R]| cost.hessian(v, product);
    match minimiser {
        Minimiser::Lanczos { pairs } => {
            let (minimum, ritz) = lanczos(&start, hessian, preconditioner, ending)?;
            preconditioner.extend(&ritz, pairs)?;
            Ok(minimum)
        }
        _ => {
            let apply = |gradient: &[R], out: &mut [R]| preconditioner.apply(gradient, out);
            conjugate_gradients(&start, hessian, apply, ending)
        }
    }
}
