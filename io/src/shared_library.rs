//! Shared libraries that are found at run time: by an environment variable, else by their usual names.
#![allow(unsafe_code)]

use libloading::Library;

/// The library at the path in the environment variable, or where that is not set the first of `names` that the system
/// finds, with the name that it was found by. The error says what was tried.
///
/// # Safety
/// The initialisers of these libraries must be safe to run.
pub(crate) unsafe fn open(variable: &str, names: &[&str]) -> Result<(Library, String), String> {
    let names: Vec<String> = match std::env::var(variable) {
        Ok(path) => vec![path],
        Err(_) => names.iter().map(|name| (*name).to_owned()).collect(),
    };
    let mut reasons = Vec::new();
    for name in names {
        // SAFETY: the caller's promise.
        match unsafe { Library::new(&name) } {
            Ok(library) => return Ok((library, name)),
            Err(error) => reasons.push(format!("'{name}' was not loaded ({error})")),
        }
    }
    Err(reasons.join(", "))
}
