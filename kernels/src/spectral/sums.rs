//! The Legendre sums of one wavenumber: which kind, on which latitudes, between which arrays.

use std::marker::PhantomData;
use std::ops::Range;

use super::coefficients::{Layout, PARTS, Places, Source};
use super::lanes::{Lane, Line};
use super::latitudes::Legendre;
use super::operation::{Form, Operation};
use super::recurrence::steps;
use super::resampling::Resampling;
use super::stage::Shared;
use super::{narrow, wide};
use crate::Real;

/// What one thread needs for one wavenumber.
pub(super) struct Scratch<W> {
    /// `[n − m][2][columns]`.
    rows: Vec<W>,
    /// Scaled spectra.
    inputs: [Vec<W>; 2],
    work: Work,
}

/// What it needs between rows and Fourier coefficients.
struct Work {
    sums: SumsWork,
    /// Fourier coefficients of one wavenumber, [column][line of pairs][part]: at the latitudes of the resampling, or those that
    /// ranks have sent.
    of_wavenumber: Vec<Line>,
}

/// What it needs for the sums.
struct SumsWork {
    /// For many columns.
    wide: Option<wide::Workspace>,
    /// For few.
    narrow: Vec<Line>,
    steps: Vec<[f64; 4]>,
}

impl<W: Lane> Scratch<W> {
    pub(super) fn new(shared: &Shared, columns: usize) -> Self {
        let last = shared.truncation.total() + 1;
        let is_wide = columns >= narrowest_wide::<W>();
        let resampled = shared.resampled.as_ref().map_or(0, |(resampling, _)| resampling.lines());
        let gaussian = shared.resampled.as_ref().map_or(0, |(_, legendre)| legendre.blocks.len());
        let blocks = shared.legendre.blocks.len().max(gaussian);
        let input = || vec![W::ZERO; 2 * columns * (last + 3)];
        let sums = SumsWork {
            wide: is_wide.then(|| wide::Workspace::new::<W>(last, columns, blocks)),
            narrow: vec![Line::default(); narrow::workspace(blocks)],
            steps: vec![[0.0; 4]; steps(0, last)],
        };
        let gathered = if shared.is_part { shared.legendre.blocks.len() * W::BLOCK_LINES } else { 0 };
        let of_wavenumber = vec![Line::default(); columns * resampled.max(gathered) * PARTS];
        let rows = vec![W::ZERO; 2 * columns * (last + 1)];
        Self { rows, inputs: [input(), input()], work: Work { sums, of_wavenumber } }
    }
}

impl<W> Scratch<W> {
    /// Room for the coefficients of one wavenumber, [column][line of pairs][part].
    pub(super) fn of_wavenumber(&mut self) -> &mut [Line] {
        &mut self.work.of_wavenumber
    }
}

/// The smallest number of columns for which panels pay, measured: below, the recurrence runs beside the sums, in f64.
pub(super) fn narrowest_wide<W: Lane>() -> usize {
    if size_of::<W>() == size_of::<f64>() { 4 } else { 3 }
}

/// Where the sums over latitudes find their coefficients.
#[derive(Clone, Copy)]
pub(super) enum Coefficients<'a> {
    /// In the layout's order by line; [`Sums::gather`] was called for the wavenumbers from `first` on.
    ByLine { first: usize, lines: &'a [Line] },
    /// In [`Scratch::of_wavenumber`].
    Gathered,
}

/// The Legendre sums of a portion of fields; wavenumbers are counted in [`Shared::wavenumbers`].
pub(super) struct Sums<'a> {
    pub(super) shared: &'a Shared,
    pub(super) operation: Operation,
    pub(super) resampling: Option<&'a Resampling>,
    pub(super) legendre: &'a Legendre,
    pub(super) layout: &'a Layout,
    pub(super) columns: usize,
    pub(super) fields: usize,
    pub(super) portion: Range<usize>,
}

impl Sums<'_> {
    /// Whether a spectrum's part of one wavenumber already is what the sums read or write.
    fn is_direct<R: Real, W: Lane>(&self) -> bool {
        self.operation.form == Form::Scalar
            && R::PRECISION == W::PRECISION
            && self.portion.len() == self.fields
    }

    /// Degrees of one wavenumber.
    fn degrees(&self, m: usize) -> usize {
        self.shared.truncation.total() + self.operation.form.beyond() - self.shared.wavenumbers[m] + 1
    }

    /// From the spectra to the Fourier coefficients of wavenumber m, in its group's `part`.
    pub(super) fn synthesize<R: Real, W: Lane>(
        &self,
        group: usize,
        m: usize,
        spectra: [&[R]; 2],
        scratch: &mut Scratch<W>,
        part: &mut [Line],
    ) {
        let Self { shared, operation, columns, fields, .. } = *self;
        let of = |m: usize| fields * shared.offsets[m]..fields * shared.offsets[m + 1];
        let Scratch { rows, inputs, work } = scratch;
        let rows = if self.is_direct::<R, W>() {
            let next = if m + 1 < shared.wavenumbers.len() { of(m + 1) } else { 0..0 };
            [of(m), next].map(|part| bytemuck::cast_slice(&spectra[0][part]))
        } else {
            let rows = &mut rows[..self.degrees(m) * 2 * columns];
            let spectra = spectra.map(|spectrum| &spectrum[of(m)]);
            operation.at(shared, m).apply(spectra, fields, self.portion.clone(), inputs, rows);
            [&*rows, &[]]
        };
        self.waves_from_rows(group, m, rows, work, part);
    }

    /// From rows, and with those of the wavenumber that comes next, if they are there already, to the Fourier coefficients of wavenumber m.
    fn waves_from_rows<W: Lane>(
        &self,
        group: usize,
        m: usize,
        rows: [&[W]; 2],
        work: &mut Work,
        part: &mut [Line],
    ) {
        let Self { shared, operation, columns, layout, .. } = *self;
        let places = layout.within_group(group, m);
        let Some(resampling) = self.resampling else {
            return self.sum_degrees(m, rows, &mut work.sums, places, part);
        };
        let lines = resampling.lines();
        let (per_column, per_line) = (lines * PARTS, PARTS);
        let at_gaussian = Places { first: 0, first_line: 0, per_column, per_line };
        self.sum_degrees(m, rows, &mut work.sums, at_gaussian, &mut work.of_wavenumber);
        for (column, input) in work.of_wavenumber.chunks_exact(lines * PARTS).take(columns).enumerate() {
            resampling.apply_transposed(shared.arch, operation.form.power(), m, input, places, column, part);
        }
    }

    /// The sums over the degrees at the latitudes themselves.
    fn sum_degrees<W: Lane>(
        &self,
        m: usize,
        [rows, next_rows]: [&[W]; 2],
        work: &mut SumsWork,
        places: Places,
        output: &mut [Line],
    ) {
        let Self { shared, legendre, columns, .. } = *self;
        if let Some(workspace) = work.wide.as_mut().filter(|_| self.is_wide::<W>()) {
            let workspace = &mut *workspace;
            return shared.arch.dispatch(wide::Synthesis {
                legendre,
                m,
                rows,
                columns,
                next_rows,
                workspace,
                places,
                output,
            });
        }
        let count = steps(m, m + self.degrees(m) - 1);
        for column in 0..columns {
            shared.arch.dispatch(narrow::Synthesis {
                carried: shared.carried,
                asks: self.layout.are_many(columns),
                legendre,
                m,
                rows: bytemuck::cast_slice(rows),
                columns,
                column,
                next_rows: bytemuck::cast_slice(next_rows),
                steps: &mut work.steps[..count],
                places,
                output: &mut *output,
            });
        }
    }

    /// Whether panels are made, rather than sums beside the recurrence.
    fn is_wide<W: Lane>(&self) -> bool {
        self.columns >= narrowest_wide::<W>()
    }

    /// Prepares the Fourier coefficients of a group of wavenumbers, if panels are made at the grid's own latitudes.
    pub(super) fn gather<W: Lane>(
        &self,
        wavenumbers: Range<usize>,
        store: &[Line],
        scratch: &mut Scratch<W>,
    ) {
        if self.resampling.is_none() {
            self.gather_from::<W>(wavenumbers, self.by_line(store), &mut scratch.work.sums);
        }
    }

    fn by_line<'s>(&'s self, lines: &'s [Line]) -> Source<'s> {
        Source::ByLine { layout: self.layout, columns: self.columns, lines }
    }

    /// Does nothing where no panels are made.
    fn gather_from<W: Lane>(&self, wavenumbers: Range<usize>, source: Source<'_>, work: &mut SumsWork) {
        let Self { shared, legendre, columns, .. } = *self;
        let Some(workspace) = work.wide.as_mut().filter(|_| self.is_wide::<W>()) else { return };
        let precision = PhantomData::<W>;
        shared.arch.dispatch(wide::Gather { legendre, wavenumbers, source, columns, workspace, precision });
    }

    /// From the Fourier coefficients to the parts of wavenumber m of the spectra.
    pub(super) fn analyze<R: Real, W: Lane, const I: usize>(
        &self,
        m: usize,
        from: Coefficients<'_>,
        scratch: &mut Scratch<W>,
        spectra: [&mut [R]; I],
    ) {
        let Self { shared, operation, fields, .. } = *self;
        let Scratch { rows, work, .. } = scratch;
        if self.is_direct::<R, W>() {
            return self.rows_from_waves(m, from, work, bytemuck::cast_slice_mut::<R, W>(&mut *spectra[0]));
        }
        let rows = &mut rows[..self.degrees(m) * 2 * self.columns];
        self.rows_from_waves(m, from, work, rows);
        operation.at(shared, m).transpose(rows, fields, self.portion.clone(), spectra);
    }

    /// From the Fourier coefficients to the rows of wavenumber m.
    fn rows_from_waves<W: Lane>(&self, m: usize, from: Coefficients<'_>, work: &mut Work, rows: &mut [W]) {
        let Self { shared, operation, columns, .. } = *self;
        let line_count = match (from, self.resampling) {
            (Coefficients::ByLine { first, lines }, None) => {
                return self.sum_latitudes(m, m - first, self.by_line(lines), &mut work.sums, rows);
            }
            (Coefficients::ByLine { lines, .. }, Some(resampling)) => {
                let (store, count) = (self.by_line(lines), resampling.lines());
                let outputs = work.of_wavenumber.chunks_exact_mut(count * PARTS);
                for (column, output) in outputs.take(columns).enumerate() {
                    resampling.apply(shared.arch, operation.form.power(), m, store, column, output);
                }
                count
            }
            (Coefficients::Gathered, _) => self.lines::<W>(),
        };
        let source = Source::OfWavenumber { line_count, lines: &work.of_wavenumber };
        self.gather_from::<W>(m..m + 1, source, &mut work.sums);
        self.sum_latitudes(m, 0, source, &mut work.sums, rows);
    }

    /// Lines of pairs that the sums run over.
    fn lines<W: Lane>(&self) -> usize {
        self.legendre.blocks.len() * W::BLOCK_LINES
    }

    /// The sums over the latitudes, of wavenumber number `wave` of those that were gathered.
    fn sum_latitudes<W: Lane>(
        &self,
        m: usize,
        wave: usize,
        source: Source<'_>,
        work: &mut SumsWork,
        rows: &mut [W],
    ) {
        let Self { shared, legendre, columns, .. } = *self;
        if let Some(workspace) = work.wide.as_mut().filter(|_| self.is_wide::<W>()) {
            let workspace = &mut *workspace;
            return shared.arch.dispatch(wide::Analysis { legendre, m, wave, workspace, rows, columns });
        }
        let count = steps(m, m + self.degrees(m) - 1);
        for column in 0..columns {
            shared.arch.dispatch(narrow::Analysis {
                asks: self.layout.are_many(columns),
                legendre,
                m,
                source,
                workspace: &mut work.narrow,
                steps: &mut work.steps[..count],
                rows: bytemuck::cast_slice_mut(&mut *rows),
                columns,
                column,
            });
        }
    }
}
