//! Divergence of an edge-normal flux on a mesh of polygons.
//!
//! D(c,k) = 1/A(c) · Σ_e s(c,e) l(e) F(e,k)
//!
//! Gauss's theorem for one cell, exact for the mean flux through each edge; Ringler, Thuburn, Klemp & Skamarock 2010,
//! J. Comput. Phys. 229, 3065–3090, doi:10.1016/j.jcp.2009.12.007, use it on Voronoi meshes.
//! Order of accuracy with the flux at edge midpoints: `tests/operators/divergence.rs`.

use terrella_kernels_macros::kernel;

use crate::{Level, Real};

/// Divergence at one cell and level [unit of `flux` / m].
///
/// | argument        | shape              | location | unit                          |
/// |-----------------|--------------------|----------|-------------------------------|
/// | `edges_on_cell` | [cells, max_edges] | cell     | –                             |
/// | `edge_sign`     | [cells, max_edges] | cell     | +1 outward, −1 inward, 0 none |
/// | `edge_length`   | [edges]            | edge     | m                             |
/// | `flux`          | [edges, levels]    | edge     | any                           |
/// | `inverse_area`  | [cells]            | cell     | m⁻²                           |
///
/// A cell with fewer than `max_edges` edges repeats a valid edge with sign 0.
#[kernel]
pub fn flux_divergence<R: Real>(
    cell: u32,
    level: Level,
    max_edges: u32,
    levels: u32,
    edges_on_cell: &[u32],
    edge_sign: &[R],
    edge_length: &[R],
    flux: &[R],
    inverse_area: &[R],
) -> R {
    let mut divergence = 0.0;
    for j in 0..max_edges {
        let edge = edges_on_cell[cell * max_edges + j];
        divergence += edge_sign[cell * max_edges + j] * edge_length[edge] * flux[edge * levels + level];
    }
    divergence * inverse_area[cell]
}
