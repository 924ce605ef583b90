//! Records the compiler that built the benchmarks, for the stored results.

use std::process::Command;

fn main() {
    println!("cargo::rerun-if-env-changed=RUSTC");
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let version = Command::new(rustc).arg("--version").output().ok();
    let version = version.and_then(|output| String::from_utf8(output.stdout).ok());
    let version = version.unwrap_or_else(|| "unknown compiler".to_owned());
    println!("cargo::rustc-env=TERRELLA_COMPILER={}", version.trim());
}
