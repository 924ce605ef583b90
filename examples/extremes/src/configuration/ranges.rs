//! Refusals of values, in one sentence that names table and key.

use std::fmt::Display;

pub(crate) fn within<T: PartialOrd + Display>(
    table: &str,
    key: &str,
    value: T,
    least: T,
    most: T,
) -> std::result::Result<(), String> {
    // NaN is in no range.
    if least <= value && value <= most {
        return Ok(());
    }
    Err(format!("Key '{key}' in [{table}] is {value}: expected {least} to {most}."))
}

pub(crate) fn zero_or_within(
    table: &str,
    key: &str,
    value: f64,
    least: f64,
    most: f64,
) -> std::result::Result<(), String> {
    if value == 0.0 {
        return Ok(());
    }
    within(table, key, value, least, most)
        .map_err(|message| message.replace("expected ", "expected 0 (off) or "))
}

pub(super) fn named(table: &str, key: &str, value: &str) -> std::result::Result<(), String> {
    if !value.is_empty() {
        return Ok(());
    }
    Err(format!("Key '{key}' in [{table}] is empty: expected a GRIB short name."))
}
