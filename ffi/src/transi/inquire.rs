//! Arrays about a resolution, made when they are asked for.

use std::ffi::{c_char, c_int};

use terrella_kernels::grid::Ring;

use super::allocation::allocated;
use super::entry;
use super::layout::Trans;
use super::not_implemented;
use super::plan::{Plan, carried};
use super::requests::plan_of;
use crate::border::{reference, text};
use crate::failure::{Cause, Failure, Outcome};

/// Numbers that set-up has already filled in.
const SCALARS: [&str; 22] = [
    "ndgl",
    "nsmax",
    "nmsmax",
    "myproc",
    "nproc",
    "llam",
    "nspec",
    "nspec2",
    "nspec2g",
    "nspec2mx",
    "nump",
    "ngptot",
    "ngptotg",
    "ngptotmx",
    "n_regions_ns",
    "n_regions_ew",
    "my_region_ns",
    "my_region_ew",
    "nfrstloff",
    "nptrfloff",
    "nprtrns",
    "nlei3",
];

/// Arrays with one value per latitude: `ndgl` in ecTrans, and here two more with `llatlon` 1.
const PER_RING: [&str; 7] = ["nptrlat", "nsta", "nonl", "ldsplitlat", "nnmeng", "rmu", "rgw"];

/// Makes the arrays of a comma-separated list of names; numbers may be named too.
#[unsafe(no_mangle)]
unsafe extern "C" fn trans_inquire(trans: *mut Trans, names: *const c_char) -> c_int {
    entry("trans_inquire", || {
        // SAFETY: the header asks for NULL or a struct that was set up, and for NULL or a text.
        let (plan, trans, names) =
            unsafe { (plan_of(trans)?, reference("trans", trans)?, text("varlist", names)?) };
        for name in names.split(',') {
            // SAFETY: as above; arrays that the caller put there are as long as the header asks.
            unsafe { fill(trans, &plan, &name.trim().to_ascii_lowercase()) }?;
        }
        Ok(())
    })
}

/// # Safety
/// Arrays of the struct are NULL or as long as the header says.
unsafe fn fill(trans: &mut Trans, plan: &Plan, name: &str) -> Outcome {
    let rings = usize::try_from(trans.ndgl).unwrap_or(0);
    if SCALARS.contains(&name) || name == "nspolegl" {
        return Ok(());
    }
    if let Some(values) = reals(plan, name)? {
        let array = match name {
            "rmu" => &mut trans.rmu,
            "rgw" => &mut trans.rgw,
            _ => &mut trans.rlapin,
        };
        // SAFETY: the caller's promise.
        return unsafe { store(name, &values, rings, array) };
    }
    let Some(values) = integers(plan, name)? else {
        return match name {
            "rpnm" => Err(not_implemented("A table of Legendre polynomials ('rpnm')")),
            _ => Err(Failure::new(Cause::UnknownName, format!("'{name}' is no field of struct Trans_t."))),
        };
    };
    let array = match name {
        "numpp" => &mut trans.numpp,
        "ngptotl" => &mut trans.ngptotl,
        "nmyms" => &mut trans.nmyms,
        "nasm0" => &mut trans.nasm0,
        "npossp" => &mut trans.npossp,
        "nptrms" => &mut trans.nptrms,
        "nallms" => &mut trans.nallms,
        "ndim0g" => &mut trans.ndim0g,
        "nvalue" => &mut trans.nvalue,
        "mvalue" => &mut trans.mvalue,
        "nfrstlat" => &mut trans.nfrstlat,
        "nlstlat" => &mut trans.nlstlat,
        "nptrlat" => &mut trans.nptrlat,
        "nptrfrstlat" => &mut trans.nptrfrstlat,
        "nptrlstlat" => &mut trans.nptrlstlat,
        "nsta" => &mut trans.nsta,
        "nonl" => &mut trans.nonl,
        "ldsplitlat" => &mut trans.ldsplitlat,
        "nultpp" => &mut trans.nultpp,
        "nptrls" => &mut trans.nptrls,
        "nnmeng" => &mut trans.nnmeng,
        "npms" => &mut trans.npms,
        _ => &mut trans.ndglu,
    };
    // SAFETY: the caller's promise.
    unsafe { store(name, &values, rings, array) }
}

/// Makes an array, or fills one that is there already.
///
/// # Safety
/// An array that is there holds as many values, of [`PER_RING`] at least `rings`.
unsafe fn store<T: Copy>(name: &str, values: &[T], rings: usize, array: &mut *mut T) -> Outcome {
    if array.is_null() {
        *array = allocated(name, values)?;
        return Ok(());
    }
    let len = if PER_RING.contains(&name) { values.len().min(rings) } else { values.len() };
    // SAFETY: `len` values fit by the caller's promise, and `values` is memory of our own.
    unsafe { array.copy_from_nonoverlapping(values.as_ptr(), len) };
    Ok(())
}

fn reals(plan: &Plan, name: &str) -> Outcome<Option<Vec<f64>>> {
    let per_ring = |of: &dyn Fn(&Ring) -> f64| -> Outcome<Vec<f64>> {
        plan.grid()?;
        Ok(plan.held_rings().into_iter().map(of).collect())
    };
    Ok(Some(match name {
        "rmu" => per_ring(&|ring| ring.sine_latitude)?,
        "rgw" => {
            let doubled = plan.doubled_ring().map(|ring| ring.offset);
            per_ring(&|ring| if doubled == Some(ring.offset) { ring.weight / 2.0 } else { ring.weight })?
        }
        // Inverse of the Laplacian's eigenvalues, n = −1 .. T+2; 0 for n ≤ 0.
        "rlapin" => (-1..=plan.truncation()?.total() as i64 + 2)
            .map(|n| if n <= 0 { 0.0 } else { -plan.radius * plan.radius / (n * (n + 1)) as f64 })
            .collect(),
        _ => return Ok(None),
    }))
}

/// Addresses count from 1, as in Fortran.
fn integers(plan: &Plan, name: &str) -> Outcome<Option<Vec<c_int>>> {
    let total = || -> Outcome<usize> { Ok(plan.truncation()?.total()) };
    let rings = || -> Outcome<Vec<&Ring>> {
        plan.grid()?;
        Ok(plan.held_rings())
    };
    let per_wave =
        |of: &dyn Fn(usize) -> usize| -> Outcome<Vec<usize>> { Ok((0..=total()?).map(of).collect()) };
    let per_coefficient = |of: fn((usize, usize)) -> usize| -> Outcome<Vec<usize>> {
        Ok(plan.truncation()?.wavenumbers().map(of).flat_map(|value| [value; 2]).collect())
    };
    let values = match name {
        "numpp" => vec![total()? + 1],
        "ngptotl" => vec![plan.held_points()],
        "nmyms" | "nallms" => per_wave(&|m| m)?,
        "nasm0" | "ndim0g" => {
            let truncation = plan.truncation()?;
            per_wave(&|m| 1 + 2 * truncation.index(m, m))?
        }
        "npossp" => vec![1, plan.truncation()?.spectrum_len(1) + 1],
        "nptrms" => {
            total()?;
            vec![1]
        }
        "nvalue" => per_coefficient(|(_, n)| n)?,
        "mvalue" => per_coefficient(|(m, _)| m)?,
        "nfrstlat" | "nptrfrstlat" | "nptrls" => {
            rings()?;
            vec![1]
        }
        "nlstlat" | "nptrlstlat" | "nultpp" => vec![rings()?.len()],
        "nptrlat" => (1..=rings()?.len()).collect(),
        "nsta" => vec![1; rings()?.len()],
        "nonl" => rings()?.iter().map(|ring| ring.points).collect(),
        "ldsplitlat" => vec![0; rings()?.len()],
        "nnmeng" => {
            let total = total()?;
            rings()?.iter().map(|ring| carried(ring, total)).collect()
        }
        // Where the polynomials n = m..T+1 of each m begin, from 0.
        "npms" => {
            let total = total()?;
            per_wave(&|m| m * (2 * total + 5 - m) / 2)?
        }
        "ndglu" => {
            let (total, rings) = (total()?, rings()?);
            let northern = &rings[..rings.len() / 2];
            per_wave(&|m| northern.iter().filter(|ring| carried(ring, total) >= m).count())?
        }
        _ => return Ok(None),
    };
    let fits = |value| c_int::try_from(value).map_err(|_| Failure::invalid(name, value, "an int"));
    Ok(Some(values.into_iter().map(fits).collect::<Outcome<Vec<c_int>>>()?))
}
