//! CUDA C compiled by NVRTC, which needs no GPU.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use terrella_kernels::device::{KernelText, compile_cuda};
use terrella_kernels::{Error, Precision, Real, kernel};

#[kernel]
fn multiply_add<R: Real>(point: u32, factor: R, values: &[R]) -> R {
    factor * values[point] + values[0] / factor
}

use multiply_add::TEXT as MULTIPLY_ADD;

static BROKEN: KernelText = KernelText { name: "broken", cuda: "nonsense here;", ..MULTIPLY_ADD };

/// Runs the test `name` of this module again, in a process whose environment names NVRTC. Returns whether this is that
/// process, or NVRTC is found without help.
fn with_nvrtc(name: &str) -> bool {
    match compile_cuda(&MULTIPLY_ADD, Precision::F32, 90) {
        Err(Error::DeviceUnavailable { reason, .. }) => {
            assert!(reason.starts_with("libnvrtc was not found"), "{reason}");
            assert!(env::var_os("TERRELLA_NVRTC").is_none(), "{reason}");
            match wheel() {
                Some(path) => rerun(name, &path),
                None => {
                    let required = env::var("TERRELLA_REQUIRE").unwrap_or_default();
                    assert!(!required.split(',').any(|name| name == "nvrtc"), "required: {reason}");
                    eprintln!("not run: {reason}");
                }
            }
            false
        }
        _ => true,
    }
}

/// The library in PyPI's nvidia-cuda-nvrtc-cu12, if that is installed.
fn wheel() -> Option<PathBuf> {
    let script = "import nvidia.cuda_nvrtc as m, glob; print(glob.glob(list(m.__path__)[0] + '/lib/libnvrtc.so.*')[0])";
    let output = Command::new("python3").args(["-c", script]).output().ok()?;
    let path = PathBuf::from(String::from_utf8(output.stdout).ok()?.trim());
    path.is_file().then_some(path)
}

fn rerun(name: &str, nvrtc: &PathBuf) {
    let output = Command::new(env::current_exe().unwrap())
        .args([&format!("nvrtc::{name}"), "--exact", "--nocapture"])
        .env("TERRELLA_NVRTC", nvrtc)
        .output()
        .unwrap();
    let passed = output.status.success() && String::from_utf8_lossy(&output.stdout).contains("1 passed");
    assert!(passed, "the test failed with {}: {output:?}", nvrtc.display());
}

#[test]
fn machine_code_for_known_gpus_and_ptx_for_newer_ones() {
    if !with_nvrtc("machine_code_for_known_gpus_and_ptx_for_newer_ones") {
        return;
    }
    for precision in [Precision::F32, Precision::F64] {
        let cubin = compile_cuda(&MULTIPLY_ADD, precision, 90).unwrap();
        assert_eq!(&cubin[..4], b"\x7fELF");
        assert!(cubin.windows(18).any(|text| text == b"multiply_add_entry"));
        let ptx = compile_cuda(&MULTIPLY_ADD, precision, 999).unwrap();
        assert_eq!(ptx.last(), Some(&0), "the driver wants a final NUL");
        let ptx = String::from_utf8(ptx).unwrap();
        assert!(ptx.contains(".entry multiply_add_entry"), "{ptx}");
        let kind = if precision == Precision::F32 { "f32" } else { "f64" };
        // Products and sums round separately; divisions are correctly rounded.
        assert!(ptx.contains(&format!("mul.rn.{kind}")) && ptx.contains(&format!("add.rn.{kind}")), "{ptx}");
        assert!(ptx.contains(&format!("div.rn.{kind}")) && !ptx.contains("fma"), "{ptx}");
    }
}

#[test]
fn an_error_gives_the_compilers_log() {
    if !with_nvrtc("an_error_gives_the_compilers_log") {
        return;
    }
    match compile_cuda(&BROKEN, Precision::F32, 90).unwrap_err() {
        Error::KernelCompilation { kernel: "broken", log, .. } => {
            assert!(log.contains("NVRTC_ERROR_COMPILATION") && log.contains("nonsense"), "{log}");
        }
        error => panic!("{error}"),
    }
}

#[test]
fn gpus_too_old_for_the_compiler_are_named() {
    if !with_nvrtc("gpus_too_old_for_the_compiler_are_named") {
        return;
    }
    let message = compile_cuda(&MULTIPLY_ADD, Precision::F32, 10).unwrap_err().to_string();
    assert!(message.contains("compiles for no device of compute capability 10"), "{message}");
}

#[test]
fn a_wrong_path_is_named() {
    if env::var_os("TERRELLA_NVRTC").is_some_and(|path| path == "/nowhere/libnvrtc.so") {
        let message = compile_cuda(&MULTIPLY_ADD, Precision::F32, 90).unwrap_err().to_string();
        assert!(message.contains("libnvrtc was not found at /nowhere/libnvrtc.so"), "{message}");
    } else {
        rerun("a_wrong_path_is_named", &"/nowhere/libnvrtc.so".into());
    }
}
