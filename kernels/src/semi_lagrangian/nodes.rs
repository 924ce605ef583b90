//! Unevenly spaced nodes: constants of their cubic weights, and a table that finds the interval.

use crate::device::{Buffer, Device};
use crate::{Error, Real, Result};

/// Nodes in ascending order, for kernels.
///
/// | buffer   | shape        | content                                                              |
/// |----------|--------------|----------------------------------------------------------------------|
/// | `table`  | [nodes, 7] | x_j; 1/(x_{j+1} − x_j) =: 1/s; s/(x_j − x_{j−1}) =: 1/a; s/(x_{j+2} − x_j) =: 1/b; the factors b/(a(1+a)(a+b)), 1/((1+1/a)(1−1/b)) and a/(b(b−1)(a+b)) of the first, third and fourth weight |
/// | `bins`   | [bins]     | the last node at or before the bin's beginning                       |
///
/// Bins are narrower than the smallest spacing, so that the interval of a value is that of its bin or the next one.
/// What is missing beyond the ends is infinitely far away: a = ∞ or b = ∞.
#[derive(Debug)]
pub struct Nodes<R: Real> {
    /// Constants of each node.
    pub table: Buffer<R>,
    /// The search table.
    pub bins: Buffer<u32>,
    /// Where the first bin begins.
    pub first: R,
    /// Bins per unit of x.
    pub per_unit: R,
    /// Number of bins.
    pub count: u32,
}

/// As many bins as a table may have: 4 MiB.
const MOST_BINS: f64 = 1_048_576.0;

impl<R: Real> Nodes<R> {
    /// Tables of these nodes for values from `first` to `last`.
    ///
    /// Errors: fewer than two nodes; nodes that do not ascend, or lie closer than a millionth of the whole.
    pub fn new(name: &'static str, nodes: &[f64], first: f64, last: f64, device: Device) -> Result<Self> {
        let refuse = |got: String, expected: &str| {
            Err(Error::InvalidValue { name, got, expected: expected.to_owned() })
        };
        if nodes.len() < 2 {
            return refuse(format!("{} nodes", nodes.len()), "at least two nodes");
        }
        let smallest = nodes.windows(2).map(|pair| pair[1] - pair[0]).fold(f64::INFINITY, f64::min);
        // A bin of 0.9 of the smallest spacing leaves room for round-off.
        let bins = ((last - first) / (0.9 * smallest)).ceil().max(1.0);
        if !(smallest > 0.0 && bins <= MOST_BINS) {
            return refuse(
                format!("nodes {smallest} apart between {first} and {last}"),
                "ascending nodes more than a millionth of the whole apart",
            );
        }
        let width = (last - first) / bins;
        let table: Vec<R> =
            (0..nodes.len()).flat_map(|node| constants(nodes, node)).map(R::from_f64).collect();
        let rounded: Vec<f64> = table.chunks_exact(7).map(|row| row[0].to_f64()).collect();
        let start_of = |bin: usize| first + width * bin as f64;
        let bins: Vec<u32> = (0..bins as usize)
            .map(|bin| rounded.partition_point(|&node| node <= start_of(bin)).saturating_sub(1))
            .map(|node| node.min(nodes.len() - 2) as u32)
            .collect();
        Ok(Self {
            table: Buffer::from_slice(device, &table)?,
            count: bins.len() as u32,
            bins: Buffer::from_slice(device, &bins)?,
            first: R::from_f64(first),
            per_unit: R::from_f64(1.0 / width),
        })
    }
}

fn constants(nodes: &[f64], node: usize) -> [f64; 7] {
    let Some(next) = nodes.get(node + 1) else { return [nodes[node], 0.0, 0.0, 0.0, 0.0, 1.0, 0.0] };
    let spacing = next - nodes[node];
    let a = node.checked_sub(1).map(|before| (nodes[node] - nodes[before]) / spacing);
    let b = nodes.get(node + 2).map(|beyond| (beyond - nodes[node]) / spacing);
    let (inverse_a, inverse_b) = (a.map_or(0.0, f64::recip), b.map_or(0.0, f64::recip));
    let first = a.map_or(0.0, |a| 1.0 / (a * (1.0 + a) * (1.0 + a * inverse_b)));
    let third = 1.0 / ((1.0 + inverse_a) * (1.0 - inverse_b));
    let fourth = b.map_or(0.0, |b| 1.0 / (b * (b - 1.0) * (1.0 + b * inverse_a)));
    [nodes[node], 1.0 / spacing, inverse_a, inverse_b, first, third, fourth]
}
