//! Spectra to grid fields, and the adjoint.

use std::ffi::c_int;

use super::blocking::{Doubled, Layout};
use super::layout::Inverse;
use super::plan::Plan;
use super::requests::{count, plan_of, use_once};
use super::spectra::scale_waves;
use super::{entry, not_implemented};
use crate::border::{Array, reference, slices, zeros};
use crate::engine::Operator;
use crate::failure::{Failure, Outcome};

/// How many fields of each kind a grid array holds, in its order.
struct Contents {
    winds: usize,
    scalars: usize,
    sources_on_grid: bool,
    scalar_derivatives: bool,
    wind_derivatives: bool,
}

impl Contents {
    fn of(request: &Inverse) -> Outcome<Self> {
        if !request.rmeanu.is_null() || !request.rmeanv.is_null() {
            return Err(not_implemented("A mean wind (of a limited area)"));
        }
        Ok(Self {
            winds: count("nvordiv", request.nvordiv)?,
            scalars: count("nscalar", request.nscalar)?,
            sources_on_grid: request.lvordivgp != 0,
            scalar_derivatives: request.lscalarders != 0,
            wind_derivatives: request.luvder_EW != 0,
        })
    }

    /// Fields of vorticity, divergence, u, v, scalars, their derivatives to the north, derivatives to the east of u, of v
    /// and of scalars.
    fn sections(&self) -> [usize; 9] {
        let source = if self.sources_on_grid { self.winds } else { 0 };
        let scalar = if self.scalar_derivatives { self.scalars } else { 0 };
        let wind = if self.wind_derivatives { self.winds } else { 0 };
        [source, source, self.winds, self.winds, self.scalars, scalar, wind, wind, scalar]
    }

    fn fields(&self) -> usize {
        self.sections().iter().sum()
    }
}

/// # Safety
/// As the header asks: NULL or a valid request.
unsafe fn prepare<'a>(
    request: *mut Inverse,
) -> Outcome<(&'a Inverse, std::sync::Arc<Plan>, Contents, Layout)> {
    // SAFETY: the caller's promise.
    let request = unsafe { reference("request", request) }?;
    use_once(&mut request.count)?;
    // SAFETY: the caller's promise.
    let plan = unsafe { plan_of(request.trans) }?;
    if request.rgp.is_null() {
        return Err(Failure::null("rgp"));
    }
    let contents = Contents::of(request)?;
    let layout =
        Layout::new(&plan, contents.fields(), request.nproma, request.ngpblks, request.lglobal != 0)?;
    Ok((request, plan, contents, layout))
}

/// Inverse transform: spectra to grid fields.
#[unsafe(no_mangle)]
unsafe extern "C" fn trans_invtrans(request: *mut Inverse) -> c_int {
    entry("trans_invtrans", || {
        // SAFETY: the header asks for NULL or a valid request.
        let (request, plan, contents, layout) = unsafe { prepare(request) }?;
        let mut engine = plan.engine()?;
        let spectrum = plan.spectrum_len();
        // SAFETY: the header asks for arrays of the lengths that the request gives.
        let ([vorticity, divergence, scalars], [held]) = unsafe {
            slices(
                [
                    Array::input("rspvor", request.rspvor, contents.winds * spectrum),
                    Array::input("rspdiv", request.rspdiv, contents.winds * spectrum),
                    Array::input("rspscalar", request.rspscalar, contents.scalars * spectrum),
                ],
                [Array::output("rgp", request.rgp, layout.len()?)],
            )
        }?;
        let mut own = if layout.is_plain() { Vec::new() } else { zeros("rgp", layout.plain_len())? };
        let mut rest = if layout.is_plain() { &mut *held } else { own.as_mut_slice() };
        let mut sections: [&mut [f64]; 9] = Default::default();
        for (section, fields) in sections.iter_mut().zip(contents.sections()) {
            (*section, rest) = rest.split_at_mut(fields * plan.global_points());
        }
        let [
            on_grid_vorticity,
            on_grid_divergence,
            u,
            v,
            values,
            northward,
            u_eastward,
            v_eastward,
            eastward,
        ] = sections;
        let (winds, count) = (contents.winds, contents.scalars);
        if winds > 0 {
            if contents.sources_on_grid {
                engine.apply(Operator::Synthesis, winds, &[vorticity], &mut [on_grid_vorticity])?;
                engine.apply(Operator::Synthesis, winds, &[divergence], &mut [on_grid_divergence])?;
            }
            engine.apply(Operator::WindSynthesis, winds, &[vorticity, divergence], &mut [u, v])?;
            if contents.wind_derivatives {
                let operator = Operator::WindZonalDerivativeSynthesis;
                engine.apply(operator, winds, &[vorticity, divergence], &mut [u_eastward, v_eastward])?;
            }
        }
        if count > 0 {
            engine.apply(Operator::Synthesis, count, &[scalars], &mut [values])?;
            if contents.scalar_derivatives {
                engine.apply(Operator::GradientSynthesis, count, &[scalars], &mut [eastward, northward])?;
            }
        }
        if !layout.is_plain() {
            layout.write(&own, held, 1.0);
        }
        Ok(())
    })
}

/// Adjoint of the inverse transform: grid fields to spectra.
///
/// With <x, y> the sum over m = 0 plus twice the sum over m > 0 of products of spectra, and the plain sum of products on
/// the grid, <A x, y> = <x, A' y>.
#[unsafe(no_mangle)]
unsafe extern "C" fn trans_invtrans_adj(request: *mut Inverse) -> c_int {
    entry("trans_invtrans_adj", || {
        // SAFETY: the header asks for NULL or a valid request.
        let (request, plan, contents, layout) = unsafe { prepare(request) }?;
        let mut engine = plan.engine()?;
        let spectrum = plan.spectrum_len();
        // SAFETY: the header asks for arrays of the lengths that the request gives.
        let ([held], [vorticity, divergence, scalars]) = unsafe {
            slices(
                [Array::input("rgp", request.rgp, layout.len()?)],
                [
                    Array::output("rspvor", request.rspvor, contents.winds * spectrum),
                    Array::output("rspdiv", request.rspdiv, contents.winds * spectrum),
                    Array::output("rspscalar", request.rspscalar, contents.scalars * spectrum),
                ],
            )
        }?;
        let mut own = if layout.is_plain() { Vec::new() } else { zeros("rgp", layout.plain_len())? };
        if !layout.is_plain() {
            layout.read(held, &mut own, Doubled::Sum);
        }
        let mut rest = if layout.is_plain() { held } else { own.as_slice() };
        let mut sections: [&[f64]; 9] = Default::default();
        for (section, fields) in sections.iter_mut().zip(contents.sections()) {
            (*section, rest) = rest.split_at(fields * plan.global_points());
        }
        let [
            on_grid_vorticity,
            on_grid_divergence,
            u,
            v,
            values,
            northward,
            u_eastward,
            v_eastward,
            eastward,
        ] = sections;
        let (winds, count) = (contents.winds, contents.scalars);
        let mut term = zeros("rspvor", winds * spectrum)?;
        let mut other_term = zeros("rspdiv", winds * spectrum)?;
        if winds > 0 {
            let operator = Operator::WindSynthesisAdjoint;
            engine.apply(operator, winds, &[u, v], &mut [&mut *vorticity, &mut *divergence])?;
            if contents.sources_on_grid {
                let operator = Operator::SynthesisAdjoint;
                engine.apply(operator, winds, &[on_grid_vorticity], &mut [&mut term])?;
                engine.apply(operator, winds, &[on_grid_divergence], &mut [&mut other_term])?;
                add(vorticity, &term);
                add(divergence, &other_term);
            }
            if contents.wind_derivatives {
                let operator = Operator::WindZonalDerivativeSynthesisAdjoint;
                let terms = &mut [term.as_mut_slice(), other_term.as_mut_slice()];
                engine.apply(operator, winds, &[u_eastward, v_eastward], terms)?;
                add(vorticity, &term);
                add(divergence, &other_term);
            }
        }
        if count > 0 {
            engine.apply(Operator::SynthesisAdjoint, count, &[values], &mut [&mut *scalars])?;
            if contents.scalar_derivatives {
                let mut term = zeros("rspscalar", count * spectrum)?;
                let operator = Operator::GradientSynthesisAdjoint;
                engine.apply(operator, count, &[eastward, northward], &mut [&mut term])?;
                add(scalars, &term);
            }
        }
        let truncation = plan.truncation()?;
        scale_waves(truncation, winds, vorticity, 0.5);
        scale_waves(truncation, winds, divergence, 0.5);
        scale_waves(truncation, count, scalars, 0.5);
        Ok(())
    })
}

fn add(sum: &mut [f64], term: &[f64]) {
    for (sum, term) in sum.iter_mut().zip(term) {
        *sum += term;
    }
}
