//! Ranks that are processes, by whatever MPI library the machine has.
//!
//! Nothing is linked: the library is found when the first communicator is asked for, and told by its symbols which of the two
//! families it is of ([`functions`]). All numbers go as bytes, so that handles of types are not needed. MPI is begun with
//! `MPI_THREAD_FUNNELED`: one thread calls, whichever others compute.

#![allow(unsafe_code)]

mod functions;
mod launcher;
mod on_the_way;

use std::ffi::{CStr, c_char, c_int};
use std::ops::Range;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use libloading::Library;

use self::functions::{Family, Functions, Handle};
pub(super) use self::launcher::is_launched;
use self::on_the_way::OnTheWay;
use super::transport::{Buffers, Parcel, Pending, Received, Transport};
use crate::{Error, Result};

/// Bytes of one message of MPI's, whose counts are 32-bit integers: longer parcels go in several.
const LARGEST_MESSAGE: usize = 1 << 30;
/// `MPI_THREAD_FUNNELED`, in both families.
const FUNNELED: c_int = 1;
/// `MPI_UNDEFINED`, in both families.
const UNDEFINED: c_int = -32766;
/// Room for texts: what MPICH asks for its version, the longest of all.
const TEXT: usize = 8192;

/// Whether this process began MPI, so that it ends it.
static BEGUN_HERE: AtomicBool = AtomicBool::new(false);
/// Communicators and parcels that need MPI.
static USERS: AtomicUsize = AtomicUsize::new(0);
/// Whether an operation failed or was given up. Then MPI is not ended, which would wait for others that wait for this rank: a
/// launcher ends them all when it sees that a process is gone.
static IS_BROKEN: AtomicBool = AtomicBool::new(false);

/// The library, with the name that it was found by.
fn library() -> Result<&'static (Family, String)> {
    static LIBRARY: OnceLock<std::result::Result<(Family, String), String>> = OnceLock::new();
    LIBRARY.get_or_init(open).as_ref().map_err(|reason| Error::MpiUnavailable { reason: reason.clone() })
}

/// The library at the path in `TERRELLA_MPI`, else the first of the usual names.
fn open() -> std::result::Result<(Family, String), String> {
    let names = match std::env::var("TERRELLA_MPI") {
        Ok(path) => vec![path],
        Err(_) => launcher::usual_names().into_iter().map(str::to_owned).collect(),
    };
    let mut reasons = Vec::new();
    for name in names {
        match load(&name) {
            Ok(library) => {
                let family = functions::load(library, &name)?;
                return Ok((family, name));
            }
            Err(error) => reasons.push(format!("'{name}' was not loaded ({error})")),
        }
    }
    let reasons = reasons.join(", ");
    Err(format!(
        "{reasons}: install an MPI library, such as Debian's libopenmpi3, or name one in TERRELLA_MPI"
    ))
}

/// With its symbols for all that is loaded later: parts of Open MPI are plugins that expect to find it.
#[cfg(unix)]
fn load(name: &str) -> std::result::Result<Library, libloading::Error> {
    use libloading::os::unix;
    // SAFETY: the initialisers of MPI libraries set up their own static data.
    unsafe { unix::Library::open(Some(name), unix::RTLD_LAZY | unix::RTLD_GLOBAL) }.map(Library::from)
}

#[cfg(not(unix))]
fn load(name: &str) -> std::result::Result<Library, libloading::Error> {
    // SAFETY: the initialisers of MPI libraries set up their own static data.
    unsafe { Library::new(name) }
}

/// All ranks of the job, begun where that has not been done.
pub(super) fn world() -> Result<Box<dyn Transport>> {
    let (family, name) = library()?;
    match family {
        Family::OpenMpi(functions) => world_of(functions, name),
        Family::Mpich(functions) => world_of(functions, name),
    }
}

/// What the library says that it is, in its first line.
pub(super) fn version() -> Result<String> {
    let (family, _) = library()?;
    let (get, mut length, mut text) = match family {
        Family::OpenMpi(functions) => (functions.library_version, 0, vec![0u8; TEXT]),
        Family::Mpich(functions) => (functions.library_version, 0, vec![0u8; TEXT]),
    };
    // SAFETY: may be called at any time; `text` is as long as any library's version.
    unsafe { get(text.as_mut_ptr().cast::<c_char>(), &mut length) };
    let text = CStr::from_bytes_until_nul(&text).unwrap_or_default().to_string_lossy();
    Ok(text.lines().next().unwrap_or_default().trim().to_owned())
}

fn world_of<H: Handle>(functions: &'static Functions<H>, name: &str) -> Result<Box<dyn Transport>> {
    static BEGINNING: Mutex<()> = Mutex::new(());
    let _one_at_a_time = BEGINNING.lock().unwrap_or_else(PoisonError::into_inner);
    let unavailable = |reason: String| Error::MpiUnavailable { reason: format!("'{name}': {reason}") };
    if flag(functions.finalized) {
        return Err(unavailable("it has been ended in this process and cannot begin again".to_owned()));
    }
    if !flag(functions.initialized) {
        let (mut arguments, mut provided) = (0, 0);
        // SAFETY: null stands for the arguments that a program without them has.
        let code =
            unsafe { (functions.init_thread)(&mut arguments, std::ptr::null_mut(), FUNNELED, &mut provided) };
        if code != 0 {
            return Err(unavailable(format!("MPI_Init_thread failed: {}", text_of(functions, code))));
        }
        BEGUN_HERE.store(true, Ordering::SeqCst);
        if provided < FUNNELED {
            return Err(unavailable("it allows no threads beside the one that calls it".to_owned()));
        }
    }
    if !flag(functions.is_thread_main) {
        return Err(unavailable("another thread began it, which alone may call it".to_owned()));
    }
    let world = Group::new(functions, functions.world, false)?;
    if let Some(processes) = launcher::processes().filter(|&processes| processes > 1 && world.size == 1) {
        let reason = format!(
            "the launcher started {processes} processes, but this library sees one: name the launcher's own library in TERRELLA_MPI"
        );
        return Err(unavailable(reason));
    }
    // Messages of other users of MPI in this process are none of ours.
    Ok(Box::new(world.derive("duplicate", |handle| {
        // SAFETY: both handles are valid; all ranks are here.
        unsafe { (functions.comm_dup)(functions.world, handle) }
    })?))
}

/// What one of MPI's questions about itself is answered: whether it was begun, whether it was ended, and, between the two, whether this
/// is the thread that began it.
fn flag(get: unsafe extern "C" fn(*mut c_int) -> c_int) -> bool {
    let mut flag = 0;
    // SAFETY: two of the three may be called at any time, and the third is called after the library was begun.
    unsafe { get(&mut flag) };
    flag != 0
}

fn text_of<H: Handle>(functions: &Functions<H>, code: c_int) -> String {
    let (mut text, mut length) = (vec![0u8; TEXT], 0);
    // SAFETY: takes any code of this library's; `text` is longer than any of its texts.
    unsafe { (functions.error_string)(code, text.as_mut_ptr().cast::<c_char>(), &mut length) };
    let text = CStr::from_bytes_until_nul(&text).unwrap_or_default().to_string_lossy();
    format!("{} (code {code})", text.trim().trim_end_matches('.'))
}

/// Something that needs MPI; the last one ends it.
struct User<H: Handle>(&'static Functions<H>);

impl<H: Handle> User<H> {
    fn new(functions: &'static Functions<H>) -> Self {
        USERS.fetch_add(1, Ordering::SeqCst);
        Self(functions)
    }
}

impl<H: Handle> Drop for User<H> {
    fn drop(&mut self) {
        let is_last = USERS.fetch_sub(1, Ordering::SeqCst) == 1;
        if is_last && BEGUN_HERE.load(Ordering::SeqCst) && is_whole() && !flag(self.0.finalized) {
            // SAFETY: begun here, not ended yet, nothing is under way, and users stay on the thread that began it.
            unsafe { (self.0.finalize)() };
        }
    }
}

/// Whether others can count on this rank.
fn is_whole() -> bool {
    !IS_BROKEN.load(Ordering::SeqCst) && !std::thread::panicking()
}

/// A communicator of MPI's.
struct Group<H: Handle> {
    handle: H,
    /// Whether it was made here.
    is_own: bool,
    rank: usize,
    size: usize,
    user: Rc<User<H>>,
}

impl<H: Handle> Drop for Group<H> {
    fn drop(&mut self) {
        // A program that began MPI may have ended it before.
        if self.is_own && is_whole() && !flag(self.user.0.finalized) {
            // SAFETY: made by a call that succeeded, and freed once.
            unsafe { (self.user.0.comm_free)(&mut self.handle) };
        }
    }
}

impl<H: Handle> Group<H> {
    fn new(functions: &'static Functions<H>, handle: H, is_own: bool) -> Result<Self> {
        let mut group = Self { handle, is_own, rank: 0, size: 0, user: Rc::new(User::new(functions)) };
        let (mut rank, mut size) = (0, 0);
        // SAFETY: the handle is that of a communicator of which this process is a member.
        unsafe {
            // Errors come back instead of ending the process, but for those of the communicator of a program that began MPI itself:
            // what becomes of them is for that program to say.
            if is_own || BEGUN_HERE.load(Ordering::SeqCst) {
                group.check(
                    "set_errhandler",
                    (functions.comm_set_errhandler)(handle, functions.errors_return),
                )?;
            }
            group.check("rank", (functions.comm_rank)(handle, &mut rank))?;
            group.check("size", (functions.comm_size)(handle, &mut size))?;
        }
        (group.rank, group.size) = (rank as usize, size as usize);
        Ok(group)
    }

    fn functions(&self) -> &'static Functions<H> {
        self.user.0
    }

    /// Another communicator by a call that writes its handle.
    fn derive(&self, operation: &'static str, make: impl FnOnce(&mut H) -> c_int) -> Result<Self> {
        let mut handle = self.functions().null_communicator;
        self.check(operation, make(&mut handle))?;
        Self::new(self.functions(), handle, true)
    }

    /// Ok for 0, else the error with MPI's own words.
    fn check(&self, operation: &'static str, code: c_int) -> Result<()> {
        if code == 0 {
            return Ok(());
        }
        IS_BROKEN.store(true, Ordering::SeqCst);
        Err(Error::Communication { rank: self.rank, operation, reason: text_of(self.functions(), code) })
    }
}

/// A range in parts that MPI can count.
fn messages(bytes: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let end = bytes.end;
    // A message of nothing is one message: who expects more sees that it is too short.
    let count = bytes.len().div_ceil(LARGEST_MESSAGE).max(1);
    (0..count).map(move |i| {
        let first = bytes.start + i * LARGEST_MESSAGE;
        first..end.min(first + LARGEST_MESSAGE)
    })
}

impl<H: Handle> Transport for Group<H> {
    fn rank(&self) -> usize {
        self.rank
    }

    fn size(&self) -> usize {
        self.size
    }

    fn barrier(&self) -> Result<()> {
        // SAFETY: a valid communicator.
        self.check("barrier", unsafe { (self.functions().barrier)(self.handle) })
    }

    fn broadcast(&self, root: usize, bytes: &mut [u8]) -> Result<()> {
        if bytes.is_empty() {
            // Where nothing lies, Open MPI may see the mark of something else.
            return Ok(());
        }
        let functions = self.functions();
        messages(0..bytes.len()).try_for_each(|message| {
            let part = &mut bytes[message];
            // SAFETY: a valid communicator, and memory for as many bytes as are counted.
            let code = unsafe {
                (functions.broadcast)(
                    part.as_mut_ptr().cast(),
                    part.len() as c_int,
                    functions.byte,
                    root as c_int,
                    self.handle,
                )
            };
            self.check("broadcast", code)
        })
    }

    fn all_gather(&self, send: &[u8], receive: &mut [u8]) -> Result<()> {
        let functions = self.functions();
        let count = c_int::try_from(send.len()).map_err(|_| Error::InvalidValue {
            name: "bytes of each rank",
            got: send.len().to_string(),
            expected: format!("at most {} in a gather of equal parts", c_int::MAX),
        })?;
        assert_eq!(receive.len(), send.len() * self.size, "room for the bytes of all ranks");
        // SAFETY: a valid communicator; both arrays have as many bytes as are counted, which the line above asserts.
        let code = unsafe {
            (functions.all_gather)(
                send.as_ptr().cast(),
                count,
                functions.byte,
                receive.as_mut_ptr().cast(),
                count,
                functions.byte,
                self.handle,
            )
        };
        self.check("gather", code)
    }

    fn start(
        &self,
        tag: u16,
        buffers: Buffers,
        outgoing: &[Parcel],
        incoming: &[Parcel],
    ) -> Result<Box<dyn Pending>> {
        let functions = self.functions();
        // From here on the buffers are MPI's until all requests are done: whatever goes wrong, they are not freed.
        let mut way = OnTheWay::new(self.user.clone(), self.rank);
        let buffers = way.buffers.insert(buffers);
        let tag = c_int::from(tag);
        for parcel in incoming {
            for message in messages(parcel.bytes.clone()) {
                let bytes: &mut [u8] = bytemuck::cast_slice_mut(&mut buffers.receive);
                let part = &mut bytes[message];
                let mut request = functions.null_request;
                // SAFETY: a valid communicator; the memory is kept until the request is done.
                let code = unsafe {
                    (functions.irecv)(
                        part.as_mut_ptr().cast(),
                        part.len() as c_int,
                        functions.byte,
                        parcel.rank as c_int,
                        tag,
                        self.handle,
                        &mut request,
                    )
                };
                let expected = (parcel.rank, part.len());
                self.check("receive", code)?;
                way.requests.push(request);
                way.expected.push(expected);
            }
        }
        for parcel in outgoing {
            for message in messages(parcel.bytes.clone()) {
                let bytes: &[u8] = bytemuck::cast_slice(&buffers.send);
                let part = &bytes[message];
                let mut request = functions.null_request;
                // SAFETY: a valid communicator; the memory is kept, and not written to, until the request is done.
                let code = unsafe {
                    (functions.isend)(
                        part.as_ptr().cast(),
                        part.len() as c_int,
                        functions.byte,
                        parcel.rank as c_int,
                        tag,
                        self.handle,
                        &mut request,
                    )
                };
                self.check("send", code)?;
                way.requests.push(request);
            }
        }
        Ok(Box::new(way))
    }

    fn split(&self, colour: Option<u16>, key: i32) -> Result<Option<Box<dyn Transport>>> {
        let functions = self.functions();
        let mut handle = functions.null_communicator;
        let colour_or_none = colour.map_or(UNDEFINED, c_int::from);
        // SAFETY: a valid communicator.
        let code = unsafe { (functions.comm_split)(self.handle, colour_or_none, key, &mut handle) };
        self.check("split", code)?;
        if colour.is_none() {
            return Ok(None);
        }
        Ok(Some(Box::new(Self::new(functions, handle, true)?)))
    }

    fn post(&self, to: usize, tag: u16, letter: Arc<Vec<u8>>) -> Result<Box<dyn Pending>> {
        let functions = self.functions();
        let mut way = OnTheWay::new(self.user.clone(), self.rank);
        let letter = way.letter.insert(letter);
        let mut request = functions.null_request;
        // SAFETY: a valid communicator; the memory is shared, so that nobody writes to it, and kept until the request is done;
        // its length was found to be one that MPI can count.
        let code = unsafe {
            (functions.isend)(
                letter.as_ptr().cast(),
                letter.len() as c_int,
                functions.byte,
                to as c_int,
                c_int::from(tag),
                self.handle,
                &mut request,
            )
        };
        self.check("post", code)?;
        way.requests.push(request);
        Ok(Box::new(way))
    }

    fn receive(&self, tag: u16) -> Result<Option<Received>> {
        let functions = self.functions();
        let (mut flag, mut status) = (0, vec![0; H::STATUS]);
        // SAFETY: a valid communicator, and a status of this family's size.
        let code = unsafe {
            (functions.iprobe)(H::ANY_SOURCE, c_int::from(tag), self.handle, &mut flag, status.as_mut_ptr())
        };
        self.check("receive", code)?;
        if flag == 0 {
            return Ok(None);
        }
        let mut count = 0;
        // SAFETY: a status that a probe has filled.
        let code = unsafe { (functions.get_count)(status.as_ptr(), functions.byte, &mut count) };
        self.check("receive", code)?;
        let from = status[H::SOURCE];
        let mut bytes = vec![0u8; count as usize];
        // SAFETY: a valid communicator; memory for as many bytes as the message has that was probed, and that the next receive
        // from its sender gets, because one thread calls MPI.
        let code = unsafe {
            (functions.recv)(
                bytes.as_mut_ptr().cast(),
                count,
                functions.byte,
                from,
                c_int::from(tag),
                self.handle,
                status.as_mut_ptr(),
            )
        };
        self.check("receive", code)?;
        Ok(Some((from as usize, Arc::new(bytes))))
    }

    fn abort(&self, code: i32) {
        // SAFETY: a valid communicator; does not come back.
        unsafe { (self.functions().abort)(self.handle, code) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_parcels_go_in_several_messages() {
        let lengths = |bytes: Range<usize>| messages(bytes).map(|message| message.len()).collect::<Vec<_>>();
        assert_eq!(lengths(5..5), [0]);
        assert_eq!(lengths(5..9), [4]);
        assert_eq!(lengths(7..LARGEST_MESSAGE + 7), [LARGEST_MESSAGE]);
        assert_eq!(lengths(7..2 * LARGEST_MESSAGE + 8), [LARGEST_MESSAGE, LARGEST_MESSAGE, 1]);
        let two: Vec<_> = messages(7..LARGEST_MESSAGE + 8).collect();
        assert_eq!((two[0].end, two[1].end), (two[1].start, LARGEST_MESSAGE + 8));
        assert!(c_int::try_from(LARGEST_MESSAGE).is_ok());
    }
}
