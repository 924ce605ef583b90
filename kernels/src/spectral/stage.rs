//! The two stages of a transform on the CPU in one precision: Legendre sums by wavenumber, Fourier transforms by line of
//! latitude pairs.
//!
//! Each wavenumber owns the Fourier coefficients it makes from a spectrum, each line of pairs those it makes from a grid, so
//! that threads share nothing that is written; every sum is added up by one thread in a fixed order, and results have the
//! same bits for any number of threads. Fields go through in portions of at most [`COLUMNS`], so that the Fourier
//! coefficients between the stages take a bounded amount of memory.

use std::ops::Range;
use std::time::Instant;

use pulp::Arch;

use super::Truncation;
use super::coefficients::{Layout, try_lines};
use super::form::FormAt;
use super::fourier::{RingHook, RingTransforms};
use super::lanes::{Lane, Line};
use super::latitudes::Legendre;
use super::operation::{Operation, Quadrature};
use super::parcels::{Deliver, RingSide};
use super::partition::{Pool, for_each_chunk, for_each_with_parts};
use super::resampling::Resampling;
use super::ring_factor::Factor;
use super::shares::Share;
use super::sums::{Scratch, Sums};
use crate::device::Device;
use crate::grid::Grid;
use crate::{Error, Real, Result};

/// Columns (fields, or components of vector fields) that are transformed together.
const COLUMNS: usize = 48;

/// What is the same in any precision.
pub(super) struct Shared {
    pub(super) truncation: Truncation,
    /// The wavenumbers that are summed here, ascending; where no other is told from them, they are counted by their place.
    pub(super) wavenumbers: Vec<usize>,
    pub(super) arch: Arch,
    pub(super) legendre: Legendre,
    /// Where the quadrature of the rings themselves does not suffice: the latitudes at which analysis integrates.
    pub(super) resampled: Option<(Resampling, Legendre)>,
    /// 1/(n(n+1)) by n, 0 at n = 0.
    pub(super) inverse_laplacian: Vec<f64>,
    /// First value of each wavenumber in the spectrum of one field, and its length.
    pub(super) offsets: Vec<usize>,
}

/// Fourier coefficients of one field on one ring, between the Legendre sums and the Fourier transform of a synthesis.
#[derive(Debug)]
pub struct FourierRow<'a> {
    /// 0, or 1 for the second of two fields of a vector: v, or the northward derivative.
    pub component: usize,
    /// Which of the fields of the call.
    pub field: usize,
    /// Which ring, from the north.
    pub ring: usize,
    /// [re, im] of m = 0, 1, ... as far as the ring carries them, in f64 whatever the precision of the fields; the field is
    /// the sum over m ≥ 0 of c_m e^{imλ}, λ from the ring's first point, with the complex conjugates for m > 0. The
    /// imaginary part of m = 0 counts as 0.
    pub coefficients: &'a mut [[f64; 2]],
}

/// What a synthesis calls for every field on every ring, from several threads and in no particular order.
pub type FourierHook = dyn Fn(FourierRow<'_>) + Send + Sync;

/// Wall-clock seconds \[s\] that a plan has spent in the stages of its operators so far.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StageSeconds {
    /// Operators in spectral space and sums over degrees or latitudes, by wavenumber.
    pub legendre: f64,
    /// Fourier transforms along the rings, with the reordering of their coefficients.
    pub fourier: f64,
    /// Packing, sending and waiting between the two, in a [`PartialTransform`](super::PartialTransform).
    pub exchange: f64,
}

impl Operation {
    /// In front of the sums of wavenumber m.
    pub(super) fn at<'a>(&self, shared: &'a Shared, m: usize) -> FormAt<'a> {
        FormAt {
            form: self.form,
            m: shared.wavenumbers[m],
            total: shared.truncation.total(),
            epsilon: &shared.legendre.recurrences[m].epsilon,
            inverse_laplacian: &shared.inverse_laplacian,
            scale: self.scale,
            inverts_laplacian: self.inverts_laplacian,
        }
    }

    /// The resampling, if this operation needs it, with the latitudes of the Legendre sums.
    fn latitudes<'a>(&self, shared: &'a Shared) -> (Option<&'a Resampling>, &'a Legendre) {
        match &shared.resampled {
            Some((resampling, legendre)) if self.quadrature == Quadrature::Weighted => {
                (Some(resampling), legendre)
            }
            _ => (None, &shared.legendre),
        }
    }
}

/// The stages in precision W, with their workspace.
pub(super) struct Stage<W: Lane> {
    rings: RingTransforms<W>,
    layout: Layout,
    /// Fourier coefficients, by wave or by line.
    store: Vec<Line>,
    /// Those of this rank's rings, where its wavenumbers are not all.
    ring_side: Option<RingSide>,
    scratch: Pool<Scratch<W>>,
    /// Columns that the workspaces are made for.
    columns: usize,
    pub(super) seconds: StageSeconds,
    /// Of the parts of the Fourier coefficients, and of the spectra.
    offsets: Vec<usize>,
    spectrum_offsets: Vec<usize>,
}

impl<W: Lane> Stage<W> {
    /// Those in `place`, made where there are none yet.
    pub(super) fn at<'a>(
        place: &'a mut Option<Box<Self>>,
        grid: &Grid,
        shared: &Shared,
        share: Option<&Share>,
    ) -> &'a mut Self {
        place.get_or_insert_with(|| Box::new(Self::new(grid, shared, share)))
    }

    fn new(grid: &Grid, shared: &Shared, share: Option<&Share>) -> Self {
        let blocks = shared.legendre.blocks.len();
        // The resampling reads every latitude.
        let layout = match shared.resampled {
            Some(_) => Layout::new::<W>(blocks, &vec![0; shared.wavenumbers.len()]),
            None => Layout::new::<W>(blocks, &shared.legendre.first_block),
        };
        let pairs = share.map_or(0..grid.rings().len().div_ceil(2), Share::pairs);
        let rings = RingTransforms::new(grid, shared.truncation, pairs);
        let ring_side = share.map(|share| RingSide::new::<W>(share, rings.first_line(), rings.lines()));
        Self {
            rings,
            layout,
            ring_side,
            store: Vec::new(),
            scratch: Pool::default(),
            columns: 0,
            seconds: StageSeconds::default(),
            offsets: Vec::new(),
            spectrum_offsets: Vec::new(),
        }
    }

    /// Makes the workspace for some columns.
    fn reserve(&mut self, columns: usize) -> Result<()> {
        let ring_side = self.ring_side.as_mut().map(|side| (&side.layout, &mut side.store));
        for (layout, store) in [(&self.layout, &mut self.store)].into_iter().chain(ring_side) {
            let lines = layout.len(columns);
            if store.len() < lines {
                *store = Vec::new();
                *store = try_lines(lines).ok_or_else(|| Error::OutOfMemory {
                    device: Device::Cpu,
                    requested: (lines * size_of::<Line>()) as u64,
                    in_use: 0,
                    reason: "no room for the workspace of a spectral transform".to_owned(),
                })?;
            }
        }
        if self.columns < columns {
            self.columns = columns;
            self.scratch = Pool::default();
        }
        Ok(())
    }

    /// Spectra of `fields` fields to their components on the grid: synthesis, or the adjoint of analysis. Whether what
    /// others need was delivered.
    pub(super) fn synthesize<R: Real>(
        &mut self,
        shared: &Shared,
        operation: Operation,
        fields: usize,
        spectra: [&[R]; 2],
        mut values: [&mut [R]; 2],
        hook: Option<&FourierHook>,
        deliver: &mut dyn Deliver,
    ) -> Result<bool> {
        let points = self.rings.points();
        let (resampling, legendre) = operation.latitudes(shared);
        let factor = Factor::of_synthesis(operation, resampling.is_some());
        let components = operation.form.components();
        for portion in portions(fields, components) {
            let columns = components * portion.len();
            self.reserve(columns)?;
            let started = Instant::now();
            let Self {
                rings, layout, store, ring_side, scratch, offsets, columns: reserved, seconds, ..
            } = self;
            offsets.clear();
            offsets.extend(layout.group_offsets(columns));
            let sums = Sums {
                shared,
                operation,
                resampling,
                legendre,
                layout,
                columns,
                fields,
                portion: portion.clone(),
            };
            let coefficients = &mut store[..layout.len(columns)];
            Device::Cpu.within(|| {
                for_each_with_parts(layout.group_count(), [coefficients], offsets, &|group, [part]| {
                    scratch.with(
                        || Scratch::new(shared, *reserved),
                        |scratch| {
                            for m in layout.wavenumbers(group) {
                                sums.synthesize(group, m, spectra, scratch, part);
                            }
                        },
                    );
                });
            });
            let summed = Instant::now();
            let (layout, store): (&Layout, &[Line]) = match ring_side {
                None => (layout, store),
                Some(side) => {
                    if !side.gather_rings::<W>(layout, store, columns, deliver) {
                        return Ok(false);
                    }
                    (&side.layout, &side.store)
                }
            };
            let delivered = Instant::now();
            for (c, values) in values.iter_mut().take(components).enumerate() {
                let values = &mut values[portion.start * points..portion.end * points];
                let on_field = |slot: usize, values: &mut [R]| {
                    let (column, field) = (c * portion.len() + slot, portion.start + slot);
                    let on_ring = hook.map(|hook| {
                        move |ring: usize, coefficients: &mut [[f64; 2]]| {
                            hook(FourierRow { component: c, field, ring, coefficients });
                        }
                    });
                    let on_ring = on_ring.as_ref().map(|on_ring| on_ring as RingHook<'_>);
                    rings.synthesize(layout, store, [columns, column], factor, on_ring, values);
                };
                Device::Cpu.within(|| for_each_chunk(values, points, &on_field));
            }
            seconds.legendre += (summed - started).as_secs_f64();
            seconds.exchange += (delivered - summed).as_secs_f64();
            seconds.fourier += delivered.elapsed().as_secs_f64();
        }
        Ok(true)
    }

    /// Components on the grid to spectra: analysis, or the adjoint of synthesis. Whether what others need was delivered.
    pub(super) fn analyze<R: Real>(
        &mut self,
        shared: &Shared,
        operation: Operation,
        fields: usize,
        values: [&[R]; 2],
        spectra: [&mut [R]; 2],
        deliver: &mut dyn Deliver,
    ) -> Result<bool> {
        let [first, second] = spectra;
        match operation.form.spectra() {
            1 => self.analyze_to(shared, operation, fields, values, [first], deliver),
            _ => self.analyze_to(shared, operation, fields, values, [first, second], deliver),
        }
    }

    fn analyze_to<R: Real, const I: usize>(
        &mut self,
        shared: &Shared,
        operation: Operation,
        fields: usize,
        values: [&[R]; 2],
        mut spectra: [&mut [R]; I],
        deliver: &mut dyn Deliver,
    ) -> Result<bool> {
        let points = self.rings.points();
        let (resampling, legendre) = operation.latitudes(shared);
        let factor = Factor::of_analysis(operation, resampling.is_some());
        let components = operation.form.components();
        self.spectrum_offsets.clear();
        for group in 0..=self.layout.group_count() {
            let m = if group < self.layout.group_count() {
                self.layout.wavenumbers(group).start
            } else {
                shared.offsets.len() - 1
            };
            self.spectrum_offsets.push(fields * shared.offsets[m]);
        }
        for portion in portions(fields, components) {
            let columns = components * portion.len();
            self.reserve(columns)?;
            let started = Instant::now();
            let Self {
                rings,
                layout,
                store,
                ring_side,
                scratch,
                offsets,
                spectrum_offsets,
                columns: reserved,
                seconds,
            } = self;
            let mut inputs: [&[R]; COLUMNS] = [&[]; COLUMNS];
            for (column, input) in inputs[..columns].iter_mut().enumerate() {
                let field = portion.start + column % portion.len();
                *input = &values[column / portion.len()][field * points..(field + 1) * points];
            }
            let mut transform = |layout: &Layout, store: &mut [Line]| {
                offsets.clear();
                offsets.extend(layout.line_offsets(columns));
                let coefficients = &mut store[..layout.len(columns)];
                let inputs = &inputs[..columns];
                Device::Cpu.within(|| rings.analyze(layout, coefficients, offsets, factor, inputs));
                Instant::now()
            };
            let transformed = match ring_side {
                None => transform(layout, store),
                Some(side) => {
                    let transformed = transform(&side.layout, &mut side.store);
                    if !side.scatter_rings::<W>(layout, store, columns, deliver) {
                        return Ok(false);
                    }
                    transformed
                }
            };
            let delivered = Instant::now();
            let store = &store[..layout.len(columns)];
            let sums = Sums { shared, operation, resampling, legendre, layout, columns, fields, portion };
            let spectra = spectra.each_mut().map(|spectrum| &mut **spectrum);
            let on_group = |group: usize, parts: [&mut [R]; I]| {
                scratch.with(
                    || Scratch::new(shared, *reserved),
                    |scratch| {
                        let mut rest = parts;
                        sums.gather(layout.wavenumbers(group), store, scratch);
                        for m in layout.wavenumbers(group) {
                            let len = fields * (shared.offsets[m + 1] - shared.offsets[m]);
                            let mut split = rest.map(|part| part.split_at_mut(len));
                            let parts = split.each_mut().map(|(part, _)| std::mem::take(part));
                            rest = split.map(|(_, rest)| rest);
                            sums.analyze(group, m, store, scratch, parts);
                        }
                    },
                );
            };
            Device::Cpu
                .within(|| for_each_with_parts(layout.group_count(), spectra, spectrum_offsets, &on_group));
            seconds.fourier += (transformed - started).as_secs_f64();
            seconds.exchange += (delivered - transformed).as_secs_f64();
            seconds.legendre += delivered.elapsed().as_secs_f64();
        }
        Ok(true)
    }
}

/// The fields in portions of about the same size, of at most [`COLUMNS`] columns.
fn portions(fields: usize, components: usize) -> impl Iterator<Item = Range<usize>> {
    let count = (fields * components).div_ceil(COLUMNS - COLUMNS % components);
    (0..count).map(move |i| i * fields / count..(i + 1) * fields / count)
}
