//! What ranks find together, with the bits of a rank alone.

use terrella_coupling::communicator::Communicator;
use terrella_coupling::spectral::Part;
use terrella_kernels::grid::Ring;

use crate::{Error, Result};

/// The first of what ranks found, by place, on all of them; what one alone found.
pub(crate) fn first_found(
    ranks: Option<&Communicator>,
    found: Option<(usize, f64)>,
) -> Result<Option<(usize, f64)>> {
    let Some(communicator) = ranks else { return Ok(found) };
    // Places are whole numbers far below 2⁵³.
    let own = found.map_or([f64::INFINITY, 0.0], |(place, value)| [place as f64, value]);
    let all = communicator.all_gather(&own)?;
    let first = all.iter().min_by(|one, other| one[0].total_cmp(&other[0]));
    Ok(first.filter(|found| found[0].is_finite()).map(|found| (found[0] as usize, found[1])))
}

/// Global means of `width` quantities times the sum of the weights, and that sum: of the sums over the points of each own ring that `sums`
/// makes, in the order of the rings of the grid.
pub(crate) fn global_means(
    communicator: &Communicator,
    part: &Part,
    width: usize,
    mut sums: impl FnMut(&Ring, &mut [f64]),
) -> Result<(Vec<f64>, f64)> {
    let mut own = vec![0.0; width * part.rings().len()];
    for (ring, sums_of_ring) in part.rings().iter().zip(own.chunks_exact_mut(width)) {
        sums(ring, sums_of_ring);
    }
    let all = part.values_of_rings(communicator, width, &own)?;
    let mut means = vec![0.0; width];
    let mut total_weight = 0.0;
    for (ring, sums) in part.grid().rings().iter().zip(all.chunks_exact(width)) {
        let weight = ring.weight / ring.points as f64;
        total_weight += ring.weight;
        for (mean, sum) in means.iter_mut().zip(sums) {
            *mean += weight * sum;
        }
    }
    Ok((means, total_weight))
}

/// An error for a model that ranks share.
pub(crate) fn expect_alone(part: &Part, expected: &'static str) -> Result<()> {
    if part.is_whole() {
        return Ok(());
    }
    Err(Error::InvalidConfiguration { name: "ranks", got: part.ranks().to_string(), expected })
}
