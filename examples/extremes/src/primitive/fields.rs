//! What is written of a state: pressure surfaces, sea level, ground, and wind at 10 m.

use terrella_dycore::primitive::{Configuration, GridState, IsobaricState, Primitive};
use terrella_io::layout::Layout;
use terrella_io::{Level, Parameter, Time};
use terrella_kernels::Real;

use super::near_ground;
use crate::error::{Error, Result};
use crate::maps::Drawable;
use crate::model::Snapshot;
use crate::output::{OutputFields, Quantity};

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

/// The model's present state as it is written and drawn; an error naming the first value that is not finite.
///
/// `roughness` is the ground's \[m\], `[point]`.
pub(super) fn snapshot<R: Real>(
    model: &mut Primitive<R>,
    roughness: &[f64],
    layout: &Layout,
    valid: Time,
) -> Result<Snapshot> {
    let Gathered { state, ground, rain } = gathered(model)?;
    let state = state.expect("rank 0, which alone is asked, has it");
    let configuration = &Configuration { part: None, ..model.configuration().clone() };
    let pressures = SURFACES.map(|pressure| 100.0 * pressure);
    let isobaric = IsobaricState::new(&state, configuration, &pressures)?;
    let points = configuration.grid.points();
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
    let quantities = quantities(configuration.moist, values.len() > 9);
    let fields = OutputFields { valid, values };
    for (quantity, values) in quantities.iter().zip(&fields.values) {
        if let Some(index) = values.iter().position(|value| !value.is_finite()) {
            let (latitude, longitude) = configuration.grid.coordinates(index % points);
            return Err(Error::NotFinite {
                field: quantity.parameter.short_name,
                value: values[index],
                hour: model.time() / 3600.0,
                step: model.step_count(),
                latitude,
                longitude,
            });
        }
    }
    let [height, u, v] = [0, 2, 3].map(|quantity| mapped(&fields, quantity, points));
    let drawable = Drawable::new(layout, height, u, v, on_mapped(&isobaric.vorticity, points));
    Ok(Snapshot { fields, drawable })
}

/// What ranks send to the first one for a snapshot.
pub(super) struct Gathered<R> {
    /// On rank 0.
    state: Option<GridState<R>>,
    ground: Option<Vec<f64>>,
    rain: Option<Vec<f64>>,
}

/// The whole state on rank 0; all ranks call it together.
pub(super) fn gathered<R: Real>(model: &mut Primitive<R>) -> Result<Gathered<R>> {
    let state = model.whole_grid_state()?;
    Ok(Gathered { state, ground: physics_field(model, "surface_temperature")?, rain: rain(model)? })
}

/// A field that column physics keeps, on the host of rank 0, without values on the others; none where no scheme has it.
pub(super) fn physics_field<R: Real>(model: &Primitive<R>, name: &str) -> Result<Option<Vec<f64>>> {
    let Some(diagnostic) = model.physics_diagnostic(name) else { return Ok(None) };
    let own = diagnostic.values.to_vec()?;
    let whole = model.part().gather_fields(&model.communicator()?, 1, &own)?.unwrap_or_default();
    Ok(Some(whole.into_iter().map(Real::to_f64).collect()))
}

/// Rain since the start \[kg m⁻²\], of all schemes.
pub(super) fn rain<R: Real>(model: &Primitive<R>) -> Result<Option<Vec<f64>>> {
    let stratiform = physics_field(model, "stratiform_precipitation_amount")?;
    let convective = physics_field(model, "convective_precipitation_amount")?;
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
