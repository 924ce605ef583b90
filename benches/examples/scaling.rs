//! What a spectral model's step takes on many ranks, by the model of performance of `docs/scaling.md`.
//!
//! Shares of work and volumes are those of the real decompositions; rates are arguments, measured by the entries `machine`,
//! `transform_stages`, `messages` and `primitive_equations`.

use std::process::ExitCode;

use terrella_coupling::spectral::{level_sets, shares_of_rows, transform_shares};
use terrella_kernels::grid::{Grid, Ring};
use terrella_kernels::spectral::Truncation;

const USAGE: &str = "\
scaling [--key value ...]: seconds of a step by phase, a row for each number of ranks

  --grid O48            Gaussian grid
  --truncation 47       T
  --inverse 1           columns of the transforms to the grid in a step (fields x levels x components)
  --direct 1            columns of the transforms to spectra
  --levels 0            levels of the columns that are computed on the grid
  --bytes 8             bytes of a number on the wire
  --ranks 1,2,4,8       numbers of ranks
  --sets 0              sets of levels, a divisor of each (0: as models choose)
  --operators 2         operators in a step, each with an array in and one out
  --cores 0             cores that all ranks share, where they are fewer than ranks (0: one share for each)
  --legendre 20         rate of Legendre sums on the cores of a rank [10^9 operations/s]
  --fourier 4           rate of Fourier transforms, 2.5 n log2 n operations each [10^9/s]
  --points 0            time of a point on a level, beside transforms, on the cores of a rank [ns]
  --latency 2           time of a message [us]
  --bandwidth 10        bytes that a rank sends in a second [10^9/s]
";

struct Settings {
    grid: Grid,
    truncation: Truncation,
    columns: [usize; 2],
    levels: f64,
    bytes: f64,
    ranks: Vec<usize>,
    sets: usize,
    operators: usize,
    cores: usize,
    legendre: f64,
    fourier: f64,
    points: f64,
    latency: f64,
    bandwidth: f64,
}

/// Seconds of a step.
struct Phases {
    sets: usize,
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
        sets: 0,
        operators: 2,
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
            "--sets" => settings.sets = whole()?,
            "--operators" => settings.operators = whole()?,
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

/// What ranks have of the work of a column of their set.
struct Shares {
    /// V, and W of V W ranks.
    sets: usize,
    rows: usize,
    /// Columns that are sent together.
    together: usize,
    /// Operations, \[row].
    legendre: Vec<f64>,
    fourier: Vec<f64>,
    /// \[rank].
    points: Vec<f64>,
    /// The most complex coefficients that leave a rank for other rows, on the way to the grid and back.
    sent: [usize; 2],
    /// The most numbers that leave a rank for others of its row.
    sent_in_row: usize,
}

fn shares(settings: &Settings, ranks: usize) -> Result<Shares, terrella_coupling::Error> {
    let Settings { grid, truncation, .. } = settings;
    let all = transform_shares(grid, *truncation, ranks)?;
    let sets = if settings.sets == 0 { level_sets(&all) } else { settings.sets };
    let shares = shares_of_rows(&all, sets)?;
    let rows = shares.ranks();
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
    let each = |count: usize, of: &dyn Fn(usize) -> f64| (0..count).map(of).collect::<Vec<f64>>();
    let legendre = each(rows, &|rank| shares.wavenumbers(rank).iter().map(|&m| of_wavenumber[m]).sum());
    let fourier = each(rows, &|rank| shares.rings(rank).map(of_ring).sum());
    let points = each(ranks, &|rank| all.points(rank) as f64);
    let leaves = |between: &dyn Fn(usize, usize) -> usize| {
        let of_rank =
            |row: usize| (0..rows).filter(|other| *other != row).map(|other| between(row, other)).sum();
        (0..rows).map(of_rank).max().unwrap_or(0)
    };
    let sent = [
        leaves(&|own, other| 2 * shares.coefficients_between(own, other)),
        leaves(&|own, other| 2 * shares.coefficients_between(other, own)),
    ];
    let in_row = |rank: usize| {
        let others = (rank / sets * sets..(rank / sets + 1) * sets).filter(|other| *other != rank);
        (sets - 1) * all.spectrum_len(rank, 1) + others.map(|other| all.points(other)).sum::<usize>()
    };
    let sent_in_row = (0..ranks).map(in_row).max().unwrap_or(0);
    let together = shares.columns_together();
    Ok(Shares { sets, rows, together, legendre, fourier, points, sent, sent_in_row })
}

fn phases(settings: &Settings, ranks: usize) -> Result<Phases, terrella_coupling::Error> {
    let shares = shares(settings, ranks)?;
    // Of a set.
    let of_set = settings.columns.map(|columns| columns.div_ceil(shares.sets));
    let columns = of_set.iter().sum::<usize>() as f64;
    // The slowest rank, or, where ranks share cores, the sum of all over the cores.
    let slowest = |work: &[f64]| {
        let largest = work.iter().copied().fold(0.0, f64::max);
        if settings.cores == 0 || ranks <= settings.cores {
            return largest;
        }
        let all = work.iter().sum::<f64>() * (ranks / work.len()) as f64;
        largest.max(all / settings.cores as f64)
    };
    let portions: usize = of_set.iter().map(|columns| columns.div_ceil(shares.together)).sum();
    let messages = portions * (shares.rows - 1) + 2 * settings.operators * (shares.sets - 1);
    let sent: usize = of_set.iter().zip(shares.sent).map(|(columns, sent)| 2 * columns * sent).sum();
    let sent = sent + of_set.iter().sum::<usize>() * shares.sent_in_row;
    Ok(Phases {
        sets: shares.sets,
        legendre: columns * slowest(&shares.legendre) / (settings.legendre * 1e9),
        fourier: columns * slowest(&shares.fourier) / (settings.fourier * 1e9),
        points: settings.levels * slowest(&shares.points) * settings.points * 1e-9,
        latency: messages as f64 * settings.latency * 1e-6,
        transfer: settings.bytes * sent as f64 / (settings.bandwidth * 1e9),
    })
}

fn print(settings: &Settings) {
    let names = ["Legendre", "Fourier", "points", "latency", "transfer"];
    println!("| ranks | sets | {} | step | first limit |", names.join(" | "));
    println!("|---|---|{}", "---|".repeat(names.len() + 2));
    for &ranks in &settings.ranks {
        match phases(settings, ranks) {
            Ok(Phases { sets, legendre, fourier, points, latency, transfer }) => {
                let times = [legendre, fourier, points, latency, transfer];
                let largest = (0..times.len()).max_by(|a, b| times[*a].total_cmp(&times[*b])).unwrap_or(0);
                let cells: Vec<String> = times.iter().map(|time| format!("{:.3}", 1e3 * time)).collect();
                let step = 1e3 * times.iter().sum::<f64>();
                println!("| {ranks} | {sets} | {} | {step:.3} ms | {} |", cells.join(" | "), names[largest]);
            }
            Err(error) => println!("| {ranks} | {error} |"),
        }
    }
}
