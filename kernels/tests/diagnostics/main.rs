//! Diagnostics of extremes against plain references and vortices whose tracks are known; scores against closed forms.

mod cyclones;
mod points;
mod scores;
