//! Memory that the processes of a machine see.
//!
//! Each keeps its own in a file that is in no folder, and tells the others its number. One that finds there what the owner says
//! that it has written sees the same memory; who cannot (on another machine, or where processes may not look at each other) is sent
//! parcels. Nothing is left behind when a process ends, however it ends.

use super::segment::Segment;
use crate::Result;
use crate::communicator::Communicator;

/// Where processes find the memory of one of them.
#[derive(Clone, Copy, Default, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
struct Card {
    /// Which machine it is on; 0 for one that has nothing to show.
    machine: u64,
    process: u64,
    file: u64,
    bytes: u64,
    /// What is in the last counter.
    mark: u64,
}

/// The counter with the mark.
const MARK: usize = 31;

/// This process's memory, and that of the others who see it and whose it sees.
pub(super) struct Seen {
    pub(super) own: Segment,
    pub(super) near: Vec<(usize, Segment)>,
}

/// Memory of `bytes` bytes on each rank; nothing where no other rank sees it. All ranks call it together.
pub(super) fn see(communicator: &Communicator, bytes: usize) -> Result<Option<Seen>> {
    let mine = system::Shown::new(bytes);
    let card = mine.as_ref().map_or(Card::default(), |mine| mine.card);
    let cards: Vec<Card> = communicator.all_gather(&[card])?.into_iter().flatten().collect();
    let own = communicator.rank();
    let mut found: Vec<(usize, Segment)> = Vec::new();
    for (rank, other) in cards.iter().enumerate() {
        if rank != own && other.machine != 0 && other.machine == card.machine {
            found.extend(system::open(other).map(|segment| (rank, segment)));
        }
    }
    // Two ranks are near where each sees the other.
    let mut sees = vec![0; communicator.size()];
    found.iter().for_each(|(rank, _)| sees[*rank] = 1);
    let is_seen = communicator.transpose_counts(&sees)?;
    found.retain(|(rank, _)| is_seen[*rank] == 1);
    Ok(mine.filter(|_| !found.is_empty()).map(|mine| Seen { own: mine.segment, near: found }))
}

#[cfg(target_os = "linux")]
mod system {
    use std::fs::{self, File};
    use std::hash::{DefaultHasher, Hash, Hasher};
    use std::io;
    use std::os::fd::{AsRawFd, OwnedFd};
    use std::sync::atomic::Ordering;
    use std::time::SystemTime;

    use rustix::fs::MemfdFlags;

    use super::{Card, MARK, Segment};

    /// Of files in memory, and what the system calls them.
    const NAME: &str = "terrella";
    const NAME_IN_PROC: &str = "/memfd:terrella (deleted)";

    /// Memory that others can open as long as this lives.
    pub(super) struct Shown {
        pub(super) segment: Segment,
        pub(super) card: Card,
        _file: OwnedFd,
    }

    impl Shown {
        /// Nothing where the system has no such memory.
        pub(super) fn new(bytes: usize) -> Option<Self> {
            Self::try_new(bytes).ok()
        }

        fn try_new(bytes: usize) -> io::Result<Self> {
            let file = rustix::fs::memfd_create(NAME, MemfdFlags::CLOEXEC)?;
            rustix::fs::ftruncate(&file, bytes as u64)?;
            let segment = Segment::of_file(&file, bytes, true)?;
            let process = std::process::id();
            let mark = hash(&(process, SystemTime::now(), file.as_raw_fd()));
            segment.counter(MARK).store(mark, Ordering::Release);
            let (process, number) = (u64::from(process), file.as_raw_fd() as u64);
            let card = Card { machine: machine()?, process, file: number, bytes: bytes as u64, mark };
            Ok(Self { segment, card, _file: file })
        }
    }

    /// A number of this run of this machine's system, and of the processes that count together in it, not 0.
    fn machine() -> io::Result<u64> {
        let boot = fs::read("/proc/sys/kernel/random/boot_id")?;
        Ok(hash(&(boot, fs::read_link("/proc/self/ns/pid")?)).max(1))
    }

    fn hash(value: &impl Hash) -> u64 {
        let mut hasher = DefaultHasher::new();
        value.hash(&mut hasher);
        hasher.finish()
    }

    /// The memory of another process, if it is to be had.
    pub(super) fn open(card: &Card) -> Option<Segment> {
        let path = format!("/proc/{}/fd/{}", card.process, card.file);
        // To open anything else, a pipe for instance, might not come back.
        fs::read_link(&path).ok().filter(|file| file.as_os_str() == NAME_IN_PROC)?;
        let file = File::open(path).ok()?;
        let is_whole = file.metadata().is_ok_and(|metadata| metadata.len() == card.bytes);
        let segment = Segment::of_file(&file, card.bytes as usize, false).ok().filter(|_| is_whole)?;
        (segment.counter(MARK).load(Ordering::Acquire) == card.mark).then_some(segment)
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use super::{Card, Segment};

    pub(super) struct Shown {
        pub(super) segment: Segment,
        pub(super) card: Card,
    }

    impl Shown {
        pub(super) fn new(_bytes: usize) -> Option<Self> {
            None
        }
    }

    pub(super) fn open(_card: &Card) -> Option<Segment> {
        None
    }
}
