//! Programs whose tasks are processes under MPI, compared with one task alone, bit for bit.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::launcher::{LAUNCHERS, Launcher, is_there, job_of, wait_for};
use crate::toolchain::{Linking, compile_c, compile_c_with, crate_folder, has, linked, run};

fn source(name: &str) -> PathBuf {
    crate_folder().join(name)
}

/// A compiled program in a folder of its own, in which it finds the library.
struct Program {
    path: PathBuf,
    folder: tempfile::TempDir,
}

impl Program {
    fn new(compile: impl FnOnce(&Path) -> PathBuf) -> Self {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = compile(folder.path());
        linked(&path, folder.path(), Linking::Shared);
        Self { path, folder }
    }

    /// Adds what it needs to a command that runs it.
    fn run_by(&self, mut command: Command, arguments: &[&str]) -> Command {
        command.args(arguments).current_dir(self.folder.path()).env("LD_LIBRARY_PATH", self.folder.path());
        command
    }

    /// What it wrote to a file.
    fn written(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.folder.path().join(name)).expect("a file of the program's")
    }
}

/// The launchers that are here, each with its program and the first of its libraries with which `program` runs. Without one it says
/// `not run`, or fails where `TERRELLA_REQUIRE` names `mpi`, for which any one will do.
fn launchers(program: &Program, arguments: &[&str]) -> Vec<(&'static Launcher, &'static str, &'static str)> {
    let mut found = Vec::new();
    for launcher in &LAUNCHERS {
        let Some(name) = launcher.programs.iter().find(|name| is_there(name)) else {
            println!("not run: {} is not here (looked for {:?})", launcher.name, launcher.programs);
            continue;
        };
        let has_library = |library: &&&str| {
            let job = program.run_by(job_of(launcher, name, library, 1, &program.path), arguments);
            !wait_for(job, launcher.name).1.contains("MPI is not available")
        };
        match launcher.libraries.iter().find(has_library) {
            Some(library) => found.push((launcher, *name, *library)),
            None => println!("not run: {} has none of {:?}", launcher.name, launcher.libraries),
        }
    }
    let required = std::env::var("TERRELLA_REQUIRE").unwrap_or_default();
    let is_required = required.split(',').any(|need| need == "mpi");
    assert!(!found.is_empty() || !is_required, "no MPI, which TERRELLA_REQUIRE names");
    found
}

/// Runs a program on so many tasks; what it said.
fn run_on(
    program: &Program,
    (launcher, name, library): (&'static Launcher, &str, &str),
    tasks: usize,
    arguments: &[&str],
) -> String {
    let job = program.run_by(job_of(launcher, name, library, tasks, &program.path), arguments);
    let (success, text) = wait_for(job, &format!("{} on {tasks} tasks", launcher.name));
    assert!(success, "{} on {tasks} tasks:\n{text}", launcher.name);
    text
}

#[test]
fn any_number_of_tasks_gives_the_bits_of_one() {
    if !has("c", "cc") {
        return;
    }
    let tasks_c = source("tests/programs/tasks.c");
    let program = Program::new(|folder| compile_c(&tasks_c, folder, Linking::Shared));
    let alone = run(&mut program.run_by(Command::new(&program.path), &["alone"]));
    assert_eq!(String::from_utf8_lossy(&alone.stdout), "done on 1\n");
    let expected = program.written("alone");
    assert!(expected.len() > 100_000, "{} bytes", expected.len());
    for found in launchers(&program, &["one"]) {
        let (launcher, ..) = found;
        for tasks in 1..=4 {
            let text = run_on(&program, found, tasks, &["many"]);
            assert!(text.contains(&format!("done on {tasks}\n")), "{text}");
            assert!(program.written("many") == expected, "{} on {tasks} tasks: other bits", launcher.name);
        }
        // The same where the program begins and ends MPI.
        let compiler = if launcher.name == "MPICH" { "mpicc.mpich" } else { "mpicc.openmpi" };
        if !is_there(compiler) {
            println!("not run: {compiler} is not here");
            continue;
        }
        let own = Program::new(|folder| {
            compile_c_with(compiler, &["-DWITH_MPI"], &tasks_c, folder, Linking::Shared)
        });
        for (tasks, arguments) in [(2, &["many", "late"][..]), (3, &["many"])] {
            run_on(&own, found, tasks, arguments);
            assert!(own.written("many") == expected, "{} on {tasks} tasks: other bits", launcher.name);
        }
    }
}

#[test]
fn the_example_of_tasks_meets_its_formulas() {
    if !has("c", "cc") {
        return;
    }
    let example = source("examples/transi_tasks.c");
    let program = Program::new(|folder| compile_c(&example, folder, Linking::Shared));
    let alone = run(&mut program.run_by(Command::new(&program.path), &[]));
    assert!(String::from_utf8_lossy(&alone.stdout).starts_with("1 tasks: largest error "));
    for found in launchers(&program, &[]) {
        let text = run_on(&program, found, 3, &[]);
        assert!(text.contains("3 tasks: largest error "), "{text}");
    }
}

#[test]
fn without_mpi_one_task_still_works() {
    if !has("c", "cc") {
        return;
    }
    let no_mpi = source("tests/programs/no_mpi.c");
    let program = Program::new(|folder| compile_c(&no_mpi, folder, Linking::Shared));
    let mut command = program.run_by(Command::new(&program.path), &[]);
    // As a launcher would say.
    let output = run(command.env("OMPI_COMM_WORLD_SIZE", "2").env("TERRELLA_MPI", "/nowhere/libmpi.so"));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "done\n");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        text.contains("trans_init: MPI is not available: '/nowhere/libmpi.so' was not loaded ("),
        "{text}"
    );
}
