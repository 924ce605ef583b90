//! Quality control of observations: what is used, with which weight, and what is not, with a reason and a count.
//!
//! | what | where |
//! |------|-------|
//! | missing or impossible numbers, places and times outside | [`Screening::validate`] |
//! | duplicates | [`Screening::reject_duplicates`] |
//! | first-guess check | [`Screening::check_first_guess`] |
//! | thinning by distance or by boxes, the best stays | [`Screening::thin_by_distance`], [`Screening::thin_by_boxes`] |
//! | variational quality control: large departures count less | [`Huber`] |
//!
//! Nothing is dropped in silence: [`Screening::verdicts`] has a word for every observation and [`Screening::counts`] their numbers.

mod huber;
mod screening;
#[cfg(test)]
mod tests;
mod thinning;

pub use huber::Huber;
pub use screening::{Screening, Verdict};
