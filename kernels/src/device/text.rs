//! The texts of one kernel and what they expect.

use crate::{Precision, ScalarKind};

/// One kernel's CUDA C and WGSL, with the parameters they take.
#[derive(Debug)]
pub struct KernelText {
    /// The function's name.
    pub name: &'static str,
    /// Names of the indices, slowest first.
    pub indices: &'static [&'static str],
    /// Parameters after the indices, in order.
    pub parameters: &'static [Parameter],
    /// Kinds of the outputs, in order.
    pub outputs: &'static [ScalarKind],
    /// CUDA C.
    pub cuda: &'static str,
    /// WGSL.
    pub wgsl: &'static str,
    /// Kernel functions that this one calls.
    pub calls: &'static [&'static KernelText],
}

/// One parameter of a kernel.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub kind: ParameterKind,
}

/// The type of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterKind {
    /// A value (bool travels as u32).
    Scalar(ScalarKind),
    /// A read-only slice.
    Slice(ScalarKind),
}

impl KernelText {
    /// A whole CUDA C module.
    pub fn cuda_source(&self, precision: Precision) -> String {
        let real = if precision == Precision::F32 { "float" } else { "double" };
        format!("typedef {real} R;\ntypedef unsigned int u32;\ntypedef int i32;\n{}", self.cuda)
    }

    /// A whole WGSL module.
    pub fn wgsl_source(&self, precision: Precision) -> String {
        let real = if precision == Precision::F32 { "f32" } else { "f64" };
        format!("alias R = {real};\n{}", self.wgsl)
    }
}
