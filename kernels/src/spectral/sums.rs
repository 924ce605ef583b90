//! The Legendre sums of one wavenumber: which kind, on which latitudes, between which arrays.

use std::marker::PhantomData;
use std::ops::Range;

use super::coefficients::{Layout, PARTS};
use super::form::Form;
use super::lanes::{Lane, Line};
use super::latitudes::Legendre;
use super::recurrence::steps;
use super::resampling::Resampling;
use super::stage::{Operation, Shared};
use super::{narrow, wide};
use crate::Real;

/// What one thread needs for one wavenumber.
pub(super) struct Scratch<W> {
    /// `[n − m][2][columns]`.
    pub(super) rows: Vec<W>,
    /// Scaled spectra.
    pub(super) inputs: [Vec<W>; 2],
    pub(super) wide: Option<wide::Workspace>,
    pub(super) steps: Vec<[f64; 4]>,
    pub(super) narrow: Vec<Line>,
    /// Fourier coefficients at the latitudes of the resampling, [column][line of pairs][part].
    pub(super) resampled: Vec<Line>,
}

impl<W: Lane> Scratch<W> {
    pub(super) fn new(shared: &Shared, columns: usize) -> Self {
        let last = shared.truncation.total() + 1;
        let count = steps(0, last);
        let is_wide = columns >= narrowest_wide::<W>();
        let resampled = shared.resampled.as_ref().map_or(0, |(resampling, _)| resampling.lines());
        let gaussian = shared.resampled.as_ref().map_or(0, |(_, legendre)| legendre.blocks.len());
        let blocks = shared.legendre.blocks.len().max(gaussian);
        let input = || vec![W::ZERO; 2 * columns * (last + 3)];
        Self {
            rows: vec![W::ZERO; 2 * columns * (last + 1)],
            inputs: [input(), input()],
            wide: is_wide.then(|| wide::Workspace::new::<W>(last, columns, blocks)),
            steps: vec![[0.0; 4]; count],
            narrow: vec![Line::default(); narrow::workspace(blocks)],
            resampled: vec![Line::default(); columns * resampled * PARTS],
        }
    }
}

/// The smallest number of columns for which panels pay, measured: below, the recurrence runs beside the sums, in f64.
pub(super) fn narrowest_wide<W: Lane>() -> usize {
    if size_of::<W>() == size_of::<f64>() { 4 } else { 3 }
}

/// The Legendre sums of a portion of fields.
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
        self.shared.truncation.total() + self.operation.form.beyond() - m + 1
    }

    /// From the spectra to the Fourier coefficients of wavenumber m, in its group's `part`.
    pub(super) fn synthesize<R: Real, W: Lane, const I: usize>(
        &self,
        group: usize,
        m: usize,
        spectra: [&[R]; I],
        scratch: &mut Scratch<W>,
        part: &mut [Line],
    ) {
        let Self { shared, operation, columns, fields, layout, .. } = *self;
        let range = fields * shared.offsets[m]..fields * shared.offsets[m + 1];
        let spectra = spectra.map(|spectrum| &spectrum[range.clone()]);
        let Scratch { rows, inputs, wide, steps, resampled, .. } = scratch;
        let rows = if self.is_direct::<R, W>() {
            bytemuck::cast_slice(spectra[0])
        } else {
            let rows = &mut rows[..self.degrees(m) * 2 * columns];
            operation.at(shared, m).apply(spectra, fields, self.portion.clone(), inputs, rows);
            &*rows
        };
        let wave = m - layout.wavenumbers(group).start;
        let place = |column: usize, line: usize| layout.within_group(group, column, line) + wave * PARTS;
        let Some(resampling) = self.resampling else {
            let first_line = layout.first_line(group);
            return self.synthesize_at(m, rows, wide, steps, first_line, place, part);
        };
        let lines = resampling.lines();
        self.synthesize_at(
            m,
            rows,
            wide,
            steps,
            0,
            |column, line| (column * lines + line) * PARTS,
            resampled,
        );
        for (column, input) in resampled.chunks_exact(lines * PARTS).take(columns).enumerate() {
            let place = |line: usize| place(column, line);
            resampling.apply_transposed(shared.arch, operation.form.power(), m, input, place, part);
        }
    }

    /// The sums at the latitudes themselves; `place(column, line)` is where they go.
    fn synthesize_at<W: Lane>(
        &self,
        m: usize,
        rows: &[W],
        wide: &mut Option<wide::Workspace>,
        steps_of_column: &mut [[f64; 4]],
        first_line: usize,
        place: impl Fn(usize, usize) -> usize,
        output: &mut [Line],
    ) {
        let Self { shared, legendre, columns, .. } = *self;
        if let Some(workspace) = wide.as_mut().filter(|_| self.is_wide::<W>()) {
            return shared.arch.dispatch(wide::Synthesis {
                legendre,
                m,
                rows,
                columns,
                workspace,
                first_line,
                place,
                output,
            });
        }
        let count = steps(m, m + self.degrees(m) - 1);
        for column in 0..columns {
            shared.arch.dispatch(narrow::Synthesis {
                legendre,
                m,
                rows: bytemuck::cast_slice(rows),
                columns,
                column,
                steps: &mut steps_of_column[..count],
                first_line,
                place: |line| place(column, line),
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
        let Self { shared, legendre, layout, columns, .. } = *self;
        let Some(workspace) =
            scratch.wide.as_mut().filter(|_| self.is_wide::<W>() && self.resampling.is_none())
        else {
            return;
        };
        let input = |m: usize, column: usize, line: usize| {
            let place = layout.by_line(columns, line, column, m);
            &store[place..place + PARTS]
        };
        shared.arch.dispatch(wide::Gather {
            legendre,
            wavenumbers,
            input,
            columns,
            workspace,
            precision: PhantomData::<W>,
        });
    }

    /// From the Fourier coefficients to the parts of wavenumber m of the spectra.
    pub(super) fn analyze<R: Real, W: Lane, const I: usize>(
        &self,
        group: usize,
        m: usize,
        store: &[Line],
        scratch: &mut Scratch<W>,
        spectra: [&mut [R]; I],
    ) {
        let Self { shared, operation, columns, fields, layout, legendre, .. } = *self;
        let Scratch { rows, wide, steps, narrow, resampled, .. } = scratch;
        let input = |column: usize, line: usize| {
            let place = layout.by_line(columns, line, column, m);
            &store[place..place + PARTS]
        };
        let lines = self.resampling.map_or(0, Resampling::lines);
        if let Some(resampling) = self.resampling {
            for (column, output) in resampled.chunks_exact_mut(lines * PARTS).take(columns).enumerate() {
                let input = |line: usize| input(column, line);
                resampling.apply(shared.arch, operation.form.power(), m, input, output);
            }
        }
        let resampled = &*resampled;
        let at_gaussian = |column: usize, line: usize| &resampled[(column * lines + line) * PARTS..][..PARTS];
        let is_direct = self.is_direct::<R, W>();
        let rows = if is_direct {
            bytemuck::cast_slice_mut(&mut *spectra[0])
        } else {
            &mut rows[..self.degrees(m) * 2 * columns]
        };
        match (wide.as_mut().filter(|_| self.is_wide::<W>()), self.resampling) {
            (Some(workspace), None) => {
                let wave = m - layout.wavenumbers(group).start;
                shared.arch.dispatch(wide::Analysis { legendre, m, wave, workspace, rows, columns });
            }
            (Some(workspace), Some(_)) => {
                let (wavenumbers, input) = (m..m + 1, |_, column, line| at_gaussian(column, line));
                let precision = PhantomData::<W>;
                let workspace = &mut *workspace;
                shared.arch.dispatch(wide::Gather {
                    legendre,
                    wavenumbers,
                    input,
                    columns,
                    workspace,
                    precision,
                });
                shared.arch.dispatch(wide::Analysis { legendre, m, wave: 0, workspace, rows, columns });
            }
            (None, None) => self.analyze_by_column(m, input, steps, narrow, rows),
            (None, Some(_)) => self.analyze_by_column(m, at_gaussian, steps, narrow, rows),
        }
        if !is_direct {
            let rows = &mut scratch.rows[..self.degrees(m) * 2 * columns];
            operation.at(shared, m).transpose(rows, fields, self.portion.clone(), spectra);
        }
    }

    /// One column after another; `input(column, line)` are the coefficients of a line of pairs.
    fn analyze_by_column<'i, W: Lane>(
        &self,
        m: usize,
        input: impl Fn(usize, usize) -> &'i [Line],
        steps_of_column: &mut [[f64; 4]],
        workspace: &mut [Line],
        rows: &mut [W],
    ) {
        let Self { shared, legendre, columns, .. } = *self;
        let count = steps(m, m + self.degrees(m) - 1);
        for column in 0..columns {
            shared.arch.dispatch(narrow::Analysis {
                legendre,
                m,
                input: |line| input(column, line),
                workspace: &mut *workspace,
                steps: &mut steps_of_column[..count],
                rows: bytemuck::cast_slice_mut(&mut *rows),
                columns,
                column,
            });
        }
    }
}
