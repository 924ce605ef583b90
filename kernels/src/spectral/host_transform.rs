//! The transform on the CPU, over slices.

use std::marker::PhantomData;
use std::sync::Arc;

use pulp::Arch;

use super::Truncation;
use super::form::Form;
use super::fourier::carried;
use super::lanes::Lane;
use super::latitudes::Legendre;
use super::resampling::Resampling;
use super::stage::{FourierHook, Operation, Quadrature, Shared, Stage};
use super::sums::narrowest_wide;
use crate::constants::EARTH_RADIUS;
use crate::grid::Grid;
use crate::{Error, Precision, Real, Result};

/// Transforms between spectra and grid fields on the CPU, with their adjoints.
///
/// | argument                                              | shape                    |
/// |-------------------------------------------------------|--------------------------|
/// | `spectrum`, `vorticity`, `divergence`                 | [coefficient][2][fields] |
/// | `values`, `u`, `v`, `eastward`, `northward`, ...      | [fields][point]          |
///
/// The adjoint of each operator is its transpose with respect to the plain dot product of the arrays as they are stored:
/// Σ x·Aᵀy = Σ Ax·y. The imaginary parts of m = 0 count as 0 on the way in and are 0 on the way out.
///
/// Sums are formed in the precision of the fields if there are several, and in f64 otherwise. Fields are transformed at most
/// 48 at a time; the workspace holds the Fourier coefficients of as many and is kept, so that calls with no more fields than
/// before allocate nothing. The calling rayon pool works; results have the same bits for any number of threads. A plan serves
/// one call at a time (`&mut self`); make one for each thread that calls.
///
/// Errors: [`Error::LengthMismatch`] for a slice of another length, [`Error::OutOfMemory`] if there is no room for the
/// workspace. NaN in one field or coefficient reaches all values of its field and no other field.
pub struct HostTransform<R: Real> {
    grid: Grid,
    radius: f64,
    shared: Shared,
    double: Option<Box<Stage<f64>>>,
    single: Option<Box<Stage<f32>>>,
    hook: Option<Arc<FourierHook>>,
    precision: PhantomData<R>,
}

impl<R: Real> HostTransform<R> {
    /// A plan for a sphere of [`EARTH_RADIUS`]; an error naming the largest truncation where the grid cannot carry this one.
    pub fn new(grid: &Grid, truncation: Truncation) -> Result<Self> {
        truncation.check_on(grid)?;
        let total = truncation.total();
        let matters = match R::PRECISION {
            Precision::F32 => f32::MATTERS,
            Precision::F64 => f64::MATTERS,
        };
        let legendre = Legendre::of_grid(grid, total, matters, |ring| carried(&grid.rings()[ring], total));
        let resampled = Resampling::where_needed(grid, total).map(|resampling| {
            let (sines, cosines) = resampling.latitudes();
            let legendre = Legendre::new(sines, cosines, total, matters, vec![0; total + 1]);
            (resampling, legendre)
        });
        let inverse_laplacian =
            (0..=total).map(|n| if n == 0 { 0.0 } else { 1.0 / (n * (n + 1)) as f64 }).collect();
        let offsets = (0..=total + 1).map(|m| 2 * truncation.first_index(m)).collect();
        let shared =
            Shared { truncation, arch: Arch::new(), legendre, resampled, inverse_laplacian, offsets };
        let precision = PhantomData;
        let (grid, radius) = (grid.clone(), EARTH_RADIUS);
        Ok(Self { grid, radius, shared, double: None, single: None, hook: None, precision })
    }

    /// Sets the radius a of the sphere [m], to which winds and gradients refer; an error unless it is positive and finite.
    pub fn set_radius(&mut self, radius: f64) -> Result<()> {
        if !(radius.is_finite() && radius > 0.0) {
            let expected = "a positive length in metres".to_owned();
            return Err(Error::InvalidValue { name: "radius", got: radius.to_string(), expected });
        }
        self.radius = radius;
        Ok(())
    }

    /// Sets what every following synthesis (of scalars, winds, gradients, derivatives) calls between its Legendre sums and
    /// its Fourier transforms, or that nothing is called; analyses and adjoints call nothing.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use terrella_kernels::spectral::{FourierRow, HostTransform, Truncation};
    /// let (grid, truncation) = ("O16".parse()?, Truncation::new(15));
    /// let mut transform = HostTransform::<f64>::new(&grid, truncation)?;
    /// // Zonal means alone.
    /// transform.set_fourier_hook(Some(Arc::new(|row: FourierRow| row.coefficients[1..].fill([0.0; 2]))));
    /// let mut values = vec![0.0; grid.points()];
    /// transform.synthesis(1, &vec![1.0; truncation.spectrum_len(1)], &mut values)?;
    /// assert_eq!(values[0], values[1]);
    /// # Ok::<(), terrella_kernels::Error>(())
    /// ```
    pub fn set_fourier_hook(&mut self, hook: Option<Arc<FourierHook>>) {
        self.hook = hook;
    }

    /// The grid.
    pub fn grid(&self) -> &Grid {
        &self.grid
    }

    /// The truncation.
    pub fn truncation(&self) -> Truncation {
        self.shared.truncation
    }

    /// The radius of the sphere [m].
    pub fn radius(&self) -> f64 {
        self.radius
    }

    /// Spectra to grid fields: f(λ,μ) = Σ f_nm P̄_nm(μ) e^{imλ}.
    pub fn synthesis(&mut self, fields: usize, spectrum: &[R], values: &mut [R]) -> Result<()> {
        self.synthesize(SCALAR, fields, [("spectrum", spectrum)], [("values", values)])
    }

    /// The adjoint of [`HostTransform::synthesis`].
    pub fn synthesis_adjoint(&mut self, fields: usize, values: &[R], spectrum: &mut [R]) -> Result<()> {
        self.analyze(SCALAR, fields, [("values", values)], [("spectrum", spectrum)])
    }

    /// Grid fields to spectra: f_nm = ½ ∫ P̄_nm (1/2π) ∫ f e^{−imλ} dλ dμ by the quadrature of the grid, the inverse of
    /// [`HostTransform::synthesis`] on the fields that it makes.
    pub fn analysis(&mut self, fields: usize, values: &[R], spectrum: &mut [R]) -> Result<()> {
        self.analyze(weighted(SCALAR), fields, [("values", values)], [("spectrum", spectrum)])
    }

    /// The adjoint of [`HostTransform::analysis`].
    pub fn analysis_adjoint(&mut self, fields: usize, spectrum: &[R], values: &mut [R]) -> Result<()> {
        self.synthesize(weighted(SCALAR), fields, [("spectrum", spectrum)], [("values", values)])
    }

    /// Vorticity and divergence [s⁻¹] to eastward and northward wind [m s⁻¹].
    ///
    /// The (0,0) coefficients count as 0: the means of vorticity and divergence over a sphere vanish. On a pole, u and v
    /// are the components along longitude 0°E + λ of the finite vector there.
    pub fn wind_synthesis(
        &mut self,
        fields: usize,
        vorticity: &[R],
        divergence: &[R],
        u: &mut [R],
        v: &mut [R],
    ) -> Result<()> {
        let spectra = [("vorticity", vorticity), ("divergence", divergence)];
        self.synthesize(self.wind(), fields, spectra, [("u", u), ("v", v)])
    }

    /// The adjoint of [`HostTransform::wind_synthesis`].
    pub fn wind_synthesis_adjoint(
        &mut self,
        fields: usize,
        u: &[R],
        v: &[R],
        vorticity: &mut [R],
        divergence: &mut [R],
    ) -> Result<()> {
        let spectra = [("vorticity", vorticity), ("divergence", divergence)];
        self.analyze(self.wind(), fields, [("u", u), ("v", v)], spectra)
    }

    /// Eastward and northward wind [m s⁻¹] to vorticity and divergence [s⁻¹], whose (0,0) coefficients are 0.
    pub fn wind_analysis(
        &mut self,
        fields: usize,
        u: &[R],
        v: &[R],
        vorticity: &mut [R],
        divergence: &mut [R],
    ) -> Result<()> {
        let spectra = [("vorticity", vorticity), ("divergence", divergence)];
        self.analyze(self.wind_by_parts(), fields, [("u", u), ("v", v)], spectra)
    }

    /// The adjoint of [`HostTransform::wind_analysis`].
    pub fn wind_analysis_adjoint(
        &mut self,
        fields: usize,
        vorticity: &[R],
        divergence: &[R],
        u: &mut [R],
        v: &mut [R],
    ) -> Result<()> {
        let spectra = [("vorticity", vorticity), ("divergence", divergence)];
        self.synthesize(self.wind_by_parts(), fields, spectra, [("u", u), ("v", v)])
    }

    /// Spectra to their gradients on the grid: (1/(a cos φ)) ∂f/∂λ and (1/a) ∂f/∂φ [unit of f per m].
    pub fn gradient_synthesis(
        &mut self,
        fields: usize,
        spectrum: &[R],
        eastward: &mut [R],
        northward: &mut [R],
    ) -> Result<()> {
        let values = [("eastward", eastward), ("northward", northward)];
        self.synthesize(self.gradient(), fields, [("spectrum", spectrum)], values)
    }

    /// The adjoint of [`HostTransform::gradient_synthesis`].
    pub fn gradient_synthesis_adjoint(
        &mut self,
        fields: usize,
        eastward: &[R],
        northward: &[R],
        spectrum: &mut [R],
    ) -> Result<()> {
        let values = [("eastward", eastward), ("northward", northward)];
        self.analyze(self.gradient(), fields, values, [("spectrum", spectrum)])
    }

    /// Vorticity and divergence [s⁻¹] to (1/(a cos φ)) ∂u/∂λ and (1/(a cos φ)) ∂v/∂λ [s⁻¹]; 0 on a pole, where they have
    /// no limit.
    pub fn wind_zonal_derivative_synthesis(
        &mut self,
        fields: usize,
        vorticity: &[R],
        divergence: &[R],
        u_eastward: &mut [R],
        v_eastward: &mut [R],
    ) -> Result<()> {
        let spectra = [("vorticity", vorticity), ("divergence", divergence)];
        let values = [("u_eastward", u_eastward), ("v_eastward", v_eastward)];
        self.synthesize(WIND_ZONAL_DERIVATIVE, fields, spectra, values)
    }

    /// The adjoint of [`HostTransform::wind_zonal_derivative_synthesis`].
    pub fn wind_zonal_derivative_synthesis_adjoint(
        &mut self,
        fields: usize,
        u_eastward: &[R],
        v_eastward: &[R],
        vorticity: &mut [R],
        divergence: &mut [R],
    ) -> Result<()> {
        let spectra = [("vorticity", vorticity), ("divergence", divergence)];
        let values = [("u_eastward", u_eastward), ("v_eastward", v_eastward)];
        self.analyze(WIND_ZONAL_DERIVATIVE, fields, values, spectra)
    }

    fn wind(&self) -> Operation {
        Operation { form: Form::Wind, scale: -self.radius, inverts_laplacian: true, ..SCALAR }
    }

    fn wind_by_parts(&self) -> Operation {
        weighted(Operation { form: Form::Wind, scale: -1.0 / self.radius, ..SCALAR })
    }

    fn gradient(&self) -> Operation {
        Operation { form: Form::Gradient, scale: 1.0 / self.radius, ..SCALAR }
    }

    fn synthesize<const I: usize, const C: usize>(
        &mut self,
        operation: Operation,
        fields: usize,
        spectra: [(&'static str, &[R]); I],
        mut values: [(&'static str, &mut [R]); C],
    ) -> Result<()> {
        for (name, spectrum) in &spectra {
            expect(name, self.shared.truncation.spectrum_len(fields), spectrum.len())?;
        }
        for (name, values) in &values {
            expect(name, fields * self.grid.points(), values.len())?;
        }
        let spectra = spectra.map(|(_, spectrum)| spectrum);
        let values = values.each_mut().map(|(_, values)| &mut **values);
        let hook = self.hook.as_deref().filter(|_| operation.quadrature == Quadrature::Plain);
        if self.sums_in_f32(operation, fields * C) {
            let stage = self.single.get_or_insert_with(|| Box::new(Stage::new(&self.grid, &self.shared)));
            stage.synthesize(&self.shared, operation, fields, spectra, values, hook)
        } else {
            let stage = self.double.get_or_insert_with(|| Box::new(Stage::new(&self.grid, &self.shared)));
            stage.synthesize(&self.shared, operation, fields, spectra, values, hook)
        }
    }

    fn analyze<const I: usize, const C: usize>(
        &mut self,
        operation: Operation,
        fields: usize,
        values: [(&'static str, &[R]); C],
        mut spectra: [(&'static str, &mut [R]); I],
    ) -> Result<()> {
        for (name, values) in &values {
            expect(name, fields * self.grid.points(), values.len())?;
        }
        for (name, spectrum) in &spectra {
            expect(name, self.shared.truncation.spectrum_len(fields), spectrum.len())?;
        }
        let values = values.map(|(_, values)| values);
        let spectra = spectra.each_mut().map(|(_, spectrum)| &mut **spectrum);
        if self.sums_in_f32(operation, fields * C) {
            let stage = self.single.get_or_insert_with(|| Box::new(Stage::new(&self.grid, &self.shared)));
            stage.analyze(&self.shared, operation, fields, values, spectra)
        } else {
            let stage = self.double.get_or_insert_with(|| Box::new(Stage::new(&self.grid, &self.shared)));
            stage.analyze(&self.shared, operation, fields, values, spectra)
        }
    }

    /// Few columns are faster in f64, whose sums need no panels; the resampling needs the accuracy.
    fn sums_in_f32(&self, operation: Operation, columns: usize) -> bool {
        let is_resampled = operation.quadrature == Quadrature::Weighted && self.shared.resampled.is_some();
        R::PRECISION == Precision::F32 && columns >= narrowest_wide::<f32>() && !is_resampled
    }
}

const SCALAR: Operation =
    Operation { form: Form::Scalar, scale: 1.0, inverts_laplacian: false, quadrature: Quadrature::Plain };

/// −a/(n(n+1)) of the wind, divided by a.
const WIND_ZONAL_DERIVATIVE: Operation =
    Operation { form: Form::WindZonalDerivative, scale: -1.0, inverts_laplacian: true, ..SCALAR };

fn weighted(operation: Operation) -> Operation {
    Operation { quadrature: Quadrature::Weighted, ..operation }
}

fn expect(name: &'static str, expected: usize, got: usize) -> Result<()> {
    if got == expected { Ok(()) } else { Err(Error::LengthMismatch { name, expected, got }) }
}
