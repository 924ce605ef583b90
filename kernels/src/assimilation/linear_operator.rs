//! [`LinearOperator`]: a matrix that is known by what it does, and what chains, stacks and adds such operators.

use super::vectors::{dot, norm};
use crate::error::expect_len;
use crate::{Real, Result, random};

/// A linear operator A with its adjoint Aᵀ, the transpose for plain dot products: Σ y·Ax = Σ Aᵀy·x.
///
/// Implementors refuse arrays of other lengths; both functions overwrite their output.
pub trait LinearOperator<R: Real> {
    /// Length of what it is applied to.
    fn input_len(&self) -> usize;

    /// Length of what it yields.
    fn output_len(&self) -> usize;

    /// `output` = A `input`.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`](crate::Error::LengthMismatch), and the implementor's own.
    fn apply(&mut self, input: &[R], output: &mut [R]) -> Result<()>;

    /// `input` = Aᵀ `output`.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`](crate::Error::LengthMismatch), and the implementor's own.
    fn apply_adjoint(&mut self, output: &[R], input: &mut [R]) -> Result<()>;
}

/// What is pointed at, as the pointer.
macro_rules! through_pointer {
    ($($pointer:ty),+) => {$(
        impl<R: Real, A: LinearOperator<R> + ?Sized> LinearOperator<R> for $pointer {
            fn input_len(&self) -> usize {
                (**self).input_len()
            }

            fn output_len(&self) -> usize {
                (**self).output_len()
            }

            fn apply(&mut self, input: &[R], output: &mut [R]) -> Result<()> {
                (**self).apply(input, output)
            }

            fn apply_adjoint(&mut self, output: &[R], input: &mut [R]) -> Result<()> {
                (**self).apply_adjoint(output, input)
            }
        }
    )+};
}
through_pointer!(Box<A>, &mut A);

/// An error unless `input` and `output` have the operator's lengths.
pub(super) fn expect_lens<R: Real>(
    operator: &impl LinearOperator<R>,
    input: &[R],
    output: &[R],
) -> Result<()> {
    expect_len("input", operator.input_len(), input.len())?;
    expect_len("output", operator.output_len(), output.len())
}

/// B A: first A, then B.
#[derive(Debug)]
pub struct Composition<R, A, B> {
    first: A,
    second: B,
    between: Vec<R>,
}

impl<R: Real, A: LinearOperator<R>, B: LinearOperator<R>> Composition<R, A, B> {
    /// `second` after `first`.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`](crate::Error::LengthMismatch) where the one does not take what the other yields.
    pub fn new(first: A, second: B) -> Result<Self> {
        expect_len("input of the second operator", first.output_len(), second.input_len())?;
        let between = vec![R::ZERO; first.output_len()];
        Ok(Self { first, second, between })
    }
}

impl<R: Real, A: LinearOperator<R>, B: LinearOperator<R>> LinearOperator<R> for Composition<R, A, B> {
    fn input_len(&self) -> usize {
        self.first.input_len()
    }

    fn output_len(&self) -> usize {
        self.second.output_len()
    }

    fn apply(&mut self, input: &[R], output: &mut [R]) -> Result<()> {
        self.first.apply(input, &mut self.between)?;
        self.second.apply(&self.between, output)
    }

    fn apply_adjoint(&mut self, output: &[R], input: &mut [R]) -> Result<()> {
        self.second.apply_adjoint(output, &mut self.between)?;
        self.first.apply_adjoint(&self.between, input)
    }
}

/// diag(A₁, A₂, …): each operator on its own part of the arrays, one part after the other.
pub struct Blocks<R> {
    operators: Vec<Box<dyn LinearOperator<R>>>,
}

impl<R: Real> Blocks<R> {
    /// These operators side by side.
    pub fn new(operators: Vec<Box<dyn LinearOperator<R>>>) -> Self {
        Self { operators }
    }
}

impl<R: Real> LinearOperator<R> for Blocks<R> {
    fn input_len(&self) -> usize {
        self.operators.iter().map(|operator| operator.input_len()).sum()
    }

    fn output_len(&self) -> usize {
        self.operators.iter().map(|operator| operator.output_len()).sum()
    }

    fn apply(&mut self, input: &[R], output: &mut [R]) -> Result<()> {
        expect_lens(self, input, output)?;
        let (mut from, mut to) = (0, 0);
        for operator in &mut self.operators {
            let (inputs, outputs) = (operator.input_len(), operator.output_len());
            operator.apply(&input[from..from + inputs], &mut output[to..to + outputs])?;
            (from, to) = (from + inputs, to + outputs);
        }
        Ok(())
    }

    fn apply_adjoint(&mut self, output: &[R], input: &mut [R]) -> Result<()> {
        expect_lens(self, input, output)?;
        let (mut from, mut to) = (0, 0);
        for operator in &mut self.operators {
            let (inputs, outputs) = (operator.input_len(), operator.output_len());
            operator.apply_adjoint(&output[to..to + outputs], &mut input[from..from + inputs])?;
            (from, to) = (from + inputs, to + outputs);
        }
        Ok(())
    }
}

/// diag(d): multiplies by given numbers, which is its own adjoint.
#[derive(Clone, Debug)]
pub struct Diagonal<R> {
    factors: Vec<R>,
}

impl<R: Real> Diagonal<R> {
    /// With these numbers.
    pub fn new(factors: Vec<R>) -> Self {
        Self { factors }
    }
}

impl<R: Real> LinearOperator<R> for Diagonal<R> {
    fn input_len(&self) -> usize {
        self.factors.len()
    }

    fn output_len(&self) -> usize {
        self.factors.len()
    }

    fn apply(&mut self, input: &[R], output: &mut [R]) -> Result<()> {
        expect_lens(self, input, output)?;
        for ((output, input), factor) in output.iter_mut().zip(input).zip(&self.factors) {
            *output = *factor * *input;
        }
        Ok(())
    }

    fn apply_adjoint(&mut self, output: &[R], input: &mut [R]) -> Result<()> {
        self.apply(output, input)
    }
}

/// |Σ y·Ax − Σ Aᵀy·x| over |Ax||y| for normal random x and y of this seed: how far an operator's adjoint is from its transpose, some ε where it is right.
///
/// # Errors
/// The operator's.
pub fn adjoint_error<R: Real>(operator: &mut impl LinearOperator<R>, seed: u64) -> Result<f64> {
    let (mut x, mut y) = (vec![R::ZERO; operator.input_len()], vec![R::ZERO; operator.output_len()]);
    random::normals(seed, [0, 0xad70, 0], &mut x);
    random::normals(seed, [1, 0xad70, 0], &mut y);
    let (mut image, mut of_adjoint) = (y.clone(), x.clone());
    operator.apply(&x, &mut image)?;
    operator.apply_adjoint(&y, &mut of_adjoint)?;
    let size = norm(&image) * norm(&y);
    let difference = (dot(&image, &y) - dot(&of_adjoint, &x)).abs();
    Ok(if size > 0.0 { difference / size } else { difference })
}
