//! [`Ensemble`]: states side by side.

use crate::error::expect_len;
use crate::{Error, Real, Result};

/// States of N members: \[variable]\[member], members innermost.
#[derive(Clone, Debug, PartialEq)]
pub struct Ensemble<R> {
    members: usize,
    values: Vec<R>,
}

impl<R: Real> Ensemble<R> {
    /// An ensemble of these values, \[variable]\[member].
    ///
    /// # Errors
    /// [`Error::InvalidValue`] for less than two members, [`Error::LengthMismatch`] where the values do not fill whole variables.
    pub fn new(members: usize, values: Vec<R>) -> Result<Self> {
        if members < 2 {
            return Err(Error::InvalidValue {
                name: "members",
                got: members.to_string(),
                expected: "at least 2 members".to_owned(),
            });
        }
        let expected = values.len().next_multiple_of(members);
        if values.len() != expected {
            return Err(Error::LengthMismatch { name: "values", expected, got: values.len() });
        }
        Ok(Self { members, values })
    }

    /// An ensemble of whole states, a slice for each member.
    ///
    /// # Errors
    /// Those of [`Ensemble::new`], and [`Error::LengthMismatch`] where states differ in length.
    pub fn of_states(states: &[&[R]]) -> Result<Self> {
        let variables = states.first().map_or(0, |state| state.len());
        if let Some(other) = states.iter().find(|state| state.len() != variables) {
            return Err(Error::LengthMismatch { name: "states", expected: variables, got: other.len() });
        }
        let values =
            (0..variables).flat_map(|variable| states.iter().map(move |state| state[variable])).collect();
        Self::new(states.len(), values)
    }

    /// N.
    pub fn members(&self) -> usize {
        self.members
    }

    /// Number of variables.
    pub fn variables(&self) -> usize {
        self.values.len() / self.members
    }

    /// \[variable]\[member].
    pub fn values(&self) -> &[R] {
        &self.values
    }

    /// \[variable]\[member], for writing.
    pub fn values_mut(&mut self) -> &mut [R] {
        &mut self.values
    }

    /// Copies one member's state into `state`, \[variable].
    ///
    /// # Errors
    /// [`Error::LengthMismatch`], [`Error::InvalidValue`] for a member that is not there.
    pub fn read_member(&self, member: usize, state: &mut [R]) -> Result<()> {
        self.expect_member(member)?;
        expect_len("state", self.variables(), state.len())?;
        for (value, row) in state.iter_mut().zip(self.values.chunks_exact(self.members)) {
            *value = row[member];
        }
        Ok(())
    }

    /// Replaces one member's state by `state`, \[variable].
    ///
    /// # Errors
    /// [`Error::LengthMismatch`], [`Error::InvalidValue`] for a member that is not there.
    pub fn write_member(&mut self, member: usize, state: &[R]) -> Result<()> {
        self.expect_member(member)?;
        expect_len("state", self.variables(), state.len())?;
        for (row, value) in self.values.chunks_exact_mut(self.members).zip(state) {
            row[member] = *value;
        }
        Ok(())
    }

    fn expect_member(&self, member: usize) -> Result<()> {
        if member < self.members {
            return Ok(());
        }
        Err(Error::InvalidValue {
            name: "member",
            got: member.to_string(),
            expected: format!("a member below {}", self.members),
        })
    }

    /// Writes x̄ to `mean`, \[variable].
    ///
    /// # Errors
    /// [`Error::LengthMismatch`].
    pub fn mean(&self, mean: &mut [R]) -> Result<()> {
        expect_len("mean", self.variables(), mean.len())?;
        for (mean, row) in mean.iter_mut().zip(self.values.chunks_exact(self.members)) {
            *mean = mean_of(row);
        }
        Ok(())
    }

    /// Writes Σ_j A_ij²/(N − 1) to `variance`, \[variable].
    ///
    /// # Errors
    /// [`Error::LengthMismatch`].
    pub fn variance(&self, variance: &mut [R]) -> Result<()> {
        expect_len("variance", self.variables(), variance.len())?;
        for (variance, row) in variance.iter_mut().zip(self.values.chunks_exact(self.members)) {
            *variance = variance_of(row);
        }
        Ok(())
    }
}

/// x̄ of one variable.
#[inline(always)]
pub(super) fn mean_of<R: Real>(row: &[R]) -> R {
    sum(row, |value| value) / R::from_u32(row.len() as u32)
}

/// Σ (x − x̄)²/(N − 1) of one variable.
#[inline(always)]
pub(super) fn variance_of<R: Real>(row: &[R]) -> R {
    let mean = mean_of(row);
    sum(row, |value| (value - mean) * (value - mean)) / R::from_u32(row.len() as u32 - 1)
}

/// Σ f(x), in an order that vectors can keep: eight partial sums.
#[inline(always)]
pub(super) fn sum<R: Real>(row: &[R], function: impl Fn(R) -> R) -> R {
    let mut partial = [R::ZERO; 8];
    let (blocks, rest) = row.as_chunks::<8>();
    for block in blocks {
        for lane in 0..8 {
            partial[lane] += function(block[lane]);
        }
    }
    for (lane, value) in rest.iter().enumerate() {
        partial[lane] += function(*value);
    }
    let [a, b, c, d, e, f, g, h] = partial;
    ((a + e) + (c + g)) + ((b + f) + (d + h))
}

/// Σ a b, in such an order.
#[inline(always)]
pub(super) fn dot<R: Real>(a: &[R], b: &[R]) -> R {
    let mut partial = [R::ZERO; 8];
    let ((blocks_a, rest_a), (blocks_b, rest_b)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    for (a, b) in blocks_a.iter().zip(blocks_b) {
        for lane in 0..8 {
            partial[lane] += a[lane] * b[lane];
        }
    }
    for (lane, (a, b)) in rest_a.iter().zip(rest_b).enumerate() {
        partial[lane] += *a * *b;
    }
    let [a, b, c, d, e, f, g, h] = partial;
    ((a + e) + (c + g)) + ((b + f) + (d + h))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_stored_members_innermost() {
        let mut ensemble = Ensemble::of_states(&[&[1.0, 2.0, 3.0], &[3.0, 2.0, 7.0]]).expect("an ensemble");
        assert_eq!(ensemble.values(), [1.0, 3.0, 2.0, 2.0, 3.0, 7.0]);
        let (mut mean, mut variance) = ([0.0; 3], [0.0; 3]);
        ensemble.mean(&mut mean).expect("lengths");
        ensemble.variance(&mut variance).expect("lengths");
        assert_eq!((mean, variance), ([2.0, 2.0, 5.0], [2.0, 0.0, 8.0]));
        ensemble.write_member(1, &[0.0, 4.0, 8.0]).expect("a member");
        ensemble.read_member(1, &mut mean).expect("a member");
        assert_eq!(mean, [0.0, 4.0, 8.0]);
        let refused = ensemble.read_member(2, &mut mean).expect_err("no member 2").to_string();
        assert_eq!(refused, "'member' is 2: expected a member below 2.");
    }

    #[test]
    fn one_member_and_ragged_states_are_refused() {
        let message = |result: Result<Ensemble<f64>>| result.expect_err("refused").to_string();
        assert_eq!(message(Ensemble::new(1, vec![0.0])), "'members' is 1: expected at least 2 members.");
        assert_eq!(message(Ensemble::new(2, vec![0.0; 3])), "'values': expected 4 values, got 3.");
        assert_eq!(
            message(Ensemble::of_states(&[&[0.0], &[0.0, 1.0]])),
            "'states': expected 1 values, got 2."
        );
    }
}
