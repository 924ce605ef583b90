//! The schemes of column physics that a configuration asks for.

use terrella_dycore::primitive::{
    BoundaryLayer, Configuration as ModelConfiguration, Convection, GreyAtmosphere, GreyRadiation,
    GroundKind, LargeScaleCondensation, Mixing, MoistPhysics, Sunlight, SurfaceFluxes,
};
use terrella_io::Time;
use terrella_kernels::Real;
use terrella_kernels::device::Device;

use super::ground::GroundFields;
use super::physics_settings::{Physics, Suite, Sun};
use crate::error::Result;

/// L, of vaporisation at 0 °C \[J kg⁻¹\].
pub(super) const LATENT_HEAT: f64 = 2.5e6;
/// Frierson, Held & Zurita-Gotor's (2006) contrast of the annual mean.
const CONTRAST: f64 = 1.4;

/// The suite; none for [`Suite::None`]. [`Suite::Auto`] is settled before.
pub(super) fn suite<R: Real>(
    physics: &Physics,
    suite: Suite,
    settings: &ModelConfiguration,
    ground: &GroundFields,
    valid: Time,
    device: Device,
) -> Result<Option<MoistPhysics<R>>> {
    let rounded = |values: &[f64]| values.iter().map(|value| R::from_f64(*value)).collect::<Vec<R>>();
    let temperature = rounded(&ground.temperature);
    match suite {
        Suite::None | Suite::Auto => Ok(None),
        Suite::Simple => Ok(Some(MoistPhysics::simple(settings, &temperature, device)?)),
        Suite::Moist => {
            let start = day_of_year(valid);
            let atmosphere = GreyAtmosphere {
                equator: physics.equator_depth,
                pole: physics.pole_depth,
                short_wave: physics.short_wave_depth,
                sunlight: match physics.sunlight {
                    Sun::Diurnal => Sunlight::Diurnal { start },
                    Sun::Daily => Sunlight::Daily { start },
                    Sun::Annual => Sunlight::Annual { contrast: CONTRAST },
                },
                ..GreyAtmosphere::default()
            };
            let albedo = rounded(&vec![physics.albedo; settings.points()]);
            let land = GroundKind {
                roughness: physics.land_roughness,
                wetness: physics.land_wetness,
                heat_capacity: Some(physics.land_heat_capacity),
            };
            let mut schemes = MoistPhysics::new(settings, LATENT_HEAT, &temperature, device)?;
            if physics.convection_time > 0.0 {
                let time = 3600.0 * physics.convection_time;
                let humidity = physics.convection_humidity;
                schemes = schemes.with(Convection::with_parameters(time, humidity, settings, device)?);
            }
            let fluxes = SurfaceFluxes::new(&rounded(&ground.land), land, GroundKind::SEA, settings, device)?;
            Ok(Some(
                schemes
                    .with(LargeScaleCondensation::new(2, settings, device)?)
                    .with(GreyRadiation::new(atmosphere, &albedo, settings, device)?)
                    .with(fluxes)
                    .with(BoundaryLayer::new(Mixing::Enthalpy, settings, device)?),
            ))
        }
    }
}

/// What the suite is, for people.
pub(super) fn description(suite: Suite, sun: Sun) -> String {
    match suite {
        Suite::Moist => {
            let sun = match sun {
                Sun::Diurnal => "the sun where it stands",
                Sun::Daily => "the daily mean of the sun",
                Sun::Annual => "the annual mean of the sun",
            };
            format!("convection, condensation, grey radiation with {sun}, fluxes over land and sea, boundary layer")
        }
        Suite::Simple => "condensation, fluxes over a wet ground, boundary layer; no radiation".into(),
        Suite::None | Suite::Auto => {
            "adiabatic but for friction at the ground: no sun, sea, clouds or rain; water vapour is only carried"
                .into()
        }
    }
}

/// Roughness of the ground \[m\], `[point]`, for profiles between it and the lowest level.
pub(super) fn roughness(physics: &Physics, suite: Suite, ground: &GroundFields) -> Vec<f64> {
    /// Between sea and open land.
    const MIXED: f64 = 1e-3;
    let of = |land: &f64| match suite {
        Suite::Moist if *land > 0.5 => physics.land_roughness,
        Suite::Moist => GroundKind::SEA.roughness,
        _ => MIXED,
    };
    ground.land.iter().map(of).collect()
}

/// Days since the beginning of the year, with the time of day as their fraction.
fn day_of_year(time: Time) -> f64 {
    let (year, ..) = time.civil();
    let beginning: Time = format!("{year:04}-01-01T00").parse().expect("the first of January is a day");
    (time.seconds() - beginning.seconds()) as f64 / 86_400.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_from_the_first_of_january() {
        let day = |text: &str| day_of_year(text.parse().unwrap());
        assert_eq!(day("2011-01-01T00"), 0.0);
        assert_eq!(day("2011-01-15T12"), 14.5);
        assert_eq!(day("2012-12-31T18"), 365.75);
    }
}
