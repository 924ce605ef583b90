//! Semi-Lagrangian transport on rings: where parcels come from, and what they bring along.
//!
//! A parcel that arrives at a point at t + Δt left its departure point at t. [`departure_points()`] finds that by following the
//! wind back; [`interpolate()`] and its like evaluate fields there. Nothing here limits the time step but that
//! trajectories must not cross: Δt·|∂V/∂x| < 1.
//!
//! | what                                                  | where                                 |
//! |-------------------------------------------------------|---------------------------------------|
//! | rings continued across the date line and the poles    | [`RingTables`], [`extend()`], [`extend_sum()`] |
//! | nodes of levels and latitudes, and the search in them | [`Nodes`]                             |
//! | departure points                                      | [`departure_points()`]                |
//! | interpolation in three dimensions                     | [`interpolate()`], [`interpolate_three()`] |
//! | interpolation on a level, summed over levels          | [`interpolate_columns()`]             |
//!
//! **Places.** A departure point is stored by its distance from the arrival point, λ_D − λ_A and φ_D − φ_A [rad], so that
//! single precision resolves small displacements and air at rest is exactly where it was; its height by η itself.
//! From these three numbers each kernel finds the weights once, for all fields that it interpolates.
//!
//! **Interpolation** is quasi-cubic as in Ritchie et al. (1995, *Mon. Wea. Rev.* 123, 489–514): Lagrange's cubic through four
//! points along the two nearest rings and straight lines along the next two, a cubic across these four rings, and a
//! cubic through four levels, the outer two of which are interpolated bilinearly: 32 points. Rings and levels are unevenly
//! spaced, and their weights know it. Above the second level and below the last but one the cubic becomes a quadratic. With the
//! quasi-monotone limiter of Bermejo & Staniforth (1992, *Mon. Wea. Rev.* 120, 2622–2632) a value stays between the largest
//! and the smallest of the eight nearest.

mod departure;
mod extension;
mod interpolation;
mod nodes;
mod place;
mod rings;

pub use departure::departure_points;
pub use extension::{extend, extend_sum};
pub use interpolation::{interpolate, interpolate_columns, interpolate_three};
pub use nodes::Nodes;
pub use place::{
    bin_of, cubic_weights, displacement_angles, displacement_rotation, place_on_ring, uneven_cubic_weights,
};
pub use rings::RingTables;
