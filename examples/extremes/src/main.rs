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
mod leftovers;
mod maps;
mod memory;
mod model;
mod named_field;
mod netcdf;
mod observer;
mod output;
mod pictures;
mod planned;
mod primitive;
mod record;
mod score;
mod series;
mod setup;
mod shallow_water;
mod spectra;
mod statistics;
mod summary;
mod verify;

use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command};
use configuration::Equations;
use error::Error;
use terrella_driver::{interruption, progress};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match &arguments.command {
        Command::Run(run) => {
            configuration::equations(&run.configuration).and_then(|equations| match equations {
                Equations::ShallowWater => shallow_water::run(run).map(|_| ()),
                Equations::Primitive => primitive::run(run),
            })
        }
        Command::Verify(comparison) => verify::verify(comparison).map(|table| progress::say(&table)),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("extremes: {error}");
            match error {
                Error::Interrupted { .. } | Error::InterruptedBeforeStart => {
                    ExitCode::from(interruption::EXIT_STATUS)
                }
                _ => ExitCode::FAILURE,
            }
        }
    }
}
