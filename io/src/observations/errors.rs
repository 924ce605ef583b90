//! Standard errors that observations are given where nobody knows better, instrument and representativeness together.
//!
//! The numbers of sondes, aircraft and satellites are those of ECMWF's system of the early 2000s, those of stations, ships and wind profilers those of
//! NCEP's, as NCAR's Data Assimilation Research Testbed has them (`observations/obs_error/ecmwf_obs_err_mod.f90`, `ncep_obs_err_mod.f90`), linear in ln p
//! between pressures.

use terrella_kernels::assimilation::operators::humidity;
use terrella_kernels::vertical::interpolation::linear;

use super::{Kind, Level, Quantity};

/// hPa.
const PRESSURES: [f64; 15] =
    [10.0, 20.0, 30.0, 50.0, 70.0, 100.0, 150.0, 200.0, 250.0, 300.0, 400.0, 500.0, 700.0, 850.0, 1050.0];

/// K.
const SONDE_TEMPERATURE: [f64; 15] =
    [2.5, 2.2, 2.0, 1.9, 1.8, 1.7, 1.6, 1.5, 1.5, 1.4, 1.2, 1.2, 1.3, 1.5, 1.7];
const AIRCRAFT_TEMPERATURE: [f64; 15] =
    [2.2, 2.0, 1.8, 1.6, 1.5, 1.4, 1.4, 1.4, 1.3, 1.3, 1.2, 1.2, 1.2, 1.3, 1.4];

/// m/s, of each component.
const SONDE_WIND: [f64; 15] = [4.5, 3.6, 3.3, 3.2, 3.2, 3.3, 3.4, 3.5, 3.5, 3.7, 3.5, 3.0, 2.5, 2.3, 2.3];
const AIRCRAFT_WIND: [f64; 15] = [4.0, 4.0, 4.0, 4.0, 4.0, 4.0, 4.0, 4.0, 4.0, 4.0, 4.0, 3.5, 3.0, 2.5, 2.5];
const SATELLITE_WIND: [f64; 15] = [5.7, 5.0, 5.0, 5.0, 5.0, 5.0, 5.0, 5.0, 5.0, 5.0, 4.3, 3.5, 2.0, 2.0, 2.0];
/// Of NCEP's table, brought to these pressures and rounded.
const PROFILER_WIND: [f64; 15] = [3.8, 3.7, 3.5, 2.8, 2.4, 2.0, 1.8, 1.7, 1.6, 1.6, 1.5, 1.6, 1.9, 1.9, 2.0];

/// Of stations on land, then of ships and buoys: K, m/s of each component, Pa.
const STATION_TEMPERATURE: f64 = 2.5;
const STATION_WIND: [f64; 2] = [3.5, 2.5];
const STATION_PRESSURE: [f64; 2] = [100.0, 160.0];
/// Of their relative humidity.
const STATION_HUMIDITY: f64 = 0.2;

/// The standard error of a quantity at a pressure \[Pa], in its unit; that of the nearest pressure outside 10 to 1050 hPa, and of stations the same at all.
/// None where the tables have none: for heights, and for humidity, which needs [`humidity_error`].
pub fn standard_error(kind: Kind, quantity: Quantity, pressure: f64) -> Option<f64> {
    let is_wind = matches!(quantity, Quantity::EastwardWind | Quantity::NorthwardWind);
    if let Some(place) = [Kind::SurfaceLand, Kind::SurfaceSea].iter().position(|own| *own == kind) {
        return match quantity {
            Quantity::Temperature => Some(STATION_TEMPERATURE),
            Quantity::Pressure | Quantity::SeaLevelPressure => Some(STATION_PRESSURE[place]),
            _ if is_wind => Some(STATION_WIND[place]),
            _ => None,
        };
    }
    let table = match (kind, quantity) {
        (Kind::Radiosonde, Quantity::Temperature) => &SONDE_TEMPERATURE,
        (Kind::Aircraft, Quantity::Temperature) => &AIRCRAFT_TEMPERATURE,
        (Kind::Radiosonde, _) if is_wind => &SONDE_WIND,
        (Kind::Aircraft, _) if is_wind => &AIRCRAFT_WIND,
        (Kind::SatelliteWind, _) if is_wind => &SATELLITE_WIND,
        (Kind::WindProfiler, _) if is_wind => &PROFILER_WIND,
        _ => return None,
    };
    let at = (0.01 * pressure).ln();
    (!at.is_nan()).then(|| linear(&PRESSURES.map(f64::ln), table, at))
}

/// The standard error of specific humidity \[kg kg⁻¹]: that of relative humidity (of a sonde 0.23 below 0.2, else 0.28 below 233 K, else 0.17; of
/// a station 0.2) times the specific humidity of saturation over water at the temperature. None for other kinds, and where a level has no temperature.
pub fn humidity_error(kind: Kind, level: &Level, pressure: f64, specific: f64) -> Option<f64> {
    let is_station = matches!(kind, Kind::SurfaceLand | Kind::SurfaceSea);
    let temperature =
        level.value(Quantity::Temperature).filter(|_| kind == Kind::Radiosonde || is_station)?;
    let (mut relative, mut saturated) = ([0.0], [0.0]);
    humidity::relative(&[specific], &[temperature], &[pressure], &mut relative).ok()?;
    humidity::specific(&[1.0], &[temperature], &[pressure], &mut saturated).ok()?;
    let error = match relative[0] {
        _ if is_station => STATION_HUMIDITY,
        relative if relative < 0.2 => 0.23,
        _ if temperature < 233.0 => 0.28,
        _ => 0.17,
    };
    // Where saturation is beyond the pressure, as in the stratosphere, no humidity means anything.
    (saturated[0] > 0.0 && saturated[0] < 0.1).then_some(error * saturated[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_those_of_the_table_and_between() {
        let sonde = |pressure| standard_error(Kind::Radiosonde, Quantity::Temperature, pressure);
        assert_eq!(sonde(50_000.0), Some(1.2));
        assert_eq!((sonde(500.0), sonde(108_000.0)), (Some(2.5), Some(1.7)));
        let between = sonde((70_000.0_f64 * 85_000.0).sqrt()).expect("in the table");
        assert!((between - 1.4).abs() < 1e-12, "{between}");
        assert_eq!(standard_error(Kind::WindProfiler, Quantity::EastwardWind, 50_000.0), Some(1.6));
        assert_eq!(standard_error(Kind::WindProfiler, Quantity::Temperature, 50_000.0), None);
        let ground = |kind, quantity| standard_error(kind, quantity, f64::NAN);
        assert_eq!(ground(Kind::SurfaceLand, Quantity::NorthwardWind), Some(3.5));
        assert_eq!(ground(Kind::SurfaceSea, Quantity::Pressure), Some(160.0));
        assert_eq!(ground(Kind::SurfaceSea, Quantity::SeaSurfaceTemperature), None);
        assert_eq!(sonde(f64::NAN), None);
    }
}
