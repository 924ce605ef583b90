//! An installation, as pkg-config and CMake find it.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::toolchain::{crate_folder, has, library_folder, run, soname_version};

/// Installs this build's libraries under a folder.
fn installed(folder: &Path) -> PathBuf {
    let prefix = folder.join("prefix");
    run(Command::new(crate_folder().join("install.sh")).arg(library_folder()).arg(&prefix));
    prefix
}

fn pkg_config(prefix: &Path, arguments: &[&str]) -> Vec<String> {
    let output = run(Command::new("pkg-config")
        .env("PKG_CONFIG_PATH", prefix.join("lib/pkgconfig"))
        .args(arguments)
        .arg("terrella"));
    let text = String::from_utf8(output.stdout).expect("text from pkg-config");
    text.split_whitespace().map(str::to_owned).collect()
}

#[test]
fn programs_build_with_pkg_config_alone() {
    if !has("c", "cc") || !has("c", "pkg-config") {
        return;
    }
    let folder = tempfile::tempdir().expect("temporary folder");
    let prefix = installed(folder.path());
    assert_eq!(pkg_config(&prefix, &["--modversion"]), [env!("CARGO_PKG_VERSION")]);
    assert!(prefix.join(format!("lib/libterrella.so.{}", soname_version())).exists());
    let program = folder.path().join("transi");
    run(Command::new("cc")
        .arg(crate_folder().join("examples/transi.c"))
        .arg("-o")
        .arg(&program)
        .args(pkg_config(&prefix, &["--cflags", "--libs"]))
        .arg("-lm"));
    run(Command::new(&program).env("LD_LIBRARY_PATH", prefix.join("lib")));
    if has("fortran", "gfortran") {
        let program = folder.path().join("fortran");
        run(Command::new("gfortran")
            .arg("-J")
            .arg(folder.path())
            .args(pkg_config(&prefix, &["--variable=fortran"]))
            .arg(crate_folder().join("examples/terrella.f90"))
            .arg("-o")
            .arg(&program)
            .args(pkg_config(&prefix, &["--libs"])));
        run(Command::new(&program).env("LD_LIBRARY_PATH", prefix.join("lib")));
    }
}

const CMAKE_PROJECT: &str = "cmake_minimum_required(VERSION 3.16)
project(example C)
find_package(terrella 0.1 REQUIRED)
find_package(terrella 99 QUIET)
if(terrella_FOUND)
  message(FATAL_ERROR \"a version that does not exist was found\")
endif()
if(NOT EXISTS ${terrella_FORTRAN_SOURCE})
  message(FATAL_ERROR \"no Fortran module: ${terrella_FORTRAN_SOURCE}\")
endif()
add_executable(shared ${EXAMPLE})
target_link_libraries(shared terrella::terrella)
add_executable(static ${EXAMPLE})
target_link_libraries(static terrella::static)
";

#[test]
fn programs_build_with_cmake() {
    if !has("cmake", "cmake") || !has("c", "cc") {
        return;
    }
    let folder = tempfile::tempdir().expect("temporary folder");
    // An installation may be moved.
    let moved = folder.path().join("moved");
    std::fs::rename(installed(folder.path()), &moved).expect("move");
    std::fs::write(folder.path().join("CMakeLists.txt"), CMAKE_PROJECT).expect("project");
    let example = crate_folder().join("examples/terrella.c");
    run(Command::new("cmake")
        .args(["-S", ".", "-B", "build"])
        .arg(format!("-DCMAKE_PREFIX_PATH={}", moved.display()))
        .arg(format!("-DEXAMPLE={}", example.display()))
        .current_dir(folder.path()));
    run(Command::new("cmake").args(["--build", "build"]).current_dir(folder.path()));
    let outputs = ["shared", "static"].map(|program| {
        let output = run(&mut Command::new(folder.path().join("build").join(program)));
        assert!(!output.stdout.is_empty());
        output.stdout
    });
    assert_eq!(outputs[0], outputs[1]);
}
