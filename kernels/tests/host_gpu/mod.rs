//! libcuda, libnvrtc, libamdhip64 and libhiprtc whose GPU is the host, built from this folder, and tests run on them.

#![allow(dead_code, unreachable_pub, reason = "each test program uses its own part")]

use std::env;
use std::ffi::OsString;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use terrella_kernels::device::Device;

const CHILD: &str = "TERRELLA_HOST_GPU";

/// The folder of the libraries, built once per process; `None` without a C++ compiler.
pub fn libraries() -> Option<&'static Path> {
    static FOLDER: OnceLock<Option<tempfile::TempDir>> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../kernels/tests/host_gpu");
        for (source, library, others) in [
            ("cuda.cpp", "libcuda.so.1", ["libcuda.so", "libnvrtc.so"]),
            ("hip.cpp", "libamdhip64.so.6", ["libamdhip64.so", "libhiprtc.so"]),
        ] {
            let compiled = Command::new("c++")
                .args(["-std=c++17", "-O1", "-shared", "-fPIC", "-o"])
                .args([folder.path().join(library), sources.join(source)])
                .args([&format!("-Wl,-soname,{library}"), "-ldl"])
                .status();
            match compiled {
                Err(error) => {
                    let required = env::var("TERRELLA_REQUIRE").unwrap_or_default();
                    assert!(!required.split(',').any(|name| name == "c++"), "required: c++: {error}");
                    eprintln!("not run: c++: {error}");
                    return None;
                }
                Ok(status) => assert!(status.success(), "{source} does not compile"),
            }
            for other in others {
                symlink(folder.path().join(library), folder.path().join(other)).unwrap();
            }
        }
        Some(folder)
    });
    folder.as_ref().map(tempfile::TempDir::path)
}

/// Variables with which a process finds the libraries of a folder in place of the real ones.
pub fn environment(folder: &Path) -> [(&'static str, OsString); 5] {
    let path = |name| folder.join(name).into_os_string();
    [
        (CHILD, "1".into()),
        ("LD_LIBRARY_PATH", folder.into()),
        ("TERRELLA_NVRTC", path("libnvrtc.so")),
        ("TERRELLA_HIPRTC", path("libhiprtc.so")),
        ("TERRELLA_CACHE", path("cache")),
    ]
}

/// Runs the test `name` of this program in a process with the host's GPUs. Returns whether this is that process.
pub fn on_the_host(name: &str) -> bool {
    if env::var_os(CHILD).is_some() {
        return true;
    }
    if let Some(folder) = libraries() {
        let output = Command::new(env::current_exe().unwrap())
            .args([name, "--exact", "--nocapture"])
            .envs(environment(folder))
            .output()
            .unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(output.status.success(), "{}\n{}", text(&output.stdout), text(&output.stderr));
        assert!(text(&output.stdout).contains("1 passed"), "{}", text(&output.stdout));
    }
    false
}

/// The host's GPUs that this build can drive.
pub fn hosts() -> Vec<Device> {
    let mut devices = Vec::new();
    if cfg!(feature = "cuda") {
        devices.push(Device::Cuda(0));
    }
    if cfg!(feature = "hip") {
        devices.push(Device::Hip(0));
    }
    devices
}

/// Where the compiled kernels of this process are kept.
pub fn cache() -> PathBuf {
    PathBuf::from(env::var_os("TERRELLA_CACHE").unwrap())
}
