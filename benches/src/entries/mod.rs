//! The entries.

mod data;
mod divergence;
mod kernel_case;
mod launch;
mod machine;
mod math;
mod model_step;
mod pointwise;
mod reduction;
mod stencil;
mod transform;

use crate::Entry;

/// All of them, in the order of `list`.
pub static ALL: [Entry; 9] = [
    machine::ENTRY,
    stencil::ENTRY,
    pointwise::ENTRY,
    divergence::ENTRY,
    reduction::ENTRY,
    transform::ENTRY,
    model_step::ENTRY,
    math::ENTRY,
    launch::ENTRY,
];
