//! Runs benchmark entries; see the library's documentation for what is counted.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use terrella_benches::{
    Arguments, Case, Command, Entry, Error, Measurement, Peaks, Request, Result, default_machine, entries,
    measure, peak_fraction, print_heading, print_row, save,
};
use terrella_coupling::communicator::Communicator;
use terrella_kernels::Precision;

/// Entries that several processes measure together.
const ACROSS_RANKS: [&str; 4] = ["distributed_transform", "distributed_model", "messages", "output_server"];

fn main() -> ExitCode {
    let outcome = match Command::parse(std::env::args().skip(1), &entries::ALL) {
        Ok(Command::Help) => {
            print!("{}", terrella_benches::USAGE);
            Ok(())
        }
        Ok(Command::List) => {
            list();
            Ok(())
        }
        Ok(Command::Run(arguments)) => run(&arguments),
        Err(error) => Err(error),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn list() {
    for entry in &entries::ALL {
        println!("{:<12} {}", entry.name, entry.summary);
        if !entry.peers.is_empty() {
            println!("    --{:<12} {:<20} measured beside ours", "peer", entry.peers.join(","));
        }
        for key in entry.keys {
            println!("    --{:<12} {:<20} {}", key.name, key.default, key.meaning);
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(arguments.threads).build();
    let pool = pool.map_err(|error| Error::Value {
        name: "--threads".to_owned(),
        got: arguments.threads.to_string(),
        expected: format!("a number of threads that the system starts ({error})"),
    })?;
    let Some(measurements) = pool.install(|| run_entries(arguments))? else { return Ok(()) };
    if arguments.save {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("results");
        let machine = arguments.machine.clone().unwrap_or_else(default_machine);
        let stored = save(&folder, &machine, &measurements)?;
        println!("stored in {}", stored.path.display());
        for sentence in &stored.slower {
            println!("SLOWER: {sentence}");
        }
    }
    Ok(())
}

/// What was measured; nothing on those of several processes that only take part.
fn run_entries(arguments: &Arguments) -> Result<Option<Vec<Measurement>>> {
    // MPI ends with its last communicator, and cannot begin again.
    let alone = |entry: &&&Entry| !ACROSS_RANKS.contains(&entry.name);
    let alone = arguments.entries.iter().find(alone);
    let job = match (Communicator::launched(), alone) {
        // What one process measures needs no MPI, whoever started it.
        (Err(_), Some(_)) => Communicator::serial(),
        (job, _) => job?,
    };
    if let (true, Some(entry)) = (job.size() > 1, alone) {
        return Err(Error::Value {
            name: "entry".to_owned(),
            got: format!("'{}' in {} processes", entry.name, job.size()),
            expected: format!("one of {}, or one process", ACROSS_RANKS.join(", ")),
        });
    }
    // At once on all ranks, so that each has its share of the machine.
    let peaks = Peaks::measure(arguments.device)?;
    if job.rank() > 0 {
        for (entry, precision) in pairs(arguments) {
            // Setting up is taking part.
            drop((entry.cases)(&request(arguments, entry, precision, &job)?)?);
        }
        return Ok(None);
    }
    let mut json = arguments.json.as_deref().map(Lines::create).transpose()?;
    println!(
        "{} with {} threads: copy {:.1} GB/s, FMA {:.1} GF/s f32, {:.1} GF/s f64",
        arguments.device,
        arguments.threads,
        peaks.copy_bandwidth * 1e-9,
        peaks.fma_rate_f32 * 1e-9,
        peaks.fma_rate_f64 * 1e-9
    );
    print_heading();
    let mut measurements = Vec::new();
    for (entry, precision) in pairs(arguments) {
        let request = request(arguments, entry, precision, &job)?;
        for mut case in (entry.cases)(&request)? {
            let samples = measure(&mut *case, request.device, arguments.budget)?;
            let names: Vec<String> = case.peers().iter().map(|peer| peer.name().to_owned()).collect();
            let described = describe(entry, &request, &mut *case)?;
            let rate = peaks.fma_rate(precision);
            for mut measurement in described.with_samples(&samples, &names) {
                let per_point = |points| measurement.median_s / points as f64;
                measurement.per_point_s = case.points().map(per_point);
                measurement.peak_fraction = peak_fraction(case.work(), &peaks, rate, measurement.median_s);
                print_row(&measurement);
                if let Some(lines) = &mut json {
                    lines.write(&measurement)?;
                }
                measurements.push(measurement);
            }
        }
    }
    Ok(Some(measurements))
}

fn pairs(arguments: &Arguments) -> impl Iterator<Item = (&'static Entry, Precision)> {
    let pairs = |entry: &&'static Entry| {
        let entry = *entry;
        arguments.precisions.iter().map(move |&precision| (entry, precision))
    };
    arguments.entries.iter().flat_map(pairs)
}

/// Of several entries, each takes the keys that are its own.
fn request(
    arguments: &Arguments,
    entry: &Entry,
    precision: Precision,
    job: &Communicator,
) -> Result<Request> {
    let mut values = arguments.values.clone();
    values.retain(|name, _| entry.keys.iter().any(|key| key.name == name));
    let Arguments { device, threads, peers, .. } = arguments;
    let request = entry.request(precision, *device, *threads, peers.as_deref(), &values)?;
    Ok(Request { job: job.clone(), ..request })
}

/// The measurement of a case, its times still to be filled in.
fn describe(entry: &Entry, request: &Request, case: &mut dyn Case) -> Result<Measurement> {
    Ok(Measurement {
        entry: entry.name.to_owned(),
        case: case.name().to_owned(),
        size: case.size(),
        precision: request.precision_name().to_owned(),
        device: request.device.to_string(),
        threads: request.threads,
        median_s: f64::NAN,
        min_s: f64::NAN,
        bytes: case.work().bytes,
        flops: case.work().flops,
        peak_fraction: None,
        error: case.error()?,
        per_point_s: None,
        resident_ratio: case.resident_ratio(),
        peer: None,
        peer_median_s: None,
        peer_min_s: None,
        ratio: None,
    })
}

/// A file of JSON lines, or standard output.
struct Lines {
    path: std::path::PathBuf,
    target: Box<dyn Write + Send>,
}

impl Lines {
    fn create(path: &Path) -> Result<Self> {
        let target: Box<dyn Write + Send> = if path == Path::new("-") {
            Box::new(std::io::stdout())
        } else {
            Box::new(File::create(path).map_err(|source| Error::File { path: path.to_owned(), source })?)
        };
        Ok(Self { path: path.to_owned(), target })
    }

    fn write(&mut self, measurement: &Measurement) -> Result<()> {
        let failed = |source| Error::File { path: self.path.clone(), source };
        let line = serde_json::to_string(measurement).map_err(|error| failed(error.into()))?;
        writeln!(self.target, "{line}").map_err(failed)
    }
}
