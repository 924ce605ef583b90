//! The CUDA texts without a GPU: compiled by NVIDIA's compiler, and run on the host.

use std::env;
use std::path::Path;
use std::process::Command;

use super::super::form::{rows_from_spectra, spectra_from_rows};
use super::super::fourier::{
    convolve, fourier_pass, grid_from_lines, lines_from_grid, lines_from_waves, waves_from_lines,
};
use super::super::legendre::{legendre_analysis, legendre_synthesis};
use super::super::parcels::{parcels_from_waves, waves_from_parcels};
use super::super::resampling::{resample, resample_transposed};
use super::super::sublines::subline_transform;
use super::adjoints::check_adjoints;
use super::agreement::{check_against_the_cpu, check_many_fields};
use super::ranks::check_ranks;
use super::{grids, is_required, long_grids};
use crate::device::{Device, KernelText, compile_cuda};
use crate::{Error, Precision};

static TEXTS: [&KernelText; 15] = [
    &rows_from_spectra::TEXT,
    &spectra_from_rows::TEXT,
    &legendre_synthesis::TEXT,
    &legendre_analysis::TEXT,
    &resample::TEXT,
    &resample_transposed::TEXT,
    &lines_from_waves::TEXT,
    &lines_from_grid::TEXT,
    &fourier_pass::TEXT,
    &subline_transform::TEXT,
    &convolve::TEXT,
    &grid_from_lines::TEXT,
    &waves_from_lines::TEXT,
    &parcels_from_waves::TEXT,
    &waves_from_parcels::TEXT,
];

#[test]
fn texts_compile_for_nvidia_devices() {
    for text in TEXTS {
        for precision in [Precision::F32, Precision::F64] {
            for capability in [80, 90] {
                match compile_cuda(text, precision, capability) {
                    Ok(code) => assert!(!code.is_empty(), "{}", text.name),
                    Err(Error::DeviceUnavailable { reason, .. }) => {
                        assert!(!is_required("nvrtc"), "required: {reason}");
                        eprintln!("not run: {reason}");
                        return;
                    }
                    Err(error) => panic!("{}: {error}", text.name),
                }
            }
        }
    }
}

const CHILD: &str = "TERRELLA_HOST_GPU";

/// Builds the libraries in `tests/host_gpu`, whose GPU is the host, and runs the test `name` of this program in a process
/// that finds them. Returns whether this is that process.
fn on_the_host(name: &str) -> bool {
    if env::var_os(CHILD).is_some() {
        return true;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/host_gpu");
    for (source, driver, compiler) in
        [("cuda.cpp", "libcuda.so.1", "libnvrtc.so"), ("hip.cpp", "libamdhip64.so", "libhiprtc.so")]
    {
        let arguments = ["-std=c++17", "-O1", "-shared", "-fPIC", "-o"];
        let library = path(driver);
        match Command::new("c++").args(arguments).args([&library, &sources.join(source)]).arg("-ldl").status()
        {
            Err(error) => {
                assert!(!is_required("c++") && !is_required("host-cuda"), "required: c++: {error}");
                eprintln!("not run: c++: {error}");
                return false;
            }
            Ok(status) => assert!(status.success(), "{source} does not compile"),
        }
        std::fs::copy(&library, path(compiler)).unwrap();
    }
    std::fs::copy(path("libcuda.so.1"), path("libcuda.so")).unwrap();
    let output = Command::new(env::current_exe().unwrap())
        .args([name, "--exact", "--nocapture"])
        .env(CHILD, "1")
        .env("LD_LIBRARY_PATH", folder.path())
        .env("TERRELLA_NVRTC", path("libnvrtc.so"))
        .env("TERRELLA_HIPRTC", path("libhiprtc.so"))
        .env("TERRELLA_CACHE", path("cache"))
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}\n{}", text(&output.stdout), text(&output.stderr));
    assert!(text(&output.stdout).contains("1 passed"), "{}", text(&output.stdout));
    false
}

#[test]
fn cuda_texts_run_on_the_host() {
    if on_the_host("spectral::device::tests::texts::cuda_texts_run_on_the_host") {
        for device in [Device::Cuda(0), Device::Hip(0)] {
            // A block takes long where its threads are contexts: some of the grids will do.
            for (grid, total) in grids().into_iter().step_by(3).chain(long_grids()) {
                check_against_the_cpu::<f64>(device, &grid, total, 2e-14);
                check_against_the_cpu::<f32>(device, &grid, total, 20.0 * f64::from(f32::EPSILON));
            }
            check_many_fields::<f32>(device, 20.0 * f64::from(f32::EPSILON));
            check_ranks::<f32>(device, &"O16".parse().unwrap(), 17, 2);
            for (grid, total) in long_grids() {
                check_adjoints::<f64>(device, &grid, total, 1e-14);
            }
        }
    }
}
