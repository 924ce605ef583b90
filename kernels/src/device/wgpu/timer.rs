//! Timestamps of a wgpu device.

use std::time::Duration;

use wgpu::{BufferUsages, Features, QuerySet, QuerySetDescriptor, QueryType};

use super::context::WgpuContext;
use super::memory::WgpuBlock;
use crate::device::lock;
use crate::device::memory::Context;
use crate::{Error, Result};

/// The features behind a timer.
const NEEDED: Features = Features::TIMESTAMP_QUERY.union(Features::TIMESTAMP_QUERY_INSIDE_ENCODERS);

/// A started measurement: the first of its two timestamps is recorded.
pub(crate) struct WgpuTimer {
    queries: QuerySet,
}

impl WgpuContext {
    pub(super) fn record_start(&self) -> Result<WgpuTimer> {
        if !self.device.features().contains(NEEDED) {
            let lacking = NEEDED - self.device.features();
            let reason = format!("adapter {} lacks {lacking:?}, which timers need", self.description.name);
            return Err(Error::DeviceUnavailable { device: self.id(), reason });
        }
        let queries = self.device.create_query_set(&QuerySetDescriptor {
            label: None,
            ty: QueryType::Timestamp,
            count: 2,
        });
        lock(&self.recorder).encoder(self).write_timestamp(&queries, 0);
        Ok(WgpuTimer { queries })
    }

    pub(super) fn record_stop(&self, timer: &WgpuTimer) -> Result<Duration> {
        let resolved = WgpuBlock {
            buffer: self.create_buffer(
                "timestamps",
                16,
                BufferUsages::QUERY_RESOLVE | BufferUsages::COPY_SRC,
            )?,
            id: self.new_block_id(),
        };
        {
            let mut recorder = lock(&self.recorder);
            let encoder = recorder.encoder(self);
            encoder.write_timestamp(&timer.queries, 1);
            encoder.resolve_query_set(&timer.queries, 0..2, &resolved.buffer, 0);
        }
        let mut ticks = [0_u64; 2];
        self.read(&resolved, 0, bytemuck::cast_slice_mut(&mut ticks))?;
        let nanoseconds =
            ticks[1].saturating_sub(ticks[0]) as f64 * f64::from(self.queue.get_timestamp_period());
        Ok(Duration::from_secs_f64(nanoseconds * 1e-9))
    }
}
