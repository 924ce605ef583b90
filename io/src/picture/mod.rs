//! Pictures: maps and charts as PNG files, and sequences of them as animated PNG.
//!
//! A [`Map`] or a [`Chart`] is a [`Panel`]: it knows its height for a width and draws itself. A [`Page`] sets panels
//! side by side. All sizes follow the page's width, so that 800 and 3200 pixels look alike.

mod animation;
mod arrows;
mod canvas;
mod chart;
mod coastline;
mod colour;
mod colour_bar;
mod contour;
mod drawing;
mod extremes;
mod graticule;
mod isolines;
mod labelling;
mod map;
mod page;
mod projection;
mod sampling;
mod stations;
mod text;
mod ticks;
mod tracks;

pub use animation::{common_levels, save_animation};
pub use canvas::Canvas;
pub use chart::{Chart, Series};
pub use colour::{Colour, ColourMap};
pub use map::{Contours, Map, Shading, Wind};
pub use page::{Page, Panel};
pub use projection::Projection;
pub use stations::StationMap;
pub use ticks::nice_levels;
pub use tracks::{MapTrack, TrackedMap};
