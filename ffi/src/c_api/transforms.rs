//! Transforms in f32 and f64.

use std::ffi::{c_char, c_void};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use terrella_kernels::Real;
use terrella_kernels::device::Device;
use terrella_kernels::spectral::Truncation;

use super::{entry, grids};
use crate::border::{Array, reference, slices, text};
use crate::engine::{ArrayMemory, Engine, Operator};
use crate::failure::{Failure, Outcome};
use crate::registry::Registry;

type Transforms<R> = Registry<Mutex<Engine<R>>>;

static TRANSFORMS_F32: Transforms<f32> = Registry::new("transform");
static TRANSFORMS_F64: Transforms<f64> = Registry::new("transform");

fn locked<R: Real>(engine: &Arc<Mutex<Engine<R>>>) -> MutexGuard<'_, Engine<R>> {
    engine.lock().unwrap_or_else(PoisonError::into_inner)
}

/// # Safety
/// `device` is NULL or a text, `transform` NULL or valid.
unsafe fn create<R: Real>(
    transforms: &Transforms<R>,
    grid: *const c_void,
    truncation: u64,
    device: *const c_char,
    transform: *mut *mut c_void,
) -> i32 {
    entry(|| {
        // SAFETY: the caller's promise.
        let (handle, device) = unsafe {
            let handle = reference("transform", transform)?;
            (handle, if device.is_null() { "cpu" } else { text("device", device)? })
        };
        *handle = std::ptr::null_mut();
        let grid = grids::grid(grid)?;
        let device: Device = device.parse()?;
        let engine =
            Engine::new(&grid, Truncation::new(usize::try_from(truncation).unwrap_or(usize::MAX)), device)?;
        *handle = transforms.insert(Mutex::new(engine));
        Ok(())
    })
}

/// `terrella_memory`.
fn memory_of(number: i32) -> Outcome<ArrayMemory> {
    match number {
        0 => Ok(ArrayMemory::Host),
        1 => Ok(ArrayMemory::Device),
        _ => {
            let expected = "TERRELLA_HOST_MEMORY (0) or TERRELLA_DEVICE_MEMORY (1)";
            Err(Failure::invalid("memory", number, expected))
        }
    }
}

/// Length of the arrays on one side of an operator.
fn expect_length(name: &str, per_field: usize, fields: usize, got: u64) -> Outcome<usize> {
    match per_field.checked_mul(fields) {
        Some(length) if length as u64 == got => Ok(length),
        Some(length) => Err(Failure::length(name, got, length as u64)),
        None => Err(Failure::invalid("fields", fields, "a number whose arrays fit into memory")),
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Side {
    Spectrum,
    Grid,
}

impl Side {
    fn length_name(self) -> &'static str {
        match self {
            Self::Spectrum => "spectrum_length",
            Self::Grid => "values_length",
        }
    }

    fn values_per_field<R: Real>(self, engine: &Engine<R>) -> usize {
        match self {
            Self::Spectrum => engine.truncation().spectrum_len(1),
            Self::Grid => engine.grid().points(),
        }
    }
}

/// # Safety
/// Every pointer is NULL or valid for the length of its side.
unsafe fn apply<R: Real, const I: usize, const O: usize>(
    transforms: &Transforms<R>,
    transform: *const c_void,
    operator: Operator,
    fields: u64,
    inputs: (Side, [(&'static str, *const R); I], u64),
    outputs: (Side, [(&'static str, *mut R); O], u64),
) -> i32 {
    entry(|| {
        let engine = transforms.get(transform)?;
        let mut engine = locked(&engine);
        let fields = usize::try_from(fields)
            .map_err(|_| Failure::invalid("fields", fields, "a number whose arrays fit into memory"))?;
        let length =
            |side: Side, got| expect_length(side.length_name(), side.values_per_field(&engine), fields, got);
        let (input_length, output_length) = (length(inputs.0, inputs.2)?, length(outputs.0, outputs.2)?);
        let inputs = inputs.1.map(|(name, pointer)| Array::input(name, pointer, input_length));
        let outputs = outputs.1.map(|(name, pointer)| Array::output(name, pointer, output_length));
        if engine.memory() == ArrayMemory::Device {
            // SAFETY: the lengths are those that the caller says the arrays have; the rest is the caller's promise.
            return unsafe { engine.apply_there(operator, fields, &inputs, &outputs) };
        }
        // SAFETY: as above.
        let (inputs, mut outputs) = unsafe { slices(inputs, outputs) }?;
        engine.apply(operator, fields, &inputs, &mut outputs)
    })
}

/// One entry point per operator and precision.
macro_rules! operators {
    ($R:ty, $transforms:ident: $($name:ident, $operator:ident:
        $input_side:ident($($input:ident),+) -> $output_side:ident($($output:ident),+);)*) => {$(
        #[doc = concat!("`HostTransform`'s operator `", stringify!($operator), "`.")]
        #[unsafe(no_mangle)]
        pub(super) unsafe extern "C" fn $name(
            transform: *const c_void,
            fields: u64,
            $($input: *const $R,)+
            input_length: u64,
            $($output: *mut $R,)+
            output_length: u64,
        ) -> i32 {
            // SAFETY: the header asks the caller for arrays of the lengths that are passed with them.
            unsafe {
                apply(
                    &$transforms,
                    transform,
                    Operator::$operator,
                    fields,
                    (Side::$input_side, [$((stringify!($input), $input)),+], input_length),
                    (Side::$output_side, [$((stringify!($output), $output)),+], output_length),
                )
            }
        }
    )*};
}

/// All entry points of one precision.
macro_rules! precision {
    ($R:ty, $transforms:ident, $create:ident, $destroy:ident, $set_memory:ident, $set_radius:ident, $radius:ident,
        $truncation:ident, $points:ident) => {
        /// A transform between a grid and a truncation.
        #[unsafe(no_mangle)]
        pub(super) unsafe extern "C" fn $create(
            grid: *const c_void,
            truncation: u64,
            device: *const c_char,
            transform: *mut *mut c_void,
        ) -> i32 {
            // SAFETY: the header asks the caller for pointers that are NULL or valid.
            unsafe { create(&$transforms, grid, truncation, device, transform) }
        }

        /// Forgets a transform.
        #[unsafe(no_mangle)]
        pub(super) extern "C" fn $destroy(transform: *mut c_void) -> i32 {
            entry(|| $transforms.remove(transform))
        }

        /// Says where the arrays of all further calls lie.
        #[unsafe(no_mangle)]
        pub(super) extern "C" fn $set_memory(transform: *const c_void, memory: i32) -> i32 {
            entry(|| locked(&$transforms.get(transform)?).set_memory(memory_of(memory)?))
        }

        /// Sets the radius of the sphere [m].
        #[unsafe(no_mangle)]
        pub(super) extern "C" fn $set_radius(transform: *const c_void, radius: f64) -> i32 {
            entry(|| Ok(locked(&$transforms.get(transform)?).set_radius(radius)?))
        }

        /// The radius of the sphere [m].
        #[unsafe(no_mangle)]
        pub(super) unsafe extern "C" fn $radius(transform: *const c_void, radius: *mut f64) -> i32 {
            entry(|| {
                let value = locked(&$transforms.get(transform)?).radius();
                // SAFETY: the header asks the caller for a pointer that is NULL or valid.
                *unsafe { reference("radius", radius) }? = value;
                Ok(())
            })
        }

        /// The truncation T.
        #[unsafe(no_mangle)]
        pub(super) unsafe extern "C" fn $truncation(transform: *const c_void, truncation: *mut u64) -> i32 {
            entry(|| {
                let value = locked(&$transforms.get(transform)?).truncation().total();
                // SAFETY: as above.
                *unsafe { reference("truncation", truncation) }? = value as u64;
                Ok(())
            })
        }

        /// Number of points of the grid.
        #[unsafe(no_mangle)]
        pub(super) unsafe extern "C" fn $points(transform: *const c_void, points: *mut u64) -> i32 {
            entry(|| {
                let value = locked(&$transforms.get(transform)?).grid().points();
                // SAFETY: as above.
                *unsafe { reference("points", points) }? = value as u64;
                Ok(())
            })
        }
    };
}

precision!(
    f32,
    TRANSFORMS_F32,
    terrella_transform_create_f32,
    terrella_transform_destroy_f32,
    terrella_transform_set_memory_f32,
    terrella_transform_set_radius_f32,
    terrella_transform_radius_f32,
    terrella_transform_truncation_f32,
    terrella_transform_points_f32
);
precision!(
    f64,
    TRANSFORMS_F64,
    terrella_transform_create_f64,
    terrella_transform_destroy_f64,
    terrella_transform_set_memory_f64,
    terrella_transform_set_radius_f64,
    terrella_transform_radius_f64,
    terrella_transform_truncation_f64,
    terrella_transform_points_f64
);
operators!(f32, TRANSFORMS_F32:
    terrella_synthesis_f32, Synthesis: Spectrum(spectrum) -> Grid(values);
    terrella_synthesis_adjoint_f32, SynthesisAdjoint: Grid(values) -> Spectrum(spectrum);
    terrella_analysis_f32, Analysis: Grid(values) -> Spectrum(spectrum);
    terrella_analysis_adjoint_f32, AnalysisAdjoint: Spectrum(spectrum) -> Grid(values);
    terrella_wind_synthesis_f32, WindSynthesis: Spectrum(vorticity, divergence) -> Grid(u, v);
    terrella_wind_synthesis_adjoint_f32, WindSynthesisAdjoint: Grid(u, v) -> Spectrum(vorticity, divergence);
    terrella_wind_analysis_f32, WindAnalysis: Grid(u, v) -> Spectrum(vorticity, divergence);
    terrella_wind_analysis_adjoint_f32, WindAnalysisAdjoint: Spectrum(vorticity, divergence) -> Grid(u, v);
    terrella_gradient_synthesis_f32, GradientSynthesis: Spectrum(spectrum) -> Grid(eastward, northward);
    terrella_gradient_synthesis_adjoint_f32, GradientSynthesisAdjoint: Grid(eastward, northward) -> Spectrum(spectrum);
    terrella_wind_zonal_derivative_synthesis_f32, WindZonalDerivativeSynthesis: Spectrum(vorticity, divergence) -> Grid(u_eastward, v_eastward);
    terrella_wind_zonal_derivative_synthesis_adjoint_f32, WindZonalDerivativeSynthesisAdjoint: Grid(u_eastward, v_eastward) -> Spectrum(vorticity, divergence);
);
operators!(f64, TRANSFORMS_F64:
    terrella_synthesis_f64, Synthesis: Spectrum(spectrum) -> Grid(values);
    terrella_synthesis_adjoint_f64, SynthesisAdjoint: Grid(values) -> Spectrum(spectrum);
    terrella_analysis_f64, Analysis: Grid(values) -> Spectrum(spectrum);
    terrella_analysis_adjoint_f64, AnalysisAdjoint: Spectrum(spectrum) -> Grid(values);
    terrella_wind_synthesis_f64, WindSynthesis: Spectrum(vorticity, divergence) -> Grid(u, v);
    terrella_wind_synthesis_adjoint_f64, WindSynthesisAdjoint: Grid(u, v) -> Spectrum(vorticity, divergence);
    terrella_wind_analysis_f64, WindAnalysis: Grid(u, v) -> Spectrum(vorticity, divergence);
    terrella_wind_analysis_adjoint_f64, WindAnalysisAdjoint: Spectrum(vorticity, divergence) -> Grid(u, v);
    terrella_gradient_synthesis_f64, GradientSynthesis: Spectrum(spectrum) -> Grid(eastward, northward);
    terrella_gradient_synthesis_adjoint_f64, GradientSynthesisAdjoint: Grid(eastward, northward) -> Spectrum(spectrum);
    terrella_wind_zonal_derivative_synthesis_f64, WindZonalDerivativeSynthesis: Spectrum(vorticity, divergence) -> Grid(u_eastward, v_eastward);
    terrella_wind_zonal_derivative_synthesis_adjoint_f64, WindZonalDerivativeSynthesisAdjoint: Grid(u_eastward, v_eastward) -> Spectrum(vorticity, divergence);
);
