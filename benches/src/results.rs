//! Stored results: one CSV file per machine, one row per measurement, each with commit and compiler.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::available_parallelism;

use crate::{Error, Measurement, Result};

/// Slower than the stored row by more than this share is flagged.
const TOLERANCE: f64 = 0.05;

const HEADING: &str = "entry,case,size,precision,device,threads,median_s,min_s,bytes,flops,peak_fraction,error,\
peer,peer_median_s,ratio,commit,compiler,per_point_s,resident_ratio";

/// Files from before the last two columns have this many; those rows read as having nothing there.
const FEWEST_COLUMNS: usize = 17;

/// Which column holds the peer's name and version.
const PEER: usize = 12;

/// What makes a measurement the same one: entry, case, size, precision, device, threads, and the peer's name without its
/// version.
type Identity = [String; 7];

/// What storing found.
#[derive(Debug, PartialEq)]
pub struct Stored {
    /// The file written.
    pub path: PathBuf,
    /// Sentences on measurements more than 5% slower than the row they replace.
    pub slower: Vec<String>,
}

/// Puts measurements into `folder/<machine>.csv`: rows of the same measurements are replaced, all others kept.
pub fn save(folder: &Path, machine: &str, measurements: &[Measurement]) -> Result<Stored> {
    let path = folder.join(format!("{machine}.csv"));
    // Git is asked from inside the folder, which may be new.
    fs::create_dir_all(folder).map_err(|source| Error::File { path: path.clone(), source })?;
    let mut rows = read(&path)?;
    let (commit, mut slower) = (commit(folder), Vec::new());
    for measurement in measurements {
        let row = row(measurement, &commit);
        if let Some(old) = rows.insert(identity_of_row(&row), row).and_then(|row| row[6].parse::<f64>().ok())
        {
            let share = measurement.median_s / old - 1.0;
            if share > TOLERANCE {
                slower.push(format!(
                    "{} {} {} {}: {:.3e} s, {:.0}% slower than the stored {old:.3e} s",
                    measurement.entry,
                    measurement.case,
                    measurement.size,
                    measurement.precision,
                    measurement.median_s,
                    100.0 * share
                ));
            }
        }
    }
    let lines = rows.values().map(|fields| fields.join(","));
    let text: String = std::iter::once(HEADING.to_owned()).chain(lines).map(|line| line + "\n").collect();
    let failed = |source| Error::File { path: path.clone(), source };
    // Written whole beside the old file and then put in its place.
    let unfinished = path.with_extension("csv.unfinished");
    fs::write(&unfinished, text).and_then(|()| fs::rename(&unfinished, &path)).map_err(failed)?;
    Ok(Stored { path, slower })
}

fn read(path: &Path) -> Result<BTreeMap<Identity, Vec<String>>> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(source) if source.kind() == std::io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(source) => return Err(Error::File { path: path.to_owned(), source }),
    };
    let refuse = |line, reason: String| Error::Results { path: path.to_owned(), line, reason };
    let mut lines = text.lines().enumerate();
    let heading = lines.next().map_or("", |(_, line)| line);
    let columns = heading.split(',').count();
    if columns < FEWEST_COLUMNS || !HEADING.split(',').take(columns).eq(heading.split(',')) {
        return Err(refuse(1, format!("expected the heading '{HEADING}'")));
    }
    let mut rows = BTreeMap::new();
    for (number, line) in lines {
        let mut fields: Vec<String> = line.split(',').map(str::to_owned).collect();
        if fields.len() != columns {
            return Err(refuse(number + 1, format!("expected {columns} values, got {}", fields.len())));
        }
        fields.resize(HEADING.split(',').count(), String::new());
        rows.insert(identity_of_row(&fields), fields);
    }
    Ok(rows)
}

fn identity_of_row(fields: &[String]) -> Identity {
    let unversioned = |text: &str| {
        let words = text.split_whitespace();
        let name: Vec<_> = words.take_while(|word| !word.starts_with(|c: char| c.is_ascii_digit())).collect();
        name.join(" ")
    };
    std::array::from_fn(|i| if i == 6 { unversioned(&fields[PEER]) } else { fields[i].clone() })
}

fn row(measurement: &Measurement, commit: &str) -> Vec<String> {
    let m = measurement;
    let optional = |value: Option<f64>| value.map_or(String::new(), |value| format!("{value:.4}"));
    let seconds = |value: Option<f64>| value.map_or(String::new(), |seconds| format!("{seconds:.6e}"));
    vec![
        plain(&m.entry),
        plain(&m.case),
        plain(&m.size),
        plain(&m.precision),
        plain(&m.device),
        m.threads.to_string(),
        format!("{:.6e}", m.median_s),
        format!("{:.6e}", m.min_s),
        format!("{}", m.bytes),
        format!("{}", m.flops),
        optional(m.peak_fraction),
        format!("{:.2e}", m.error),
        plain(m.peer.as_deref().unwrap_or_default()),
        seconds(m.peer_median_s),
        optional(m.ratio),
        plain(commit),
        plain(env!("TERRELLA_COMPILER")),
        seconds(m.per_point_s),
        optional(m.resident_ratio),
    ]
}

/// Text without the separator.
fn plain(text: &str) -> String {
    text.replace([',', '\n'], ";")
}

/// The commit of the working tree, with `+` where files differ from it.
fn commit(folder: &Path) -> String {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").current_dir(folder).args(arguments).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let Some(commit) = git(&["rev-parse", "--short=12", "HEAD"]) else { return "unknown".to_owned() };
    let changed = git(&["status", "--porcelain"]).is_some_and(|changes| !changes.is_empty());
    if changed { commit + "+" } else { commit }
}

/// A name for this machine: its processor and the number of its cores.
pub fn default_machine() -> String {
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpus.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    let model = model.map_or(std::env::consts::ARCH, |(_, name)| name.trim());
    let name: String =
        model.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let name = name.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-");
    format!("{name}-{}-cores", available_parallelism().map_or(1, |count| count.get()))
}
