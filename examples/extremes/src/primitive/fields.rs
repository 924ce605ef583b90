//! What is written of a state: pressure surfaces, sea level, ground, and wind at 10 m.

use terrella_dycore::primitive::{IsobaricState, Primitive};
use terrella_io::{Level, Parameter, Time};
use terrella_kernels::Real;

use super::near_ground;
use crate::error::Result;
use crate::output::{OutputFields, Quantity};
use crate::own_fields::OwnFields;

/// Pressure surfaces of the output \[hPa\].
pub(super) const SURFACES: [f64; 3] = [250.0, 500.0, 850.0];
/// The one of maps.
pub(super) const MAPPED: u32 = 500;

/// The quantities of every output time: those of any state, the water of a moist one, what column physics leaves.
pub(super) fn quantities(moist: bool, physics: bool) -> Vec<Quantity> {
    let surfaces = SURFACES.map(Level::Pressure).to_vec();
    let at_10_m = vec![Level::HeightAboveGround(10.0)];
    let mut quantities = vec![
        (Parameter::GEOPOTENTIAL_HEIGHT, surfaces.clone()),
        (Parameter::TEMPERATURE, surfaces.clone()),
        (Parameter::EASTWARD_WIND, surfaces.clone()),
        (Parameter::NORTHWARD_WIND, surfaces),
        (Parameter::SEA_LEVEL_PRESSURE, vec![Level::MeanSea]),
        (Parameter::SURFACE_PRESSURE, vec![Level::Surface]),
        (Parameter::EASTWARD_WIND_AT_10_M, at_10_m.clone()),
        (Parameter::NORTHWARD_WIND_AT_10_M, at_10_m),
    ];
    if moist {
        quantities.push((Parameter::WATER_VAPOUR_COLUMN, vec![Level::Column]));
    }
    if physics {
        quantities.push((Parameter::TEMPERATURE_AT_2_M, vec![Level::HeightAboveGround(2.0)]));
        quantities.push((Parameter::TOTAL_PRECIPITATION, vec![Level::Surface]));
    }
    quantities.into_iter().map(|(parameter, levels)| Quantity { parameter, levels }).collect()
}

/// The model's present state as it is written, at own points. `roughness` is the ground's \[m\], `[own point]`.
pub(super) fn own<R: Real>(model: &mut Primitive<R>, roughness: &[f64], valid: Time) -> Result<OwnFields> {
    let state = model.grid_state()?;
    let (ground, rain) = (own_physics_field(model, "surface_temperature")?, rain(model)?);
    let configuration = model.configuration();
    let pressures = SURFACES.map(|pressure| 100.0 * pressure);
    let isobaric = IsobaricState::new(&state, configuration, &pressures)?;
    let gravity = configuration.gravity;
    let heights = isobaric.geopotential.iter().map(|geopotential| geopotential / gravity).collect();
    let [u_10_m, v_10_m] = near_ground::wind_at_10_m(&state, roughness, gravity);
    let mut values = vec![
        heights,
        isobaric.temperature,
        isobaric.u,
        isobaric.v,
        isobaric.sea_level_pressure,
        state.surface_pressure.iter().map(|value| value.to_f64()).collect(),
        u_10_m,
        v_10_m,
    ];
    if configuration.moist {
        values.push(near_ground::water_vapour(&state, configuration));
    }
    if let (Some(ground), Some(rain)) = (ground, rain) {
        values.push(near_ground::temperature_at_2_m(&state, &ground, roughness, configuration));
        values.push(rain);
    }
    let vorticity = on_mapped(&isobaric.vorticity, configuration.points()).to_vec();
    Ok(OwnFields { fields: OutputFields { valid, values }, vorticity })
}

/// A field that column physics keeps, at own points, on the host; none where no scheme has it.
fn own_physics_field<R: Real>(model: &Primitive<R>, name: &str) -> Result<Option<Vec<f64>>> {
    let Some(diagnostic) = model.physics_diagnostic(name) else { return Ok(None) };
    Ok(Some(diagnostic.values.to_vec()?.into_iter().map(Real::to_f64).collect()))
}

/// The same on rank 0, without values on the others; all ranks call it together.
pub(super) fn physics_field<R: Real>(model: &Primitive<R>, name: &str) -> Result<Option<Vec<f64>>> {
    let Some(own) = own_physics_field(model, name)? else { return Ok(None) };
    Ok(Some(model.part().gather_fields(&model.communicator()?, 1, &own)?.unwrap_or_default()))
}

/// Rain since the start \[kg m⁻²\], of all schemes, at own points.
fn rain<R: Real>(model: &Primitive<R>) -> Result<Option<Vec<f64>>> {
    let stratiform = own_physics_field(model, "stratiform_precipitation_amount")?;
    let convective = own_physics_field(model, "convective_precipitation_amount")?;
    Ok(match (stratiform, convective) {
        (Some(one), Some(other)) => Some(one.iter().zip(&other).map(|(one, other)| one + other).collect()),
        (one, other) => one.or(other),
    })
}

/// A quantity on the mapped surface.
pub(super) fn mapped(fields: &OutputFields, quantity: usize, points: usize) -> &[f64] {
    on_mapped(&fields.values[quantity], points)
}

fn on_mapped(values: &[f64], points: usize) -> &[f64] {
    let surface = SURFACES.iter().position(|surface| *surface == f64::from(MAPPED)).unwrap_or(0);
    &values[surface * points..(surface + 1) * points]
}
