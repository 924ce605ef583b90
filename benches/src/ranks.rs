//! Ranks that do a piece of work together when told to, and time it.
//!
//! Under `mpirun` ranks are its processes, of which the first measures and the others wait, asleep, for its word; otherwise they are
//! threads. Each has one thread for its computations.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::{JoinHandle, sleep, spawn};
use std::time::{Duration, Instant};

use rayon::{ThreadPool, ThreadPoolBuilder};
use terrella_coupling::communicator::{Communicator, Exchange, Kind};

use crate::{Error, Result};

/// How long a process sleeps between two looks for a word: to wait in MPI would take a core from what is measured beside.
const NAP: Duration = Duration::from_micros(200);

/// One rank's part of a piece of work.
pub(crate) trait Part {
    /// Does it once.
    fn run(&mut self) -> Result<()>;
    /// Largest error of the last run on this rank, relative to the reference's largest magnitude.
    fn error(&mut self) -> Result<f64>;
}

/// What ranks are told.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Word {
    Run,
    Error,
    End,
}

/// Ranks with a piece of work. They begin when they are first told something, so that of several pieces each is done alone.
pub(crate) struct Ranks {
    begin: Box<dyn Fn() -> Result<Crew>>,
    crew: Option<Crew>,
    /// Seconds of all runs so far.
    seconds: f64,
}

enum Crew {
    Threads { words: Sender<Word>, answers: Receiver<Result<f64>>, thread: Option<JoinHandle<()>> },
    Processes(Box<Rank>),
}

/// One of them.
struct Rank {
    communicator: Communicator,
    /// From the first to the others; absent after a failure.
    words: Option<Exchange<u8>>,
    part: Box<dyn Part>,
}

impl Ranks {
    /// So many ranks, each with what `part` makes on it: the processes of the job, or threads where it has only one.
    ///
    /// On a process that does not measure it returns when all is over, with `None`.
    pub(crate) fn new<P: Part + 'static>(
        job: &Communicator,
        count: usize,
        part: impl Fn(&Communicator) -> Result<P> + Send + Sync + 'static,
    ) -> Result<Option<Self>> {
        let job = job.clone();
        if job.size() > 1 && job.size() != count {
            return Err(Error::Value {
                name: "--ranks".to_owned(),
                got: count.to_string(),
                expected: format!("{}, as many as were launched", job.size()),
            });
        }
        if job.rank() > 0 {
            Rank::new(job, part)?.follow()?;
            return Ok(None);
        }
        let part = Arc::new(part);
        let begin = move || -> Result<Crew> {
            if job.size() == 1 {
                return in_threads(count, part.clone());
            }
            Ok(Crew::Processes(Box::new(Rank::new(job.clone(), &*part)?)))
        };
        Ok(Some(Self { begin: Box::new(begin), crew: None, seconds: 0.0 }))
    }

    /// All of them run.
    pub(crate) fn run(&mut self) -> Result<()> {
        self.seconds += self.tell(Word::Run)?;
        Ok(())
    }

    /// The largest error on any rank.
    pub(crate) fn error(&mut self) -> Result<f64> {
        self.tell(Word::Error)
    }

    /// Seconds from when all ranks were ready until all had done it, of all runs so far.
    pub(crate) fn seconds(&self) -> f64 {
        self.seconds
    }

    fn tell(&mut self, word: Word) -> Result<f64> {
        let crew = match &mut self.crew {
            Some(crew) => crew,
            None => self.crew.insert((self.begin)()?),
        };
        match crew {
            Crew::Threads { words, answers, .. } => {
                // Where ranks have failed, what they say last is why.
                let _ = words.send(word);
                answers.recv().map_err(|_| failure("no answer"))?
            }
            Crew::Processes(rank) => rank.lead(word),
        }
    }
}

impl Drop for Ranks {
    fn drop(&mut self) {
        // Ranks that have failed are gone, and have said so; those of other processes wait even where nothing was done.
        let _ = self.tell(Word::End);
        if let Some(Crew::Threads { thread, .. }) = &mut self.crew {
            let _ = thread.take().map(JoinHandle::join);
        }
    }
}

impl Rank {
    fn new<P: Part + 'static>(
        communicator: Communicator,
        part: impl Fn(&Communicator) -> Result<P>,
    ) -> Result<Self> {
        let others: Vec<(usize, usize)> = (1..communicator.size()).map(|rank| (rank, 1)).collect();
        let words = if communicator.rank() == 0 {
            communicator.exchange(&others, &[])?
        } else {
            communicator.exchange(&[], &[(0, 1)])?
        };
        let part = Box::new(part(&communicator)?);
        communicator.barrier()?;
        Ok(Self { communicator, words: Some(words), part })
    }

    /// The first rank tells the others, and does it.
    fn lead(&mut self, word: Word) -> Result<f64> {
        let mut words = self.words.take().ok_or_else(|| failure("an earlier failure"))?;
        for other in 1..self.communicator.size() {
            words.outgoing(other - 1)[0] = word as u8;
        }
        self.words = Some(words.complete()?);
        self.obey(word)
    }

    /// Another rank does as it is told until the end.
    fn follow(&mut self) -> Result<()> {
        loop {
            let words = self.words.take().ok_or_else(|| failure("an earlier failure"))?;
            let mut under_way = words.start()?;
            while self.communicator.kind() == Kind::Mpi && !under_way.is_done()? {
                sleep(NAP);
            }
            let words = under_way.finish()?;
            let word = words.incoming(0)[0];
            self.words = Some(words);
            let known = [Word::Run, Word::Error].into_iter().find(|known| *known as u8 == word);
            match known {
                Some(word) => self.obey(word)?,
                None => return Ok(()),
            };
        }
    }

    /// The seconds of a run, or the largest error.
    fn obey(&mut self, word: Word) -> Result<f64> {
        match word {
            Word::Run => {
                self.communicator.barrier()?;
                let start = Instant::now();
                self.part.run()?;
                self.communicator.barrier()?;
                Ok(start.elapsed().as_secs_f64())
            }
            Word::Error => {
                let errors = self.communicator.all_gather(&[self.part.error()?])?;
                Ok(errors.into_iter().flatten().fold(0.0, f64::max))
            }
            Word::End => Ok(0.0),
        }
    }
}

/// So many ranks in words.
pub(crate) fn in_words(count: usize) -> String {
    format!("{count} rank{}", if count == 1 { "" } else { "s" })
}

/// As many threads as there are ranks, for the peer in one piece, and its name.
pub(crate) fn pool_in_one_piece(threads: usize) -> Result<(String, ThreadPool)> {
    let pool = ThreadPoolBuilder::new().num_threads(threads).build();
    let pool = pool.map_err(|error| Error::Peer { peer: "whole", reason: error.to_string() })?;
    Ok((format!("in one piece, {threads} thread{}", if threads == 1 { "" } else { "s" }), pool))
}

fn failure(got: &str) -> Error {
    Error::Value { name: "ranks".to_owned(), got: got.to_owned(), expected: "an answer".to_owned() }
}

fn in_threads<P: Part + 'static>(
    count: usize,
    part: Arc<impl Fn(&Communicator) -> Result<P> + Send + Sync + 'static>,
) -> Result<Crew> {
    let (words, orders) = channel();
    let (report, answers) = channel();
    let orders = Mutex::new(orders);
    let thread = spawn(move || {
        let work = |communicator: Communicator| -> Result<()> {
            // The rank's own thread is the one that computes.
            let pool = ThreadPoolBuilder::new().num_threads(1).use_current_thread().build();
            pool.map_err(|error| failure(&error.to_string()))?;
            let first = communicator.rank() == 0;
            let mut rank = Rank::new(communicator, &*part)?;
            if !first {
                return rank.follow();
            }
            // That everything is set up is the first answer.
            let mut answer = 0.0;
            loop {
                let _ = report.send(Ok(answer));
                let next = orders.lock().ok().and_then(|orders| orders.recv().ok());
                let word = next.unwrap_or(Word::End);
                answer = rank.lead(word)?;
                if word == Word::End {
                    let _ = report.send(Ok(answer));
                    return Ok(());
                }
            }
        };
        Communicator::threads(count, |communicator| {
            if let Err(error) = work(communicator) {
                let _ = report.send(Err(error));
            }
        });
    });
    answers.recv().map_err(|_| failure("no answer"))??;
    Ok(Crew::Threads { words, answers, thread: Some(thread) })
}
