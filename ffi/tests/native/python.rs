//! The Python package, over this build's library: its own tests, from its sources and from its wheel.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::toolchain::{crate_folder, library_folder, run};

fn package() -> PathBuf {
    crate_folder().join("../python")
}

/// Whether Python can import a module; if not, says so, or fails where `TERRELLA_REQUIRE` names `python`.
fn has_module(module: &str) -> bool {
    let import = format!("import {module}");
    let found = python("python3", &[]).args(["-c", &import]).output();
    if found.is_ok_and(|output| output.status.success()) {
        return true;
    }
    let required = std::env::var("TERRELLA_REQUIRE").unwrap_or_default();
    assert!(
        !required.split(',').any(|name| name == "python"),
        "python3 with '{module}' is required and missing"
    );
    println!("not run: python3 with '{module}' is missing");
    false
}

/// `PYTHONPATH` with these folders and with the packages that `scripts/setup.sh` put into `target/python`.
fn search_path(folders: &[PathBuf]) -> OsString {
    let mut folders = folders.to_vec();
    let inherited = std::env::var_os("PYTHONPATH").unwrap_or_default();
    // The package that is tested is the one that the test names.
    folders.extend(std::env::split_paths(&inherited).filter(|folder| !folder.join("terrella").exists()));
    folders.push(crate_folder().join("../target/python"));
    std::env::join_paths(folders).expect("folders without ':'")
}

/// An interpreter that also finds what is in these folders.
fn python(interpreter: impl AsRef<OsStr>, folders: &[PathBuf]) -> Command {
    let mut command = Command::new(interpreter);
    command
        .env("PYTHONPATH", search_path(folders))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env_remove("TERRELLA_LIBRARY");
    command
}

/// Runs the package's tests and expects that there were some.
fn run_tests(python: Command) {
    assert!(count_tests(python, "test*.py") >= 30);
}

/// Runs the package's tests in these files; how many there were.
fn count_tests(mut python: Command, files: &str) -> u32 {
    python.args(["-m", "unittest", "discover", "-p", files, "-s"]).arg(package().join("tests"));
    let text = String::from_utf8_lossy(&run(&mut python).stderr).into_owned();
    let count = text.split("Ran ").nth(1).and_then(|rest| rest.split(' ').next()?.parse().ok());
    count.unwrap_or_else(|| panic!("{text}"))
}

#[test]
fn the_package_passes_its_tests() {
    if !has_module("numpy") {
        return;
    }
    let mut python = python("python3", &[package().join("src")]);
    python.env("TERRELLA_LIBRARY", library_folder().join("libterrella.so"));
    run_tests(python);
}

#[cfg(all(target_os = "linux", feature = "cuda", feature = "hip"))]
#[test]
fn arrays_on_a_gpu_are_used_where_they_lie() {
    let Some(libraries) = crate::host_gpu::libraries().filter(|_| has_module("numpy")) else { return };
    let mut python = python("python3", &[package().join("src")]);
    python.env("TERRELLA_LIBRARY", library_folder().join("libterrella.so"));
    python.envs(crate::host_gpu::environment(libraries));
    assert!(count_tests(python, "test_device_arrays.py") >= 16);
}

fn wheel_in(folder: &Path) -> PathBuf {
    let mut files = std::fs::read_dir(folder).expect("folder of the wheel");
    let wheel = files.next().expect("a wheel").expect("its entry").path();
    assert!(files.next().is_none());
    wheel
}

#[test]
fn a_wheel_in_a_fresh_environment_passes_the_tests() {
    if !["numpy", "pip", "venv", "setuptools.command.bdist_wheel"].into_iter().all(has_module) {
        return;
    }
    let folder = tempfile::tempdir().expect("temporary folder");
    let wheels = folder.path().join("wheels");
    run(Command::new(package().join("wheel.sh"))
        .env("PYTHONPATH", search_path(&[]))
        .arg(library_folder().join("libterrella.so"))
        .arg(&wheels));
    let wheel = wheel_in(&wheels);
    let name = wheel.file_name().expect("a name").to_string_lossy().into_owned();
    let start = format!("terrella-{}-py3-none-", env!("CARGO_PKG_VERSION"));
    assert!(name.starts_with(&start) && !name.ends_with("-any.whl"), "{name}");
    // NumPy comes from outside, so that nothing is fetched.
    let environment = folder.path().join("environment");
    run(python("python3", &[]).args(["-m", "venv", "--system-site-packages"]).arg(&environment));
    let interpreter = environment.join("bin/python");
    let install = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
        "--no-index",
        "--ignore-installed",
    ];
    run(python(&interpreter, &[]).args(install).arg(&wheel));
    let mut tests = python(&interpreter, &[]);
    tests.current_dir(folder.path());
    let output = run(tests.args(["-c", "import terrella; print(terrella.__file__)"]));
    let place = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let environment = environment.canonicalize().expect("the environment");
    assert!(Path::new(&place).canonicalize().expect("the package").starts_with(environment), "{place}");
    let mut tests = python(&interpreter, &[]);
    tests.current_dir(folder.path());
    run_tests(tests);
}
