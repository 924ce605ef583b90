//! Arrays about a resolution, made when they are asked for.

use std::ffi::{c_char, c_int};
use std::ops::Range;

use terrella_kernels::grid::Ring;

use super::allocation::allocated;
use super::entry;
use super::layout::Trans;
use super::not_implemented;
use super::plan::{Plan, carried};
use super::regions::Bands;
use super::requests::plan_of;
use super::waves::Waves;
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
    // An array of a grid with poles that the caller made is as long as ecTrans counts latitudes.
    let most = plan.doubled_ring().and_then(|_| usize::try_from(trans.ndgl).ok());
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
        return unsafe { store(name, &values, most, array) };
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
    unsafe { store(name, &values, most, array) }
}

/// Makes an array, or fills one that is there already.
///
/// # Safety
/// An array that is there holds as many values; of [`PER_RING`], at least `most` if that is given.
unsafe fn store<T: Copy>(name: &str, values: &[T], most: Option<usize>, array: &mut *mut T) -> Outcome {
    if array.is_null() {
        *array = allocated(name, values)?;
        return Ok(());
    }
    let most = most.filter(|_| PER_RING.contains(&name)).unwrap_or(values.len());
    let len = values.len().min(most);
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

/// Stands for an address that this task has not.
const NOT_HERE: c_int = -99;

/// Addresses count from 1, as in Fortran.
fn integers(plan: &Plan, name: &str) -> Outcome<Option<Vec<c_int>>> {
    let tasks = plan.tasks.count;
    let values: Vec<usize> = match name {
        "numpp" => {
            let waves = plan.waves()?;
            (0..tasks).map(|task| waves.of(task).count()).collect()
        }
        "nmyms" => plan.waves()?.own().collect(),
        "nallms" => {
            let waves = plan.waves()?;
            (0..tasks).flat_map(|task| waves.of(task)).collect()
        }
        "npossp" => {
            let waves = plan.waves()?;
            starts((0..tasks).map(|task| waves.len_of(task)))
                .chain([1 + waves.truncation.spectrum_len(1)])
                .collect()
        }
        "nptrms" => {
            let waves = plan.waves()?;
            starts((0..tasks).map(|task| waves.of(task).count())).collect()
        }
        "ndim0g" => {
            let waves = plan.waves()?;
            let order: Vec<usize> = (0..tasks).flat_map(|task| waves.of(task)).collect();
            let mut address = vec![0; order.len()];
            for (&m, start) in order.iter().zip(starts(order.iter().map(|&m| waves.len_of_wave(m)))) {
                address[m] = start;
            }
            address
        }
        "nasm0" => return of_own_waves(plan, name, |waves, m| waves.len_of_wave(m), 1).map(Some),
        // Where the polynomials n = m..T+1 of each m begin, from 0.
        "npms" => {
            return of_own_waves(plan, name, |waves, m| waves.truncation.total() + 2 - m, 0).map(Some);
        }
        "nvalue" => plan.waves()?.coefficients().flat_map(|(_, n)| [n; 2]).collect(),
        "mvalue" => plan.waves()?.coefficients().flat_map(|(m, _)| [m; 2]).collect(),
        "ndglu" => {
            let (total, rings) = (plan.truncation()?.total(), rings(plan)?);
            let northern = &rings[..rings.len() / 2];
            let carry = |m| northern.iter().filter(|ring| carried(ring, total) >= m).count();
            (0..=total).map(carry).collect()
        }
        "nnmeng" => {
            let total = plan.truncation()?.total();
            rings(plan)?.iter().map(|ring| carried(ring, total)).collect()
        }
        "nultpp" => plan.latitudes_of_fourier()?.into_iter().map(|(_, number)| number).collect(),
        "nptrls" => plan.latitudes_of_fourier()?.into_iter().map(|(first, _)| first + 1).collect(),
        _ => match of_bands(plan, name)? {
            Some(values) => values,
            None => return Ok(None),
        },
    };
    let fits = |value| c_int::try_from(value).map_err(|_| Failure::invalid(name, value, "an int"));
    Ok(Some(values.into_iter().map(fits).collect::<Outcome<Vec<c_int>>>()?))
}

fn rings(plan: &Plan) -> Outcome<Vec<&Ring>> {
    plan.grid()?;
    Ok(plan.held_rings())
}

/// What describes the points of the tasks.
fn of_bands(plan: &Plan, name: &str) -> Outcome<Option<Vec<usize>>> {
    let per_band = |value: fn(&Bands, usize) -> usize| -> Outcome<Vec<usize>> {
        let bands = plan.bands()?;
        Ok((0..bands.sectors.len()).map(|band| value(&bands, band)).collect())
    };
    Ok(Some(match name {
        "ngptotl" => plan.bands()?.points(),
        "nfrstlat" => per_band(|bands, band| bands.first_latitude(band) + 1)?,
        "nlstlat" => per_band(|bands, band| bands.end_latitude(band))?,
        "nptrfrstlat" => per_band(|bands, band| bands.first_row(band) + 1)?,
        "nptrlstlat" => per_band(|bands, band| bands.end_row(band))?,
        "nptrlat" => plan.bands()?.rows_of_latitudes().into_iter().map(|row| row + 1).collect(),
        "nsta" => plan.bands()?.by_row(|points| points.start + 1),
        "nonl" => plan.bands()?.by_row(Range::len),
        "ldsplitlat" => {
            plan.bands()?.shares_of_latitudes().into_iter().map(|shares| usize::from(shares > 1)).collect()
        }
        _ => return Ok(None),
    }))
}

/// Where each of some lengths begins in a row, from 1.
fn starts(lengths: impl Iterator<Item = usize>) -> impl Iterator<Item = usize> {
    lengths.scan(1, |next, length| {
        let start = *next;
        *next += length;
        Some(start)
    })
}

/// Where each wavenumber of this task begins among its own, of which each has a length.
fn of_own_waves(
    plan: &Plan,
    name: &str,
    length: impl Fn(Waves, usize) -> usize,
    first: usize,
) -> Outcome<Vec<c_int>> {
    let waves = plan.waves()?;
    let mut addresses = vec![NOT_HERE; waves.truncation.total() + 1];
    let mut next = first;
    for m in waves.own() {
        addresses[m] = c_int::try_from(next).map_err(|_| Failure::invalid(name, next, "an int"))?;
        next += length(waves, m);
    }
    Ok(addresses)
}
