//! [`BiasCorrected`]: biases of observations, estimated with the state.

use super::Window;
use crate::assimilation::Observations;
use crate::error::expect_len;
use crate::{Error, Real, Result};

/// Predictors p of the biases b_i = Σ_p β_gp p_ip of observations, whose coefficients β belong to groups g of observations, such as the channels of an
/// instrument.
///
/// Coefficients are numbered \[group]\[predictor]. A predictor that is 1 everywhere makes β a constant bias.
#[derive(Clone, Debug)]
pub struct BiasPredictors<R> {
    predictors: usize,
    groups: Vec<Option<u32>>,
    group_count: usize,
    /// \[observation]\[predictor].
    values: Vec<R>,
}

impl<R: Real> BiasPredictors<R> {
    /// For observations of these groups, none for those without bias, and predictors `values` \[observation]\[predictor].
    ///
    /// # Errors
    /// [`Error::LengthMismatch`], [`Error::InvalidValue`] for no predictors, a group that is not below `group_count` and predictors that are not finite.
    pub fn new(
        group_count: usize,
        groups: Vec<Option<u32>>,
        predictors: usize,
        values: Vec<R>,
    ) -> Result<Self> {
        let refuse = |name, got, expected| Err(Error::InvalidValue { name, got, expected });
        if predictors == 0 {
            return refuse("predictors", "0".to_owned(), "at least 1".to_owned());
        }
        expect_len("values", groups.len() * predictors, values.len())?;
        if let Some(group) = groups.iter().flatten().find(|group| **group as usize >= group_count) {
            return refuse("groups", group.to_string(), format!("groups below {group_count}"));
        }
        if let Some(place) = values.iter().position(|value| !value.to_f64().is_finite()) {
            let got = format!("{} at observation {}", values[place], place / predictors);
            return refuse("values", got, "finite numbers".to_owned());
        }
        Ok(Self { predictors, groups, group_count, values })
    }

    /// Number of coefficients β.
    pub fn parameter_count(&self) -> usize {
        self.group_count * self.predictors
    }

    /// Number of observations of each group.
    pub fn counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.group_count];
        self.groups.iter().flatten().for_each(|group| counts[*group as usize] += 1);
        counts
    }

    /// Standard deviations of the coefficients' background errors with which that background weighs as much as `count` observations:
    /// σ_β² = r̄/(`count` · mean of p²), with means over the group (after Dee 2005, *Q. J. R. Meteorol. Soc.* 131, 3323–3343). A predictor that is 0 in the
    /// whole group has 0: its coefficient stays.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`], [`Error::InvalidValue`] for a count that is not positive.
    pub fn deviations(&self, observations: &Observations<R>, count: f64) -> Result<Vec<R>> {
        expect_len("observations", self.groups.len(), observations.count())?;
        // Also refuses NaN.
        if !(count > 0.0 && count.is_finite()) {
            let (got, expected) = (count.to_string(), "a finite number above 0".to_owned());
            return Err(Error::InvalidValue { name: "count", got, expected });
        }
        let mut variances = vec![0.0; self.parameter_count()];
        let mut squares = variances.clone();
        for (number, group) in self.groups.iter().enumerate() {
            let Some(group) = group else { continue };
            for predictor in 0..self.predictors {
                let parameter = *group as usize * self.predictors + predictor;
                variances[parameter] += observations.variances()[number].to_f64();
                squares[parameter] += self.values[number * self.predictors + predictor].to_f64().powi(2);
            }
        }
        let deviation = |(variance, square): (&f64, &f64)| {
            if *square > 0.0 { R::from_f64((variance / square / count).sqrt()) } else { R::ZERO }
        };
        Ok(variances.iter().zip(&squares).map(deviation).collect())
    }

    /// The coefficients and predictors of an observation.
    fn of(&self, observation: usize) -> impl Iterator<Item = (usize, R)> {
        let first = self.groups[observation].map(|group| group as usize * self.predictors);
        let values = &self.values[observation * self.predictors..][..self.predictors];
        first.into_iter().flat_map(move |first| {
            values.iter().enumerate().map(move |(number, value)| (first + number, *value))
        })
    }

    /// Adds P β to `equivalents`.
    fn add(&self, parameters: &[R], equivalents: &mut [R]) {
        for (number, equivalent) in equivalents.iter_mut().enumerate() {
            for (parameter, value) in self.of(number) {
                *equivalent += parameters[parameter] * value;
            }
        }
    }

    /// `parameters` = Pᵀ `equivalents`.
    fn add_adjoint(&self, equivalents: &[R], parameters: &mut [R]) {
        parameters.fill(R::ZERO);
        for (number, equivalent) in equivalents.iter().enumerate() {
            for (parameter, value) in self.of(number) {
                parameters[parameter] += *equivalent * value;
            }
        }
    }
}

/// A window with equivalents H(M(x)) + P β: variational bias correction (Derber & Wu 1998, *Mon. Wea. Rev.* 126, 2287–2299).
///
/// States, increments and their transform have the coefficients β behind the window's own: with [`Blocks`](crate::assimilation::Blocks) of U and
/// [`Diagonal`](crate::assimilation::Diagonal) of the coefficients' standard deviations they have a background of their own.
#[derive(Debug)]
pub struct BiasCorrected<R, W> {
    window: W,
    predictors: BiasPredictors<R>,
}

impl<R: Real, W: Window<R>> BiasCorrected<R, W> {
    /// With these predictors.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] where window and predictors differ in observations.
    pub fn new(window: W, predictors: BiasPredictors<R>) -> Result<Self> {
        expect_len("observations of the predictors", window.observation_count(), predictors.groups.len())?;
        Ok(Self { window, predictors })
    }
}

impl<R: Real, W: Window<R>> Window<R> for BiasCorrected<R, W> {
    fn state_len(&self) -> usize {
        self.window.state_len() + self.predictors.parameter_count()
    }

    fn increment_len(&self) -> usize {
        self.window.increment_len() + self.predictors.parameter_count()
    }

    fn observation_count(&self) -> usize {
        self.window.observation_count()
    }

    fn trajectory(&mut self, state: &[R], equivalents: &mut [R]) -> Result<()> {
        expect_len("state", self.state_len(), state.len())?;
        let (state, parameters) = state.split_at(self.window.state_len());
        self.window.trajectory(state, equivalents)?;
        self.predictors.add(parameters, equivalents);
        Ok(())
    }

    fn tangent(&mut self, increment: &[R], equivalents: &mut [R]) -> Result<()> {
        expect_len("increment", self.increment_len(), increment.len())?;
        let (increment, parameters) = increment.split_at(self.window.increment_len());
        self.window.tangent(increment, equivalents)?;
        self.predictors.add(parameters, equivalents);
        Ok(())
    }

    fn adjoint(&mut self, equivalents: &[R], increment: &mut [R]) -> Result<()> {
        expect_len("increment", self.increment_len(), increment.len())?;
        let (increment, parameters) = increment.split_at_mut(self.window.increment_len());
        self.window.adjoint(equivalents, increment)?;
        self.predictors.add_adjoint(equivalents, parameters);
        Ok(())
    }

    fn prolong(&mut self, increment: &[R], of_state: &mut [R]) -> Result<()> {
        expect_len("increment", self.increment_len(), increment.len())?;
        expect_len("of_state", self.state_len(), of_state.len())?;
        let (increment, parameters) = increment.split_at(self.window.increment_len());
        let (of_state, of_parameters) = of_state.split_at_mut(self.window.state_len());
        of_parameters.copy_from_slice(parameters);
        self.window.prolong(increment, of_state)
    }
}
