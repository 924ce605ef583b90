//! Processes that are killed at random instants: what they had finished is there afterwards.
//!
//! `TERRELLA_KILLS` is the number of kills.

mod process;

mod checkpoint;
mod log;
