//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Data assimilation: twin experiments, with a true run of a model and methods that follow it by its observations, and the analysis of a
/// real state by real observations.
///
/// Exit status: 0 when everything asked for was written, 1 on an error (one line on stderr says which), 2 on a wrong command
/// line, 130 after Ctrl-C or SIGTERM (a checkpoint is written).
#[derive(Debug, Parser)]
#[command(name = "assimilation", version, propagate_version = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Run(RunArguments),
    Analyse(AnalyseArguments),
}

/// Runs an experiment: errors and spread of every method in scores.csv, charts, and a summary.
///
/// Random numbers are counted by seed and cycle: the same configuration gives the same bits, whatever the number of threads, also where a
/// run was continued.
#[derive(Clone, Debug, Args)]
pub(crate) struct RunArguments {
    /// The configuration, a TOML file; paths in it are relative to its folder.
    #[arg(value_name = "CONFIG.toml")]
    pub(crate) configuration: PathBuf,
    /// Where to compute: cpu, cuda:N, hip:N or wgpu:N; only the spectral models have a choice [default: $TERRELLA_DEVICE, else cpu].
    #[arg(long, value_name = "D")]
    pub(crate) device: Option<String>,
    /// Folder for the results; created if absent, files of an earlier run are replaced [default: the configuration's].
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Stop after this many cycles instead of the configured number; a checkpoint is written there.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) steps: Option<u32>,
    /// Continue from a checkpoint of the same configuration; the results equal those of an uninterrupted run bit for bit.
    #[arg(long, value_name = "FILE")]
    pub(crate) restart: Option<PathBuf>,
}

/// Analyses wind and temperature of a state by sondes, aircraft and satellite winds: innovations, 3D-Var, increments.
///
/// Writes feedback.nc (every value with its equivalents, and why it does not count where it does not), increments.nc, maps, charts of
/// departures before and after, and a summary. Errors of the background are assumed, not estimated: no ensemble is asked for.
#[derive(Clone, Debug, Args)]
pub(crate) struct AnalyseArguments {
    /// The configuration, a TOML file; paths in it are relative to its folder.
    #[arg(value_name = "CONFIG.toml")]
    pub(crate) configuration: PathBuf,
    /// A file of observations, BUFR or NetCDF of MADIS, beside those of the configuration; may be given several times.
    #[arg(long, value_name = "FILE")]
    pub(crate) observations: Vec<PathBuf>,
    /// Folder for the results; created if absent, files of an earlier run are replaced [default: the configuration's].
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}
