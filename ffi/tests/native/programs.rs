//! The C programs under `tests/programs`, which check the interfaces' behaviour from the caller's side.

use crate::toolchain::{Linking, crate_folder, has, run_c, run_fortran};

fn passes(name: &str) {
    if has("c", "cc") {
        assert_eq!(run_c(&crate_folder().join("tests/programs").join(name), Linking::Shared), "done\n");
    }
}

#[test]
fn transi_behaves_as_its_header_says() {
    passes("transi.c");
}

#[test]
fn handles_leave_nothing_behind_and_refuse_what_is_wrong() {
    passes("handles.c");
}

#[test]
fn every_operator_of_the_fortran_module_has_its_adjoint() {
    if has("fortran", "gfortran") {
        let program = crate_folder().join("tests/programs/operators.f90");
        assert_eq!(run_fortran(&program, Linking::Shared), "done\n");
    }
}
