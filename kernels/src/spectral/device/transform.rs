//! The operators, their inverses and adjoints as sequences of launches.

use std::any::Any;
use std::ops::Range;

use super::form::{rows_from_spectra, spectra_from_rows};
use super::fourier::{grid_from_lines, lines_from_grid, lines_from_waves, waves_from_lines};
use super::legendre::{legendre_analysis, legendre_synthesis};
use super::parcels::Ways;
use super::resampling::{Resampling, resample, resample_transposed};
use super::rings::Rings;
use super::tables::{Latitudes, Rows};
use super::turns::{turn_waves, turns};
use super::workspace::Workspace;
use crate::constants::EARTH_RADIUS;
use crate::device::{Buffer, Device};
use crate::grid::Grid;
use crate::spectral::lanes::Lane;
use crate::spectral::latitudes::Legendre;
use crate::spectral::operation::{Operation, Quadrature};
use crate::spectral::resampling_matrices::ResamplingMatrices;
use crate::spectral::ring_factor::{Factor, sines_and_cosines};
use crate::spectral::shares::Share;
use crate::spectral::{Truncation, WaveSide, expect, expect_radius};
use crate::{Precision, Real, Result};

/// Transforms between spectra and grid fields in the memory of one device, with their adjoints.
///
/// Shapes, units, conventions and the meaning of an adjoint are those of the transform on the CPU. Calls enqueue work and
/// return. Workspace is kept for the last two numbers of columns, those of scalars and of winds with as many fields, so that
/// further calls with as many allocate nothing.
///
/// Errors: `DeviceMismatch` and `LengthMismatch` for a buffer elsewhere or of another length,
/// `BufferTooLarge` and `OutOfMemory` where tables or workspace do not fit.
pub(in crate::spectral) struct DeviceTransform<R: Real> {
    pub(super) device: Device,
    pub(super) grid: Grid,
    pub(super) truncation: Truncation,
    pub(super) radius: f64,
    pub(super) rows: Rows<R>,
    pub(super) latitudes: Latitudes<R>,
    pub(super) rings: Rings<R>,
    /// Those that are summed here.
    pub(super) wavenumbers: Vec<usize>,
    /// Those that are transformed here, and the number of their points.
    pairs: Range<usize>,
    points: usize,
    /// To and from other ranks, where there are any.
    pub(super) ways: Option<Ways>,
    /// Where the quadrature of the grid's own rings is not exact.
    pub(super) resampled: Option<(Resampling<R>, Latitudes<R>)>,
    /// Phases of rings that do not begin at 0°E.
    pub(super) turns: Option<Buffer<R>>,
    /// Factors of waves [pair][2], as they are first asked for.
    pub(super) factors: Vec<(Factor, Buffer<R>)>,
    /// Those last used, at most [`WORKSPACES`], the latest last.
    pub(super) workspaces: Vec<Workspace<R>>,
}

/// An array with its name in errors.
pub(in crate::spectral) type Input<'a, R> = (&'static str, &'a Buffer<R>);
pub(in crate::spectral) type Output<'a, R> = (&'static str, &'a mut Buffer<R>);

/// A transform on a device, without its code: that is compiled once, with this crate, and not anew in each crate that makes a
/// transform.
pub(in crate::spectral) trait DeviceEngine<R: Real>: Send + Sync {
    fn grid(&self) -> &Grid;
    fn truncation(&self) -> Truncation;
    /// Of the sphere \[m\].
    fn radius(&self) -> f64;
    /// An error unless it is positive and finite.
    fn set_radius(&mut self, radius: f64) -> Result<()>;
    /// Spectra to rows, waves, lines and grid fields. Where parcels are not delivered, whoever does that knows why.
    fn synthesize(
        &mut self,
        operation: Operation,
        fields: usize,
        spectra: &[Input<'_, R>],
        values: &mut [Output<'_, R>],
        deliver: Deliver<'_, R>,
    ) -> Result<()>;
    /// Grid fields to lines, waves, rows and spectra.
    fn analyze(
        &mut self,
        operation: Operation,
        fields: usize,
        values: &[Input<'_, R>],
        spectra: &mut [Output<'_, R>],
        deliver: Deliver<'_, R>,
    ) -> Result<()>;
}

/// Brings parcels to other ranks, where there are any: takes those that leave and room for those that come, and gives both back, or nothing
/// if that went wrong.
pub(in crate::spectral) type Deliver<'a, R> =
    &'a mut dyn FnMut(WaveSide, [Buffer<R>; 2]) -> Option<[Buffer<R>; 2]>;

/// A [`DeviceTransform`] for fields in R, whole or a rank's part.
pub(in crate::spectral) fn device_engine<R: Real>(
    grid: &Grid,
    truncation: Truncation,
    share: Option<Share>,
    device: Device,
) -> Result<Box<dyn DeviceEngine<R>>> {
    let engine: Box<dyn Any> = match R::PRECISION {
        Precision::F32 => Box::new(single_engine(grid, truncation, share, device)?),
        Precision::F64 => Box::new(double_engine(grid, truncation, share, device)?),
    };
    Ok(*engine.downcast().expect("the engine of R's precision"))
}

#[inline(never)]
fn single_engine(
    grid: &Grid,
    truncation: Truncation,
    share: Option<Share>,
    device: Device,
) -> Result<Box<dyn DeviceEngine<f32>>> {
    Ok(Box::new(DeviceTransform::new(grid, truncation, share, device)?))
}

#[inline(never)]
fn double_engine(
    grid: &Grid,
    truncation: Truncation,
    share: Option<Share>,
    device: Device,
) -> Result<Box<dyn DeviceEngine<f64>>> {
    Ok(Box::new(DeviceTransform::new(grid, truncation, share, device)?))
}

impl<R: Real> DeviceEngine<R> for DeviceTransform<R> {
    fn set_radius(&mut self, radius: f64) -> Result<()> {
        self.radius = expect_radius(radius)?;
        Ok(())
    }

    fn grid(&self) -> &Grid {
        &self.grid
    }

    fn truncation(&self) -> Truncation {
        self.truncation
    }

    fn radius(&self) -> f64 {
        self.radius
    }

    fn synthesize(
        &mut self,
        operation: Operation,
        fields: usize,
        spectra: &[Input<'_, R>],
        values: &mut [Output<'_, R>],
        deliver: Deliver<'_, R>,
    ) -> Result<()> {
        for (name, spectrum) in spectra {
            expect(name, self.device, 2 * fields * self.coefficients(), spectrum)?;
        }
        for (name, values) in &*values {
            expect(name, self.device, fields * self.points, values)?;
        }
        if fields == 0 {
            return Ok(());
        }
        let Operation { form, .. } = operation;
        let columns = fields * form.components();
        let factor = self.factor_place(Factor::of_synthesis(operation, self.resampled.is_some()))?;
        let mut workspace = self.take_workspace(columns)?;
        let Workspace { rows, waves, resampled: there, turned, on_rings, parcels, smooth, convolved, .. } =
            &mut workspace;
        rows_from_spectra::launch(
            [self.rows.count as u32, 2, columns as u32],
            fields as u32,
            self.truncation.total() as u32,
            form as u32,
            R::from_f64(operation.scale),
            u32::from(operation.inverts_laplacian),
            &self.rows.wave,
            &self.rows.zonal,
            &self.rows.first,
            &self.rows.amplitudes,
            spectra[0].1,
            spectra[spectra.len() - 1].1,
            rows,
        )?;
        match &self.resampled {
            Some((resampling, latitudes)) if operation.quadrature == Quadrature::Weighted => {
                self.waves_from_rows(latitudes, columns, rows, there)?;
                resample_transposed::launch(
                    [self.wavenumbers.len() as u32, columns as u32, self.latitudes.pairs as u32, 4],
                    columns as u32,
                    resampling.targets as u32,
                    self.latitudes.pairs as u32,
                    form.power() as u32,
                    &resampling.matrices,
                    &resampling.factors[form.power()],
                    there,
                    waves,
                )?;
            }
            _ => self.waves_from_rows(&self.latitudes, columns, rows, waves)?,
        }
        let waves = if self.ways.is_some() {
            if !self.exchange(WaveSide::Rings, columns, waves, on_rings, parcels, deliver)? {
                return Ok(());
            }
            &*on_rings
        } else {
            self.turn(1.0, columns, waves, turned)?
        };
        self.transform_lines([&mut *smooth, &mut *convolved], 1.0, columns, |set, [re, im]| {
            lines_from_waves::launch(
                [columns as u32, set.elements as u32],
                columns as u32,
                self.rings.pair_count as u32,
                &set.pair_of,
                &self.rings.pairs,
                &self.rings.chirps,
                &self.factors[factor].1,
                waves,
                re,
                im,
            )
        })?;
        for (component, (_, values)) in values.iter_mut().enumerate() {
            grid_from_lines::launch(
                [fields as u32, self.points as u32],
                (component * fields) as u32,
                self.rings.smooth.elements as u32,
                self.rings.convolved.elements as u32,
                &self.rings.pair_of_point,
                &self.rings.pairs,
                &self.rings.chirps,
                &smooth.now[0],
                &smooth.now[1],
                &convolved.now[0],
                &convolved.now[1],
                values,
            )?;
        }
        self.workspaces.push(workspace);
        Ok(())
    }

    fn analyze(
        &mut self,
        operation: Operation,
        fields: usize,
        values: &[Input<'_, R>],
        spectra: &mut [Output<'_, R>],
        deliver: Deliver<'_, R>,
    ) -> Result<()> {
        for (name, values) in values {
            expect(name, self.device, fields * self.points, values)?;
        }
        for (name, spectrum) in &*spectra {
            expect(name, self.device, 2 * fields * self.coefficients(), spectrum)?;
        }
        if fields == 0 {
            return Ok(());
        }
        let Operation { form, .. } = operation;
        let columns = fields * form.components();
        let factor = self.factor_place(Factor::of_analysis(operation, self.resampled.is_some()))?;
        let mut workspace = self.take_workspace(columns)?;
        let Workspace { rows, waves, resampled: there, turned, on_rings, parcels, smooth, convolved, .. } =
            &mut workspace;
        self.transform_lines([&mut *smooth, &mut *convolved], -1.0, columns, |set, [re, im]| {
            lines_from_grid::launch(
                [columns as u32, set.elements as u32],
                fields as u32,
                self.points as u32,
                &set.pair_of,
                &self.rings.pairs,
                &self.rings.chirps,
                values[0].1,
                values[values.len() - 1].1,
                re,
                im,
            )
        })?;
        let wavenumbers = self.truncation.total() as u32 + 1;
        waves_from_lines::launch(
            [wavenumbers, columns as u32, self.rings.pair_count as u32, 4],
            self.rings.smooth.elements as u32,
            self.rings.convolved.elements as u32,
            &self.rings.pairs,
            &self.rings.chirps,
            &self.factors[factor].1,
            &smooth.now[0],
            &smooth.now[1],
            &convolved.now[0],
            &convolved.now[1],
            match (&self.ways, &self.turns) {
                (Some(_), _) => &mut *on_rings,
                (None, Some(_)) => &mut *turned,
                (None, None) => &mut *waves,
            },
        )?;
        let waves = if self.ways.is_some() {
            if !self.exchange(WaveSide::Wavenumbers, columns, on_rings, waves, parcels, deliver)? {
                return Ok(());
            }
            &*waves
        } else if self.turns.is_some() {
            self.turn(-1.0, columns, turned, waves)?
        } else {
            &*waves
        };
        match &self.resampled {
            Some((resampling, latitudes)) if operation.quadrature == Quadrature::Weighted => {
                resample::launch(
                    [wavenumbers, columns as u32, resampling.targets as u32, 4],
                    columns as u32,
                    resampling.targets as u32,
                    self.latitudes.pairs as u32,
                    form.power() as u32,
                    &resampling.matrices,
                    &resampling.factors[form.power()],
                    waves,
                    there,
                )?;
                self.rows_from_waves(latitudes, columns, there, rows)?;
            }
            _ => self.rows_from_waves(&self.latitudes, columns, waves, rows)?,
        }
        for (input, (_, spectrum)) in spectra.iter_mut().enumerate() {
            spectra_from_rows::launch(
                [self.coefficients() as u32, 2, fields as u32],
                fields as u32,
                input as u32,
                form as u32,
                R::from_f64(operation.scale),
                u32::from(operation.inverts_laplacian),
                &self.rows.wave_of_coefficient,
                &self.rows.zonal,
                &self.rows.first,
                &self.rows.amplitudes,
                rows,
                spectrum,
            )?;
        }
        self.workspaces.push(workspace);
        Ok(())
    }
}

impl<R: Real> DeviceTransform<R> {
    /// A plan for a sphere of [`EARTH_RADIUS`], of the whole or of a rank's share of a Gaussian grid; an error naming the largest truncation
    /// where the grid cannot carry this one.
    pub(in crate::spectral) fn new(
        grid: &Grid,
        truncation: Truncation,
        share: Option<Share>,
        device: Device,
    ) -> Result<Self> {
        truncation.check_on(grid)?;
        let total = truncation.total();
        let northern = &grid.rings()[..grid.rings().len().div_ceil(2)];
        let (sines, cosines) = sines_and_cosines(northern);
        let (wavenumbers, pairs, points) = match &share {
            None => ((0..=total).collect(), 0..northern.len(), grid.points()),
            Some(share) => (share.wavenumbers().to_vec(), share.pairs(), share.all.points(share.rank)),
        };
        let legendre = Legendre::of_grid(grid, truncation, &wavenumbers, f64::MATTERS);
        let resampled = match ResamplingMatrices::where_needed(grid, total) {
            None => None,
            Some(matrices) => {
                let (sines, cosines) = (&matrices.gaussian.sines, &matrices.gaussian.cosines);
                let first_block = vec![0; wavenumbers.len()];
                let legendre = Legendre::new(sines, cosines, &wavenumbers, total, f64::MATTERS, first_block);
                let latitudes = Latitudes::new(&legendre, &wavenumbers, total, [sines, cosines], device)?;
                Some((Resampling::new(&matrices, device)?, latitudes))
            }
        };
        Ok(Self {
            device,
            grid: grid.clone(),
            truncation,
            radius: EARTH_RADIUS,
            latitudes: Latitudes::new(&legendre, &wavenumbers, total, [&sines, &cosines], device)?,
            rows: Rows::new(&legendre, &wavenumbers, total, device)?,
            rings: Rings::new(grid, truncation, pairs.clone(), device)?,
            wavenumbers,
            pairs,
            points,
            ways: share.as_ref().map(|share| Ways::new(share, device)).transpose()?,
            resampled,
            // The rings of Gaussian grids, which alone are shared, begin at 0°E.
            turns: turns(grid, total, device)?,
            factors: Vec::new(),
            workspaces: Vec::new(),
        })
    }

    /// Where a factor's values by ring stand; they are made at their first use.
    fn factor_place(&mut self, factor: Factor) -> Result<usize> {
        if let Some(place) = self.factors.iter().position(|(known, _)| *known == factor) {
            return Ok(place);
        }
        let rings = &self.grid.rings()[self.pairs.clone()];
        let values: Vec<R> = rings.iter().flat_map(|ring| factor.on(ring).map(R::from_f64)).collect();
        self.factors.push((factor, Buffer::from_slice(self.device, &values)?));
        Ok(self.factors.len() - 1)
    }

    /// Number of own coefficients.
    fn coefficients(&self) -> usize {
        self.rows.wave_of_coefficient.len()
    }

    /// Waves from one side of the ranks' exchange to the other; whether they came there.
    fn exchange(
        &self,
        to: WaveSide,
        columns: usize,
        from: &Buffer<R>,
        there: &mut Buffer<R>,
        parcels: &mut Option<[Buffer<R>; 2]>,
        deliver: Deliver<'_, R>,
    ) -> Result<bool> {
        let (Some(ways), Some([of_wavenumbers, of_rings])) = (&self.ways, parcels.take()) else {
            return Ok(false);
        };
        let order = |[one, other]: [Buffer<R>; 2]| match to {
            WaveSide::Rings => [one, other],
            WaveSide::Wavenumbers => [other, one],
        };
        let mut both = order([of_wavenumbers, of_rings]);
        ways.pack(to, columns, from, &mut both[0])?;
        let Some(both) = deliver(to, both) else { return Ok(false) };
        ways.unpack(to, columns, &both[1], from, there)?;
        *parcels = Some(order(both));
        Ok(true)
    }

    /// The waves turned by the rings' first longitudes, in `turned`, or as they are if all rings begin at 0°E.
    fn turn<'w>(
        &self,
        direction: f64,
        columns: usize,
        waves: &'w Buffer<R>,
        turned: &'w mut Buffer<R>,
    ) -> Result<&'w Buffer<R>> {
        let Some(turns) = &self.turns else { return Ok(waves) };
        let pairs = self.latitudes.pairs as u32;
        let extent = [self.truncation.total() as u32 + 1, columns as u32, pairs, 4];
        turn_waves::launch(extent, columns as u32, pairs, R::from_f64(direction), turns, waves, turned)?;
        Ok(turned)
    }

    fn waves_from_rows(
        &self,
        latitudes: &Latitudes<R>,
        columns: usize,
        rows: &Buffer<R>,
        waves: &mut Buffer<R>,
    ) -> Result<()> {
        legendre_synthesis::launch(
            [self.wavenumbers.len() as u32, columns as u32, latitudes.pairs as u32, 4],
            columns as u32,
            latitudes.pairs as u32,
            &self.rows.first,
            &self.rows.factors,
            &latitudes.arguments,
            &latitudes.start,
            &latitudes.first_pair,
            &latitudes.restarts,
            rows,
            waves,
        )
    }

    fn rows_from_waves(
        &self,
        latitudes: &Latitudes<R>,
        columns: usize,
        waves: &Buffer<R>,
        rows: &mut Buffer<R>,
    ) -> Result<()> {
        legendre_analysis::launch(
            [self.rows.count as u32, 2, columns as u32],
            columns as u32,
            latitudes.pairs as u32,
            &self.rows.wave,
            &self.rows.first,
            &self.rows.factors,
            &latitudes.arguments,
            &latitudes.start,
            &latitudes.first_pair,
            &latitudes.restarts,
            waves,
            rows,
        )
    }
}
