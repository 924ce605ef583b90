//! What the drivers share, so that each is thin and all behave alike: keys of configuration files, progress, interruption.

pub mod interruption;
mod known_keys;
pub mod progress;
pub mod suggestion;
mod tables;

pub use known_keys::known_keys;
pub use tables::{Tables, parse};
