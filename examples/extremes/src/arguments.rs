//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Global forecasts from a real state of the atmosphere, and their verification.
///
/// Exit status: 0 when everything asked for was written and read back, 1 on an error (one line on stderr says which),
/// 2 on a wrong command line, 130 after Ctrl-C or SIGTERM (finished files stay valid, a checkpoint is written).
#[derive(Debug, Parser)]
#[command(name = "extremes", version, propagate_version = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Run(RunArguments),
    Verify(VerifyArguments),
}

/// Runs a forecast: GRIB2 and NetCDF files, maps, charts and a summary.
///
/// The model is, with `equations = "primitive"`, the hydrostatic primitive equations with sun, sea, land and rain from a
/// whole state, on request with diagnostics of extremes ([diagnostics]) and as an ensemble ([ensemble]), or the
/// shallow-water equations with 500 hPa wind and height as the initial state (an equivalent-barotropic forecast). Files
/// get their final name only when they are whole. Where a step fails, before_failure.bin holds the state of the last
/// output time, for --restart with other settings.
///
/// Started by an MPI launcher (mpirun -n N extremes run CONFIG.toml), one forecast runs on N ranks, with the
/// same files, and says at its end where the time of the ranks went.
#[derive(Clone, Debug, Args)]
pub(crate) struct RunArguments {
    /// The configuration, a TOML file; paths in it are relative to its folder.
    #[arg(value_name = "CONFIG.toml")]
    pub(crate) configuration: PathBuf,
    /// Where to compute: cpu, cuda:N, hip:N or wgpu:N [default: the configuration's, else $TERRELLA_DEVICE, else cpu]. Without
    /// N the first one; on several ranks those of a node in turn.
    #[arg(long, value_name = "D")]
    pub(crate) device: Option<String>,
    /// Folder for the results; created if absent, files of an earlier run are replaced [default: the configuration's].
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Stop after this many time steps (counted from the initial state, in an ensemble over all members) instead of
    /// the configured length; a checkpoint is written there.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) steps: Option<u64>,
    /// Continue from a checkpoint of the same configuration; the results equal those of an uninterrupted run bit for
    /// bit. An ensemble continues from the ensemble.json in its folder, at the member where it stopped.
    #[arg(long, value_name = "FILE")]
    pub(crate) restart: Option<PathBuf>,
    /// Convert a checkpoint of the other precision (f32, f64) instead of refusing it.
    #[arg(long, requires = "restart")]
    pub(crate) convert: bool,
    /// Print who would own what on so many ranks, and the bytes that each would send in a step, instead of running.
    #[arg(long, value_name = "RANKS", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) decomposition: Option<u16>,
    /// Write what every rank did when, as a JSON file for ui.perfetto.dev and chrome://tracing: computing, waiting for other
    /// ranks and transferring in each phase, the first 262144 events of each rank. Not for an ensemble.
    #[arg(long, value_name = "FILE", conflicts_with = "decomposition")]
    pub(crate) trace: Option<PathBuf>,
    /// Whether `steps` may shorten the configured forecast only.
    #[arg(skip)]
    pub(crate) within_length: bool,
}

/// Scores forecast files against an analysis: RMSE, bias, anomaly correlation, persistence.
///
/// Every forecast field whose valid time, level and parameter the analysis has is interpolated (cubic in longitude
/// and latitude) to the analysis' grid and compared there with area weights: globe, northern (20..90 N) and southern
/// (90..20 S) extratropics, tropics (20 S..20 N). Persistence is the forecast's own step 0.
#[derive(Debug, Args)]
pub(crate) struct VerifyArguments {
    /// GRIB file of the forecast, or a folder with such files.
    #[arg(long, value_name = "F")]
    pub(crate) forecast: PathBuf,
    /// GRIB file of the verifying analysis, or a folder with such files.
    #[arg(long, value_name = "A")]
    pub(crate) analysis: PathBuf,
    /// GRIB file with a climatological mean of the same parameters (any date): adds the anomaly correlation.
    #[arg(long, value_name = "C")]
    pub(crate) climatology: Option<PathBuf>,
    /// Pressure level [hPa].
    #[arg(long, value_name = "HPA", default_value_t = 500)]
    pub(crate) level: u32,
    /// Parameters to compare (GRIB short names; gh also matches a geopotential z).
    #[arg(long, value_name = "P,...", value_delimiter = ',', default_values_t = ["gh".to_owned(), "u".to_owned(), "v".to_owned()])]
    pub(crate) parameters: Vec<String>,
    /// Only this forecast step [h].
    #[arg(long, value_name = "HOURS")]
    pub(crate) step: Option<u32>,
    /// Write the scores to this file as JSON too.
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
}
