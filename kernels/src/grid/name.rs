//! Grids by their usual names: `F128`, `N320`, `O640`, `H64`, `r360x181`.

use std::str::FromStr;

use super::Grid;
use crate::{Error, Result};

/// Run-length encoded points per ring of the published classic reduced grids.
const REDUCED_POINTS: &str = include_str!("reduced_points.txt");

impl FromStr for Grid {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        parse(text).unwrap_or_else(|| {
            let reduced: Vec<_> = classic_sizes().map(|(size, _)| size.to_string()).collect();
            Err(Error::UnknownGrid { text: text.to_owned(), reduced: reduced.join(", ") })
        })
    }
}

fn parse(text: &str) -> Option<Result<Grid>> {
    let family = text.chars().next()?;
    let rest = &text[family.len_utf8()..];
    match family {
        'F' | 'f' => Some(Grid::full(decimal(rest)?)),
        'H' | 'h' => Some(Grid::healpix(decimal(rest)?)),
        'O' | 'o' => Some(Grid::octahedral(decimal(rest)?)),
        'N' | 'n' => {
            let half = decimal(rest)?;
            let (_, runs) = classic_sizes().find(|&(size, _)| size == half)?;
            let mut points = expand(runs);
            points.extend_from_within(..);
            points[half..].reverse();
            Some(Grid::reduced_named(&points, text.to_uppercase()))
        }
        'r' => {
            let (longitudes, latitudes) = rest.split_once('x')?;
            let latitudes = decimal(latitudes)?;
            Some(Grid::lat_lon(decimal(longitudes)?, latitudes, latitudes % 2 == 1))
        }
        _ => None,
    }
}

/// A number written with digits alone (`parse` would take a sign).
fn decimal(text: &str) -> Option<usize> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

fn classic_sizes() -> impl Iterator<Item = (usize, &'static str)> {
    REDUCED_POINTS.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let (size, runs) = line.split_once(' ').expect("a size and its runs on every line of the table");
        (size.parse().expect("a size in front of the runs"), runs)
    })
}

fn expand(runs: &str) -> Vec<usize> {
    let number = |text: &str| text.parse::<usize>().expect("numbers in the table of classic reduced grids");
    runs.split(' ')
        .flat_map(|run| match run.split_once('*') {
            Some((count, points)) => std::iter::repeat_n(number(points), number(count)),
            None => std::iter::repeat_n(number(run), 1),
        })
        .collect()
}
