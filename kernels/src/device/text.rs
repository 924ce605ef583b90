//! The texts of kernels, and whole modules assembled from them.
//!
//! A module is a prelude (the types and the helper functions that the texts mention), the functions that the kernel
//! calls, each once and before its first use, and the kernel's own text with its entry point `<name>_entry`.

use crate::{Precision, ScalarKind};

/// One kernel's CUDA C and WGSL, with the parameters they take.
#[derive(Debug)]
pub struct KernelText {
    /// The function's name.
    pub name: &'static str,
    /// Names of the indices, slowest first; empty for functions that only kernels call.
    pub indices: &'static [&'static str],
    /// Parameters after the indices, in order.
    pub parameters: &'static [Parameter],
    /// Kinds of the outputs, in order.
    pub outputs: &'static [ScalarKind],
    /// How many of the last outputs a scan carries along its first index: these have one value for each value of the
    /// other indices. 0 for kernels that are no scans. The entry of a scan is called for the other indices only.
    pub carried: usize,
    /// CUDA C of this kernel alone.
    pub cuda: &'static str,
    /// WGSL of this kernel alone.
    pub wgsl: &'static str,
    /// Kernel functions that this one calls.
    pub calls: &'static [&'static KernelText],
    /// Methods of `R` that this one uses and that are functions of `math`.
    pub methods: &'static [&'static RealMethod],
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
    /// A value (a bool travels as a u32).
    Scalar(ScalarKind),
    /// A read-only slice.
    Slice(ScalarKind),
}

/// A method such as `x.exp()`, which is one function for f32 and one for f64.
#[derive(Debug)]
pub struct RealMethod {
    /// Its name.
    pub name: &'static str,
    /// Number of arguments, the receiver included.
    pub arguments: usize,
    /// The function of f32.
    pub f32: &'static KernelText,
    /// The function of f64.
    pub f64: &'static KernelText,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Dialect {
    Cuda,
    Wgsl,
}

/// Types of CUDA C under their names in WGSL and Rust.
const CUDA_TYPES: &str = "typedef unsigned int u32;
typedef int i32;
typedef unsigned long long u64;
typedef float f32;
typedef double f64;
";

/// Helpers of CUDA C: the word that asks for one, and its text.
///
/// `minimum` and `maximum` compare as the CPU does, so that zeros and NaN come out the same; conversions of floats to
/// integers saturate and turn NaN into 0, as Rust's `as`.
const CUDA_HELPERS: &[(&str, &str)] = &[
    (
        "minimum(",
        "__device__ inline f32 minimum(f32 a, f32 b) { return b < a ? b : a; }
__device__ inline f64 minimum(f64 a, f64 b) { return b < a ? b : a; }
__device__ inline u32 minimum(u32 a, u32 b) { return b < a ? b : a; }
__device__ inline i32 minimum(i32 a, i32 b) { return b < a ? b : a; }
",
    ),
    (
        "maximum(",
        "__device__ inline f32 maximum(f32 a, f32 b) { return b > a ? b : a; }
__device__ inline f64 maximum(f64 a, f64 b) { return b > a ? b : a; }
__device__ inline u32 maximum(u32 a, u32 b) { return b > a ? b : a; }
__device__ inline i32 maximum(i32 a, i32 b) { return b > a ? b : a; }
",
    ),
    (
        "to_u32(",
        "__device__ inline u32 to_u32(f64 x) { return x >= 4294967296.0 ? 4294967295u : x > 0.0 ? u32(x) : 0u; }
",
    ),
    (
        "to_i32(",
        "__device__ inline i32 to_i32(f64 x) {
    if (x >= 2147483648.0) return 2147483647;
    if (x > -2147483649.0) return i32(x);
    return x == x ? -2147483647 - 1 : 0;
}
",
    ),
];

/// Helpers of WGSL, with `TYPE` for each floating-point type.
const WGSL_HELPERS: &[(&str, &str)] = &[
    (
        "minimum_TYPE(",
        "fn minimum_TYPE(a: TYPE, b: TYPE) -> TYPE {
    return select(a, b, b < a);
}
",
    ),
    (
        "maximum_TYPE(",
        "fn maximum_TYPE(a: TYPE, b: TYPE) -> TYPE {
    return select(a, b, b > a);
}
",
    ),
    (
        "to_u32_TYPE(",
        "fn to_u32_TYPE(x: TYPE) -> u32 {
    if (x >= TYPE(4294967296.0)) {
        return 4294967295u;
    }
    if (x > TYPE(0.0)) {
        return u32(x);
    }
    return 0u;
}
",
    ),
    (
        "to_i32_TYPE(",
        "fn to_i32_TYPE(x: TYPE) -> i32 {
    if (x >= TYPE(2147483648.0)) {
        return 2147483647;
    }
    if (x > TYPE(-2147483648.0)) {
        return i32(x);
    }
    return select(0, -2147483647 - 1, x <= TYPE(-2147483648.0));
}
",
    ),
];

impl KernelText {
    /// A whole CUDA C module, for NVRTC and HIPRTC.
    pub fn cuda_source(&self, precision: Precision) -> String {
        let body = Assembly::of(self, precision, Dialect::Cuda);
        let real = if precision == Precision::F32 { "float" } else { "double" };
        let mut source = format!("{CUDA_TYPES}typedef {real} real;\n\n");
        for (word, text) in CUDA_HELPERS {
            if mentions(&body, word) {
                source.push_str(text);
                source.push('\n');
            }
        }
        source.push_str(&body);
        source
    }

    /// A whole WGSL module.
    pub fn wgsl_source(&self, precision: Precision) -> String {
        let body = Assembly::of(self, precision, Dialect::Wgsl);
        let real = if precision == Precision::F32 { "f32" } else { "f64" };
        let mut source = format!("alias real = {real};\n\n");
        for ty in ["real", "f32", "f64"] {
            for (word, text) in WGSL_HELPERS {
                if mentions(&body, &word.replace("TYPE", ty)) {
                    source.push_str(&text.replace("TYPE", ty));
                    source.push('\n');
                }
            }
        }
        source.push_str(&body);
        source
    }

    fn text(&self, dialect: Dialect) -> &'static str {
        match dialect {
            Dialect::Cuda => self.cuda,
            Dialect::Wgsl => self.wgsl,
        }
    }
}

/// Whether `text` has `word` where a name can begin.
fn mentions(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(position, _)| {
        !text[..position].ends_with(|letter: char| letter.is_ascii_alphanumeric() || letter == '_')
    })
}

/// A kernel's text behind those of all functions it needs.
struct Assembly {
    precision: Precision,
    dialect: Dialect,
    source: String,
    /// Functions and methods that are in already.
    functions: Vec<&'static str>,
    texts: Vec<&'static str>,
    methods: Vec<&'static str>,
}

impl Assembly {
    fn of(text: &KernelText, precision: Precision, dialect: Dialect) -> String {
        let (functions, texts, methods) = (Vec::new(), Vec::new(), Vec::new());
        let mut assembly = Self { precision, dialect, source: String::new(), functions, texts, methods };
        assembly.dependencies(text);
        assembly.source.push_str(text.text(dialect));
        assembly.source
    }

    fn dependencies(&mut self, text: &KernelText) {
        for call in text.calls {
            self.function(call);
        }
        for method in text.methods {
            self.method(method);
        }
    }

    fn function(&mut self, text: &'static KernelText) {
        if let Some(position) = self.functions.iter().position(|name| *name == text.name) {
            assert!(
                self.texts[position] == text.text(self.dialect),
                "two kernel functions are named '{}': rename one, since one module needs both",
                text.name
            );
            return;
        }
        self.dependencies(text);
        self.functions.push(text.name);
        self.texts.push(text.text(self.dialect));
        self.source.push_str(text.text(self.dialect));
        self.source.push('\n');
    }

    fn method(&mut self, method: &RealMethod) {
        if self.methods.contains(&method.name) {
            return;
        }
        self.methods.push(method.name);
        let function = if self.precision == Precision::F32 { method.f32 } else { method.f64 };
        self.function(function);
        let (name, target) = (method.name, function.name);
        let names = &["x", "y"][..method.arguments];
        let passed = names.join(", ");
        self.source.push_str(&match self.dialect {
            Dialect::Cuda => {
                let parameters = names.iter().map(|name| format!("real {name}")).collect::<Vec<_>>().join(", ");
                format!("__device__ inline real {name}_real({parameters}) {{\n    return {target}({passed});\n}}\n\n")
            }
            Dialect::Wgsl => {
                let parameters = names.iter().map(|name| format!("{name}: real")).collect::<Vec<_>>().join(", ");
                format!("fn {name}_real({parameters}) -> real {{\n    return {target}({passed});\n}}\n\n")
            }
        });
    }
}
