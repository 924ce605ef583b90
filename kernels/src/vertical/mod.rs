//! Hybrid sigma-pressure levels: where they are, and what a layer's thickness means for hydrostatic columns.
//!
//! Half levels have the pressure p_{k+½} = A_{k+½} + B_{k+½}·p_s, k = 0 (top) to L (ground); layer k lies between k−½ and
//! k+½ and has the thickness Δp_k. Everything is numbered from the top.
//!
//! The vertical differences are those of Simmons & Burridge (1981, *Mon. Wea. Rev.* 109, 758–766,
//! doi:10.1175/1520-0493(1981)109<0758:AEAAMC>2.0.CO;2), which conserve energy and angular momentum. With T_v the virtual
//! temperature, a layer enters them by two numbers,
//!
//! - ln(p_{k+½}/p_{k−½}), so that the geopotential rises by R·T_v·ln(p_{k+½}/p_{k−½}) across the layer, and
//! - α_k = 1 − (p_{k−½}/Δp_k)·ln(p_{k+½}/p_{k−½}), so that φ_k = φ_{k+½} + α_k·R·T_v.
//!
//! Where p_{k−½} = 0 the logarithm is infinite, but only ever multiplied by 0. α is then ln 2 in a layer of fixed pressure,
//! Simmons & Burridge's choice, for which φ_k is the geopotential at half the pressure of the layer's base; in a layer that
//! moves with the surface pressure it is 1, its limit, since with any other value the pressure force of an isothermal
//! atmosphere would not be −R·T·∇ln p there, and none could be at rest over a slope.
//!
//! | what                                    | where                           |
//! |-----------------------------------------|---------------------------------|
//! | A and B, the published sets             | [`HybridLevels`]                |
//! | what kernels read of them, on a device  | [`LayerTables`]                 |
//! | ln and α of a layer at a point          | [`thin_layer`], [`thick_layer`] |
//! | their derivatives                       | [`layer_slopes`]                |
//! | from one set of levels to another       | [`interpolation`]               |

pub mod interpolation;
mod layers;
mod levels;
#[rustfmt::skip]
mod tables;

pub use layers::{Layer, LayerTables, layer_slopes, thick_layer, thin_layer};
pub use levels::HybridLevels;
