//! Every operator of the C interface against the Rust interface.

use std::ffi::{CString, c_char, c_void};
use std::ptr::{null, null_mut};

use terrella_kernels::Real;
use terrella_kernels::device::Device;
use terrella_kernels::grid::Grid;
use terrella_kernels::spectral::{HostTransform, Truncation};

use super::grids::*;
use super::transforms::*;

const GRID: &str = "O8";
const TOTAL: usize = 15;
const FIELDS: usize = 3;

/// Numbers between −1 and 1 without a pattern.
fn noise<R: Real>(len: usize, seed: u64) -> Vec<R> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        R::from_f64((state >> 11) as f64 / (1u64 << 52) as f64 - 1.0)
    };
    (0..len).map(|_| next()).collect()
}

fn a_grid() -> *mut c_void {
    let mut grid = null_mut();
    let name = CString::new(GRID).unwrap();
    // SAFETY: a text and a pointer that live through the call.
    assert_eq!(unsafe { terrella_grid_from_name(name.as_ptr(), &mut grid) }, 0);
    grid
}

/// Applies an operator through both interfaces and compares bits.
macro_rules! same {
    ($R:ty, $handle:ident, $rust:ident: $function:ident, $method:ident,
        $from:ident($($input:ident),+) -> $to:ident($($output:ident),+)) => {{
        let mut seed = 1;
        $(seed += 1; let $input = noise::<$R>(length($rust, stringify!($from)), seed);)+
        $(let mut $output = vec![<$R>::from(7_i8); length($rust, stringify!($to))];)+
        // SAFETY: arrays of the lengths that are passed with them.
        let status = unsafe {
            $function(
                $handle,
                FIELDS as u64,
                $($input.as_ptr(),)+
                length($rust, stringify!($from)) as u64,
                $($output.as_mut_ptr(),)+
                length($rust, stringify!($to)) as u64,
            )
        };
        assert_eq!(status, 0, "{}", stringify!($function));
        let through_c = [$($output.clone()),+];
        $rust.$method(FIELDS, $(&$input,)+ $(&mut $output),+).unwrap();
        assert!(through_c == [$($output),+], "{}", stringify!($function));
    }};
}

fn length<R: Real>(transform: &HostTransform<R>, side: &str) -> usize {
    match side {
        "spectra" => transform.truncation().spectrum_len(FIELDS),
        _ => transform.grid().points() * FIELDS,
    }
}

macro_rules! every_operator {
    ($test:ident, $R:ty, $create:ident, $destroy:ident, $set_radius:ident: $($function:ident $method:ident
        $from:ident($($input:ident),+) -> $to:ident($($output:ident),+);)*) => {
        #[test]
        fn $test() {
            let grid = a_grid();
            let mut handle = null_mut();
            // SAFETY: a live handle, no device and a pointer that lives through the call.
            assert_eq!(unsafe { $create(grid, TOTAL as u64, null(), &mut handle) }, 0);
            assert_eq!($set_radius(handle, 2.5), 0);
            let host: Grid = GRID.parse().unwrap();
            let rust = &mut HostTransform::<$R>::new(&host, Truncation::new(TOTAL)).unwrap();
            rust.set_radius(2.5).unwrap();
            $(same!($R, handle, rust: $function, $method, $from($($input),+) -> $to($($output),+));)*
            assert_eq!(($destroy(handle), terrella_grid_destroy(grid)), (0, 0));
        }
    };
}

every_operator!(every_operator_in_f32, f32, terrella_transform_create_f32, terrella_transform_destroy_f32,
    terrella_transform_set_radius_f32:
    terrella_synthesis_f32 synthesis spectra(spectrum) -> points(values);
    terrella_synthesis_adjoint_f32 synthesis_adjoint points(values) -> spectra(spectrum);
    terrella_analysis_f32 analysis points(values) -> spectra(spectrum);
    terrella_analysis_adjoint_f32 analysis_adjoint spectra(spectrum) -> points(values);
    terrella_wind_synthesis_f32 wind_synthesis spectra(vorticity, divergence) -> points(u, v);
    terrella_wind_synthesis_adjoint_f32 wind_synthesis_adjoint points(u, v) -> spectra(vorticity, divergence);
    terrella_wind_analysis_f32 wind_analysis points(u, v) -> spectra(vorticity, divergence);
    terrella_wind_analysis_adjoint_f32 wind_analysis_adjoint spectra(vorticity, divergence) -> points(u, v);
    terrella_gradient_synthesis_f32 gradient_synthesis spectra(spectrum) -> points(eastward, northward);
    terrella_gradient_synthesis_adjoint_f32 gradient_synthesis_adjoint points(eastward, northward) -> spectra(spectrum);
    terrella_wind_zonal_derivative_synthesis_f32 wind_zonal_derivative_synthesis spectra(vorticity, divergence) -> points(u, v);
    terrella_wind_zonal_derivative_synthesis_adjoint_f32 wind_zonal_derivative_synthesis_adjoint points(u, v) -> spectra(vorticity, divergence);
);

every_operator!(every_operator_in_f64, f64, terrella_transform_create_f64, terrella_transform_destroy_f64,
    terrella_transform_set_radius_f64:
    terrella_synthesis_f64 synthesis spectra(spectrum) -> points(values);
    terrella_synthesis_adjoint_f64 synthesis_adjoint points(values) -> spectra(spectrum);
    terrella_analysis_f64 analysis points(values) -> spectra(spectrum);
    terrella_analysis_adjoint_f64 analysis_adjoint spectra(spectrum) -> points(values);
    terrella_wind_synthesis_f64 wind_synthesis spectra(vorticity, divergence) -> points(u, v);
    terrella_wind_synthesis_adjoint_f64 wind_synthesis_adjoint points(u, v) -> spectra(vorticity, divergence);
    terrella_wind_analysis_f64 wind_analysis points(u, v) -> spectra(vorticity, divergence);
    terrella_wind_analysis_adjoint_f64 wind_analysis_adjoint spectra(vorticity, divergence) -> points(u, v);
    terrella_gradient_synthesis_f64 gradient_synthesis spectra(spectrum) -> points(eastward, northward);
    terrella_gradient_synthesis_adjoint_f64 gradient_synthesis_adjoint points(eastward, northward) -> spectra(spectrum);
    terrella_wind_zonal_derivative_synthesis_f64 wind_zonal_derivative_synthesis spectra(vorticity, divergence) -> points(u, v);
    terrella_wind_zonal_derivative_synthesis_adjoint_f64 wind_zonal_derivative_synthesis_adjoint points(u, v) -> spectra(vorticity, divergence);
);

/// An operator to the grid and an adjoint back.
#[test]
fn a_gpu_gives_what_the_cpu_gives() {
    let gpu = Device::available().into_iter().map(|found| found.device).find(|&device| device != Device::Cpu);
    let Some(gpu) = gpu else {
        let required = std::env::var("TERRELLA_REQUIRE").unwrap_or_default();
        assert!(!required.split(',').any(|name| name == "wgpu"), "a GPU is required and missing");
        println!("not run: no GPU, not even a software one");
        return;
    };
    let host: Grid = "F8".parse().unwrap();
    let truncation = Truncation::new(15);
    let mut rust = HostTransform::<f32>::new(&host, truncation).unwrap();
    let (vorticity, divergence) =
        (noise::<f32>(length(&rust, "spectra"), 1), noise::<f32>(length(&rust, "spectra"), 2));
    let mut expected = [vec![0.0; length(&rust, "values")], vec![0.0; length(&rust, "values")]];
    let [u, v] = &mut expected;
    rust.wind_synthesis(FIELDS, &vorticity, &divergence, u, v).unwrap();

    let mut expected_adjoint = vec![0.0; vorticity.len()];
    rust.synthesis_adjoint(FIELDS, &expected[0], &mut expected_adjoint).unwrap();

    let device = CString::new(gpu.to_string()).unwrap();
    let (mut grid, mut handle) = (null_mut(), null_mut());
    let mut adjoint = vec![0.0; vorticity.len()];
    let mut got = [vec![0.0; length(&rust, "values")], vec![0.0; length(&rust, "values")]];
    let name: *const c_char = c"F8".as_ptr();
    let (spectra, values) = (vorticity.len() as u64, got[0].len() as u64);
    let [u, v] = &mut got;
    // SAFETY: texts, pointers and arrays that live through the calls, of the lengths that are passed with them.
    unsafe {
        assert_eq!(terrella_grid_from_name(name, &mut grid), 0);
        assert_eq!(terrella_transform_create_f32(grid, 15, device.as_ptr(), &mut handle), 0);
        let (zeta, delta) = (vorticity.as_ptr(), divergence.as_ptr());
        let status = terrella_wind_synthesis_f32(
            handle,
            FIELDS as u64,
            zeta,
            delta,
            spectra,
            u.as_mut_ptr(),
            v.as_mut_ptr(),
            values,
        );
        assert_eq!(status, 0);
        let status = terrella_synthesis_adjoint_f32(
            handle,
            FIELDS as u64,
            expected[0].as_ptr(),
            values,
            adjoint.as_mut_ptr(),
            spectra,
        );
        assert_eq!(status, 0);
    }
    let close = |got: &[f32], expected: &[f32]| {
        let largest = expected.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
        for (got, expected) in got.iter().zip(expected) {
            assert!((got - expected).abs() < 1e-5 * largest, "{got}, expected {expected}");
        }
    };
    close(&got.concat(), &expected.concat());
    close(&adjoint, &expected_adjoint);
    assert_eq!((terrella_transform_destroy_f32(handle), terrella_grid_destroy(grid)), (0, 0));
}
