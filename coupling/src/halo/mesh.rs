//! Neighbours of neighbours on a mesh.

use std::collections::HashMap;
use std::ops::Range;

use bytemuck::Pod;

use super::{Directory, Halo};
use crate::agreement::agreed;
use crate::communicator::Communicator;
use crate::error::expect_len;
use crate::{Error, Result};

/// A rank's part of a mesh: own entities and those around them, to any depth; a field is `[entity][level]`.
///
/// Local entities are the own ones in the order in which they were given, and then the halo's: those of depth 1, 2, …, each depth in ascending order of numbers.
/// An entity is in the halo at depth k if k steps from neighbour to neighbour, and no fewer, lead to it from an own one. Neighbours may be
/// one-sided: an entity's row is what it reads.
///
/// ```
/// use terrella_coupling::communicator::Communicator;
/// use terrella_coupling::halo::MeshHalo;
///
/// // A ring of twelve entities on two ranks: each knows its own six and their neighbours' numbers.
/// let halos = Communicator::threads(2, |ranks| {
///     let own: Vec<u64> = (0..6).map(|i| 6 * ranks.rank() as u64 + i).collect();
///     let neighbours: Vec<u64> = own.iter().flat_map(|i| [(i + 11) % 12, (i + 1) % 12]).collect();
///     let begins: Vec<usize> = (0..7).map(|i| 2 * i).collect();
///     let mesh = MeshHalo::<f64>::new(&ranks, 12, &own, &begins, &neighbours, 2)?;
///     assert_eq!(mesh.interior(), [2, 3]);
///     Ok::<_, terrella_coupling::Error>(mesh.numbers()[6..].to_vec())
/// });
/// assert_eq!(halos.into_iter().collect::<Result<Vec<_>, _>>()?, [[6, 11, 7, 10], [0, 5, 1, 4]]);
/// # Ok::<(), terrella_coupling::Error>(())
/// ```
pub struct MeshHalo<T: Pod> {
    halo: Halo<T>,
    /// The number of each local entity.
    numbers: Vec<u64>,
    /// Where each depth begins among them, own entities being depth 0, and their number.
    depths: Vec<usize>,
    /// Where each local entity's neighbours begin, as far as they are known.
    begins: Vec<usize>,
    neighbours: Vec<u32>,
    interior: Vec<u32>,
    border: Vec<u32>,
}

impl<T: Pod> MeshHalo<T> {
    /// A halo of depth `depth` around the entities `own` of a mesh of `entities`, which are numbered from 0 and of which each has one owner. All
    /// ranks make it together.
    ///
    /// | argument     | shape              | meaning                                                          |
    /// |--------------|--------------------|------------------------------------------------------------------|
    /// | `own`        | [own entity]       | numbers of this rank's entities, in any order                    |
    /// | `begins`     | [own entity + 1]   | where each one's neighbours begin in `neighbours`, and the end   |
    /// | `neighbours` | \[neighbour]       | numbers, of whomever they are                                    |
    ///
    /// Rows beyond the own ones are asked of their owners, depth by depth: 8 bytes for each entity and each neighbour.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] and [`Error::InvalidValue`] for rows that are none, a depth that differs between ranks, and those of [`Directory::new`] and
    /// [`Directory::owners`]; ranks without an error of their own get [`Error::Communication`].
    pub fn new(
        communicator: &Communicator,
        entities: u64,
        own: &[u64],
        begins: &[usize],
        neighbours: &[u64],
        depth: usize,
    ) -> Result<Self> {
        agreed(communicator, "halo", expect_rows(own.len(), begins, neighbours.len()))?;
        crate::agreement::expect_same(communicator, "depth", depth as u64)?;
        let directory = Directory::new(communicator, entities, own)?;
        let mut numbers = own.to_vec();
        let mut places: HashMap<u64, u32> = own.iter().copied().zip(0..).collect();
        let mut depths = vec![0, own.len()];
        let mut owners = Vec::new();
        let mut rows = Rows { begins: begins.to_vec(), neighbours: neighbours.to_vec() };
        // Rows whose neighbours may be new.
        let mut latest = 0..own.len();
        for level in 1..=depth {
            let reached = rows.neighbours[rows.begins[latest.start]..rows.begins[latest.end]].iter();
            let mut new: Vec<u64> = reached.copied().filter(|number| !places.contains_key(number)).collect();
            new.sort_unstable();
            new.dedup();
            latest = numbers.len()..numbers.len() + new.len();
            places.extend(new.iter().copied().zip(latest.start as u32..));
            numbers.extend(&new);
            depths.push(numbers.len());
            let of_new = directory.owners(&new)?;
            if level < depth {
                rows.append(communicator, &of_new, &new, &places)?;
            }
            owners.extend(of_new);
        }
        let halo = Halo::of_owners(communicator, own, &numbers[own.len()..], owners)?;
        let border = border(own.len(), depth, &rows, &places);
        let (border, interior) = (0..own.len() as u32).partition(|&entity| border[entity as usize]);
        // Without a halo neighbours of others have no place.
        let known = if depth == 0 { 0 } else { rows.begins.len() - 1 };
        let begins = rows.begins[..known + 1].to_vec();
        let neighbours = rows.neighbours[..begins[known]].iter().map(|number| places[number]).collect();
        Ok(Self { halo, numbers, depths, begins, neighbours, interior, border })
    }

    /// The plan.
    pub fn halo(&self) -> &Halo<T> {
        &self.halo
    }

    /// The number of each local entity, own ones first.
    pub fn numbers(&self) -> &[u64] {
        &self.numbers
    }

    /// Number of own entities.
    pub fn own(&self) -> usize {
        self.depths[1]
    }

    /// The local entities at a depth; own ones at depth 0.
    ///
    /// # Panics
    /// If the halo is not as deep.
    pub fn at_depth(&self, depth: usize) -> Range<usize> {
        self.depths[depth]..self.depths[depth + 1]
    }

    /// The neighbours of a local entity in the order in which they were given, as local entities. Those at the halo's outermost depth have neighbours that are not here: nothing.
    pub fn neighbours(&self, entity: usize) -> Option<&[u32]> {
        let end = *self.begins.get(entity + 1)?;
        Some(&self.neighbours[self.begins[entity]..end])
    }

    /// Own entities from which no halo entity is within as many steps as the halo is deep: they can be computed while it is being filled.
    pub fn interior(&self) -> &[u32] {
        &self.interior
    }

    /// The other own entities.
    pub fn border(&self) -> &[u32] {
        &self.border
    }
}

/// Refuses rows that do not lie one after another.
pub(crate) fn expect_rows(entities: usize, begins: &[usize], neighbours: usize) -> Result<()> {
    expect_len("begins", entities + 1, begins.len())?;
    expect_len("neighbours", begins[entities], neighbours)?;
    if begins[0] == 0 && begins.is_sorted() {
        return Ok(());
    }
    let got = format!("rows from {} on, not all in ascending order", begins[0]);
    Err(Error::InvalidValue { name: "begins", got, expected: "0 and then ascending numbers".to_owned() })
}

/// Numbers of neighbours, entity by entity.
struct Rows {
    begins: Vec<usize>,
    neighbours: Vec<u64>,
}

impl Rows {
    fn of(&self, entity: usize) -> &[u64] {
        &self.neighbours[self.begins[entity]..self.begins[entity + 1]]
    }

    /// The rows of these entities of others, which their owners know.
    fn append(
        &mut self,
        communicator: &Communicator,
        owners: &[usize],
        numbers: &[u64],
        places: &HashMap<u64, u32>,
    ) -> Result<()> {
        let mut order: Vec<usize> = (0..numbers.len()).collect();
        order.sort_unstable_by_key(|&entity| (owners[entity], entity));
        let asked: Vec<u64> = order.iter().map(|&entity| numbers[entity]).collect();
        let mut counts = vec![0; communicator.size()];
        owners.iter().for_each(|&owner| counts[owner] += 1);
        let asked = communicator.all_to_all(&asked, &counts)?;
        let (mut lengths, mut values, mut sent) = (Vec::new(), Vec::new(), Vec::new());
        for asked in &asked {
            let before = values.len();
            for number in asked {
                let row = self.of(places[number] as usize);
                lengths.push(row.len() as u64);
                values.extend(row);
            }
            sent.push(values.len() - before);
        }
        let asked: Vec<usize> = asked.iter().map(Vec::len).collect();
        let lengths = communicator.all_to_all(&lengths, &asked)?.concat();
        let values = communicator.all_to_all(&values, &sent)?.concat();
        // From the order of owners to that of the halo.
        let mut begin = 0;
        let mut found = vec![0..0; numbers.len()];
        for (&entity, &length) in order.iter().zip(&lengths) {
            found[entity] = begin..begin + length as usize;
            begin += length as usize;
        }
        for row in found {
            self.neighbours.extend(&values[row]);
            self.begins.push(self.neighbours.len());
        }
        Ok(())
    }
}

/// Which own entities reach one of another rank by `depth` steps or fewer.
fn border(own: usize, depth: usize, rows: &Rows, places: &HashMap<u64, u32>) -> Vec<bool> {
    let is_own = |number: &u64| places.get(number).is_some_and(|&place| (place as usize) < own);
    let mut reaches = vec![false; own];
    for step in 1..=depth {
        let before = reaches.clone();
        for entity in (0..own).filter(|&entity| !before[entity]) {
            let mut row = rows.of(entity).iter();
            reaches[entity] =
                row.any(|number| if is_own(number) { before[places[number] as usize] } else { step == 1 });
        }
    }
    reaches
}
