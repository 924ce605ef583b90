//! What a spectral model's step takes on many ranks, by the model of performance of `docs/scaling.md`.
//!
//! Shares of work and volumes are those of the real decompositions; rates are arguments, measured by the entries `machine`,
//! `transform_stages`, `messages` and `primitive_equations`.

use std::process::ExitCode;

use terrella_coupling::decomposition::{WavenumberSets, pairs_of_rings};
use terrella_kernels::grid::{Grid, Ring};
use terrella_kernels::spectral::{TransformShares, Truncation};

const USAGE: &str = "\
scaling [--key value ...]: seconds of a step by phase, a row for each number of ranks

  --grid O48            Gaussian grid
  --truncation 47       T
  --inverse 1           columns of the transforms to the grid in a step (fields x levels x components)
  --direct 1            columns of the transforms to spectra
  --levels 0            levels of the columns that are computed on the grid
  --bytes 8             bytes of a number on the wire
  --ranks 1,2,4,8       numbers of ranks
  --cores 0             cores that all ranks share, where they are fewer than ranks (0: one share for each)
  --legendre 20         rate of Legendre sums on the cores of a rank [10^9 operations/s]
  --fourier 4           rate of Fourier transforms, 2.5 n log2 n operations each [10^9/s]
  --points 0            time of a point on a level, beside transforms, on the cores of a rank [ns]
  --latency 2           time of a message [us]
  --bandwidth 10        bytes that a rank sends in a second [10^9/s]
";

/// Columns that are sent together.
const PORTION: usize = 48;

struct Settings {
    grid: Grid,
    truncation: Truncation,
    columns: [usize; 2],
    levels: f64,
    bytes: f64,
    ranks: Vec<usize>,
    cores: usize,
    legendre: f64,
    fourier: f64,
    points: f64,
    latency: f64,
    bandwidth: f64,
}

/// Seconds of a step.
struct Phases {
    legendre: f64,
    fourier: f64,
    points: f64,
    latency: f64,
    transfer: f64,
}

fn main() -> ExitCode {
    match read(std::env::args().skip(1)) {
        Ok(Some(settings)) => {
            print(&settings);
            ExitCode::SUCCESS
        }
        Ok(None) => {
            print!("{USAGE}");
            ExitCode::SUCCESS
        }
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn read(mut words: impl Iterator<Item = String>) -> Result<Option<Settings>, String> {
    let mut settings = Settings {
        grid: Grid::octahedral(48).map_err(|error| error.to_string())?,
        truncation: Truncation::new(47),
        columns: [1, 1],
        levels: 0.0,
        bytes: 8.0,
        ranks: vec![1, 2, 4, 8],
        cores: 0,
        legendre: 20.0,
        fourier: 4.0,
        points: 0.0,
        latency: 2.0,
        bandwidth: 10.0,
    };
    while let Some(key) = words.next() {
        if key == "--help" {
            return Ok(None);
        }
        let value = words.next().ok_or_else(|| format!("'{key}' has no value"))?;
        let wrong = |expected: &str| format!("'{key}': got '{value}', expected {expected}");
        let whole = || value.parse::<usize>().map_err(|_| wrong("a whole number"));
        let number = || match value.parse::<f64>() {
            Ok(number) if number.is_finite() && number >= 0.0 => Ok(number),
            _ => Err(wrong("a number of 0 or more")),
        };
        match key.as_str() {
            "--grid" => settings.grid = value.parse().map_err(|error| wrong(&format!("a grid ({error})")))?,
            "--truncation" => settings.truncation = Truncation::new(whole()?),
            "--inverse" => settings.columns[0] = whole()?,
            "--direct" => settings.columns[1] = whole()?,
            "--levels" => settings.levels = number()?,
            "--bytes" => settings.bytes = number()?,
            "--ranks" => {
                let ranks = value.split(',').map(|word| word.trim().parse().ok().filter(|ranks| *ranks > 0));
                settings.ranks = ranks.collect::<Option<_>>().ok_or_else(|| wrong("numbers of ranks"))?;
            }
            "--cores" => settings.cores = whole()?,
            "--legendre" => settings.legendre = number()?,
            "--fourier" => settings.fourier = number()?,
            "--points" => settings.points = number()?,
            "--latency" => settings.latency = number()?,
            "--bandwidth" => settings.bandwidth = number()?,
            _ => return Err(format!("'{key}' is unknown; --help lists what there is")),
        }
    }
    Ok(Some(settings))
}

/// What ranks have of the work of a column.
struct Shares {
    /// Operations, \[rank].
    legendre: Vec<f64>,
    fourier: Vec<f64>,
    points: Vec<f64>,
    /// The most complex coefficients that leave a rank, on the way to the grid and back.
    sent: [usize; 2],
}

fn shares(settings: &Settings, ranks: usize) -> Result<Shares, terrella_kernels::Error> {
    let Settings { grid, truncation, .. } = settings;
    let sets = WavenumberSets::new(grid, *truncation, ranks);
    let pairs = pairs_of_rings(grid, ranks);
    let wavenumbers: Vec<Vec<usize>> = (0..ranks).map(|rank| sets.of(rank).to_vec()).collect();
    let shares = TransformShares::new(
        grid,
        *truncation,
        wavenumbers,
        (0..ranks).map(|rank| pairs.of(rank)).collect(),
    )?;
    // Operations of a wavenumber on all rings that carry it, as the entry `transform` counts them.
    let of_wavenumber: Vec<f64> = (0..=truncation.total())
        .map(|m| {
            let carries = |ring: &&Ring| truncation.largest_zonal_on(ring) >= m;
            2.0 * (grid.rings().iter().filter(carries).count() * (truncation.total() + 1 - m)) as f64
        })
        .collect();
    let of_ring = |ring: usize| {
        let points = grid.rings()[ring].points as f64;
        2.5 * points * points.log2()
    };
    let each = |of_rank: &dyn Fn(usize) -> f64| (0..ranks).map(of_rank).collect::<Vec<f64>>();
    let legendre = each(&|rank| shares.wavenumbers(rank).iter().map(|&m| of_wavenumber[m]).sum());
    let fourier = each(&|rank| shares.rings(rank).map(of_ring).sum());
    let points = each(&|rank| shares.points(rank) as f64);
    let leaves = |between: &dyn Fn(usize, usize) -> usize| {
        let of_rank =
            |rank: usize| (0..ranks).filter(|other| *other != rank).map(|other| between(rank, other)).sum();
        (0..ranks).map(of_rank).max().unwrap_or(0)
    };
    let sent = [
        leaves(&|own, other| 2 * shares.coefficients_between(own, other)),
        leaves(&|own, other| 2 * shares.coefficients_between(other, own)),
    ];
    Ok(Shares { legendre, fourier, points, sent })
}

fn phases(settings: &Settings, ranks: usize) -> Result<Phases, terrella_kernels::Error> {
    let shares = shares(settings, ranks)?;
    let columns = settings.columns.iter().sum::<usize>() as f64;
    // The slowest rank, or, where ranks share cores, the sum of all over the cores.
    let slowest = |work: &[f64]| {
        let largest = work.iter().copied().fold(0.0, f64::max);
        if settings.cores == 0 || ranks <= settings.cores {
            return largest;
        }
        largest.max(work.iter().sum::<f64>() / settings.cores as f64)
    };
    let portions: usize = settings.columns.iter().map(|columns| columns.div_ceil(PORTION)).sum();
    let sent: f64 =
        settings.columns.iter().zip(shares.sent).map(|(columns, sent)| (columns * sent) as f64).sum();
    Ok(Phases {
        legendre: columns * slowest(&shares.legendre) / (settings.legendre * 1e9),
        fourier: columns * slowest(&shares.fourier) / (settings.fourier * 1e9),
        points: settings.levels * slowest(&shares.points) * settings.points * 1e-9,
        latency: (portions * (ranks - 1)) as f64 * settings.latency * 1e-6,
        transfer: 2.0 * settings.bytes * sent / (settings.bandwidth * 1e9),
    })
}

fn print(settings: &Settings) {
    let names = ["Legendre", "Fourier", "points", "latency", "transfer"];
    println!("| ranks | {} | step | first limit |", names.join(" | "));
    println!("|---|{}", "---|".repeat(names.len() + 2));
    for &ranks in &settings.ranks {
        match phases(settings, ranks) {
            Ok(Phases { legendre, fourier, points, latency, transfer }) => {
                let times = [legendre, fourier, points, latency, transfer];
                let largest = (0..times.len()).max_by(|a, b| times[*a].total_cmp(&times[*b])).unwrap_or(0);
                let cells: Vec<String> = times.iter().map(|time| format!("{:.3}", 1e3 * time)).collect();
                let step = 1e3 * times.iter().sum::<f64>();
                println!("| {ranks} | {} | {step:.3} ms | {} |", cells.join(" | "), names[largest]);
            }
            Err(error) => println!("| {ranks} | {error} |"),
        }
    }
}
