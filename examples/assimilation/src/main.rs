//! Assimilation twin: `assimilation run CONFIG.toml` and `assimilation analyse CONFIG.toml`; see the README beside this crate.
// Units stand in brackets and are no links.
#![allow(rustdoc::broken_intra_doc_links)]

mod arguments;
mod checkpoint;
mod coarse;
mod configuration;
mod diagnostics;
mod ensemble_keys;
mod error;
mod experiment;
mod first_members;
mod geometry;
mod method_keys;
mod methods;
mod results;
mod sondes;
mod spectral;
mod systems;
mod variational;
mod variational_keys;

use std::process::ExitCode;

use clap::Parser;
use terrella_driver::interruption;

use arguments::{Arguments, Command};
use error::Error;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match &arguments.command {
        Command::Run(run) => systems::run(run),
        Command::Analyse(analysis) => sondes::analyse(analysis),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("assimilation: {error}");
            match error {
                Error::Interrupted { .. } => ExitCode::from(interruption::EXIT_STATUS),
                _ => ExitCode::FAILURE,
            }
        }
    }
}
