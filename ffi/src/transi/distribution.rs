//! Global fields and spectra to and from the distributed layout, which in one task holds everything.

use std::ffi::{c_double, c_int};

use super::blocking::{Doubled, Layout};
use super::entry;
use super::layout::{GridFields, Spectra};
use super::requests::{count, plan_of, use_once};
use crate::border::{Array, input, reference, slices};
use crate::failure::{Failure, Outcome};

/// Every field must come from or go to the one task there is.
///
/// # Safety
/// NULL or `fields` numbers.
unsafe fn expect_own_task(name: &'static str, tasks: *const c_int, fields: usize) -> Outcome {
    if tasks.is_null() {
        return Err(Failure::null(name));
    }
    // SAFETY: the caller's promise.
    let tasks = unsafe { input(name, tasks, fields) }?;
    match tasks.iter().position(|&task| task != 1) {
        Some(field) => Err(Failure::invalid(&format!("{name}[{field}]"), tasks[field], "1, the only task")),
        None => Ok(()),
    }
}

/// # Safety
/// As the header asks: NULL or a valid request.
unsafe fn grid_fields<'a>(
    request: *mut GridFields,
    tasks: &'static str,
) -> Outcome<(&'a GridFields, Layout, usize)> {
    // SAFETY: the caller's promise.
    let request = unsafe { reference("request", request) }?;
    use_once(&mut request.count)?;
    // SAFETY: the caller's promise.
    let plan = unsafe { plan_of(request.trans) }?;
    let fields = count("nfld", request.nfld)?;
    // SAFETY: the caller's promise.
    unsafe { expect_own_task(tasks, request.tasks, fields) }?;
    let layout = Layout::new(&plan, fields, request.nproma, request.ngpblks, false)?;
    Ok((request, layout, fields * plan.global_points()))
}

/// Global fields `[nfld][ngptotg]` to distributed ones.
#[unsafe(no_mangle)]
unsafe extern "C" fn trans_distgrid(request: *mut GridFields) -> c_int {
    entry("trans_distgrid", || {
        // SAFETY: the header asks for NULL or a valid request, and for arrays of the lengths that it gives.
        unsafe {
            let (request, layout, global) = grid_fields(request, "nfrom")?;
            let ([global], [held]) = slices(
                [Array::input("rgpg", request.rgpg, global)],
                [Array::output("rgp", request.rgp, layout.len()?)],
            )?;
            layout.write(global, held, 1.0);
        }
        Ok(())
    })
}

/// Distributed fields to global ones.
#[unsafe(no_mangle)]
unsafe extern "C" fn trans_gathgrid(request: *mut GridFields) -> c_int {
    entry("trans_gathgrid", || {
        // SAFETY: as above.
        unsafe {
            let (request, layout, global) = grid_fields(request, "nto")?;
            let ([held], [global]) = slices(
                [Array::input("rgp", request.rgp, layout.len()?)],
                [Array::output("rgpg", request.rgpg, global)],
            )?;
            layout.read(held, global, Doubled::Second);
        }
        Ok(())
    })
}

/// Copies spectra from one layout to the other, which are the same in one task.
///
/// # Safety
/// As the header asks: NULL or a valid request.
unsafe fn copy_spectra(
    request: *mut Spectra,
    tasks: &'static str,
    ends: impl FnOnce(&Spectra) -> [(&'static str, *mut c_double); 2],
) -> Outcome {
    // SAFETY: the caller's promise.
    let request = unsafe { reference("request", request) }?;
    use_once(&mut request.count)?;
    // SAFETY: the caller's promise.
    let plan = unsafe { plan_of(request.trans) }?;
    let fields = count("nfld", request.nfld)?;
    plan.truncation()?;
    // SAFETY: the caller's promise.
    unsafe { expect_own_task(tasks, request.tasks, fields) }?;
    let len = fields * plan.spectrum_len();
    let [(from_name, from), (to_name, to)] = ends(request);
    if from == to && !from.is_null() {
        return Ok(());
    }
    // SAFETY: the header asks for arrays of the lengths that the request gives.
    let ([from], [to]) =
        unsafe { slices([Array::input(from_name, from, len)], [Array::output(to_name, to, len)]) }?;
    to.copy_from_slice(from);
    Ok(())
}

/// Global spectra `[nspec2g][nfld]` to distributed ones.
#[unsafe(no_mangle)]
unsafe extern "C" fn trans_distspec(request: *mut Spectra) -> c_int {
    entry("trans_distspec", || {
        // SAFETY: the header asks for NULL or a valid request.
        unsafe {
            copy_spectra(request, "nfrom", |request| [("rspecg", request.rspecg), ("rspec", request.rspec)])
        }
    })
}

/// Distributed spectra to global ones.
#[unsafe(no_mangle)]
unsafe extern "C" fn trans_gathspec(request: *mut Spectra) -> c_int {
    entry("trans_gathspec", || {
        // SAFETY: as above.
        unsafe {
            copy_spectra(request, "nto", |request| [("rspec", request.rspec), ("rspecg", request.rspecg)])
        }
    })
}
