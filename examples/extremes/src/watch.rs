//! Whether the other ranks of a job live, whatever they compute.
//!
//! MPI does not tell that a process was killed or stands still: those that need something of it wait for ever, or until their launcher
//! ends them without a word of what they were doing. So rank 0 has a connection (TCP) to each other rank, over which both send a
//! byte [`BEATS`] times within the patience, from a thread of their own. A connection that closes without a farewell is that of a process
//! that has ended, which is known at once; one that is silent for all of the patience, of one that stands still or cannot be reached any more. Who finds that
//! says so, with what it was doing itself (ranks do the same things together) and the last checkpoint, and ends; the launcher ends the others.
//!
//! Silence is counted in time-outs of this process, so that a job that is suspended as a whole goes on afterwards. A rank that lives and gets
//! nowhere is not told from one that computes.
//!
//! On one machine the connections stay on it. Otherwise rank 0 listens on a port that the system chooses, and takes only who has the number
//! that ranks were told over MPI.

use std::fmt::Display;
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use terrella_coupling::communicator::Communicator;
use terrella_driver::interruption;

use crate::error::{Result, complain};

/// Signs of life within the patience.
const BEATS: u32 = 8;
/// Between two looks at what there is to do.
const LOOK: Duration = Duration::from_millis(50);
/// For a connection at the start.
const CONNECTING: Duration = Duration::from_secs(10);
/// So long a launcher is given to end the job before another rank says what rank 1 has said.
const GRACE: Duration = Duration::from_secs(5);

/// What is sent.
const ALIVE: u8 = b'.';
const FAREWELL: u8 = b'f';
/// Another rank has said why the job ends.
const END: u8 = b'e';

type Secret = [u8; 16];

/// This rank's end of the watch.
#[derive(Debug)]
pub(crate) struct Watch(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    rank: usize,
    patience: Duration,
    /// What this rank is doing.
    phase: Mutex<String>,
    checkpoint: Mutex<Option<PathBuf>>,
    /// Whether this rank is about to end.
    is_over: AtomicBool,
    streams: Vec<(usize, TcpStream)>,
}

/// How a rank was lost.
#[derive(Clone, Copy, Debug)]
enum Loss {
    Ended,
    Silent,
}

impl Watch {
    /// Connects the ranks; all of them call it. Those from `watched` on watch rank 0 and are not watched. A rank that cannot be reached is
    /// told by rank 0, and goes on without.
    pub(crate) fn start(all: &Communicator, patience: Duration, watched: usize) -> Result<Self> {
        let streams = connect(all)?;
        let rank = all.rank();
        let beat = patience / BEATS;
        for (_, stream) in &streams {
            // Without these the watch is late, and no more.
            let _ = (stream.set_nodelay(true), stream.set_write_timeout(Some(beat)));
            let _ = stream.set_read_timeout(Some(beat));
        }
        let phase = Mutex::new("start".to_owned());
        let (checkpoint, is_over) = (Mutex::new(None), AtomicBool::new(false));
        let shared = Arc::new(Shared { rank, patience, phase, checkpoint, is_over, streams });
        for (place, (peer, _)) in shared.streams.iter().enumerate() {
            if rank > 0 || *peer < watched {
                let shared = shared.clone();
                spawn(move || shared.listen(place));
            }
        }
        let own = shared.clone();
        spawn(move || own.beat(beat));
        Ok(Self(shared))
    }

    /// What this rank does now.
    pub(crate) fn enter(&self, phase: impl Display) {
        *lock(&self.0.phase) = phase.to_string();
    }

    /// Where checkpoints are written.
    pub(crate) fn expect_checkpoints_at(&self, path: PathBuf) {
        *lock(&self.0.checkpoint) = Some(path);
    }

    /// What it said last that it does.
    pub(crate) fn phase(&self) -> String {
        lock(&self.0.phase).clone()
    }

    /// Before this rank ends the job, of which it says why.
    pub(crate) fn end(&self) {
        self.0.is_over.store(true, Ordering::SeqCst);
        self.0.tell(END);
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let was_over = self.0.is_over.swap(true, Ordering::SeqCst);
        // A panic is no farewell.
        if !was_over && !thread::panicking() {
            self.0.tell(FAREWELL);
        }
    }
}

/// The last checkpoint, for people; `path` is where one would be.
pub(crate) fn last_checkpoint(path: Option<&Path>) -> String {
    match path.filter(|path| path.is_file()) {
        Some(path) => format!("The last checkpoint is '{}'.", path.display()),
        None => "There is no checkpoint.".into(),
    }
}

impl Shared {
    fn checkpoint(&self) -> String {
        last_checkpoint(lock(&self.checkpoint).as_deref())
    }

    fn tell(&self, what: u8) {
        for (_, stream) in &self.streams {
            let mut stream = stream;
            // Who is gone is found by listening.
            let _ = stream.write_all(&[what]);
        }
    }

    /// Sends signs of life.
    fn beat(&self, every: Duration) {
        let (mut last, mut is_asked) = (Instant::now(), false);
        while !self.is_over.load(Ordering::SeqCst) {
            thread::sleep(LOOK.min(every));
            if last.elapsed() >= every {
                last = Instant::now();
                self.tell(ALIVE);
            }
            let is_over = self.is_over.load(Ordering::SeqCst);
            if self.rank == 0 && !is_asked && !is_over && interruption::requested() {
                is_asked = true;
                // A launcher may not wait until the step is done.
                self.say(&format!("asked to end at '{}'.", lock(&self.phase)));
            }
        }
    }

    /// Hears of another rank until it says farewell.
    fn listen(&self, place: usize) {
        let (peer, mut stream) = (self.streams[place].0, &self.streams[place].1);
        let (mut bytes, mut silent) = ([0; 64], 0);
        while !self.is_over.load(Ordering::SeqCst) {
            match stream.read(&mut bytes) {
                Ok(0) => return self.lost(peer, Loss::Ended),
                Ok(count) if bytes[..count].contains(&END) => {
                    if !self.is_over.swap(true, Ordering::SeqCst) {
                        end();
                    }
                }
                Ok(count) if bytes[..count].contains(&FAREWELL) => return,
                Ok(_) => silent = 0,
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    silent += 1;
                    if silent >= BEATS {
                        return self.lost(peer, Loss::Silent);
                    }
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return self.lost(peer, Loss::Ended),
            }
        }
    }

    /// Says what is known of a rank that is gone, and ends the job.
    fn lost(&self, peer: usize, how: Loss) {
        if self.is_over.swap(true, Ordering::SeqCst) {
            return;
        }
        if self.rank > 1 {
            // Rank 1 says the same.
            thread::sleep(GRACE);
        }
        let what = match how {
            Loss::Ended => "has ended without a word".to_owned(),
            Loss::Silent => format!("has not been heard of for {} s", self.patience.as_secs_f64()),
        };
        self.say(&format!("rank {peer} {what}; rank {} is at '{}'.", self.rank, lock(&self.phase)));
        self.tell(END);
        end();
    }

    fn say(&self, what: &str) {
        complain(format_args!("{what} {}", self.checkpoint()));
    }
}

/// Ends this process, whatever its main thread waits for.
fn end() -> ! {
    // What libraries do at the end may wait for that thread.
    spawn(|| {
        thread::sleep(Duration::from_secs(2));
        std::process::abort()
    });
    std::process::exit(1)
}

fn spawn(work: impl FnOnce() + Send + 'static) {
    // A rank without the thread is silent, and ends the job; a machine without threads computes nothing either.
    let _ = thread::Builder::new().name("watch".into()).stack_size(256 << 10).spawn(work);
}

/// Between rank 0 and each other one: streams with the rank at their other end.
fn connect(all: &Communicator) -> Result<Vec<(usize, TcpStream)>> {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let hosts = all.all_gather(host.trim().as_bytes())?;
    let is_one_host = hosts.iter().all(|host| *host == hosts[0]);
    // Port and secret.
    let mut address = [0u8; 18];
    let mut problem = String::new();
    let mut accepting = None;
    let is_enough = Arc::new(AtomicBool::new(false));
    if all.rank() == 0 {
        match listener(is_one_host) {
            Ok((listener, port, secret)) => {
                address[..2].copy_from_slice(&port.to_le_bytes());
                address[2..].copy_from_slice(&secret);
                let (is_enough, others) = (is_enough.clone(), all.size() - 1);
                accepting = Some(thread::spawn(move || accept(&listener, secret, others, &is_enough)));
            }
            Err(error) => problem = format!("rank 0 cannot listen: {error}"),
        }
    }
    all.broadcast(0, &mut address)?;
    let port = u16::from_le_bytes([address[0], address[1]]);
    let secret: Secret = address[2..].try_into().expect("16 of 18 bytes");
    let mut streams = Vec::new();
    if all.rank() > 0 && port > 0 {
        let host = if hosts[all.rank()] == hosts[0] {
            "127.0.0.1".into()
        } else {
            String::from_utf8_lossy(&hosts[0])
        };
        match introduce(&host, port, secret, all.rank()) {
            Ok(stream) => streams.push((0, stream)),
            Err(error) => problem = format!("rank {} does not reach {host}:{port}: {error}", all.rank()),
        }
    }
    let problems = all.all_gather(problem.as_bytes())?;
    is_enough.store(true, Ordering::SeqCst);
    if let Some(accepting) = accepting {
        streams = accepting.join().unwrap_or_default();
    }
    if let Some(problem) = problems.iter().find(|problem| !problem.is_empty() && all.rank() == 0) {
        complain(format_args!("not all ranks are watched: {}.", String::from_utf8_lossy(problem)));
    }
    Ok(streams)
}

fn listener(is_one_host: bool) -> std::io::Result<(TcpListener, u16, Secret)> {
    let mut secret = Secret::default();
    getrandom::fill(&mut secret).map_err(std::io::Error::other)?;
    let listener = TcpListener::bind((if is_one_host { "127.0.0.1" } else { "0.0.0.0" }, 0))?;
    listener.set_nonblocking(true)?;
    let port = listener.local_addr()?.port();
    Ok((listener, port, secret))
}

/// Takes the connections of `count` ranks, or those that there are when it is enough.
fn accept(
    listener: &TcpListener,
    secret: Secret,
    count: usize,
    is_enough: &AtomicBool,
) -> Vec<(usize, TcpStream)> {
    let mut streams: Vec<(usize, TcpStream)> = Vec::new();
    while streams.len() < count && !is_enough.load(Ordering::SeqCst) {
        match listener.accept() {
            Ok((stream, _)) => match greet(&stream, secret) {
                Some(rank) if rank <= count => streams.push((rank, stream)),
                // Somebody else.
                _ => {}
            },
            Err(_) => thread::sleep(Duration::from_millis(1)),
        }
    }
    streams
}

/// The rank that introduces itself.
fn greet(mut stream: &TcpStream, secret: Secret) -> Option<usize> {
    stream.set_nonblocking(false).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(1))).ok()?;
    let mut words = [0; 20];
    stream.read_exact(&mut words).ok()?;
    let (told, rank) = words.split_at(16);
    if told != secret {
        return None;
    }
    stream.write_all(&[ALIVE]).ok()?;
    Some(u32::from_le_bytes(rank.try_into().ok()?) as usize)
}

fn introduce(host: &str, port: u16, secret: Secret, rank: usize) -> std::io::Result<TcpStream> {
    let mut outcome = Err(std::io::Error::other("the name has no address"));
    for address in (host, port).to_socket_addrs()? {
        outcome = TcpStream::connect_timeout(&address, CONNECTING);
        if outcome.is_ok() {
            break;
        }
    }
    let mut stream = outcome?;
    stream.set_read_timeout(Some(CONNECTING))?;
    stream.write_all(&[&secret[..], &(rank as u32).to_le_bytes()].concat())?;
    stream.read_exact(&mut [0])?;
    Ok(stream)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // No operation leaves what it guards half changed.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
