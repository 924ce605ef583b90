//! [`IncrementalCost`]: what inner loops minimise.

use crate::assimilation::quality::Huber;
use crate::assimilation::vectors::{add, dot};
use crate::assimilation::{LinearOperator, Observations};
use crate::error::expect_len;
use crate::{Error, Real, Result};

/// J(v) = ½ vᵀv + Σ_i ρ_i(z_i), z = R^(−½)(Gv − d), with ρ(z) = ½ z² or [`Huber`] norms.
#[derive(Debug)]
pub struct IncrementalCost<'a, R, G> {
    operator: G,
    departures: &'a [R],
    /// w/r of each observation.
    precisions: Vec<R>,
    norms: Option<&'a [Huber]>,
    equivalents: Vec<R>,
}

impl<'a, R: Real, G: LinearOperator<R>> IncrementalCost<'a, R, G> {
    /// With G, d and R = diag(r), the variances of the observations.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`].
    pub fn new(operator: G, departures: &'a [R], observations: &Observations<R>) -> Result<Self> {
        expect_len("departures", operator.output_len(), departures.len())?;
        expect_len("observations", departures.len(), observations.count())?;
        let precisions = observations.variances().iter().map(|variance| R::ONE / *variance).collect();
        let equivalents = vec![R::ZERO; departures.len()];
        Ok(Self { operator, departures, precisions, norms: None, equivalents })
    }

    /// With these norms, one for each observation, instead of squares; the cost is then not quadratic.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`].
    pub fn with_norms(mut self, norms: &'a [Huber]) -> Result<Self> {
        expect_len("norms", self.departures.len(), norms.len())?;
        self.norms = Some(norms);
        Ok(self)
    }

    /// With R⁻¹ multiplied by these weights, one for each observation, 0 for what is not used.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`], [`Error::InvalidValue`] for a weight that is negative or not finite.
    pub fn with_weights(mut self, weights: &[R]) -> Result<Self> {
        expect_len("weights", self.precisions.len(), weights.len())?;
        for (number, (precision, weight)) in self.precisions.iter_mut().zip(weights).enumerate() {
            // Also refuses NaN.
            if !(*weight >= R::ZERO && weight.to_f64().is_finite()) {
                return Err(Error::InvalidValue {
                    name: "weights",
                    got: format!("{weight} at observation {number}"),
                    expected: "finite numbers of 0 or more".to_owned(),
                });
            }
            *precision *= *weight;
        }
        Ok(self)
    }

    /// Length of control vectors.
    pub fn control_len(&self) -> usize {
        self.operator.input_len()
    }

    /// Writes ∇J = v + Gᵀ R^(−½) ρ′(z) and returns J(v).
    ///
    /// # Errors
    /// [`Error::LengthMismatch`], and those of the operators.
    pub fn evaluate(&mut self, control: &[R], gradient: &mut [R]) -> Result<f64> {
        self.operator.apply(control, &mut self.equivalents)?;
        let mut cost = 0.5 * dot(control, control);
        for (number, value) in self.equivalents.iter_mut().enumerate() {
            let difference = *value - self.departures[number];
            let precision = self.precisions[number];
            let root = precision.to_f64().sqrt();
            let departure = difference.to_f64() * root;
            let norm = self.norms.map_or(Huber::GAUSSIAN, |norms| norms[number]);
            cost += norm.cost(departure);
            *value = R::from_f64(norm.derivative(departure) * root);
        }
        self.operator.apply_adjoint(&self.equivalents, gradient)?;
        add(gradient, 1.0, control);
        Ok(cost)
    }

    /// `product` = (1 + Gᵀ R⁻¹ G) `direction`: the Hessian of the cost with squares.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`], and those of the operators.
    pub fn hessian(&mut self, direction: &[R], product: &mut [R]) -> Result<()> {
        self.operator.apply(direction, &mut self.equivalents)?;
        for (value, precision) in self.equivalents.iter_mut().zip(&self.precisions) {
            *value *= *precision;
        }
        self.operator.apply_adjoint(&self.equivalents, product)?;
        add(product, 1.0, direction);
        Ok(())
    }
}
