//! What a moist process is, and what it works on.

use std::mem::swap;

use terrella_kernels::Real;
use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::physics::MoistAir;

use super::{Columns, Diagnostic, Ground};
use crate::Result;

/// Columns as the schemes before left them, `[levels, points]` each.
#[derive(Debug)]
pub struct ProvisionalFields<R: Real> {
    /// Eastward wind \[m s⁻¹\].
    pub u: Buffer<R>,
    /// Northward wind \[m s⁻¹\].
    pub v: Buffer<R>,
    /// T − T_r \[K\].
    pub temperature: Buffer<R>,
    /// q \[kg kg⁻¹\].
    pub humidity: Buffer<R>,
}

impl<R: Real> ProvisionalFields<R> {
    pub(super) fn zeros(device: Device, length: usize) -> Result<Self> {
        let field = || Buffer::zeros(device, length);
        Ok(Self { u: field()?, v: field()?, temperature: field()?, humidity: field()? })
    }
}

/// What schemes work on.
#[derive(Debug)]
pub struct ColumnState<R: Real> {
    /// The state so far. A scheme changes it by [`Self::swap_wind`] and its like.
    pub now: ProvisionalFields<R>,
    /// Where a scheme writes; what is in it before is nothing.
    pub next: ProvisionalFields<R>,
    /// What the columns stand on.
    pub ground: Ground<R>,
    /// A field `[points]` for what is of no use.
    pub scratch: Buffer<R>,
    /// Constants, the same for all schemes.
    pub air: MoistAir,
}

impl<R: Real> ColumnState<R> {
    /// Makes the wind of `next` that of `now`.
    pub fn swap_wind(&mut self) {
        swap(&mut self.now.u, &mut self.next.u);
        swap(&mut self.now.v, &mut self.next.v);
    }

    /// Makes the temperature of `next` that of `now`.
    pub fn swap_temperature(&mut self) {
        swap(&mut self.now.temperature, &mut self.next.temperature);
    }

    /// Makes the humidity of `next` that of `now`.
    pub fn swap_humidity(&mut self) {
        swap(&mut self.now.humidity, &mut self.next.humidity);
    }
}

/// A moist process: it brings columns over an interval.
pub trait ColumnScheme<R: Real>: Send {
    /// Its name, as in an error message.
    fn name(&self) -> &'static str;

    /// Advances `state` by `columns.interval`, without allocating and without copies to the host.
    ///
    /// Of `columns` it reads grid, levels, times and surface pressure; wind, temperature and humidity are in `state`.
    fn advance(&mut self, columns: &Columns<'_, R>, state: &mut ColumnState<R>) -> Result<()>;

    /// As of [`ColumnPhysics::diagnostics`](super::ColumnPhysics::diagnostics).
    fn diagnostics(&self) -> Vec<Diagnostic<'_, R>> {
        Vec::new()
    }

    /// As of [`ColumnPhysics::memory`](super::ColumnPhysics::memory).
    fn memory(&self) -> Vec<(&'static str, &Buffer<R>)> {
        Vec::new()
    }

    /// The fields of [`memory`](Self::memory), in the same order.
    fn memory_mut(&mut self) -> Vec<&mut Buffer<R>> {
        Vec::new()
    }
}
