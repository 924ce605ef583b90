//! The harness: arithmetic, command line, JSON, stored results.

use std::fs;

use terrella_benches::{
    Case, Command, Error, Measurement, Peaks, Samples, Work, entries, measure, median, nearest,
    peak_fraction, save,
};
use terrella_kernels::device::Device;

fn parse(words: &[&str]) -> Result<Command, Error> {
    Command::parse(words.iter().map(|word| (*word).to_owned()), &entries::ALL)
}

fn refusal(words: &[&str]) -> String {
    match parse(words) {
        Err(error) => error.to_string(),
        Ok(command) => panic!("{words:?} was accepted: {command:?}"),
    }
}

fn measurement(median_s: f64) -> Measurement {
    Measurement {
        entry: "stencil".to_owned(),
        case: "laplacian".to_owned(),
        size: "2x3x4".to_owned(),
        precision: "f64".to_owned(),
        device: "cpu".to_owned(),
        threads: 1,
        median_s,
        min_s: median_s,
        bytes: 16.0,
        flops: 8.0,
        peak_fraction: Some(0.5),
        error: 1e-16,
        per_point_s: None,
        resident_ratio: None,
        peer: None,
        peer_median_s: None,
        peer_min_s: None,
        ratio: None,
    }
}

#[test]
fn median_is_the_middle() {
    assert_eq!(median(&[3.0]), 3.0);
    assert_eq!(median(&[5.0, 1.0, 3.0]), 3.0);
    assert_eq!(median(&[4.0, 1.0, 3.0, 100.0]), 3.5);
}

#[test]
#[should_panic(expected = "median of no values")]
fn median_of_nothing_is_refused() {
    median(&[]);
}

/// Runs of 20 ms of which a microsecond counts.
#[derive(Default)]
struct Long {
    runs: usize,
    seconds: f64,
}

impl Case for Long {
    fn name(&self) -> &str {
        "long"
    }

    fn size(&self) -> String {
        "1".to_owned()
    }

    fn work(&self) -> Work {
        Work::default()
    }

    fn clock(&self) -> Option<f64> {
        Some(self.seconds)
    }

    fn is_long(&self) -> bool {
        true
    }

    fn run(&mut self) -> Result<(), Error> {
        std::thread::sleep(std::time::Duration::from_millis(20));
        self.runs += 1;
        self.seconds += 1e-6;
        Ok(())
    }

    fn error(&mut self) -> Result<f64, Error> {
        Ok(0.0)
    }
}

#[test]
fn a_long_case_takes_no_more_than_its_budget() {
    let mut case = Long::default();
    let samples = measure(&mut case, Device::Cpu, 0.1).unwrap();
    assert_eq!(samples.ours.len(), case.runs, "every run is a sample");
    assert!((1..=5).contains(&case.runs), "{}", case.runs);
    assert!((median(&samples.ours) - 1e-6).abs() < 1e-12, "what counts: {:?}", samples.ours);
    let mut case = Long::default();
    assert_eq!(measure(&mut case, Device::Cpu, 1e-9).unwrap().ours.len(), 1);
}

#[test]
fn ratio_is_the_median_over_pairs() {
    // The machine slows down by ten halfway: every pair still says 2.
    let samples = Samples {
        ours: vec![2.0, 2.0, 20.0, 20.0, 20.0],
        peers: vec![vec![1.0, 1.0, 10.0, 10.0, 10.0], vec![4.0; 5]],
    };
    assert_eq!(samples.ratio(0), 2.0);
    assert_eq!(samples.ratio(1), 5.0);
}

#[test]
fn peak_fraction_takes_the_higher_floor() {
    let peaks = Peaks { copy_bandwidth: 10e9, fma_rate_f32: 200e9, fma_rate_f64: 100e9 };
    let fraction =
        |bytes, flops, seconds| peak_fraction(Work { bytes, flops }, &peaks, peaks.fma_rate_f64, seconds);
    // 1 GB at 10 GB/s is a floor of 0.1 s.
    assert_eq!(fraction(1e9, 1e9, 0.2), Some(0.5));
    // 50 GF at 100 GF/s is a floor of 0.5 s.
    assert_eq!(fraction(1e9, 50e9, 1.0), Some(0.5));
    assert_eq!(fraction(0.0, 0.0, 1.0), None);
}

#[test]
fn json_has_the_keys_of_the_contract() {
    let samples =
        Samples { ours: vec![1.0, 2.0, 3.0], peers: vec![vec![2.0, 4.0, 6.0], vec![1.0, 2.0, 3.0]] };
    let measurements = measurement(0.0).with_samples(&samples, &["loop".to_owned(), "other 1.0".to_owned()]);
    let objects: Vec<_> = measurements
        .iter()
        .map(|measurement| serde_json::to_value(measurement).expect("a measurement is JSON"))
        .collect();
    assert_eq!(objects.len(), 2, "one measurement for each peer");
    assert_eq!((&objects[1]["peer"], &objects[1]["ratio"]), (&"other 1.0".into(), &1.0.into()));
    assert_eq!(objects[1]["median_s"], 2.0);
    let object = &objects[0];
    let expected = [
        "entry",
        "size",
        "precision",
        "device",
        "threads",
        "median_s",
        "min_s",
        "bytes",
        "flops",
        "peak_fraction",
        "error",
        "peer",
        "peer_median_s",
        "ratio",
    ];
    for key in expected {
        assert!(object.get(key).is_some_and(|value| !value.is_null()), "'{key}' is missing in {object}");
    }
    assert_eq!(object["median_s"], 2.0);
    assert_eq!(object["min_s"], 1.0);
    assert_eq!(object["peer_median_s"], 4.0);
    assert_eq!(object["ratio"], 0.5);
    let alone = serde_json::to_value(measurement_without_peer()).expect("a measurement is JSON");
    assert!(alone.get("peer").is_none() && alone.get("ratio").is_none(), "{alone}");
}

fn measurement_without_peer() -> Measurement {
    let [alone] = &measurement(1.0).with_samples(&Samples { ours: vec![1.0], peers: vec![] }, &[])[..] else {
        panic!("one measurement without a peer");
    };
    alone.clone()
}

#[test]
fn unknown_names_are_answered_with_the_nearest() {
    assert!(
        refusal(&["stensil"]).contains("entry 'stensil': did you mean 'stencil'?"),
        "{}",
        refusal(&["stensil"])
    );
    let message = refusal(&["stencil", "--level", "3"]);
    assert!(message.contains("key of 'stencil' '--level': did you mean '--levels'?"), "{message}");
    let message = refusal(&["stencil", "--treads", "3"]);
    assert!(message.contains("did you mean '--threads'?"), "{message}");
    let message = refusal(&["stencil", "--pear"]);
    assert!(message.contains("did you mean '--peer'?"), "{message}");
    assert_eq!(nearest("cuba", ["cpu", "cuda"]), "cuda");
}

#[test]
fn wrong_values_are_refused_with_what_was_expected() {
    assert_eq!(refusal(&["stencil", "--threads", "0"]), "'--threads': got '0', expected a positive number.");
    assert_eq!(
        refusal(&["stencil", "--precision", "f16"]),
        "'--precision': got 'f16', expected f32, f64 or both."
    );
    assert_eq!(refusal(&["stencil", "--levels"]), "'--levels': got nothing, expected a value after it.");
    assert_eq!(refusal(&["stencil", "levels"]), "'stencil': got 'levels', expected --key value.");
    assert!(refusal(&["stencil", "--device", "gpu"]).starts_with("Device 'gpu' is unknown"));
}

#[test]
fn command_line_reaches_the_entry() {
    let Ok(Command::Run(arguments)) = parse(&[
        "stencil",
        "--rows",
        "8",
        "--precision",
        "f32",
        "--peer",
        "--threads",
        "2",
        "--json",
        "out.json",
    ]) else {
        panic!("a valid command line");
    };
    assert_eq!(arguments.entries.len(), 1);
    assert!(arguments.peers.as_deref() == Some(&[]) && !arguments.save);
    assert_eq!((arguments.threads, arguments.precisions.len()), (2, 1));
    assert_eq!(arguments.json.as_deref(), Some("out.json".as_ref()));
    assert_eq!(arguments.values.get("rows").map(String::as_str), Some("8"));
    assert!(matches!(parse(&["list"]), Ok(Command::List)));
    assert!(matches!(parse(&[]), Ok(Command::Help)));
    assert!(matches!(parse(&["stencil", "--help"]), Ok(Command::Help)));
    let Ok(Command::Run(all)) = parse(&["all"]) else { panic!("a valid command line") };
    assert_eq!(all.entries.len(), entries::ALL.len());
}

#[test]
fn a_run_replaces_its_own_rows_only_and_flags_the_slower() -> Result<(), Error> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let other = Measurement { entry: "math".to_owned(), ..measurement(5.0) };
    let first = save(folder.path(), "here", &[measurement(1.0), other])?;
    assert!(first.slower.is_empty());
    save(folder.path(), "elsewhere", &[measurement(9.0)])?;
    assert!(save(folder.path(), "here", &[measurement(1.04)])?.slower.is_empty(), "within 5%");
    let slower = save(folder.path(), "here", &[measurement(1.2)])?.slower;
    assert_eq!(slower.len(), 1);
    assert!(slower[0].contains("laplacian") && slower[0].contains("15% slower"), "{slower:?}");
    let text = fs::read_to_string(&first.path).expect("the stored file");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 3, "a heading and two rows: {text}");
    assert!(lines[1].starts_with("math,laplacian,2x3x4,f64,cpu,1,5.0"), "{text}");
    assert!(lines[2].starts_with("stencil,laplacian,2x3x4,f64,cpu,1,1.2"), "{text}");
    assert!(lines[2].contains("rustc"), "{text}");
    Ok(())
}

#[test]
fn each_peer_has_its_row_and_a_new_version_replaces_the_old() -> Result<(), Error> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let beside =
        |peer: &str| Measurement { peer: Some(peer.to_owned()), ratio: Some(0.5), ..measurement(1.0) };
    save(folder.path(), "here", &[beside("ducc0 0.41.0"), beside("shtns 3.7.5")])?;
    let path = save(folder.path(), "here", &[beside("ducc0 0.42.0")])?.path;
    let text = fs::read_to_string(path).expect("the stored file");
    assert_eq!(text.lines().count(), 3, "a heading and two rows: {text}");
    assert!(text.contains(",ducc0 0.42.0,") && text.contains(",shtns 3.7.5,"), "{text}");
    Ok(())
}

#[test]
fn files_from_before_the_last_columns_are_read() -> Result<(), Error> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let here = Measurement { per_point_s: Some(2e-9), resident_ratio: Some(1.5), ..measurement(1.0) };
    let path = save(folder.path(), "here", &[here])?.path;
    let text = fs::read_to_string(&path).expect("the stored file");
    assert!(text.lines().nth(1).is_some_and(|row| row.ends_with(",2.000000e-9,1.5000")), "{text}");
    let shortened = |line: &str| line.split(',').take(17).collect::<Vec<_>>().join(",") + "\n";
    fs::write(&path, text.lines().map(shortened).collect::<String>()).expect("a writable file");
    let slower = save(folder.path(), "here", &[measurement(1.2)])?.slower;
    assert_eq!(slower.len(), 1, "the old row was found: {slower:?}");
    let other = Measurement { entry: "math".to_owned(), ..measurement(5.0) };
    save(folder.path(), "here", &[other])?;
    let lengths = fs::read_to_string(&path).expect("the file");
    let lengths: Vec<usize> = lengths.lines().map(|line| line.split(',').count()).collect();
    assert_eq!(lengths, [19; 3]);
    Ok(())
}

#[test]
fn peers_are_those_of_the_entry() {
    let peers = |words: &[&str]| match parse(words) {
        Ok(Command::Run(arguments)) => {
            let entry = arguments.entries.iter().find(|entry| entry.name == "transform").expect("the entry");
            let request = entry.request(
                terrella_kernels::Precision::F64,
                terrella_kernels::device::Device::Cpu,
                1,
                arguments.peers.as_deref(),
                &Default::default(),
            );
            request.expect("valid keys").peers
        }
        other => panic!("{words:?}: {other:?}"),
    };
    assert!(peers(&["transform"]).is_empty());
    assert_eq!(peers(&["transform", "--peer"]), ["ducc0"]);
    assert_eq!(peers(&["transform", "--peer", "shtns,ducc0", "--threads", "1"]), ["shtns", "ducc0"]);
    assert_eq!(peers(&["all", "--peer", "loop,shtns"]), ["shtns"]);
    let message = refusal(&["transform", "--peer", "stns"]);
    assert!(message.contains("peer of 'transform' 'stns': did you mean 'shtns'?"), "{message}");
    let message = refusal(&["machine", "--peer", "loop"]);
    assert!(message.contains("'machine' has no peers"), "{message}");
}

#[test]
fn foreign_files_are_not_overwritten() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("here.csv");
    fs::write(&path, "a,b\n1,2\n").expect("a writable file");
    let error = save(folder.path(), "here", &[measurement(1.0)]).unwrap_err().to_string();
    assert!(error.contains("line 1: expected the heading"), "{error}");
    assert_eq!(fs::read_to_string(&path).expect("the file"), "a,b\n1,2\n");
}
