//! Ranks that work on one problem and send each other numbers: [`Communicator`].
//!
//! A rank is a process under MPI ([`Communicator::mpi`]), a thread of this process ([`Communicator::threads`], for tests and
//! examples), or all there is ([`Communicator::serial`]); what is written over communicators does not know which. Inside a
//! rank, rayon's threads compute, and the one that has the communicator sends.
//!
//! | pattern                                         | who calls it | sent by a rank to others, bytes                   |
//! |-------------------------------------------------|--------------|---------------------------------------------------|
//! | [`Communicator::exchange`], then [`Exchange`]   | all; its partners | Σ over partners of its parcels               |
//! | [`Communicator::exchange_on`], then [`DeviceExchange`] | all; its partners | the same, from device to device       |
//! | [`Communicator::all_to_all`]                    | all          | all that it has for others                        |
//! | [`Communicator::gather`]                        | all          | its values; nothing by the root                   |
//! | [`Communicator::all_gather`]                    | all          | (P−1) times its values                            |
//! | [`Communicator::broadcast`]                     | all          | root: (P−1) times the values                      |
//! | [`Communicator::share`]                         | all          | root: (P−1) times the values and 8                |
//! | [`Communicator::sums`]                          | all          | (P−1) · 568 for each sum                          |
//! | [`Communicator::barrier`]                       | all          | 0                                                 |
//! | [`Window`]                                      | all          | what others read in place, as its user counts it  |
//! | [`Communicator::post`], [`Communicator::receive`] | one; another | its bytes                                       |
//!
//! P is the number of ranks. [`Communicator::traffic`] counts what really went, and what it took to compare lengths; a
//! [`Recorder`] learns how long calls waited and transferred ([`Communicator::set_recorder`]).
//!
//! Numbers go as they lie in memory: all ranks have the same byte order. Errors name rank and operation. Lengths that do not
//! agree are an error, in [`Communicator::exchange`] on all ranks at once; elsewhere a rank with an error should end, so that
//! its launcher ends the others. What cannot be told from slow ranks waits for ever, as in MPI: processes that call different
//! patterns (threads get an error).

mod device;
mod exact_sum;
mod exchange;
mod letters;
mod mpi;
mod threads;
mod traffic;
mod transport;
mod window;

use std::cell::{Cell, RefCell};
use std::fmt;
use std::ops::Range;
use std::rc::Rc;

use bytemuck::Pod;

pub use self::device::{DeviceExchange, DeviceInFlight, Route};
pub use self::exact_sum::ExactSum;
pub use self::exchange::{Exchange, InFlight};
pub use self::letters::{Letter, Posted};
pub use self::traffic::{Count, Traffic};
use self::transport::{Buffers, Parcel, Serial, Transport, Words};
pub use self::window::{Turn, Window};
use crate::timing::Recorder;
use crate::{Error, Result};

/// The tag of lengths, of what is sent once, and of letters; exchanges have those above, in turn. MPI allows at least 32767.
const TAG_OF_COUNTS: u16 = 0;
const TAG_OF_VALUES: u16 = 1;
const TAG_OF_LETTERS: u16 = 2;
const TAGS_OF_EXCHANGES: Range<u16> = 3..32_767;

/// The ranks of a group, one of which this is; clones are the same rank of the same group.
///
/// It stays on its thread, as MPI asks. Calls of all ranks come in the same order on each of them.
#[derive(Clone)]
pub struct Communicator {
    shared: Rc<Shared>,
}

struct Shared {
    transport: Box<dyn Transport>,
    kind: Kind,
    next_tag: Cell<u16>,
    /// Of groups as well.
    accounts: Rc<Accounts>,
}

/// What a rank sends, and where its time goes.
#[derive(Default)]
struct Accounts {
    traffic: RefCell<Traffic>,
    recorder: RefCell<Recorder>,
}

/// What ranks are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One rank alone.
    Serial,
    /// Threads of this process.
    Threads,
    /// Processes under MPI.
    Mpi,
}

impl fmt::Debug for Communicator {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "rank {} of {} ({:?})", self.rank(), self.size(), self.kind())
    }
}

impl Communicator {
    fn over(kind: Kind, transport: Box<dyn Transport>) -> Self {
        Self::with_accounts(kind, transport, Rc::default())
    }

    fn with_accounts(kind: Kind, transport: Box<dyn Transport>, accounts: Rc<Accounts>) -> Self {
        let next_tag = Cell::new(TAGS_OF_EXCHANGES.start);
        Self { shared: Rc::new(Shared { transport, kind, next_tag, accounts }) }
    }

    /// One rank alone.
    pub fn serial() -> Self {
        Self::over(Kind::Serial, Box::new(Serial))
    }

    /// Runs `work` on `ranks` threads, each of which is a rank, and returns what they return, by rank.
    ///
    /// A rank that waits for one that has ended gets an error.
    ///
    /// # Panics
    /// If `work` does on a rank, after all have ended.
    ///
    /// ```
    /// use terrella_coupling::communicator::Communicator;
    ///
    /// let sums = Communicator::threads(4, |ranks| ranks.sum([ranks.rank() as f64]));
    /// assert!(sums.into_iter().all(|sum| matches!(sum, Ok(6.0))));
    /// ```
    pub fn threads<T: Send>(ranks: usize, work: impl Fn(Self) -> T + Sync) -> Vec<T> {
        Self::threads_on(vec![0; ranks], work)
    }

    /// The same for ranks on several nodes: `nodes` has the node of each, and ranks of different ones read no memory in place
    /// ([`Window`]), as if they were on machines of their own.
    pub fn threads_on<T: Send>(nodes: Vec<usize>, work: impl Fn(Self) -> T + Sync) -> Vec<T> {
        threads::run(nodes, |transport| work(Self::over(Kind::Threads, transport)))
    }

    /// All processes of the job, by the MPI library that the machine has. They call it together, each time.
    ///
    /// The library is the one at the path in the environment variable `TERRELLA_MPI`, or else the first that the system finds
    /// of `libmpi.so.40` (Open MPI), `libmpi.so.12`, `libmpich.so.12`, `libmpi_cray.so.12` and `libmpi_cray.so` (the MPICH
    /// family), and `libmpi.so`; under a launcher of the MPICH family, its names come first. MPI is begun if it has not been,
    /// and then ended with the last communicator, on the thread that calls this first; other threads cannot call it.
    ///
    /// Errors: [`Error::MpiUnavailable`] with what was looked for, or where the launcher started several processes of which the
    /// library does not know.
    pub fn mpi() -> Result<Self> {
        Ok(Self::over(Kind::Mpi, mpi::world()?))
    }

    /// [`Communicator::mpi`] in one of several processes that a launcher of MPI programs has started, [`Communicator::serial`] in
    /// any other, which needs no library.
    ///
    /// A launcher is known by the environment variables of Open MPI (`OMPI_COMM_WORLD_SIZE`), of the MPICH family (`PMI_RANK`,
    /// `PMI_SIZE`), of Slurm's steps (`SLURM_STEP_NUM_TASKS`) and of PMIx (`PMIX_RANK`).
    pub fn launched() -> Result<Self> {
        if mpi::is_launched() { Self::mpi() } else { Ok(Self::serial()) }
    }

    /// The number of this process among those of the launcher, as the environment has it: 0 where it has none.
    pub fn launched_rank() -> usize {
        mpi::launched_rank()
    }

    /// The MPI library that would be, or is, in use, in its own words.
    pub fn mpi_version() -> Result<String> {
        mpi::version()
    }

    /// The number of this rank, from 0.
    pub fn rank(&self) -> usize {
        self.transport().rank()
    }

    /// The number of ranks.
    pub fn size(&self) -> usize {
        self.transport().size()
    }

    /// What ranks are.
    pub fn kind(&self) -> Kind {
        self.shared.kind
    }

    /// What this rank has sent so far through this communicator, its clones, and groups that are split from it.
    pub fn traffic(&self) -> Traffic {
        *self.shared.accounts.traffic.borrow()
    }

    /// Tells a timeline from now on when this rank waits and transfers, through this communicator, its clones, and groups that are
    /// split from it.
    pub fn set_recorder(&self, recorder: Recorder) {
        self.shared.accounts.recorder.replace(recorder);
    }

    /// The timeline that is told; one that is off where none was set.
    pub fn recorder(&self) -> Recorder {
        self.shared.accounts.recorder.borrow().clone()
    }

    /// Does work that copies numbers to where they are sent from, or from where they came; see
    /// [`Kind::Transfer`](crate::timing::Kind::Transfer).
    pub fn transferring<O>(&self, work: impl FnOnce() -> O) -> O {
        self.recorder().transferring(work)
    }

    /// Does work that ends when other ranks have done theirs.
    fn waiting<O>(&self, work: impl FnOnce() -> O) -> O {
        self.recorder().waiting(work)
    }

    fn transport(&self) -> &dyn Transport {
        &*self.shared.transport
    }

    fn count(&self, count: impl FnOnce(&mut Traffic)) {
        count(&mut self.shared.accounts.traffic.borrow_mut());
    }

    /// Counts what others read in place as messages of an exchange, of so many bytes each.
    pub(crate) fn count_exchange(&self, messages: impl Iterator<Item = usize>) {
        messages.for_each(|bytes| self.count(|traffic| traffic.exchange.add(1, bytes)));
    }

    fn next_tag(&self) -> u16 {
        let tag = self.shared.next_tag.get();
        let next = tag + 1;
        let is_last = next == TAGS_OF_EXCHANGES.end;
        self.shared.next_tag.set(if is_last { TAGS_OF_EXCHANGES.start } else { next });
        tag
    }

    fn others(&self) -> usize {
        self.size() - 1
    }

    /// Groups of the ranks with the same colour, ordered by key and then by rank; nothing for ranks without a colour.
    pub fn split(&self, colour: Option<u16>, key: i32) -> Result<Option<Self>> {
        let group = self.waiting(|| self.transport().split(colour, key))?;
        let accounts = || self.shared.accounts.clone();
        Ok(group.map(|transport| Self::with_accounts(self.kind(), transport, accounts())))
    }

    /// Waits for all ranks.
    pub fn barrier(&self) -> Result<()> {
        self.waiting(|| self.transport().barrier())
    }

    /// Ends all ranks of the job at once, with an exit status, where one of them cannot go on.
    pub fn abort(&self, status: i32) -> ! {
        self.transport().abort(status);
        std::process::exit(status)
    }

    /// The values of rank `root` on all ranks, which have room for as many.
    ///
    /// A rank with room for another number gets an error, and its values stay as they are.
    pub fn broadcast<T: Pod>(&self, root: usize, values: &mut [T]) -> Result<()> {
        self.expect_rank("root", root)?;
        let mut bytes = size_of_val(values) as u64;
        let is_root = self.rank() == root;
        self.waiting(|| self.transport().broadcast(root, bytemuck::bytes_of_mut(&mut bytes)))?;
        if is_root {
            self.count(|traffic| {
                traffic.agreement.add(self.others(), size_of::<u64>());
                traffic.broadcast.add(self.others(), bytes as usize);
            });
        }
        if bytes as usize == size_of_val(values) {
            return self.waiting(|| self.transport().broadcast(root, bytemuck::cast_slice_mut(values)));
        }
        // The others go on.
        self.waiting(|| self.transport().broadcast(root, &mut vec![0; bytes as usize]))?;
        let (rank, operation, got) = (self.rank(), "broadcast", bytes as usize);
        Err(Error::UnequalLengths { rank, operation, from: root, expected: size_of_val(values), got })
    }

    /// The values of rank `root` on all ranks, which need not know how many there are; theirs are replaced.
    pub fn share<T: Pod>(&self, root: usize, values: &mut Vec<T>) -> Result<()> {
        let mut count = [values.len() as u64];
        self.broadcast(root, &mut count)?;
        values.resize(count[0] as usize, T::zeroed());
        self.broadcast(root, values)
    }

    /// The values of all ranks on rank `root`, by rank; nothing on the others. Each may have another number of them.
    pub fn gather<T: Pod>(&self, root: usize, values: &[T]) -> Result<Option<Vec<Vec<T>>>> {
        self.expect_rank("root", root)?;
        let is_sent = self.rank() != root && !values.is_empty();
        self.count(|traffic| traffic.gather.add(usize::from(is_sent), size_of_val(values)));
        let places: Vec<_> =
            (0..self.size()).map(|rank| 0..if rank == root { values.len() } else { 0 }).collect();
        let parts = self.send_once("gather", values, &places)?;
        Ok((self.rank() == root).then_some(parts))
    }

    /// The values of all ranks on all ranks, by rank. Each may have another number of them.
    pub fn all_gather<T: Pod>(&self, values: &[T]) -> Result<Vec<Vec<T>>> {
        let receivers = if values.is_empty() { 0 } else { self.others() };
        self.count(|traffic| traffic.gather.add(receivers, size_of_val(values)));
        self.send_once("all_gather", values, &vec![0..values.len(); self.size()])
    }

    /// Values for all ranks, `counts[r]` of them for rank r after those for the ranks before it; returns those from all ranks.
    pub fn all_to_all<T: Pod>(&self, values: &[T], counts: &[usize]) -> Result<Vec<Vec<T>>> {
        crate::error::expect_len("counts", self.size(), counts.len())?;
        crate::error::expect_len("values", counts.iter().sum(), values.len())?;
        let mut places = Vec::with_capacity(self.size());
        let mut end = 0;
        for (rank, &count) in counts.iter().enumerate() {
            places.push(end..end + count);
            end += count;
            if rank != self.rank() && count > 0 {
                self.count(|traffic| traffic.all_to_all.add(1, count * size_of::<T>()));
            }
        }
        self.send_once("all_to_all", values, &places)
    }

    /// A plan for parcels of `outgoing` and `incoming` (rank, length) lists, at most one for and from each rank.
    ///
    /// All ranks plan together, those without parcels too. Where what one rank sends is not what another expects, all of them
    /// get the same error.
    pub fn exchange<T: Pod>(
        &self,
        outgoing: &[(usize, usize)],
        incoming: &[(usize, usize)],
    ) -> Result<Exchange<T>> {
        Exchange::new(self, outgoing, incoming)
    }

    /// The sum of the terms of all ranks, on all ranks, with the same bits however they are spread over ranks: see [`ExactSum`].
    pub fn sum(&self, terms: impl IntoIterator<Item = f64>) -> Result<f64> {
        Ok(self.sums(&[terms.into_iter().collect()])?[0])
    }

    /// The sums over all ranks of several sums; as many on each rank.
    ///
    /// Sums of f64 in order of rank and place would depend on how many ranks there are, and fixed blocks of terms would tie
    /// this to one decomposition; an exact sum depends on its terms alone.
    pub fn sums(&self, sums: &[ExactSum]) -> Result<Vec<f64>> {
        let counts = self.agree([sums.len() as u64, 0, 0, 0])?;
        if let Some(from) = counts.iter().position(|&[count, ..]| count != sums.len() as u64) {
            let [expected, got] =
                [sums.len(), counts[from][0] as usize].map(|sums| sums * 8 * exact_sum::WORDS);
            let (rank, operation) = (self.rank(), "sum");
            return Err(Error::UnequalLengths { rank, operation, from, expected, got });
        }
        let own: Vec<i64> = sums.iter().flat_map(|sum| sum.to_words()).collect();
        if own.is_empty() {
            return Ok(Vec::new());
        }
        self.count(|traffic| traffic.sum.add(self.others(), size_of_val(&own[..])));
        let mut all = vec![0i64; own.len() * self.size()];
        let receive = bytemuck::cast_slice_mut(&mut all);
        self.waiting(|| self.transport().all_gather(bytemuck::cast_slice(&own), receive))?;
        let mut totals = vec![ExactSum::default(); sums.len()];
        for of_rank in all.chunks_exact(own.len()) {
            for (total, words) in totals.iter_mut().zip(of_rank.chunks_exact(exact_sum::WORDS)) {
                total.merge_words(words);
            }
        }
        Ok(totals.iter().map(ExactSum::value).collect())
    }

    fn expect_rank(&self, name: &'static str, rank: usize) -> Result<()> {
        if rank < self.size() {
            return Ok(());
        }
        let expected = format!("a rank below {}", self.size());
        Err(Error::InvalidValue { name, got: rank.to_string(), expected })
    }

    /// Four numbers of each rank, by rank.
    fn agree(&self, verdict: [u64; 4]) -> Result<Vec<[u64; 4]>> {
        self.count(|traffic| traffic.agreement.add(self.others(), size_of_val(&verdict)));
        let mut verdicts = vec![[0; 4]; self.size()];
        let receive = bytemuck::cast_slice_mut(&mut verdicts);
        self.waiting(|| self.transport().all_gather(bytemuck::cast_slice(&verdict), receive))?;
        Ok(verdicts)
    }

    /// Of one number for each rank, one from each rank.
    fn transpose_counts(&self, counts: &[u64]) -> Result<Vec<u64>> {
        self.count(|traffic| traffic.agreement.add(self.others(), size_of::<u64>()));
        let others = (0..self.size()).filter(|&rank| rank != self.rank());
        let one = size_of::<u64>();
        let parcels: Vec<_> =
            others.map(|rank| Parcel { rank, bytes: rank * one..(rank + 1) * one }).collect();
        let words = || Words::Ordinary(counts.to_vec());
        let buffers = Buffers { send: words(), receive: words() };
        let pending =
            self.transferring(|| self.transport().start(TAG_OF_COUNTS, buffers, &parcels, &parcels))?;
        Ok(self.waiting(|| pending.finish())?.receive.to_vec())
    }

    /// The values at a place for each rank; how many they are the others learn first.
    fn send_once<T: Pod>(
        &self,
        operation: &'static str,
        values: &[T],
        places: &[Range<usize>],
    ) -> Result<Vec<Vec<T>>> {
        expect_aligned::<T>()?;
        let rank = self.rank();
        let unit = size_of::<T>();
        let outgoing: Vec<Range<usize>> =
            places.iter().map(|place| place.start * unit..place.end * unit).collect();
        let lengths: Vec<u64> = outgoing.iter().map(|bytes| bytes.len() as u64).collect();
        let mut incoming = Vec::with_capacity(self.size());
        let mut end = 0;
        for (from, length) in self.transpose_counts(&lengths)?.into_iter().enumerate() {
            let (first, got) = (end, length as usize);
            if got % unit != 0 {
                let expected = got.next_multiple_of(unit);
                return Err(Error::UnequalLengths { rank, operation, from, expected, got });
            }
            end += got;
            incoming.push(first..end);
        }
        let of_others = |places: &[Range<usize>]| -> Vec<Parcel> {
            let all = places.iter().cloned().enumerate().map(|(rank, bytes)| Parcel { rank, bytes });
            all.filter(|parcel| parcel.rank != rank && !parcel.bytes.is_empty()).collect()
        };
        let (for_others, from_others) = (of_others(&outgoing), of_others(&incoming));
        let pending = self.transferring(|| {
            let words = |bytes: usize| Words::zeros(bytes.div_ceil(size_of::<u64>()));
            let source: &[u8] = bytemuck::cast_slice(values);
            let mut buffers = Buffers { send: words(source.len()), receive: words(end) };
            bytemuck::cast_slice_mut(&mut buffers.send)[..source.len()].copy_from_slice(source);
            let own = &source[outgoing[rank].clone()];
            bytemuck::cast_slice_mut(&mut buffers.receive)[incoming[rank].clone()].copy_from_slice(own);
            self.transport().start(TAG_OF_VALUES, buffers, &for_others, &from_others)
        })?;
        let receive = self.waiting(|| pending.finish())?.receive;
        Ok(self.transferring(|| {
            let receive: &[u8] = bytemuck::cast_slice(&receive);
            incoming.into_iter().map(|bytes| bytemuck::cast_slice(&receive[bytes]).to_vec()).collect()
        }))
    }
}

/// An error for numbers that are aligned to more than 8 bytes, or take no room.
fn expect_aligned<T>() -> Result<()> {
    if align_of::<T>() <= align_of::<u64>() && size_of::<T>() > 0 {
        return Ok(());
    }
    let got = format!("{} bytes, aligned to {}", size_of::<T>(), align_of::<T>());
    Err(Error::InvalidValue {
        name: "type of number",
        got,
        expected: "alignment to at most 8 bytes".to_owned(),
    })
}
