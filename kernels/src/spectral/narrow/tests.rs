use super::super::lanes::{BLOCK, Lane};
use super::super::recurrence::steps;
use super::*;

const COLUMNS: usize = 2;

/// Blocks of latitudes from 3° beside the pole to the equator.
fn legendre(latitudes: usize, wavenumbers: &[usize], total: usize) -> Legendre {
    let latitude = |i: usize| 1.52 * (1.0 - i as f64 / latitudes as f64);
    let sines: Vec<f64> = (0..latitudes).map(|i| latitude(i).sin()).collect();
    let cosines: Vec<f64> = (0..latitudes).map(|i| latitude(i).cos()).collect();
    Legendre::new(&sines, &cosines, wavenumbers, total, f64::MATTERS, vec![0; wavenumbers.len()])
}

/// [n − m][2][columns].
fn rows(m: usize, last: usize) -> Vec<f64> {
    (0..(last - m + 1) * 2 * COLUMNS).map(|i| (1.7 * i as f64).sin() + 0.2).collect()
}

/// [line of pairs][part] of one column.
fn synthesis(
    carried: Carried,
    legendre: &Legendre,
    m: usize,
    rows: &[f64],
    columns: usize,
    column: usize,
) -> Vec<Line> {
    let lines = legendre.blocks.len() * BLOCK_LINES;
    let mut output = vec![Line::default(); columns * lines * PARTS];
    let places = Places { first: 0, first_line: 0, per_column: lines * PARTS, per_line: PARTS };
    pulp::Arch::new().dispatch(Synthesis {
        carried,
        asks: true,
        legendre,
        m,
        rows,
        columns,
        column,
        next_rows: rows,
        steps: &mut vec![[0.0; 4]; steps(0, rows.len() / (2 * columns) - 1)],
        places,
        output: &mut output,
    });
    output[column * lines * PARTS..(column + 1) * lines * PARTS].to_vec()
}

fn analysis(legendre: &Legendre, m: usize, lines: &[Line], columns: usize, column: usize, rows: &mut [f64]) {
    let line_count = legendre.blocks.len() * BLOCK_LINES;
    pulp::Arch::new().dispatch(Analysis {
        asks: true,
        legendre,
        m,
        source: Source::OfWavenumber { line_count, lines },
        workspace: &mut vec![Line::default(); workspace(legendre.blocks.len())],
        steps: &mut vec![[0.0; 4]; steps(0, rows.len() / (2 * columns) - 1)],
        rows,
        columns,
        column,
    });
}

fn numbers(lines: &[Line]) -> &[f64] {
    bytemuck::cast_slice(lines)
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Every number of blocks that run together or alone, with the last degree even or odd, from one degree on.
fn for_each_case(mut check: impl FnMut(&Legendre, usize, Vec<f64>)) {
    const TOTAL: usize = 150;
    const WAVENUMBERS: [usize; 4] = [0, 3, 140, TOTAL];
    for blocks in 1..=7 {
        // The last block is not full.
        let legendre = legendre(blocks * BLOCK - 5, &WAVENUMBERS, TOTAL);
        for last in [TOTAL, TOTAL - 1] {
            for (index, &m) in WAVENUMBERS.iter().enumerate().filter(|&(_, &m)| m <= last) {
                check(&legendre, index, rows(m, last));
            }
        }
    }
}

#[test]
fn sums_through_the_recurrence_are_those_beside_it() {
    // A few hundred roundings of functions of order 1, twice.
    for_each_case(|legendre, m, rows| {
        for column in 0..COLUMNS {
            let [expected, found] = [Carried::Functions, Carried::Sums]
                .map(|carried| synthesis(carried, legendre, m, &rows, COLUMNS, column));
            let largest = numbers(&expected).iter().fold(0.0_f64, |most, value| most.max(value.abs()));
            assert!(largest > 0.01, "wavenumber number {m}: {largest:e}");
            for (found, expected) in numbers(&found).iter().zip(numbers(&expected)) {
                assert!((found - expected).abs() < 1e-13 * largest.max(1.0), "{found:e} {expected:e}");
            }
        }
    });
}

#[test]
fn a_single_column_yields_what_it_does_among_others() {
    for_each_case(|legendre, m, rows| {
        let mut alone = Vec::new();
        for pair in rows.chunks_exact(COLUMNS) {
            alone.push(pair[1]);
        }
        for carried in [Carried::Functions, Carried::Sums] {
            let expected = synthesis(carried, legendre, m, &rows, COLUMNS, 1);
            let found = synthesis(carried, legendre, m, &alone, 1, 0);
            for (found, expected) in numbers(&found).iter().zip(numbers(&expected)) {
                assert!((found - expected).abs() < 1e-13 * expected.abs().max(1.0), "{found:e} {expected:e}");
            }
        }
    });
}

#[test]
fn an_analysis_is_the_transpose_of_a_synthesis() {
    for_each_case(|legendre, m, rows| {
        let alone: Vec<f64> = rows.iter().step_by(COLUMNS).copied().collect();
        // North and south each have a sum of their own.
        let values: Vec<Line> = (0..legendre.blocks.len() * BLOCK_LINES * PARTS)
            .map(|i| Line(std::array::from_fn(|lane| (0.3 * (8 * i + lane) as f64).cos())))
            .collect();
        let mut back = vec![0.0; alone.len()];
        analysis(legendre, m, &values, 1, 0, &mut back);
        for carried in [Carried::Functions, Carried::Sums] {
            let there = synthesis(carried, legendre, m, &alone, 1, 0);
            let [left, right] = [dot(numbers(&there), numbers(&values)), dot(&alone, &back)];
            let scale =
                (dot(numbers(&there), numbers(&there)) * dot(numbers(&values), numbers(&values))).sqrt();
            assert!((left - right).abs() < 1e-13 * scale, "{left:e} {right:e}");
        }
    });
}

#[test]
fn latitudes_that_never_matter_get_zeros() {
    // Over one block, from 3° beside the pole to the equator, what the recurrence carries grows beyond all numbers.
    let legendre = legendre(BLOCK, &[2000], 2600);
    for carried in [Carried::Functions, Carried::Sums] {
        let found = synthesis(carried, &legendre, 0, &rows(2000, 2600), COLUMNS, 0);
        assert_eq!(numbers(&found)[0], 0.0, "{carried:?}");
        assert!(numbers(&found).iter().all(|value| value.is_finite()), "{carried:?}");
        assert!(numbers(&found).iter().any(|value| value.abs() > 0.1), "{carried:?}");
    }
}
