//! What the fuzz targets share: a bound on memory, a folder for readers of files, and the inputs they start from.

use std::alloc::{GlobalAlloc, Layout, System};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Most bytes that may be held at a time: inputs have some kilobytes.
const MOST: usize = 512 << 20;

/// The system's memory, up to a bound: libFuzzer's own bound on allocations needs a sanitizer.
struct Bounded(AtomicUsize);

#[global_allocator]
static MEMORY: Bounded = Bounded(AtomicUsize::new(0));

// SAFETY: every call is the system's, with the caller's own arguments.
unsafe impl GlobalAlloc for Bounded {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if self.0.fetch_add(layout.size(), Ordering::Relaxed) + layout.size() > MOST {
            eprintln!("{} bytes more than {MOST} in all are asked for", layout.size());
            std::process::abort();
        }
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        self.0.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the pointer came from `alloc`, which is the system's.
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// A folder of this process among temporary files. `make fuzz` has these in memory.
pub fn scratch() -> PathBuf {
    let folder = std::env::temp_dir().join(format!("terrella-fuzz-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a scratch folder");
    folder
}

/// An empty folder of this process.
pub fn empty_folder() -> PathBuf {
    let folder = scratch().join("folder");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a scratch folder");
    folder
}

/// A file of this process with these bytes.
pub fn file(bytes: &[u8]) -> PathBuf {
    let path = scratch().join("file");
    std::fs::write(&path, bytes).expect("a scratch file");
    path
}

/// Puts inputs into the corpus of a target, from which it starts.
pub fn seed<'a>(target: &str, inputs: impl IntoIterator<Item = &'a [u8]>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    std::fs::create_dir_all(&folder).expect("the corpus");
    for (number, input) in inputs.into_iter().enumerate() {
        std::fs::write(folder.join(format!("seed-{number}")), input).expect("the corpus");
    }
}
