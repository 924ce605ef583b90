//! Compiles CUDA text with NVRTC, which needs no GPU.

// Loads NVRTC from where Python has it.
#![allow(unsafe_code)]

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use terrella_kernels::device::{KernelText, compile_cuda};
use terrella_kernels::{Error, Precision};

/// The folder of the Python package `nvidia-cuda-nvrtc`, if it is installed.
fn wheel() -> Option<PathBuf> {
    let program = "import nvidia.cuda_nvrtc as nvrtc; print(list(nvrtc.__path__)[0])";
    let output = Command::new("python3").args(["-c", program]).output().ok()?;
    let folder = PathBuf::from(String::from_utf8(output.stdout).ok()?.trim()).join("lib");
    let files = std::fs::read_dir(folder).ok()?;
    files
        .filter_map(|file| Some(file.ok()?.path()))
        .find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("libnvrtc.so")))
}

/// Loads the package's library once, so that the name `libnvrtc.so.12` finds it.
fn prepare() {
    static LIBRARY: OnceLock<Option<libloading::Library>> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        if std::env::var_os("TERRELLA_NVRTC").is_some() {
            return None;
        }
        // SAFETY: NVIDIA's library; its initialisers have no preconditions.
        wheel().and_then(|path| unsafe { libloading::Library::new(path) }.ok())
    });
}

/// `Err` is the reason why there is no compiler.
pub(crate) fn compile(text: &KernelText, precision: Precision) -> Result<(), String> {
    prepare();
    for capability in [80, 90] {
        match compile_cuda(text, precision, capability) {
            Ok(code) => assert!(!code.is_empty()),
            Err(Error::DeviceUnavailable { reason, .. }) => return Err(reason),
            Err(error) => panic!("{error}\n{}", text.cuda_source(precision)),
        }
    }
    Ok(())
}
