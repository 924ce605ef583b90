use pulp::{Simd, WithSimd};

use super::super::coefficients::{PARTS, Places};
use super::super::lanes::{BLOCK, BLOCK_LINES, Lane, Line, per_line};
use super::super::latitudes::Legendre;
use super::super::narrow;
use super::super::recurrence::steps;
use super::{Synthesis, Workspace};

const TOTAL: usize = 150;
const WAVENUMBERS: [usize; 3] = [0, 3, 140];
const COLUMNS: usize = 5;

/// A synthesis in groups of a given size, whatever this machine's is.
struct InGroups<'a, W, const GROUP: usize>(Synthesis<'a, W>);

impl<W: Lane, const GROUP: usize> WithSimd for InGroups<'_, W, GROUP> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match W::BLOCK_LINES * per_line::<S, W>() {
            1 => self.0.sum::<S, 1, 1, GROUP>(simd),
            2 => self.0.sum::<S, 2, 2, GROUP>(simd),
            4 => self.0.sum::<S, 4, 2, GROUP>(simd),
            8 => self.0.sum::<S, 8, 2, GROUP>(simd),
            _ => self.0.sum::<S, 16, 2, GROUP>(simd),
        }
    }
}

/// Rows of which the last has even n − m, or odd.
fn rows(m: usize, last: usize) -> Vec<f64> {
    (0..(last - m + 1) * 2 * COLUMNS).map(|i| (1.7 * i as f64).sin() + 0.2).collect()
}

fn legendre(matters: i32) -> Legendre {
    // One block and a half, up to the equator.
    let latitudes: Vec<f64> = (0..BLOCK + BLOCK / 2).map(|i| 1.5 - 1.5 * i as f64 / 24.0).collect();
    let sines: Vec<f64> = latitudes.iter().map(|latitude| latitude.sin()).collect();
    let cosines: Vec<f64> = latitudes.iter().map(|latitude| latitude.cos()).collect();
    Legendre::new(&sines, &cosines, &WAVENUMBERS, TOTAL, matters, vec![0; WAVENUMBERS.len()])
}

/// What the sums of one column at a time yield, [column][line][part] in f64.
fn one_by_one(legendre: &Legendre, m: usize, rows: &[f64]) -> Vec<Line> {
    let lines = legendre.blocks.len() * BLOCK_LINES;
    let mut output = vec![Line::default(); COLUMNS * lines * PARTS];
    for column in 0..COLUMNS {
        let places = Places { first: 0, first_line: 0, per_column: lines * PARTS, per_line: PARTS };
        let degrees = rows.len() / (2 * COLUMNS);
        pulp::Arch::new().dispatch(narrow::Synthesis {
            carried: narrow::Carried::Functions,
            asks: false,
            legendre,
            m,
            rows,
            columns: COLUMNS,
            column,
            next_rows: &[],
            steps: &mut vec![[0.0; 4]; steps(0, degrees - 1)],
            places,
            output: &mut output,
        });
    }
    output
}

/// The largest difference of any sum in groups of GROUP columns from those of one column at a time, of which the largest is 1.
fn difference<W: Lane, const GROUP: usize>(last: usize) -> f64 {
    let legendre = legendre(W::MATTERS);
    let mut worst = 0.0_f64;
    for (m, &wavenumber) in WAVENUMBERS.iter().enumerate() {
        let rows = rows(wavenumber, last);
        let expected = one_by_one(&legendre, m, &rows);
        let lines = legendre.blocks.len() * W::BLOCK_LINES;
        let mut output = vec![Line::default(); COLUMNS * lines * PARTS];
        let mut workspace = Workspace::new::<W>(TOTAL, COLUMNS, legendre.blocks.len());
        let rows: Vec<W> = rows.into_iter().map(W::of).collect();
        pulp::Arch::new().dispatch(InGroups::<W, GROUP>(Synthesis {
            legendre: &legendre,
            m,
            rows: &rows,
            columns: COLUMNS,
            next_rows: &[],
            workspace: &mut workspace,
            places: Places { first: 0, first_line: 0, per_column: lines * PARTS, per_line: PARTS },
            output: &mut output,
        }));
        let at = |lines: &[Line], lanes: usize, column: usize, part: usize, latitude: usize| {
            let line = (column * legendre.blocks.len() * BLOCK / lanes + latitude / lanes) * PARTS + part;
            match lanes {
                16 => f64::from(bytemuck::cast_slice::<Line, f32>(&lines[line..=line])[latitude % lanes]),
                _ => lines[line].0[latitude % lanes],
            }
        };
        let (mut largest, mut farthest) = (0.0_f64, 0.0_f64);
        for latitude in 0..BLOCK + BLOCK / 2 {
            for (column, part) in (0..COLUMNS).flat_map(|column| (0..PARTS).map(move |part| (column, part))) {
                let expected = at(&expected, 8, column, part, latitude);
                largest = largest.max(expected.abs());
                farthest = farthest.max((at(&output, W::LANES, column, part, latitude) - expected).abs());
            }
        }
        assert!(largest > 0.1, "wavenumber {wavenumber}: {largest:e}");
        worst = worst.max(farthest / largest);
    }
    worst
}

#[test]
fn groups_of_any_size_yield_what_single_columns_do() {
    // The last degree has even n − m, or odd ones alone; a few hundred roundings of sums of order 1.
    for last in [TOTAL, TOTAL - 1] {
        for found in [difference::<f64, 6>(last), difference::<f64, 8>(last), difference::<f64, 16>(last)] {
            assert!(found < 1e-13, "{found:e}");
        }
        for found in [difference::<f32, 6>(last), difference::<f32, 8>(last), difference::<f32, 16>(last)] {
            assert!(found < 2e-6, "{found:e}");
        }
    }
}
