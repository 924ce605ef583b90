//! Spectra to grid fields, and the adjoint.

use std::ffi::c_int;

use super::blocking::{Doubled, Layout};
use super::layout::Inverse;
use super::not_implemented;
use super::plan::Plan;
use super::requests::{count, plan_of, use_once};
use super::spectra::scale_waves;
use super::tasks::{Intent, together};
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

    /// What all tasks must do alike.
    fn intent(&self, plan: &Plan) -> Intent {
        Intent::default().with(plan.handle).with(self.sections())
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
    if request.rgp.is_null() && plan.held_points() > 0 {
        return Err(Failure::null("rgp"));
    }
    let contents = Contents::of(request)?;
    plan.waves()?;
    let layout =
        Layout::new(&plan, contents.fields(), request.nproma, request.ngpblks, request.lglobal != 0)?;
    Ok((request, plan, contents, layout))
}

/// Inverse transform: spectra to grid fields.
#[unsafe(no_mangle)]
unsafe extern "C" fn trans_invtrans(request: *mut Inverse) -> c_int {
    let prepare = || {
        // SAFETY: the header asks for NULL or a valid request.
        let (request, plan, contents, layout) = unsafe { prepare(request) }?;
        let spectrum = plan.spectrum_len();
        // SAFETY: the header asks for arrays of the lengths that the request gives.
        let slices = unsafe {
            slices(
                [
                    Array::input("rspvor", request.rspvor, contents.winds * spectrum),
                    Array::input("rspdiv", request.rspdiv, contents.winds * spectrum),
                    Array::input("rspscalar", request.rspscalar, contents.scalars * spectrum),
                ],
                [Array::output("rgp", request.rgp, layout.len()?)],
            )
        }?;
        let own = if layout.is_plain() { Vec::new() } else { zeros("rgp", layout.plain_len())? };
        let intent = contents.intent(&plan);
        Ok(((plan, contents, layout, slices, own), intent))
    };
    together("trans_invtrans", prepare, |(plan, contents, layout, slices, mut own)| {
        let ([vorticity, divergence, scalars], [held]) = slices;
        let mut transform = plan.transform()?;
        let mut rest = if layout.is_plain() { &mut *held } else { own.as_mut_slice() };
        let mut sections: [&mut [f64]; 9] = Default::default();
        for (section, fields) in sections.iter_mut().zip(contents.sections()) {
            (*section, rest) = rest.split_at_mut(fields * plan.own_points);
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
                transform.apply(Operator::Synthesis, winds, &[vorticity], &mut [on_grid_vorticity])?;
                transform.apply(Operator::Synthesis, winds, &[divergence], &mut [on_grid_divergence])?;
            }
            transform.apply(Operator::WindSynthesis, winds, &[vorticity, divergence], &mut [u, v])?;
            if contents.wind_derivatives {
                let operator = Operator::WindZonalDerivativeSynthesis;
                transform.apply(operator, winds, &[vorticity, divergence], &mut [u_eastward, v_eastward])?;
            }
        }
        if count > 0 {
            transform.apply(Operator::Synthesis, count, &[scalars], &mut [values])?;
            if contents.scalar_derivatives {
                transform.apply(
                    Operator::GradientSynthesis,
                    count,
                    &[scalars],
                    &mut [eastward, northward],
                )?;
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
    let prepare = || {
        // SAFETY: the header asks for NULL or a valid request.
        let (request, plan, contents, layout) = unsafe { prepare(request) }?;
        let spectrum = plan.spectrum_len();
        // SAFETY: the header asks for arrays of the lengths that the request gives.
        let slices = unsafe {
            slices(
                [Array::input("rgp", request.rgp, layout.len()?)],
                [
                    Array::output("rspvor", request.rspvor, contents.winds * spectrum),
                    Array::output("rspdiv", request.rspdiv, contents.winds * spectrum),
                    Array::output("rspscalar", request.rspscalar, contents.scalars * spectrum),
                ],
            )
        }?;
        let own = if layout.is_plain() { Vec::new() } else { zeros("rgp", layout.plain_len())? };
        let terms = [
            zeros("rspvor", contents.winds * spectrum)?,
            zeros("rspdiv", contents.winds * spectrum)?,
            zeros("rspscalar", contents.scalars * spectrum)?,
        ];
        let intent = contents.intent(&plan);
        Ok(((plan, contents, layout, slices, own, terms), intent))
    };
    together("trans_invtrans_adj", prepare, |(plan, contents, layout, slices, mut own, terms)| {
        let ([held], [vorticity, divergence, scalars]) = slices;
        let mut transform = plan.transform()?;
        if !layout.is_plain() {
            layout.read(held, &mut own, Doubled::Sum);
        }
        let mut rest = if layout.is_plain() { held } else { own.as_slice() };
        let mut sections: [&[f64]; 9] = Default::default();
        for (section, fields) in sections.iter_mut().zip(contents.sections()) {
            (*section, rest) = rest.split_at(fields * plan.own_points);
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
        let [mut term, mut other_term, mut scalar_term] = terms;
        if winds > 0 {
            let operator = Operator::WindSynthesisAdjoint;
            transform.apply(operator, winds, &[u, v], &mut [&mut *vorticity, &mut *divergence])?;
            if contents.sources_on_grid {
                let operator = Operator::SynthesisAdjoint;
                transform.apply(operator, winds, &[on_grid_vorticity], &mut [&mut term])?;
                transform.apply(operator, winds, &[on_grid_divergence], &mut [&mut other_term])?;
                add(vorticity, &term);
                add(divergence, &other_term);
            }
            if contents.wind_derivatives {
                let operator = Operator::WindZonalDerivativeSynthesisAdjoint;
                let terms = &mut [term.as_mut_slice(), other_term.as_mut_slice()];
                transform.apply(operator, winds, &[u_eastward, v_eastward], terms)?;
                add(vorticity, &term);
                add(divergence, &other_term);
            }
        }
        if count > 0 {
            transform.apply(Operator::SynthesisAdjoint, count, &[values], &mut [&mut *scalars])?;
            if contents.scalar_derivatives {
                let operator = Operator::GradientSynthesisAdjoint;
                transform.apply(operator, count, &[eastward, northward], &mut [&mut scalar_term])?;
                add(scalars, &scalar_term);
            }
        }
        let zonal = plan.waves()?.own_zonal_len();
        scale_waves(zonal * winds, vorticity, 0.5);
        scale_waves(zonal * winds, divergence, 0.5);
        scale_waves(zonal * count, scalars, 0.5);
        Ok(())
    })
}

fn add(sum: &mut [f64], term: &[f64]) {
    for (sum, term) in sum.iter_mut().zip(term) {
        *sum += term;
    }
}
