//! Who owns what, where no rank knows it all.

use crate::agreement::{agreed, expect_same};
use crate::communicator::Communicator;
use crate::decomposition::Blocks;
use crate::{Error, Result};

/// Nobody's.
const NOBODY: u32 = u32::MAX;

/// The owners of numbered entities, spread over ranks: each knows those of one block of numbers, whoever owns them.
///
/// Sent by a rank to others, as all-to-all: 8 bytes for each of its entities that lies in another's block when the directory is made, 8 bytes for each number that is
/// looked up there, and 4 for each answer.
#[derive(Clone, Debug)]
pub struct Directory {
    communicator: Communicator,
    blocks: Blocks,
    /// The owner of each number of this rank's block.
    owners: Vec<u32>,
}

impl Directory {
    /// Of `entities` that are numbered from 0, of which this rank owns `own`. All ranks make it together.
    ///
    /// # Errors
    /// [`Error::InvalidValue`] for a number of entities that differs between ranks, numbers beyond it, and entities that have
    /// two owners; the other ranks then get [`Error::Communication`].
    pub fn new(communicator: &Communicator, entities: u64, own: &[u64]) -> Result<Self> {
        expect_same(communicator, "entities", entities)?;
        let (rank, ranks) = (communicator.rank(), communicator.size());
        let blocks = Blocks::even(entities as usize, ranks);
        let mut sorted = own.to_vec();
        sorted.sort_unstable();
        agreed(communicator, "directory", expect_below("own entities", entities, &sorted))?;
        let received = communicator.all_to_all(&sorted, &counts(&blocks, &sorted))?;
        let first = blocks.of(rank).start;
        let mut owners = vec![NOBODY; blocks.of(rank).len()];
        let mut outcome = Ok(());
        for (owner, numbers) in received.iter().enumerate() {
            for &number in numbers {
                let place = &mut owners[number as usize - first];
                if *place != NOBODY {
                    outcome = Err(Error::InvalidValue {
                        name: "own entities",
                        got: format!("{number} on ranks {place} and {owner}"),
                        expected: "one owner for each entity".to_owned(),
                    });
                }
                *place = owner as u32;
            }
        }
        agreed(communicator, "directory", outcome)?;
        Ok(Self { communicator: communicator.clone(), blocks, owners })
    }

    /// Number of entities.
    pub fn entities(&self) -> u64 {
        self.blocks.items() as u64
    }

    /// The rank of each of these. All ranks ask together, each for its own numbers, in any order.
    ///
    /// # Errors
    /// [`Error::InvalidValue`] for a number beyond the entities and for an entity that nobody owns; the other ranks then get
    /// [`Error::Communication`].
    pub fn owners(&self, numbers: &[u64]) -> Result<Vec<usize>> {
        let Self { communicator, blocks, owners } = self;
        agreed(
            communicator,
            "directory",
            expect_below("entities that are asked for", self.entities(), numbers),
        )?;
        let mut order: Vec<usize> = (0..numbers.len()).collect();
        order.sort_unstable_by_key(|&place| numbers[place]);
        let sorted: Vec<u64> = order.iter().map(|&place| numbers[place]).collect();
        let questions = communicator.all_to_all(&sorted, &counts(blocks, &sorted))?;
        let first = blocks.of(communicator.rank()).start;
        let answers: Vec<u32> =
            questions.iter().flatten().map(|&number| owners[number as usize - first]).collect();
        let lengths: Vec<usize> = questions.iter().map(Vec::len).collect();
        let answers = communicator.all_to_all(&answers, &lengths)?.concat();
        let outcome = match answers.iter().position(|&owner| owner == NOBODY) {
            None => Ok(()),
            Some(place) => Err(Error::InvalidValue {
                name: "entities that are asked for",
                got: sorted[place].to_string(),
                expected: "an entity that some rank owns".to_owned(),
            }),
        };
        agreed(communicator, "directory", outcome)?;
        let mut found = vec![0; numbers.len()];
        for (place, owner) in order.into_iter().zip(answers) {
            found[place] = owner as usize;
        }
        Ok(found)
    }
}

fn expect_below(name: &'static str, entities: u64, numbers: &[u64]) -> Result<()> {
    match numbers.iter().find(|&&number| number >= entities) {
        None => Ok(()),
        Some(number) => {
            let (got, expected) = (number.to_string(), format!("numbers below {entities}"));
            Err(Error::InvalidValue { name, got, expected })
        }
    }
}

/// How many of the sorted numbers lie in each block.
fn counts(blocks: &Blocks, sorted: &[u64]) -> Vec<usize> {
    let before = |number: usize| sorted.partition_point(|&other| (other as usize) < number);
    (0..blocks.ranks()).map(|rank| before(blocks.of(rank).end) - before(blocks.of(rank).start)).collect()
}
