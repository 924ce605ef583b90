//! One measurement as JSON and as a row of a table.

use serde::Serialize;

use crate::{Peaks, Samples, Work, median};

/// One measurement; the keys of its JSON object are the fields' names.
#[derive(Clone, Debug, Serialize)]
pub struct Measurement {
    /// The entry.
    pub entry: String,
    /// What of the entry.
    pub case: String,
    /// Extents.
    pub size: String,
    /// `f32` or `f64`.
    pub precision: String,
    /// The device.
    pub device: String,
    /// Number of CPU threads.
    pub threads: usize,
    /// Median time of one run [s].
    pub median_s: f64,
    /// Shortest time of one run [s].
    pub min_s: f64,
    /// Bytes that a run must move.
    pub bytes: f64,
    /// Floating-point operations of a run.
    pub flops: f64,
    /// Floor / median; none where a run has no work to count.
    pub peak_fraction: Option<f64>,
    /// Largest error against the reference, relative to its largest magnitude.
    pub error: f64,
    /// Median time of one run / values on the grid [s], where the work is on a grid whose size differs by its kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_point_s: Option<f64>,
    /// Growth of the resident memory / bytes of input and output, where that is what is measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resident_ratio: Option<f64>,
    /// The peer's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peer: Option<String>,
    /// The peer's median time of one run [s].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peer_median_s: Option<f64>,
    /// The peer's shortest time of one run [s].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peer_min_s: Option<f64>,
    /// Median of our time / the peer's over interleaved pairs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ratio: Option<f64>,
}

impl Measurement {
    /// Fills in what follows from the samples: one measurement for each peer, and one alone where there is none.
    pub fn with_samples(mut self, samples: &Samples, peers: &[String]) -> Vec<Self> {
        self.median_s = median(&samples.ours);
        self.min_s = smallest(&samples.ours);
        if peers.is_empty() {
            return vec![self];
        }
        let beside = |(peer, name): (usize, &String)| Self {
            peer: Some(name.clone()),
            peer_median_s: Some(median(&samples.peers[peer])),
            peer_min_s: Some(smallest(&samples.peers[peer])),
            ratio: Some(samples.ratio(peer)),
            ..self.clone()
        };
        peers.iter().enumerate().map(beside).collect()
    }
}

fn smallest(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::INFINITY, f64::min)
}

/// Floor time / measured time, the floor being max(bytes / bandwidth, flops / rate); none where there is no work.
pub fn peak_fraction(work: Work, peaks: &Peaks, fma_rate: f64, seconds: f64) -> Option<f64> {
    let floor = (work.bytes / peaks.copy_bandwidth).max(work.flops / fma_rate);
    (floor > 0.0).then_some(floor / seconds)
}

/// Prints the table's heading.
pub fn print_heading() {
    println!(
        "{:<15} {:<38} {:<22} {:<4} {:<7} {:>3}  {:>10} {:>10} {:>8} {:>8} {:>8} {:>6} {:>9}  peer",
        "entry",
        "case",
        "size",
        "",
        "device",
        "thr",
        "median",
        "min",
        "ns/point",
        "GB/s",
        "GF/s",
        "peak",
        "error"
    );
}

/// Prints a measurement as one row of the table.
pub fn print_row(measurement: &Measurement) {
    let m = measurement;
    let peak = m.peak_fraction.map_or("–".to_owned(), |fraction| format!("{:.0}%", 100.0 * fraction));
    let peer = match (&m.peer, m.peer_median_s, m.ratio) {
        (Some(name), Some(seconds), Some(ratio)) => {
            format!("{name}: {}, ours/theirs {ratio:.3}", seconds_text(seconds))
        }
        _ => String::new(),
    };
    let resident = m.resident_ratio.map_or(String::new(), |ratio| format!("memory {ratio:.2} × in and out"));
    let per_point = m.per_point_s.map_or(String::new(), |seconds| format!("{:.3}", seconds * 1e9));
    println!(
        "{:<15} {:<38} {:<22} {:<4} {:<7} {:>3}  {:>10} {:>10} {per_point:>8} {:>8.2} {:>8.2} {:>6} {:>9.1e}  {peer}{resident}",
        m.entry,
        m.case,
        m.size,
        m.precision,
        m.device,
        m.threads,
        seconds_text(m.median_s),
        seconds_text(m.min_s),
        m.bytes / m.median_s * 1e-9,
        m.flops / m.median_s * 1e-9,
        peak,
        m.error,
    );
}

/// A time with the unit that suits it.
fn seconds_text(seconds: f64) -> String {
    match seconds {
        s if s >= 1.0 => format!("{s:.3} s"),
        s if s >= 1e-3 => format!("{:.3} ms", s * 1e3),
        s if s >= 1e-6 => format!("{:.3} µs", s * 1e6),
        s => format!("{:.1} ns", s * 1e9),
    }
}
