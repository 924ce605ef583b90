//! Arrays in the memory of a GPU, from C and Fortran, on libraries whose GPU is the host.

#![cfg(all(target_os = "linux", any(feature = "cuda", feature = "hip")))]

use std::path::Path;
use std::process::Command;

use terrella_kernels::device::Device;

use crate::host_gpu::{environment, hosts, libraries};
use crate::toolchain::{Linking, compile_c, compile_fortran, crate_folder, has, link, linked, run};

fn library_of(device: Device) -> &'static str {
    if matches!(device, Device::Hip(_)) { "libamdhip64.so" } else { "libcuda.so" }
}

/// A compiled program, to run with the GPUs of a folder of libraries.
fn with_gpus(program: &Path, folder: &Path, libraries: &Path) -> Command {
    let mut command = linked(program, folder, Linking::Shared);
    // Behind the folder in which the program finds this library itself.
    let folders = std::env::join_paths([folder, libraries]).expect("folders without ':'");
    command.envs(environment(libraries)).env("LD_LIBRARY_PATH", folders);
    command
}

#[test]
fn c_programs_pass_arrays_on_a_gpu() {
    let Some(libraries) = libraries().filter(|_| has("c", "cc")) else { return };
    for device in hosts() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let source = crate_folder().join("tests/programs/device_memory.c");
        let program = compile_c(&source, folder.path(), Linking::Shared);
        let arguments = [&*device.to_string(), library_of(device)];
        let output = run(with_gpus(&program, folder.path(), libraries).args(arguments));
        assert_eq!(String::from_utf8_lossy(&output.stdout), "done\n", "{device}");
    }
}

#[test]
fn fortran_programs_pass_arrays_on_a_gpu() {
    let Some(libraries) = libraries().filter(|_| has("fortran", "gfortran")) else { return };
    for device in hosts() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let source = crate_folder().join("tests/programs/device_memory.f90");
        let mut arguments = link(Linking::Shared);
        arguments.push(libraries.join(library_of(device)).display().to_string());
        let program = compile_fortran(&source, folder.path(), &arguments);
        let output = run(with_gpus(&program, folder.path(), libraries).arg(device.to_string()));
        assert_eq!(String::from_utf8_lossy(&output.stdout), "done\n", "{device}");
    }
}
