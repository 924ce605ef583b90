//! Every entry runs at its smallest size and is right.

use std::collections::BTreeMap;

use terrella_benches::{entries, measure};
use terrella_kernels::Precision;
use terrella_kernels::device::Device;

/// The largest error an entry may have, in units of the precision's rounding error 2⁻²⁴ or 2⁻⁵³.
fn roundings(entry: &str) -> f64 {
    match entry {
        // Differences of values near 250 with a spacing that vanishes at the poles; results near 0.
        "stencil" => 1e3,
        // Coefficients after synthesis and analysis.
        "transform" => 1e3,
        // A step of a model in a steady state, in units of the departure from its mean.
        "model_step" => 1e4,
        // exp, log, sin, pow, the saturation pressure with the rounding of its argument.
        _ => 100.0,
    }
}

fn run_entries(peer: bool) {
    let mut names = Vec::new();
    for entry in &entries::ALL {
        let smallest =
            entry.smallest.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        for (precision, rounding) in [(Precision::F32, 2_f64.powi(-24)), (Precision::F64, 2_f64.powi(-53))] {
            let request = entry.request(precision, Device::Cpu, 1, peer, &smallest).expect(entry.name);
            for mut case in (entry.cases)(&request).expect(entry.name) {
                let name = format!("{} {} {precision:?}", entry.name, case.name());
                let samples = measure(&mut *case, Device::Cpu, 1e-9).expect(&name);
                assert!(samples.ours.iter().all(|seconds| *seconds > 0.0), "{name}: {samples:?}");
                assert_eq!(samples.peer.len(), if case.peer().is_some() { samples.ours.len() } else { 0 });
                let error = case.error().expect(&name);
                assert!(error <= roundings(entry.name) * rounding, "{name}: error {error:e}");
                assert!(!case.size().is_empty(), "{name}");
                names.push(name);
            }
        }
    }
    let distinct: BTreeMap<_, _> = names.iter().map(|name| (name, ())).collect();
    assert_eq!(distinct.len(), names.len(), "two cases of one name: {names:?}");
}

#[test]
fn every_entry_runs_and_is_right() {
    run_entries(false);
}

#[test]
fn every_peer_runs() {
    let ducc0 = std::process::Command::new("python3").args(["-c", "import ducc0"]).output();
    if ducc0.is_ok_and(|output| output.status.success()) {
        run_entries(true);
        return;
    }
    eprintln!("python3 with ducc0 is not installed: its peer is not run, only refused in clear words");
    let transform =
        entries::ALL.iter().find(|entry| entry.name == "transform").expect("the entry 'transform'");
    let request =
        transform.request(Precision::F64, Device::Cpu, 1, true, &BTreeMap::new()).expect("defaults");
    let message = (transform.cases)(&request).map(|_| ()).unwrap_err().to_string();
    assert!(message.contains("ducc0"), "{message}");
}

#[test]
fn wrong_choices_are_answered_with_the_nearest() {
    let stencil = entries::ALL.iter().find(|entry| entry.name == "stencil").expect("the entry 'stencil'");
    let given = BTreeMap::from([("operator".to_owned(), "laplace".to_owned())]);
    let request = stencil.request(Precision::F64, Device::Cpu, 1, false, &given).expect("a valid key");
    let message = (stencil.cases)(&request).map(|_| ()).unwrap_err().to_string();
    assert!(message.contains("'laplace': did you mean 'laplacian'?"), "{message}");
}
