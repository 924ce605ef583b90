//! Output servers as a rank of the model sees them.

use std::time::Instant;

/// A server as it is seen from here.
pub(super) struct Remote {
    pub(super) rank: usize,
    /// When it was last heard of, or did not owe an answer.
    pub(super) heard: Instant,
    pub(super) state: State,
    /// When it was done, as JSON.
    pub(super) metrics: Option<String>,
}

pub(super) enum State {
    Working,
    Done,
    Lost,
}

/// What is known of what a plan remembers on a server.
#[derive(Clone, Default)]
pub(super) struct Memory {
    /// Whether it remembered something when a step was written last; None before one was.
    pub(super) is_there: Option<bool>,
    pub(super) is_asked_for: bool,
    pub(super) state: Option<Vec<u8>>,
}
