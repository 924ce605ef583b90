//! Operators on fields: differences on grids and meshes, point formulas, reductions.
//!
//! | folder           | what                                               | layout of fields            |
//! |------------------|----------------------------------------------------|-----------------------------|
//! | [`stencil`]      | Laplacian, upwind advection on lat-lon panels      | `[level][row][column]`      |
//! | [`pointwise`]    | Bernoulli function, moist air, saturation pressure | any: one value per point    |
//! | [`divergence`]   | flux divergence on polygonal meshes                | `[entity][level]`           |
//! | [`reduction`]    | sum, dot product, largest magnitude, weighted mean | any                         |

pub mod divergence;
pub mod pointwise;
pub mod reduction;
pub mod stencil;
