//! Local analyses on devices against those of the CPU's eigenvalues.

use terrella_kernels::assimilation::localization::{Cells, Near, Taper};
use terrella_kernels::assimilation::{Ensemble, LocalAnalysisPlan, Observations, Scheme, analyse_locally};
use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::{Real, random};

use crate::{devices, expect_near};

const DOMAINS: usize = 37;
const MEMBERS: usize = 11;
const SCHEMES: [Scheme; 3] =
    [Scheme::SquareRoot, Scheme::Deterministic, Scheme::Stochastic { seed: 4, cycle: 2 }];

/// Two layers of a line of domains, of which the first twenty are observed.
struct Line<R> {
    forecast: Ensemble<R>,
    equivalents: Ensemble<R>,
    values: Vec<R>,
    variances: Vec<R>,
    cells: Cells<1>,
}

impl<R: Real> Line<R> {
    fn new(variance: f64) -> Self {
        let mut values = vec![R::ZERO; 2 * DOMAINS * MEMBERS];
        random::normals(3, [0; 3], &mut values);
        let observed = 20;
        let places: Vec<[f64; 1]> = (0..observed).map(|place| [f64::from(place)]).collect();
        let mut y = vec![R::ZERO; observed as usize];
        random::normals(3, [1, 0, 0], &mut y);
        Self {
            equivalents: Ensemble::new(MEMBERS, values[..y.len() * MEMBERS].to_vec()).expect("an ensemble"),
            forecast: Ensemble::new(MEMBERS, values).expect("an ensemble"),
            variances: vec![R::from_f64(variance); y.len()],
            values: y,
            cells: Cells::new(&places, [None], Taper::GaspariCohn(2.5)).expect("cells"),
        }
    }

    fn observations(&self) -> Observations<'_, R> {
        Observations::new(&self.values, &self.variances).expect("observations")
    }

    fn near(&self) -> impl Fn(usize, &mut Vec<Near>) + Sync {
        |domain: usize, found: &mut Vec<Near>| self.cells.near([domain as f64], found)
    }

    fn expected(&self, scheme: &Scheme) -> Vec<f64> {
        let mut ensemble = self.forecast.clone();
        let (hx, y) = (&self.equivalents, self.observations());
        analyse_locally(&mut ensemble, DOMAINS, hx, &y, scheme, &self.near()).expect("an analysis");
        ensemble.values().iter().map(|value| value.to_f64()).collect()
    }

    fn on(&self, device: Device, batch: usize, scheme: &Scheme) -> terrella_kernels::Result<Vec<f64>> {
        let mut ensemble = Buffer::from_slice(device, self.forecast.values())?;
        let equivalents = Buffer::from_slice(device, self.equivalents.values())?;
        let mut plan = LocalAnalysisPlan::new(device, MEMBERS, batch)?;
        plan.analyse(&mut ensemble, DOMAINS, &equivalents, &self.observations(), scheme, &self.near())?;
        Ok(ensemble.to_vec()?.into_iter().map(R::to_f64).collect())
    }
}

fn check<R: Real>(device: Device, variance: f64, tolerance: f64) {
    let line = Line::<R>::new(variance);
    for scheme in SCHEMES {
        let expected = line.expected(&scheme);
        let ours = line.on(device, 64, &scheme).expect("an analysis");
        expect_near(&ours, &expected, tolerance, &format!("{device} {scheme:?} r = {variance}"));
        // Batches cut a layer anywhere, and the last one is not full.
        let ours_in_parts = line.on(device, 10, &scheme).expect("an analysis");
        expect_near(&ours_in_parts, &expected, tolerance, &format!("{device} {scheme:?} in batches"));
        // Where nothing is near, members stay.
        let far = 30 * MEMBERS..DOMAINS * MEMBERS;
        let before: Vec<f64> =
            line.forecast.values()[far.clone()].iter().map(|value| value.to_f64()).collect();
        assert_eq!(ours[far], before);
    }
}

#[test]
fn analyses_of_devices_are_those_of_the_cpu() {
    for device in devices::devices() {
        // Rounding errors grow with the ratio of eigenvalues, about 10/r.
        check::<f64>(device, 0.5, 1e-12);
        check::<f64>(device, 1e-6, 1e-8);
        check::<f32>(device, 0.5, 2e-5);
        check::<f32>(device, 1e-2, 1e-3);
    }
}

#[test]
fn plans_refuse_what_they_cannot_do() {
    let text = |error: terrella_kernels::Error| error.to_string();
    let plan = |members: usize, batch: usize| {
        text(LocalAnalysisPlan::<f32>::new(Device::Cpu, members, batch).expect_err("refused"))
    };
    assert_eq!(plan(1, 1), "'members' is 1: expected at least 2 members.");
    assert_eq!(plan(100, 0), "'batch' is 0: expected 1 to 429496 domains of 100 members.");
    assert_eq!(plan(1 << 17, 1), "'batch' is 1: expected 1 to 0 domains of 131072 members.");
    let mut line = Line::<f32>::new(0.5);
    let refused =
        |line: &Line<f32>, scheme: &Scheme| text(line.on(Device::Cpu, 8, scheme).expect_err("refused"));
    assert_eq!(
        refused(&line, &Scheme::ErrorSubspace),
        "'scheme' is ErrorSubspace: expected SquareRoot, Deterministic or Stochastic on a device."
    );
    line.variances[9] = 1e-12;
    let error = refused(&line, &Scheme::SquareRoot);
    assert!(error.starts_with("'equivalents' is a bound of ") && error.contains("in domain 5:"), "{error}");
    line.variances[9] = 0.5;
    line.equivalents.values_mut()[MEMBERS * 19] = f32::NAN;
    let error = refused(&line, &Scheme::Deterministic);
    assert!(error.starts_with("'equivalents' is a bound of NaN for C/(N − 1) + 1 in domain 15:"), "{error}");
}
