//! Grid fields to spectra, and the adjoint.

use std::ffi::c_int;
use std::sync::Arc;

use super::blocking::{Doubled, Layout};
use super::layout::Direct;
use super::plan::Plan;
use super::requests::{count, plan_of, use_once};
use super::spectra::scale_waves;
use super::{entry, not_implemented};
use crate::border::{Array, reference, slices, zeros};
use crate::engine::Operator;
use crate::failure::{Failure, Outcome};

struct Prepared<'a> {
    request: &'a Direct,
    plan: Arc<Plan>,
    winds: usize,
    scalars: usize,
    layout: Layout,
}

/// # Safety
/// As the header asks: NULL or a valid request.
unsafe fn prepare<'a>(request: *mut Direct) -> Outcome<Prepared<'a>> {
    // SAFETY: the caller's promise.
    let request = unsafe { reference("request", request) }?;
    use_once(&mut request.count)?;
    // SAFETY: the caller's promise.
    let plan = unsafe { plan_of(request.trans) }?;
    if request.rgp.is_null() {
        return Err(Failure::null("rgp"));
    }
    if !request.rmeanu.is_null() || !request.rmeanv.is_null() {
        return Err(not_implemented("A mean wind (of a limited area)"));
    }
    let (winds, scalars) = (count("nvordiv", request.nvordiv)?, count("nscalar", request.nscalar)?);
    let fields = 2 * winds + scalars;
    let layout = Layout::new(&plan, fields, request.nproma, request.ngpblks, request.lglobal != 0)?;
    Ok(Prepared { request, plan, winds, scalars, layout })
}

/// Direct transform: grid fields to spectra.
#[unsafe(no_mangle)]
unsafe extern "C" fn trans_dirtrans(request: *mut Direct) -> c_int {
    entry("trans_dirtrans", || {
        // SAFETY: the header asks for NULL or a valid request.
        let Prepared { request, plan, winds, scalars: count, layout } = unsafe { prepare(request) }?;
        let mut engine = plan.engine()?;
        let (spectrum, points) = (plan.spectrum_len(), plan.global_points());
        // SAFETY: the header asks for arrays of the lengths that the request gives.
        let ([held], [vorticity, divergence, scalars]) = unsafe {
            slices(
                [Array::input("rgp", request.rgp, layout.len()?)],
                [
                    Array::output("rspvor", request.rspvor, winds * spectrum),
                    Array::output("rspdiv", request.rspdiv, winds * spectrum),
                    Array::output("rspscalar", request.rspscalar, count * spectrum),
                ],
            )
        }?;
        let mut own = if layout.is_plain() { Vec::new() } else { zeros("rgp", layout.plain_len())? };
        if !layout.is_plain() {
            layout.read(held, &mut own, Doubled::Mean);
        }
        let fields = if layout.is_plain() { held } else { own.as_slice() };
        let (u, fields) = fields.split_at(winds * points);
        let (v, fields) = fields.split_at(winds * points);
        let values = &fields[..count * points];
        if winds > 0 {
            engine.apply(Operator::WindAnalysis, winds, &[u, v], &mut [vorticity, divergence])?;
        }
        if count > 0 {
            engine.apply(Operator::Analysis, count, &[values], &mut [scalars])?;
        }
        Ok(())
    })
}

/// Adjoint of the direct transform: spectra to grid fields, with the products of `trans_invtrans_adj`.
#[unsafe(no_mangle)]
unsafe extern "C" fn trans_dirtrans_adj(request: *mut Direct) -> c_int {
    entry("trans_dirtrans_adj", || {
        // SAFETY: the header asks for NULL or a valid request.
        let Prepared { request, plan, winds, scalars: count, layout } = unsafe { prepare(request) }?;
        let mut engine = plan.engine()?;
        let (spectrum, points) = (plan.spectrum_len(), plan.global_points());
        // SAFETY: the header asks for arrays of the lengths that the request gives.
        let ([vorticity, divergence, scalars], [held]) = unsafe {
            slices(
                [
                    Array::input("rspvor", request.rspvor, winds * spectrum),
                    Array::input("rspdiv", request.rspdiv, winds * spectrum),
                    Array::input("rspscalar", request.rspscalar, count * spectrum),
                ],
                [Array::output("rgp", request.rgp, layout.len()?)],
            )
        }?;
        let truncation = plan.truncation()?;
        let doubled = |name: &'static str, fields: usize, values: &[f64]| -> Outcome<Vec<f64>> {
            let mut copy = zeros(name, values.len())?;
            copy.copy_from_slice(values);
            scale_waves(truncation, fields, &mut copy, 2.0);
            Ok(copy)
        };
        let vorticity = doubled("rspvor", winds, vorticity)?;
        let divergence = doubled("rspdiv", winds, divergence)?;
        let scalars = doubled("rspscalar", count, scalars)?;
        let mut own = if layout.is_plain() { Vec::new() } else { zeros("rgp", layout.plain_len())? };
        let fields = if layout.is_plain() { &mut *held } else { own.as_mut_slice() };
        let (u, fields) = fields.split_at_mut(winds * points);
        let (v, fields) = fields.split_at_mut(winds * points);
        let values = &mut fields[..count * points];
        if winds > 0 {
            let operator = Operator::WindAnalysisAdjoint;
            engine.apply(operator, winds, &[&vorticity, &divergence], &mut [u, v])?;
        }
        if count > 0 {
            engine.apply(Operator::AnalysisAdjoint, count, &[&scalars], &mut [values])?;
        }
        if !layout.is_plain() {
            layout.write(&own, held, 0.5);
        }
        Ok(())
    })
}
