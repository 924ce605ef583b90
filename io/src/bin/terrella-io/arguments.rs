//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Files of fields (GRIB1 and GRIB2, NetCDF, HDF5, Zarr): what is in them, in other formats, their differences, maps. What a
/// run wrote: whether it is as it was written, and its messages for consumers on the network.
///
/// Exit status: 0 when everything asked for was done, 1 when `compare` found differences beyond the tolerance and when
/// `verify` found something that is not as it was written, 2 on an error (one line on stderr says which) and on a wrong
/// command line. GRIB needs ecCodes (Debian's libeccodes0), NetCDF-4 and HDF5 need libhdf5
/// (libhdf5-103-1).
#[derive(Debug, Parser)]
#[command(name = "terrella-io", version, propagate_version = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Ls(ListArguments),
    Dump(DumpArguments),
    Convert(ConvertArguments),
    Compare(CompareArguments),
    Plot(PlotArguments),
    Observations(ObservationsArguments),
    Verify(VerifyArguments),
    Serve(ServeArguments),
    Replay(ReplayArguments),
}

/// Lists the messages of a GRIB file or the variables of a NetCDF file or Zarr store, one line each.
///
/// GRIB: number, short name, level, reference time, step [h], ensemble member, grid, packing with bits per value. NetCDF,
/// HDF5 and Zarr: name (with the path of its group), type, dimensions, unit.
#[derive(Debug, Args)]
pub(crate) struct ListArguments {
    /// The file.
    pub(crate) file: PathBuf,
    /// Read the values too: least and largest one, mean over the points that have one, number of missing ones.
    #[arg(long)]
    pub(crate) statistics: bool,
    #[command(flatten)]
    pub(crate) fields: FieldArguments,
}

/// Counts the observations of a BUFR file or of a NetCDF file of MADIS.
///
/// Reports of each kind (stations, ships, radiosondes, profilers, aircraft, satellite winds), the range of their times and places,
/// values of each quantity with the missing ones, values by their provider's judgement, and what was rejected with the
/// reason: messages that are truncated, damaged or of something else, reports without time, place or value, duplicates, and
/// impossible values. A damaged file is no error as long as it has a message. BUFR needs ecCodes.
#[derive(Debug, Args)]
pub(crate) struct ObservationsArguments {
    /// The file.
    pub(crate) file: PathBuf,
}

/// Writes the metadata of a file as JSON.
///
/// GRIB: a list with an object for each field. NetCDF: an object with the file's attributes and its variables.
#[derive(Debug, Args)]
pub(crate) struct DumpArguments {
    /// The file.
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) fields: FieldArguments,
}

/// Converts a file: into NetCDF, into Zarr, into GRIB2, or through a plan.
///
/// What comes out is told by the name of OUTPUT: `.nc` is classic NetCDF (CF-1.11, from GRIB only), `.nc4` NetCDF-4 with deflate
/// (CF-1.11), `.zarr` a Zarr store of version 3 with zstd, `.grib2`, `.grb2`, `.grib` and `.grb` are GRIB2. Classic NetCDF: all fields must be on one grid; pressure levels
/// become a dimension, each other level a variable of its own, each valid time a record; levels and times that a variable does
/// not have are missing. NetCDF-4 and Zarr: as the sinks `netcdf` and `zarr` of plans make them. GRIB2 from GRIB: only the values are packed anew, all
/// other sections stay. GRIB2 from NetCDF: as the action `encode` of plans makes it. The file has its name only when it is whole,
/// but for NetCDF-4 and Zarr, which grow time by time and must be sorted by time.
///
/// With --plan each field goes, in the file's order, through the plans of that file, whose sinks say where to; it has the
/// metadata name, paramId (GRIB), levtype (`pl`, `sfc`, else ecCodes' typeOfLevel), level, startDate, startTime, step (of
/// timeStep = 1 s), units and, in an ensemble, number. Of NetCDF all variables on points are taken, or those of --field; their
/// dimensions may be pressure levels, times and members; the name is ecCodes' short name where the variable or its standard name
/// tells one.
#[derive(Debug, Args)]
pub(crate) struct ConvertArguments {
    /// The GRIB or NetCDF file, or the Zarr store.
    pub(crate) input: PathBuf,
    /// The new file.
    #[arg(required_unless_present = "plan", conflicts_with = "plan")]
    pub(crate) output: Option<PathBuf>,
    /// A plan file (YAML, MultIO's vocabulary) instead of OUTPUT.
    #[arg(long, value_name = "PLAN.yaml")]
    pub(crate) plan: Option<PathBuf>,
    /// How GRIB2 values are packed [default: simple].
    #[arg(long, value_enum, conflicts_with = "plan")]
    pub(crate) packing: Option<PackingName>,
    /// Bits per value of GRIB2, 1 to 32 [default: those of each message, of NetCDF 16].
    #[arg(long, value_name = "N", conflicts_with = "plan", value_parser = clap::value_parser!(u32).range(1..=32))]
    pub(crate) bits: Option<u32>,
    /// Store NetCDF and Zarr values in 64 bits instead of 32.
    #[arg(long, conflicts_with = "plan")]
    pub(crate) double: bool,
    #[command(flatten)]
    pub(crate) fields: FieldArguments,
}

/// How GRIB2 values are packed.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum PackingName {
    /// Data representation template 5.0.
    Simple,
    /// Template 5.42: compressed without further loss. ecCodes must have been built with libaec.
    Ccsds,
}

/// Compares two files field by field: largest difference, its root mean square, and that over the values' own.
///
/// Fields of GRIB files belong together by parameter, level, valid time and member, variables of NetCDF files by name.
/// Per field d = B - A: max |d|, the root mean square of d, and the relative l2 norm |d| / |A|; all points weigh the same,
/// those that are missing in both files are left out. Fields differ where the relative l2 norm is beyond the tolerance,
/// where one file lacks the field or a point's value, and where the grids differ.
#[derive(Debug, Args)]
pub(crate) struct CompareArguments {
    /// The file to compare with.
    pub(crate) a: PathBuf,
    /// The file to compare.
    pub(crate) b: PathBuf,
    /// Largest relative l2 norm of a difference that is none.
    #[arg(long, value_name = "T", default_value_t = 0.0, value_parser = not_negative)]
    pub(crate) tolerance: f64,
    /// Print only the fields that differ.
    #[arg(long)]
    pub(crate) quiet: bool,
    #[command(flatten)]
    pub(crate) fields: FieldArguments,
}

/// Draws a field as a map.
///
/// GRIB: --field, --level, --step and --member must choose one field. NetCDF: --field names a variable on a lat-lon,
/// Gaussian or HEALPix grid, --index chooses from its other dimensions.
#[derive(Debug, Args)]
pub(crate) struct PlotArguments {
    /// The file.
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) fields: FieldArguments,
    /// NetCDF: an element of a dimension that has several, counted from 0. May be given several times.
    #[arg(long, value_name = "DIMENSION=N", value_parser = index)]
    pub(crate) index: Vec<(String, usize)>,
    /// The picture.
    #[arg(short, long, value_name = "MAP.png")]
    pub(crate) output: PathBuf,
    /// Width of the picture [pixels].
    #[arg(long, value_name = "N", default_value_t = 1600, value_parser = clap::value_parser!(u32).range(200..=10_000))]
    pub(crate) width: u32,
    /// How the globe is laid flat.
    #[arg(long, value_enum, default_value_t = ProjectionName::Robinson)]
    pub(crate) projection: ProjectionName,
    /// Longitude of the middle of the map [degrees east].
    #[arg(long, value_name = "DEGREES", default_value_t = 0.0, allow_negative_numbers = true, value_parser = finite)]
    pub(crate) longitude: f64,
    /// Latitude of the middle of an orthographic map [degrees north].
    #[arg(long, value_name = "DEGREES", default_value_t = 30.0, allow_negative_numbers = true, value_parser = latitude)]
    pub(crate) latitude: f64,
}

/// How the globe is laid flat.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum ProjectionName {
    /// The whole globe, rounded.
    Robinson,
    /// The whole globe, longitude and latitude as they are.
    PlateCarree,
    /// From far above a point.
    Orthographic,
}

/// Compares a run's folder with its manifests.
///
/// Prints a line for each file or range of bytes that is changed, missing, truncated or extra, and for each manifest that is
/// damaged, missing or not the one that its follower knew; then a line with what was found right, and the hash of the last
/// manifest. Reads everything and changes nothing. Exit status 1 where a line says that something is wrong.
#[derive(Debug, Args)]
pub(crate) struct VerifyArguments {
    /// The folder that a run wrote, with its folder `manifest`.
    pub(crate) folder: PathBuf,
    /// The hash that the last manifest must have, kept elsewhere: a chain that was made anew or cut has another one.
    #[arg(long, value_name = "HASH", value_parser = hash)]
    pub(crate) head: Option<[u8; 32]>,
}

/// Serves a segment log to consumers over HTTP: pull, server-sent events, notifications.
///
/// Prints the stream's URL when it listens, and ends on an interrupt (Ctrl-C) or SIGTERM with status 0. Without a token it
/// listens on loopback addresses only. With one, every request needs `Authorization: Bearer TOKEN`; it is read from
/// --token-file or from the variable TERRELLA_STREAM_TOKEN of the environment, never from the command line, where other
/// users of the machine would see it. On other addresses it needs TLS too (--certificate and --private-key), unless --plain
/// says that somebody else does it, a proxy say. Encrypted records leave as they are stored: no secret is needed here.
///
/// The log must not be open in another process. What a killed writer left unfinished at its end is cut off; a line on stderr
/// tells of that and of damaged records.
#[derive(Debug, Args)]
pub(crate) struct ServeArguments {
    /// The log's folder.
    #[arg(value_name = "LOGDIR")]
    pub(crate) folder: PathBuf,
    /// Address and port to listen on; port 0 is a free one.
    #[arg(long, default_value = "127.0.0.1:8080")]
    pub(crate) address: String,
    /// The stream's name in URLs: letters, digits, '.', '-' and '_' [default: the folder's name].
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// A file with the token on its only line.
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// PEM file with the certificate for TLS, and behind it those between it and an authority that consumers trust.
    #[arg(long, value_name = "FILE", requires = "private_key")]
    pub(crate) certificate: Option<PathBuf>,
    /// PEM file with the certificate's private key.
    #[arg(long, value_name = "FILE", requires = "certificate")]
    pub(crate) private_key: Option<PathBuf>,
    /// Listen on other than loopback addresses without TLS: what is sent, the token too, can be read on its way.
    #[arg(long, conflicts_with = "certificate")]
    pub(crate) plain: bool,
    /// How consumers reach the server (https://streams.example.org), for URLs in notifications [default: its address].
    #[arg(long)]
    pub(crate) url: Option<String>,
    /// Connections at a time; further ones are told to come later.
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) connections: u16,
}

/// Writes what output servers had not written when they were lost.
///
/// When the run is over, the messages that its ranks kept in LOGS go through the run's plans, which go on where the server was, and the logs are
/// removed. Prints a line; that there is nothing to replay is no error. Interrupted, it can be started again. Sinks `netcdf`, `zarr`, and
/// `file` with `whole: true` are continued; plans with others, of which a server wrote something, are refused.
#[derive(Debug, Args)]
pub(crate) struct ReplayArguments {
    /// The folder of the run's transport: with `extremes`, that of `log` in [server].
    pub(crate) logs: PathBuf,
    /// The run's plans [default: LOGS/plans.yaml, which the run wrote].
    #[arg(long, value_name = "PLAN.yaml")]
    pub(crate) plan: Option<PathBuf>,
    /// Where relative paths of the plans' sinks start [default: the folder that LOGS is in].
    #[arg(long, value_name = "DIR")]
    pub(crate) folder: Option<PathBuf>,
}

/// Which fields; all that are not excluded.
#[derive(Debug, Args)]
pub(crate) struct FieldArguments {
    /// Parameter, by ecCodes' short name (u, gh, 2t) or number; of NetCDF the variable. May be given several times.
    #[arg(long, value_name = "NAME")]
    pub(crate) field: Vec<String>,
    /// Level: a pressure [hPa], or kind and value such as heightAboveGround:2. GRIB only.
    #[arg(long, value_name = "[KIND:]VALUE")]
    pub(crate) level: Option<String>,
    /// Forecast step [h]. GRIB only.
    #[arg(long, value_name = "HOURS", value_parser = finite)]
    pub(crate) step: Option<f64>,
    /// Ensemble member. GRIB only.
    #[arg(long, value_name = "N")]
    pub(crate) member: Option<i64>,
}

fn index(text: &str) -> Result<(String, usize), String> {
    let parts = text.split_once('=').and_then(|(name, number)| Some((name.to_owned(), number.parse().ok()?)));
    parts.ok_or_else(|| "expected a dimension and a number, such as time=0".into())
}

fn finite(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number: &f64| number.is_finite());
    number.ok_or_else(|| "expected a number".into())
}

fn not_negative(text: &str) -> Result<f64, String> {
    let number = finite(text).ok().filter(|number| *number >= 0.0);
    number.ok_or_else(|| "expected a number that is not negative".into())
}

fn latitude(text: &str) -> Result<f64, String> {
    let number = finite(text).ok().filter(|number| (-90.0..=90.0).contains(number));
    number.ok_or_else(|| "expected a latitude between -90 and 90".into())
}

fn hash(text: &str) -> Result<[u8; 32], String> {
    let hash = blake3::Hash::from_hex(text).map(|hash| *hash.as_bytes());
    hash.map_err(|_| "expected 64 hexadecimal digits".into())
}
