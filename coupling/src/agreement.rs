//! What one rank refuses, no rank goes on with.

use std::fmt::Display;

use crate::communicator::Communicator;
use crate::{Error, Result};

/// The first rank whose outcome is an error, with the error's text; nothing where all outcomes are good. All ranks call it and get the
/// same.
///
/// The text of each rank that has one to each other, counted as gathered.
pub fn first_failure<T, E: Display>(
    communicator: &Communicator,
    outcome: &std::result::Result<T, E>,
) -> Result<Option<(usize, String)>> {
    let own = outcome.as_ref().err().map_or(String::new(), ToString::to_string);
    let all = communicator.all_gather(own.as_bytes())?;
    let failed = all.iter().position(|text| !text.is_empty());
    Ok(failed.map(|rank| (rank, String::from_utf8_lossy(&all[rank]).into_owned())))
}

/// The first rank whose text is not that of rank 0, its text, and rank 0's; nothing where all are alike. All ranks call it and get the
/// same.
///
/// The text of each rank to each other, counted as gathered.
pub fn first_unlike(
    communicator: &Communicator,
    own: impl Display,
) -> Result<Option<(usize, String, String)>> {
    let all = communicator.all_gather(own.to_string().as_bytes())?;
    let text = |rank: usize| String::from_utf8_lossy(&all[rank]).into_owned();
    let unlike = all.iter().position(|other| *other != all[0]);
    Ok(unlike.map(|rank| (rank, text(rank), text(0))))
}

/// The outcome, where it is good on all ranks; else each rank's own error, and on the others one that names the first rank that failed
/// and says why.
pub(crate) fn agreed<T>(
    communicator: &Communicator,
    operation: &'static str,
    outcome: Result<T>,
) -> Result<T> {
    match first_failure(communicator, &outcome)? {
        None => outcome,
        Some((rank, reason)) => outcome.and_then(|_| {
            let reason = reason.trim_end_matches('.').to_owned();
            Err(Error::Communication { rank, operation, reason })
        }),
    }
}

/// Refuses a number that is not the same on all ranks, on all of them.
pub(crate) fn expect_same(communicator: &Communicator, name: &'static str, number: u64) -> Result<()> {
    match first_unlike(communicator, number)? {
        None => Ok(()),
        Some((rank, got, expected)) => Err(Error::InvalidValue {
            name,
            got: format!("{got} on rank {rank}"),
            expected: format!("{expected} as on rank 0"),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_ranks_hear_of_the_first_that_failed_or_differs() {
        let heard = Communicator::threads(3, |ranks| {
            let rank = ranks.rank();
            let outcome = if rank == 0 { Ok(()) } else { Err(format!("no room on {rank}.")) };
            let failed = first_failure(&ranks, &outcome).unwrap();
            let fine = first_failure(&ranks, &Ok::<(), String>(())).unwrap();
            let unlike = first_unlike(&ranks, rank.max(1)).unwrap();
            let alike = first_unlike(&ranks, "same").unwrap();
            assert_eq!((fine, alike), (None, None));
            (failed, unlike)
        });
        let failed = Some((1, "no room on 1.".to_owned()));
        let unlike = Some((2, "2".to_owned(), "1".to_owned()));
        assert_eq!(heard, vec![(failed, unlike); 3]);
    }
}
