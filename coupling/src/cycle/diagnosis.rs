//! [`Diagnosis`]: whether a method's errors are those that it assumes, and what observations do to it.

use std::time::Instant;

use terrella_kernels::assimilation::Ensemble;
use terrella_kernels::diagnostics::verification::{
    CrpsDecomposition, RankHistogram, SpreadSkill, degrees_of_freedom, desroziers, ensemble_impact, fair_crps,
};
use terrella_kernels::{Real, Result as KernelResult};

use super::{Method, Network, Observed};
use crate::error::expect_len;
use crate::{Component, Result};

/// Cases that are kept of an ensemble; every other one is dropped where there are more.
const CASES: usize = 20_000;
/// Bins of [`EnsembleFindings::spread_skill`].
const BINS: usize = 10;

/// Of one cycle, at the observations of its end. Departures and errors are in standard deviations of the observations' errors, so that observations of
/// several kinds count alike; what needs members is NaN without.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Departure {
    /// The mean of y − Hxᵇ.
    pub bias: f64,
    /// The variance of the observations' errors that departures show, 1 if they are as assumed
    /// ([`desroziers`](terrella_kernels::diagnostics::verification::desroziers())).
    pub observation: f64,
    /// That of the forecast's errors.
    pub background: f64,
    /// The mean square of the forecast's errors Hxᵇ − Hxᵗ.
    pub true_background: f64,
    /// Of the analysis's.
    pub true_analysis: f64,
    /// CRPS of the forecast's members, as if there were any number of them.
    pub forecast_crps: f64,
    /// Of the analysis's.
    pub analysis_crps: f64,
    /// Degrees of freedom for signal of an observation, 0 to 1.
    pub signal: f64,
    /// The change of the squared error that the ensemble expects of the observations, as [`error`](super::error()) weights it; negative where they help.
    pub impact: f64,
    /// The change that came.
    pub change: f64,
    /// The share of observations that help.
    pub helpful: f64,
}

impl Departure {
    /// Number of numbers.
    pub const LEN: usize = 11;

    /// In the order of the fields.
    pub fn numbers(&self) -> [f64; Self::LEN] {
        let Self { bias, observation, background, true_background, true_analysis, .. } = *self;
        let Self { forecast_crps, analysis_crps, signal, impact, change, helpful, .. } = *self;
        [
            bias,
            observation,
            background,
            true_background,
            true_analysis,
            forecast_crps,
            analysis_crps,
            signal,
            impact,
            change,
            helpful,
        ]
    }

    /// The reverse.
    pub fn from_numbers(numbers: [f64; Self::LEN]) -> Self {
        let [bias, observation, background, true_background, true_analysis, ..] = numbers;
        let [.., forecast_crps, analysis_crps, signal, impact, change, helpful] = numbers;
        Self {
            bias,
            observation,
            background,
            true_background,
            true_analysis,
            forecast_crps,
            analysis_crps,
            signal,
            impact,
            change,
            helpful,
        }
    }
}

/// An estimate of a method and its equivalents of the observations at the end of a window.
pub(super) struct Seen<R> {
    state: Vec<R>,
    equivalents: Vec<R>,
    members: Option<Ensemble<R>>,
}

impl<R: Real> Seen<R> {
    pub(super) fn of<C: Component<Real = R>>(
        method: &dyn Method<C>,
        network: &Network<R>,
        state: &[R],
    ) -> Result<Self> {
        let mut equivalents = vec![R::ZERO; network.count()];
        network.observe(state, &mut equivalents)?;
        let members = match method.ensemble() {
            Some(ensemble) => {
                let members = ensemble.members();
                let mut of_members = Ensemble::new(members, vec![R::ZERO; network.count() * members])?;
                network.observe_ensemble(ensemble, &mut of_members)?;
                Some(of_members)
            }
            None => None,
        };
        Ok(Self { state: state.to_vec(), equivalents, members })
    }
}

/// What a twin experiment shows of one method, from cycle to cycle.
#[derive(Clone, Debug, Default)]
pub struct Diagnosis {
    departures: Vec<Departure>,
    cases: Cases,
    seconds: f64,
}

/// Truth and the forecast's members at observed places, \[case]\[1 + member], in standard deviations of the observations' errors.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cases {
    /// 0 where there were none yet.
    pub members: usize,
    /// One of so many observed places is kept.
    pub every: usize,
    /// Places that went by.
    pub seen: usize,
    /// The numbers.
    pub values: Vec<f64>,
}

impl Cases {
    /// The truth with its members, where it is one of those that are kept.
    fn add<R: Real>(&mut self, deviation: f64, truth: R, members: &[R]) {
        self.members = members.len();
        self.every = self.every.max(1);
        if self.seen.is_multiple_of(self.every) {
            self.values
                .extend(std::iter::once(&truth).chain(members).map(|value| value.to_f64() / deviation));
        }
        self.seen += 1;
        let len = self.members + 1;
        if self.values.len() > CASES * len {
            self.every *= 2;
            let kept = self.values.chunks_exact(len).step_by(2).flatten().copied().collect();
            self.values = kept;
        }
    }

    fn split(&self) -> (Vec<f64>, Vec<f64>) {
        let cases = self.values.chunks_exact(self.members + 1);
        (cases.clone().map(|case| case[0]).collect(), cases.flat_map(|case| &case[1..]).copied().collect())
    }
}

/// Over the cycles that count.
#[derive(Clone, Debug)]
pub struct Findings {
    /// The means.
    pub mean: Departure,
    /// Of the forecast's members.
    pub ensemble: Option<EnsembleFindings>,
}

/// Of the forecast's members at observed places against the truth, in standard deviations of the observations' errors: of up to 20,000 cases, every
/// n-th that came.
#[derive(Clone, Debug)]
pub struct EnsembleFindings {
    /// Cases.
    pub cases: usize,
    /// Whether truth and members are of one distribution.
    pub ranks: RankHistogram,
    /// The mean CRPS in parts.
    pub crps: CrpsDecomposition,
    /// Whether errors are large where spread is.
    pub spread_skill: SpreadSkill,
}

impl Diagnosis {
    /// What was found before, for a run that goes on.
    pub fn resume(departures: Vec<Departure>, cases: Cases) -> Self {
        Self { departures, cases, seconds: 0.0 }
    }

    /// \[cycle].
    pub fn departures(&self) -> &[Departure] {
        &self.departures
    }

    /// What is kept of the members.
    pub fn cases(&self) -> &Cases {
        &self.cases
    }

    /// Time that this took.
    pub fn seconds(&self) -> f64 {
        self.seconds
    }

    /// Adds a cycle; members become cases where it `counts`.
    #[expect(clippy::too_many_arguments, reason = "each is a part of a cycle")]
    pub(super) fn add<R: Real>(
        &mut self,
        forecast: &Seen<R>,
        analysis: &Seen<R>,
        members: Option<&Ensemble<R>>,
        observed: &Observed<R>,
        network: &Network<R>,
        truth: &[R],
        weights: &[f64],
        counts: bool,
    ) -> Result<()> {
        let started = Instant::now();
        let count = network.count();
        expect_len("equivalents", count, forecast.equivalents.len())?;
        let last = observed.last(count);
        let (values, variances) = (&last.values[..], &last.variances[..]);
        let deviations: Vec<f64> = variances.iter().map(|variance| variance.to_f64().sqrt()).collect();
        let mut true_values = vec![R::ZERO; count];
        network.observe(truth, &mut true_values)?;
        // a − b in standard deviations.
        let difference = |a: &[R], b: &[R]| -> Vec<f64> {
            let pairs = a.iter().zip(b).zip(&deviations);
            pairs.map(|((a, b), deviation)| (a.to_f64() - b.to_f64()) / deviation).collect()
        };
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let mean_square = |values: Vec<f64>| mean(&values.iter().map(|x| x * x).collect::<Vec<_>>());
        let before = difference(values, &forecast.equivalents);
        let estimates = desroziers(&before, &difference(values, &analysis.equivalents))?;
        let mut departure = Departure {
            bias: mean(&before),
            observation: estimates.observation,
            background: estimates.background,
            true_background: mean_square(difference(&forecast.equivalents, &true_values)),
            true_analysis: mean_square(difference(&analysis.equivalents, &true_values)),
            ..Departure::from_numbers([f64::NAN; Departure::LEN])
        };
        if let (Some(before), Some(after), Some(members)) = (&forecast.members, &analysis.members, members) {
            let number = before.members();
            let crps = |ensemble: &Ensemble<R>| {
                let rows = ensemble.values().chunks_exact(number).zip(&true_values).zip(&deviations);
                mean(
                    &rows
                        .map(|((row, truth), deviation)| fair_crps(*truth, row) / deviation)
                        .collect::<Vec<_>>(),
                )
            };
            departure.forecast_crps = crps(before);
            departure.analysis_crps = crps(after);
            let mut signal = vec![0.0; count];
            degrees_of_freedom(after.values(), number, variances, &mut signal)?;
            departure.signal = mean(&signal);
            let impacts = impacts(forecast, analysis, (after, members), (values, variances), truth, weights)?;
            departure.impact = impacts.iter().sum();
            departure.helpful = mean(&impacts.iter().map(|x| f64::from(*x < 0.0)).collect::<Vec<_>>());
            let squares = |state: &[R]| super::error(state, truth, weights).map(|error| error * error);
            departure.change = squares(&analysis.state)? - squares(&forecast.state)?;
            if counts {
                let rows = before.values().chunks_exact(number).zip(&true_values).zip(&deviations);
                rows.for_each(|((row, truth), deviation)| self.cases.add(*deviation, *truth, row));
            }
        }
        self.departures.push(departure);
        self.seconds += started.elapsed().as_secs_f64();
        Ok(())
    }

    /// From the cycle `first` on; None where there is none.
    ///
    /// # Errors
    /// What the diagnostics say of numbers that are not finite.
    pub fn findings(&self, first: usize, seed: u64) -> Result<Option<Findings>> {
        let counted = self.departures.get(first..).unwrap_or_default();
        if counted.is_empty() {
            return Ok(None);
        }
        let mut sums = [0.0; Departure::LEN];
        for departure in counted {
            sums.iter_mut().zip(departure.numbers()).for_each(|(sum, number)| *sum += number);
        }
        let mean = Departure::from_numbers(sums.map(|sum| sum / counted.len() as f64));
        let ensemble = if self.cases.values.is_empty() { None } else { Some(self.of_members(seed)?) };
        Ok(Some(Findings { mean, ensemble }))
    }

    fn of_members(&self, seed: u64) -> KernelResult<EnsembleFindings> {
        let (truths, ensembles) = self.cases.split();
        let members = self.cases.members;
        let mut ranks = RankHistogram::new(members, seed)?;
        for (truth, members) in truths.iter().zip(ensembles.chunks_exact(members)) {
            ranks.add(*truth, members)?;
        }
        Ok(EnsembleFindings {
            cases: truths.len(),
            ranks,
            crps: CrpsDecomposition::new(&truths, &ensembles, members)?,
            spread_skill: SpreadSkill::new(&truths, &ensembles, members, BINS.min(truths.len()))?,
        })
    }
}

/// Of each observation on the analysis itself.
fn impacts<R: Real>(
    forecast: &Seen<R>,
    analysis: &Seen<R>,
    (equivalents, members): (&Ensemble<R>, &Ensemble<R>),
    (values, variances): (&[R], &[R]),
    truth: &[R],
    weights: &[f64],
) -> KernelResult<Vec<f64>> {
    let minus = |a: &[R], b: &[R]| -> Vec<R> { a.iter().zip(b).map(|(a, b)| *a - *b).collect() };
    let norm: Vec<R> = weights.iter().map(|weight| R::from_f64(*weight)).collect();
    let mut result = vec![0.0; values.len()];
    ensemble_impact(
        &minus(values, &forecast.equivalents),
        variances,
        equivalents.values(),
        members.members(),
        members.values(),
        &minus(&analysis.state, truth),
        &minus(&forecast.state, truth),
        &norm,
        &mut result,
    )?;
    Ok(result)
}

#[cfg(test)]
mod tests {
    use terrella_kernels::assimilation::{Scheme, analyse};
    use terrella_kernels::random;

    use super::*;

    fn seen<R: Real>(state: &[R], members: Option<Ensemble<R>>) -> Seen<R> {
        Seen { state: state.to_vec(), equivalents: state.to_vec(), members }
    }

    #[test]
    fn a_filter_that_is_right_is_found_right() {
        // Independent numbers with a known mean of 0, a variance that members share, and the gain that follows from it.
        const COUNT: usize = 20_000;
        const MEMBERS: usize = 12;
        let (background, observation) = (1.5_f64, 4.0_f64);
        let gain = background / (background + observation);
        let shrink = (1.0 - gain).sqrt();
        let draw = |number: u32, len: usize, variance: f64| {
            let mut values = vec![0.0_f64; len];
            random::normals(11, [number, 0, 0], &mut values);
            values.iter_mut().for_each(|value| *value *= variance.sqrt());
            values
        };
        let truth = draw(0, COUNT, background);
        let members = draw(1, COUNT * MEMBERS, background);
        let observed: Vec<f64> =
            draw(2, COUNT, observation).iter().zip(&truth).map(|(error, truth)| truth + error).collect();
        let estimate: Vec<f64> = observed.iter().map(|y| gain * y).collect();
        let analysis = members.chunks(MEMBERS).zip(&estimate);
        let analysis = analysis.flat_map(|(row, mean)| row.iter().map(move |x| mean + shrink * x)).collect();
        let ensemble = |values: Vec<f64>| Ensemble::new(MEMBERS, values).expect("an ensemble");
        let network = Network::regular(COUNT, 1, observation, 1).expect("a network");
        let variances = vec![observation; COUNT];
        let (members, analysis) = (ensemble(members), ensemble(analysis));
        let mut diagnosis = Diagnosis::default();
        diagnosis
            .add(
                &seen(&vec![0.0; COUNT], Some(members)),
                &seen(&estimate, Some(analysis.clone())),
                Some(&analysis),
                &Observed { values: observed, variances },
                &network,
                &truth,
                &[1.0 / COUNT as f64; COUNT],
                true,
            )
            .expect("lengths");
        let found = diagnosis.findings(0, 1).expect("finite").expect("a cycle");
        let Findings { mean, ensemble } = found;
        // Five standard errors of means of 20,000: at most 5 √(2/20,000) of a variance, less for other means.
        let near = |got: f64, expected: f64| assert!((got / expected - 1.0).abs() < 0.05, "{got} {expected}");
        near(mean.observation, 1.0);
        near(mean.background, background / observation);
        near(mean.true_background, background / observation);
        near(mean.true_analysis, (1.0 - gain) * background / observation);
        near(mean.signal, gain);
        let deviation = |variance: f64| (variance / observation / std::f64::consts::PI).sqrt();
        near(mean.forecast_crps, deviation(background));
        near(mean.analysis_crps, deviation((1.0 - gain) * background));
        assert!(mean.bias.abs() < 5.0 * ((1.0 + background / observation) / COUNT as f64).sqrt());
        let ensemble = ensemble.expect("members");
        assert_eq!((ensemble.cases, ensemble.ranks.counts().len()), (COUNT, MEMBERS + 1));
        let flatness = ensemble.ranks.flatness().expect("cases");
        assert!(flatness.probability > 1e-4, "{flatness:?}");
        near(ensemble.spread_skill.total.spread, ensemble.spread_skill.total.error);
        // Of N members, not of any number: larger by σ/(N √π).
        near(ensemble.crps.crps, deviation(background) * (1.0 + 1.0 / MEMBERS as f64));
    }

    #[test]
    fn the_impact_of_an_optimal_analysis_is_what_it_changes() {
        // With the ensemble's own gain, that of the square root filter, the two are one expression.
        const MEMBERS: usize = 9;
        let mut numbers = vec![0.0_f64; 5 * MEMBERS + 13];
        random::normals(4, [0; 3], &mut numbers);
        let (values, rest) = numbers.split_at(5 * MEMBERS);
        let (truth, observed) = (&rest[..5], &rest[5..8]);
        let network = Network::new(5, vec![0, 2, 3], vec![0.5, 1.0, 2.0], 1).expect("a network");
        let weights = [0.1, 0.3, 0.2, 0.3, 0.1];
        let mut members = Ensemble::new(MEMBERS, values.to_vec()).expect("an ensemble");
        let look = |members: &Ensemble<f64>| {
            let mut of_members = Ensemble::new(MEMBERS, vec![0.0; 3 * MEMBERS]).expect("an ensemble");
            network.observe_ensemble(members, &mut of_members).expect("lengths");
            let (mut state, mut equivalents) = (vec![0.0; 5], vec![0.0; 3]);
            members.mean(&mut state).expect("lengths");
            network.observe(&state, &mut equivalents).expect("lengths");
            Seen { state, equivalents, members: Some(of_members) }
        };
        let forecast = look(&members);
        let observed = Observed { values: observed.to_vec(), variances: network.variances().to_vec() };
        let equivalents = forecast.members.clone().expect("members");
        let observations = observed.observations().expect("finite");
        analyse(&mut members, &equivalents, &observations, &Scheme::SquareRoot).expect("an analysis");
        let analysis = look(&members);
        let mut diagnosis = Diagnosis::default();
        diagnosis
            .add(&forecast, &analysis, Some(&members), &observed, &network, truth, &weights, false)
            .expect("lengths");
        let departure = diagnosis.departures()[0];
        assert!((departure.impact - departure.change).abs() < 1e-12, "{departure:?}");
        assert!(departure.change.abs() > 1e-3 && diagnosis.cases().values.is_empty());
        assert_eq!(Departure::from_numbers(departure.numbers()), departure);
    }

    #[test]
    fn cases_stay_within_their_number() {
        let mut cases = Cases::default();
        for number in 0..3 * CASES {
            cases.add(2.0, number as f64, &[0.0, 1.0]);
        }
        assert_eq!((cases.every, cases.seen, cases.members), (4, 3 * CASES, 2));
        let truths: Vec<f64> = cases.split().0;
        assert!(truths.len() <= CASES && truths.len() > CASES / 2);
        assert!(truths.iter().enumerate().all(|(place, truth)| *truth == 2.0 * place as f64));
    }
}
