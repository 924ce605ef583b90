//! Where the time of ranks goes: each computes, waits for others, or transfers numbers, in a phase of its work.
//!
//! A [`Recorder`] is the timeline of one rank. At any time it is in one phase and of one [`Kind`], so that the times of all phases and
//! kinds add up to all the time since it began. Models open phases ([`Recorder::phase`]); the communicator that has the recorder
//! ([`Communicator::set_recorder`](crate::communicator::Communicator::set_recorder)) tells it when a call waits or transfers. A phase
//! within another counts for itself alone.
//!
//! | what                       | where it is known | what it takes                                                         |
//! |----------------------------|-------------------|------------------------------------------------------------------------|
//! | [`Recorder::times`]        | each rank         | two readings of the clock for each phase, and for each call of the communicator |
//! | [`Recorder::table`]        | rank 0            | the times of all ranks there, 24 bytes and a name for each phase       |
//! | [`Recorder::write_trace`]  | rank 0            | 24 bytes for each event, at most so many as were asked for; those of one rank at a time there |
//!
//! A recorder that is off does nothing. One that is on allocates nothing after it was made, for up to 32 phases.
//!
//! ```
//! use terrella_coupling::communicator::Communicator;
//! use terrella_coupling::timing::Recorder;
//!
//! let tables = Communicator::threads(2, |ranks| {
//!     let recorder = Recorder::new(&ranks, 0)?;
//!     ranks.set_recorder(recorder.clone());
//!     let mean = {
//!         let _phase = recorder.phase("mean");
//!         ranks.sum([0.5])?
//!     };
//!     assert_eq!(mean, 1.0);
//!     recorder.table(&ranks)
//! });
//! let table = tables.into_iter().next().expect("two ranks")?.expect("rank 0 has it");
//! assert_eq!((table.ranks, table.rows[0].phase.as_str()), (2, "mean"));
//! # Ok::<(), terrella_coupling::Error>(())
//! ```

mod clocks;
mod recorder;
mod table;
mod trace;

pub use self::recorder::{InPhase, Kind, Recorder, TimeInPhase};
pub use self::table::{Row, Spread, Table};
pub use self::trace::Traced;
