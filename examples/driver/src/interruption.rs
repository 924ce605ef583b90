//! Ctrl-C and SIGTERM: a request to stop after the running step.

use std::sync::atomic::{AtomicBool, Ordering};

static REQUESTED: AtomicBool = AtomicBool::new(false);

/// Exit status of a run that was interrupted: 128 + SIGINT, as shells have it.
pub const EXIT_STATUS: u8 = 130;

/// Starts listening, once. The first signal asks the run to stop; a second one ends the process at once.
///
/// # Errors
/// The reason why the system refuses a handler.
pub fn listen() -> Result<(), String> {
    static LISTENING: AtomicBool = AtomicBool::new(false);
    if LISTENING.swap(true, Ordering::SeqCst) {
        return Ok(());
    }
    ctrlc::set_handler(|| {
        if REQUESTED.swap(true, Ordering::SeqCst) {
            std::process::exit(i32::from(EXIT_STATUS));
        }
    })
    .map_err(|error| error.to_string())
}

/// Whether a signal has arrived.
pub fn requested() -> bool {
    REQUESTED.load(Ordering::SeqCst)
}
