//! Observations: BUFR against ecCodes' own tool, MADIS against what its files say, departures and feedback.

#[path = "../common/mod.rs"]
mod common;

mod bufr;
mod dump;
mod feedback;
mod madis;
mod written;
