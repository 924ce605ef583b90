//! [`GridView`]: spectra of a state to grid fields and back.

use std::ops::Range;

use terrella_kernels::assimilation::LinearOperator;
use terrella_kernels::spectral::HostTransform;
use terrella_kernels::{Error as KernelError, Real, Result as KernelResult};

use crate::error::expect_len;
use crate::{Error, Result};

/// Spectra \[ζ (L levels), δ (L), scalars …], each \[coefficient]\[2]\[level], as fields \[u (L), v (L), scalars …], each \[level]\[point].
///
/// Winds are in m s⁻¹ where the transform has the model's radius. As a [`LinearOperator`] it is [`GridView::synthesis`].
pub struct GridView<R: Real> {
    transform: HostTransform<R>,
    levels: usize,
    scalars: Vec<usize>,
}

/// A transform of two fields into two, and of one into one, for so many levels.
type OfWind<R> = fn(&mut HostTransform<R>, usize, &[R], &[R], &mut [R], &mut [R]) -> KernelResult<()>;
type OfScalar<R> = fn(&mut HostTransform<R>, usize, &[R], &mut [R]) -> KernelResult<()>;

/// Where one part of a state is in spectra and in fields.
struct Part {
    levels: usize,
    spectrum: Range<usize>,
    field: Range<usize>,
}

impl<R: Real> GridView<R> {
    /// With `levels` levels of wind and scalars of these numbers of levels.
    pub fn new(transform: HostTransform<R>, levels: usize, scalars: Vec<usize>) -> Self {
        Self { transform, levels, scalars }
    }

    /// The transform.
    pub fn transform(&self) -> &HostTransform<R> {
        &self.transform
    }

    /// Number of fields on single levels: layers of a state.
    pub fn layers(&self) -> usize {
        2 * self.levels + self.scalars.iter().sum::<usize>()
    }

    /// Number of values of the fields.
    pub fn state_len(&self) -> usize {
        self.layers() * self.transform.grid().points()
    }

    /// Number of values of the spectra.
    pub fn spectra_len(&self) -> usize {
        self.transform.truncation().spectrum_len(self.layers())
    }

    fn expect(&self, spectra: &[R], fields: &[R]) -> Result<()> {
        expect_len("spectra", self.spectra_len(), spectra.len())?;
        expect_len("fields", self.state_len(), fields.len())
    }

    fn parts(&self) -> Vec<Part> {
        let (truncation, points) = (self.transform.truncation(), self.transform.grid().points());
        let (mut coefficient, mut value) = (0, 0);
        [self.levels, self.levels]
            .iter()
            .chain(&self.scalars)
            .map(|&levels| {
                let begins = (coefficient, value);
                coefficient += truncation.spectrum_len(levels);
                value += levels * points;
                Part { levels, spectrum: begins.0..coefficient, field: begins.1..value }
            })
            .collect()
    }

    /// Writes the fields of spectra.
    ///
    /// # Errors
    /// [`LengthMismatch`](crate::Error::LengthMismatch).
    pub fn synthesis(&mut self, spectra: &[R], fields: &mut [R]) -> Result<()> {
        self.make_fields(spectra, fields, HostTransform::wind_synthesis, HostTransform::synthesis)
    }

    /// Writes the spectra of fields.
    ///
    /// # Errors
    /// [`LengthMismatch`](crate::Error::LengthMismatch).
    pub fn analysis(&mut self, fields: &[R], spectra: &mut [R]) -> Result<()> {
        self.make_spectra(fields, spectra, HostTransform::wind_analysis, HostTransform::analysis)
    }

    /// The transpose of [`Self::synthesis`].
    ///
    /// # Errors
    /// [`LengthMismatch`](crate::Error::LengthMismatch).
    pub fn synthesis_adjoint(&mut self, fields: &[R], spectra: &mut [R]) -> Result<()> {
        self.make_spectra(
            fields,
            spectra,
            HostTransform::wind_synthesis_adjoint,
            HostTransform::synthesis_adjoint,
        )
    }

    /// The transpose of [`Self::analysis`].
    ///
    /// # Errors
    /// [`LengthMismatch`](crate::Error::LengthMismatch).
    pub fn analysis_adjoint(&mut self, spectra: &[R], fields: &mut [R]) -> Result<()> {
        self.make_fields(
            spectra,
            fields,
            HostTransform::wind_analysis_adjoint,
            HostTransform::analysis_adjoint,
        )
    }

    fn make_fields(
        &mut self,
        spectra: &[R],
        fields: &mut [R],
        of_wind: OfWind<R>,
        of_scalar: OfScalar<R>,
    ) -> Result<()> {
        self.expect(spectra, fields)?;
        let parts = self.parts();
        let (wind, scalars) = fields.split_at_mut(parts[1].field.end);
        let (u, v) = wind.split_at_mut(parts[0].field.end);
        let [vorticity, divergence] = [0, 1].map(|part: usize| &spectra[parts[part].spectrum.clone()]);
        of_wind(&mut self.transform, self.levels, vorticity, divergence, u, v)?;
        let mut rest = scalars;
        for Part { levels, spectrum, field } in parts.into_iter().skip(2) {
            let values;
            (values, rest) = rest.split_at_mut(field.len());
            of_scalar(&mut self.transform, levels, &spectra[spectrum], values)?;
        }
        Ok(())
    }

    fn make_spectra(
        &mut self,
        fields: &[R],
        spectra: &mut [R],
        of_wind: OfWind<R>,
        of_scalar: OfScalar<R>,
    ) -> Result<()> {
        self.expect(spectra, fields)?;
        let parts = self.parts();
        let (wind, scalars) = spectra.split_at_mut(parts[1].spectrum.end);
        let (vorticity, divergence) = wind.split_at_mut(parts[0].spectrum.end);
        let [u, v] = [0, 1].map(|part: usize| &fields[parts[part].field.clone()]);
        of_wind(&mut self.transform, self.levels, u, v, vorticity, divergence)?;
        let mut rest = scalars;
        for Part { levels, spectrum, field } in parts.into_iter().skip(2) {
            let values;
            (values, rest) = rest.split_at_mut(spectrum.len());
            of_scalar(&mut self.transform, levels, &fields[field], values)?;
        }
        Ok(())
    }
}

impl<R: Real> LinearOperator<R> for GridView<R> {
    fn input_len(&self) -> usize {
        self.spectra_len()
    }

    fn output_len(&self) -> usize {
        self.state_len()
    }

    fn apply(&mut self, input: &[R], output: &mut [R]) -> KernelResult<()> {
        of_kernels(self.synthesis(input, output))
    }

    fn apply_adjoint(&mut self, output: &[R], input: &mut [R]) -> KernelResult<()> {
        of_kernels(self.synthesis_adjoint(output, input))
    }
}

/// A view as the [`LinearOperator`] of its analysis, from fields to spectra.
pub struct GridAnalysis<R: Real>(pub GridView<R>);

impl<R: Real> LinearOperator<R> for GridAnalysis<R> {
    fn input_len(&self) -> usize {
        self.0.state_len()
    }

    fn output_len(&self) -> usize {
        self.0.spectra_len()
    }

    fn apply(&mut self, input: &[R], output: &mut [R]) -> KernelResult<()> {
        of_kernels(self.0.analysis(input, output))
    }

    fn apply_adjoint(&mut self, output: &[R], input: &mut [R]) -> KernelResult<()> {
        of_kernels(self.0.analysis_adjoint(output, input))
    }
}

/// As an error of the kernels, which is what a view's errors are.
fn of_kernels(result: Result<()>) -> KernelResult<()> {
    result.map_err(|error| match error {
        Error::Kernels(error) => error,
        Error::LengthMismatch { name, expected, got } => KernelError::LengthMismatch { name, expected, got },
        other => KernelError::InvalidValue {
            name: "view",
            got: other.to_string(),
            expected: "spectra and fields of its length".to_owned(),
        },
    })
}
