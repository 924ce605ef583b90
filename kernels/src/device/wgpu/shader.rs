//! WGSL to shader modules whose arithmetic the driver leaves as it is written.
//!
//! Without the SPIR-V decoration `NoContraction` a driver may fuse a·b + c, and Mesa also simplifies (a + b) − a to b, which takes
//! compensated sums apart. naga does not write the decoration, so it is added to every arithmetic instruction here.

// The module that was decorated passes by wgpu's own translator.
#![allow(unsafe_code)]

use naga::back::spv;
use naga::valid::{Capabilities, ValidationFlags, Validator};
use wgpu::{
    Features, PassthroughShaderEntryPoint, ShaderModule, ShaderModuleDescriptor,
    ShaderModuleDescriptorPassthrough, ShaderSource,
};

use super::context::WgpuContext;
use crate::device::KernelText;
use crate::math::{rounding, scaling};

/// Words before the first instruction of a SPIR-V module.
const HEADER: usize = 5;
const OP_DECORATE: u32 = 71;
const OP_MEMBER_DECORATE: u32 = 72;
const NO_CONTRACTION: u32 = 42;
/// OpFNegate, OpFAdd, OpFSub, OpFMul, OpFDiv, OpFRem, OpFMod.
const ARITHMETIC: [u32; 7] = [127, 129, 131, 133, 136, 140, 141];

impl WgpuContext {
    /// Whether the driver takes SPIR-V, and with it `NoContraction`. Metal does not; wgpu has it compile with fast math.
    pub(super) fn keeps_arithmetic(&self) -> bool {
        cfg!(not(target_vendor = "apple")) && self.device.features().contains(Features::PASSTHROUGH_SHADERS)
    }

    /// Compiles WGSL; errors go to wgpu's error scope.
    pub(super) fn shader_module(&self, name: &'static str, source: &str) -> ShaderModule {
        if self.keeps_arithmetic()
            && let Some((entry_points, words)) = translate(source)
        {
            let descriptor = ShaderModuleDescriptorPassthrough {
                label: Some(name),
                spirv: Some(words.into()),
                entry_points: entry_points.into(),
                ..Default::default()
            };
            // SAFETY: the words are a valid SPIR-V module with its indices checked against the lengths of the buffers: naga
            // wrote it from a module that its validator accepted, and the decorations added since name results of
            // instructions that take them. Entry points and workgroup sizes are read from the same module.
            return unsafe { self.device.create_shader_module_passthrough(descriptor) };
        }
        // Metal, or a text that does not compile: wgpu reports what is wrong with that.
        self.device.create_shader_module(ShaderModuleDescriptor {
            label: Some(name),
            source: ShaderSource::Wgsl(source.into()),
        })
    }
}

/// Whether a kernel uses one of the steps that are wrong, not merely less accurate, where (a + b) − a becomes b.
pub(super) fn needs_exact_arithmetic(text: &KernelText) -> bool {
    let steps = [
        &rounding::nearest_integer_f32::TEXT,
        &rounding::leading_half_f32::TEXT,
        &rounding::sum_error_f32::TEXT,
        &scaling::power_of_two_f32::TEXT,
    ];
    // f64 does not come here: adapters without SPIR-V have none.
    steps.iter().any(|step| step.name == text.name)
        || text.calls.iter().any(|call| needs_exact_arithmetic(call))
        || text.methods.iter().any(|method| needs_exact_arithmetic(method.f32))
}

/// Entry points and SPIR-V of a WGSL text; `None` where it is not valid.
fn translate(source: &str) -> Option<(Vec<PassthroughShaderEntryPoint<'static>>, Vec<u32>)> {
    let module = naga::front::wgsl::parse_str(source).ok()?;
    let info = Validator::new(ValidationFlags::all(), Capabilities::all()).validate(&module).ok()?;
    let checked = naga::proc::BoundsCheckPolicy::Restrict;
    let options = spv::Options {
        lang_version: (1, 3),
        flags: spv::WriterFlags::empty(),
        bounds_check_policies: naga::proc::BoundsCheckPolicies {
            index: checked,
            buffer: checked,
            image_load: checked,
            binding_array: checked,
        },
        ..Default::default()
    };
    let words = spv::write_vec(&module, &info, &options, None).ok()?;
    let entry_points = module.entry_points.iter().map(|entry| PassthroughShaderEntryPoint {
        name: entry.name.clone().into(),
        workgroup_size: (entry.workgroup_size[0], entry.workgroup_size[1], entry.workgroup_size[2]),
    });
    Some((entry_points.collect(), decorate(&words)))
}

/// The module with `NoContraction` on every arithmetic result.
fn decorate(words: &[u32]) -> Vec<u32> {
    let mut results = Vec::new();
    let mut decorations_end = None;
    let mut position = HEADER;
    while position < words.len() {
        let (length, operation) = ((words[position] >> 16) as usize, words[position] & 0xffff);
        if operation == OP_DECORATE || operation == OP_MEMBER_DECORATE {
            decorations_end = Some(position + length);
        }
        if ARITHMETIC.contains(&operation) {
            results.push(words[position + 2]);
        }
        position += length;
    }
    // Every kernel decorates its bindings, so that there is a place.
    let Some(end) = decorations_end else { return words.to_vec() };
    let mut decorated = words[..end].to_vec();
    for result in results {
        decorated.extend([(3 << 16) | OP_DECORATE, result, NO_CONTRACTION]);
    }
    decorated.extend_from_slice(&words[end..]);
    decorated
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_arithmetic_result_is_decorated() {
        let source = "@group(0) @binding(0) var<storage, read_write> a: array<f32>;
            @compute @workgroup_size(64) fn main() { a[0] = (a[1] + a[2]) - a[1] * a[2] / -a[3]; }";
        let (entry_points, words) = translate(source).unwrap();
        assert_eq!((&*entry_points[0].name, entry_points[0].workgroup_size), ("main", (64, 1, 1)));
        let decorated =
            words.windows(3).filter(|w| w[0] == (3 << 16) | OP_DECORATE && w[2] == NO_CONTRACTION).count();
        assert_eq!(decorated, 5);
    }

    #[test]
    fn kernels_that_a_rearranging_compiler_would_break_are_known() {
        use crate::math::{atan2_f32, exp_f32, log_f32, pow_f32, sin_f32, tanh_f32};
        for text in [&exp_f32::TEXT, &sin_f32::TEXT, &atan2_f32::TEXT, &pow_f32::TEXT, &tanh_f32::TEXT] {
            assert!(needs_exact_arithmetic(text), "{}", text.name);
        }
        assert!(!needs_exact_arithmetic(&log_f32::TEXT));
    }

    #[test]
    fn a_wrong_text_is_left_to_wgpu() {
        assert!(translate("fn main() { let a = 1 +; }").is_none());
    }
}
