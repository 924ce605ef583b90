//! Text on standard output.

use std::io::{ErrorKind, Write};

use crate::failure::{Result, because};

/// Writes the whole text. A reader that has seen enough, such as `head`, is no error.
pub(crate) fn print(text: &str) -> Result<()> {
    let mut output = std::io::stdout().lock();
    match output.write_all(text.as_bytes()).and_then(|()| output.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => because(format!("standard output: {error}.")),
        _ => Ok(()),
    }
}

/// Rows in columns that are as wide as they must be, two spaces between them; numbers to the right.
pub(crate) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let cell = |row: &[String], column: usize| row.get(column).cloned().unwrap_or_default();
    let width =
        |column: usize| rows.iter().map(|row| cell(row, column).chars().count()).max().unwrap_or_default();
    let is_number = |column: usize| {
        let mut cells = rows.iter().skip(1).map(|row| cell(row, column)).peekable();
        cells.peek().is_some() && cells.all(|cell| cell == "-" || cell.parse::<f64>().is_ok())
    };
    let layout: Vec<(usize, bool)> = (0..columns).map(|column| (width(column), is_number(column))).collect();
    let mut text = String::new();
    for row in rows {
        let cells = layout.iter().enumerate().map(|(column, &(width, number))| {
            let cell = cell(row, column);
            if number { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
        });
        text += cells.collect::<Vec<_>>().join("  ").trim_end();
        text += "\n";
    }
    text
}

/// A number for reading: seven digits, those that say nothing left out.
pub(crate) fn number(value: f64) -> String {
    if value.is_nan() {
        return "-".into();
    }
    if value == 0.0 || (1e-4..1e7).contains(&value.abs()) {
        let whole = value.abs().max(1.0).log10().floor() as usize + 1;
        let text = format!("{value:.*}", 7_usize.saturating_sub(whole) + usize::from(value.abs() < 0.1) * 3);
        let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
        return text.to_owned();
    }
    format!("{value:.6e}")
}
