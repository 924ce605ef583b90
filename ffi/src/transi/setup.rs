//! Setting a resolution up, and deleting it.

use std::ffi::{CStr, OsStr, c_char, c_int};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Mutex;

use terrella_coupling::decomposition::pairs_of_rings;
use terrella_kernels::device::Device;
use terrella_kernels::grid::Grid;
use terrella_kernels::spectral::{TransformShares, Truncation};

use super::allocation::{allocated, release};
use super::layout::Trans;
use super::plan::{Plan, PlanTransform};
use super::regions::{Bands, Wishes, regions};
use super::tasks::{self, Intent, SharedTransform, Tasks, together};
use super::{SUCCESS, entry, legendre_file, library, not_implemented};
use crate::border::{input, reference};
use crate::engine::Engine;
use crate::failure::{Cause, Failure, Outcome};

/// Beyond this the numbers of points do not fit into the struct's `int`s.
const MOST_RINGS: c_int = 1 << 16;

/// Prepares the transform of a resolution and fills in all its numbers. All tasks call it together.
#[unsafe(no_mangle)]
unsafe extern "C" fn trans_setup(trans: *mut Trans) -> c_int {
    let joined = entry("trans_setup", || tasks::join().map(|_| ()));
    if joined != SUCCESS {
        return joined;
    }
    let prepare = || {
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
        let (equal, per_band) = library::regions();
        let wishes = Wishes { equal, per_band, split_rings: trans.lsplit != 0 };
        let plan = plan_of(grid, truncation, tasks::known(), wishes)?;
        let data = match &plan.grid {
            // SAFETY: as above.
            Some(grid) => unsafe { legendre_data(trans, grid, truncation, plan.tasks) }?,
            None => Vec::new(),
        };
        let numbers = Numbers::of(&plan)?;
        let intent = Intent::default().with((data, truncation.map(Truncation::total)));
        let intent = intent.with((plan.radius.to_bits(), wishes));
        Ok(((trans, plan, numbers), intent))
    };
    together("trans_setup", prepare, |(trans, plan, numbers)| {
        let mut regions = allocated("n_regions", &numbers.regions)?;
        match library::insert(plan) {
            Ok(handle) => trans.handle = handle,
            Err(failure) => {
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

/// This task's part of a resolution, with the transform if there are grid and spectra.
fn plan_of(
    grid: Option<Grid>,
    truncation: Option<Truncation>,
    tasks: Tasks,
    wishes: Wishes,
) -> Outcome<Plan> {
    let radius = library::radius();
    let mut plan = Plan {
        handle: 0,
        own_points: grid.as_ref().map_or(0, Grid::points),
        grid,
        truncation,
        radius,
        tasks,
        regions: None,
        transform: None,
    };
    if let Some(grid) = &plan.grid {
        let regions = regions(grid, wishes, tasks)?;
        if tasks != Tasks::ALONE {
            if !grid.kind().is_gaussian() {
                let what = format!("A latitude-longitude grid on {} tasks (only 1)", tasks.count);
                return Err(not_implemented(&what));
            }
            plan.own_points = regions.points_of(tasks.own);
            plan.regions = Some(regions);
        }
    }
    plan.transform = match (&plan.grid, truncation, &plan.regions) {
        (Some(grid), Some(truncation), Some(regions)) => {
            let waves = plan.waves()?;
            let sets = (0..tasks.count).map(|task| waves.of(task).collect()).collect();
            let pairs = pairs_of_rings(grid, tasks.count);
            let ranges = (0..tasks.count).map(|task| pairs.of(task)).collect();
            let shares = TransformShares::new(grid, truncation, sets, ranges)?;
            Some(PlanTransform::Shared(SharedTransform::new(&shares, regions, &pairs, radius)?))
        }
        (Some(grid), Some(truncation), None) => {
            let mut engine = Engine::new(grid, truncation, Device::Cpu)?;
            engine.set_radius(radius)?;
            Some(PlanTransform::Whole(Mutex::new(engine)))
        }
        _ => None,
    };
    Ok(plan)
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

/// Checks or writes the Legendre data of a resolution, as it asks; returns them. The first task writes.
///
/// # Safety
/// File names are NULL or texts, the cache is NULL or of the size that is given.
unsafe fn legendre_data(
    trans: &Trans,
    grid: &Grid,
    truncation: Option<Truncation>,
    tasks: Tasks,
) -> Outcome<Vec<u8>> {
    let data = legendre_file::encoded(grid, truncation);
    if !trans.readfp.is_null() {
        // SAFETY: the caller's promise.
        legendre_file::check_file(unsafe { path(trans.readfp) }, &data)?;
        return Ok(data);
    }
    if !trans.writefp.is_null() {
        if tasks.own == 0 {
            // SAFETY: the caller's promise.
            legendre_file::write(unsafe { path(trans.writefp) }, &data)?;
        }
        return Ok(data);
    }
    // SAFETY: the caller's promise.
    let cache = unsafe { input("trans->cache", trans.cache.cast::<u8>(), trans.cachesize) }?;
    if !cache.is_empty() {
        legendre_file::check("trans->cache", cache, &data)?;
    }
    Ok(data)
}

/// # Safety
/// A text that lives for `'a`.
unsafe fn path<'a>(text: *const c_char) -> &'a Path {
    // SAFETY: the caller's promise.
    Path::new(OsStr::from_bytes(unsafe { CStr::from_ptr(text) }.to_bytes()))
}

/// The numbers of a plan that the struct has room for.
struct Numbers {
    tasks: c_int,
    own_task: c_int,
    own_spectrum: c_int,
    whole_spectrum: c_int,
    largest_spectrum: c_int,
    waves: c_int,
    held_points: c_int,
    global_points: c_int,
    most_points: c_int,
    bands: c_int,
    sectors: c_int,
    own_band: c_int,
    own_sector: c_int,
    first_latitude: c_int,
    first_row: c_int,
    half_rings: c_int,
    polynomials: c_int,
    /// Regions of each band.
    regions: Vec<c_int>,
}

impl Numbers {
    fn of(plan: &Plan) -> Outcome<Self> {
        let fits = |name: &str, value: usize| {
            c_int::try_from(value)
                .map_err(|_| Failure::invalid(name, value, "a number that fits into an int"))
        };
        let tasks = plan.tasks;
        let waves = plan.waves().ok();
        let bands = match plan.grid {
            Some(_) => plan.bands()?,
            // Spectra without a grid have regions without points.
            None => Bands::whole(std::iter::empty()),
        };
        let (own_band, own_sector) = if plan.grid.is_some() { bands.place_of(tasks.own) } else { (0, 0) };
        let polynomials = |m: usize| waves.map_or(0, |waves| waves.truncation.total() + 2 - m);
        let most_points = match plan.grid {
            Some(_) => bands.points().into_iter().max().unwrap_or(0),
            None => 0,
        };
        Ok(Self {
            tasks: fits("nproc", tasks.count)?,
            own_task: fits("myproc", tasks.own + 1)?,
            own_spectrum: fits("nspec2", plan.spectrum_len())?,
            whole_spectrum: fits(
                "nspec2g",
                plan.truncation.map_or(0, |truncation| truncation.spectrum_len(1)),
            )?,
            largest_spectrum: fits(
                "nspec2mx",
                waves.map_or(0, |waves| (0..tasks.count).map(|task| waves.len_of(task)).max().unwrap_or(0)),
            )?,
            waves: fits("nump", waves.map_or(0, |waves| waves.own().count()))?,
            held_points: fits("ngptot", plan.held_points())?,
            global_points: fits("ngptotg", plan.global_points())?,
            most_points: fits("ngptotmx", most_points)?,
            bands: fits("n_regions_NS", bands.sectors.len())?,
            sectors: fits("n_regions_EW", bands.most_sectors())?,
            own_band: fits("my_region_NS", own_band + 1)?,
            own_sector: fits("my_region_EW", own_sector + 1)?,
            first_latitude: fits("nfrstloff", bands.first_latitude(own_band))?,
            first_row: fits("nptrfloff", bands.first_row(own_band))?,
            half_rings: fits("ndgl", plan.held_rings().len() / 2)?,
            polynomials: fits("nspolegl", waves.map_or(0, |waves| waves.own().map(polynomials).sum()))?,
            regions: bands
                .sectors
                .iter()
                .map(|&sectors| fits("n_regions", sectors))
                .collect::<Outcome<_>>()?,
        })
    }

    fn fill(&self, trans: &mut Trans) {
        trans.myproc = self.own_task;
        trans.nproc = self.tasks;
        trans.nspec = self.own_spectrum / 2;
        trans.nspec2 = self.own_spectrum;
        trans.nspec2g = self.whole_spectrum;
        trans.nspec2mx = self.largest_spectrum;
        trans.nump = self.waves;
        trans.ngptot = self.held_points;
        trans.ngptotg = self.global_points;
        trans.ngptotmx = self.most_points;
        trans.nprtrw = self.tasks;
        trans.nprtrns = self.tasks;
        trans.n_regions_NS = self.bands;
        trans.n_regions_EW = self.sectors;
        trans.my_region_NS = self.own_band;
        trans.my_region_EW = self.own_sector;
        trans.nfrstloff = self.first_latitude;
        trans.nptrfloff = self.first_row;
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
