//! [`LocalisedEnsemble`]: covariances of an ensemble, tapered with distance.

use crate::assimilation::linear_operator::expect_lens;
use crate::assimilation::{Ensemble, LinearOperator};
use crate::error::expect_len;
use crate::{Real, Result};

/// U v = Σ_j x′_j ∘ (C^½ v_j) with x′ = A/√(N − 1), ∘ element by element, and control variables v_j for each member: B = (A Aᵀ/(N − 1)) ∘ C
/// (Lorenc 2003, *Q. J. R. Meteorol. Soc.* 129, 3183–3203; Buehner 2005, ibid. 131, 1013–1043).
///
/// The control vector is \[member]\[control of C]. C^½ is any square root of a localisation matrix over the state, with ones on C's diagonal: a
/// [`MatrixRoot`](super::MatrixRoot), a covariance in spectral space, [`Repeated`](super::Repeated) for several fields and times, or [`Uniform`] for none.
#[derive(Clone, Debug)]
pub struct LocalisedEnsemble<R, C> {
    members: usize,
    /// \[member]\[element].
    anomalies: Vec<R>,
    localisation: C,
    weights: Vec<R>,
}

impl<R: Real, C: LinearOperator<R>> LocalisedEnsemble<R, C> {
    /// Of the ensemble's anomalies about its mean; for 4DEnVar its states are whole trajectories.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`](crate::Error::LengthMismatch) where the localisation yields other lengths than the states have.
    pub fn new(ensemble: &Ensemble<R>, localisation: C) -> Result<Self> {
        let (members, len) = (ensemble.members(), ensemble.variables());
        expect_len("output of the localisation", len, localisation.output_len())?;
        let mut mean = vec![R::ZERO; len];
        ensemble.mean(&mut mean)?;
        let scale = R::ONE / R::from_u32(members as u32 - 1).sqrt();
        let mut anomalies = vec![R::ZERO; members * len];
        for (member, state) in anomalies.chunks_exact_mut(len.max(1)).enumerate() {
            ensemble.read_member(member, state)?;
            state.iter_mut().zip(&mean).for_each(|(value, mean)| *value = scale * (*value - *mean));
        }
        Ok(Self { members, anomalies, localisation, weights: mean })
    }
}

impl<R: Real, C: LinearOperator<R>> LinearOperator<R> for LocalisedEnsemble<R, C> {
    fn input_len(&self) -> usize {
        self.members * self.localisation.input_len()
    }

    fn output_len(&self) -> usize {
        self.weights.len()
    }

    fn apply(&mut self, input: &[R], output: &mut [R]) -> Result<()> {
        expect_lens(self, input, output)?;
        output.fill(R::ZERO);
        let (each, len) = (self.localisation.input_len().max(1), self.weights.len().max(1));
        for (control, anomalies) in input.chunks_exact(each).zip(self.anomalies.chunks_exact(len)) {
            self.localisation.apply(control, &mut self.weights)?;
            for ((output, weight), anomaly) in output.iter_mut().zip(&self.weights).zip(anomalies) {
                *output += *weight * *anomaly;
            }
        }
        Ok(())
    }

    fn apply_adjoint(&mut self, output: &[R], input: &mut [R]) -> Result<()> {
        expect_lens(self, input, output)?;
        let (each, len) = (self.localisation.input_len().max(1), self.weights.len().max(1));
        for (control, anomalies) in input.chunks_exact_mut(each).zip(self.anomalies.chunks_exact(len)) {
            for ((weight, output), anomaly) in self.weights.iter_mut().zip(output).zip(anomalies) {
                *weight = *output * *anomaly;
            }
            self.localisation.apply_adjoint(&self.weights, control)?;
        }
        Ok(())
    }
}

/// One number everywhere: the square root of a matrix of ones, for ensembles that are not localised.
#[derive(Clone, Copy, Debug)]
pub struct Uniform {
    len: usize,
}

impl Uniform {
    /// For states of this length.
    pub fn new(len: usize) -> Self {
        Self { len }
    }
}

impl<R: Real> LinearOperator<R> for Uniform {
    fn input_len(&self) -> usize {
        1
    }

    fn output_len(&self) -> usize {
        self.len
    }

    fn apply(&mut self, input: &[R], output: &mut [R]) -> Result<()> {
        expect_lens(self, input, output)?;
        output.fill(input[0]);
        Ok(())
    }

    fn apply_adjoint(&mut self, output: &[R], input: &mut [R]) -> Result<()> {
        expect_lens(self, input, output)?;
        input[0] = R::ZERO;
        output.iter().for_each(|value| input[0] += *value);
        Ok(())
    }
}
