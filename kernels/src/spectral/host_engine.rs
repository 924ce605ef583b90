//! What works behind the transforms on the CPU, in either precision.
//!
//! Nothing here is generic in the precision of the fields for its callers: the loops are compiled once, with this crate, and
//! not anew in each crate that makes a transform.

use pulp::Arch;

use super::Truncation;
use super::lanes::Lane;
use super::latitudes::Legendre;
use super::narrow::Carried;
use super::operation::{Operation, Quadrature};
use super::parcels::Deliver;
use super::resampling::Resampling;
use super::shares::Share;
use super::stage::{FourierHook, Shared, Stage, StageSeconds};
use super::sums::narrowest_wide;
use crate::grid::Grid;
use crate::{Precision, Real, Result};

/// What goes into an operator and what comes out. Where there is one array instead of two, the input is there twice and the
/// second output is empty.
pub(super) enum Arrays<'a> {
    F32([&'a [f32]; 2], [&'a mut [f32]; 2]),
    F64([&'a [f64]; 2], [&'a mut [f64]; 2]),
}

impl<'a> Arrays<'a> {
    pub(super) fn new<R: Real, const I: usize, const O: usize>(
        inputs: [&'a [R]; I],
        outputs: [&'a mut [R]; O],
    ) -> Self {
        let inputs = [inputs[0], inputs[I - 1]];
        let mut outputs = outputs.into_iter();
        let outputs = [(); 2].map(|_| outputs.next().unwrap_or_default());
        match R::PRECISION {
            Precision::F32 => {
                Self::F32(inputs.map(bytemuck::cast_slice), outputs.map(bytemuck::cast_slice_mut))
            }
            Precision::F64 => {
                Self::F64(inputs.map(bytemuck::cast_slice), outputs.map(bytemuck::cast_slice_mut))
            }
        }
    }
}

/// The engine; the stages of a precision are made when it is first needed.
pub(super) struct HostEngine {
    grid: Grid,
    shared: Shared,
    share: Option<Share>,
    double: Option<Box<Stage<f64>>>,
    single: Option<Box<Stage<f32>>>,
}

impl HostEngine {
    /// For fields in one precision; an error naming the largest truncation where the grid cannot carry this one.
    pub(super) fn new(grid: &Grid, truncation: Truncation, precision: Precision) -> Result<Self> {
        truncation.check_on(grid)?;
        Ok(Self::of(grid, truncation, precision, None))
    }

    /// Of one rank's share; the truncation must be one that the grid carries.
    pub(super) fn of(
        grid: &Grid,
        truncation: Truncation,
        precision: Precision,
        share: Option<Share>,
    ) -> Self {
        let total = truncation.total();
        let matters = match precision {
            Precision::F32 => f32::MATTERS,
            Precision::F64 => f64::MATTERS,
        };
        let wavenumbers =
            share.as_ref().map_or_else(|| (0..=total).collect(), |share| share.wavenumbers().to_vec());
        let legendre = Legendre::of_grid(grid, truncation, &wavenumbers, matters);
        let resampled = Resampling::where_needed(grid, total).map(|resampling| {
            let (sines, cosines) = resampling.latitudes();
            let legendre =
                Legendre::new(sines, cosines, &wavenumbers, total, matters, vec![0; wavenumbers.len()]);
            (resampling, legendre)
        });
        let inverse_laplacian =
            (0..=total).map(|n| if n == 0 { 0.0 } else { 1.0 / (n * (n + 1)) as f64 }).collect();
        let mut offsets = vec![0];
        for m in &wavenumbers {
            offsets.push(offsets[offsets.len() - 1] + 2 * (total - m + 1));
        }
        let (arch, is_part) = (Arch::new(), share.is_some());
        let shared = Shared {
            truncation,
            wavenumbers,
            is_part,
            arch,
            carried: Carried::fastest(arch),
            legendre,
            resampled,
            inverse_laplacian,
            offsets,
        };
        Self { grid: grid.clone(), shared, share, double: None, single: None }
    }

    pub(super) fn grid(&self) -> &Grid {
        &self.grid
    }

    pub(super) fn truncation(&self) -> Truncation {
        self.shared.truncation
    }

    pub(super) fn stage_seconds(&self) -> StageSeconds {
        let single = self.single.as_ref().map_or(StageSeconds::default(), |stage| stage.seconds);
        let double = self.double.as_ref().map_or(StageSeconds::default(), |stage| stage.seconds);
        StageSeconds {
            legendre: single.legendre + double.legendre,
            fourier: single.fourier + double.fourier,
            exchange: single.exchange + double.exchange,
        }
    }

    /// Spectra to grid fields, whose lengths the caller has checked; adjoints of analyses call no hook. Whether what others
    /// need was delivered.
    pub(super) fn synthesize(
        &mut self,
        operation: Operation,
        fields: usize,
        arrays: Arrays<'_>,
        hook: Option<&FourierHook>,
        deliver: &mut dyn Deliver,
    ) -> Result<bool> {
        let hook = hook.filter(|_| operation.quadrature == Quadrature::Plain);
        let sums_in_f32 = self.sums_in_f32(operation, fields);
        let Self { grid, shared, share, double, single } = self;
        let share = share.as_ref();
        match arrays {
            Arrays::F64(spectra, values) => Stage::at(double, grid, shared, share)
                .synthesize(shared, operation, fields, spectra, values, hook, deliver),
            Arrays::F32(spectra, values) if sums_in_f32 => Stage::at(single, grid, shared, share)
                .synthesize(shared, operation, fields, spectra, values, hook, deliver),
            Arrays::F32(spectra, values) => Stage::at(double, grid, shared, share)
                .synthesize(shared, operation, fields, spectra, values, hook, deliver),
        }
    }

    /// Grid fields to spectra, whose lengths the caller has checked. Whether what others need was delivered.
    pub(super) fn analyze(
        &mut self,
        operation: Operation,
        fields: usize,
        arrays: Arrays<'_>,
        deliver: &mut dyn Deliver,
    ) -> Result<bool> {
        let sums_in_f32 = self.sums_in_f32(operation, fields);
        let Self { grid, shared, share, double, single } = self;
        let share = share.as_ref();
        match arrays {
            Arrays::F64(values, spectra) => Stage::at(double, grid, shared, share)
                .analyze(shared, operation, fields, values, spectra, deliver),
            Arrays::F32(values, spectra) if sums_in_f32 => Stage::at(single, grid, shared, share)
                .analyze(shared, operation, fields, values, spectra, deliver),
            Arrays::F32(values, spectra) => Stage::at(double, grid, shared, share)
                .analyze(shared, operation, fields, values, spectra, deliver),
        }
    }

    /// Of fields in f32: few columns are faster in f64, whose sums need no panels; the resampling needs the accuracy.
    fn sums_in_f32(&self, operation: Operation, fields: usize) -> bool {
        let is_resampled = operation.quadrature == Quadrature::Weighted && self.shared.resampled.is_some();
        fields * operation.form.components() >= narrowest_wide::<f32>() && !is_resampled
    }
}
