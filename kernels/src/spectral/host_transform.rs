//! The transform on the CPU, over slices.

use std::marker::PhantomData;
use std::sync::Arc;

use super::host_engine::{Arrays, HostEngine};
use super::operation::{Operation, with_operators};
use super::parcels::Nowhere;
use super::stage::{FourierHook, StageSeconds};
use super::{Truncation, expect_len, expect_radius};
use crate::constants::EARTH_RADIUS;
use crate::device::Device;
use crate::grid::Grid;
use crate::{Real, Result};

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
/// Errors: [`Error::LengthMismatch`](crate::Error::LengthMismatch) for a slice of another length,
/// [`Error::OutOfMemory`](crate::Error::OutOfMemory) if there is no room for the workspace. NaN in one field or coefficient
/// reaches all values of its field and no other field.
pub struct HostTransform<R: Real> {
    engine: HostEngine,
    radius: f64,
    hook: Option<Arc<FourierHook>>,
    precision: PhantomData<R>,
}

impl<R: Real> HostTransform<R> {
    /// A plan for a sphere of [`EARTH_RADIUS`]; an error naming the largest truncation where the grid cannot carry this one.
    pub fn new(grid: &Grid, truncation: Truncation) -> Result<Self> {
        let engine = HostEngine::new(grid, truncation, R::PRECISION)?;
        Ok(Self { engine, radius: EARTH_RADIUS, hook: None, precision: PhantomData })
    }

    /// Sets the radius a of the sphere [m], to which winds and gradients refer; an error unless it is positive and finite.
    pub fn set_radius(&mut self, radius: f64) -> Result<()> {
        self.radius = expect_radius(radius)?;
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
        self.engine.grid()
    }

    /// The truncation.
    pub fn truncation(&self) -> Truncation {
        self.engine.truncation()
    }

    /// The radius of the sphere [m].
    pub fn radius(&self) -> f64 {
        self.radius
    }

    /// Where the time of all calls so far went.
    pub fn stage_seconds(&self) -> StageSeconds {
        self.engine.stage_seconds()
    }

    fn synthesize<const I: usize, const C: usize>(
        &mut self,
        operation: Operation,
        fields: usize,
        spectra: [(&'static str, &[R]); I],
        values: [(&'static str, &mut [R]); C],
    ) -> Result<()> {
        self.expect_lengths(fields, spectra, values.each_ref().map(|(name, values)| (*name, &**values)))?;
        let arrays = Arrays::new(spectra.map(|(_, spectrum)| spectrum), values.map(|(_, values)| values));
        let Self { engine, hook, .. } = self;
        // The whole call in rayon's threads, rather than each of its stages.
        Device::Cpu.within(|| engine.synthesize(operation, fields, arrays, hook.as_deref(), &mut Nowhere))?;
        Ok(())
    }

    fn analyze<const I: usize, const C: usize>(
        &mut self,
        operation: Operation,
        fields: usize,
        values: [(&'static str, &[R]); C],
        spectra: [(&'static str, &mut [R]); I],
    ) -> Result<()> {
        self.expect_lengths(fields, spectra.each_ref().map(|(name, values)| (*name, &**values)), values)?;
        let arrays = Arrays::new(values.map(|(_, values)| values), spectra.map(|(_, spectrum)| spectrum));
        let engine = &mut self.engine;
        Device::Cpu.within(|| engine.analyze(operation, fields, arrays, &mut Nowhere))?;
        Ok(())
    }

    fn expect_lengths<const I: usize, const C: usize>(
        &self,
        fields: usize,
        spectra: [(&'static str, &[R]); I],
        values: [(&'static str, &[R]); C],
    ) -> Result<()> {
        for (name, spectrum) in spectra {
            expect_len(name, self.truncation().spectrum_len(fields), spectrum.len())?;
        }
        for (name, values) in values {
            expect_len(name, fields * self.grid().points(), values.len())?;
        }
        Ok(())
    }
}

/// The operators over slices.
macro_rules! over_slices {
    ($($(#[$doc:meta])+ $name:ident: $direction:ident $operation:ident,
        ($($input:ident),+) -> ($($output:ident),+);)+) => {
        impl<R: Real> HostTransform<R> {$(
            $(#[$doc])+
            pub fn $name(&mut self, fields: usize, $($input: &[R],)+ $($output: &mut [R],)+) -> Result<()> {
                let operation = Operation::$operation(self.radius);
                let inputs = [$((stringify!($input), $input)),+];
                self.$direction(operation, fields, inputs, [$((stringify!($output), $output)),+])
            }
        )+}
    };
}
with_operators!(over_slices);
