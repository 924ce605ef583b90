//! Filling a halo again allocates nothing for its values.
#![allow(unsafe_code, reason = "an allocator that counts is one")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use terrella_coupling::communicator::Communicator;
use terrella_coupling::decomposition::CartesianBlocks;
use terrella_coupling::halo::CartesianHalo;

struct Counting;

thread_local! {
    static COUNT: Cell<u64> = const { Cell::new(0) };
    /// Of all that was allocated.
    static BYTES: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: every call goes to the system's allocator as it came, so that its promises are those of this one. Counting neither
// allocates nor panics, which an allocator must not: the counters are numbers of the thread without a destructor, made when the
// program is compiled, so that they are there in every call.
unsafe impl GlobalAlloc for Counting {
    // SAFETY: `System.alloc` asks no more of the caller than the trait does: a layout of a size above 0.
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.with(|count| count.set(count.get() + 1));
        BYTES.with(|bytes| bytes.set(bytes.get() + layout.size() as u64));
        // SAFETY: the size of the layout is above 0, as the caller promised this function.
        unsafe { System.alloc(layout) }
    }

    // SAFETY: the caller promises that `address` is a block of this allocator, made with `layout`, and not given back yet.
    unsafe fn dealloc(&self, address: *mut u8, layout: Layout) {
        // SAFETY: all blocks of this allocator are the system's: `alloc` hands its blocks on, and the trait's own `realloc` and
        // `alloc_zeroed` make theirs by `alloc`. So `address` is a block of the system made with the same layout.
        unsafe { System.dealloc(address, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How often, and how many bytes.
fn allocated(act: impl FnOnce()) -> (u64, u64) {
    let before = (COUNT.with(Cell::get), BYTES.with(Cell::get));
    act();
    (COUNT.with(Cell::get) - before.0, BYTES.with(Cell::get) - before.1)
}

#[test]
fn a_second_exchange_allocates_nothing_for_values() {
    // All of the frame is this rank's own, on the other side of the plane.
    let blocks = CartesianBlocks::new([40, 30], 1);
    let frame = CartesianHalo::<f64>::new(&Communicator::serial(), &blocks, [true; 2], 2).unwrap();
    let halo = frame.halo();
    let mut fields = [3, 1].map(|levels| vec![1.0; halo.places() * levels]);
    let parcels = 8 * 4 * (halo.places() - 40 * 30) as u64;
    let first = allocated(|| halo.exchange(&mut fields).unwrap());
    assert!(first.1 >= parcels, "{first:?}");
    for _ in 0..3 {
        // What is under way is in one box.
        let (count, bytes) = allocated(|| halo.exchange(&mut fields).unwrap());
        assert!(count <= 1 && bytes <= 100, "{count} allocations of {bytes} bytes");
    }
    halo.adjoint(&mut fields).unwrap();
    let (count, bytes) = allocated(|| halo.adjoint(&mut fields).unwrap());
    assert!(count <= 1 && bytes <= 100, "{count} allocations of {bytes} bytes");
}
