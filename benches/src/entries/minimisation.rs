//! Two inner loops of a variational analysis with a background covariance in spectral space: the second one goes on where the first has ended, with
//! departures of another linearisation, with and without what the first has learnt of the Hessian.

use terrella_kernels::assimilation::covariance::spectral::{GridFields, SpectralBlock, SpectralCovariance};
use terrella_kernels::assimilation::minimisation::{
    Ending, Minimum, RitzPairs, RitzPreconditioner, Start, lanczos,
};
use terrella_kernels::assimilation::variational::{
    IncrementalCost, ModelWindow, Persistence, Selection, Tangent,
};
use terrella_kernels::assimilation::{Composition, LinearOperator, Observations};
use terrella_kernels::constants::{EARTH_RADIUS, EARTH_ROTATION};
use terrella_kernels::device::Device;
use terrella_kernels::spectral::degree_factors::factors::gaussian;
use terrella_kernels::spectral::{HostTransform, Truncation};
use terrella_kernels::{Precision, Real, random};

use crate::{Case, Cases, Entry, Key, Request, Result, Work};

pub(super) const ENTRY: Entry = Entry {
    name: "minimisation",
    summary: "two inner loops of an analysis with a spectral background covariance; the second with and without Ritz pairs of the first",
    keys: &[
        Key { name: "truncation", default: "42", meaning: "total wavenumber of increments" },
        Key { name: "levels", default: "10", meaning: "number of levels" },
        Key { name: "observations", default: "3000", meaning: "number of observations" },
    ],
    smallest: &[("truncation", "10"), ("levels", "2"), ("observations", "50")],
    peers: &[],
    cases,
};

/// Lengths of the background's correlations in the horizontal \[m].
const LENGTH: f64 = 500e3;
/// Variance of the observations over that of the background.
const ERROR_VARIANCE: f64 = 0.05;
/// What another linearisation changes of departures.
const CHANGE: f64 = 0.02;
/// The two loops, by the first gradient of all.
const ENDINGS: [Ending; 2] = [Ending::new(200, 2e-2), Ending::new(200, 1e-3)];

fn cases(request: &Request) -> Result<Cases> {
    if request.device != Device::Cpu {
        eprintln!("minimisation is for the CPU only: not measured on {}.", request.device);
        return Ok(Cases::new());
    }
    match request.precision {
        Precision::F32 => of_precision::<f32>(request),
        Precision::F64 => of_precision::<f64>(request),
    }
}

fn of_precision<R: Real>(request: &Request) -> Result<Cases> {
    let mut first = InnerLoop::<R>::new(request, "Lanczos, first loop")?;
    let (minimum, pairs) = first.minimise(&ENDINGS[0])?;
    let second = |name| -> Result<InnerLoop<R>> {
        let mut second = InnerLoop::<R>::new(request, name)?;
        let mut changes = vec![R::ZERO; second.departures.len()];
        random::normals(1, [1, 0, 0], &mut changes);
        for (departure, change) in second.departures.iter_mut().zip(&changes) {
            *departure += R::from_f64(CHANGE) * *change;
        }
        second.begin.copy_from_slice(&minimum.control);
        second.ending = Ending { reference: Some(minimum.history[0].gradient_norm), ..ENDINGS[1] };
        Ok(second)
    };
    let without = second("Lanczos, second loop")?;
    let mut with = second("Lanczos, second loop with Ritz pairs")?;
    with.preconditioner.extend(&pairs, ENDINGS[0].iterations)?;
    let mut cases = Cases::new();
    for mut case in [first, without, with] {
        case.run()?;
        cases.push(Box::new(case));
    }
    Ok(cases)
}

struct InnerLoop<R: Real> {
    name: &'static str,
    size: String,
    operator: Box<dyn LinearOperator<R>>,
    departures: Vec<R>,
    variances: Vec<R>,
    preconditioner: RitzPreconditioner<R>,
    begin: Vec<R>,
    ending: Ending,
    control: Vec<R>,
    iterations: usize,
    work_of_product: Work,
}

impl<R: Real> InnerLoop<R> {
    /// The first loop.
    fn new(request: &Request, name: &'static str) -> Result<Self> {
        let truncation = Truncation::new(request.number("truncation")?);
        let (levels, observations): (usize, usize) =
            (request.number("levels")?, request.number("observations")?);
        let grid = format!("F{}", (3 * truncation.total() + 1).div_ceil(4).max(2)).parse()?;
        let correlation: Vec<f64> = (0..levels * levels)
            .map(|place| (-0.5 * ((place / levels) as f64 - (place % levels) as f64).powi(2)).exp())
            .collect();
        let spectrum: Vec<f64> = gaussian(truncation, EARTH_RADIUS, LENGTH)?;
        let block = SpectralBlock::separable("temperature", &vec![1.0; levels], &correlation, &spectrum)?;
        let root = SpectralCovariance::<R>::new(truncation, vec![block], EARTH_RADIUS, EARTH_ROTATION)?;
        let transform = HostTransform::<R>::new(&grid, truncation)?;
        let points = transform.grid().points();
        let places = (0..observations).map(|number| number * 7919 % (levels * points)).collect();
        let selection = Selection::new(levels * points, vec![places])?;
        let window = ModelWindow::new(Persistence::new(levels * points), selection, vec![0])?;
        let fields = Composition::new(root, GridFields::new(transform, vec![levels]))?;
        let operator = Composition::new(fields, Tangent(window))?;
        let mut departures = vec![R::ZERO; observations];
        random::normals(1, [0; 3], &mut departures);
        let coefficients = truncation.spectrum_len(levels);
        let bytes = (4 * coefficients + 4 * levels * points) * size_of::<R>();
        Ok(Self {
            name,
            size: format!("{truncation}, {levels} levels, {observations} observations"),
            operator: Box::new(operator),
            departures,
            variances: vec![R::from_f64(ERROR_VARIANCE); observations],
            preconditioner: RitzPreconditioner::none(),
            begin: vec![R::ZERO; coefficients],
            ending: ENDINGS[0],
            control: vec![R::ZERO; coefficients],
            iterations: 0,
            work_of_product: Work { bytes: bytes as f64, flops: 0.0 },
        })
    }

    fn minimise(&mut self, ending: &Ending) -> Result<(Minimum<R>, RitzPairs<R>)> {
        let observations = Observations::new(&self.departures, &self.variances)?;
        let mut cost = IncrementalCost::new(&mut self.operator, &self.departures, &observations)?;
        let mut gradient = self.begin.clone();
        let value = cost.evaluate(&self.begin, &mut gradient)?;
        let start = Start { control: &self.begin, cost: value, gradient: &gradient };
        Ok(lanczos(&start, |v, product| cost.hessian(v, product), &self.preconditioner, ending)?)
    }
}

impl<R: Real> Case for InnerLoop<R> {
    fn name(&self) -> &str {
        self.name
    }

    fn size(&self) -> String {
        format!("{}, {} iterations", self.size, self.iterations)
    }

    /// Two transforms and what they read and write, for each iteration.
    fn work(&self) -> Work {
        Work { bytes: self.work_of_product.bytes * self.iterations as f64, flops: 0.0 }
    }

    fn run(&mut self) -> Result<()> {
        let ending = self.ending;
        let (minimum, _) = self.minimise(&ending)?;
        self.iterations = minimum.iterations();
        self.control = minimum.control;
        Ok(())
    }

    /// Against a minimum of a gradient that is a thousand times smaller.
    fn error(&mut self) -> Result<f64> {
        let tight = Ending { gradient_reduction: 1e-3 * self.ending.gradient_reduction, ..self.ending };
        let (reference, _) = self.minimise(&tight)?;
        let pairs = || self.control.iter().zip(&reference.control);
        let largest = pairs().map(|(_, b)| b.to_f64().abs()).fold(0.0, f64::max);
        Ok(pairs().map(|(a, b)| (*a - *b).to_f64().abs()).fold(0.0, f64::max) / largest)
    }
}
