//! Weather-extremes twin: a global forecast from a real state.

mod arguments;
mod automatic;
mod configuration;
mod error;
mod interruption;
mod known_keys;
mod suggestion;

fn main() {}
