//! The timelines of all ranks as one file for chrome://tracing and Perfetto.
//!
//! The format is the JSON object of Google's "Trace Event Format": complete events (`"ph": "X"`) with times in microseconds, a process for
//! each rank. A time has one event at most on each rank, since a timeline is in one phase and of one kind.

use std::io::{self, Write};

use super::Recorder;
use super::recorder::{Event, Kind, Timeline};
use crate::communicator::Communicator;
use crate::{Error, Result};

/// What a trace has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traced {
    /// Events of all ranks in the file.
    pub events: u64,
    /// Events of all ranks that came after as many as a rank keeps.
    pub dropped: u64,
}

impl Recorder {
    /// Writes the events of all ranks until now to rank 0's `out`; those of the others are not looked at. All call it together. The file
    /// is in UTF-8, with what was dropped, the limit of each rank and how far clocks may be apart under `otherData`.
    ///
    /// Returns what was written, on rank 0; nothing on the others.
    ///
    /// Errors: [`Error::Trace`] on rank 0 where `out` fails, after all ranks have done their part; those of the communicator.
    pub fn write_trace(&self, communicator: &Communicator, out: &mut dyn Write) -> Result<Option<Traced>> {
        // Ends the event of now.
        self.times();
        let (names, header, events) = match self.timeline() {
            None => (String::new(), [0; 3], Vec::new()),
            Some(mut timeline) => {
                let Timeline { began_at, accuracy, dropped, .. } = *timeline;
                let names = timeline.names.join("\n");
                (names, [began_at, dropped as i64, accuracy as i64], std::mem::take(&mut timeline.events))
            }
        };
        let headers = communicator.all_gather(&[header])?.concat();
        let names = communicator.gather(0, names.as_bytes())?;
        let first = headers.iter().map(|header| header[0]).min().unwrap_or(0);
        let mut written = Ok(());
        let mut traced = Traced::default();
        if communicator.rank() == 0 {
            written = write!(out, "{{\"displayTimeUnit\":\"ms\",\"traceEvents\":[");
        }
        // One rank after the other: rank 0 never has more than the events of two.
        for rank in 0..communicator.size() {
            let own: &[Event] = if communicator.rank() == rank { &events } else { &[] };
            let gathered = communicator.gather(0, own)?;
            if let (Some(gathered), Some(names)) = (gathered, &names) {
                let names = String::from_utf8_lossy(&names[rank]);
                let names: Vec<&str> = names.lines().collect();
                traced.events += gathered[rank].len() as u64;
                let began = (headers[rank][0] - first) as u64;
                written = written.and_then(|()| write_rank(out, rank, began, &names, &gathered[rank]));
            }
        }
        if let Some(mut timeline) = self.timeline() {
            timeline.events = events;
        }
        if communicator.rank() != 0 {
            return Ok(None);
        }
        traced.dropped = headers.iter().map(|header| header[1] as u64).sum();
        written.and_then(|()| self.write_end(out, &headers)).map_err(|source| Error::Trace { source })?;
        Ok(Some(traced))
    }

    fn write_end(&self, out: &mut dyn Write, headers: &[[i64; 3]]) -> io::Result<()> {
        let dropped: Vec<String> = headers.iter().map(|header| header[1].to_string()).collect();
        let limit = self.timeline().map_or(0, |timeline| timeline.limit);
        write!(out, "\n],\"otherData\":{{\"ranks\":{},\"events_of_a_rank_at_most\":{limit},", headers.len())?;
        write!(out, "\"events_dropped_by_rank\":[{}],", dropped.join(","))?;
        writeln!(out, "\"clocks_within_us\":{}}}}}", microseconds(headers[0][2] as u64))?;
        out.flush()
    }
}

/// The events of a rank whose timeline began so many nanoseconds after the first.
fn write_rank(
    out: &mut dyn Write,
    rank: usize,
    began: u64,
    names: &[&str],
    events: &[Event],
) -> io::Result<()> {
    let comma = if rank == 0 { "" } else { "," };
    write!(
        out,
        "{comma}\n{{\"name\":\"process_name\",\"ph\":\"M\",\"pid\":{rank},\"tid\":0,\"args\":{{\"name\":\"rank {rank}\"}}}}"
    )?;
    write!(
        out,
        ",\n{{\"name\":\"process_sort_index\",\"ph\":\"M\",\"pid\":{rank},\"tid\":0,\"args\":{{\"sort_index\":{rank}}}}}"
    )?;
    for [start, duration, what] in events {
        let (phase, kind) = ((what / 3) as usize, Kind::ALL[(what % 3) as usize]);
        let name = escaped(names.get(phase).copied().unwrap_or_default());
        // Viewers colour by name.
        let suffix = if kind == Kind::Compute { String::new() } else { format!(": {}", kind.name()) };
        write!(
            out,
            ",\n{{\"name\":\"{name}{suffix}\",\"cat\":\"{}\",\"ph\":\"X\",\"ts\":{},\"dur\":{},\"pid\":{rank},\"tid\":0}}",
            kind.name(),
            microseconds(began + start),
            microseconds(*duration)
        )?;
    }
    Ok(())
}

/// Nanoseconds in microseconds, to the last digit.
fn microseconds(nanoseconds: u64) -> String {
    format!("{}.{:03}", nanoseconds / 1000, nanoseconds % 1000)
}

/// A name between the quotation marks of JSON.
fn escaped(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for character in name.chars() {
        match character {
            '"' | '\\' => text.extend(['\\', character]),
            control if control < ' ' => text.push_str(&format!("\\u{:04x}", control as u32)),
            other => text.push(other),
        }
    }
    text
}
