//! Resident memory of this process, from Linux's /proc.

use std::fs;

/// Watches how far the resident memory grows.
///
/// The whole process is counted: nothing else may allocate meanwhile. Memory that was freed before and that the allocator
/// kept, at most some tens of MB, is used again without growth, so that a large case in a process of its own is exact.
pub(crate) struct ResidentGrowth {
    before: f64,
}

impl ResidentGrowth {
    /// Starts at what is resident now; none where the system does not tell.
    pub(crate) fn start() -> Option<Self> {
        // 5 resets the high-water mark (proc(5)).
        fs::write("/proc/self/clear_refs", "5").ok()?;
        Some(Self { before: status_bytes("VmRSS")? })
    }

    /// The largest growth since then [bytes].
    pub(crate) fn largest(&self) -> Option<f64> {
        Some((status_bytes("VmHWM")? - self.before).max(0.0))
    }
}

/// A line of /proc/self/status, in kB there.
fn status_bytes(name: &str) -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let value = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    value.split_whitespace().next()?.parse::<f64>().ok().map(|kilobytes| 1024.0 * kilobytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn growth_holds_the_highest_mark_and_nothing_from_before() {
        const BYTES: usize = 256 << 20;
        let touched = |bytes: usize| std::hint::black_box(vec![1_u8; bytes]);
        drop(touched(2 * BYTES));
        let Some(growth) = ResidentGrowth::start() else {
            eprintln!("not run: /proc/self/clear_refs cannot be written");
            return;
        };
        drop(touched(BYTES));
        let grown = growth.largest().expect("VmHWM") / BYTES as f64;
        assert!((0.9..1.5).contains(&grown), "{grown} × what was allocated");
    }
}
