//! Ranks that are threads of this process.
//!
//! Messages wait in one place for all ranks of a group until they are taken. A rank whose communicator is gone, because its
//! work ended or panicked, is known to have left: who waits for a message of its gets an error.

use std::cell::Cell;
use std::collections::{HashMap, VecDeque};
use std::mem;
use std::ops::Range;
use std::panic;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::transport::{Buffers, Nothing, Parcel, Pending, Received, Transport, Words};
use super::window::Segment;
use crate::{Error, Result};

/// Buffers per rank that are kept.
const SPARE: usize = 2;

/// A message with the operation that sent it.
struct Message {
    operation: &'static str,
    contents: Contents,
}

enum Contents {
    Own(Vec<u8>),
    /// Bytes of a buffer with the parcels for several ranks, whose last reader puts it to the spare ones.
    Shared(Arc<Vec<u64>>, Range<usize>),
}

impl Contents {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Own(bytes) => bytes,
            Self::Shared(words, bytes) => &bytemuck::cast_slice(words)[bytes.clone()],
        }
    }
}

/// To, from, and the tag of an exchange; tag `None` for operations of all ranks, which come in one order.
type Address = (usize, usize, Option<u16>);

#[derive(Default)]
struct State {
    mail: HashMap<Address, VecDeque<Message>>,
    /// Buffers of parcels that were all taken, for those to come: new pages cost more than copying.
    spare: Vec<Vec<u64>>,
    /// For a rank, by tag: from whom, and what.
    letters: HashMap<(usize, u16), VecDeque<Received>>,
    left: Vec<bool>,
    /// Memory of ranks that others have not found yet.
    segments: HashMap<usize, Arc<Segment>>,
    /// Groups of splits that not all of their ranks have found yet, by which split of the group and colour.
    splits: HashMap<(usize, u16), (Arc<Group>, usize)>,
}

/// Ranks that can send to each other.
struct Group {
    size: usize,
    /// By rank, which node it counts as on.
    nodes: Vec<usize>,
    state: Mutex<State>,
    changed: Condvar,
}

impl Group {
    fn new(nodes: Vec<usize>) -> Arc<Self> {
        let size = nodes.len();
        let state = State { left: vec![false; size], ..State::default() };
        Arc::new(Self { size, nodes, state: Mutex::new(state), changed: Condvar::new() })
    }

    /// No operation leaves a state half changed, so that one that panicked does not matter.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One rank of a group.
#[derive(Clone)]
struct Member {
    group: Arc<Group>,
    rank: usize,
}

/// A rank at work: when it goes, it has left.
struct Endpoint {
    member: Member,
    /// Number of splits so far.
    splits: Cell<usize>,
}

/// Runs `work` on a thread for each rank of a group, which has its node in `nodes`; their results by rank. A panic of one goes on in
/// the caller.
pub(super) fn run<T: Send>(nodes: Vec<usize>, work: impl Fn(Box<dyn Transport>) -> T + Sync) -> Vec<T> {
    let ranks = nodes.len();
    let group = Group::new(nodes);
    thread::scope(|scope| {
        let start = |rank| {
            let (endpoint, work) = (Endpoint::new(group.clone(), rank), &work);
            scope.spawn(move || work(Box::new(endpoint)))
        };
        let threads: Vec<_> = (0..ranks).map(start).collect();
        let results: Vec<_> = threads.into_iter().map(|thread| thread.join()).collect();
        results.into_iter().map(|result| result.unwrap_or_else(|panic| panic::resume_unwind(panic))).collect()
    })
}

impl Member {
    fn post(&self, to: usize, tag: Option<u16>, operation: &'static str, bytes: &[u8]) {
        self.send(to, tag, operation, Contents::Own(bytes.to_vec()));
    }

    fn send(&self, to: usize, tag: Option<u16>, operation: &'static str, contents: Contents) {
        let message = Message { operation, contents };
        self.group.lock().mail.entry((to, self.rank, tag)).or_default().push_back(message);
        self.group.changed.notify_all();
    }

    fn failure(&self, operation: &'static str, reason: String) -> Error {
        Error::Communication { rank: self.rank, operation, reason }
    }

    /// Waits for a message and writes it to `bytes`, which it must fill.
    fn take(&self, from: usize, tag: Option<u16>, operation: &'static str, bytes: &mut [u8]) -> Result<()> {
        let address = (self.rank, from, tag);
        let mut state = self.group.lock();
        let message = loop {
            let waiting = state.mail.get_mut(&address).and_then(VecDeque::pop_front);
            if let Some(message) = waiting {
                break message;
            }
            if state.left[from] {
                return Err(self.failure(operation, format!("rank {from} has left")));
            }
            state = self.group.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        };
        drop(state);
        if message.operation != operation {
            let reason = format!("rank {from} is at '{}'", message.operation);
            return Err(self.failure(operation, reason));
        }
        let sent = message.contents.bytes();
        if sent.len() != bytes.len() {
            let (expected, got) = (bytes.len(), sent.len());
            return Err(Error::UnequalLengths { rank: self.rank, operation, from, expected, got });
        }
        bytes.copy_from_slice(sent);
        if let Contents::Shared(words, _) = message.contents {
            self.give_back(words);
        }
        Ok(())
    }

    /// Keeps a buffer of parcels for others to come if nobody reads it any more.
    fn give_back(&self, words: Arc<Vec<u64>>) {
        if let Some(words) = Arc::into_inner(words) {
            let mut state = self.group.lock();
            if state.spare.len() == SPARE * self.group.size {
                state.spare.remove(0);
            }
            state.spare.push(words);
        }
    }

    /// A buffer of some words, whatever they are.
    fn spare(&self, length: usize) -> Vec<u64> {
        let mut state = self.group.lock();
        let fits = |spare: &Vec<u64>| (length..=2 * length).contains(&spare.len());
        let fitting = state.spare.iter().position(fits).map(|place| state.spare.remove(place));
        drop(state);
        fitting.unwrap_or_else(|| vec![0; length])
    }

    fn others(&self) -> impl Iterator<Item = usize> {
        let rank = self.rank;
        (0..self.group.size).filter(move |&other| other != rank)
    }
}

impl Endpoint {
    fn new(group: Arc<Group>, rank: usize) -> Self {
        Self { member: Member { group, rank }, splits: Cell::new(0) }
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        let Member { group, rank } = &self.member;
        group.lock().left[*rank] = true;
        group.changed.notify_all();
    }
}

impl Transport for Endpoint {
    fn rank(&self) -> usize {
        self.member.rank
    }

    fn size(&self) -> usize {
        self.member.group.size
    }

    fn barrier(&self) -> Result<()> {
        self.member.others().for_each(|other| self.member.post(other, None, "barrier", &[]));
        self.member.others().try_for_each(|other| self.member.take(other, None, "barrier", &mut []))
    }

    fn broadcast(&self, root: usize, bytes: &mut [u8]) -> Result<()> {
        if self.member.rank != root {
            return self.member.take(root, None, "broadcast", bytes);
        }
        self.member.others().for_each(|other| self.member.post(other, None, "broadcast", bytes));
        Ok(())
    }

    fn all_gather(&self, send: &[u8], receive: &mut [u8]) -> Result<()> {
        self.member.others().for_each(|other| self.member.post(other, None, "gather", send));
        for (rank, part) in receive.chunks_exact_mut(send.len()).enumerate() {
            if rank == self.member.rank {
                part.copy_from_slice(send);
            } else {
                self.member.take(rank, None, "gather", part)?;
            }
        }
        Ok(())
    }

    fn start(
        &self,
        tag: u16,
        mut buffers: Buffers,
        outgoing: &[Parcel],
        incoming: &[Parcel],
    ) -> Result<Box<dyn Pending>> {
        let member = self.member.clone();
        // Who receives them copies them, so that they are copied once; another buffer takes this one's place. A device's stays.
        let length = buffers.send.len();
        let (sent, length) = match &mut buffers.send {
            Words::Ordinary(words) => (mem::take(words), Some(length)),
            Words::OfDevice(words) => {
                let mut copy = member.spare(length);
                copy[..length].copy_from_slice(words);
                (copy, None)
            }
        };
        let sent = Arc::new(sent);
        for parcel in outgoing {
            let contents = Contents::Shared(sent.clone(), parcel.bytes.clone());
            member.send(parcel.rank, Some(tag), "exchange", contents);
        }
        member.give_back(sent);
        Ok(Box::new(Expected { member, tag, buffers, length, incoming: incoming.to_vec() }))
    }

    fn split(&self, colour: Option<u16>, key: i32) -> Result<Option<Box<dyn Transport>>> {
        let number = self.splits.get();
        self.splits.set(number + 1);
        let mine = [colour.map_or(u64::MAX, u64::from), key as u64, self.member.rank as u64];
        let mut all = vec![[0u64; 3]; self.member.group.size];
        self.all_gather(bytemuck::cast_slice(&mine), bytemuck::cast_slice_mut(&mut all))?;
        let Some(colour) = colour else { return Ok(None) };
        let mut members: Vec<_> = all.into_iter().filter(|other| other[0] == mine[0]).collect();
        members.sort_by_key(|&[_, key, rank]| (key, rank));
        let rank = members.iter().position(|member| *member == mine).expect("a rank has its own colour");
        let nodes = members.iter().map(|member| self.member.group.nodes[member[2] as usize]).collect();
        let mut state = self.member.group.lock();
        // The first of them makes the group, the last one forgets where it was.
        let place = (number, colour);
        let (group, missing) =
            state.splits.entry(place).or_insert_with(|| (Group::new(nodes), members.len()));
        *missing -= 1;
        let (group, is_complete) = (group.clone(), *missing == 0);
        if is_complete {
            state.splits.remove(&place);
        }
        Ok(Some(Box::new(Self::new(group, rank))))
    }

    fn post(&self, to: usize, tag: u16, letter: Arc<Vec<u8>>) -> Result<Box<dyn Pending>> {
        let mut state = self.member.group.lock();
        if state.left[to] {
            return Err(self.member.failure("post", format!("rank {to} has left")));
        }
        state.letters.entry((to, tag)).or_default().push_back((self.member.rank, letter));
        Ok(Box::new(Nothing(Buffers::default())))
    }

    fn receive(&self, tag: u16) -> Result<Option<Received>> {
        let mut state = self.member.group.lock();
        Ok(state.letters.get_mut(&(self.member.rank, tag)).and_then(VecDeque::pop_front))
    }

    fn segments(&self, own: Option<&Arc<Segment>>) -> Result<Vec<(usize, Arc<Segment>)>> {
        let Member { group, rank } = &self.member;
        if let Some(own) = own {
            group.lock().segments.insert(*rank, own.clone());
        }
        self.barrier()?;
        let is_near = |other: &usize| group.nodes[*other] == group.nodes[*rank];
        let others: Vec<_> = {
            let state = group.lock();
            let others = self.member.others().filter(is_near);
            others.filter_map(|other| Some((other, state.segments.get(&other)?.clone()))).collect()
        };
        // All have found it.
        self.barrier()?;
        group.lock().segments.remove(rank);
        Ok(others)
    }

    fn has_left(&self, rank: usize) -> bool {
        self.member.group.lock().left[rank]
    }
}

/// Parcels that come from others; those for others are with them already.
struct Expected {
    member: Member,
    tag: u16,
    buffers: Buffers,
    /// Of the buffer that was sent, where another one is to take its place.
    length: Option<usize>,
    incoming: Vec<Parcel>,
}

impl Pending for Expected {
    fn is_done(&mut self) -> Result<bool> {
        let state = self.member.group.lock();
        let has_come = |parcel: &Parcel| {
            let mail = state.mail.get(&(self.member.rank, parcel.rank, Some(self.tag)));
            mail.is_some_and(|mail| !mail.is_empty())
        };
        Ok(self.incoming.iter().all(has_come))
    }

    fn finish(self: Box<Self>) -> Result<Buffers> {
        let Self { member, tag, mut buffers, length, incoming } = *self;
        let bytes: &mut [u8] = bytemuck::cast_slice_mut(&mut buffers.receive);
        for parcel in incoming {
            member.take(parcel.rank, Some(tag), "exchange", &mut bytes[parcel.bytes])?;
        }
        if let Some(length) = length {
            buffers.send = Words::Ordinary(member.spare(length));
        }
        Ok(buffers)
    }
}
