//! Buffers that depend on the number of columns.

use super::fourier::{convolve, fourier_pass};
use super::rings::{Rings, Set};
use super::sublines::subline_transform;
use super::transform::DeviceTransform;
use crate::device::Buffer;
use crate::spectral::WaveSide;
use crate::{Error, Real, Result};

/// Workspaces that are kept.
const WORKSPACES: usize = 2;

/// Buffers that depend on the number of columns.
pub(super) struct Workspace<R: Real> {
    pub(super) columns: usize,
    pub(super) rows: Buffer<R>,
    pub(super) waves: Buffer<R>,
    /// At the Gaussian latitudes of the resampling; empty without.
    pub(super) resampled: Buffer<R>,
    /// Waves before or after their turn; empty where nothing is turned.
    pub(super) turned: Buffer<R>,
    /// Waves of all wavenumbers on own pairs; empty where nothing is elsewhere.
    pub(super) on_rings: Buffer<R>,
    /// Parcels to and from the owners of rings; none where nothing is elsewhere, and while they are on their way.
    pub(super) parcels: Option<[Buffer<R>; 2]>,
    pub(super) smooth: Lines<R>,
    pub(super) convolved: Lines<R>,
}

/// Real and imaginary parts of the lines of one set, and room for those of the next pass.
pub(super) struct Lines<R: Real> {
    pub(super) now: [Buffer<R>; 2],
    next: [Buffer<R>; 2],
}

impl<R: Real> DeviceTransform<R> {
    /// Fills the lines of both sets and transforms them, with `direction` as sign in the exponent.
    pub(super) fn transform_lines(
        &self,
        lines: [&mut Lines<R>; 2],
        direction: f64,
        columns: usize,
        fill: impl Fn(&Set<R>, &mut [Buffer<R>; 2]) -> Result<()>,
    ) -> Result<()> {
        let Rings { pairs, smooth, convolved, convolvers, .. } = &self.rings;
        let [smooth_lines, convolved_lines] = lines;
        if smooth.elements > 0 {
            fill(smooth, &mut smooth_lines.now)?;
            smooth_lines.transform(smooth, pairs, columns, direction)?;
        }
        if convolved.elements > 0 {
            fill(convolved, &mut convolved_lines.now)?;
            convolved_lines.transform(convolved, pairs, columns, 1.0)?;
            convolved_lines.step(|[re, im], [to_re, to_im]| {
                let extent = [columns as u32, convolved.elements as u32];
                convolve::launch(extent, extent[1], R::from_f64(direction), convolvers, re, im, to_re, to_im)
            })?;
            convolved_lines.transform(convolved, pairs, columns, -1.0)?;
        }
        Ok(())
    }

    /// The workspace for a number of columns. Callers put it back when they are done.
    pub(super) fn take_workspace(&mut self, columns: usize) -> Result<Workspace<R>> {
        if let Some(at) = self.workspaces.iter().position(|workspace| workspace.columns == columns) {
            return Ok(self.workspaces.remove(at));
        }
        self.workspaces.drain(..self.workspaces.len().saturating_sub(WORKSPACES - 1));
        match self.new_workspace(columns) {
            // There may be room without what is kept for another number.
            Err(Error::OutOfMemory { .. }) if !self.workspaces.is_empty() => {
                self.workspaces.clear();
                self.new_workspace(columns)
            }
            workspace => workspace,
        }
    }

    fn new_workspace(&self, columns: usize) -> Result<Workspace<R>> {
        let waves = self.wavenumbers.len() * columns * 4;
        let targets = self.resampled.as_ref().map_or(0, |(resampling, _)| resampling.targets);
        let zeros = |len: usize| Buffer::zeros(self.device, len);
        let lines = |elements: usize| -> Result<Lines<R>> {
            let pair =
                || -> Result<[Buffer<R>; 2]> { Ok([zeros(elements * columns)?, zeros(elements * columns)?]) };
            Ok(Lines { now: pair()?, next: pair()? })
        };
        Ok(Workspace {
            columns,
            rows: zeros(2 * self.rows.count * columns)?,
            waves: zeros(waves * self.latitudes.pairs)?,
            resampled: zeros(waves * targets)?,
            turned: zeros(if self.turns.is_some() { waves * self.latitudes.pairs } else { 0 })?,
            on_rings: match &self.ways {
                None => zeros(0)?,
                Some(ways) => ways.room_on_rings(columns, self.device)?,
            },
            parcels: match &self.ways {
                None => None,
                Some(ways) => Some(ways.room(WaveSide::Rings, columns, self.device)?),
            },
            smooth: lines(self.rings.smooth.elements)?,
            convolved: lines(self.rings.convolved.elements)?,
        })
    }
}

impl<R: Real> Lines<R> {
    /// One launch from where the lines are to the other buffers, where they are then.
    fn step(
        &mut self,
        launch: impl FnOnce(&[Buffer<R>; 2], &mut [Buffer<R>; 2]) -> Result<()>,
    ) -> Result<()> {
        launch(&self.now, &mut self.next)?;
        std::mem::swap(&mut self.now, &mut self.next);
        Ok(())
    }

    fn transform(&mut self, set: &Set<R>, pairs: &Buffer<u32>, columns: usize, direction: f64) -> Result<()> {
        let sublines = &set.sublines;
        if let Some(stage) = &sublines.stage {
            self.step(|[re, im], [to_re, to_im]| {
                fourier_pass::launch(
                    [columns as u32, set.elements as u32],
                    set.elements as u32,
                    R::from_f64(direction),
                    &set.pair_of,
                    pairs,
                    stage,
                    &set.roots,
                    re,
                    im,
                    to_re,
                    to_im,
                )
            })?;
        }
        self.step(|[re, im], [to_re, to_im]| {
            subline_transform::launch(
                [columns as u32, set.elements as u32],
                set.elements as u32,
                sublines.piece_count,
                sublines.group,
                sublines.passes,
                R::from_f64(direction),
                &set.pair_of,
                pairs,
                &sublines.split,
                &sublines.pieces,
                &set.roots,
                re,
                im,
                to_re,
                to_im,
            )
        })
    }
}
