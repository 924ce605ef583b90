//! Messages from one rank to another that the receiver does not expect at any time, from anyone, of any length.

use std::sync::Arc;

use super::transport::Pending;
use super::{Communicator, TAG_OF_LETTERS};
use crate::{Error, Result};

/// Longest letter (bytes): MPI counts with 32-bit integers.
const LONGEST: usize = 1 << 30;

/// What a rank has received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// The rank that posted it.
    pub from: usize,
    /// What it posted. Ranks that are threads share the memory.
    pub bytes: Arc<Vec<u8>>,
}

/// A letter that may still be under way.
///
/// Given up before it has gone, its memory is never freed, because MPI may read it at any time, and where ranks are processes the
/// job cannot end orderly.
#[must_use = "a letter is to be kept until it has gone"]
pub struct Posted(Box<dyn Pending>);

impl Posted {
    /// Whether the letter has gone, so that this may be dropped. It may not have been received. Asking also lets MPI work on.
    pub fn is_done(&mut self) -> Result<bool> {
        self.0.is_done()
    }
}

impl Communicator {
    /// Sends bytes to another rank and does not wait: it takes them when it calls [`Communicator::receive`]. Letters of one rank to
    /// another come in the order in which they were posted.
    ///
    /// Under MPI a long letter goes while its sender calls [`Posted::is_done`], or anything else of the communicator's.
    ///
    /// Errors: [`Error::InvalidValue`] for a rank that there is not, this one itself, and more than 2³⁰ bytes;
    /// [`Error::Communication`] for a thread that has ended.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use terrella_coupling::communicator::Communicator;
    ///
    /// let received = Communicator::threads(2, |ranks| {
    ///     if ranks.rank() == 0 {
    ///         let mut posted = ranks.post(1, Arc::new(b"news".to_vec()))?;
    ///         while !posted.is_done()? {}
    ///         return Ok(0);
    ///     }
    ///     loop {
    ///         if let Some(letter) = ranks.receive()? {
    ///             return Ok::<_, terrella_coupling::Error>(letter.bytes.len());
    ///         }
    ///     }
    /// });
    /// assert_eq!(received.into_iter().collect::<Result<Vec<_>, _>>()?, [0, 4]);
    /// # Ok::<(), terrella_coupling::Error>(())
    /// ```
    pub fn post(&self, to: usize, bytes: Arc<Vec<u8>>) -> Result<Posted> {
        self.expect_rank("rank of a letter", to)?;
        let invalid = |name, got: usize, expected: &str| {
            Err(Error::InvalidValue { name, got: got.to_string(), expected: expected.to_owned() })
        };
        if to == self.rank() {
            return invalid("rank of a letter", to, "another rank than its own");
        }
        if bytes.len() > LONGEST {
            return invalid("bytes of a letter", bytes.len(), "at most 2^30");
        }
        let length = bytes.len();
        let pending = self.transferring(|| self.transport().post(to, TAG_OF_LETTERS, bytes))?;
        self.count(|traffic| traffic.letters.add(1, length));
        Ok(Posted(pending))
    }

    /// The next letter that has come, if one has: those of one rank in order, those of several in any. Does not wait for one.
    pub fn receive(&self) -> Result<Option<Letter>> {
        let received = self.transferring(|| self.transport().receive(TAG_OF_LETTERS))?;
        Ok(received.map(|(from, bytes)| Letter { from, bytes }))
    }

    /// Whether a rank is known to have ended. Of threads that is known at once, of processes never: there a rank is missed by
    /// what it does not answer.
    pub fn has_left(&self, rank: usize) -> bool {
        rank < self.size() && self.transport().has_left(rank)
    }
}
