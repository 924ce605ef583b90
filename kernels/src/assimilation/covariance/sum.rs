//! [`Sum`] of covariances and [`Repeated`] ones.

use crate::assimilation::LinearOperator;
use crate::assimilation::linear_operator::expect_lens;
use crate::error::expect_len;
use crate::{Error, Real, Result};

/// U v = Σ_i β_i U_i v_i, so that B = Σ_i β_i² B_i: hybrids of a static covariance and that of an ensemble (Hamill & Snyder 2000, *Mon. Wea. Rev.* 128,
/// 2905–2919; with the control variables of each Lorenc 2003, *Q. J. R. Meteorol. Soc.* 129, 3183–3203).
///
/// The control vector has the v_i one after the other.
pub struct Sum<R> {
    terms: Vec<(R, Box<dyn LinearOperator<R>>)>,
    term: Vec<R>,
}

impl<R: Real> Sum<R> {
    /// Of terms with the weights β² of their covariances.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] where the terms yield different lengths, [`Error::InvalidValue`] for no terms and weights that are negative or not finite.
    pub fn new(terms: Vec<(f64, Box<dyn LinearOperator<R>>)>) -> Result<Self> {
        let refuse =
            |name, got, expected: &str| Err(Error::InvalidValue { name, got, expected: expected.to_owned() });
        let Some(len) = terms.first().map(|(_, term)| term.output_len()) else {
            return refuse("terms", "none".to_owned(), "at least 1");
        };
        for (weight, term) in &terms {
            expect_len("output of a term", len, term.output_len())?;
            // Also refuses NaN.
            if !(*weight >= 0.0 && weight.is_finite()) {
                return refuse("weight", weight.to_string(), "a finite number of 0 or more");
            }
        }
        let terms = terms.into_iter().map(|(weight, term)| (R::from_f64(weight.sqrt()), term)).collect();
        Ok(Self { terms, term: vec![R::ZERO; len] })
    }
}

impl<R: Real> LinearOperator<R> for Sum<R> {
    fn input_len(&self) -> usize {
        self.terms.iter().map(|(_, term)| term.input_len()).sum()
    }

    fn output_len(&self) -> usize {
        self.term.len()
    }

    fn apply(&mut self, input: &[R], output: &mut [R]) -> Result<()> {
        expect_lens(self, input, output)?;
        output.fill(R::ZERO);
        let mut rest = input;
        for (factor, term) in &mut self.terms {
            let (control, others) = rest.split_at(term.input_len());
            term.apply(control, &mut self.term)?;
            output.iter_mut().zip(&self.term).for_each(|(output, term)| *output += *factor * *term);
            rest = others;
        }
        Ok(())
    }

    fn apply_adjoint(&mut self, output: &[R], input: &mut [R]) -> Result<()> {
        expect_lens(self, input, output)?;
        let mut rest = input;
        for (factor, term) in &mut self.terms {
            let (control, others) = rest.split_at_mut(term.input_len());
            term.apply_adjoint(output, control)?;
            control.iter_mut().for_each(|value| *value *= *factor);
            rest = others;
        }
        Ok(())
    }
}

/// The same result several times over, one after the other: one localisation for all fields, levels or times of a state.
#[derive(Clone, Debug)]
pub struct Repeated<R, A> {
    operator: A,
    times: usize,
    sum: Vec<R>,
    input_len: usize,
}

impl<R: Real, A: LinearOperator<R>> Repeated<R, A> {
    /// So many times.
    pub fn new(operator: A, times: usize) -> Self {
        let (sum, input_len) = (vec![R::ZERO; operator.output_len()], operator.input_len());
        Self { operator, times, sum, input_len }
    }
}

impl<R: Real, A: LinearOperator<R>> LinearOperator<R> for Repeated<R, A> {
    fn input_len(&self) -> usize {
        self.input_len
    }

    fn output_len(&self) -> usize {
        self.times * self.sum.len()
    }

    fn apply(&mut self, input: &[R], output: &mut [R]) -> Result<()> {
        expect_lens(self, input, output)?;
        self.operator.apply(input, &mut self.sum)?;
        output.chunks_exact_mut(self.sum.len().max(1)).for_each(|part| part.copy_from_slice(&self.sum));
        Ok(())
    }

    fn apply_adjoint(&mut self, output: &[R], input: &mut [R]) -> Result<()> {
        expect_lens(self, input, output)?;
        self.sum.fill(R::ZERO);
        for part in output.chunks_exact(self.sum.len().max(1)) {
            self.sum.iter_mut().zip(part).for_each(|(sum, value)| *sum += *value);
        }
        self.operator.apply_adjoint(&self.sum, input)
    }
}
