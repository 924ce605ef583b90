//! The times of all ranks, phase by phase.

use std::fmt;

use super::recorder::OTHER;
use super::{Recorder, TimeInPhase};
use crate::communicator::Communicator;
use crate::error::expect_len;
use crate::{Error, Result};

/// A time of all ranks \[s\].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spread {
    /// The mean over ranks.
    pub mean: f64,
    /// That of the rank which has most.
    pub max: f64,
}

/// What a phase took on all ranks.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Its name; `all` for the sum of all phases.
    pub phase: String,
    /// Time of computing.
    pub compute: Spread,
    /// Time of waiting for other ranks.
    pub wait: Spread,
    /// Time of copying and sending.
    pub transfer: Spread,
    /// The most that a rank computed, over the mean; 1 where none did.
    pub imbalance: f64,
    /// The rank that computed most, the first of several.
    pub slowest: usize,
}

/// The times of all ranks: a row for each phase, and one for all of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// Number of ranks.
    pub ranks: usize,
    /// Phases in the order of rank 0 and then of the others, `other` and `all` last.
    pub rows: Vec<Row>,
}

impl Table {
    /// Of the times of each rank; a phase that a rank lacks took no time there.
    pub fn new(ranks: &[Vec<TimeInPhase>]) -> Self {
        let mut names: Vec<&str> = Vec::new();
        for time in ranks.iter().flatten() {
            if !names.contains(&time.phase.as_str()) {
                names.push(&time.phase);
            }
        }
        names.sort_by_key(|name| *name == OTHER);
        // [rank][kind], in seconds.
        let of_phases = |is_asked: &dyn Fn(&str) -> bool| -> Vec<[f64; 3]> {
            let of_rank = |times: &Vec<TimeInPhase>| {
                let mut sums = [0.0; 3];
                for time in times.iter().filter(|time| is_asked(&time.phase)) {
                    let parts = [time.compute, time.wait, time.transfer];
                    sums.iter_mut().zip(parts).for_each(|(sum, part)| *sum += part.as_secs_f64());
                }
                sums
            };
            ranks.iter().map(of_rank).collect()
        };
        let mut rows: Vec<Row> =
            names.iter().map(|name| Row::new(name, &of_phases(&|phase| phase == *name))).collect();
        rows.push(Row::new("all", &of_phases(&|_| true)));
        Self { ranks: ranks.len(), rows }
    }
}

impl Row {
    fn new(phase: &str, times: &[[f64; 3]]) -> Self {
        let spread = |kind: usize| {
            let of_kind = || times.iter().map(|time| time[kind]);
            Spread {
                mean: of_kind().sum::<f64>() / times.len().max(1) as f64,
                max: of_kind().fold(0.0, f64::max),
            }
        };
        let [compute, wait, transfer] = [0, 1, 2].map(spread);
        let imbalance = if compute.mean > 0.0 { compute.max / compute.mean } else { 1.0 };
        let slowest = times.iter().position(|time| time[0] == compute.max).unwrap_or(0);
        Self { phase: phase.to_owned(), compute, wait, transfer, imbalance, slowest }
    }
}

impl fmt::Display for Table {
    /// Lines of columns, without a line break at the end.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.rows.iter().map(|row| row.phase.chars().count()).max().unwrap_or(0).max(7);
        let title = format!("{} ranks", self.ranks);
        writeln!(
            formatter,
            "{title:width$}  {:>19}  {:>19}  {:>19}  {:>9}  {:>7}",
            "computing [s]", "waiting [s]", "transferring [s]", "imbalance", "slowest"
        )?;
        write!(formatter, "{:width$}", "phase")?;
        for _ in 0..3 {
            write!(formatter, "  {:>9} {:>9}", "mean", "max")?;
        }
        write!(formatter, "  {:>9}  {:>7}", "max/mean", "rank")?;
        for row in &self.rows {
            write!(formatter, "\n{:width$}", row.phase)?;
            for Spread { mean, max } in [row.compute, row.wait, row.transfer] {
                write!(formatter, "  {mean:9.3} {max:9.3}")?;
            }
            write!(formatter, "  {:9.2}  {:7}", row.imbalance, row.slowest)?;
        }
        Ok(())
    }
}

impl Recorder {
    /// The times of all ranks until now, on rank 0; nothing on the others, with which it is called together, and where it is off on rank 0.
    pub fn table(&self, communicator: &Communicator) -> Result<Option<Table>> {
        let own = self.times();
        let names = own.iter().map(|time| time.phase.as_str()).collect::<Vec<_>>().join("\n");
        let nanoseconds = |time: &TimeInPhase| {
            [time.compute, time.wait, time.transfer].map(|duration| duration.as_nanos() as u64)
        };
        let times: Vec<[u64; 3]> = own.iter().map(nanoseconds).collect();
        let names = communicator.gather(0, names.as_bytes())?;
        let times = communicator.gather(0, &times)?;
        let (Some(names), Some(times), true) = (names, times, self.is_on()) else { return Ok(None) };
        let of_ranks = names.iter().zip(&times).map(|(names, times)| joined(names, times));
        Ok(Some(Table::new(&of_ranks.collect::<Result<Vec<_>>>()?)))
    }
}

/// The times of a rank, from its names and numbers.
fn joined(names: &[u8], times: &[[u64; 3]]) -> Result<Vec<TimeInPhase>> {
    let text = std::str::from_utf8(names).map_err(Error::component)?;
    let names: Vec<&str> = text.lines().collect();
    expect_len("times of a rank", names.len(), times.len())?;
    let of_phase = |(name, time): (&&str, &[u64; 3])| {
        let [compute, wait, transfer] = time.map(std::time::Duration::from_nanos);
        TimeInPhase { phase: (*name).to_owned(), compute, wait, transfer }
    };
    Ok(names.iter().zip(times).map(of_phase).collect())
}
