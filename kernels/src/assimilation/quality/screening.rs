//! [`Screening`]: a verdict on every observation.

use crate::assimilation::localization::Place;
use crate::error::expect_len;
use crate::{Error, Real, Result};

/// What became of an observation. The first reason counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Verdict {
    /// Used.
    Accepted,
    /// Its value, place, time or equivalent is not a finite number.
    NotFinite,
    /// Its error variance is missing: not finite.
    NoErrorEstimate,
    /// Its error variance is 0 or negative.
    ImpossibleErrorEstimate,
    /// It lies outside the domain, or its latitude beyond a pole.
    OutsideDomain,
    /// It was made before the window or after it.
    OutsideWindow,
    /// It is at the place and time of another one with better quality, or before it in the list.
    Duplicate,
    /// Its departure from the background is larger than errors make likely.
    FirstGuess,
    /// A better one is near.
    Thinned,
}

impl Verdict {
    /// All of them, in order.
    pub const ALL: [Self; 9] = [
        Self::Accepted,
        Self::NotFinite,
        Self::NoErrorEstimate,
        Self::ImpossibleErrorEstimate,
        Self::OutsideDomain,
        Self::OutsideWindow,
        Self::Duplicate,
        Self::FirstGuess,
        Self::Thinned,
    ];

    /// For people.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::NotFinite => "a number is missing",
            Self::NoErrorEstimate => "no error estimate",
            Self::ImpossibleErrorEstimate => "error variance of 0 or less",
            Self::OutsideDomain => "outside the domain",
            Self::OutsideWindow => "outside the window",
            Self::Duplicate => "duplicate",
            Self::FirstGuess => "too far from the first guess",
            Self::Thinned => "a better one is near",
        }
    }
}

/// Verdicts on observations, check after check; what one check has rejected the following ones leave alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Screening {
    pub(super) verdicts: Vec<Verdict>,
}

impl Screening {
    /// All of them accepted so far.
    pub fn new(observations: usize) -> Self {
        Self { verdicts: vec![Verdict::Accepted; observations] }
    }

    /// The verdict on each observation.
    pub fn verdicts(&self) -> &[Verdict] {
        &self.verdicts
    }

    /// Numbers of the accepted observations.
    pub fn accepted(&self) -> impl Iterator<Item = usize> {
        let numbered = self.verdicts.iter().enumerate();
        numbered.filter(|(_, verdict)| **verdict == Verdict::Accepted).map(|(number, _)| number)
    }

    /// How many observations have each verdict, in the order of [`Verdict::ALL`].
    pub fn counts(&self) -> [(Verdict, usize); Verdict::ALL.len()] {
        Verdict::ALL.map(|of| (of, self.verdicts.iter().filter(|verdict| **verdict == of).count()))
    }

    /// Rejects an accepted observation, for checks that are not made here.
    ///
    /// # Errors
    /// [`Error::InvalidValue`] for one that is not there.
    pub fn reject(&mut self, observation: usize, verdict: Verdict) -> Result<()> {
        let count = self.verdicts.len();
        let Some(before) = self.verdicts.get_mut(observation) else {
            return Err(Error::InvalidValue {
                name: "observation",
                got: observation.to_string(),
                expected: format!("an observation below {count}"),
            });
        };
        if *before == Verdict::Accepted {
            *before = verdict;
        }
        Ok(())
    }

    /// Rejects those that `reason` gives one for, among the accepted.
    fn reject_where(&mut self, reason: impl Fn(usize) -> Option<Verdict>) {
        for (number, verdict) in self.verdicts.iter_mut().enumerate() {
            if *verdict == Verdict::Accepted {
                *verdict = reason(number).unwrap_or(Verdict::Accepted);
            }
        }
    }

    /// Rejects missing values and impossible variances, \[observation].
    ///
    /// # Errors
    /// [`Error::LengthMismatch`].
    pub fn validate<R: Real>(&mut self, values: &[R], variances: &[R]) -> Result<()> {
        expect_len("values", self.verdicts.len(), values.len())?;
        expect_len("variances", self.verdicts.len(), variances.len())?;
        self.reject_where(|number| {
            let variance = variances[number].to_f64();
            if !values[number].to_f64().is_finite() {
                Some(Verdict::NotFinite)
            } else if !variance.is_finite() {
                Some(Verdict::NoErrorEstimate)
            } else if variance <= 0.0 {
                Some(Verdict::ImpossibleErrorEstimate)
            } else {
                None
            }
        });
        Ok(())
    }

    /// Rejects places that are none, and those outside the domain.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`].
    pub fn check_domain(&mut self, places: &[Place], domain: impl Fn(&Place) -> bool) -> Result<()> {
        expect_len("places", self.verdicts.len(), places.len())?;
        self.reject_where(|number| {
            let place = &places[number];
            if ![place.latitude, place.longitude, place.height].iter().all(|value| value.is_finite()) {
                Some(Verdict::NotFinite)
            } else if place.latitude.abs() > 90.0 || !domain(place) {
                Some(Verdict::OutsideDomain)
            } else {
                None
            }
        });
        Ok(())
    }

    /// Rejects what was made before `begin` or after `end`, in the unit of `times`.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`], [`Error::InvalidValue`] for a window that ends before it begins.
    pub fn check_window(&mut self, times: &[f64], begin: f64, end: f64) -> Result<()> {
        expect_len("times", self.verdicts.len(), times.len())?;
        if begin.is_nan() || end.is_nan() || begin > end {
            let (got, expected) = (format!("{begin} to {end}"), "a begin before the end".to_owned());
            return Err(Error::InvalidValue { name: "window", got, expected });
        }
        self.reject_where(|number| {
            let time = times[number];
            if !time.is_finite() {
                Some(Verdict::NotFinite)
            } else if time < begin || time > end {
                Some(Verdict::OutsideWindow)
            } else {
                None
            }
        });
        Ok(())
    }

    /// Rejects departures from the background y − H(x_b) whose square is larger than `limit`² (σ_b² + r), with the variance σ_b² of the background's
    /// equivalent (Järvinen & Undén 1997, ECMWF Tech. Memo. 236); departures and variances are \[observation].
    ///
    /// # Errors
    /// [`Error::LengthMismatch`], [`Error::InvalidValue`] for a limit that is not positive and a variance of the background that is negative or not finite.
    pub fn check_first_guess<R: Real>(
        &mut self,
        departures: &[R],
        background_variances: &[R],
        variances: &[R],
        limit: f64,
    ) -> Result<()> {
        expect_len("departures", self.verdicts.len(), departures.len())?;
        expect_len("background_variances", self.verdicts.len(), background_variances.len())?;
        expect_len("variances", self.verdicts.len(), variances.len())?;
        let refuse = |name, got: String, expected: &str| {
            Err(Error::InvalidValue { name, got, expected: expected.to_owned() })
        };
        if limit.is_nan() || limit <= 0.0 {
            return refuse("limit", limit.to_string(), "a number above 0");
        }
        let impossible = |variance: &R| !(*variance >= R::ZERO && variance.to_f64().is_finite());
        if let Some(number) = background_variances.iter().position(impossible) {
            let got = format!("{} at observation {number}", background_variances[number]);
            return refuse("background_variances", got, "finite numbers of 0 or more");
        }
        self.reject_where(|number| {
            let departure = departures[number].to_f64();
            let variance = background_variances[number].to_f64() + variances[number].to_f64();
            if !departure.is_finite() {
                Some(Verdict::NotFinite)
            } else {
                (departure * departure > limit * limit * variance).then_some(Verdict::FirstGuess)
            }
        });
        Ok(())
    }
}
