//! What only wgpu has: adapters without a feature, its own limits, and pipelines kept on disk.

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

use terrella_kernels::Error;
use terrella_kernels::device::{Buffer, Device};

use crate::devices::is_here;

const DEVICE: Device = Device::Wgpu(0);

/// Fills with a value that takes a kernel.
fn run_a_kernel() {
    let mut buffer = Buffer::<f64>::zeros(DEVICE, 1000).unwrap();
    buffer.fill(0.1).unwrap();
    assert_eq!(buffer.to_vec().unwrap(), [0.1; 1000]);
}

/// Runs the test `name` of this module in a process whose cache is `folder`.
fn rerun(name: &str, folder: &Path) {
    let output = Command::new(env::current_exe().unwrap())
        .args([&format!("wgpu::{name}"), "--exact"])
        .env("TERRELLA_CACHE", folder)
        .env("TERRELLA_CACHE_TEST", "1")
        .output()
        .unwrap();
    let passed = output.status.success() && String::from_utf8_lossy(&output.stdout).contains("1 passed");
    assert!(passed, "{output:?}");
}

#[test]
fn pipelines_are_kept_on_disk() {
    if !is_here(DEVICE) {
        return;
    }
    if env::var_os("TERRELLA_CACHE_TEST").is_some() {
        run_a_kernel();
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let entries = || -> Vec<_> {
        let entries = fs::read_dir(folder.path()).unwrap();
        entries.map(|entry| entry.unwrap().path()).map(|path| (fs::read(&path).unwrap(), path)).collect()
    };
    rerun("pipelines_are_kept_on_disk", folder.path());
    let first = entries();
    if first.is_empty() {
        eprintln!("not run: the adapter has no pipeline cache");
        return;
    }
    rerun("pipelines_are_kept_on_disk", folder.path());
    assert_eq!(entries().len(), first.len(), "the second process finds what the first has stored");
    for (content, path) in &first {
        fs::write(path, &content[..content.len() / 2]).unwrap();
    }
    rerun("pipelines_are_kept_on_disk", folder.path());
    for (content, path) in entries() {
        assert!(content.starts_with(b"terrella kernel 1\n"));
        assert!(content.len() > first[0].0.len() / 2, "{} was truncated and is whole again", path.display());
    }
}

#[test]
fn buffers_beyond_the_adapters_limit_are_errors_with_both_sizes() {
    if !is_here(DEVICE) {
        return;
    }
    let len = 1 << 40;
    match Buffer::<f32>::zeros(DEVICE, len).unwrap_err() {
        Error::BufferTooLarge { device, requested, limit } => {
            assert_eq!((device, requested), (DEVICE, 4 << 40));
            // More than the 128 MiB of WebGPU's default limits, where the adapter has more.
            assert!(limit >= 128 << 20, "{limit}");
            println!("largest buffer: {limit} bytes");
        }
        error => panic!("{error}"),
    }
}
