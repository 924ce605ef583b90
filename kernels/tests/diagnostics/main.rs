//! Diagnostics of extremes: against plain references and against vortices whose tracks are known.

mod cyclones;
mod points;
