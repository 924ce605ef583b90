//! Five-point stencils on a regular latitude-longitude panel with one row and one column of halo on each side.
//!
//! A panel field with halo is `[level][rows + 2][columns + 2]`, rows from north to south, columns from west to east;
//! results have no halo: `[level][rows][columns]`. [`LatLonPanel`] holds the metric, [`with_halo`] fills the halo of a
//! panel that covers the sphere; on a limited area the neighbour or the boundary condition fills it.

mod advection;
mod five_point_laplacian;
mod halo;
mod panel;

pub use advection::advection_upwind;
pub use five_point_laplacian::laplacian;
pub use halo::with_halo;
pub use panel::LatLonPanel;
