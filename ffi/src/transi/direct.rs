//! Grid fields to spectra, and the adjoint.

use std::ffi::c_int;
use std::sync::Arc;

use super::blocking::{Doubled, Layout};
use super::layout::Direct;
use super::not_implemented;
use super::plan::Plan;
use super::requests::{count, plan_of, use_once};
use super::spectra::scale_waves;
use super::tasks::{Intent, together};
use crate::border::{Array, reference, slices, zeros};
use crate::engine::Operator;
use crate::failure::{Failure, Outcome};

impl Prepared<'_> {
    /// What all tasks must do alike.
    fn intent(&self) -> Intent {
        Intent::default().with(self.plan.handle).with([self.winds, self.scalars])
    }
}

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
    if request.rgp.is_null() && plan.held_points() > 0 {
        return Err(Failure::null("rgp"));
    }
    if !request.rmeanu.is_null() || !request.rmeanv.is_null() {
        return Err(not_implemented("A mean wind (of a limited area)"));
    }
    let (winds, scalars) = (count("nvordiv", request.nvordiv)?, count("nscalar", request.nscalar)?);
    let fields = 2 * winds + scalars;
    let layout = Layout::new(&plan, fields, request.nproma, request.ngpblks, request.lglobal != 0)?;
    plan.waves()?;
    Ok(Prepared { request, plan, winds, scalars, layout })
}

/// Direct transform: grid fields to spectra.
#[unsafe(no_mangle)]
unsafe extern "C" fn trans_dirtrans(request: *mut Direct) -> c_int {
    let prepare = || {
        // SAFETY: the header asks for NULL or a valid request.
        let prepared = unsafe { prepare(request) }?;
        let Prepared { request, plan, winds, scalars, layout } = &prepared;
        let spectrum = plan.spectrum_len();
        // SAFETY: the header asks for arrays of the lengths that the request gives.
        let slices = unsafe {
            slices(
                [Array::input("rgp", request.rgp, layout.len()?)],
                [
                    Array::output("rspvor", request.rspvor, winds * spectrum),
                    Array::output("rspdiv", request.rspdiv, winds * spectrum),
                    Array::output("rspscalar", request.rspscalar, scalars * spectrum),
                ],
            )
        }?;
        let own = if layout.is_plain() { Vec::new() } else { zeros("rgp", layout.plain_len())? };
        let intent = prepared.intent();
        Ok(((prepared, slices, own), intent))
    };
    together("trans_dirtrans", prepare, |(prepared, slices, mut own)| {
        let Prepared { plan, winds, scalars: count, layout, .. } = prepared;
        let ([held], [vorticity, divergence, scalars]) = slices;
        let mut transform = plan.transform()?;
        if !layout.is_plain() {
            layout.read(held, &mut own, Doubled::Mean);
        }
        let fields = if layout.is_plain() { held } else { own.as_slice() };
        let (u, fields) = fields.split_at(winds * plan.own_points);
        let (v, fields) = fields.split_at(winds * plan.own_points);
        let values = &fields[..count * plan.own_points];
        if winds > 0 {
            transform.apply(Operator::WindAnalysis, winds, &[u, v], &mut [vorticity, divergence])?;
        }
        if count > 0 {
            transform.apply(Operator::Analysis, count, &[values], &mut [scalars])?;
        }
        Ok(())
    })
}

/// Adjoint of the direct transform: spectra to grid fields, with the products of `trans_invtrans_adj`.
#[unsafe(no_mangle)]
unsafe extern "C" fn trans_dirtrans_adj(request: *mut Direct) -> c_int {
    let prepare = || {
        // SAFETY: the header asks for NULL or a valid request.
        let prepared = unsafe { prepare(request) }?;
        let Prepared { request, plan, winds, scalars, layout } = &prepared;
        let spectrum = plan.spectrum_len();
        // SAFETY: the header asks for arrays of the lengths that the request gives.
        let ([vorticity, divergence, scalar], [held]) = unsafe {
            slices(
                [
                    Array::input("rspvor", request.rspvor, winds * spectrum),
                    Array::input("rspdiv", request.rspdiv, winds * spectrum),
                    Array::input("rspscalar", request.rspscalar, scalars * spectrum),
                ],
                [Array::output("rgp", request.rgp, layout.len()?)],
            )
        }?;
        let zonal = plan.waves()?.own_zonal_len();
        let doubled = |name: &'static str, fields: usize, values: &[f64]| -> Outcome<Vec<f64>> {
            let mut copy = zeros(name, values.len())?;
            copy.copy_from_slice(values);
            scale_waves(zonal * fields, &mut copy, 2.0);
            Ok(copy)
        };
        let spectra = [
            doubled("rspvor", *winds, vorticity)?,
            doubled("rspdiv", *winds, divergence)?,
            doubled("rspscalar", *scalars, scalar)?,
        ];
        let own = if layout.is_plain() { Vec::new() } else { zeros("rgp", layout.plain_len())? };
        let intent = prepared.intent();
        Ok(((prepared, spectra, held, own), intent))
    };
    together("trans_dirtrans_adj", prepare, |(prepared, spectra, held, mut own)| {
        let Prepared { plan, winds, scalars: count, layout, .. } = prepared;
        let [vorticity, divergence, scalars] = spectra;
        let mut transform = plan.transform()?;
        let fields = if layout.is_plain() { &mut *held } else { own.as_mut_slice() };
        let (u, fields) = fields.split_at_mut(winds * plan.own_points);
        let (v, fields) = fields.split_at_mut(winds * plan.own_points);
        let values = &mut fields[..count * plan.own_points];
        if winds > 0 {
            let operator = Operator::WindAnalysisAdjoint;
            transform.apply(operator, winds, &[&vorticity, &divergence], &mut [u, v])?;
        }
        if count > 0 {
            transform.apply(Operator::AnalysisAdjoint, count, &[&scalars], &mut [values])?;
        }
        if !layout.is_plain() {
            layout.write(&own, held, 0.5);
        }
        Ok(())
    })
}
