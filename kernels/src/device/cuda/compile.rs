//! CUDA C to the machine code of one kind of GPU.

use std::env;
use std::path::PathBuf;
use std::sync::Mutex;

use crate::device::stream::{Dialect, Reported, RuntimeCompiler};
use crate::device::{Device, KernelText, lock};
use crate::{Error, Precision, Result};

/// Versions of NVRTC that were used with these texts, newest first.
const MAJOR_VERSIONS: [u32; 3] = [13, 12, 11];

/// The loaded compiler. A failure is not remembered.
fn compiler(device: Device, driver_major: Option<u32>) -> Result<&'static RuntimeCompiler> {
    static COMPILER: Mutex<Option<&'static RuntimeCompiler>> = Mutex::new(None);
    let mut compiler = lock(&COMPILER);
    if compiler.is_none() {
        let loaded = RuntimeCompiler::load(&Dialect::NVRTC, &candidates(driver_major))
            .map_err(|reason| Error::DeviceUnavailable { device, reason })?;
        *compiler = Some(Box::leak(Box::new(loaded)));
    }
    Ok(compiler.expect("the compiler was just loaded"))
}

/// File names to try: the driver's own major version first, because a driver loads no code of a newer one.
fn candidates(driver_major: Option<u32>) -> Vec<PathBuf> {
    let usual = driver_major.unwrap_or(12);
    let others = MAJOR_VERSIONS.into_iter().filter(|&major| major != usual);
    let mut names: Vec<_> =
        std::iter::once(usual).chain(others).map(|major| format!("libnvrtc.so.{major}")).collect();
    names.push("libnvrtc.so".to_owned());
    let mut folders: Vec<_> =
        ["CUDA_HOME", "CUDA_PATH"].into_iter().filter_map(env::var_os).map(PathBuf::from).collect();
    folders.push("/usr/local/cuda".into());
    let system = names.iter().map(PathBuf::from);
    let toolkit = folders.iter().flat_map(|folder| names.iter().map(|name| folder.join("lib64").join(name)));
    system.chain(toolkit).collect()
}

/// How a text is compiled for a device of one compute capability.
pub(super) struct Target {
    compiler: &'static RuntimeCompiler,
    options: Vec<String>,
    /// Which form of the result to take: 0 for machine code, 1 for PTX.
    form: usize,
}

impl Target {
    /// The target for compute capability `capability` (90 for 9.0).
    pub(super) fn new(device: Device, capability: u32, driver_major: Option<u32>) -> Result<Self> {
        let compiler = compiler(device, driver_major)?;
        let known = &compiler.architectures;
        // A GPU newer than the compiler gets PTX of the newest older architecture, which its driver compiles on.
        let (form, architecture) = if known.is_empty() || known.contains(&capability) {
            (0, format!("sm_{capability}"))
        } else {
            match known.iter().filter(|&&architecture| architecture < capability).max() {
                Some(older) => (1, format!("compute_{older}")),
                None => {
                    let version = &compiler.version;
                    let reason =
                        format!("{version} compiles for no device of compute capability {capability}");
                    return Err(Error::DeviceUnavailable { device, reason });
                }
            }
        };
        // Without contraction to fused multiply-adds, a kernel gives the same bits as on every other device.
        let options = [
            format!("--gpu-architecture={architecture}"),
            "--std=c++17".to_owned(),
            "--fmad=false".to_owned(),
            "--ftz=false".to_owned(),
            "--prec-div=true".to_owned(),
            "--prec-sqrt=true".to_owned(),
        ];
        Ok(Self { compiler, options: options.into(), form })
    }

    /// What the result depends on besides the source.
    pub(super) fn describe(&self) -> String {
        format!("{} {}", self.compiler.version, self.options.join(" "))
    }

    pub(super) fn compile(&self, name: &str, source: &str) -> Reported<Vec<u8>> {
        self.compiler.compile(name, source, &self.options, self.form)
    }
}

/// Compiles a kernel's CUDA C with NVRTC for GPUs of one compute capability (90 for 9.0); needs no GPU.
///
/// # Errors
/// `DeviceUnavailable` where libnvrtc is not found, `KernelCompilation` with the compiler's log.
pub fn compile_cuda(text: &KernelText, precision: Precision, capability: u32) -> Result<Vec<u8>> {
    let device = Device::Cuda(0);
    let target = Target::new(device, capability, None)?;
    target.compile(text.name, &text.cuda_source(precision)).map_err(|log| Error::KernelCompilation {
        kernel: text.name,
        device,
        log,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_drivers_version_comes_first() {
        let names = candidates(Some(13));
        assert_eq!(names[0], PathBuf::from("libnvrtc.so.13"));
        assert_eq!(names[1], PathBuf::from("libnvrtc.so.12"));
        assert_eq!(candidates(None)[0], PathBuf::from("libnvrtc.so.12"));
        assert!(names.contains(&PathBuf::from("/usr/local/cuda/lib64/libnvrtc.so.12")));
    }
}
