//! Setting a resolution up, and deleting it.

use std::ffi::{CStr, OsStr, c_char, c_int};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Mutex;

use terrella_kernels::device::Device;
use terrella_kernels::grid::Grid;
use terrella_kernels::spectral::Truncation;

use super::allocation::{allocated, release};
use super::layout::Trans;
use super::plan::Plan;
use super::{entry, legendre_file, library, not_implemented};
use crate::border::{input, reference};
use crate::engine::Engine;
use crate::failure::{Cause, Failure, Outcome};

/// Beyond this the numbers of points do not fit into the struct's `int`s.
const MOST_RINGS: c_int = 1 << 16;

/// Prepares the transform of a resolution and fills in all its numbers.
#[unsafe(no_mangle)]
unsafe extern "C" fn trans_setup(trans: *mut Trans) -> c_int {
    entry("trans_setup", || {
        // SAFETY: the header asks for NULL or a struct that trans_new() filled.
        let trans = unsafe { reference("trans", trans) }?;
        if trans.llam != 0 {
            return Err(not_implemented("A limited area"));
        }
        library::expect_room()?;
        // SAFETY: after trans_new() and the setters, pointers are NULL or valid.
        let (grid, truncation) = (unsafe { grid_of(trans) }?, truncation_of(trans));
        if grid.is_none() && truncation.is_none() {
            let message = "Neither 'trans->ndgl' nor 'trans->nsmax' is set: expected at least one of them.";
            return Err(Failure::new(Cause::InvalidValue, message));
        }
        let radius = library::radius();
        let engine = match (&grid, truncation) {
            (Some(grid), Some(truncation)) => {
                let mut engine = Engine::new(grid, truncation, Device::Cpu)?;
                engine.set_radius(radius)?;
                Some(Mutex::new(engine))
            }
            _ => None,
        };
        if let Some(grid) = &grid {
            // SAFETY: as above.
            unsafe { legendre_data(trans, grid, truncation) }?;
        }
        let plan = Plan { grid, truncation, radius, engine };
        let numbers = Numbers::of(&plan)?;
        let regions = allocated("n_regions", &[1 as c_int])?;
        match library::insert(plan) {
            Ok(handle) => trans.handle = handle,
            Err(failure) => {
                let mut regions = regions;
                // SAFETY: allocated above.
                unsafe { release(&mut regions) };
                return Err(failure);
            }
        }
        numbers.fill(trans);
        for array in trans.integer_arrays() {
            *array = std::ptr::null_mut();
        }
        for array in trans.real_arrays() {
            *array = std::ptr::null_mut();
        }
        trans.n_regions = regions;
        Ok(())
    })
}

/// The grid that a resolution asks for; none if the number of latitudes is negative.
///
/// # Safety
/// `nloen` is NULL or holds `ndgl` numbers.
unsafe fn grid_of(trans: &Trans) -> Outcome<Option<Grid>> {
    if trans.ndgl < 0 {
        return Ok(None);
    }
    if trans.ndgl == 0 || trans.ndgl > MOST_RINGS {
        return Err(Failure::invalid("trans->ndgl", trans.ndgl, &format!("1 to {MOST_RINGS} latitudes")));
    }
    let rings = trans.ndgl as usize;
    let listed: Option<&[c_int]> = match trans.nloen.is_null() {
        true => None,
        // SAFETY: the caller's promise.
        false => Some(unsafe { input("trans->nloen", trans.nloen, rings) }?),
    };
    let count = |name: &str, value: c_int| match value {
        1..=0x40_0000 => Ok(value as usize),
        _ => Err(Failure::invalid(name, value, "1 to 4194304 points")),
    };
    let longitudes = || match (trans.nlon, listed) {
        (0.., _) => count("trans->nlon", trans.nlon),
        (_, Some(listed)) => count("trans->nloen[0]", listed[0]),
        (_, None) => Ok(2 * rings),
    };
    let grid = match (trans.llatlon, listed) {
        (0, Some(listed)) => {
            let points = listed.iter().map(|&points| count("trans->nloen[]", points));
            let points = points.collect::<Outcome<Vec<_>>>()?;
            let same = points.iter().all(|&count| count == points[0]);
            match same && rings.is_multiple_of(2) {
                true => Grid::full_with_longitudes(rings / 2, points[0])?,
                false => Grid::reduced(&points)?,
            }
        }
        (0, None) if rings % 2 == 1 => {
            return Err(Failure::invalid("trans->ndgl", rings, "an even number of Gaussian latitudes"));
        }
        (0, None) => Grid::full_with_longitudes(rings / 2, longitudes()?)?,
        (1, _) => Grid::lat_lon(longitudes()?, rings + 1, true)?,
        (2, _) => Grid::lat_lon(longitudes()?, rings, false)?,
        (kind, _) => {
            return Err(Failure::invalid("trans->llatlon", kind, "0, 1 (with poles) or 2 (shifted)"));
        }
    };
    Ok(Some(grid))
}

fn truncation_of(trans: &Trans) -> Option<Truncation> {
    usize::try_from(trans.nsmax).ok().map(Truncation::new)
}

/// Checks or writes the Legendre data of a resolution, as it asks.
///
/// # Safety
/// File names are NULL or texts, the cache is NULL or of the size that is given.
unsafe fn legendre_data(trans: &Trans, grid: &Grid, truncation: Option<Truncation>) -> Outcome {
    let data = legendre_file::encoded(grid, truncation);
    if !trans.readfp.is_null() {
        // SAFETY: the caller's promise.
        return legendre_file::check_file(unsafe { path(trans.readfp) }, &data);
    }
    if !trans.writefp.is_null() {
        // SAFETY: the caller's promise.
        return legendre_file::write(unsafe { path(trans.writefp) }, &data);
    }
    // SAFETY: the caller's promise.
    let cache = unsafe { input("trans->cache", trans.cache.cast::<u8>(), trans.cachesize) }?;
    if cache.is_empty() { Ok(()) } else { legendre_file::check("trans->cache", cache, &data) }
}

/// # Safety
/// A text that lives for `'a`.
unsafe fn path<'a>(text: *const c_char) -> &'a Path {
    // SAFETY: the caller's promise.
    Path::new(OsStr::from_bytes(unsafe { CStr::from_ptr(text) }.to_bytes()))
}

/// The numbers of a plan that the struct has room for.
struct Numbers {
    held_points: c_int,
    global_points: c_int,
    spectrum: c_int,
    waves: c_int,
    half_rings: c_int,
    polynomials: c_int,
}

impl Numbers {
    fn of(plan: &Plan) -> Outcome<Self> {
        let fits = |name: &str, value: usize| {
            c_int::try_from(value)
                .map_err(|_| Failure::invalid(name, value, "a number that fits into an int"))
        };
        let total = plan.truncation.map(Truncation::total);
        let polynomials = total.map_or(0, |total| (total + 1) * (total + 4) / 2);
        Ok(Self {
            held_points: fits("ngptot", plan.held_points())?,
            global_points: fits("ngptotg", plan.global_points())?,
            spectrum: fits("nspec2", plan.spectrum_len())?,
            waves: fits("nump", total.map_or(0, |total| total + 1))?,
            half_rings: fits("ndgl", plan.held_rings().len() / 2)?,
            polynomials: fits("nspolegl", polynomials)?,
        })
    }

    /// One task holds everything.
    fn fill(&self, trans: &mut Trans) {
        trans.myproc = 1;
        trans.nproc = 1;
        trans.nspec = self.spectrum / 2;
        trans.nspec2 = self.spectrum;
        trans.nspec2g = self.spectrum;
        trans.nspec2mx = self.spectrum;
        trans.nump = self.waves;
        trans.ngptot = self.held_points;
        trans.ngptotg = self.global_points;
        trans.ngptotmx = self.held_points;
        trans.nprtrw = 1;
        trans.nprtrns = 1;
        trans.n_regions_NS = 1;
        trans.n_regions_EW = 1;
        trans.my_region_NS = 1;
        trans.my_region_EW = 1;
        trans.nfrstloff = 0;
        trans.nptrfloff = 0;
        // The dimensions that a table of Legendre polynomials n = m..T+1 would have.
        trans.nlei3 = self.half_rings + self.half_rings % 2;
        trans.nspolegl = self.polynomials;
    }
}

/// Frees a resolution's arrays and forgets its plan.
#[unsafe(no_mangle)]
unsafe extern "C" fn trans_delete(trans: *mut Trans) -> c_int {
    entry("trans_delete", || {
        // SAFETY: the header asks for NULL or a struct that trans_new() filled.
        let trans = unsafe { reference("trans", trans) }?;
        // A handle of 0 was never set up; its lists may have been.
        if trans.handle != 0 {
            library::remove(trans.handle)?;
        }
        trans.handle = 0;
        // SAFETY: after trans_new(), pointers are NULL or from malloc (the caller's, or ours), and freeing nulls them.
        unsafe {
            release(&mut trans.nloen);
            release(&mut trans.readfp);
            release(&mut trans.writefp);
            for array in trans.integer_arrays() {
                release(array);
            }
            for array in trans.real_arrays() {
                release(array);
            }
        }
        Ok(())
    })
}
