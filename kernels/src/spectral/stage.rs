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
use super::fourier::{RingHook, RingTransforms, Waves};
use super::lanes::{Lane, Line};
use super::latitudes::Legendre;
use super::narrow::Carried;
use super::operation::{Operation, Quadrature};
use super::parcels::{Arrived, Deliver, RingSide, WaveSide};
use super::partition::{Pool, for_each_chunk, for_each_with_parts};
use super::resampling::Resampling;
use super::ring_factor::Factor;
use super::shares::Share;
use super::sums::{Coefficients, Scratch, Sums};
use crate::device::Device;
use crate::grid::Grid;
use crate::{Error, Real, Result};

/// Columns (fields, or components of vector fields) that are transformed together.
pub(super) const COLUMNS: usize = 48;

/// What is the same in any precision.
pub(super) struct Shared {
    pub(super) truncation: Truncation,
    /// The wavenumbers that are summed here, ascending; where no other is told from them, they are counted by their place.
    pub(super) wavenumbers: Vec<usize>,
    /// Whether other ranks have others.
    pub(super) is_part: bool,
    pub(super) arch: Arch,
    pub(super) carried: Carried,
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
    /// Fourier coefficients, by wave or by line, where all are here.
    store: Vec<Line>,
    /// The way between those of wavenumbers and of rings, where ranks share them.
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
        let ring_side = share.map(|share| {
            let all_lines = blocks * W::BLOCK_LINES;
            RingSide::new::<W>(share, rings.first_line(), rings.lines(), all_lines)
        });
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
        let Self { layout, store, .. } = self;
        // Where ranks share a transform, coefficients are in memory of the exchange.
        let lines = if self.ring_side.is_some() { 0 } else { layout.len(columns) };
        if store.len() < lines {
            *store = Vec::new();
            *store = try_lines(lines).ok_or_else(|| Error::OutOfMemory {
                device: Device::Cpu,
                requested: (lines * size_of::<Line>()) as u64,
                in_use: 0,
                reason: "no room for the workspace of a spectral transform".to_owned(),
            })?;
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
        let call = Call::new(shared, operation, fields);
        self.reserve(call.most_columns())?;
        let mut sent: Option<Range<usize>> = None;
        for portion in call.portions() {
            if !self.sum_degrees(&call, &portion, spectra, deliver) {
                return Ok(false);
            }
            if !self.is_shared() {
                self.sum_waves(&call, &portion, &mut values, hook);
                continue;
            }
            // What was sent before came while this rank summed.
            if !self.sum_sent_waves(&call, sent.take(), &mut values, deliver)
                || !self.send(WaveSide::Rings, call.columns(&portion), deliver)
            {
                return Ok(false);
            }
            sent = Some(portion);
        }
        Ok(self.sum_sent_waves(&call, sent, &mut values, deliver))
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
        let call = Call::new(shared, operation, fields);
        self.reserve(call.most_columns())?;
        self.spectrum_offsets.clear();
        for group in 0..=self.layout.group_count() {
            let m = if group < self.layout.group_count() {
                self.layout.wavenumbers(group).start
            } else {
                shared.offsets.len() - 1
            };
            self.spectrum_offsets.push(fields * shared.offsets[m]);
        }
        let mut sent: Option<Range<usize>> = None;
        for portion in call.portions() {
            if !self.sum_points(&call, &portion, values, deliver) {
                return Ok(false);
            }
            if !self.is_shared() {
                self.sum_latitudes(&call, &portion, &mut spectra);
                continue;
            }
            if !self.sum_sent_latitudes(&call, sent.take(), &mut spectra, deliver)
                || !self.send(WaveSide::Wavenumbers, call.columns(&portion), deliver)
            {
                return Ok(false);
            }
            sent = Some(portion);
        }
        Ok(self.sum_sent_latitudes(&call, sent, &mut spectra, deliver))
    }

    /// Whether other ranks have a part of the coefficients.
    fn is_shared(&self) -> bool {
        self.ring_side.is_some()
    }

    /// From spectra to the Fourier coefficients of this rank's wavenumbers. Whether there was room for them.
    fn sum_degrees<R: Real>(
        &mut self,
        call: &Call<'_>,
        portion: &Range<usize>,
        spectra: [&[R]; 2],
        deliver: &mut dyn Deliver,
    ) -> bool {
        let Self { layout, store, ring_side, scratch, offsets, columns: reserved, seconds, .. } = self;
        let sums = call.sums(layout, portion);
        offsets.clear();
        offsets.extend(layout.group_offsets(sums.columns));
        let on_group = |group: usize, [part]: [&mut [Line]; 1]| {
            scratch.with(
                || Scratch::new(call.shared, *reserved),
                |scratch| {
                    for m in layout.wavenumbers(group) {
                        sums.synthesize(group, m, spectra, scratch, part);
                    }
                },
            );
        };
        let sum = |coefficients: &mut [Line]| {
            Device::Cpu.within(|| {
                for_each_with_parts(layout.group_count(), [coefficients], offsets, &on_group);
            });
        };
        let mut place =
            Place { store, ring_side, layout, to: WaveSide::Rings, columns: sums.columns, deliver };
        place.write::<W>(&mut seconds.legendre, &mut seconds.exchange, sum)
    }

    /// From Fourier coefficients that are all here to the grid.
    fn sum_waves<R: Real>(
        &mut self,
        call: &Call<'_>,
        portion: &Range<usize>,
        values: &mut [&mut [R]; 2],
        hook: Option<&FourierHook>,
    ) {
        let Self { rings, layout, store, seconds, .. } = self;
        let waves = Waves::Here { layout, columns: call.columns(portion), lines: store };
        seconds.fourier += call.on_rings(rings, waves, portion, values, hook);
    }

    /// From the Fourier coefficients that ranks have sent to this rank's rings, if there are, to the grid. Whether they came.
    fn sum_sent_waves<R: Real>(
        &mut self,
        call: &Call<'_>,
        portion: Option<Range<usize>>,
        values: &mut [&mut [R]; 2],
        deliver: &mut dyn Deliver,
    ) -> bool {
        let Self { rings, layout, ring_side, seconds, .. } = self;
        let (Some(side), Some(portion)) = (ring_side, portion) else { return true };
        let (started, columns) = (Instant::now(), call.columns(&portion));
        let mut fourier = 0.0;
        let came = side.receive::<W>(layout, WaveSide::Rings, columns, deliver, &mut |arrived| {
            fourier = call.on_rings(rings, Waves::Shared(arrived), &portion, values, None);
        });
        seconds.fourier += fourier;
        seconds.exchange += started.elapsed().as_secs_f64() - fourier;
        came
    }

    /// From the grid to the Fourier coefficients of this rank's rings. Whether there was room for them.
    fn sum_points<R: Real>(
        &mut self,
        call: &Call<'_>,
        portion: &Range<usize>,
        values: [&[R]; 2],
        deliver: &mut dyn Deliver,
    ) -> bool {
        let Self { rings, layout, store, ring_side, offsets, seconds, .. } = self;
        let on_rings = ring_side.as_ref().map_or(&*layout, |side| &side.layout);
        let (points, columns) = (rings.points(), call.columns(portion));
        let mut inputs: [&[R]; COLUMNS] = [&[]; COLUMNS];
        for (column, input) in inputs[..columns].iter_mut().enumerate() {
            let field = portion.start + column % portion.len();
            *input = &values[column / portion.len()][field * points..(field + 1) * points];
        }
        offsets.clear();
        offsets.extend(on_rings.line_offsets(columns));
        let factor = Factor::of_analysis(call.operation, call.resampling.is_some());
        let inputs = &inputs[..columns];
        let sum = |coefficients: &mut [Line]| {
            Device::Cpu.within(|| rings.analyze(on_rings, coefficients, offsets, factor, inputs));
        };
        let mut place = Place { store, ring_side, layout, to: WaveSide::Wavenumbers, columns, deliver };
        place.write::<W>(&mut seconds.fourier, &mut seconds.exchange, sum)
    }

    /// From Fourier coefficients that are all here to spectra.
    fn sum_latitudes<R: Real, const I: usize>(
        &mut self,
        call: &Call<'_>,
        portion: &Range<usize>,
        spectra: &mut [&mut [R]; I],
    ) {
        let Self { layout, store, scratch, spectrum_offsets: offsets, columns, seconds, .. } = self;
        let rows = Rows { layout, scratch, columns: *columns, offsets };
        seconds.legendre += call.to_spectra(rows, Latitudes::Here(store), portion, spectra);
    }

    /// From the Fourier coefficients that ranks have sent of this rank's wavenumbers, if there are, to spectra. Whether they came.
    fn sum_sent_latitudes<R: Real, const I: usize>(
        &mut self,
        call: &Call<'_>,
        portion: Option<Range<usize>>,
        spectra: &mut [&mut [R]; I],
        deliver: &mut dyn Deliver,
    ) -> bool {
        let Self { layout, ring_side, scratch, spectrum_offsets: offsets, columns, seconds, .. } = self;
        let (Some(side), Some(portion)) = (ring_side, portion) else { return true };
        let started = Instant::now();
        let mut legendre = 0.0;
        let came = side.receive::<W>(
            layout,
            WaveSide::Wavenumbers,
            call.columns(&portion),
            deliver,
            &mut |arrived| {
                let rows = Rows { layout, scratch, columns: *columns, offsets };
                legendre = call.to_spectra(rows, Latitudes::Shared(arrived), &portion, spectra);
            },
        );
        seconds.legendre += legendre;
        seconds.exchange += started.elapsed().as_secs_f64() - legendre;
        came
    }

    /// Sends what was summed to the owners of rings or of wavenumbers. Whether it could.
    fn send(&mut self, to: WaveSide, columns: usize, deliver: &mut dyn Deliver) -> bool {
        let Self { layout, ring_side, seconds, .. } = self;
        let Some(side) = ring_side else { return true };
        let started = Instant::now();
        let could = match to {
            WaveSide::Rings => side.send_to_rings::<W>(layout, columns, deliver),
            WaveSide::Wavenumbers => side.send_to_wavenumbers::<W>(columns, deliver),
        };
        seconds.exchange += started.elapsed().as_secs_f64();
        could
    }
}

/// Where coefficients are written.
struct Place<'a> {
    /// Where all are here.
    store: &'a mut [Line],
    /// Where ranks share them.
    ring_side: &'a Option<RingSide>,
    /// Of this rank's wavenumbers.
    layout: &'a Layout,
    to: WaveSide,
    columns: usize,
    deliver: &'a mut dyn Deliver,
}

impl Place<'_> {
    /// Has them summed, and adds the seconds of that and of finding room to those of the stages. Whether there was room.
    fn write<W: Lane>(
        &mut self,
        summing: &mut f64,
        finding_room: &mut f64,
        sum: impl Fn(&mut [Line]),
    ) -> bool {
        let Self { store, ring_side, layout, to, columns, deliver } = self;
        let (started, mut seconds) = (Instant::now(), 0.0);
        let mut sum = |coefficients: &mut [Line]| {
            let started = Instant::now();
            sum(coefficients);
            seconds = started.elapsed().as_secs_f64();
        };
        let had_room = match ring_side {
            Some(side) => side.write::<W>(layout, *to, *columns, &mut **deliver, &mut sum),
            None => {
                sum(&mut store[..layout.len(*columns)]);
                true
            }
        };
        *summing += seconds;
        *finding_room += started.elapsed().as_secs_f64() - seconds;
        had_room
    }
}

/// Where the coefficients of this rank's wavenumbers are found.
enum Latitudes<'a, W> {
    /// On all rings, by line.
    Here(&'a [Line]),
    /// On own rings and those of other ranks.
    Shared(Arrived<'a, W>),
}

/// What sums over latitudes need.
struct Rows<'a, W> {
    layout: &'a Layout,
    scratch: &'a Pool<Scratch<W>>,
    /// Columns that it is made for.
    columns: usize,
    /// Of the parts of spectra.
    offsets: &'a [usize],
}

/// One call of an operator.
struct Call<'a> {
    shared: &'a Shared,
    operation: Operation,
    fields: usize,
    resampling: Option<&'a Resampling>,
    legendre: &'a Legendre,
}

impl<'a> Call<'a> {
    fn new(shared: &'a Shared, operation: Operation, fields: usize) -> Self {
        let (resampling, legendre) = operation.latitudes(shared);
        Self { shared, operation, fields, resampling, legendre }
    }

    /// The fields in portions of about the same size, of at most [`COLUMNS`] columns.
    fn portions(&self) -> impl Iterator<Item = Range<usize>> + use<> {
        let (fields, components) = (self.fields, self.operation.form.components());
        let count = (fields * components).div_ceil(COLUMNS - COLUMNS % components);
        (0..count).map(move |i| i * fields / count..(i + 1) * fields / count)
    }

    /// Columns of a portion.
    fn columns(&self, portion: &Range<usize>) -> usize {
        self.operation.form.components() * portion.len()
    }

    /// Columns of the largest portion.
    fn most_columns(&self) -> usize {
        self.portions().map(|portion| self.columns(&portion)).max().unwrap_or(0)
    }

    /// From Fourier coefficients to the rings; seconds.
    fn on_rings<R: Real, W: Lane>(
        &self,
        rings: &RingTransforms<W>,
        waves: Waves<'_, W>,
        portion: &Range<usize>,
        values: &mut [&mut [R]; 2],
        hook: Option<&FourierHook>,
    ) -> f64 {
        let (started, points) = (Instant::now(), rings.points());
        let factor = Factor::of_synthesis(self.operation, self.resampling.is_some());
        for (c, values) in values.iter_mut().take(self.operation.form.components()).enumerate() {
            let values = &mut values[portion.start * points..portion.end * points];
            let together = rings.together(portion.len()).filter(|_| hook.is_none());
            let on_field = |slot: usize, values: &mut [R]| {
                let (column, field) = (c * portion.len() + slot, portion.start + slot);
                let on_ring = hook.map(|hook| {
                    move |ring: usize, coefficients: &mut [[f64; 2]]| {
                        hook(FourierRow { component: c, field, ring, coefficients });
                    }
                });
                let on_ring = on_ring.as_ref().map(|on_ring| on_ring as RingHook<'_>);
                rings.synthesize(waves, column, factor, on_ring, values);
            };
            Device::Cpu.within(|| {
                let Some(firsts) = together else { return for_each_chunk(values, points, &on_field) };
                for first in firsts {
                    let behind = portion.len().min(first + W::LANES);
                    let values = &mut values[first * points..behind * points];
                    let column = c * portion.len() + first;
                    match W::LANES {
                        8 => rings.synthesize_together::<R, 8>(waves, column, factor, values),
                        _ => rings.synthesize_together::<R, 16>(waves, column, factor, values),
                    }
                }
            });
        }
        started.elapsed().as_secs_f64()
    }

    /// From Fourier coefficients to spectra; seconds.
    fn to_spectra<R: Real, W: Lane, const I: usize>(
        &self,
        rows: Rows<'_, W>,
        waves: Latitudes<'_, W>,
        portion: &Range<usize>,
        spectra: &mut [&mut [R]; I],
    ) -> f64 {
        let started = Instant::now();
        let Self { shared, fields, .. } = *self;
        let Rows { layout, scratch, columns, offsets } = rows;
        let sums = self.sums(layout, portion);
        let on_group = |group: usize, parts: [&mut [R]; I]| {
            let wavenumbers = layout.wavenumbers(group);
            let of_group = |scratch: &mut Scratch<W>| {
                let mut rest = parts;
                if let Latitudes::Here(lines) = waves {
                    sums.gather(wavenumbers.clone(), lines, scratch);
                }
                for m in wavenumbers.clone() {
                    let len = fields * (shared.offsets[m + 1] - shared.offsets[m]);
                    let mut split = rest.map(|part| part.split_at_mut(len));
                    let parts = split.each_mut().map(|(part, _)| std::mem::take(part));
                    rest = split.map(|(_, rest)| rest);
                    let from = match &waves {
                        Latitudes::Here(lines) => Coefficients::ByLine { first: wavenumbers.start, lines },
                        Latitudes::Shared(arrived) => {
                            arrived.gather_wave(m, scratch.of_wavenumber());
                            Coefficients::Gathered
                        }
                    };
                    sums.analyze(m, from, scratch, parts);
                }
            };
            scratch.with(|| Scratch::new(shared, columns), of_group);
        };
        let spectra = spectra.each_mut().map(|spectrum| &mut **spectrum);
        Device::Cpu.within(|| for_each_with_parts(layout.group_count(), spectra, offsets, &on_group));
        started.elapsed().as_secs_f64()
    }

    fn sums<'l>(&self, layout: &'l Layout, portion: &Range<usize>) -> Sums<'l>
    where
        'a: 'l,
    {
        let Self { shared, operation, fields, resampling, legendre } = *self;
        let columns = self.columns(portion);
        Sums { shared, operation, resampling, legendre, layout, columns, fields, portion: portion.clone() }
    }
}
