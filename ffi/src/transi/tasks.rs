//! The tasks of a program: processes under MPI, or this one alone.
//!
//! MPI is called by the thread that called `trans_init()` (or the first `trans_setup()`) and by no other. What belongs to it, the communicator
//! and the transforms that tasks share, is kept by that thread; everything that all threads may see is plain data.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::c_int;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::mem::ManuallyDrop;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::ThreadId;

use terrella_coupling::communicator::{Communicator, Kind};
use terrella_coupling::decomposition::{Blocks, PointRegions};
use terrella_coupling::spectral::DistributedTransform;
use terrella_coupling::transposition::{PointTransposition, WaveTransposition, Wire};
use terrella_kernels::spectral::TransformShares;

use super::{entry, library};
use crate::border::{guarded, zeros};
use crate::engine::{Operator, on_tasks};
use crate::failure::{Cause, Failure, Outcome};

/// Which task this is, from 0, and of how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tasks {
    pub(super) own: usize,
    pub(super) count: usize,
}

impl Tasks {
    pub(super) const ALONE: Self = Self { own: 0, count: 1 };
}

struct Membership {
    /// What the program said of MPI, if it said anything.
    wants_mpi: Option<bool>,
    joined: Option<Joined>,
}

#[derive(Clone, Copy)]
struct Joined {
    tasks: Tasks,
    /// The thread that calls MPI, where there is MPI.
    thread: Option<ThreadId>,
    /// Whether the program wanted no MPI.
    refused_mpi: bool,
}

static MEMBERSHIP: Mutex<Membership> = Mutex::new(Membership { wants_mpi: None, joined: None });

fn membership() -> MutexGuard<'static, Membership> {
    MEMBERSHIP.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the thread that calls MPI keeps.
struct Own {
    communicator: Communicator,
    transforms: BTreeMap<u64, Box<Shared>>,
}

thread_local! {
    // Never dropped with the thread: a program that stops at an error must not wait for the other tasks.
    static OWN: RefCell<ManuallyDrop<Option<Own>>> = const { RefCell::new(ManuallyDrop::new(None)) };
}

/// Finds the other tasks, where that has not been done.
pub(super) fn join() -> Outcome<Tasks> {
    let mut membership = membership();
    if let Some(joined) = membership.joined {
        return Ok(joined.tasks);
    }
    let refused_mpi = membership.wants_mpi == Some(false);
    let communicator = if refused_mpi { Communicator::serial() } else { Communicator::launched()? };
    let tasks = Tasks { own: communicator.rank(), count: communicator.size() };
    let is_mpi = communicator.kind() == Kind::Mpi;
    if is_mpi {
        OWN.with_borrow_mut(|own| **own = Some(Own { communicator, transforms: BTreeMap::new() }));
    }
    let thread = is_mpi.then(|| std::thread::current().id());
    membership.joined = Some(Joined { tasks, thread, refused_mpi });
    Ok(tasks)
}

/// The tasks that were found, or this one alone.
pub(super) fn known() -> Tasks {
    membership().joined.map_or(Tasks::ALONE, |joined| joined.tasks)
}

/// Forgets all plans and the other tasks, and ends MPI if it was begun here.
fn leave() -> Outcome {
    let mut membership = membership();
    let thread = membership.joined.and_then(|joined| joined.thread);
    if thread.is_some_and(|thread| thread != std::thread::current().id()) {
        return Err(other_thread());
    }
    library::clear();
    membership.joined = None;
    let own = OWN.with_borrow_mut(|own| own.take());
    drop(own);
    Ok(())
}

/// The other tasks' communicator; nothing for one task alone.
fn communicator() -> Outcome<Option<Communicator>> {
    if known().count == 1 {
        return Ok(None);
    }
    let own = OWN.with_borrow(|own| own.as_ref().map(|own| own.communicator.clone()));
    own.map(Some).ok_or_else(other_thread)
}

fn other_thread() -> Failure {
    let message = "Another thread called trans_init() or the first trans_setup(): expected a call from that one, \
                   which alone calls MPI.";
    Failure::new(Cause::Tasks, message)
}

/// Whether to use MPI, before the tasks are known.
pub(super) fn set_use_of_mpi(wanted: bool) -> Outcome {
    let mut membership = membership();
    let is_late = |joined: Joined| if wanted { joined.refused_mpi } else { joined.thread.is_some() };
    if membership.joined.is_some_and(is_late) {
        let expected =
            "the choice with which trans_init() or trans_setup() was called, until trans_finalize()";
        return Err(Failure::invalid("mpi", c_int::from(wanted), expected));
    }
    membership.wants_mpi = Some(wanted);
    Ok(())
}

/// The task, from 0, that a program names by its number, from 1.
pub(super) fn number(name: &str, number: c_int, tasks: Tasks) -> Outcome<usize> {
    match usize::try_from(number) {
        Ok(number @ 1..) if number <= tasks.count => Ok(number - 1),
        _ if tasks.count == 1 => Err(Failure::invalid(name, number, "1, the only task")),
        _ => Err(Failure::invalid(name, number, &format!("a task from 1 to {}", tasks.count))),
    }
}

/// What a task is about to do with all others: the same on each of them.
#[derive(Default)]
pub(super) struct Intent(DefaultHasher);

impl Intent {
    /// With something that must be the same.
    pub(super) fn with(mut self, same: impl Hash) -> Self {
        same.hash(&mut self.0);
        self
    }
}

/// Runs an entry point that all tasks call together. What one of them refuses while it prepares, none goes on with, and neither
/// where they intend different things.
pub(super) fn together<T>(
    function: &'static str,
    prepare: impl FnOnce() -> Outcome<(T, Intent)>,
    work: impl FnOnce(T) -> Outcome,
) -> c_int {
    entry(function, || {
        let Some(communicator) = communicator()? else { return work(prepare()?.0) };
        let prepared = guarded(prepare);
        let word = match &prepared {
            Ok((_, intent)) => {
                let mut hasher = intent.0.clone();
                function.hash(&mut hasher);
                [0, hasher.finish()]
            }
            Err(_) => [1, 0],
        };
        let words = communicator.all_gather(&[word])?;
        let (prepared, _) = prepared?;
        if let Some(task) = words.iter().position(|other| other[0][0] != 0) {
            let message = format!("Task {} refused what it was given.", task + 1);
            return Err(Failure::new(Cause::Tasks, message));
        }
        if let Some(task) = words.iter().position(|other| other[0] != word) {
            let message = format!(
                "Task {} asks for something else: expected the same function, resolution, numbers of fields, \
                 options and tasks' numbers on all.",
                task + 1
            );
            return Err(Failure::new(Cause::Tasks, message));
        }
        work(prepared)
    })
}

/// Values for all tasks, `counts[t]` for task t; returns those from all tasks.
pub(super) fn all_to_all(values: &[f64], counts: &[usize]) -> Outcome<Vec<Vec<f64>>> {
    match communicator()? {
        None => Ok(vec![values.to_vec()]),
        Some(communicator) => Ok(communicator.all_to_all(values, counts)?),
    }
}

/// The values of all tasks on task `root`, by task; nothing on the others.
pub(super) fn gather(root: usize, values: &[f64]) -> Outcome<Option<Vec<Vec<f64>>>> {
    match communicator()? {
        None => Ok(Some(vec![values.to_vec()])),
        Some(communicator) => Ok(communicator.gather(root, values)?),
    }
}

/// A transform that tasks share, between the spectra and the points of their parts.
struct Shared {
    transform: DistributedTransform<f64>,
    points: PointTransposition<f64>,
}

impl Shared {
    fn apply(
        &mut self,
        operator: Operator,
        fields: usize,
        inputs: &[&[f64]],
        outputs: &mut [&mut [f64]],
    ) -> Outcome {
        let len = fields * self.points.ring_points();
        if operator.is_to_grid() {
            let mut rings = outputs.iter().map(|_| zeros("rings", len)).collect::<Outcome<Vec<_>>>()?;
            let mut on_rings: Vec<&mut [f64]> = rings.iter_mut().map(Vec::as_mut_slice).collect();
            on_tasks(&mut self.transform, operator, fields, inputs, &mut on_rings)?;
            for (rings, output) in rings.iter().zip(outputs) {
                self.points.to_points(fields, rings, output)?;
            }
            return Ok(());
        }
        let mut rings = inputs.iter().map(|_| zeros("rings", len)).collect::<Outcome<Vec<_>>>()?;
        for (input, rings) in inputs.iter().zip(&mut rings) {
            self.points.to_rings(fields, input, rings)?;
        }
        let on_rings: Vec<&[f64]> = rings.iter().map(Vec::as_slice).collect();
        on_tasks(&mut self.transform, operator, fields, &on_rings, outputs)
    }
}

/// A handle of a shared transform, which stays on the thread that calls MPI and goes with the handle, or with `trans_finalize()` where the
/// handle is dropped by another thread.
pub(super) struct SharedTransform(u64);

impl SharedTransform {
    pub(super) fn new(
        shares: &TransformShares,
        regions: &PointRegions,
        pairs: &Blocks,
        radius: f64,
    ) -> Outcome<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let communicator = communicator()?.ok_or_else(other_thread)?;
        let transposition = WaveTransposition::new(&communicator, shares, Wire::Same)?;
        let mut transform = DistributedTransform::new(shares, communicator.rank(), transposition);
        transform.set_radius(radius)?;
        let points = PointTransposition::new(&communicator, regions, pairs, Wire::Same)?;
        let key = NEXT.fetch_add(1, Ordering::Relaxed);
        OWN.with_borrow_mut(|own| match &mut **own {
            Some(own) => {
                own.transforms.insert(key, Box::new(Shared { transform, points }));
                Ok(Self(key))
            }
            None => Err(other_thread()),
        })
    }

    /// Applies an operator, as [`Engine::apply`](crate::engine::Engine::apply) does, between spectra and points of this task.
    pub(super) fn apply(
        &self,
        operator: Operator,
        fields: usize,
        inputs: &[&[f64]],
        outputs: &mut [&mut [f64]],
    ) -> Outcome {
        OWN.with_borrow_mut(|own| {
            let shared = own.as_mut().and_then(|own| own.transforms.get_mut(&self.0));
            shared.ok_or_else(other_thread)?.apply(operator, fields, inputs, outputs)
        })
    }
}

impl Drop for SharedTransform {
    fn drop(&mut self) {
        let shared = OWN.with_borrow_mut(|own| own.as_mut().and_then(|own| own.transforms.remove(&self.0)));
        drop(shared);
    }
}

/// Finds the other tasks; `trans_setup()` does so by itself. All tasks call it together.
#[unsafe(no_mangle)]
extern "C" fn trans_init() -> c_int {
    entry("trans_init", || join().map(|_| ()))
}

/// Forgets all plans and the other tasks, and ends MPI if it was begun here. Settings stay. All tasks call it together.
#[unsafe(no_mangle)]
extern "C" fn trans_finalize() -> c_int {
    entry("trans_finalize", leave)
}

/// Whether to use MPI. Unless this says no, a process that an MPI launcher has started does.
#[unsafe(no_mangle)]
extern "C" fn trans_use_mpi(wanted: c_int) -> c_int {
    entry("trans_use_mpi", || set_use_of_mpi(wanted != 0))
}
