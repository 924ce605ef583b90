//! The devices that the tests of this machine run on.

#![allow(dead_code, unreachable_pub, reason = "each test program uses its own part")]

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::sync::Mutex;

use terrella_kernels::device::Device;

/// The CPU and the first device of each other kind that is here.
pub fn devices() -> Vec<Device> {
    let mut devices = vec![Device::Cpu];
    devices.extend(gpus());
    devices
}

/// The first device of each kind but the CPU. Says which are absent, and fails where `TERRELLA_REQUIRE` (a list like
/// `wgpu,cuda`) names one of these.
pub fn gpus() -> Vec<Device> {
    [Device::Cuda(0), Device::Hip(0), Device::Wgpu(0)].into_iter().filter(|&device| is_here(device)).collect()
}

/// Whether `device` opens. Where it doesn't, the reason is printed once per program.
pub fn is_here(device: Device) -> bool {
    static KNOWN: Mutex<BTreeMap<String, bool>> = Mutex::new(BTreeMap::new());
    let name = device.to_string();
    *KNOWN.lock().unwrap().entry(name.clone()).or_insert_with(|| match device.synchronize() {
        Ok(()) => true,
        Err(error) => {
            let kind = name.split(':').next().unwrap();
            let required = std::env::var("TERRELLA_REQUIRE").unwrap_or_default();
            assert!(!required.split(',').any(|name| name.trim() == kind), "required: {error}");
            say_once(&format!("not run: {error}"));
            false
        }
    })
}

/// Writes a line to the standard error itself, which the test harness shows for passing tests too, once per program.
pub fn say_once(line: &str) {
    static SAID: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    if SAID.lock().unwrap().insert(line.to_owned()) {
        let _ = writeln!(std::io::stderr(), "{line}");
    }
}
