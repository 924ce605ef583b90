//! Everything above the libraries' calls, on a runtime whose device is host memory.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{Reported, Runtime, StreamContext};
use crate::device::kernel_cache::KernelCache;
use crate::device::launch::Launch;
use crate::device::memory::Context;
use crate::device::{Device, DeviceDescription, KernelText, lock};
use crate::{Error, Precision, Result, ScalarKind};

/// A device of `capacity` bytes whose addresses are those of a map of byte vectors.
struct HostRuntime {
    capacity: usize,
    compiler: &'static str,
    memory: Mutex<BTreeMap<u64, Vec<u8>>>,
    /// Bytes of locked pages of the host by where they begin.
    locked: Mutex<BTreeMap<u64, u64>>,
    compiled: AtomicUsize,
    launches: Mutex<Vec<(u32, u32, Vec<u64>)>>,
}

impl HostRuntime {
    fn with_bytes<T>(&self, address: u64, length: usize, use_them: impl FnOnce(&mut [u8]) -> T) -> T {
        let mut memory = lock(&self.memory);
        let (&start, block) = memory.range_mut(..=address).next_back().expect("a live block");
        let offset = (address - start) as usize;
        use_them(&mut block[offset..offset + length])
    }
}

#[allow(unsafe_code, reason = "the trait's methods are unsafe to call; these do nothing unsafe")]
impl Runtime for HostRuntime {
    type Function = u32;
    type Entered = ();
    type Event = u32;

    fn enter(&self) -> Reported<()> {
        Ok(())
    }

    fn allocate(&self, bytes: u64) -> Reported<u64> {
        let mut memory = lock(&self.memory);
        if memory.values().map(Vec::len).sum::<usize>() + bytes as usize > self.capacity {
            return Err("no room".to_owned());
        }
        let address =
            memory.last_key_value().map_or(4096, |(&start, block)| start + block.len() as u64 + 512);
        memory.insert(address, vec![0xee; bytes as usize]);
        Ok(address)
    }

    unsafe fn free(&self, address: u64) {
        lock(&self.memory).remove(&address).expect("a live block");
    }

    unsafe fn upload(&self, address: u64, values: &[u8]) -> Reported<()> {
        self.with_bytes(address, values.len(), |bytes| bytes.copy_from_slice(values));
        Ok(())
    }

    unsafe fn download(&self, address: u64, values: &mut [u8]) -> Reported<()> {
        self.with_bytes(address, values.len(), |bytes| values.copy_from_slice(bytes));
        Ok(())
    }

    unsafe fn lock_pages(&self, address: u64, bytes: u64) -> Reported<()> {
        if bytes as usize > self.capacity {
            return Err("too many pages".to_owned());
        }
        lock(&self.locked).insert(address, bytes);
        Ok(())
    }

    unsafe fn unlock_pages(&self, address: u64) {
        lock(&self.locked).remove(&address).expect("locked pages");
    }

    unsafe fn copy(&self, from: u64, to: u64, bytes: u64) -> Reported<()> {
        let values = self.with_bytes(from, bytes as usize, |bytes| bytes.to_vec());
        self.with_bytes(to, bytes as usize, |bytes| bytes.copy_from_slice(&values));
        Ok(())
    }

    unsafe fn fill(&self, address: u64, word: u32, words: u64) -> Reported<()> {
        self.with_bytes(address, 4 * words as usize, |bytes| {
            bytes.chunks_exact_mut(4).for_each(|bytes| bytes.copy_from_slice(&word.to_ne_bytes()));
        });
        Ok(())
    }

    fn synchronize(&self) -> Reported<()> {
        Ok(())
    }

    fn synchronize_all_streams(&self) -> Reported<()> {
        Ok(())
    }

    fn expect_resident(&self, address: u64) -> Reported<()> {
        let memory = lock(&self.memory);
        let block = memory.range(..=address).next_back();
        let inside = block.is_some_and(|(&start, block)| address < start + block.len() as u64);
        if inside { Ok(()) } else { Err("it lies nowhere".to_owned()) }
    }

    fn compiler(&self) -> Result<String> {
        Ok(self.compiler.to_owned())
    }

    fn compile(&self, _name: &str, source: &str) -> Result<Reported<Vec<u8>>> {
        self.compiled.fetch_add(1, Ordering::Relaxed);
        Ok(if source.contains("nonsense") { Err("line 1: nonsense".to_owned()) } else { Ok(source.into()) })
    }

    unsafe fn load(&self, image: &[u8], entry: &str) -> Reported<u32> {
        let whole = String::from_utf8_lossy(image).contains(entry);
        if whole { Ok(image.len() as u32) } else { Err("no such entry".to_owned()) }
    }

    unsafe fn launch(&self, function: u32, blocks: u32, slots: &mut [u64]) -> Reported<()> {
        lock(&self.launches).push((function, blocks, slots.to_vec()));
        Ok(())
    }

    fn record(&self) -> Reported<u32> {
        Ok(lock(&self.launches).len() as u32)
    }

    unsafe fn elapsed(&self, start: u32, end: u32) -> Reported<f32> {
        Ok((end - start) as f32 * 2.5)
    }

    unsafe fn destroy(&self, _event: u32) {}
}

fn context(cache: KernelCache, compiler: &'static str) -> StreamContext<HostRuntime> {
    let capacity = 100_000;
    let runtime = HostRuntime {
        capacity,
        compiler,
        memory: Mutex::default(),
        locked: Mutex::default(),
        compiled: AtomicUsize::new(0),
        launches: Mutex::default(),
    };
    let description = DeviceDescription {
        device: Device::Cuda(0),
        name: "host".to_owned(),
        memory: Some(capacity as u64),
        driver: "1".to_owned(),
    };
    StreamContext::new(runtime, description, cache)
}

static KERNEL: KernelText = KernelText {
    name: "one",
    indices: &["point"],
    parameters: &[],
    outputs: &[ScalarKind::Real],
    carried: 0,
    cuda: "one_entry",
    wgsl: "",
    calls: &[],
    methods: &[],
};

static BROKEN: KernelText = KernelText { cuda: "nonsense", ..KERNEL };

fn nowhere() -> KernelCache {
    KernelCache::in_folder("/dev/null/nowhere".as_ref())
}

#[test]
fn copies_and_fills_arrive() {
    let context = context(nowhere(), "1");
    for words in [1_usize, 2, 3, 1023, 1024, 1025, 5000] {
        let bytes = 4 * words;
        let (block, size) = context.allocate(bytes as u64).unwrap();
        let mut got = vec![0_u32; words];
        for pattern in [[0, 0], [7, 7], [1, 2]] {
            context.fill(&block, bytes as u64, pattern).unwrap();
            context.read(&block, 0, bytemuck::cast_slice_mut(&mut got)).unwrap();
            assert!(
                got.iter().enumerate().all(|(index, &word)| word == pattern[index % 2]),
                "{words} {pattern:?}"
            );
        }
        let (copy, copy_size) = context.allocate(bytes as u64).unwrap();
        context.copy(&block, 0, &copy, 0, bytes as u64).unwrap();
        context.write(&copy, 0, &9_u32.to_ne_bytes()).unwrap();
        context.read(&copy, 0, bytemuck::cast_slice_mut(&mut got)).unwrap();
        assert_eq!(got[0], 9);
        assert!(got[1..].iter().enumerate().all(|(index, &word)| word == [2, 1][index % 2]));
        context.release(block, size);
        context.release(copy, copy_size);
    }
}

#[test]
#[should_panic(expected = "8 bytes at 252 of a block of 256")]
fn no_access_leaves_its_block() {
    let context = context(nowhere(), "1");
    let (block, _) = context.allocate(256).unwrap();
    let _ = context.write(&block, 252, &[0; 8]);
}

#[test]
fn memory_is_reused_freed_and_runs_out_with_the_sizes() {
    let context = context(nowhere(), "1");
    for _ in 0..100 {
        let (block, size) = context.allocate(10_000).unwrap();
        context.release(block, size);
    }
    let statistics = context.statistics();
    assert_eq!((statistics.allocations, statistics.reuses, statistics.in_use), (1, 99, 0));
    // The cached block makes way where the device would be full otherwise.
    let (large, size) = context.allocate(95_000).unwrap();
    assert_eq!(context.statistics().cached, 0);
    assert_eq!(lock(&context.runtime().memory).len(), 1);
    let error = context.allocate(20_000).map(drop).unwrap_err();
    let message = "Device 'cuda:0' is out of memory: 20480 bytes asked for, 98304 bytes in use: no room.";
    assert_eq!(error.to_string(), message);
    let error = context.allocate(100_001).map(drop).unwrap_err();
    assert!(matches!(error, Error::BufferTooLarge { requested: 100_001, limit: 100_000, .. }));
    context.release(large, size);
    context.release_cached_memory();
    assert!(lock(&context.runtime().memory).is_empty());
}

#[test]
#[allow(unsafe_code, reason = "foreign memory is taken by its address")]
fn foreign_memory_is_neither_freed_nor_kept() {
    let context = context(nowhere(), "1");
    let address = context.runtime().allocate(1000).unwrap();
    for _ in 0..3 {
        // SAFETY: the bytes were just allocated, and nobody else uses them.
        let block = unsafe { context.foreign_block(address + 8, 992) }.unwrap();
        context.fill(&block, 992, [1, 2]).unwrap();
        let mut words = [0_u32; 2];
        context.read(&block, 984, bytemuck::cast_slice_mut(&mut words)).unwrap();
        assert_eq!(words, [1, 2]);
        context.release(block, 0);
    }
    assert_eq!(context.statistics(), Default::default());
    assert_eq!(lock(&context.runtime().memory).len(), 1);
    for (start, bytes, outside) in [(address - 8, 16, address - 8), (address + 8, 1000, address + 1007)] {
        // SAFETY: refused.
        let error = unsafe { context.foreign_block(start, bytes) }.map(drop).unwrap_err();
        assert!(matches!(error, Error::ForeignMemory { address, .. } if address == outside), "{error}");
    }
}

#[test]
#[allow(unsafe_code, reason = "pages are locked by their address")]
fn pages_are_locked_until_the_lock_is_dropped() {
    let context = context(nowhere(), "1");
    // SAFETY: this runtime only takes note of the addresses.
    let [first, second] = [4096, 8192].map(|address| unsafe { context.lock_pages(address, 4096) }.unwrap());
    drop(first);
    assert_eq!(lock(&context.runtime().locked).clone(), BTreeMap::from([(8192, 4096)]));
    drop(second);
    assert!(lock(&context.runtime().locked).is_empty());
    // SAFETY: as above.
    let error = unsafe { context.lock_pages(4096, 100_001) }.map(drop).unwrap_err();
    assert_eq!(error.to_string(), "Device 'cuda:0': locking pages failed: too many pages.");
}

#[test]
fn a_kernel_is_compiled_once_and_found_on_disk_later() {
    let folder = tempfile::tempdir().unwrap();
    let cache = || KernelCache::in_folder(folder.path());
    let compiled = |context: &StreamContext<HostRuntime>| context.runtime().compiled.load(Ordering::Relaxed);
    let run = |context: &StreamContext<HostRuntime>, precision| {
        let launch = Launch { text: &KERNEL, precision, extent: &[257] };
        context.launch(&launch, &mut [257, 4096])
    };
    let first = context(cache(), "1");
    for _ in 0..3 {
        run(&first, Precision::F32).unwrap();
    }
    assert_eq!(compiled(&first), 1);
    run(&first, Precision::F64).unwrap();
    assert_eq!(compiled(&first), 2, "another precision is another kernel");
    let (_, blocks, slots) = lock(&first.runtime().launches)[0].clone();
    assert_eq!((blocks, slots), (2, vec![257, 4096]), "257 points take two blocks of 256");

    let second = context(cache(), "1");
    run(&second, Precision::F32).unwrap();
    assert_eq!(compiled(&second), 0, "the second process finds it on disk");
    let other = context(cache(), "2");
    run(&other, Precision::F32).unwrap();
    assert_eq!(compiled(&other), 1, "another compiler doesn't");

    for entry in std::fs::read_dir(folder.path()).unwrap() {
        std::fs::write(entry.unwrap().path(), "damaged").unwrap();
    }
    let third = context(cache(), "1");
    run(&third, Precision::F32).unwrap();
    assert_eq!(compiled(&third), 1, "damaged entries are compiled again");
    let fourth = context(cache(), "1");
    run(&fourth, Precision::F32).unwrap();
    assert_eq!(compiled(&fourth), 0, "and replaced");
}

#[test]
fn a_text_with_an_error_gives_the_compilers_log() {
    let context = context(nowhere(), "1");
    let launch = Launch { text: &BROKEN, precision: Precision::F32, extent: &[1] };
    let message = context.launch(&launch, &mut [1, 4096]).unwrap_err().to_string();
    assert_eq!(message, "Kernel 'one' does not compile for device 'cuda:0': line 1: nonsense");
}

#[test]
fn timers_read_the_devices_clock() {
    let context = context(nowhere(), "1");
    let timer = context.start_timer().unwrap();
    let launch = Launch { text: &KERNEL, precision: Precision::F32, extent: &[1] };
    for _ in 0..4 {
        context.launch(&launch, &mut [1, 4096]).unwrap();
    }
    assert_eq!(context.stop_timer(timer).unwrap().as_micros(), 10_000);
}
