//! Runs CUDA text on the host: the system's C++ compiler, a short shim, and one loop over all threads of the grid.

// Loads the compiled library and calls into it.
#![allow(unsafe_code)]

use std::ffi::c_void;
use std::fmt::Write;
use std::process::Command;

use libloading::{Library, Symbol};
use terrella_kernels::ScalarKind;
use terrella_kernels::device::{KernelText, ParameterKind};

use crate::stamp::{Bytes, Case};

/// What CUDA has and C++ lacks. The square root is the correctly rounded one of the processor.
const SHIM: &str = r#"
#define __global__
#define __device__
#define __restrict__ __restrict
struct Position { unsigned x, y, z; };
static Position blockIdx, blockDim, threadIdx;
static inline float sqrt(float x) { return __builtin_sqrtf(x); }
static inline double sqrt(double x) { return __builtin_sqrt(x); }
static inline float fabs(float x) { return __builtin_fabsf(x); }
static inline double fabs(double x) { return __builtin_fabs(x); }
static inline float floor(float x) { return __builtin_floorf(x); }
static inline double floor(double x) { return __builtin_floor(x); }
"#;

fn type_of(kind: ScalarKind) -> &'static str {
    match kind {
        ScalarKind::Real => "real",
        ScalarKind::F32 => "f32",
        ScalarKind::F64 => "f64",
        ScalarKind::U32 => "u32",
        ScalarKind::I32 => "i32",
    }
}

/// A function that reads the entry's arguments from an array of pointers and calls it for each thread.
fn driver(text: &KernelText) -> String {
    let mut arguments: Vec<String> = Vec::new();
    let mut add = |ty: &str, pointer: bool| {
        let position = arguments.len();
        arguments.push(if pointer {
            format!("({ty}*)arguments[{position}]")
        } else {
            format!("*({ty}*)arguments[{position}]")
        });
    };
    for _ in text.indices {
        add("u32", false);
    }
    for parameter in text.parameters {
        match parameter.kind {
            ParameterKind::Scalar(kind) => add(type_of(kind), false),
            ParameterKind::Slice(kind) => add(type_of(kind), true),
        }
    }
    for kind in text.outputs {
        add(type_of(*kind), true);
    }
    let mut driver = String::new();
    writeln!(driver, "extern \"C\" void run(void** arguments, u64 threads) {{").unwrap();
    writeln!(driver, "    blockDim.x = 256;").unwrap();
    writeln!(driver, "    for (u64 flat = 0; flat < (threads + 255) / 256 * 256; ++flat) {{").unwrap();
    writeln!(driver, "        blockIdx.x = flat / 256; threadIdx.x = flat % 256;").unwrap();
    writeln!(driver, "        {}_entry({});", text.name, arguments.join(", ")).unwrap();
    writeln!(driver, "    }}\n}}").unwrap();
    driver
}

/// The outputs' bytes, or why there is no compiler.
pub(crate) fn run(case: &Case) -> Result<Vec<Vec<u8>>, String> {
    let folder = tempfile::tempdir().expect("a folder for the compiler");
    let (source, library) = (folder.path().join("kernel.cpp"), folder.path().join("kernel.so"));
    let text = case.text.cuda_source(case.precision);
    std::fs::write(&source, format!("{SHIM}\n{text}\n{}", driver(case.text))).expect("write the source");
    let compiler = std::env::var("CXX").unwrap_or_else(|_| "c++".to_owned());
    let compiled = Command::new(&compiler)
        .args(["-std=c++17", "-O2", "-ffp-contract=off", "-fno-math-errno", "-shared", "-fPIC", "-o"])
        .arg(&library)
        .arg(&source)
        .arg("-lm")
        .output()
        .map_err(|error| format!("{compiler}: {error}"))?;
    assert!(
        compiled.status.success(),
        "{compiler} refuses the text of '{}':\n{}\n{text}",
        case.text.name,
        String::from_utf8_lossy(&compiled.stderr)
    );

    let mut outputs: Vec<Vec<u8>> = case.outputs.iter().map(|bytes| vec![0; *bytes]).collect();
    // Aligned to 8 bytes, as the types of the text need.
    let aligned = |bytes: &[u8]| -> Vec<u64> {
        bytes
            .chunks(8)
            .map(|chunk| {
                let mut word = [0; 8];
                word[..chunk.len()].copy_from_slice(chunk);
                u64::from_ne_bytes(word)
            })
            .collect()
    };
    let mut storage: Vec<Vec<u64>> = case.extent.iter().map(|extent| vec![u64::from(*extent)]).collect();
    for argument in &case.arguments {
        let (Bytes::Scalar(bytes) | Bytes::Slice(bytes)) = argument;
        storage.push(aligned(bytes));
    }
    let first_output = storage.len();
    // What was in an output before must not matter.
    storage.extend(outputs.iter().map(|bytes| vec![0x4141_4141_4141_4141; bytes.len().div_ceil(8)]));
    let mut pointers: Vec<*mut c_void> =
        storage.iter_mut().map(|values| values.as_mut_ptr().cast()).collect();
    // SAFETY: the library is ours, just compiled, and has no initialisers.
    let loaded = unsafe { Library::new(&library) }.expect("load the compiled text");
    // SAFETY: `driver` defines `run` with these parameters.
    let run: Symbol<'_, unsafe extern "C" fn(*mut *mut c_void, u64)> =
        unsafe { loaded.get(b"run") }.expect("the function 'run'");
    // SAFETY: the pointers are in the order and of the types that `driver` reads, each to as many values as the
    // kernel's inputs have and as the extent asks of its outputs; all live until the call returns.
    unsafe { run(pointers.as_mut_ptr(), case.threads() as u64) };
    for (output, values) in outputs.iter_mut().zip(&storage[first_output..]) {
        let bytes: Vec<u8> = values.iter().flat_map(|word| word.to_ne_bytes()).collect();
        let len = output.len();
        output.copy_from_slice(&bytes[..len]);
    }
    Ok(outputs)
}
