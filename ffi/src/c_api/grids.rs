//! Grids, and how long arrays on them and on spectra are.

use std::ffi::{c_char, c_void};
use std::sync::Arc;

use terrella_kernels::grid::{Grid, Ring};
use terrella_kernels::spectral::Truncation;

use super::entry;
use crate::border::{input, output, reference, text};
use crate::failure::{Cause, Failure, Outcome};
use crate::registry::Registry;

static GRIDS: Registry<Grid> = Registry::new("grid");

/// A million rings are 20 m apart; what asks for more is a mistake that should not first use up the memory.
const MOST_RINGS: u64 = 1 << 20;

pub(super) fn grid(handle: *const c_void) -> Outcome<Arc<Grid>> {
    GRIDS.get(handle)
}

fn rings(name: &str, count: u64) -> Outcome<usize> {
    if count > MOST_RINGS {
        return Err(Failure::invalid(name, count, &format!("at most {MOST_RINGS}")));
    }
    Ok(count as usize)
}

/// Stores a new grid; the pointer is looked at before the grid is made.
///
/// # Safety
/// As for [`reference`].
unsafe fn create(handle: *mut *mut c_void, make: impl FnOnce() -> Outcome<Grid>) -> i32 {
    entry(|| {
        // SAFETY: the caller's promise.
        let handle = unsafe { reference("grid", handle) }?;
        *handle = std::ptr::null_mut();
        *handle = GRIDS.insert(make()?);
        Ok(())
    })
}

/// A grid by its usual name: `F128`, `N320`, `O640`, `r360x181`.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn terrella_grid_from_name(name: *const c_char, grid: *mut *mut c_void) -> i32 {
    // SAFETY: the header asks the caller for pointers that are NULL or valid.
    unsafe {
        create(grid, || {
            let name = text("name", name)?;
            for number in name.split(|character: char| !character.is_ascii_digit()) {
                if number.len() > 6 {
                    return Err(Failure::invalid("name", name, "numbers of at most six digits"));
                }
            }
            Ok(name.parse()?)
        })
    }
}

/// Full Gaussian grid of `rings` × `longitudes` points.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn terrella_grid_full_gaussian(
    ring_count: u64,
    longitudes: u64,
    grid: *mut *mut c_void,
) -> i32 {
    // SAFETY: as above.
    unsafe {
        create(grid, || {
            let count = rings("rings", ring_count)?;
            if count % 2 == 1 {
                return Err(Failure::invalid("rings", count, "an even number"));
            }
            Ok(Grid::full_with_longitudes(count / 2, longitudes_of(longitudes)?)?)
        })
    }
}

fn longitudes_of(count: u64) -> Outcome<usize> {
    match count {
        0..=0x40_0000 => Ok(count as usize),
        _ => Err(Failure::invalid("longitudes", count, "at most 4194304")),
    }
}

/// Reduced Gaussian grid with these numbers of points on its rings, north to south.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn terrella_grid_reduced_gaussian(
    points: *const u64,
    ring_count: u64,
    grid: *mut *mut c_void,
) -> i32 {
    // SAFETY: as above; `points` is valid for `ring_count` values.
    unsafe {
        create(grid, || {
            let points = input("points", points, rings("rings", ring_count)?)?;
            let points = points.iter().map(|&count| longitudes_of(count)).collect::<Outcome<Vec<_>>>()?;
            Ok(Grid::reduced(&points)?)
        })
    }
}

/// Regular grid, with rings on the poles or half a row away from them.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn terrella_grid_lat_lon(
    longitudes: u64,
    latitudes: u64,
    poles: i32,
    grid: *mut *mut c_void,
) -> i32 {
    // SAFETY: as above.
    unsafe {
        create(grid, || {
            Ok(Grid::lat_lon(longitudes_of(longitudes)?, rings("latitudes", latitudes)?, poles != 0)?)
        })
    }
}

/// Forgets a grid; transforms made from it keep it.
#[unsafe(no_mangle)]
pub(super) extern "C" fn terrella_grid_destroy(grid: *mut c_void) -> i32 {
    entry(|| GRIDS.remove(grid))
}

/// Stores one number about a grid.
///
/// # Safety
/// As for [`reference`].
unsafe fn number(handle: *const c_void, result: *mut u64, of: impl FnOnce(&Grid) -> usize) -> i32 {
    entry(|| {
        // SAFETY: the caller's promise.
        *unsafe { reference("result", result) }? = of(&*grid(handle)?) as u64;
        Ok(())
    })
}

/// Number of points.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn terrella_grid_points(grid: *const c_void, points: *mut u64) -> i32 {
    // SAFETY: as above.
    unsafe { number(grid, points, Grid::points) }
}

/// Number of rings.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn terrella_grid_rings(grid: *const c_void, rings: *mut u64) -> i32 {
    // SAFETY: as above.
    unsafe { number(grid, rings, |grid| grid.rings().len()) }
}

/// The largest truncation that a grid carries.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn terrella_grid_largest_truncation(
    grid: *const c_void,
    truncation: *mut u64,
) -> i32 {
    // SAFETY: as above.
    unsafe { number(grid, truncation, |grid| Truncation::largest_on(grid).total()) }
}

/// Stores one value per ring.
///
/// # Safety
/// As for [`output`].
unsafe fn per_ring<T>(
    handle: *const c_void,
    name: &'static str,
    values: *mut T,
    length: u64,
    of: impl Fn(&Ring) -> T,
) -> i32 {
    entry(|| {
        let grid = grid(handle)?;
        let count = grid.rings().len();
        if length != count as u64 {
            return Err(Failure::length("length", length, count as u64));
        }
        // SAFETY: the caller's promise.
        let values = unsafe { output(name, values, count) }?;
        for (value, ring) in values.iter_mut().zip(grid.rings()) {
            *value = of(ring);
        }
        Ok(())
    })
}

/// Points on every ring.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn terrella_grid_ring_points(
    grid: *const c_void,
    points: *mut u64,
    length: u64,
) -> i32 {
    // SAFETY: as above.
    unsafe { per_ring(grid, "points", points, length, |ring| ring.points as u64) }
}

/// Latitude of every ring [°].
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn terrella_grid_latitudes(
    grid: *const c_void,
    latitudes: *mut f64,
    length: u64,
) -> i32 {
    // SAFETY: as above.
    unsafe { per_ring(grid, "latitudes", latitudes, length, |ring| ring.latitude) }
}

/// Longitude of the first point of every ring [°].
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn terrella_grid_first_longitudes(
    grid: *const c_void,
    longitudes: *mut f64,
    length: u64,
) -> i32 {
    // SAFETY: as above.
    unsafe { per_ring(grid, "longitudes", longitudes, length, |ring| ring.first_longitude) }
}

/// Quadrature weight of every ring; their sum is 1.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn terrella_grid_weights(
    grid: *const c_void,
    weights: *mut f64,
    length: u64,
) -> i32 {
    // SAFETY: as above.
    unsafe { per_ring(grid, "weights", weights, length, |ring| ring.weight) }
}

/// The length of a spectrum, 2 · (T+1)(T+2)/2 · fields.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn terrella_spectrum_length(
    truncation: u64,
    fields: u64,
    length: *mut u64,
) -> i32 {
    entry(|| {
        let product = (u128::from(truncation) + 1)
            .checked_mul(u128::from(truncation) + 2)
            .and_then(|coefficients| coefficients.checked_mul(u128::from(fields)))
            .and_then(|product| u64::try_from(product).ok());
        let message =
            || format!("A spectrum of {fields} fields at T{truncation} is longer than 2^64 values.");
        // SAFETY: the header asks the caller for a pointer that is NULL or valid.
        *unsafe { reference("length", length) }? =
            product.ok_or_else(|| Failure::new(Cause::InvalidValue, message()))?;
        Ok(())
    })
}
