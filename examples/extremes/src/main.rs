//! Weather-extremes twin: a global forecast from a real state, and its verification.
//!
//! `extremes run CONFIG.toml` and `extremes verify --forecast F --analysis A`; see the README beside this crate.
// Units stand in brackets and are no links.
#![allow(rustdoc::broken_intra_doc_links)]

mod arguments;
mod automatic;
mod charts;
mod checkpoint;
mod configuration;
mod decomposition;
mod diagnostics;
mod digital_filter;
mod ensemble;
mod error;
mod film;
mod forecast;
mod initial_state;
mod input;
mod input_grid;
mod interpolation;
mod job;
mod leftovers;
mod maps;
mod memory;
mod model;
mod named_field;
mod netcdf;
mod observer;
mod output;
mod own_fields;
mod pictures;
mod planned;
mod primitive;
mod ranks;
mod record;
mod score;
mod sending;
mod series;
mod servers;
mod setup;
mod shallow_water;
mod spectra;
mod statistics;
mod summary;
mod timing;
mod verify;
mod watch;

use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command, RunArguments};
use configuration::Equations;
use error::{Error, complain};
use ranks::{Part, Ranks};
use servers::Servers;
use terrella_coupling::communicator::Communicator;
use terrella_driver::{interruption, progress};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let (leads, outcome) = match &arguments.command {
        Command::Run(run) => match Ranks::launched() {
            Ok(ranks) => (ranks.leads(), run_on(ranks, run)),
            // One line is enough.
            Err(error) => (Communicator::launched_rank() == 0, Err(error)),
        },
        Command::Verify(comparison) => (true, verify::verify(comparison).map(|table| progress::say(&table))),
    };
    match outcome {
        // What rank 0 says and returns is the job's; another rank's status would end it before it has said so.
        _ if !leads => ExitCode::SUCCESS,
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error);
            match error {
                Error::Interrupted { .. } | Error::InterruptedBeforeStart => {
                    ExitCode::from(interruption::EXIT_STATUS)
                }
                _ => ExitCode::FAILURE,
            }
        }
    }
}

/// Runs a forecast on the ranks of the job, if they are of one mind.
fn run_on(ranks: Ranks, run: &RunArguments) -> error::Result<()> {
    ranks.expect_same("version", env!("CARGO_PKG_VERSION"))?;
    let phase = "reading the configuration";
    let job = ranks.together(phase, job::read(&run.configuration))?;
    let hash = ranks.together(phase, setup::hash_of_file(&run.configuration))?;
    ranks.expect_same("configuration", hash.to_hex())?;
    ranks.expect_same("command line", format_args!("{run:?}"))?;
    let part = match run.decomposition {
        Some(_) => Part::Model(ranks),
        None => ranks.parted(&job.ranks, &job.server)?,
    };
    let ranks = match part {
        Part::Model(ranks) => ranks,
        Part::Server(servers, _watch) => return servers.serve(),
    };
    let outcome = match job.equations {
        Equations::ShallowWater => shallow_water::run(&ranks, run).map(|_| ()),
        Equations::Primitive => primitive::run(&ranks, run),
    };
    if let Err(error) = &outcome
        && ranks.leads()
        && (matches!(error, Error::ToReplay { .. }) || ranks.servers().is_some_and(Servers::are_at_work))
    {
        // What a lost server still does, if it lives, is over, and others have not heard that it is; MPI would wait for them.
        complain(error);
        ranks.end();
    }
    outcome
}
