//! Entities of a mesh in compact parts of the same weight, found by all ranks together.

mod bisection;
mod pieces;

use crate::agreement::{agreed, expect_same};
use crate::communicator::Communicator;
use crate::error::expect_len;
use crate::halo::MeshHalo;
use crate::{Error, Result};

/// Entities of a mesh that a rank has before it is parted.
#[derive(Clone, Copy, Debug)]
pub struct MeshShare<'a> {
    /// Number of entities on all ranks, which are numbered from 0.
    pub entities: u64,
    /// Numbers of those on this rank, \[entity]; each entity is on one rank.
    pub own: &'a [u64],
    /// Where they are, \[entity], in any unit: points of space, of a sphere, or of a plane with one coordinate 0.
    pub coordinates: &'a [[f64; 3]],
    /// What they weigh, \[entity], such as their number of levels under water.
    pub weights: &'a [u64],
    /// Where each one's neighbours begin in `neighbours`, and the end, \[entity + 1].
    pub begins: &'a [usize],
    /// Numbers of neighbours, which are mutual.
    pub neighbours: &'a [u64],
}

/// Parts of a mesh by recursive inertial bisection.
///
/// Entities are cut across the longest principal axis of their weighted coordinates, where the weights on both sides are as the numbers of parts there, and so on
/// with both sides. Each cut is right to within half of an entity. Sums are exact before they are rounded and entities beside a cut are told apart by their numbers, so that parts
/// depend on the mesh alone, not on the ranks or their shares.
///
/// A rank needs memory for its share; ranks send each other, for a level of cuts with G groups, 16 times 256 G weights, or twice as many where a side would have fewer entities than parts, and
/// 10 G sums. What is cut is found with a halo of depth 1.
///
/// ```
/// use terrella_coupling::communicator::Communicator;
/// use terrella_coupling::decomposition::{MeshPartition, MeshShare};
///
/// // A row of nine entities of weight 1 in three parts, on one rank.
/// let own: Vec<u64> = (0..9).collect();
/// let rows = own.iter().map(|&i| [i.checked_sub(1), (i < 8).then_some(i + 1)]);
/// let rows: Vec<Vec<u64>> = rows.map(|row| row.into_iter().flatten().collect()).collect();
/// let begins: Vec<usize> = (0..10).map(|i| rows[..i].iter().map(Vec::len).sum()).collect();
/// let coordinates: Vec<[f64; 3]> = own.iter().map(|&i| [i as f64, 0.0, 0.0]).collect();
/// let share = MeshShare {
///     entities: 9,
///     own: &own,
///     coordinates: &coordinates,
///     weights: &[1; 9],
///     begins: &begins,
///     neighbours: &rows.concat(),
/// };
/// let partition = MeshPartition::new(&Communicator::serial(), &share, 3)?;
/// let mut parts = partition.parts().to_vec();
/// parts.dedup();
/// assert_eq!((parts.len(), partition.edge_cut(), partition.imbalance()), (3, 2, 1.0));
/// # Ok::<(), terrella_coupling::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct MeshPartition {
    parts: Vec<u32>,
    weights: Vec<u64>,
    edge_cut: u64,
    pieces: Vec<u64>,
}

impl MeshPartition {
    /// `parts` parts of a mesh. All ranks find them together.
    ///
    /// # Errors
    /// [`Error::InvalidValue`] for no parts and more parts than entities, coordinates that are not finite, weights that are all 0 or sum to 2⁶⁴, entities that are on no rank or on
    /// more than one, and numbers that differ between ranks; [`Error::LengthMismatch`]. Ranks without an error of their own get [`Error::Communication`].
    pub fn new(communicator: &Communicator, share: &MeshShare<'_>, parts: usize) -> Result<Self> {
        expect_same(communicator, "parts", parts as u64)?;
        agreed(communicator, "partition", share.validate(parts))?;
        // Also knows that entities are on one rank each.
        let MeshShare { entities, own, begins, neighbours, .. } = *share;
        let halo = MeshHalo::<u64>::new(communicator, entities, own, begins, neighbours, 1)?;
        let counts = sum_over_ranks(communicator, &[own.len() as u64])?;
        if counts[0] != entities {
            let (got, expected) = (counts[0].to_string(), format!("{entities} on all ranks together"));
            return Err(Error::InvalidValue { name: "own entities", got, expected });
        }
        let weight = share.weights.iter().try_fold(0u64, |sum, &weight| sum.checked_add(weight));
        let total = communicator
            .all_gather(&[weight.unwrap_or(0)])?
            .iter()
            .try_fold(0u64, |sum, weight| sum.checked_add(weight[0]));
        let outcome = match (weight, total) {
            (Some(_), Some(1..)) => Ok(()),
            _ => {
                let expected = "a sum above 0 and below 2⁶⁴".to_owned();
                let got = weight.and(total).map_or("more".to_owned(), |total| format!("{total} altogether"));
                Err(Error::InvalidValue { name: "weights", got, expected })
            }
        };
        agreed(communicator, "partition", outcome)?;
        let of_entities = bisection::bisect(communicator, share, parts)?;
        let mut weights = vec![0; parts];
        for (&part, weight) in of_entities.iter().zip(share.weights) {
            weights[part as usize] += weight;
        }
        let weights = sum_over_ranks(communicator, &weights)?;
        let (edge_cut, pieces) = pieces::count(communicator, &halo, &of_entities, parts)?;
        Ok(Self { parts: of_entities, weights, edge_cut, pieces })
    }

    /// The part of each of this rank's entities.
    pub fn parts(&self) -> &[u32] {
        &self.parts
    }

    /// The weight of each part.
    pub fn weights(&self) -> &[u64] {
        &self.weights
    }

    /// The largest weight of a part over their mean.
    pub fn imbalance(&self) -> f64 {
        let most = self.weights.iter().max().copied().unwrap_or(0) as f64;
        most * self.weights.len() as f64 / self.weights.iter().map(|&weight| weight as f64).sum::<f64>()
    }

    /// Number of pairs of neighbours in different parts.
    pub fn edge_cut(&self) -> u64 {
        self.edge_cut
    }

    /// Number of pieces of each part within which neighbours lead from everywhere to everywhere: 1 for a part that hangs together.
    pub fn pieces(&self) -> &[u64] {
        &self.pieces
    }
}

impl MeshShare<'_> {
    fn validate(&self, parts: usize) -> Result<()> {
        let refuse = |name, got: String, expected: String| Err(Error::InvalidValue { name, got, expected });
        if parts == 0 || parts as u64 > self.entities || parts > u32::MAX as usize {
            return refuse(
                "parts",
                parts.to_string(),
                format!("1 to {}, the number of entities", self.entities),
            );
        }
        expect_len("coordinates", self.own.len(), self.coordinates.len())?;
        expect_len("weights", self.own.len(), self.weights.len())?;
        let is_finite = |place: &[f64; 3]| place.iter().all(|x| x.is_finite());
        match self.coordinates.iter().position(|place| !is_finite(place)) {
            None => Ok(()),
            Some(index) => {
                let got = format!("{:?} of entity {}", self.coordinates[index], self.own[index]);
                refuse("coordinates", got, "finite coordinates".to_owned())
            }
        }
    }
}

/// The sums of each rank's numbers, place by place.
fn sum_over_ranks(communicator: &Communicator, numbers: &[u64]) -> Result<Vec<u64>> {
    let mut sums = vec![0; numbers.len()];
    for of_rank in communicator.all_gather(numbers)? {
        sums.iter_mut().zip(of_rank).for_each(|(sum, number)| *sum += number);
    }
    Ok(sums)
}
