//! The points around a place of a layout.

use std::ops::Range;

pub(crate) use terrella_kernels::grid::Stencil;

use crate::layout::Layout;

/// Points of the first and of the last ring.
pub(crate) fn polar_rings(layout: &Layout) -> [Range<usize>; 2] {
    let rings = layout.rings();
    [rings[0], rings[rings.len() - 1]].map(|ring| ring.offset..ring.offset + ring.points)
}

/// What surrounds a place \[degrees\]; None outside the layout.
pub(crate) fn stencil(layout: &Layout, longitude: f64, latitude: f64) -> Option<Stencil> {
    terrella_kernels::grid::stencil(layout.rings(), layout.is_global(), longitude, latitude)
}
