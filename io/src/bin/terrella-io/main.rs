//! Files of fields: what is in them, and how they differ; what a run wrote.
//!
//! `terrella-io ls | dump | convert | compare | plot | observations | verify | serve | replay`; `terrella-io --help` describes them.

mod arguments;
mod compare;
mod convert;
mod dump;
mod failure;
mod fields;
mod list;
mod messages;
mod netcdf;
mod observations;
mod output;
mod plan;
mod plot;
mod repack;
mod replay;
mod serve;
mod verify;

use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command};
use failure::Failure;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match &arguments.command {
        Command::Ls(list) => list::run(list),
        Command::Dump(dump) => dump::run(dump),
        Command::Convert(convert) => convert::run(convert),
        Command::Compare(comparison) => compare::run(comparison),
        Command::Plot(plot) => plot::run(plot),
        Command::Observations(arguments) => observations::run(arguments),
        Command::Verify(verification) => verify::run(verification),
        Command::Serve(stream) => serve::run(stream),
        Command::Replay(logs) => replay::run(logs),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Different) => ExitCode::from(1),
        Err(Failure::Because(reason)) => {
            eprintln!("terrella-io: {reason}");
            ExitCode::from(2)
        }
    }
}
