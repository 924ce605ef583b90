//! The operators of the transform, their inverses and adjoints.

use super::form::Form;
use super::transform::{DeviceTransform, Operation, SCALAR};
use crate::device::Buffer;
use crate::grid::Grid;
use crate::spectral::Truncation;
use crate::{Error, Real, Result};

/// ζ and δ to ψ and χ by −a²/(n(n+1)), then the 1/a of the wind and of the derivative to the east.
const WIND_ZONAL_DERIVATIVE: Operation =
    Operation { form: Form::WindZonalDerivative, scale: -1.0, inverts_laplacian: true, ..SCALAR };

fn weighted(operation: Operation) -> Operation {
    Operation { weighted: true, ..operation }
}

impl<R: Real> DeviceTransform<R> {
    /// Sets the radius a of the sphere [m], to which winds and gradients refer; an error unless it is positive and finite.
    pub(in crate::spectral) fn set_radius(&mut self, radius: f64) -> Result<()> {
        if !(radius.is_finite() && radius > 0.0) {
            let expected = "a positive length in metres".to_owned();
            return Err(Error::InvalidValue { name: "radius", got: radius.to_string(), expected });
        }
        self.radius = radius;
        Ok(())
    }

    /// The grid.
    pub(in crate::spectral) fn grid(&self) -> &Grid {
        &self.grid
    }

    /// The truncation.
    pub(in crate::spectral) fn truncation(&self) -> Truncation {
        self.truncation
    }

    /// The radius of the sphere [m].
    pub(in crate::spectral) fn radius(&self) -> f64 {
        self.radius
    }

    fn wind(&self) -> Operation {
        Operation { form: Form::Wind, scale: -self.radius, inverts_laplacian: true, ..SCALAR }
    }

    /// The transpose of the wind's form is integration by parts: from u/cos φ and v/cos φ it yields −a ζ and −a δ.
    fn wind_by_parts(&self) -> Operation {
        weighted(Operation { form: Form::Wind, scale: -1.0 / self.radius, ..SCALAR })
    }

    fn gradient(&self) -> Operation {
        Operation { form: Form::Gradient, scale: 1.0 / self.radius, ..SCALAR }
    }

    /// Spectra to grid fields: f(λ,μ) = Σ f_nm P̄_nm(μ) e^{imλ}.
    pub(in crate::spectral) fn synthesis(
        &mut self,
        fields: usize,
        spectrum: &Buffer<R>,
        values: &mut Buffer<R>,
    ) -> Result<()> {
        self.synthesize_checked(SCALAR, fields, [("spectrum", spectrum)], [("values", values)])
    }

    /// The adjoint of [`DeviceTransform::synthesis`].
    pub(in crate::spectral) fn synthesis_adjoint(
        &mut self,
        fields: usize,
        values: &Buffer<R>,
        spectrum: &mut Buffer<R>,
    ) -> Result<()> {
        self.analyze_checked(SCALAR, fields, [("values", values)], [("spectrum", spectrum)])
    }

    /// Grid fields to spectra by the quadrature of the grid.
    pub(in crate::spectral) fn analysis(
        &mut self,
        fields: usize,
        values: &Buffer<R>,
        spectrum: &mut Buffer<R>,
    ) -> Result<()> {
        self.analyze_checked(weighted(SCALAR), fields, [("values", values)], [("spectrum", spectrum)])
    }

    /// The adjoint of [`DeviceTransform::analysis`].
    pub(in crate::spectral) fn analysis_adjoint(
        &mut self,
        fields: usize,
        spectrum: &Buffer<R>,
        values: &mut Buffer<R>,
    ) -> Result<()> {
        self.synthesize_checked(weighted(SCALAR), fields, [("spectrum", spectrum)], [("values", values)])
    }

    /// Vorticity and divergence [s⁻¹] to eastward and northward wind [m s⁻¹].
    pub(in crate::spectral) fn wind_synthesis(
        &mut self,
        fields: usize,
        vorticity: &Buffer<R>,
        divergence: &Buffer<R>,
        u: &mut Buffer<R>,
        v: &mut Buffer<R>,
    ) -> Result<()> {
        self.synthesize_checked(
            self.wind(),
            fields,
            [("vorticity", vorticity), ("divergence", divergence)],
            [("u", u), ("v", v)],
        )
    }

    /// The adjoint of [`DeviceTransform::wind_synthesis`].
    pub(in crate::spectral) fn wind_synthesis_adjoint(
        &mut self,
        fields: usize,
        u: &Buffer<R>,
        v: &Buffer<R>,
        vorticity: &mut Buffer<R>,
        divergence: &mut Buffer<R>,
    ) -> Result<()> {
        self.analyze_checked(
            self.wind(),
            fields,
            [("u", u), ("v", v)],
            [("vorticity", vorticity), ("divergence", divergence)],
        )
    }

    /// Eastward and northward wind [m s⁻¹] to vorticity and divergence [s⁻¹], whose (0,0) coefficients are 0.
    pub(in crate::spectral) fn wind_analysis(
        &mut self,
        fields: usize,
        u: &Buffer<R>,
        v: &Buffer<R>,
        vorticity: &mut Buffer<R>,
        divergence: &mut Buffer<R>,
    ) -> Result<()> {
        self.analyze_checked(
            self.wind_by_parts(),
            fields,
            [("u", u), ("v", v)],
            [("vorticity", vorticity), ("divergence", divergence)],
        )
    }

    /// The adjoint of [`DeviceTransform::wind_analysis`].
    pub(in crate::spectral) fn wind_analysis_adjoint(
        &mut self,
        fields: usize,
        vorticity: &Buffer<R>,
        divergence: &Buffer<R>,
        u: &mut Buffer<R>,
        v: &mut Buffer<R>,
    ) -> Result<()> {
        self.synthesize_checked(
            self.wind_by_parts(),
            fields,
            [("vorticity", vorticity), ("divergence", divergence)],
            [("u", u), ("v", v)],
        )
    }

    /// Spectra to (1/(a cos φ)) ∂f/∂λ and (1/a) ∂f/∂φ [unit of f per m].
    pub(in crate::spectral) fn gradient_synthesis(
        &mut self,
        fields: usize,
        spectrum: &Buffer<R>,
        eastward: &mut Buffer<R>,
        northward: &mut Buffer<R>,
    ) -> Result<()> {
        self.synthesize_checked(
            self.gradient(),
            fields,
            [("spectrum", spectrum)],
            [("eastward", eastward), ("northward", northward)],
        )
    }

    /// The adjoint of [`DeviceTransform::gradient_synthesis`].
    pub(in crate::spectral) fn gradient_synthesis_adjoint(
        &mut self,
        fields: usize,
        eastward: &Buffer<R>,
        northward: &Buffer<R>,
        spectrum: &mut Buffer<R>,
    ) -> Result<()> {
        self.analyze_checked(
            self.gradient(),
            fields,
            [("eastward", eastward), ("northward", northward)],
            [("spectrum", spectrum)],
        )
    }

    /// Vorticity and divergence [s⁻¹] to (1/(a cos φ)) ∂u/∂λ and (1/(a cos φ)) ∂v/∂λ [s⁻¹], 0 on a pole.
    pub(in crate::spectral) fn wind_zonal_derivative_synthesis(
        &mut self,
        fields: usize,
        vorticity: &Buffer<R>,
        divergence: &Buffer<R>,
        u_eastward: &mut Buffer<R>,
        v_eastward: &mut Buffer<R>,
    ) -> Result<()> {
        self.synthesize_checked(
            WIND_ZONAL_DERIVATIVE,
            fields,
            [("vorticity", vorticity), ("divergence", divergence)],
            [("u_eastward", u_eastward), ("v_eastward", v_eastward)],
        )
    }

    /// The adjoint of [`DeviceTransform::wind_zonal_derivative_synthesis`].
    pub(in crate::spectral) fn wind_zonal_derivative_synthesis_adjoint(
        &mut self,
        fields: usize,
        u_eastward: &Buffer<R>,
        v_eastward: &Buffer<R>,
        vorticity: &mut Buffer<R>,
        divergence: &mut Buffer<R>,
    ) -> Result<()> {
        self.analyze_checked(
            WIND_ZONAL_DERIVATIVE,
            fields,
            [("u_eastward", u_eastward), ("v_eastward", v_eastward)],
            [("vorticity", vorticity), ("divergence", divergence)],
        )
    }

    fn synthesize_checked<const I: usize, const C: usize>(
        &mut self,
        operation: Operation,
        fields: usize,
        spectra: [(&'static str, &Buffer<R>); I],
        values: [(&'static str, &mut Buffer<R>); C],
    ) -> Result<()> {
        for (name, spectrum) in &spectra {
            self.expect(name, self.truncation.spectrum_len(fields), spectrum)?;
        }
        for (name, values) in &values {
            self.expect(name, fields * self.grid.points(), values)?;
        }
        if fields == 0 {
            return Ok(());
        }
        let inputs = [spectra[0].1, spectra[I - 1].1];
        self.synthesize(operation, fields, inputs, &mut values.map(|(_, values)| values))
    }

    fn analyze_checked<const I: usize, const C: usize>(
        &mut self,
        operation: Operation,
        fields: usize,
        values: [(&'static str, &Buffer<R>); C],
        spectra: [(&'static str, &mut Buffer<R>); I],
    ) -> Result<()> {
        for (name, values) in &values {
            self.expect(name, fields * self.grid.points(), values)?;
        }
        for (name, spectrum) in &spectra {
            self.expect(name, self.truncation.spectrum_len(fields), spectrum)?;
        }
        if fields == 0 {
            return Ok(());
        }
        let inputs = [values[0].1, values[C - 1].1];
        self.analyze(operation, fields, inputs, &mut spectra.map(|(_, spectrum)| spectrum))
    }

    fn expect(&self, name: &'static str, len: usize, buffer: &Buffer<R>) -> Result<()> {
        if buffer.device() != self.device {
            return Err(Error::DeviceMismatch { name, expected: self.device, got: buffer.device() });
        }
        if buffer.len() != len {
            return Err(Error::LengthMismatch { name, expected: len, got: buffer.len() });
        }
        Ok(())
    }
}
