//! One opened adapter.

use std::collections::HashMap;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};

use wgpu::{BufferUsages, ErrorFilter, Features, PollType};

use super::adapter::{adapters, describe};
use super::memory::WgpuBlock;
use super::pipeline::Pipeline;
use super::recorder::{ARGUMENT_BYTES, Recorder};
use crate::device::allocator::BlockCache;
use crate::device::kernel_cache::KernelCache;
use crate::device::{Device, DeviceDescription, lock};
use crate::{Error, Precision, Result};

/// Free device memory kept for reuse by default. wgpu doesn't tell how much memory there is.
const CACHED_MEMORY_LIMIT: u64 = 2 << 30;
/// Free staging memory kept for reuse.
const CACHED_STAGING_LIMIT: u64 = 256 << 20;

/// What kernels and timers use where the adapter offers it.
const WANTED_FEATURES: Features = Features::SHADER_F64
    .union(Features::PASSTHROUGH_SHADERS)
    .union(Features::PIPELINE_CACHE)
    .union(Features::TIMESTAMP_QUERY)
    .union(Features::TIMESTAMP_QUERY_INSIDE_ENCODERS);

/// A wgpu device with its queue, its memory and its compiled kernels.
pub(crate) struct WgpuContext {
    pub(super) description: DeviceDescription,
    pub(super) device: wgpu::Device,
    pub(super) queue: wgpu::Queue,
    pub(super) limits: wgpu::Limits,
    pub(super) blocks: BlockCache<WgpuBlock>,
    pub(super) staging: BlockCache<wgpu::Buffer>,
    pub(super) next_block: AtomicU64,
    /// Compiled kernels by the address of their text, which is static.
    pub(super) pipelines: Mutex<HashMap<(usize, Precision), Arc<Pipeline>>>,
    /// Where the recorded launches find their extents and scalars, each at its own offset.
    pub(super) argument_buffer: wgpu::Buffer,
    pub(super) recorder: Mutex<Recorder>,
    pub(super) cache: KernelCache,
    /// The first failure that wgpu reported outside an error scope since it was last asked for.
    failure: Arc<Mutex<Option<String>>>,
}

impl WgpuContext {
    pub(crate) fn open(index: u32) -> Result<Self> {
        Self::open_with(index, WANTED_FEATURES)
    }

    /// Opens an adapter with those of the `wanted` features that it has.
    fn open_with(index: u32, wanted: Features) -> Result<Self> {
        let device_name = Device::Wgpu(index);
        let unavailable = |reason: String| Error::DeviceUnavailable { device: device_name, reason };
        let adapters = adapters();
        let found = adapters.len();
        let api = if cfg!(target_vendor = "apple") { "Metal" } else { "Vulkan" };
        let adapter = adapters
            .get(index as usize)
            .ok_or_else(|| unavailable(format!("no {api} adapter {index}: {found} found")))?;
        let description = describe(index, &adapter.get_info());

        let limits = adapter.limits();
        let invocations =
            limits.max_compute_invocations_per_workgroup.min(limits.max_compute_workgroup_size_x);
        if invocations < 256 {
            let name = &description.name;
            return Err(unavailable(format!(
                "adapter {name} runs {invocations} invocations per group, 256 needed"
            )));
        }
        let (device, queue) = pollster::block_on(adapter.request_device(&wgpu::DeviceDescriptor {
            label: Some("terrella"),
            required_features: adapter.features() & wanted,
            required_limits: limits.clone(),
            ..Default::default()
        }))
        .map_err(|error| unavailable(format!("adapter {} does not open: {error}", description.name)))?;

        let failure = Arc::new(Mutex::new(None));
        let report = failure.clone();
        device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| {
            lock(&report).get_or_insert(error.to_string());
        }));
        let report = failure.clone();
        device.set_device_lost_callback(move |reason, message| {
            lock(&report).get_or_insert(format!("the device was lost ({reason:?}): {message}"));
        });
        let argument_buffer = device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("arguments"),
            size: ARGUMENT_BYTES,
            usage: BufferUsages::STORAGE | BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        Ok(Self {
            description,
            device,
            queue,
            limits,
            blocks: BlockCache::new(CACHED_MEMORY_LIMIT),
            staging: BlockCache::new(CACHED_STAGING_LIMIT),
            next_block: AtomicU64::new(0),
            pipelines: Mutex::default(),
            argument_buffer,
            recorder: Mutex::default(),
            cache: KernelCache::from_environment(),
            failure,
        })
    }

    pub(super) fn id(&self) -> Device {
        self.description.device
    }

    /// The failure reported since the last call, as an error of `operation`.
    pub(super) fn check(&self, operation: &'static str) -> Result<()> {
        match lock(&self.failure).take() {
            None => Ok(()),
            Some(reason) => Err(self.failed(operation, reason)),
        }
    }

    pub(super) fn failed(&self, operation: &'static str, reason: impl ToString) -> Error {
        Error::DeviceFailure { device: self.id(), operation, reason: reason.to_string() }
    }

    /// Runs `create` and returns what it made together with the first error of the kinds in `filters`.
    pub(super) fn scoped<T>(
        &self,
        filters: &[ErrorFilter],
        create: impl FnOnce() -> T,
    ) -> (T, Option<wgpu::Error>) {
        let mut guards: Vec<_> = filters.iter().map(|&filter| self.device.push_error_scope(filter)).collect();
        let created = create();
        let mut error = None;
        // Scopes form a stack: the last one pushed is popped first.
        while let Some(guard) = guards.pop() {
            error = error.or(pollster::block_on(guard.pop()));
        }
        (created, error)
    }

    /// Waits until `submission`, or all work, is done.
    pub(super) fn wait(&self, submission: Option<wgpu::SubmissionIndex>) -> Result<()> {
        self.device
            .poll(PollType::Wait { submission_index: submission, timeout: None })
            .map(drop)
            .map_err(|error| self.failed("waiting", error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ScalarKind;
    use crate::device::memory::Context;
    use crate::device::{Argument, KernelText, Launch, Parameter, ParameterKind};

    static SCALED: KernelText = KernelText {
        name: "scaled",
        indices: &["point"],
        parameters: &[Parameter { name: "factor", kind: ParameterKind::Scalar(ScalarKind::Real) }],
        outputs: &[ScalarKind::Real],
        carried: 0,
        cuda: "",
        wgsl: "struct Arguments { extent_0: u32, factor: real }
@group(0) @binding(0) var<storage, read> arguments: Arguments;
@group(0) @binding(1) var<storage, read_write> output_0: array<real>;
@compute @workgroup_size(256)
fn scaled_entry(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x < arguments.extent_0 { output_0[id.x] = arguments.factor; }
}",
        calls: &[],
        methods: &[],
    };

    /// A context of its own on the first adapter without f64 and timestamps, if there is an adapter.
    fn plain_context() -> Option<WgpuContext> {
        match WgpuContext::open_with(0, Features::empty()) {
            Ok(context) => Some(context),
            Err(error) => {
                let required = std::env::var("TERRELLA_REQUIRE").unwrap_or_default();
                assert!(!required.split(',').any(|name| name.trim() == "wgpu"), "required: {error}");
                eprintln!("not run: {error}");
                None
            }
        }
    }

    #[test]
    fn a_missing_feature_is_named_with_adapter_and_kernel() {
        let Some(context) = plain_context() else { return };
        let adapter = &context.description.name;
        let pipeline = |precision, argument| {
            let launch = Launch { text: &SCALED, precision, extent: &[8] };
            context.pipeline(&launch, &[argument]).map(drop)
        };
        pipeline(Precision::F32, Argument::F32(2.0)).unwrap();
        let message = pipeline(Precision::F64, Argument::F64(2.0)).unwrap_err().to_string();
        assert_eq!(
            message,
            format!(
                "Device 'wgpu:0' is not available: adapter {adapter} lacks SHADER_F64, which kernel 'scaled' needs."
            )
        );
        let message = context.start_timer().map(drop).unwrap_err().to_string();
        assert!(
            message.contains(&format!("adapter {adapter} lacks")) && message.contains("TIMESTAMP_QUERY"),
            "{message}"
        );
        // Without a pipeline cache and without f64, memory and fills work.
        let (block, size) = context.allocate(64).unwrap();
        context.fill(&block, 64, [1, 2]).unwrap();
        let mut words = [0_u32; 16];
        context.read(&block, 0, bytemuck::cast_slice_mut(&mut words)).unwrap();
        assert_eq!(words, [1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2]);
        context.release(block, size);
    }

    #[test]
    fn what_wgpu_refuses_later_is_reported_by_the_next_wait() {
        let Some(context) = plain_context() else { return };
        let (block, size) = context.allocate(64).unwrap();
        // Beyond the end of the block; `Buffer` never asks for this.
        context.copy(&block, 0, &context.allocate(64).unwrap().0, 1 << 20, 64).unwrap();
        let error = context.synchronize().unwrap_err();
        assert!(matches!(error, Error::DeviceFailure { operation: "running kernels", .. }), "{error}");
        context.synchronize().unwrap();
        context.release(block, size);
    }
}
