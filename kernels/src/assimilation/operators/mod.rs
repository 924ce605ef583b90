//! Observation operators: what a background has where something was measured, and the tangent linear and adjoint of that.
//!
//! A background is fields on points, \[level]\[point] with levels from the top. [`Horizontal`] brings it to the places of
//! observations, as columns \[level]\[column]; [`Columns`] knows the observations in these columns by their pressure and gives
//! temperature, wind, humidity ([`Columns::values`]) and geopotential height ([`Columns::heights`]) there. A radiosonde is one column with many
//! observations. [`StationPressure`] brings the surface pressure to a barometer's height, [`NearSurface`] temperature and wind of the lowest level to
//! those of instruments above the ground, [`humidity`] turns specific into relative humidity.
//!
//! | step | forward | tangent linear | adjoint |
//! |---|---|---|---|
//! | fields → columns, linear | [`Horizontal::interpolate`] | the same | [`Horizontal::interpolate_adjoint`] |
//! | spectra of vorticity and divergence → columns of wind, linear | [`PointEvaluation::wind_synthesis`] | the same | [`PointEvaluation::wind_synthesis_adjoint`] |
//! | columns → values at a pressure | [`Columns::values`] | [`Columns::values_tangent`] | [`Columns::values_adjoint`] |
//! | columns → heights of a pressure | [`Columns::heights`] | [`Columns::heights_tangent`] | [`Columns::heights_adjoint`] |
//! | surface pressure → barometer | [`StationPressure::pressures`] | [`StationPressure::pressures_tangent`] | [`StationPressure::pressures_adjoint`] |
//! | lowest level → 2 m, 10 m | [`NearSurface::temperatures`], [`NearSurface::winds`] | `_tangent` | `_adjoint` |
//! | humidity | [`humidity`] | `_tangent` | `_adjoint` |
//!
//! [`PointEvaluation`] has no interpolation error; its fields are levels. A wind on a grid is interpolated from
//! [`HostTransform::wind_synthesis`], whose adjoint closes the chain.
//!
//! What cannot be compared has an [`Outcome`] that says why: its equivalent is NaN, its tangent 0, and its adjoint adds nothing. Adjoints are
//! transposes with respect to plain sums of products and add to what is there. Pressures of observations do not vary. Nothing here allocates but
//! constructors.
//!
//! [`PointEvaluation`]: ../../spectral/points/struct.PointEvaluation.html
//! [`PointEvaluation::wind_synthesis`]: ../../spectral/points/struct.PointEvaluation.html#method.wind_synthesis
//! [`PointEvaluation::wind_synthesis_adjoint`]: ../../spectral/points/struct.PointEvaluation.html#method.wind_synthesis_adjoint
//! [`HostTransform::wind_synthesis`]: ../../spectral/struct.HostTransform.html#method.wind_synthesis

mod columns;
mod heights;
mod horizontal;
pub mod humidity;
mod levels;
mod near_surface;
mod outcome;
mod station_pressure;

pub use columns::Columns;
pub use heights::HeightState;
pub use horizontal::Horizontal;
pub use levels::LevelTable;
pub use near_surface::NearSurface;
pub use outcome::Outcome;
pub use station_pressure::StationPressure;
