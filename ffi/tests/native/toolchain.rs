//! Compiling and running programs that use the libraries.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

pub(crate) fn crate_folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Where Cargo puts the libraries of this build.
pub(crate) fn library_folder() -> PathBuf {
    let program = std::env::current_exe().expect("path of the test");
    program.parent().expect("folder of the test").to_owned()
}

/// Whether a tool is there; if not, says so, or fails where `TERRELLA_REQUIRE` names it.
pub(crate) fn has(name: &str, program: &str) -> bool {
    if Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success()) {
        return true;
    }
    let required = std::env::var("TERRELLA_REQUIRE").unwrap_or_default();
    assert!(!required.split(',').any(|required| required == name), "'{program}' is required and missing");
    println!("not run: '{program}' is missing");
    false
}

/// How a program finds the library.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Linking {
    Shared,
    Static,
}

/// What a program that contains the static library needs besides it.
pub(crate) const SYSTEM_LIBRARIES: [&str; 5] = ["-lm", "-lpthread", "-ldl", "-lgcc_s", "-lutil"];

/// Arguments that link a program.
pub(crate) fn link(linking: Linking) -> Vec<String> {
    let folder = library_folder();
    let folder = folder.display();
    let mut arguments = match linking {
        Linking::Shared => vec![format!("-L{folder}"), "-lterrella".into(), format!("-Wl,-rpath,{folder}")],
        Linking::Static => vec![format!("{folder}/libterrella.a")],
    };
    arguments.extend(SYSTEM_LIBRARIES.map(str::to_owned));
    arguments
}

pub(crate) fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(
        output.status.success(),
        "{command:?}: {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

/// Compiles a C program and runs it; its standard output.
pub(crate) fn run_c(source: &Path, linking: Linking) -> String {
    let folder = tempfile::tempdir().expect("temporary folder");
    let program = compile_c(source, folder.path(), linking);
    run_linked(&program, folder.path(), linking)
}

/// Compiles a C program into a folder.
pub(crate) fn compile_c(source: &Path, folder: &Path, linking: Linking) -> PathBuf {
    compile_c_with("cc", &["-Wpedantic"], source, folder, linking)
}

/// Compiles a C program into a folder by one of the compilers for C, with more arguments.
pub(crate) fn compile_c_with(
    compiler: &str,
    arguments: &[&str],
    source: &Path,
    folder: &Path,
    linking: Linking,
) -> PathBuf {
    let program = folder.join("program");
    run(Command::new(compiler)
        .args(["-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror"])
        .args(arguments)
        .arg("-I")
        .arg(crate_folder().join("include"))
        .arg(source)
        .arg("-o")
        .arg(&program)
        .args(link(linking)));
    program
}

/// Compiles the Fortran module and a program that uses it, and runs it; its standard output.
pub(crate) fn run_fortran(source: &Path, linking: Linking) -> String {
    let folder = tempfile::tempdir().expect("temporary folder");
    let program = compile_fortran(source, folder.path(), &link(linking));
    run_linked(&program, folder.path(), linking)
}

/// Compiles the Fortran module and a program that uses it into a folder.
pub(crate) fn compile_fortran(source: &Path, folder: &Path, link: &[String]) -> PathBuf {
    let program = folder.join("program");
    run(Command::new("gfortran")
        .args([
            "-std=f2008",
            "-O1",
            "-Wall",
            "-Wextra",
            "-Wno-compare-reals",
            "-Werror",
            "-fcheck=bounds,do,mem,pointer,recursion",
            "-J",
        ])
        .arg(folder)
        .arg(crate_folder().join("fortran/terrella.f90"))
        .arg(source)
        .arg("-o")
        .arg(&program)
        .args(link));
    program
}

/// Runs a program in a folder; its standard output.
pub(crate) fn run_linked(program: &Path, folder: &Path, linking: Linking) -> String {
    let output = run(linked(program, folder, linking).env("LD_LIBRARY_PATH", folder));
    String::from_utf8(output.stdout).expect("text from the program")
}

/// A program in a folder, in which it finds the library.
pub(crate) fn linked(program: &Path, folder: &Path, linking: Linking) -> Command {
    // The shared library's soname is not the name of the file that Cargo writes.
    if linking == Linking::Shared {
        let soname = format!("libterrella.so.{}", soname_version());
        std::os::unix::fs::symlink(library_folder().join("libterrella.so"), folder.join(soname))
            .expect("link to the shared library");
    }
    let mut command = Command::new(program);
    command
        .current_dir(folder)
        // Freed memory counts as free at once, not as kept for its thread.
        .env("GLIBC_TUNABLES", "glibc.malloc.tcache_count=0");
    command
}

/// Before 1.0 every minor version may change the interface.
pub(crate) fn soname_version() -> String {
    let (major, minor) = (env!("CARGO_PKG_VERSION_MAJOR"), env!("CARGO_PKG_VERSION_MINOR"));
    if major == "0" { format!("{major}.{minor}") } else { major.to_owned() }
}
