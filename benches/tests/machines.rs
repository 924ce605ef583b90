//! The job scripts in `machines/`, without a machine: they parse, their options exist, their ranks fit the nodes.
#![cfg(unix)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const JOBS: [&str; 3] = ["bench", "validate", "run"];

/// What the generic machine is told, which knows nothing itself.
const GENERIC: [(&str, &str); 6] = [
    ("TERRELLA_PARTITION", "somewhere"),
    ("TERRELLA_CORES", "96"),
    ("TERRELLA_RANKS", "4"),
    ("TERRELLA_GPUS", "4"),
    ("TERRELLA_MPI", "libmpi.so.12"),
    ("TERRELLA_BIND", "cores"),
];

fn crate_folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn machines() -> PathBuf {
    crate_folder().join("machines")
}

/// The folders of machines, by name.
fn names() -> Vec<String> {
    let entries = fs::read_dir(machines()).expect("benches/machines");
    let folders = entries.map(|entry| entry.expect("an entry").path()).filter(|path| path.is_dir());
    let mut names: Vec<String> =
        folders.map(|path| path.file_name().expect("a name").to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// The facts of a machine: the lines NAME=VALUE of its `site.sh`.
fn facts(machine: &str) -> BTreeMap<String, String> {
    let text = read(&machines().join(machine).join("site.sh"));
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    lines
        .map(|line| {
            let (name, value) = line.split_once('=').unwrap_or_else(|| panic!("{machine}: '{line}'"));
            (name.to_owned(), value.trim_matches('"').to_owned())
        })
        .collect()
}

fn kinds(machine: &str) -> Vec<String> {
    facts(machine)["kinds"].split_whitespace().map(str::to_owned).collect()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A script of a machine in an environment of its own: nothing of the user's or of a job around the test is seen.
fn script(machine: &str, job: &str, variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new("bash");
    command.arg(machines().join(machine).join(format!("{job}.sh"))).env_clear();
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    if machine == "slurm" {
        command.envs(GENERIC);
    }
    command.envs(variables.iter().copied()).output().expect("bash")
}

/// The lines of a dry run that went well.
fn dry_run(machine: &str, job: &str, variables: &[(&str, &str)]) -> Vec<String> {
    let variables: Vec<_> = variables.iter().copied().chain([("TERRELLA_DRY_RUN", "1")]).collect();
    let output = script(machine, job, &variables);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{machine} {job} {variables:?}: {errors}");
    String::from_utf8_lossy(&output.stdout).replace("\\,", ",").lines().map(str::to_owned).collect()
}

/// The error of a run that is refused.
fn refusal(machine: &str, job: &str, variables: &[(&str, &str)]) -> String {
    let output = script(machine, job, variables);
    assert_eq!(output.status.code(), Some(2), "{machine} {job} {variables:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The last line of a dry run inside a made-up job of two nodes, as words.
fn in_job(machine: &str, kind: &str, job: &str) -> Vec<String> {
    let variables = [
        ("TERRELLA_KIND", kind),
        ("SLURM_JOB_ID", "17"),
        ("SLURM_JOB_NUM_NODES", "2"),
        ("TERRELLA_OUT", "/made/up"),
    ];
    let lines = dry_run(machine, job, &variables);
    let line = lines.last().unwrap_or_else(|| panic!("{machine} {kind} {job}: nothing was printed"));
    line.split_whitespace().map(str::to_owned).collect()
}

/// The value of the word that begins with `prefix`.
fn value<'a>(words: &'a [String], prefix: &str) -> Option<&'a str> {
    words.iter().find_map(|word| word.strip_prefix(prefix))
}

fn number(words: &[String], prefix: &str) -> usize {
    let value = value(words, prefix).unwrap_or_else(|| panic!("no '{prefix}' in {words:?}"));
    value.parse().unwrap_or_else(|_| panic!("'{prefix}{value}' in {words:?}"))
}

/// For each machine and each kind of its nodes.
fn for_each_kind(mut check: impl FnMut(&str, &str)) {
    for machine in names() {
        for kind in kinds(&machine) {
            check(&machine, &kind);
        }
    }
}

fn fact(machine: &str, kind: &str, name: &str) -> Option<String> {
    let generic =
        GENERIC.iter().find(|(variable, _)| *variable == format!("TERRELLA_{}", name.to_uppercase()));
    let generic = generic.filter(|_| machine == "slurm").map(|(_, value)| (*value).to_owned());
    generic.or_else(|| facts(machine).get(&format!("{kind}_{name}")).cloned())
}

/// A folder that goes with the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("terrella-machines-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }

    fn program(&self, name: &str, text: &str) {
        let path = self.0.join(name);
        fs::write(&path, format!("#!/bin/sh\n{text}\n")).expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("permissions");
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn every_machine_has_its_files_and_every_script_parses() {
    let known = [
        "deucalion",
        "discoverer",
        "jupiter",
        "karolina",
        "leonardo",
        "lumi",
        "marenostrum5",
        "meluxina",
        "slurm",
        "vega",
    ];
    assert_eq!(names(), known);
    let table = read(&machines().join("README.md"));
    let mut scripts = vec![machines().join("common.sh"), machines().join("select_gpu.sh")];
    for machine in names() {
        let folder = machines().join(&machine);
        let readme = read(&folder.join("README.md"));
        assert!(
            readme.contains("Not run on this machine yet"),
            "{machine}: README.md says whether it has been run"
        );
        assert!(machine == "slurm" || readme.contains("https://"), "{machine}: README.md names its sources");
        assert!(
            table.contains(&format!("]({machine}/README.md)")),
            "{machine} is missing in machines/README.md"
        );
        scripts.extend(JOBS.iter().map(|job| folder.join(format!("{job}.sh"))));
        scripts.push(folder.join("site.sh"));
    }
    for path in scripts {
        let output = Command::new("bash").arg("-n").arg(&path).output().expect("bash");
        assert!(output.status.success(), "{}: {}", path.display(), String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn facts_have_names_that_the_scripts_read() {
    let common = read(&machines().join("common.sh"));
    let names: BTreeSet<&str> = common
        .lines()
        .filter_map(|line| line.strip_prefix("#   KIND_"))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert!(names.contains("partition") && names.contains("rank_cores"), "{names:?}");
    for machine in self::names() {
        let kinds = kinds(&machine);
        for name in facts(&machine).keys().filter(|name| *name != "kinds") {
            let known = kinds
                .iter()
                .any(|kind| name.strip_prefix(&format!("{kind}_")).is_some_and(|name| names.contains(name)));
            assert!(known, "{machine}: no script reads '{name}'");
        }
    }
}

#[test]
fn ranks_and_their_cores_fit_the_nodes() {
    for_each_kind(|machine, kind| {
        let of_node =
            |name| fact(machine, kind, name).unwrap_or_else(|| panic!("{machine} {kind}: no '{name}'"));
        let cores: usize = of_node("cores").parse().expect("cores");
        let device = of_node("device");
        for job in JOBS {
            let words = in_job(machine, kind, job);
            let ranks = number(&words, "--ntasks-per-node=");
            let rank_cores = number(&words, "RAYON_NUM_THREADS=");
            let nodes = if job == "run" { 2 } else { 1 };
            assert!(
                ranks * rank_cores <= cores,
                "{machine} {kind} {job}: {ranks} × {rank_cores} of {cores} cores"
            );
            assert_eq!(number(&words, "--nodes="), nodes, "{machine} {kind} {job}");
            assert_eq!(number(&words, "--ntasks="), nodes * ranks, "{machine} {kind} {job}");
            assert_eq!(value(&words, "TERRELLA_DEVICE="), Some(device.as_str()), "{machine} {kind} {job}");
            if device == "cpu" && job != "run" {
                assert_eq!(rank_cores, cores, "{machine} {kind} {job}: one process has the node");
            }

            let bind = value(&words, "--cpu-bind=").expect("a binding");
            if let Some(masks) = bind.strip_prefix("mask_cpu:") {
                let parse = |mask| u64::from_str_radix(mask, 16).expect("a mask");
                let masks: Vec<u64> = masks.split(',').map(parse).collect();
                assert!(masks.len() >= ranks, "{machine} {kind}: a mask for each rank");
                assert!(
                    masks.iter().all(|mask| mask.count_ones() as usize == rank_cores),
                    "{machine} {kind}"
                );
                let all = masks.iter().fold(0, |all, mask| {
                    assert_eq!(all & mask, 0, "{machine} {kind}: two ranks have one core");
                    all | mask
                });
                assert!(all.count_ones() as usize <= cores, "{machine} {kind}");
            } else {
                assert_eq!(bind, "cores", "{machine} {kind}");
                assert_eq!(number(&words, "--cpus-per-task="), rank_cores, "{machine} {kind} {job}");
            }

            let selects = words.iter().any(|word| word.ends_with("/select_gpu.sh"));
            assert_eq!(selects, device != "cpu", "{machine} {kind} {job}");
            if device != "cpu" {
                let request = of_node("gpu_request");
                let gpus: usize = of_node("gpus").parse().expect("GPUs");
                assert_eq!(number(&words, &request), ranks, "{machine} {kind} {job}: a GPU for each rank");
                assert!(ranks <= gpus && device.ends_with(":0"), "{machine} {kind} {job}: {device}");
            } else {
                assert!(
                    !words.iter().any(|word| word.contains("gpu:") || word.contains("--gpus")),
                    "{words:?}"
                );
            }
            let mpi = of_node("mpi");
            assert_eq!(value(&words, "TERRELLA_MPI="), Some(mpi.as_str()), "{machine} {kind} {job}");
        }
    });
}

#[test]
fn tables_say_what_the_facts_say() {
    let table = read(&machines().join("README.md"));
    for_each_kind(|machine, kind| {
        if machine == "slurm" {
            return;
        }
        let of_node =
            |name| fact(machine, kind, name).unwrap_or_else(|| panic!("{machine} {kind}: no '{name}'"));
        let (partition, cores) = (of_node("partition"), of_node("cores"));
        let row = format!("| {kind} | {partition} | {cores} ");
        let layout = format!("| {} × {}", of_node("ranks"), of_node("rank_cores"));
        let found = table.lines().any(|line| line.contains(&row) && line.contains(&layout));
        assert!(found, "machines/README.md has no row with '{row}' and '{layout}'");
        let readme = read(&machines().join(machine).join("README.md"));
        assert!(
            readme.contains(&format!("`{partition}`")),
            "{machine}: README.md does not name '{partition}'"
        );
    });
}

#[test]
fn jobs_are_submitted_with_what_they_start() {
    for_each_kind(|machine, kind| {
        for job in JOBS {
            let variables = [("TERRELLA_KIND", kind), ("TERRELLA_ACCOUNT", "payer"), ("TERRELLA_NODES", "2")];
            let line = dry_run(machine, job, &variables).pop().expect("a line");
            let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
            assert_eq!(words[0], "sbatch");
            assert_eq!(value(&words, "--account="), Some("payer"));
            assert_eq!(
                value(&words, "--partition="),
                fact(machine, kind, "partition").as_deref(),
                "{machine}"
            );
            let qos =
                fact(machine, kind, "qos").map(|qos| if qos == "account" { "payer".to_owned() } else { qos });
            assert_eq!(value(&words, "--qos="), qos.as_deref(), "{machine} {kind}");
            assert!(
                words.last().is_some_and(|word| word.ends_with(&format!("{machine}/{job}.sh"))),
                "{line}"
            );
            // The job is given the nodes, ranks, cores and GPUs that its srun asks for.
            let started = in_job(machine, kind, job);
            let layout = started.iter().skip_while(|word| *word != "srun").skip(1);
            for word in layout.take_while(|word| !word.starts_with("--cpu-bind")) {
                assert!(words.contains(word), "{machine} {kind} {job}: '{word}' is not in {line}");
            }
        }
    });
}

/// The text between two marks, the first of which must be there.
fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let (_, rest) = text.split_once(start).unwrap_or_else(|| panic!("no '{start}'"));
    rest.split_once(end).map_or(rest, |(inside, _)| inside)
}

/// The long options of a part of a source that declares them by clap's attributes.
fn clap_options(source: &str) -> BTreeSet<String> {
    let mut options = BTreeSet::new();
    for declared in source.split("#[arg(").skip(1).filter(|text| text.starts_with("long")) {
        let is_field = |line: &&str| line.contains(':') && !line.starts_with("//") && !line.starts_with('#');
        let field =
            declared.lines().skip(1).map(str::trim).find(is_field).expect("a field after its attribute");
        let name = field.trim_start_matches("pub(crate) ").split(':').next().unwrap_or_default();
        options.insert(name.replace('_', "-"));
    }
    options
}

#[test]
fn options_are_those_of_the_programs() {
    let source = |path: &str| read(&crate_folder().join(path));
    let arguments = source("src/arguments.rs");
    let common = between(&arguments, "const COMMON", "];");
    let benches: BTreeSet<String> = common.split('"').skip(1).step_by(2).map(str::to_owned).collect();
    assert!(arguments.contains("name == \"all\""));

    let validation = source("../validation/src/main.rs");
    let report = clap_options(between(&validation, "    Report {", "\n    },"));
    let settings = clap_options(between(&validation, "struct Settings {", "\n}"));
    let validation: BTreeSet<String> = report.union(&settings).cloned().collect();

    let extremes = source("../examples/extremes/src/arguments.rs");
    assert!(extremes.contains("Run(RunArguments)"));
    let extremes = clap_options(between(&extremes, "struct RunArguments {", "\n}"));

    for (options, known) in [(&benches, "json"), (&validation, "device"), (&extremes, "restart")] {
        assert!(options.contains(known) && !options.contains("out-of-thin-air"), "{options:?}");
    }
    for_each_kind(|machine, kind| {
        let programs = [
            ("bench", "terrella-benches", "all", &benches),
            ("validate", "terrella-validation", "report", &validation),
            ("run", "extremes", "run", &extremes),
        ];
        for (job, program, command, options) in programs {
            let words = in_job(machine, kind, job);
            let at = words.iter().position(|word| word.ends_with(&format!("/release/{program}")));
            let at = at.unwrap_or_else(|| panic!("{machine} {kind} {job}: {words:?}"));
            assert_eq!(words[at + 1], command, "{machine} {kind} {job}");
            let given: Vec<&str> =
                words[at + 2..].iter().filter_map(|word| word.strip_prefix("--")).collect();
            assert!(!given.is_empty(), "{words:?}");
            for option in given {
                assert!(options.contains(option), "{machine} {kind} {job}: {program} has no --{option}");
            }
        }
    });
}

#[test]
fn what_is_missing_or_does_not_fit_is_named() {
    for machine in names() {
        assert!(refusal(&machine, "bench", &[]).contains("TERRELLA_ACCOUNT is not set"), "{machine}");
        let text = refusal(&machine, "run", &[("TERRELLA_KIND", "quantum"), ("TERRELLA_ACCOUNT", "payer")]);
        assert!(text.contains("TERRELLA_KIND") && text.contains("'quantum'"), "{text}");
    }
    let job = ("SLURM_JOB_ID", "17");
    for (variables, words) in [
        (vec![("TERRELLA_RANKS", "9")], "9 ranks of 16 cores"),
        (vec![("TERRELLA_RANKS", "many")], "TERRELLA_RANKS: expected a number"),
        (vec![("TERRELLA_KIND", "gpu"), ("TERRELLA_RANKS", "9"), ("TERRELLA_RANK_CORES", "1")], "8 GPUs"),
        (vec![("TERRELLA_MODULES", "none")], "is not there"),
        (vec![("TERRELLA_MODULES", "a b")], "no command 'module', which is to load 'a b'"),
    ] {
        let variables: Vec<_> = variables.into_iter().chain([job, ("TERRELLA_BIN", "/nowhere")]).collect();
        let text = refusal("lumi", "run", &variables);
        assert!(text.contains(words), "{variables:?}: {text}");
    }
    let text = refusal("slurm", "bench", &[("TERRELLA_ACCOUNT", "payer"), ("TERRELLA_CORES", "")]);
    assert!(text.contains("TERRELLA_CORES is not set"), "{text}");
}

#[test]
fn ranks_see_their_settings_and_one_gpu_each() {
    let scratch = Scratch::new("ranks");
    // An srun of four ranks, which are started one after the other.
    scratch.program(
        "srun",
        "while [ $# -gt 0 ]; do case $1 in --*) shift ;; *) break ;; esac; done\n\
         for SLURM_LOCALID in 0 1 2 3; do export SLURM_LOCALID; \"$@\" || exit; done",
    );
    scratch.program(
        "extremes",
        "echo $RAYON_NUM_THREADS $TERRELLA_DEVICE $TERRELLA_MPI ${CUDA_VISIBLE_DEVICES-}${ROCR_VISIBLE_DEVICES-} $*",
    );
    let folder = scratch.0.to_string_lossy().into_owned();
    let path = format!("{folder}:{}", std::env::var("PATH").unwrap_or_default());
    let out = format!("{folder}/out");
    let base = [
        ("PATH", path.as_str()),
        ("TERRELLA_BIN", &folder),
        ("TERRELLA_OUT", &out),
        ("TERRELLA_CONFIG", "a.toml"),
        ("TERRELLA_MODULES", "none"),
        ("TERRELLA_KIND", "gpu"),
        ("SLURM_JOB_ID", "17"),
        ("SLURM_JOB_NUM_NODES", "1"),
    ];
    let run = |machine: &str, variables: &[(&str, &str)]| {
        let output = script(machine, "run", &[&base[..], variables].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let expected = |start: &str, gpus: [&str; 4]| -> String {
        gpus.iter().map(|gpu| format!("{start} {gpu} run a.toml --out {out}\n")).collect()
    };
    let leonardo = run("leonardo", &[]);
    assert_eq!(leonardo, expected("8 cuda:0 libmpi.so.40", ["0", "1", "2", "3"]));
    assert!(Path::new(&out).is_dir());
    let given = run("leonardo", &[("CUDA_VISIBLE_DEVICES", "4,5,6,7")]);
    assert_eq!(given, expected("8 cuda:0 libmpi.so.40", ["4", "5", "6", "7"]));
    let bound = run("leonardo", &[("CUDA_VISIBLE_DEVICES", "0"), ("TERRELLA_MPI", "/opt/libmpi.so")]);
    assert_eq!(bound, expected("8 cuda:0 /opt/libmpi.so", ["0", "0", "0", "0"]));
    let lumi = run("lumi", &[]);
    assert_eq!(lumi, expected("7 hip:0 libmpi_cray.so.12", ["0", "1", "2", "3"]));

    let few = script("leonardo", "run", &[&base[..], &[("CUDA_VISIBLE_DEVICES", "0,1")]].concat());
    assert!(!few.status.success());
    assert!(String::from_utf8_lossy(&few.stderr).contains("expected a GPU for each rank"));
}
