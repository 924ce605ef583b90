//! The entries.

mod data;
mod kernel_case;
mod divergence;
mod launch;
mod machine;
mod math;
mod pointwise;
mod reduction;
mod stencil;

use crate::Entry;

/// All of them, in the order of `list`.
pub static ALL: [Entry; 7] = [
    machine::ENTRY,
    stencil::ENTRY,
    pointwise::ENTRY,
    divergence::ENTRY,
    reduction::ENTRY,
    math::ENTRY,
    launch::ENTRY,
];
