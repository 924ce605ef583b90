//! Every entry runs at its smallest size and is right.

use std::collections::BTreeMap;

use terrella_benches::peers::{TransformLibrary, TransformWork};
use terrella_benches::{entries, measure};
use terrella_kernels::Precision;
use terrella_kernels::device::Device;

/// The largest error an entry may have.
fn limit(entry: &str, case: &str, size: &str, rounding: f64) -> f64 {
    match entry {
        // Coefficients are rounded to 24 bits on their way.
        "distributed_transform" if case.contains("sent as f32") => 10.0 * 2_f64.powi(-24),
        // The first iterations end with a fiftieth of the first gradient: about a tenth of the control vector is left in any precision.
        "minimisation" => 0.2,
        _ => roundings(entry, size) * rounding,
    }
}

/// The same in units of the precision's rounding error 2⁻²⁴ or 2⁻⁵³.
fn roundings(entry: &str, size: &str) -> f64 {
    match entry {
        // Polar rings leave out m that they cannot carry, whose functions are small there but not 0.
        "transform" | "transform_stages" if size.contains(" O") => 1e5,
        // Differences of values near 250 with a spacing that vanishes at the poles; results near 0.
        "stencil" => 1e3,
        // Coefficients after synthesis and analysis; a wind's with factors n in between.
        "transform" | "transform_setup" | "transform_stages" => 3e3,
        // A step of a model in a steady state, in units of the departure from its mean.
        "model_step" => 1e4,
        // Standard deviations, small beside the values that they are of.
        "statistics" => 2e3,
        // exp, log, sin, pow, the saturation pressure with the rounding of its argument.
        _ => 100.0,
    }
}

fn run_entries(peers: Option<&[String]>) {
    let mut names = Vec::new();
    for entry in &entries::ALL {
        let smallest =
            entry.smallest.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        for (precision, rounding) in [(Precision::F32, 2_f64.powi(-24)), (Precision::F64, 2_f64.powi(-53))] {
            let request = entry.request(precision, Device::Cpu, 1, peers, &smallest).expect(entry.name);
            for mut case in (entry.cases)(&request).expect(entry.name) {
                let name = format!("{} {} {} {precision:?}", entry.name, case.name(), case.size());
                let samples = measure(&mut *case, Device::Cpu, 1e-9).expect(&name);
                assert!(samples.ours.iter().all(|seconds| *seconds > 0.0), "{name}: {samples:?}");
                assert_eq!(samples.peers.len(), case.peers().len());
                assert!(
                    samples.peers.iter().all(|peer| peer.len() == samples.ours.len()),
                    "{name}: {samples:?}"
                );
                let error = case.error().expect(&name);
                assert!(
                    error <= limit(entry.name, case.name(), &case.size(), rounding),
                    "{name}: error {error:e}"
                );
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
    run_entries(None);
}

#[test]
fn every_peer_runs() {
    let installed = |package: &str| {
        let import = ["-c", &format!("import {package}")];
        let output = std::process::Command::new("python3").args(import).output();
        output.is_ok_and(|output| output.status.success())
    };
    let (present, missing): (Vec<&str>, Vec<&str>) =
        ["ducc0", "shtns"].iter().partition(|name| installed(name));
    let own = [
        "loop",
        "eccodes",
        "libaec",
        "packer",
        "null",
        "copy",
        "write",
        "brute_force",
        "deflate",
        "deflate-rounded",
    ];
    let lapack = ["lapack"].iter().filter(|_| installed("scipy"));
    let dapper = ["dapper"].iter().filter(|_| installed("dapper"));
    let names: Vec<String> =
        present.iter().chain(&own).chain(lapack).chain(dapper).map(|name| (*name).to_owned()).collect();
    run_entries(Some(&names));
    for name in missing {
        eprintln!("python3 with {name} is not installed: this peer is not run, only refused in clear words");
        assert!(refused_peer(name, &[]).contains(name));
    }
}

/// What the entry `transform` says to this peer.
fn refused_peer(name: &str, keys: &[(&str, &str)]) -> String {
    let transform =
        entries::ALL.iter().find(|entry| entry.name == "transform").expect("the entry 'transform'");
    let keys = [("truncation", "31"), ("direction", "synthesis")].iter().chain(keys);
    let given = keys.map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let request = transform
        .request(Precision::F64, Device::Cpu, 1, Some(&[name.to_owned()]), &given)
        .expect("keys that the entry has");
    (transform.cases)(&request).map(|_| ()).unwrap_err().to_string()
}

#[test]
fn a_library_that_is_none_is_refused() {
    assert!(refused_peer("transi", &[]).contains("after --library"));
    let message = refused_peer("transi", &[("library", "/nowhere/libtrans.so")]);
    assert!(message.contains("'transi'") && message.contains("--library"), "{message}");
}

#[test]
fn wrong_choices_are_answered_with_the_nearest() {
    let stencil = entries::ALL.iter().find(|entry| entry.name == "stencil").expect("the entry 'stencil'");
    let given = BTreeMap::from([("operator".to_owned(), "laplace".to_owned())]);
    let request = stencil.request(Precision::F64, Device::Cpu, 1, None, &given).expect("a valid key");
    let message = (stencil.cases)(&request).map(|_| ()).unwrap_err().to_string();
    assert!(message.contains("'laplace': did you mean 'laplacian'?"), "{message}");
}

/// What the entry `transform` says to a value of one of its keys.
fn refused_value(key: &str, value: &str) -> String {
    let transform =
        entries::ALL.iter().find(|entry| entry.name == "transform").expect("the entry 'transform'");
    let given = BTreeMap::from([(key.to_owned(), value.to_owned())]);
    let request = transform.request(Precision::F64, Device::Cpu, 1, None, &given).expect("a valid key");
    (transform.cases)(&request).map(|_| ()).unwrap_err().to_string()
}

#[test]
fn directions_and_grids_that_are_none_are_refused() {
    let message = refused_value("direction", "gradient");
    assert!(message.contains("'gradient': did you mean '"), "{message}");
    let message = refused_value("grid", "full,hexagons");
    assert!(message.contains("'--grid': got 'hexagons', expected full, octahedral"), "{message}");
    let message = refused_value("library", "libtrans.so");
    assert!(message.contains("'--peer transi' beside it"), "{message}");
    let message = refused_value("grid", "O16");
    assert!(message.contains("O16"), "T255 is too much for it: {message}");
}

#[test]
fn libraries_say_what_they_lack() {
    let [full, octahedral] = ["F16", "O16"].map(|name| name.parse().expect("a grid"));
    let work = |direction, grid| TransformWork {
        direction,
        truncation: 15,
        grid,
        fields: 1,
        threads: 1,
        precision: "f64",
        library: "",
    };
    let lacks = |library, direction, grid| {
        TransformLibrary::named(library).expect("a library").lacks(&work(direction, grid))
    };
    assert_eq!(lacks("shtns", "analysis", &full), None);
    assert_eq!(lacks("ducc0", "wind_synthesis", &octahedral), None);
    assert!(lacks("shtns", "analysis", &octahedral).is_some_and(|reason| reason.contains("full")));
    assert!(
        lacks("ducc0", "analysis_adjoint", &full).is_some_and(|reason| reason.contains("analysis_adjoint"))
    );
    let healpix = "H16".parse().expect("a grid");
    assert!(lacks("ducc0", "synthesis", &healpix).is_some_and(|reason| reason.contains("Gaussian")));
}
