//! Diagnostics: what a forecaster asks of a run or of an ensemble of runs, and how good forecasts and analyses are.
//!
//! | module         | what                                                                  | where it runs      |
//! |----------------|-----------------------------------------------------------------------|--------------------|
//! | [`cyclones`]   | centres of low pressure, whether their core is warm, and their tracks | host, f64          |
//! | [`exceedance`] | running maximum, time above thresholds, sums over moving windows      | where the data are |
//! | [`heat_wave`]  | consecutive hot days, their magnitude                                 | where the data are |
//! | [`ensemble`]   | mean, spread and probabilities of streamed members                    | where the data are |
//! | [`verification`] | ensembles, departures and observations judged                       | host, f64          |
//!
//! What is computed at every point is a kernel. Cyclones are looked for on the host: a search visits each point of one
//! field once per output and then some dozens of neighbourhoods of irregular size, which is less than the cost of writing
//! that field.

pub mod cyclones;
pub mod ensemble;
pub mod exceedance;
pub mod heat_wave;
pub mod verification;
