//! Commands that are recorded and submitted in batches.
//!
//! A submission costs tens of microseconds, a recorded dispatch a few. So launches and copies between buffers go into
//! one command encoder, consecutive launches into one compute pass of it, and the encoder is submitted when the host
//! wants a result, when it writes to the device, or when the batch is full.

use std::collections::{HashMap, VecDeque};

use wgpu::{CommandEncoder, ComputePass, ComputePassDescriptor, SubmissionIndex};

use super::context::WgpuContext;
use crate::Result;

/// Size of the buffer that holds the arguments of one batch.
pub(super) const ARGUMENT_BYTES: u64 = 256 << 10;
/// Launches per batch: enough to make the submission cheap, few enough that the device starts early.
const LAUNCHES_PER_BATCH: u32 = 256;
/// Batches that may wait for the device before the host waits for it.
const BATCHES_IN_FLIGHT: usize = 8;
/// Bind groups kept for reuse. A time step repeats its launches, so this covers a few thousand different ones.
const KEPT_BIND_GROUPS: usize = 4096;

/// What is recorded and not yet submitted.
#[derive(Default)]
pub(super) struct Recorder {
    encoder: Option<CommandEncoder>,
    pass: Option<ComputePass<'static>>,
    launches: u32,
    /// Arguments of the recorded launches, uploaded with the batch.
    pub(super) arguments: Vec<u8>,
    in_flight: VecDeque<SubmissionIndex>,
    /// Bytes that wait in wgpu's own staging memory for the next submission.
    pub(super) bytes_to_upload: u64,
    /// Bind groups by pipeline and the block and byte count of each binding.
    pub(super) bind_groups: HashMap<Vec<u64>, wgpu::BindGroup>,
    /// The key under construction, kept for its memory.
    pub(super) bind_key: Vec<u64>,
}

impl Recorder {
    /// The encoder, with no pass open.
    pub(super) fn encoder(&mut self, context: &WgpuContext) -> &mut CommandEncoder {
        // Dropping a pass ends it.
        self.pass = None;
        self.open_encoder(context)
    }

    fn open_encoder(&mut self, context: &WgpuContext) -> &mut CommandEncoder {
        self.encoder.get_or_insert_with(|| context.device.create_command_encoder(&Default::default()))
    }

    /// The open compute pass.
    pub(super) fn pass(&mut self, context: &WgpuContext) -> &mut ComputePass<'static> {
        if self.pass.is_none() {
            let encoder = self.open_encoder(context);
            let pass = encoder.begin_compute_pass(&ComputePassDescriptor::default()).forget_lifetime();
            self.pass = Some(pass);
        }
        self.pass.as_mut().expect("the pass was just opened")
    }

    /// Makes room for `bytes` bytes of arguments, at a multiple of `alignment`, and returns their offset.
    pub(super) fn reserve_arguments(
        &mut self,
        context: &WgpuContext,
        bytes: u64,
        alignment: u64,
    ) -> Result<u32> {
        let mut offset = (self.arguments.len() as u64).next_multiple_of(alignment);
        if self.launches == LAUNCHES_PER_BATCH || offset + bytes > ARGUMENT_BYTES {
            self.submit(context)?;
            offset = 0;
        }
        self.launches += 1;
        self.arguments.resize(offset as usize, 0);
        Ok(offset as u32)
    }

    /// Forgets the bind groups, which keep the buffers that they name alive.
    pub(super) fn forget_bind_groups(&mut self) {
        self.bind_groups.clear();
    }

    /// Keeps the number of bind groups bounded.
    pub(super) fn limit_bind_groups(&mut self) {
        if self.bind_groups.len() >= KEPT_BIND_GROUPS {
            self.bind_groups.clear();
        }
    }

    /// Submits what is recorded, if anything is.
    pub(super) fn submit_commands(&mut self, context: &WgpuContext) -> Result<()> {
        if self.encoder.is_some() {
            self.submit(context)?;
        }
        Ok(())
    }

    /// Submits what is recorded or waits to be uploaded; `None` if that is nothing.
    pub(super) fn submit(&mut self, context: &WgpuContext) -> Result<Option<SubmissionIndex>> {
        self.pass = None;
        if self.encoder.is_none() && self.bytes_to_upload == 0 {
            return Ok(None);
        }
        if !self.arguments.is_empty() {
            // The upload runs on the queue: after the batch before, which reads the same buffer, and before this one.
            context.queue.write_buffer(&context.argument_buffer, 0, &self.arguments);
            self.arguments.clear();
        }
        let submission = context.queue.submit(self.encoder.take().map(CommandEncoder::finish));
        self.launches = 0;
        self.bytes_to_upload = 0;
        self.in_flight.push_back(submission.clone());
        if self.in_flight.len() > BATCHES_IN_FLIGHT {
            context.wait(self.in_flight.pop_front())?;
        }
        Ok(Some(submission))
    }
}
