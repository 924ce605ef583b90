//! Libraries that are not there are named with their packages; what does without them works.

mod eccodes;
mod fdb;
mod libaec;

/// Whether this process, which was started for the test of `module` alone, has variables that lead to nowhere. Else starts it.
fn is_child(module: &str, variables: &[(&str, &str)]) -> bool {
    if std::env::var_os("TERRELLA_TEST_CHILD").is_some() {
        return true;
    }
    let child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &format!("{module}::an_absent_library_is_named")])
        .env("TERRELLA_TEST_CHILD", "1")
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    assert!(
        child.status.success() && String::from_utf8_lossy(&child.stdout).contains("1 passed"),
        "{child:?}"
    );
    false
}
