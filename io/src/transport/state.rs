//! What the plans of a run with servers remember, of the rank and of each server, as bytes for a checkpoint.

use crate::error::{Error, Result};
use crate::plan::state::{Reader, Writer, is_of_nothing};

const MAGIC: [u8; 8] = *b"TERRSRV\x01";
/// Of the states of several ranks.
const MAGIC_OF_RANKS: [u8; 8] = *b"TERRRNK\x01";

/// One state of those that [`Client::state`](super::Client::state) returned, by rank: the first one's, where the others have nothing to
/// remember.
pub fn join_states(states: &[Vec<u8>]) -> Vec<u8> {
    let Some((first, others)) = states.split_first() else { return Vec::new() };
    if others.iter().all(|state| parts(state).is_some_and(|(own, of_servers)| is_blank(own, &of_servers))) {
        return first.clone();
    }
    let mut writer = Writer::default();
    writer.raw(&MAGIC_OF_RANKS);
    writer.number(states.len() as u64);
    states.iter().for_each(|state| writer.bytes(state));
    writer.finish()
}

/// The state of a rank, one of so many, from that of all of them; nothing where it has nothing to remember.
///
/// # Errors
/// [`Error::OtherPlan`] where plans remember something of another number of ranks; [`Error::PlanState`].
pub fn state_for_rank(state: &[u8], rank: usize, ranks: usize) -> Result<Vec<u8>> {
    let Some(rest) = state.strip_prefix(&MAGIC_OF_RANKS) else {
        return Ok(if rank == 0 { state.to_vec() } else { Vec::new() });
    };
    let mut reader = Reader::new(rest);
    let read = |reader: &mut Reader<'_>| {
        let count = reader.length()?;
        let states = (0..count).map(|_| reader.bytes().map(<[u8]>::to_vec)).collect::<Option<Vec<_>>>()?;
        reader.end().map(|()| states)
    };
    let states = read(&mut reader).ok_or_else(damaged)?;
    if states.len() != ranks {
        return Err(Error::OtherPlan {
            place: "number of ranks whose plans remember something".into(),
            expected: states.len().to_string(),
            got: ranks.to_string(),
        });
    }
    states.into_iter().nth(rank).ok_or_else(damaged)
}

fn damaged() -> Error {
    Error::PlanState { reason: "they do not start and end as they should".into() }
}

/// From what the rank's own plans remember and those of each server.
pub(super) fn of_parts(own: &[u8], servers: &[Vec<u8>]) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.raw(&MAGIC);
    writer.bytes(own);
    writer.number(servers.len() as u64);
    servers.iter().for_each(|state| writer.bytes(state));
    writer.finish()
}

/// What the plans of a rank remembered, from what [`Client::state`](super::Client::state) returned on it: for
/// [`Plans::restore`](crate::plan::Plans::restore) in a run with so many servers, of which 0 carry all out on the rank itself.
///
/// # Errors
/// [`Error::OtherPlan`] where plans remember something of another number of servers; [`Error::PlanState`].
pub fn state_of_rank(state: &[u8], servers: usize) -> Result<Vec<u8>> {
    part(state, servers, None)
}

/// What the plans of a server, or without a number the rank's own, remembered in a run with as many servers. Where it had another number of
/// them, nothing, if nothing was remembered; else an error.
pub(super) fn part(state: &[u8], servers: usize, server: Option<usize>) -> Result<Vec<u8>> {
    let (own, of_servers) = parts(state).ok_or_else(damaged)?;
    if of_servers.len() == servers {
        return Ok(server.map_or(own, |server| of_servers[server]).to_vec());
    }
    match is_blank(own, &of_servers) {
        true => Ok(Vec::new()),
        false => Err(Error::OtherPlan {
            place: "number of output servers whose plans remember something".into(),
            expected: of_servers.len().to_string(),
            got: servers.to_string(),
        }),
    }
}

/// Whether nothing is remembered.
fn is_blank(own: &[u8], of_servers: &[&[u8]]) -> bool {
    is_of_nothing(own) && of_servers.iter().all(|state| is_of_nothing(state))
}

/// Of the rank and of each server, of which there are none where they did not carry plans out.
fn parts(state: &[u8]) -> Option<(&[u8], Vec<&[u8]>)> {
    let Some(rest) = state.strip_prefix(&MAGIC) else { return Some((state, Vec::new())) };
    let mut reader = Reader::new(rest);
    let own = reader.bytes()?;
    let count = reader.number()?;
    let servers = (0..count).map(|_| reader.bytes()).collect::<Option<_>>()?;
    reader.end()?;
    Some((own, servers))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::state::join;

    #[test]
    fn each_gets_its_own_part_and_other_servers_only_where_there_is_none() {
        let nothing = join(std::iter::empty());
        let something = join([vec![1, 2, 3]].into_iter());
        let state = of_parts(&nothing, &[something.clone(), nothing.clone()]);
        assert_eq!(part(&state, 2, None).unwrap(), nothing);
        assert_eq!(part(&state, 2, Some(0)).unwrap(), something);
        let text = part(&state, 1, Some(0)).unwrap_err().to_string();
        assert!(text.contains("expected 2, got 1"), "{text}");
        assert!(part(&state, 0, None).is_err() && part(&something, 1, Some(0)).is_err());
        let state = of_parts(&nothing, std::slice::from_ref(&nothing));
        assert_eq!(part(&state, 3, Some(2)).unwrap(), [0; 0]);
        assert_eq!(part(&nothing, 1, Some(0)).unwrap(), [0; 0]);
        assert_eq!(part(&something, 0, None).unwrap(), something);
        // Of several ranks, a state is more than the first one's where the others remember something.
        let other = of_parts(&nothing, &[Vec::new(), Vec::new()]);
        let first = of_parts(&nothing, &[something.clone(), nothing.clone()]);
        assert_eq!(join_states(&[first.clone(), other.clone()]), first);
        assert_eq!(state_for_rank(&first, 0, 5).unwrap(), first);
        assert_eq!(state_for_rank(&first, 4, 5).unwrap(), [0; 0]);
        let other = of_parts(&something, &[Vec::new(), Vec::new()]);
        let both = join_states(&[first.clone(), other.clone()]);
        assert_eq!(state_for_rank(&both, 0, 2).unwrap(), first);
        assert_eq!(state_for_rank(&both, 1, 2).unwrap(), other);
        let text = state_for_rank(&both, 0, 1).unwrap_err().to_string();
        assert!(text.contains("number of ranks") && text.contains("expected 2, got 1"), "{text}");
        assert!(state_for_rank(&both[..both.len() - 1], 0, 2).is_err());
        assert_eq!(join_states(&[nothing.clone(), nothing.clone()]), nothing);
        assert!(join_states(&[nothing.clone(), something.clone()]) != nothing, "without servers too");
        assert!(part(&state[..state.len() - 1], 1, None).unwrap_err().to_string().contains("start and end"));
    }
}
