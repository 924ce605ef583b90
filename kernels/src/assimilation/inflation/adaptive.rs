//! Inflation that follows the innovations.

use rayon::prelude::*;

use crate::assimilation::analysis::{Departures, expect_equivalents};
use crate::assimilation::ensemble::sum;
use crate::assimilation::localization::{Near, Neighbourhood, find_near};
use crate::assimilation::{Ensemble, Observations};
use crate::{Error, Real, Result};

/// Factors α of forecast variances, one for each domain, that are estimated at every analysis: the Gaussian approach of Miyoshi (2011, *Mon. Wea. Rev.* 139, 1519–1535,
/// doi:10.1175/2010MWR3570.1).
///
/// Innovations d = y − ȳ have the variance α s² + r on average, with the equivalents' variance s². With the taper ρ of the observations near a
/// domain, and ρ̄ = Σρ,
///
/// - α° = (Σ ρ d²/r / ρ̄ − 1)/h with h = Σ ρ s²/r / ρ̄ is what these innovations say, and
/// - v° = 2/ρ̄ ((α h + 1)/h)² is its variance;
/// - α ← α + v/(v + v°) (α° − α), where v is the variance of the estimate before, kept fixed.
///
/// For a global filter take one domain with every observation near it and multiply anomalies of states and equivalents by √α
/// ([`multiply`](super::multiply)); local filters take the factors as they are
/// ([`analyse_locally_inflated`](crate::assimilation::analyse_locally_inflated)).
#[derive(Clone, Debug)]
pub struct AdaptiveInflation {
    factors: Vec<f64>,
    /// √v: how far a factor may move in one analysis; 0.04 in the paper.
    pub deviation: f64,
    /// The least and the largest factor.
    pub range: [f64; 2],
}

impl AdaptiveInflation {
    /// The same factor `first` for every domain, a deviation of 0.04, and a range of 0.5 to 10.
    ///
    /// # Errors
    /// [`Error::InvalidValue`] for no domain and a factor that is not finite and positive.
    pub fn new(domains: usize, first: f64) -> Result<Self> {
        if !(first > 0.0 && first.is_finite()) {
            let expected = "a finite number above 0".to_owned();
            return Err(Error::InvalidValue { name: "first", got: first.to_string(), expected });
        }
        Self::resume(vec![first; domains])
    }

    /// Goes on with these factors, \[domain].
    ///
    /// # Errors
    /// [`Error::InvalidValue`] for no domain and a factor that is not finite and positive.
    pub fn resume(factors: Vec<f64>) -> Result<Self> {
        let refuse = |name, got: String, expected: &str| {
            Err(Error::InvalidValue { name, got, expected: expected.to_owned() })
        };
        if factors.is_empty() {
            return refuse("domains", "0".to_owned(), "at least 1");
        }
        if let Some(factor) = factors.iter().find(|factor| !(**factor > 0.0 && factor.is_finite())) {
            return refuse("factors", factor.to_string(), "finite numbers above 0");
        }
        Ok(Self { factors, deviation: 0.04, range: [0.5, 10.0] })
    }

    /// α, \[domain].
    pub fn factors(&self) -> &[f64] {
        &self.factors
    }

    /// Moves the factors by the innovations, before the analysis: `equivalents` is \[observation]\[member], Hx of the forecast without
    /// inflation. A domain with no observation near, or where members agree on all that is near, keeps its factor. The result does not depend on the
    /// number of threads.
    ///
    /// # Errors
    /// Those of [`analyse`](crate::assimilation::analyse), [`Error::InvalidValue`] for a deviation that is not finite and positive, a range that is none, and an observation
    /// that is found and not there; the factors are then unchanged.
    pub fn update<R: Real>(
        &mut self,
        equivalents: &Ensemble<R>,
        observations: &Observations<R>,
        neighbourhood: &impl Neighbourhood,
    ) -> Result<()> {
        expect_equivalents(equivalents, equivalents, observations)?;
        let [least, largest] = self.range;
        if !(least > 0.0 && least <= largest && largest.is_finite()) {
            let expected = "two finite numbers above 0, in order".to_owned();
            return Err(Error::InvalidValue { name: "range", got: format!("{:?}", self.range), expected });
        }
        if !(self.deviation > 0.0 && self.deviation.is_finite()) {
            let (got, expected) = (self.deviation.to_string(), "a finite number above 0".to_owned());
            return Err(Error::InvalidValue { name: "deviation", got, expected });
        }
        let departures = Departures::of_equivalents(equivalents, observations);
        let degrees = equivalents.members() as f64 - 1.0;
        // (d²/r, s²/r) of each observation.
        let ratios: Vec<(f64, f64)> = departures
            .anomalies
            .chunks_exact(equivalents.members())
            .zip(departures.innovations.iter().zip(observations.variances()))
            .map(|(row, (innovation, error))| {
                let (innovation, error) = (innovation.to_f64(), error.to_f64());
                let squares = sum(row, |anomaly| anomaly * anomaly).to_f64();
                (innovation * innovation / error, squares / degrees / error)
            })
            .collect();
        let variance = self.deviation * self.deviation;
        let moved = |found: &mut Vec<Near>, (domain, factor): (usize, &f64)| {
            find_near(neighbourhood, ("domain", domain), ("observation", ratios.len()), found)?;
            let (mut weight, mut innovations, mut spread) = (0.0, 0.0, 0.0);
            for near in found.iter() {
                let (of_innovation, of_spread) = ratios[near.index as usize];
                weight += near.taper;
                innovations += near.taper * of_innovation;
                spread += near.taper * of_spread;
            }
            if !(weight > 0.0 && spread > 0.0) {
                return Ok(*factor);
            }
            let (innovations, spread) = (innovations / weight, spread / weight);
            let observed = (innovations - 1.0) / spread;
            let variance_observed = 2.0 / weight * ((factor * spread + 1.0) / spread).powi(2);
            let gain = variance / (variance + variance_observed);
            Ok((factor + gain * (observed - factor)).clamp(least, largest))
        };
        self.factors =
            self.factors.par_iter().enumerate().map_init(Vec::new, moved).collect::<Result<Vec<f64>>>()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random;

    const MEMBERS: usize = 12;

    fn near(domain: usize, found: &mut Vec<Near>) {
        let numbers = if domain == 0 { 0..400 } else { 400..400 };
        found.extend(numbers.map(|index| Near { index, taper: 0.5 }));
    }

    /// Members with variance 1 whose truth is drawn with variance `truth`.
    fn follow(truth: f64, cycles: u32) -> AdaptiveInflation {
        let mut inflation = AdaptiveInflation::new(2, 1.0).expect("factors");
        for cycle in 0..cycles {
            let (mut members, mut values) = (vec![0.0_f64; 400 * MEMBERS], vec![0.0; 400]);
            random::normals(4, [cycle, 0, 0], &mut members);
            random::normals(4, [cycle, 1, 0], &mut values);
            values.iter_mut().for_each(|value| *value *= (truth + 0.5).sqrt());
            let equivalents = Ensemble::new(MEMBERS, members).expect("an ensemble");
            let variances = [0.5; 400];
            let observations = Observations::new(&values, &variances).expect("observations");
            inflation.update(&equivalents, &observations, &near).expect("an update");
        }
        inflation
    }

    #[test]
    fn factors_go_where_innovations_have_the_variance_that_is_expected() {
        for truth in [0.8, 1.7] {
            let inflation = follow(truth, 600);
            // The mean of twelve members has a variance of its own.
            let expected = truth + 1.0 / MEMBERS as f64;
            assert!((inflation.factors()[0] - expected).abs() < 0.06, "{:?}", inflation.factors());
            assert_eq!(inflation.factors()[1], 1.0);
        }
    }

    #[test]
    fn one_analysis_moves_a_factor_by_the_gain_of_its_variances() {
        let equivalents = Ensemble::new(2, vec![-1.0, 1.0]).expect("an ensemble");
        let observations = Observations::new(&[3.0], &[4.0]).expect("observations");
        let mut inflation = AdaptiveInflation::new(1, 1.5).expect("a factor");
        let near = |_: usize, found: &mut Vec<Near>| found.push(Near { index: 0, taper: 0.25 });
        inflation.update(&equivalents, &observations, &near).expect("an update");
        // s² = 2, h = 1/2; α° = (9/4 − 1)/h = 5/2; v° = 8 (3.5)² = 98.
        let expected = 1.5 + 0.0016 / (0.0016 + 98.0);
        assert!((inflation.factors()[0] - expected).abs() < 1e-15, "{:?}", inflation.factors());
    }

    #[test]
    fn impossible_settings_are_refused() {
        let text = |result: Result<AdaptiveInflation>| result.expect_err("refused").to_string();
        assert_eq!(text(AdaptiveInflation::new(0, 1.0)), "'domains' is 0: expected at least 1.");
        assert_eq!(
            text(AdaptiveInflation::new(3, f64::NAN)),
            "'first' is NaN: expected a finite number above 0."
        );
        assert_eq!(
            text(AdaptiveInflation::resume(vec![1.0, -2.0])),
            "'factors' is -2: expected finite numbers above 0."
        );
        let equivalents = Ensemble::new(2, vec![-1.0, 1.0]).expect("an ensemble");
        let observations = Observations::new(&[3.0], &[4.0]).expect("observations");
        let mut inflation = AdaptiveInflation::new(1, 1.0).expect("a factor");
        let beyond = |_: usize, found: &mut Vec<Near>| found.push(Near { index: 1, taper: 1.0 });
        let error = inflation.update(&equivalents, &observations, &beyond).expect_err("refused").to_string();
        assert_eq!(error, "'neighbourhood' is observation 1 near domain 0: expected a number below 1.");
        inflation.range = [2.0, 1.0];
        assert!(inflation.update(&equivalents, &observations, &beyond).is_err());
    }
}
