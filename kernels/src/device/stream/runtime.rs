//! The calls that CUDA and HIP have in common.

// Methods that take addresses are unsafe to call.
#![allow(unsafe_code)]

/// A result whose error is the library's own words.
pub(crate) type Reported<T> = std::result::Result<T, String>;

/// The calls of one device's library, on one stream. Failures are the library's own words.
///
/// Work is executed in the order of the calls, whatever thread makes them. Addresses and sizes are in bytes.
pub(crate) trait Runtime: Send + Sync + 'static {
    /// A loaded kernel.
    type Function: Copy + Send + Sync;
    /// What was the thread's current device before, which it is again when this is dropped.
    type Entered;
    /// A point in the stream's work whose time the device records.
    type Event: Copy + Send + Sync;

    /// Makes the device the thread's current one, as most calls require, until the result is dropped.
    fn enter(&self) -> Reported<Self::Entered>;

    /// New memory with any content.
    fn allocate(&self, bytes: u64) -> Reported<u64>;

    /// Gives memory back once all work enqueued so far is done.
    ///
    /// # Safety
    /// `address` came from `allocate` and is used no more.
    unsafe fn free(&self, address: u64);

    /// Copies from the host; returns when `values` may change again.
    ///
    /// # Safety
    /// `values.len()` bytes from `address` on lie within one live allocation.
    unsafe fn upload(&self, address: u64, values: &[u8]) -> Reported<()>;

    /// Copies to the host, waiting for it.
    ///
    /// # Safety
    /// `values.len()` bytes from `address` on lie within one live allocation.
    unsafe fn download(&self, address: u64, values: &mut [u8]) -> Reported<()>;

    /// Locks the pages of host memory, so that the device copies from and to them by itself.
    ///
    /// # Safety
    /// The bytes from `address` on stay live until `unlock_pages`.
    unsafe fn lock_pages(&self, address: u64, bytes: u64) -> Reported<()>;

    /// Unlocks them.
    ///
    /// # Safety
    /// `lock_pages` locked the pages from `address` on, and they are live.
    unsafe fn unlock_pages(&self, address: u64);

    /// Enqueues a copy on the device.
    ///
    /// # Safety
    /// Both ranges lie within live allocations and do not overlap.
    unsafe fn copy(&self, from: u64, to: u64, bytes: u64) -> Reported<()>;

    /// Enqueues writing `word` `words` times.
    ///
    /// # Safety
    /// `4 * words` bytes from `address` on lie within one live allocation.
    unsafe fn fill(&self, address: u64, word: u32, words: u64) -> Reported<()>;

    /// Waits until all work enqueued so far is done.
    fn synchronize(&self) -> Reported<()>;

    /// Waits until all work that the process gave to the device is done, on whatever stream.
    fn synchronize_all_streams(&self) -> Reported<()>;

    /// Whether the byte at an address lies where this device's kernels may use it; the error says where it lies instead.
    /// Nothing is read there.
    fn expect_resident(&self, address: u64) -> Reported<()>;

    /// What the compiled form of a source depends on besides the source: compiler, version, options, target.
    fn compiler(&self) -> crate::Result<String>;

    /// Compiles a whole module. The inner error is the compiler's log.
    fn compile(&self, name: &str, source: &str) -> crate::Result<Reported<Vec<u8>>>;

    /// Loads the kernel `entry` of a compiled module. It stays loaded for the rest of the process.
    ///
    /// # Safety
    /// `image` came from `compile` for this device.
    unsafe fn load(&self, image: &[u8], entry: &str) -> Reported<Self::Function>;

    /// Enqueues `blocks` blocks of 256 threads. Each slot holds one parameter in its first bytes.
    ///
    /// # Safety
    /// The slots are the function's parameters in number, order and size; addresses among them are live, and the
    /// function stays within their allocations.
    unsafe fn launch(&self, function: Self::Function, blocks: u32, slots: &mut [u64]) -> Reported<()>;

    /// A new event, recorded behind the work enqueued so far.
    fn record(&self) -> Reported<Self::Event>;

    /// Waits for `end` and returns the time from `start` to it [ms].
    ///
    /// # Safety
    /// Both events are live.
    unsafe fn elapsed(&self, start: Self::Event, end: Self::Event) -> Reported<f32>;

    /// # Safety
    /// `event` came from `record` and is used no more.
    unsafe fn destroy(&self, event: Self::Event);
}
