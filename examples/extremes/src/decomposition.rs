//! `extremes run --decomposition RANKS`: who would own what, and send how much, without running.

use terrella_coupling::spectral::{Part, StepVolume, expect_no_idle_rank, level_sets, transform_shares};
use terrella_kernels::grid::Grid;
use terrella_kernels::spectral::Truncation;

use crate::error::{Error, Result};

/// The plan for a model on so many ranks, with numbers of `width` bytes: a row for each rank, the last `servers` of which
/// write, and how unequal the others are.
///
/// The bytes are those that a rank sends in a step: those of [`StepVolume`], and the spectrum that rank 0 is given for its measurements.
pub(crate) fn plan(
    grid: &Grid,
    truncation: usize,
    ranks: usize,
    volume: &StepVolume,
    width: usize,
    servers: usize,
) -> Result<String> {
    if servers >= ranks {
        let expected = format!("fewer than {ranks} ranks");
        return Err(Error::Setting { key: "ranks", table: "server", got: servers.to_string(), expected });
    }
    let ranks = ranks - servers;
    let truncation = Truncation::new(truncation);
    let shares = transform_shares(grid, truncation, ranks)?;
    expect_no_idle_rank(&shares)?;
    let mut lines = vec![
        format!("T{} on {grid}, {ranks} ranks", truncation.total()),
        "rank   rings   points   wavenumbers   coefficients   bytes per step".to_owned(),
    ];
    let mut rows = Vec::new();
    for rank in 0..ranks {
        let part = Part::of_rank(&shares, rank);
        let gathered = if rank == 0 { 0 } else { 2 * width * part.coefficients() };
        let bytes = volume.bytes(&shares, rank, width) + gathered as u64;
        let row = [
            part.rings().len() as u64,
            part.points() as u64,
            part.zonal_wavenumbers().len() as u64,
            part.coefficients() as u64,
            bytes,
        ];
        let [rings, points, wavenumbers, coefficients, bytes] = row;
        lines.push(format!("{rank:4} {rings:7} {points:8} {wavenumbers:13} {coefficients:14} {bytes:16}"));
        rows.push(row);
    }
    let server = |number| format!("{:4}   output server {number}", ranks + number);
    lines.extend((0..servers).map(server));
    let column = |number: usize| rows.iter().map(move |row| row[number]);
    let imbalance = |number: usize| {
        let total: u64 = column(number).sum();
        let most = column(number).max().unwrap_or(0);
        if total == 0 { 1.0 } else { most as f64 * ranks as f64 / total as f64 }
    };
    lines.push(format!(
        "most over mean: points {:.3}, coefficients {:.3}, bytes {:.3}; all together {} bytes per step",
        imbalance(1),
        imbalance(3),
        imbalance(4),
        column(4).sum::<u64>()
    ));
    let sets = level_sets(&shares);
    if sets > 1 {
        lines.push(format!(
            "levels are shared by {sets} sets of {} ranks; bytes are those of a single set",
            ranks / sets
        ));
    }
    Ok(lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_has_all_of_the_grid_and_of_the_truncation() {
        let grid: Grid = "F16".parse().unwrap();
        let volume = StepVolume { to_grid: vec![2, 2], to_spectra: vec![4, 1], ..StepVolume::default() };
        let text = plan(&grid, 21, 3, &volume, 8, 0).unwrap();
        let rows: Vec<Vec<u64>> = (text.lines().skip(2).take(3))
            .map(|line| line.split_whitespace().map(|number| number.parse().unwrap()).collect())
            .collect();
        let total = |column: usize| rows.iter().map(|row| row[column]).sum::<u64>();
        assert_eq!([1, 2, 3, 4].map(total), [32, 2048, 22, 253]);
        assert!(text.contains(&format!("all together {} bytes per step", total(5))), "{text}");
        let alone = plan(&grid, 21, 1, &volume, 8, 0).unwrap();
        assert!(alone.contains("all together 0 bytes per step"), "{alone}");
        let served = plan(&grid, 21, 5, &volume, 8, 2).unwrap();
        assert!(
            served.contains("\n   3   output server 0\n   4   output server 1\nmost over mean"),
            "{served}"
        );
        let many = plan(&"F64".parse().unwrap(), 63, 64, &volume, 8, 0).unwrap();
        assert!(
            many.ends_with("\nlevels are shared by 2 sets of 32 ranks; bytes are those of a single set"),
            "{many}"
        );
        assert!(plan(&grid, 21, 2, &volume, 8, 2).unwrap_err().to_string().contains("fewer than 2 ranks"));
        let refusal = plan(&grid, 21, 20, &volume, 8, 0).unwrap_err().to_string();
        assert!(refusal.starts_with("'ranks' is 20, of which rank"), "{refusal}");
    }
}
