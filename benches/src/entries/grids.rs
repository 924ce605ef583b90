//! The grids of the transforms' entries.

use terrella_kernels::grid::Grid;

use crate::{Error, Key, Request, Result};

/// The key that chooses the grids.
pub(super) const KEY: Key = Key {
    name: "grid",
    default: "full",
    meaning: "full: F⌈(T+1)/2⌉, linear; octahedral: O(T+1), cubic; or names such as N32; separated by commas",
};

/// The grids of the key `grid` for a truncation.
pub(super) fn grids(request: &Request, truncation: usize) -> Result<Vec<Grid>> {
    let grid = |word: &str| -> Result<Grid> {
        Ok(match word {
            "full" => Grid::full((truncation + 1).div_ceil(2))?,
            "octahedral" => Grid::octahedral(truncation + 1)?,
            name => name.parse().map_err(|error| Error::Value {
                name: "--grid".to_owned(),
                got: format!("'{name}'"),
                expected: format!("full, octahedral or a grid's name ({error})"),
            })?,
        })
    };
    request.text("grid").split(',').map(|word| grid(word.trim())).collect()
}

/// Operations of real Fourier transforms of all rings, 2.5 n log₂ n each, as is usual to count them.
pub(super) fn fourier_flops(grid: &Grid) -> f64 {
    grid.rings().iter().map(|ring| ring.points as f64).map(|points| 2.5 * points * points.log2()).sum()
}
