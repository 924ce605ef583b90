//! Ensembles that begin with singular vectors.

use super::twins::SMALL;
use super::{errors, refused, run, split, succeeded};

const SHALLOW_WATER: &str = r#"
[model]
name = "shallow-water"
truncation = 10

[observations]
every = 7
interval = 4
standard_deviation = 0.1
relative = true

[experiment]
cycles = 5
spin_up = 2
settling = 400
samples = 20
sampling = 12

[output]
pictures = false

[[method]]
name = "free run"
kind = "free-run"

[[method]]
name = "LETKF"
kind = "square-root"
members = 24
prior_spread = 0.5
radius = 3e6
first_members = "singular-vectors"
singular_vectors = 12
optimisation_steps = 24
first_spread = 0.5

[[method]]
name = "EnKF"
kind = "stochastic"
members = 6
first_members = "singular-vectors"
optimisation_steps = 12

[[method]]
name = "climate"
kind = "square-root"
members = 6
radius = 3e6
first_members = "climate"

[[method]]
name = "usual"
kind = "square-root"
members = 6
radius = 3e6
"#;

#[test]
fn ensembles_of_singular_vectors_follow_and_go_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let all = errors(folder.path(), SHALLOW_WATER);
    assert!(all[1] < 0.6 * all[0], "{all:?}");
    assert_eq!(all[3], all[4], "states of the climate are the usual first members");
    let output = run(
        folder.path(),
        SHALLOW_WATER,
        &["--out", folder.path().join("said").to_str().expect("text"), "--steps", "1"],
    );
    succeeded(&output);
    let said =
        String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("LETKF: first members of 12 singular vectors that grow by"), "{said}");
    assert!(said.contains("EnKF: first members of 3 singular vectors that grow by"), "{said}");
    split(folder.path(), SHALLOW_WATER, "3");
}

#[test]
fn the_primitive_equations_have_singular_vectors() {
    let folder = tempfile::tempdir().expect("a folder");
    // Two hundred days, after which the climate is one.
    let text = "[model]\nname = \"primitive\"\ntruncation = 10\nlevels = 5\ntime_step = 1800\nprecision = \"f32\"\n[observations]\ninterval = 12\n\
                every = 11\nrelative = true\nstandard_deviation = 0.1\n[experiment]\ncycles = 4\nspin_up = 2\nsettling = 9600\nsamples = 20\n\
                sampling = 24\n[[method]]\nname = \"free run\"\nkind = \"free-run\"\n\
                [[method]]\nname = \"LETKF\"\nkind = \"square-root\"\nmembers = 24\nradius = 2e6\nprior_spread = 0.5\n\
                first_members = \"singular-vectors\"\noptimisation_steps = 24\nfirst_spread = 1.0\n";
    // More members than states of the climate.
    let all = errors(folder.path(), text);
    assert!(all[1] < 0.8 * all[0], "{all:?}");
}

#[test]
fn singular_vectors_that_do_nothing_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let from = |from: &str, to: &str| {
        assert!(SHALLOW_WATER.contains(from), "{from}");
        SHALLOW_WATER.replacen(from, to, 1)
    };
    let vectors = "first_members = \"singular-vectors\"\n";
    let cases = [
        (from(vectors, ""), "Key 'singular_vectors' of method 'LETKF' does nothing without 'first_members"),
        (
            from("first_members = \"climate\"", "first_spread = 1.0"),
            "Key 'first_spread' of method 'climate' does nothing without 'first_members",
        ),
        (
            from("first_members = \"climate\"", "first_members = \"climate\"\noptimisation_steps = 3"),
            "Key 'optimisation_steps' of method 'climate' does nothing without 'first_members",
        ),
        (from("singular_vectors = 12", "singular_vectors = 0"), "is 0: expected a number above 0"),
        (from("optimisation_steps = 24", "optimisation_steps = 0"), "is 0: expected a number above 0"),
        (from("first_spread = 0.5", "first_spread = -1.0"), "is -1: expected a number above 0"),
        (from("members = 6\nfirst", "members = 1\nfirst"), "is 1: expected at least 2"),
        (from("members = 6\nradius", "members = 21\nradius"), "is 21: expected 2 to the 20 samples"),
        (
            from("kind = \"free-run\"", "kind = \"free-run\"\nfirst_members = \"climate\""),
            "without an ensemble",
        ),
        (from("\"singular-vectors\"", "\"singular-vector\""), "singular-vector"),
        (from("singular_vectors =", "singular_vector ="), "did you mean 'singular_vectors'?"),
        (
            SMALL.replacen("members = 10\n", "members = 10\nfirst_members = \"singular-vectors\"\n", 1),
            "is singular-vectors: expected climate for this model",
        ),
    ];
    for (text, expected) in cases {
        let said = refused(folder.path(), &text, &[]);
        assert!(said.contains(expected), "{expected}: {said}");
    }
}
