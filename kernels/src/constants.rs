//! Physical constants, each once, with its value, unit and source.

/// Radius of the spherical Earth [m]: 6 371 229, GRIB2 code table 3.2 entry 6, the sphere of IFS.
pub const EARTH_RADIUS: f64 = 6_371_229.0;

/// Rotation rate of the Earth [s⁻¹]: 7.292e-5, the value of Williamson et al. (1992, doi:10.1016/S0021-9991(05)80016-6)
/// and of most published test cases.
pub const EARTH_ROTATION: f64 = 7.292e-5;

/// Standard acceleration of gravity [m s⁻²]: 9.80665, 3rd General Conference on Weights and Measures (1901).
pub const GRAVITY: f64 = 9.80665;

/// Gas constant of dry air R_d [J kg⁻¹ K⁻¹]: R / M with R = 8.314462618 J mol⁻¹ K⁻¹ (CODATA 2018, exact in the SI) and
/// M = 28.9644 g mol⁻¹ (U.S. Standard Atmosphere 1976).
pub const DRY_AIR_GAS_CONSTANT: f64 = 8_314.462_618 / 28.9644;

/// Gas constant of water vapour R_v [J kg⁻¹ K⁻¹]: R / M with M = 18.0153 g mol⁻¹.
pub const WATER_VAPOUR_GAS_CONSTANT: f64 = 8_314.462_618 / 18.0153;
