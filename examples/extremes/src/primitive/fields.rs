//! What is written of a state: pressure surfaces, sea level, ground, and wind at 10 m.

use terrella_dycore::primitive::{GridState, IsobaricState, Primitive};
use terrella_io::layout::Layout;
use terrella_io::{Level, Parameter, Time};
use terrella_kernels::Real;

use crate::error::{Error, Result};
use crate::maps::Drawable;
use crate::model::Snapshot;
use crate::output::{OutputFields, Quantity};

/// Pressure surfaces of the output \[hPa\].
pub(super) const SURFACES: [f64; 3] = [250.0, 500.0, 850.0];
/// The one of maps.
pub(super) const MAPPED: u32 = 500;
/// Roughness of the logarithmic profile that brings the lowest level's wind to 10 m \[m\]: between sea and open land.
const ROUGHNESS: f64 = 1e-3;

/// The quantities of every output time.
pub(super) fn quantities() -> Vec<Quantity> {
    let surfaces = SURFACES.map(Level::Pressure).to_vec();
    let at_10_m = vec![Level::HeightAboveGround(10.0)];
    [
        (Parameter::GEOPOTENTIAL_HEIGHT, surfaces.clone()),
        (Parameter::TEMPERATURE, surfaces.clone()),
        (Parameter::EASTWARD_WIND, surfaces.clone()),
        (Parameter::NORTHWARD_WIND, surfaces),
        (Parameter::SEA_LEVEL_PRESSURE, vec![Level::MeanSea]),
        (Parameter::SURFACE_PRESSURE, vec![Level::Surface]),
        (Parameter::EASTWARD_WIND_AT_10_M, at_10_m.clone()),
        (Parameter::NORTHWARD_WIND_AT_10_M, at_10_m),
    ]
    .map(|(parameter, levels)| Quantity { parameter, levels })
    .into()
}

/// The model's present state as it is written and drawn; an error naming the first value that is not finite.
pub(super) fn snapshot<R: Real>(model: &mut Primitive<R>, layout: &Layout, valid: Time) -> Result<Snapshot> {
    let state = model.grid_state()?;
    let configuration = model.configuration();
    let pressures = SURFACES.map(|pressure| 100.0 * pressure);
    let isobaric = IsobaricState::new(&state, configuration, &pressures)?;
    let points = configuration.grid.points();
    let gravity = configuration.gravity;
    let heights = isobaric.geopotential.iter().map(|geopotential| geopotential / gravity).collect();
    let [u_10_m, v_10_m] = wind_at_10_m(&state, points, gravity);
    let fields = OutputFields {
        valid,
        values: vec![
            heights,
            isobaric.temperature,
            isobaric.u,
            isobaric.v,
            isobaric.sea_level_pressure,
            state.surface_pressure.iter().map(|value| value.to_f64()).collect(),
            u_10_m,
            v_10_m,
        ],
    };
    for (quantity, values) in quantities().iter().zip(&fields.values) {
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

/// A quantity on the mapped surface.
pub(super) fn mapped(fields: &OutputFields, quantity: usize, points: usize) -> &[f64] {
    on_mapped(&fields.values[quantity], points)
}

fn on_mapped(values: &[f64], points: usize) -> &[f64] {
    let surface = SURFACES.iter().position(|surface| *surface == f64::from(MAPPED)).unwrap_or(0);
    &values[surface * points..(surface + 1) * points]
}

/// The lowest level's wind brought to 10 m by the neutral logarithmic profile, V·ln(10 m/z_0)/ln(z/z_0).
fn wind_at_10_m<R: Real>(state: &GridState<R>, points: usize, gravity: f64) -> [Vec<f64>; 2] {
    let lowest = state.u.len() - points;
    let factor = |point: usize| {
        let above = state.geopotential[lowest + point].to_f64() - state.orography[point].to_f64();
        let height = (above / gravity).max(10.0);
        (10.0 / ROUGHNESS).ln() / (height / ROUGHNESS).ln()
    };
    [&state.u, &state.v]
        .map(|wind| (0..points).map(|point| factor(point) * wind[lowest + point].to_f64()).collect())
}
