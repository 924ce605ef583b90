//! Several times of observation in a window.

use super::{errors, refused, split};

pub(super) const SEVERAL_TIMES: &str = r#"
[model]
name = "lorenz-96"
size = 12

[observations]
interval = 4
times = 4

[experiment]
cycles = 120
spin_up = 20
settling = 200
samples = 40
sampling = 5

[[method]]
name = "3D-Var"
kind = "3d-var"
background = 0.1

[[method]]
name = "4D-Var"
kind = "4d-var"
background = 0.1
lag = 1

[[method]]
name = "EnKF"
kind = "stochastic"
members = 30
inflation = 1.15

[[method]]
name = "LETKF"
kind = "square-root"
members = 12
inflation = 1.2
radius = 4.0

[[method]]
name = "EAKF"
kind = "serial"
members = 12
prior_spread = 0.5
radius = 4.0

[[method]]
name = "smoother"
kind = "iterative-smoother"
members = 13
lag = 2
"#;

#[test]
fn observations_between_analyses_count() {
    let folder = tempfile::tempdir().expect("a folder");
    let several = errors(folder.path(), SEVERAL_TIMES);
    let one = errors(folder.path(), &SEVERAL_TIMES.replace("times = 4", "times = 1"));
    for (several, one) in several.iter().zip(&one) {
        assert!(*several < 0.85 * one, "{several} {one}");
    }
    split(folder.path(), &SEVERAL_TIMES.replace("= 120", "= 30"), "25");
    let said = refused(folder.path(), &SEVERAL_TIMES.replace("times = 4", "times = 3"), &[]);
    assert!(said.contains("expected a divisor of 'interval', 4"), "{said}");
}
