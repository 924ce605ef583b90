//! Local analyses that look upward as well.

use super::twins::SMALL;
use super::{errors, refused, split};

const METHODS: [&str; 3] = [
    "kind = \"square-root\"\nprior_spread = 0.5",
    "kind = \"serial\"\nprior_spread = 0.5",
    "kind = \"hybrid-3d-var\"\nbackground = 0.1\nensemble_weight = 0.5\nouter_loops = 1\niterations = 10",
];

fn primitive(vertical: &[&str]) -> String {
    let mut text = "[model]\nname = \"primitive\"\ntruncation = 6\nlevels = 5\ntime_step = 1800\n[observations]\ninterval = 4\nevery = 23\n\
                    relative = true\n[experiment]\ncycles = 3\nspin_up = 1\nsettling = 100\nsamples = 20\nsampling = 6\n[output]\npictures = false\n"
        .to_owned();
    for (number, method) in METHODS.iter().enumerate() {
        for (other, vertical) in vertical.iter().enumerate() {
            text += &format!(
                "[[method]]\nname = \"{number}, {other}\"\n{method}\nmembers = 8\nradius = 3e6\n{vertical}\n"
            );
        }
    }
    text
}

#[test]
fn a_tall_taper_is_none_and_a_low_one_is_another() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = primitive(&["", "vertical_radius = 1e9", "vertical_radius = 0.5"]);
    let all = errors(folder.path(), &text);
    for of_method in all.chunks(3) {
        assert!((of_method[1] / of_method[0] - 1.0).abs() < 1e-6, "{all:?}");
        assert!((of_method[2] / of_method[0] - 1.0).abs() > 1e-3, "{all:?}");
    }
    split(folder.path(), &primitive(&["vertical_radius = 0.5"]), "2");
}

#[test]
fn vertical_radii_that_do_nothing_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let upward = primitive(&["vertical_radius = 0.5"]);
    let on_line = SMALL.replacen("radius = 4.0", "radius = 4.0\nvertical_radius = 0.5", 1);
    let on_sphere = upward.replace("\"primitive\"", "\"shallow-water\"").replace("levels = 5\n", "");
    let cases = [
        (upward.replacen("radius = 3e6\n", "", 1), "does nothing without 'radius'"),
        (
            upward.replacen("vertical_radius = 0.5", "vertical_radius = -0.5", 1),
            "is -0.5: expected a number above 0",
        ),
        (on_line, "for this model, which has no levels"),
        (on_sphere, "for this model, which has no levels"),
        (upward.replacen("square-root\"\nprior_spread = 0.5", "local-particle\"", 1), "for this kind"),
        (
            SMALL.replacen("background = 0.1", "background = 0.1\nvertical_radius = 0.5", 1),
            "without an ensemble",
        ),
        (upward.replacen("vertical_radius", "vertical_radios", 1), "did you mean 'vertical_radius'?"),
    ];
    for (text, expected) in cases {
        let said = refused(folder.path(), &text, &[]);
        assert!(said.contains(expected), "{expected}: {said}");
    }
}
