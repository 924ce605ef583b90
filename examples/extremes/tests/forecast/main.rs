//! The program from end to end: what it writes, on one rank and on several, what it refuses, and its verification.

#[path = "../common/mod.rs"]
mod common;

mod bad_input;
mod extremes;
mod other_states;
mod plan;
mod primitive;
mod ranks;
mod runs;
mod verification;
