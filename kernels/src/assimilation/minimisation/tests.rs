//! Minimisers against exact solutions, against each other, and with costs that cannot be minimised.

use super::*;
use crate::assimilation::vectors::{add, dot, norm};
use crate::random;

const SIZE: usize = 60;

/// J = ½ (x − c)ᵀ H (x − c) with H = W diag(λ) Wᵀ and Householder's W = 1 − 2 h hᵀ.
struct Quadratic {
    values: Vec<f64>,
    reflector: Vec<f64>,
    centre: Vec<f64>,
}

impl Quadratic {
    /// A few large eigenvalues above many near 1, as Hessians of analyses have.
    fn new() -> Self {
        let values = (0..SIZE)
            .map(|i| if i < 12 { 20.0 + 37.0 * (i * i) as f64 } else { 1.0 + 0.001 * i as f64 })
            .collect();
        let mut reflector = vec![0.0; SIZE];
        random::normals(3, [1, 0, 0], &mut reflector);
        let length = norm(&reflector);
        reflector.iter_mut().for_each(|value| *value /= length);
        let mut centre = vec![0.0; SIZE];
        random::normals(3, [2, 0, 0], &mut centre);
        Self { values, reflector, centre }
    }

    fn hessian<R: Real>(&self, v: &[R], out: &mut [R]) -> Result<()> {
        let mut x: Vec<f64> = v.iter().map(|value| value.to_f64()).collect();
        let along = dot(&x, &self.reflector);
        add(&mut x, -2.0 * along, &self.reflector);
        x.iter_mut().zip(&self.values).for_each(|(x, value)| *x *= value);
        let along = dot(&x, &self.reflector);
        add(&mut x, -2.0 * along, &self.reflector);
        out.iter_mut().zip(&x).for_each(|(out, x)| *out = R::from_f64(*x));
        Ok(())
    }

    fn evaluate<R: Real>(&self, x: &[R], gradient: &mut [R]) -> Result<f64> {
        let from_centre: Vec<R> = x.iter().zip(&self.centre).map(|(x, c)| *x - R::from_f64(*c)).collect();
        self.hessian(&from_centre, gradient)?;
        Ok(0.5 * dot(&from_centre, gradient))
    }
}

const TIGHT: Ending = Ending::new(100, 1e-10);

fn distance<R: Real>(control: &[R], centre: &[f64]) -> f64 {
    control.iter().zip(centre).map(|(x, c)| (x.to_f64() - c).powi(2)).sum::<f64>().sqrt()
}

/// From 0.
fn with_start<R: Real, T>(problem: &Quadratic, minimise: impl FnOnce(&Start<R>) -> T) -> T {
    let (control, mut gradient) = (vec![R::ZERO; SIZE], vec![R::ZERO; SIZE]);
    let cost = problem.evaluate(&control, &mut gradient).expect("a cost");
    minimise(&Start { control: &control, cost, gradient: &gradient })
}

fn by_lanczos<R: Real>(
    problem: &Quadratic,
    preconditioner: &RitzPreconditioner<R>,
    ending: &Ending,
) -> (Minimum<R>, RitzPairs<R>) {
    with_start(problem, |start| {
        lanczos(start, |v, out| problem.hessian(v, out), preconditioner, ending).expect("a minimum")
    })
}

fn by_gradients(problem: &Quadratic, preconditioner: &RitzPreconditioner<f64>) -> Minimum<f64> {
    with_start(problem, |start| {
        let apply = |g: &[f64], out: &mut [f64]| preconditioner.apply(g, out);
        conjugate_gradients(start, |v, out| problem.hessian(v, out), apply, &TIGHT).expect("a minimum")
    })
}

#[test]
fn quadratic_costs_are_minimised_and_histories_are_true() {
    let problem = Quadratic::new();
    let none = RitzPreconditioner::none();
    let minima = [by_gradients(&problem, &none), by_lanczos(&problem, &none, &TIGHT).0];
    for minimum in &minima {
        assert_eq!(minimum.stop, Stop::Converged);
        assert!(distance(&minimum.control, &problem.centre) < 1e-6);
        assert!(minimum.iterations() < 30, "{}", minimum.iterations());
        let last = minimum.history.last().expect("a history");
        assert!(last.cost.abs() < 1e-9 * minimum.history[0].cost);
    }
    // The same iterates: both in exact arithmetic, until rounding.
    for (a, b) in minima[0].history.iter().zip(&minima[1].history).take(8) {
        assert!(
            (a.cost - b.cost).abs() < 1e-9 * a.cost && (a.gradient_norm / b.gradient_norm - 1.0).abs() < 1e-6
        );
    }
    // f32 gets as far as it can.
    let ending = Ending::new(100, 1e-6);
    let (single, _) = by_lanczos(&problem, &RitzPreconditioner::<f32>::none(), &ending);
    assert!(single.converged() && distance(&single.control, &problem.centre) < 0.02, "{:?}", single.history);
}

#[test]
fn the_best_iterate_comes_back_when_iterations_run_out() {
    let problem = Quadratic::new();
    let ending = Ending::new(5, 1e-10);
    let (minimum, pairs) = by_lanczos::<f64>(&problem, &RitzPreconditioner::none(), &ending);
    assert_eq!((minimum.stop, minimum.iterations(), pairs.values().len()), (Stop::IterationLimit, 5, 5));
    let mut gradient = vec![0.0; SIZE];
    let cost = problem.evaluate(&minimum.control, &mut gradient).expect("a cost");
    let last = minimum.history[5];
    assert!((cost / last.cost - 1.0).abs() < 1e-10, "{cost} {}", last.cost);
    assert!((norm(&gradient) / last.gradient_norm - 1.0).abs() < 1e-8);
    assert!(minimum.history.is_sorted_by(|a, b| a.cost > b.cost));
}

#[test]
fn ritz_pairs_are_eigenpairs_and_halve_the_iterations_that_follow() {
    let problem = Quadratic::new();
    let none = RitzPreconditioner::none();
    let ending = Ending::new(100, 1e-4);
    let (first, pairs) = by_lanczos::<f64>(&problem, &none, &ending);
    let largest = *pairs.values().last().expect("pairs");
    assert!((largest / problem.values[11] - 1.0).abs() < 1e-9, "{largest}");
    let (mut vector, mut image) = (vec![0.0; SIZE], vec![0.0; SIZE]);
    for (pair, residual) in pairs.residuals().enumerate() {
        pairs.read_vector(pair, &mut vector).expect("a pair");
        problem.hessian(&vector, &mut image).expect("a product");
        add(&mut image, -pairs.values()[pair], &vector);
        assert!((norm(&vector) - 1.0).abs() < 1e-12);
        assert!((norm(&image) - residual).abs() < 1e-9 * largest);
        // What is left of the product is along one vector for all pairs.
        add(&mut image, -pairs.outward()[pair], pairs.beyond());
        assert!(norm(&image) < 1e-9 * largest && dot(&vector, pairs.beyond()).abs() < 1e-12);
    }
    let mut preconditioner = none.clone();
    let taken = preconditioner.extend(&pairs, 100).expect("pairs");
    assert_eq!((taken, preconditioner.pairs()), (pairs.values().len(), taken));
    let (second, others) = by_lanczos(&problem, &preconditioner, &ending);
    assert!(second.converged() && distance(&second.control, &problem.centre) < 0.1);
    assert!(2 * second.iterations() <= first.iterations(), "{} {}", first.iterations(), second.iterations());
    // The norm of the history is that of the true gradient.
    let mut gradient = vec![0.0; SIZE];
    problem.evaluate(&second.control, &mut gradient).expect("a cost");
    let last = second.history.last().expect("a history");
    assert!((norm(&gradient) / last.gradient_norm - 1.0).abs() < 1e-6);
    // Pairs of the preconditioned Hessian go on top; conjugate gradients profit as well.
    preconditioner.extend(&others, 100).expect("pairs");
    let (third, _) = by_lanczos(&problem, &preconditioner, &TIGHT);
    let by_gradients = by_gradients(&problem, &preconditioner);
    assert!(third.converged() && by_gradients.converged());
    assert!(distance(&third.control, &by_gradients.control) < 1e-8);
}

#[test]
fn a_minimisation_goes_on_as_if_it_had_never_stopped() {
    let problem = Quadratic::new();
    let none = RitzPreconditioner::none();
    let (whole, _) = by_lanczos::<f64>(&problem, &none, &Ending::new(9, 0.0));
    let (first, pairs) = by_lanczos(&problem, &none, &Ending::new(5, 0.0));
    let mut gradient = vec![0.0; SIZE];
    let cost = problem.evaluate(&first.control, &mut gradient).expect("a cost");
    let start = Start { control: &first.control, cost, gradient: &gradient };
    let go_on = |preconditioner: &RitzPreconditioner<f64>, ending: &Ending| {
        lanczos(&start, |v, out| problem.hessian(v, out), preconditioner, ending).expect("a minimum").0
    };
    // None of the pairs has converged; without what leads out of their space they would do harm.
    assert!(pairs.residuals().zip(pairs.values()).all(|(residual, value)| residual > 1e-3 * value));
    let mut knowing = none.clone();
    knowing.extend(&pairs, 5).expect("pairs");
    let second = go_on(&knowing, &Ending::new(4, 0.0));
    for (a, b) in second.history.iter().zip(&whole.history[5..]) {
        assert!((a.cost / b.cost - 1.0).abs() < 1e-9, "{:?} {:?}", second.history, whole.history);
        assert!((a.gradient_norm / b.gradient_norm - 1.0).abs() < 1e-8);
    }
    assert!(go_on(&none, &Ending::new(4, 0.0)).history[4].cost > second.history[4].cost);
    // With the first gradient of all for reference both end where one of them would.
    let together = whole.history[8].gradient_norm / whole.history[0].gradient_norm;
    let ending =
        Ending { reference: Some(first.history[0].gradient_norm), ..Ending::new(50, 1.001 * together) };
    assert_eq!(go_on(&knowing, &ending).iterations(), 3);
    assert!(go_on(&none, &ending).iterations() > 3);
    let done = Ending { reference: Some(1e6 * first.history[0].gradient_norm), ..ending };
    let none_needed = go_on(&none, &done);
    assert!(none_needed.converged() && none_needed.iterations() == 0);
    let wrong = Ending { reference: Some(f64::NAN), ..ending };
    let result = lanczos(&start, |v, out| problem.hessian(v, out), &none, &wrong);
    assert!(result.is_err_and(|error| error.to_string().contains("'reference' is NaN")));
}

#[test]
fn a_new_right_hand_side_costs_what_the_deflated_system_does() {
    let mut problem = Quadratic::new();
    // Until all of the 12 large pairs have converged.
    let (first, pairs) = by_lanczos::<f64>(&problem, &RitzPreconditioner::none(), &TIGHT);
    let mut knowing = RitzPreconditioner::none();
    assert_eq!(knowing.extend(&pairs, 12).expect("pairs"), 12);
    for (ours, exact) in knowing.values().zip(problem.values[..12].iter().rev()) {
        assert!((ours / exact - 1.0).abs() < 1e-9, "{ours} {exact}");
    }
    random::normals(3, [3, 0, 0], &mut problem.centre);
    let (without, _) = by_lanczos::<f64>(&problem, &RitzPreconditioner::none(), &TIGHT);
    let (with, _) = by_lanczos(&problem, &knowing, &TIGHT);
    let mut deflated = Quadratic { centre: problem.centre.clone(), ..Quadratic::new() };
    deflated.values[..12].fill(1.0);
    // The same norm of the gradient.
    let goal = Ending { reference: Some(without.history[0].gradient_norm), ..TIGHT };
    let (alone, _) = by_lanczos::<f64>(&deflated, &RitzPreconditioner::none(), &goal);
    let taken = [first.iterations(), without.iterations(), with.iterations(), alone.iterations()];
    // Pairs are exact to rounding; what that leaves of them takes one or two more.
    assert!(taken[2] <= taken[3] + 2 && 2 * taken[2] <= taken[1], "{taken:?}");
    assert!(distance(&with.control, &problem.centre) < 1e-6);
}

#[test]
fn preconditioners_are_written_and_read() {
    let problem = Quadratic::new();
    let ending = Ending::new(6, 0.0);
    let mut known = RitzPreconditioner::<f32>::none();
    for _ in 0..2 {
        let (_, pairs) = by_lanczos(&problem, &known, &ending);
        known.extend(&pairs, 4).expect("pairs");
    }
    let gradient: Vec<f32> = problem.centre.iter().map(|value| *value as f32).collect();
    let applied = |known: &RitzPreconditioner<f32>| {
        let mut out = vec![0.0; SIZE];
        known.apply(&gradient, &mut out).expect("lengths");
        out
    };
    // One place too many, and as many as the first with half of the second.
    for (places, pairs) in [(11, 8), (8, 6), (5, 4), (1, 0)] {
        let mut numbers = vec![9.0; RitzPreconditioner::<f32>::written_len(SIZE, places - 1)];
        assert_eq!(known.write(&mut numbers), pairs);
        let read = RitzPreconditioner::read(&numbers, SIZE).expect("what was written");
        assert_eq!(read.pairs(), pairs);
        assert!(read.values().eq(known.values().take(pairs)));
        if pairs == 8 {
            assert_eq!(applied(&read), applied(&known));
            numbers[SIZE + 4] = -1.0;
            let error = RitzPreconditioner::read(&numbers, SIZE).expect_err("refused").to_string();
            assert!(error.contains("at vector 1"), "{error}");
        }
    }
    let mut numbers = vec![9.0; 100];
    assert_eq!(RitzPreconditioner::<f32>::none().write(&mut numbers), 0);
    assert_eq!(RitzPreconditioner::read(&numbers, SIZE).expect("nothing").pairs(), 0);
}

/// Σ 100 (x_{i+1} − x_i²)² + (1 − x_i)² over pairs, of Rosenbrock (1960).
fn valley<R: Real>(x: &[R], gradient: &mut [R]) -> Result<f64> {
    let mut cost = 0.0;
    for (x, gradient) in x.chunks_exact(2).zip(gradient.chunks_exact_mut(2)) {
        let (a, b) = (x[0].to_f64(), x[1].to_f64());
        let rise = b - a * a;
        cost += 100.0 * rise * rise + (1.0 - a) * (1.0 - a);
        gradient[0] = R::from_f64(-400.0 * a * rise - 2.0 * (1.0 - a));
        gradient[1] = R::from_f64(200.0 * rise);
    }
    Ok(cost)
}

#[test]
fn limited_memory_follows_a_curved_valley() {
    let start: Vec<f64> = (0..20).map(|i| if i % 2 == 0 { -1.2 } else { 1.0 }).collect();
    let ending = Ending::new(200, 1e-9);
    let minimum = limited_memory(&start, valley, 8, &ending).expect("a minimum");
    assert_eq!(minimum.stop, Stop::Converged);
    assert!(minimum.iterations() < 80, "{}", minimum.iterations());
    assert!(minimum.control.iter().all(|x| (x - 1.0).abs() < 1e-6));
    assert!(minimum.history.is_sorted_by(|a, b| a.cost > b.cost));
    // f32 cannot reduce the gradient that far and says so, at the bottom of the valley.
    let start: Vec<f32> = start.iter().map(|x| *x as f32).collect();
    let minimum = limited_memory(&start, valley, 8, &ending).expect("a minimum");
    assert!(minimum.control.iter().all(|x| (x - 1.0).abs() < 1e-3));
    // On a quadratic cost it finds what conjugate gradients find.
    let problem = Quadratic::new();
    let evaluate = |x: &[f64], gradient: &mut [f64]| problem.evaluate(x, gradient);
    let ending = Ending::new(200, 1e-7);
    let minimum = limited_memory(&[0.0; SIZE], evaluate, 20, &ending).expect("a minimum");
    assert!(
        minimum.converged() && distance(&minimum.control, &problem.centre) < 1e-3,
        "{:?}",
        minimum.history.len()
    );
}

#[test]
fn costs_without_a_minimum_are_refused() {
    let ending = Ending::new(50, 1e-6);
    let start = Start { control: &[0.0; 3], cost: 1.0, gradient: &[1.0, 1.0, 1.0] };
    let saddle = |v: &[f64], out: &mut [f64]| {
        out.copy_from_slice(&[4.0 * v[0], 2.0 * v[1], -v[2]]);
        Ok(())
    };
    let none = RitzPreconditioner::none();
    let plain = |g: &[f64], out: &mut [f64]| none.apply(g, out);
    for error in [
        lanczos(&start, saddle, &none, &ending).map(|_| ()).expect_err("refused"),
        conjugate_gradients(&start, saddle, plain, &ending).map(|_| ()).expect_err("refused"),
    ] {
        assert!(
            matches!(error, Error::IndefiniteHessian { iteration: 1..=3, curvature } if curvature <= 0.0)
        );
    }
    let nan = |_: &[f64], out: &mut [f64]| {
        out.fill(f64::NAN);
        Ok(())
    };
    let error = lanczos(&start, nan, &none, &ending).map(|_| ()).expect_err("refused");
    assert!(matches!(error, Error::CostNotFinite { iteration: 1, .. }));
    let start = Start { cost: f64::NAN, ..start };
    let error = conjugate_gradients(&start, saddle, plain, &ending).map(|_| ()).expect_err("refused");
    assert_eq!(
        error.to_string(),
        "Iteration 0: cost NaN, gradient norm 1.7320508075688772: expected finite numbers."
    );
    let without_bound = |x: &[f64], gradient: &mut [f64]| {
        gradient.fill(-1.0);
        Ok(-x.iter().sum::<f64>())
    };
    let minimum = limited_memory(&[0.0; 3], without_bound, 5, &ending).expect("no minimum, but no error");
    assert!(!minimum.converged());
    // A wall of infinities shortens steps.
    let logarithm = |x: &[f64], gradient: &mut [f64]| {
        gradient[0] = 1.0 - 0.01 / x[0];
        Ok(if x[0] > 0.0 { x[0] - 0.01 * x[0].ln() } else { f64::NAN })
    };
    let minimum = limited_memory(&[1.0], logarithm, 5, &ending).expect("a minimum");
    assert!(minimum.converged() && (minimum.control[0] - 0.01).abs() < 1e-6, "{:?}", minimum.control);
    let wrong = Ending::new(5, 1.0);
    assert!(limited_memory(&[1.0], logarithm, 5, &wrong).is_err());
    assert!(limited_memory(&[1.0], logarithm, 0, &ending).is_err());
}

#[test]
fn a_gradient_test_tells_right_from_wrong() {
    let x = [0.3, -0.7, 1.1, 2.0];
    let direction = [0.5, -0.5, 0.1, 0.7];
    let steps = [1e-2, 1e-3, 1e-4, 1e-5];
    let right = gradient_test(valley::<f64>, &x, &direction, &steps).expect("a test");
    assert!(right[1..].iter().all(|test| (test.order - 1.0).abs() < 0.1), "{right:?}");
    let wrong = |x: &[f64], gradient: &mut [f64]| {
        let cost = valley(x, gradient)?;
        gradient[3] *= 1.01;
        Ok(cost)
    };
    let wrong = gradient_test(wrong, &x, &direction, &steps).expect("a test");
    assert!(wrong[3].order.abs() < 0.1 && (wrong[3].ratio - 1.0).abs() > 1e-3, "{wrong:?}");
}
