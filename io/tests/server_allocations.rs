//! Handing a field to the server allocates nothing once its length has been seen.
#![allow(unsafe_code, reason = "an allocator that counts is one")]

use std::alloc::{GlobalAlloc, Layout as Bytes, System};
use std::cell::Cell;
use std::sync::{Arc, Mutex};

use terrella_io::layout::Layout;
use terrella_io::plan::{Message, Metadata, Plans};
use terrella_io::server::{Server, Settings};

struct Counting;

thread_local! {
    static COUNT: Cell<u64> = const { Cell::new(0) };
    /// Of the memory of a field.
    static LARGE: Cell<u64> = const { Cell::new(0) };
}

/// Bytes of a field here.
const FIELD: usize = 8 * 5000;

// SAFETY: every call goes to the system's allocator as it came, so that its promises are those of this one. Counting neither
// allocates nor panics, which an allocator must not: the counters are numbers of the thread without a destructor, made when the
// program is compiled, so that they are there in every call.
unsafe impl GlobalAlloc for Counting {
    // SAFETY: `System.alloc` asks no more of the caller than the trait does: `bytes` of a size above 0.
    unsafe fn alloc(&self, bytes: Bytes) -> *mut u8 {
        COUNT.with(|count| count.set(count.get() + 1));
        LARGE.with(|count| count.set(count.get() + u64::from(bytes.size() >= FIELD)));
        // SAFETY: the size of `bytes` is above 0, as the caller promised this function.
        unsafe { System.alloc(bytes) }
    }

    // SAFETY: the caller promises that `address` is a block of this allocator, made with `bytes`, and not given back yet.
    unsafe fn dealloc(&self, address: *mut u8, bytes: Bytes) {
        // SAFETY: all blocks of this allocator are the system's: `alloc` hands its blocks on, and the trait's own `realloc` and
        // `alloc_zeroed` make theirs by `alloc`. So `address` is a block of the system made with the same `bytes`.
        unsafe { System.dealloc(address, bytes) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations(act: impl FnOnce()) -> u64 {
    let before = COUNT.with(Cell::get);
    act();
    COUNT.with(Cell::get) - before
}

#[test]
fn a_call_allocates_nothing() {
    let text = "
plans:
  - {name: archive, actions: [{type: encode, format: raw}, {type: sink, sinks: [{type: call, name: gate}]}]}
  - {name: other, actions: [{type: select, match: [{name: u}]}, {type: sink, sinks: [{type: discard}]}]}
  - {name: viewer, delivery: best-effort, actions: [{type: sink, sinks: [{type: discard}]}]}
";
    let mut plans = Plans::from_yaml(text).unwrap();
    let gate = Arc::new(Mutex::new(()));
    let passed = gate.clone();
    let consumer = move |_: &Message| {
        drop(passed.lock().unwrap());
        Ok(())
    };
    plans.connect("gate", consumer).unwrap();
    let mut server = Server::start(plans, Settings::default()).unwrap();
    let layout = Layout::global_lat_lon(100, 50);
    let values = vec![1.5; layout.points()];
    let write = |name: &str| {
        let metadata = Metadata::new().with("name", name).with("step", 1);
        allocations(|| server.write_field(metadata, &layout, &values).unwrap())
    };
    // More than wait at the same time below.
    let closed = gate.lock().unwrap();
    assert!((0..5).map(|_| write("t")).sum::<u64>() > 0, "buffers are made");
    drop(closed);
    server.flush().unwrap();
    for _ in 0..100 {
        assert_eq!(write("t") + write("u"), 0);
        server.flush().unwrap();
    }
    server.finish().unwrap();
}

#[test]
fn the_first_fields_have_memory_that_was_prepared() {
    let text = "plans: [{name: p, actions: [{type: sink, sinks: [{type: call, name: gate}]}]}]";
    let mut plans = Plans::from_yaml(text).unwrap();
    let (open, gate) = std::sync::mpsc::channel::<()>();
    let consumer = move |_: &Message| {
        let _ = gate.recv();
        Ok(())
    };
    plans.connect("gate", consumer).unwrap();
    let server = Server::start(plans, Settings::default()).unwrap();
    let layout = Layout::global_lat_lon(100, 50);
    let values = vec![1.5; layout.points()];
    assert_eq!(server.prepare(&layout, 20), 20);
    let before = LARGE.with(Cell::get);
    for step in 0..20 {
        server.write_field(Metadata::new().with("step", step), &layout, &values).unwrap();
    }
    assert_eq!(LARGE.with(Cell::get), before);
    drop(open);
}

#[test]
fn a_plan_works_in_the_memory_of_its_last_message() {
    let text = "plans: [{name: p, actions: [{type: sink, sinks: [{type: call, name: count}]}]}]";
    let mut plans = Plans::from_yaml(text).unwrap();
    let (sender, counts) = std::sync::mpsc::channel();
    let consumer = move |_: &Message| {
        sender.send(LARGE.with(Cell::get)).unwrap();
        Ok(())
    };
    plans.connect("count", consumer).unwrap();
    let mut server = Server::start(plans, Settings::default()).unwrap();
    let layout = Layout::global_lat_lon(100, 50);
    for step in 0..50 {
        server.write_field(Metadata::new().with("step", step), &layout, &vec![1.5; 5000]).unwrap();
    }
    server.finish().unwrap();
    let counts: Vec<u64> = counts.try_iter().collect();
    assert_eq!(counts, [1; 50]);
    // Those that waited at the same time, and those that were made ahead.
    let memory = server.metrics().memory;
    assert!(
        memory.is_multiple_of(FIELD as u64) && memory <= 54 * FIELD as u64,
        "idle buffers alone are left"
    );
}
