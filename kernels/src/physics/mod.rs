//! Column physics: formulas of schemes that are pointwise in the horizontal, as kernels over `[levels, points]`.
//!
//! | scheme                                              | where          |
//! |-----------------------------------------------------|----------------|
//! | Newtonian relaxation and Rayleigh friction of a dry climate | [`held_suarez`] |

pub mod held_suarez;
