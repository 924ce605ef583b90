//! Buffers one after the other in an array of the host.

use terrella_kernels::Real;
use terrella_kernels::device::Buffer;

use crate::Result;

/// Fills buffers from the array's beginning; what is behind them comes back.
pub(super) fn read<'a, 'b, R: Real>(
    mut array: &'a [R],
    buffers: impl IntoIterator<Item = &'b mut Buffer<R>>,
) -> Result<&'a [R]> {
    for buffer in buffers {
        let (own, rest) = array.split_at(buffer.len());
        buffer.copy_from_host(own)?;
        array = rest;
    }
    Ok(array)
}

/// Copies buffers to the array's beginning; what is behind them comes back.
pub(super) fn write<'a, 'b, R: Real>(
    mut array: &'a mut [R],
    buffers: impl IntoIterator<Item = &'b Buffer<R>>,
) -> Result<&'a mut [R]> {
    for buffer in buffers {
        let (own, rest) = array.split_at_mut(buffer.len());
        buffer.copy_to_host(own)?;
        array = rest;
    }
    Ok(array)
}
