//! Command line of the validation: `list`, `run CASE`, `report`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use terrella_kernels::device::Device;
use terrella_validation::cases::{CASES, find};
use terrella_validation::{Case, Error, Options, Outcome, Result, report};

/// Runs published test cases of Terrella's models and compares with published values.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Lists the cases.
    List,
    /// Runs one case, or all; exit code 1 if a measurement fails.
    Run {
        /// Name of the case, or `all`.
        case: String,
        /// Writes the results as JSON (an array of cases).
        #[arg(long, value_name = "FILE")]
        json: Option<PathBuf>,
        #[command(flatten)]
        settings: Settings,
    },
    /// Runs all cases and writes report.md and report.html with figures.
    Report {
        /// Folder to write to.
        #[arg(long, value_name = "DIR", default_value = "out/validation")]
        out: PathBuf,
        /// Takes the results from a JSON file of `run` instead of running; figures are then those already in the folder.
        #[arg(long, value_name = "FILE")]
        from: Option<PathBuf>,
        #[command(flatten)]
        settings: Settings,
    },
}

#[derive(Args)]
struct Settings {
    /// Truncations instead of the case's own, e.g. `--truncation 42 85 106`.
    #[arg(long, value_name = "T", num_args = 1..)]
    truncation: Vec<usize>,
    /// Seconds instead of minutes: low truncations.
    #[arg(long, conflicts_with = "truncation")]
    quick: bool,
    /// cpu, cuda:N, hip:N or wgpu:N; default: TERRELLA_DEVICE, else cpu.
    #[arg(long)]
    device: Option<Device>,
    /// Folder for figures of `run` (`report` uses its own).
    #[arg(long, value_name = "DIR")]
    figures: Option<PathBuf>,
}

fn main() -> ExitCode {
    match execute(Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

fn execute(arguments: Arguments) -> Result<bool> {
    match arguments.command {
        Command::List => {
            for case in CASES {
                println!("{:<14} {} — {}", case.name, case.title, case.source);
            }
            Ok(true)
        }
        Command::Run { case, json, settings } => {
            let cases = if case == "all" { CASES.to_vec() } else { vec![find(&case)?] };
            let outcomes = run(&cases, &settings, settings.figures.as_deref())?;
            if let Some(file) = json {
                let text =
                    serde_json::to_string_pretty(&outcomes).map_err(|error| Error::file(&file, error))?;
                std::fs::write(&file, text).map_err(|error| Error::file(&file, error))?;
            }
            Ok(outcomes.iter().all(|outcome| outcome.passed))
        }
        Command::Report { out, from, settings } => {
            std::fs::create_dir_all(&out).map_err(|error| Error::file(&out, error))?;
            let outcomes = match from {
                Some(file) => {
                    let text = std::fs::read_to_string(&file).map_err(|error| Error::file(&file, error))?;
                    serde_json::from_str(&text).map_err(|error| Error::file(&file, error))?
                }
                None => run(CASES, &settings, Some(&out))?,
            };
            report::write(&out, &outcomes)?;
            println!("Wrote {} and {}.", out.join("report.md").display(), out.join("report.html").display());
            Ok(outcomes.iter().all(|outcome: &Outcome| outcome.passed))
        }
    }
}

fn run(cases: &[&Case], settings: &Settings, figures: Option<&Path>) -> Result<Vec<Outcome>> {
    let device = match settings.device {
        Some(device) => device,
        None => Device::from_environment()?,
    };
    // Before hours of work, not after them.
    if let Some(folder) = figures {
        std::fs::create_dir_all(folder).map_err(|error| Error::file(folder, error))?;
    }
    let mut outcomes = Vec::new();
    for case in cases {
        let has_truncations = !case.truncations.is_empty();
        if !has_truncations && !settings.truncation.is_empty() && cases.len() == 1 {
            return Err(Error::NoTruncations { case: case.name });
        }
        let truncations = if has_truncations && !settings.truncation.is_empty() {
            settings.truncation.clone()
        } else if settings.quick {
            case.quick_truncations.to_vec()
        } else {
            case.truncations.to_vec()
        };
        let sorted = truncations.windows(2).all(|pair| pair[0] < pair[1]);
        if !sorted || truncations.iter().any(|&truncation| truncation < 10) {
            return Err(Error::Truncations { got: truncations });
        }
        let options = Options {
            truncations,
            quick: settings.quick,
            device,
            figures: figures.map(Path::to_owned),
            data: std::env::var_os("TERRELLA_DATA").map(PathBuf::from),
        };
        let outcome = case.outcome(&options)?;
        print!("{}", report::text(&outcome));
        outcomes.push(outcome);
    }
    Ok(outcomes)
}
