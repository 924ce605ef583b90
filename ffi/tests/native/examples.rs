//! The examples, compared with the Rust interface.

use terrella_kernels::grid::Grid;
use terrella_kernels::spectral::{HostTransform, Truncation};

use crate::toolchain::{Linking, crate_folder, has, run_c, run_fortran};

#[test]
fn the_transi_example_meets_its_formulas() {
    if !has("c", "cc") {
        return;
    }
    for linking in [Linking::Shared, Linking::Static] {
        let text = run_c(&crate_folder().join("examples/transi.c"), linking);
        assert!(text.starts_with("transi 1.7.0-terrella-"), "{text}");
    }
}

/// What the C example computes: two fields and their gradients.
fn expected_values() -> Vec<f64> {
    let grid: Grid = "F16".parse().unwrap();
    let (truncation, fields) = (Truncation::new(21), 2);
    let mut transform = HostTransform::<f64>::new(&grid, truncation).unwrap();
    let mut spectrum = vec![0.0; truncation.spectrum_len(fields)];
    for (index, (m, _)) in truncation.wavenumbers().enumerate() {
        for field in 0..fields {
            let value = 1.0 / (1 + index + field) as f64;
            spectrum[2 * index * fields + field] = value;
            spectrum[(2 * index + 1) * fields + field] = if m > 0 { 0.5 * value } else { 0.0 };
        }
    }
    let mut values = vec![0.0; 3 * fields * grid.points()];
    let (field_values, gradient) = values.split_at_mut(fields * grid.points());
    let (eastward, northward) = gradient.split_at_mut(fields * grid.points());
    transform.synthesis(fields, &spectrum, field_values).unwrap();
    transform.gradient_synthesis(fields, &spectrum, eastward, northward).unwrap();
    values
}

/// A number as C's `%a` writes it.
fn hexadecimal(text: &str) -> f64 {
    let (sign, digits) = text.strip_prefix('-').map_or((1.0, text), |rest| (-1.0, rest));
    let (mantissa, exponent) = digits.trim_start_matches("0x").split_once('p').expect("an exponent");
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let mantissa = u64::from_str_radix(&format!("{whole}{fraction}"), 16).expect("hexadecimal digits") as f64;
    let exponent: i32 = exponent.parse().expect("a decimal exponent");
    sign * mantissa * 2f64.powi(exponent - 4 * fraction.len() as i32)
}

#[test]
fn the_c_example_gives_the_bits_of_the_rust_interface() {
    if !has("c", "cc") {
        return;
    }
    assert_eq!(hexadecimal("-0x1.8p+1"), -3.0);
    let expected = expected_values();
    for linking in [Linking::Shared, Linking::Static] {
        let text = run_c(&crate_folder().join("examples/terrella.c"), linking);
        let values: Vec<f64> = text.lines().map(hexadecimal).collect();
        assert!(values == expected, "{linking:?}: values differ");
    }
}

#[test]
fn the_fortran_example_gives_the_bits_of_the_rust_interface() {
    if !has("fortran", "gfortran") {
        return;
    }
    let expected = &expected_values();
    let expected = &expected[..expected.len() / 3];
    for linking in [Linking::Shared, Linking::Static] {
        let text = run_fortran(&crate_folder().join("examples/terrella.f90"), linking);
        let bits = text.lines().map(|line| u64::from_str_radix(line.trim(), 16).expect("hexadecimal digits"));
        let values: Vec<f64> = bits.map(f64::from_bits).collect();
        assert!(values == expected, "{linking:?}: values differ");
    }
}
