//! Kernels compiled for a wgpu device, and their dispatch.

// Pipeline caches take bytes from disk.
#![allow(unsafe_code)]

use std::num::NonZeroU64;
use std::sync::Arc;

use wgpu::{
    BindGroupDescriptor, BindGroupEntry, BindGroupLayout, BindGroupLayoutDescriptor, BindGroupLayoutEntry,
    BindingResource, BindingType, BufferBinding, BufferBindingType, ComputePipeline,
    ComputePipelineDescriptor, ErrorFilter, Features, PipelineCache, PipelineCacheDescriptor,
    PipelineLayoutDescriptor, ShaderStages,
};

use super::arguments::append_arguments;
use super::context::WgpuContext;
use super::memory::WgpuBlock;
use super::shader::needs_exact_arithmetic;
use crate::device::buffer::{AnyBuffer, sealed::HasMemory};
use crate::device::kernel_cache::CacheKey;
use crate::device::launch::{Argument, Launch};
use crate::device::memory::Memory;
use crate::device::{DeviceDescription, lock};
use crate::{Error, Precision, Result};

/// Invocations per workgroup, as in the kernels' texts.
const WORKGROUP: u32 = 256;

/// The compiler in front of the driver's: the version of wgpu that the workspace pins, and how it is used here.
const COMPILER: &str = "wgpu 30, bounds checked, nothing contracted";

/// A compiled kernel.
pub(super) struct Pipeline {
    pipeline: ComputePipeline,
    layout: BindGroupLayout,
    /// A number that no other pipeline of this device has.
    id: u64,
}

/// What is compiled: a whole WGSL module and the bindings that it declares.
struct Program<'a> {
    name: &'static str,
    entry: &'a str,
    source: &'a str,
    argument_bytes: u64,
    inputs: usize,
    outputs: usize,
}

impl WgpuContext {
    /// Records one launch whose arguments were checked.
    pub(crate) fn enqueue(
        &self,
        launch: &Launch,
        arguments: &[Argument],
        outputs: &[&mut dyn AnyBuffer],
    ) -> Result<()> {
        let pipeline = self.pipeline(launch, arguments)?;
        let inputs = arguments.iter().filter_map(|argument| match argument {
            Argument::Buffer(buffer) => Some(self.binding(*buffer)),
            _ => None,
        });
        let bindings = inputs.chain(outputs.iter().map(|output| self.binding(&**output)));
        self.dispatch(&pipeline, launch.extent, launch.threads()?, arguments, bindings)
    }

    /// Writes the two words of `pattern` in turn over the first `bytes` bytes.
    pub(super) fn enqueue_fill(&self, block: &WgpuBlock, bytes: u64, pattern: [u32; 2]) -> Result<()> {
        let pipeline = self.cached_pipeline((0, Precision::F32), || {
            self.compile(&Program {
                name: "fill",
                entry: "fill_entry",
                source: include_str!("fill.wgsl"),
                argument_bytes: 12,
                inputs: 0,
                outputs: 1,
            })
        })?;
        let words = (bytes / 4) as u32;
        let arguments = pattern.map(Argument::U32);
        self.dispatch(&pipeline, &[words], words, &arguments, std::iter::once((block, bytes)))
    }

    /// The buffer's block and the bytes that the kernel sees: never none, and a multiple of 8, so that the shortest
    /// array still has one element.
    fn binding<'a>(&self, buffer: &'a (impl HasMemory + ?Sized)) -> (&'a WgpuBlock, u64) {
        let Memory::Wgpu(allocation) = buffer.memory().0 else {
            unreachable!("the launch compared the devices");
        };
        (allocation.block(), allocation.bytes().max(8))
    }

    pub(super) fn pipeline(&self, launch: &Launch, arguments: &[Argument]) -> Result<Arc<Pipeline>> {
        let text = launch.text;
        self.cached_pipeline((std::ptr::from_ref(text).addr(), launch.precision), || {
            if launch.uses_f64() && !self.device.features().contains(Features::SHADER_F64) {
                return Err(self.lacks(text.name, "SHADER_F64"));
            }
            if !self.keeps_arithmetic() && needs_exact_arithmetic(text) {
                return Err(self.lacks(text.name, "a compiler that leaves arithmetic as written"));
            }
            let mut layout = Vec::new();
            let argument_bytes = append_arguments(&mut layout, launch.extent, arguments) as u64;
            let inputs = arguments.iter().filter(|argument| matches!(argument, Argument::Buffer(_))).count();
            self.compile(&Program {
                name: text.name,
                entry: &format!("{}_entry", text.name),
                source: &text.wgsl_source(launch.precision),
                argument_bytes,
                inputs,
                outputs: text.outputs.len(),
            })
        })
    }

    fn lacks(&self, kernel: &str, what: &str) -> Error {
        let reason = format!("adapter {} lacks {what}, which kernel '{kernel}' needs", self.description.name);
        Error::DeviceUnavailable { device: self.id(), reason }
    }

    fn cached_pipeline(
        &self,
        key: (usize, Precision),
        compile: impl FnOnce() -> Result<Pipeline>,
    ) -> Result<Arc<Pipeline>> {
        let mut pipelines = lock(&self.pipelines);
        if let Some(pipeline) = pipelines.get(&key) {
            return Ok(pipeline.clone());
        }
        let mut pipeline = compile()?;
        pipeline.id = pipelines.len() as u64;
        Ok(pipelines.entry(key).or_insert(Arc::new(pipeline)).clone())
    }

    fn compile(&self, program: &Program) -> Result<Pipeline> {
        let buffers = 1 + program.inputs + program.outputs;
        let limit = self.limits.max_storage_buffers_per_shader_stage;
        if buffers > limit as usize {
            return Err(
                self.lacks(program.name, &format!("{buffers} storage buffers per kernel (it has {limit})"))
            );
        }
        let key = self.cache_key(program);
        let stored = self.cache.load(&key);
        let pipeline_cache = self.pipeline_cache(stored.as_deref());

        let filters = [ErrorFilter::Internal, ErrorFilter::OutOfMemory, ErrorFilter::Validation];
        let (pipeline, error) = self.scoped(&filters, || self.create(program, pipeline_cache.as_ref()));
        if let Some(error) = error {
            let log = error.to_string();
            return Err(Error::KernelCompilation { kernel: program.name, device: self.id(), log });
        }
        if let Some(data) = pipeline_cache.and_then(|cache| cache.get_data())
            && stored.as_deref() != Some(&data)
        {
            self.cache.store(&key, &data);
        }
        Ok(pipeline)
    }

    fn create(&self, program: &Program, cache: Option<&PipelineCache>) -> Pipeline {
        let module = self.shader_module(program.name, program.source);
        let entry = |binding: usize| BindGroupLayoutEntry {
            binding: binding as u32,
            visibility: ShaderStages::COMPUTE,
            ty: BindingType::Buffer {
                ty: BufferBindingType::Storage { read_only: binding <= program.inputs },
                has_dynamic_offset: binding == 0,
                min_binding_size: if binding == 0 { NonZeroU64::new(program.argument_bytes) } else { None },
            },
            count: None,
        };
        let entries: Vec<_> = (0..=program.inputs + program.outputs).map(entry).collect();
        let layout = self.device.create_bind_group_layout(&BindGroupLayoutDescriptor {
            label: Some(program.name),
            entries: &entries,
        });
        let pipeline_layout = self.device.create_pipeline_layout(&PipelineLayoutDescriptor {
            label: Some(program.name),
            bind_group_layouts: &[Some(&layout)],
            immediate_size: 0,
        });
        let pipeline = self.device.create_compute_pipeline(&ComputePipelineDescriptor {
            label: Some(program.name),
            layout: Some(&pipeline_layout),
            module: &module,
            entry_point: Some(program.entry),
            compilation_options: Default::default(),
            cache,
        });
        Pipeline { pipeline, layout, id: 0 }
    }

    /// Everything that the driver's compiled form depends on.
    fn cache_key(&self, program: &Program) -> CacheKey {
        let DeviceDescription { name, driver, .. } = &self.description;
        CacheKey::new(&[program.source, program.entry, COMPILER, name, driver])
    }

    /// The adapter's pipeline cache with `data` in it; `None` where it has none.
    fn pipeline_cache(&self, data: Option<&[u8]>) -> Option<PipelineCache> {
        if !self.device.features().contains(Features::PIPELINE_CACHE) {
            return None;
        }
        let descriptor = PipelineCacheDescriptor { label: None, data, fallback: true };
        // SAFETY: `data` must come from `PipelineCache::get_data`. It does: the kernel cache returns only bytes whose
        // hash is the one stored with them, under a key that holds the adapter, its driver and wgpu's version, and
        // only `compile` stores under such keys. wgpu itself checks the header for adapter and driver again.
        Some(unsafe { self.device.create_pipeline_cache(&descriptor) })
    }

    /// Records a dispatch of `threads` threads.
    fn dispatch<'a>(
        &self,
        pipeline: &Pipeline,
        extent: &[u32],
        threads: u32,
        arguments: &[Argument],
        bindings: impl Iterator<Item = (&'a WgpuBlock, u64)> + Clone,
    ) -> Result<()> {
        let [columns, rows] = self.groups(threads)?;
        let mut recorder = lock(&self.recorder);
        let alignment = u64::from(self.limits.min_storage_buffer_offset_alignment);
        let most = 8 * (extent.len() + arguments.len() + 1) as u64;
        let offset = recorder.reserve_arguments(self, most, alignment)?;
        let argument_bytes = append_arguments(&mut recorder.arguments, extent, arguments) as u64;

        let recorder = &mut *recorder;
        recorder.bind_key.clear();
        recorder.bind_key.push(pipeline.id);
        recorder.bind_key.extend(bindings.clone().flat_map(|(block, bytes)| [block.id, bytes]));
        let bind_group = match recorder.bind_groups.get(&recorder.bind_key) {
            Some(bind_group) => bind_group.clone(),
            None => {
                recorder.limit_bind_groups();
                let bind_group = self.bind_group(pipeline, argument_bytes, bindings);
                recorder.bind_groups.insert(recorder.bind_key.clone(), bind_group.clone());
                bind_group
            }
        };
        let pass = recorder.pass(self);
        pass.set_pipeline(&pipeline.pipeline);
        pass.set_bind_group(0, &bind_group, &[offset]);
        pass.dispatch_workgroups(columns, rows, 1);
        Ok(())
    }

    fn bind_group<'a>(
        &self,
        pipeline: &Pipeline,
        argument_bytes: u64,
        bindings: impl Iterator<Item = (&'a WgpuBlock, u64)>,
    ) -> wgpu::BindGroup {
        let arguments = (&self.argument_buffer, argument_bytes);
        let blocks = bindings.map(|(block, bytes)| (&block.buffer, bytes));
        let entries: Vec<_> = (0..)
            .zip(std::iter::once(arguments).chain(blocks))
            .map(|(binding, (buffer, bytes))| BindGroupEntry {
                binding,
                resource: BindingResource::Buffer(BufferBinding {
                    buffer,
                    offset: 0,
                    size: NonZeroU64::new(bytes),
                }),
            })
            .collect();
        self.device.create_bind_group(&BindGroupDescriptor {
            label: None,
            layout: &pipeline.layout,
            entries: &entries,
        })
    }

    /// Workgroups in x and y that cover `threads` threads, within the device's limit per dimension.
    fn groups(&self, threads: u32) -> Result<[u32; 2]> {
        let limit = self.limits.max_compute_workgroups_per_dimension;
        let groups = threads.div_ceil(WORKGROUP);
        let rows = groups.div_ceil(limit);
        let columns = groups.div_ceil(rows);
        // The kernel's flat index is a u32; with the last, partly filled row it must not wrap around.
        if rows > limit || u64::from(rows) * u64::from(columns) * u64::from(WORKGROUP) > 1 << 32 {
            return Err(Error::InvalidValue {
                name: "extent",
                got: format!("{threads} threads"),
                expected: format!("what {limit} x {limit} workgroups of {WORKGROUP} cover, below 2^32"),
            });
        }
        Ok([columns, rows])
    }
}
