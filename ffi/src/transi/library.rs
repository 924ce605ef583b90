//! What holds for all resolutions: settings, and the plans that are set up.

use std::collections::BTreeMap;
use std::ffi::{c_double, c_int};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::plan::Plan;
use super::regions::number_of_tasks;
use super::{entry, not_implemented};
use crate::failure::{Cause, Failure, Outcome};

/// ecTrans's radius of the Earth [m]; the rest of Terrella uses 6 371 229 m.
const RADIUS: f64 = 6_371_220.0;

struct Library {
    radius: f64,
    equal_regions: bool,
    regions_per_band: usize,
    handles_limit: usize,
    plans: BTreeMap<c_int, Arc<Plan>>,
}

static LIBRARY: Mutex<Library> = Mutex::new(Library {
    radius: RADIUS,
    equal_regions: true,
    regions_per_band: 1,
    handles_limit: 10,
    plans: BTreeMap::new(),
});

fn library() -> MutexGuard<'static, Library> {
    LIBRARY.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The radius [m] of plans that are set up from now on.
pub(super) fn radius() -> f64 {
    library().radius
}

/// Whether regions of plans that are set up from now on are equal, and else how many there are in a band.
pub(super) fn regions() -> (bool, usize) {
    let library = library();
    (library.equal_regions, library.regions_per_band)
}

/// An error where no further plan may be set up.
pub(super) fn expect_room() -> Outcome {
    let library = library();
    if library.plans.len() < library.handles_limit {
        return Ok(());
    }
    let limit = library.handles_limit;
    let message = format!(
        "All {limit} handles are in use: expected trans_delete() of one, or trans_set_handles_limit() of more."
    );
    Err(Failure::new(Cause::InvalidValue, message))
}

/// Keeps a plan; its handle.
pub(super) fn insert(mut plan: Plan) -> Outcome<c_int> {
    expect_room()?;
    let mut library = library();
    let handle = (1..).find(|handle| !library.plans.contains_key(handle)).unwrap_or(c_int::MAX);
    plan.handle = handle;
    library.plans.insert(handle, Arc::new(plan));
    Ok(handle)
}

pub(super) fn plan(handle: c_int) -> Outcome<Arc<Plan>> {
    library().plans.get(&handle).cloned().ok_or_else(|| unknown(handle))
}

/// Forgets a plan; it lives on until calls that use it return.
pub(super) fn remove(handle: c_int) -> Outcome {
    let plan = library().plans.remove(&handle);
    plan.map(|_| ()).ok_or_else(|| unknown(handle))
}

/// Forgets all plans.
pub(super) fn clear() {
    // Dropped after the lock is released: a plan may be large.
    let plans = std::mem::take(&mut library().plans);
    drop(plans);
}

fn unknown(handle: c_int) -> Failure {
    let message =
        format!("'trans->handle' is {handle}: expected one from trans_setup() that was not deleted since.");
    Failure::new(Cause::UnknownHandle, message)
}

/// How many plans may be set up at a time.
#[unsafe(no_mangle)]
extern "C" fn trans_set_handles_limit(limit: c_int) -> c_int {
    entry("trans_set_handles_limit", || {
        let mut library = library();
        let live = library.plans.len();
        match usize::try_from(limit) {
            Ok(limit) if limit >= live.max(1) => library.handles_limit = limit,
            _ => {
                let expected = format!("at least 1 and the {live} handles in use");
                return Err(Failure::invalid("limit", limit, &expected));
            }
        }
        Ok(())
    })
}

/// The radius of the sphere [m] for plans that are set up from now on.
#[unsafe(no_mangle)]
extern "C" fn trans_set_radius(radius: c_double) -> c_int {
    entry("trans_set_radius", || {
        if !(radius.is_finite() && radius > 0.0) {
            return Err(Failure::invalid("radius", radius, "a positive length in metres"));
        }
        library().radius = radius;
        Ok(())
    })
}

/// Whether tasks have regions of equal shape in plans that are set up from now on, or `nprgpew` in every band of latitudes.
#[unsafe(no_mangle)]
extern "C" fn trans_set_leq_regions(wanted: c_int) -> c_int {
    entry("trans_set_leq_regions", || {
        library().equal_regions = wanted != 0;
        Ok(())
    })
}

/// Tasks along a latitude, where regions are not equal.
#[unsafe(no_mangle)]
extern "C" fn trans_set_nprgpew(tasks: c_int) -> c_int {
    entry("trans_set_nprgpew", || {
        library().regions_per_band = number_of_tasks("nprgpew", tasks)?;
        Ok(())
    })
}

/// Tasks over fields in spectral space: one.
#[unsafe(no_mangle)]
extern "C" fn trans_set_nprtrv(tasks: c_int) -> c_int {
    entry("trans_set_nprtrv", || match number_of_tasks("nprtrv", tasks)? {
        1 => Ok(()),
        tasks => Err(not_implemented(&format!("'nprtrv' of {tasks} tasks (only 1)"))),
    })
}
