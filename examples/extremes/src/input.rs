//! The fields of the initial state in their file: selected, decoded, checked.

use std::path::Path;

use terrella_dycore::shallow_water::Configuration as ModelConfiguration;
use terrella_io::Time;
use terrella_io::layout::Layout;
use terrella_io::read::{Field, GribFile, Header, Missing, Selection};

use crate::automatic::Automatic;
use crate::configuration::Input;
use crate::error::{Error, Result};

/// Wind and height on the points of the file.
#[derive(Debug)]
pub(crate) struct InputFields {
    pub(crate) layout: Layout,
    /// Start of the forecast: when the fields are valid.
    pub(crate) valid: Time,
    /// \[m s⁻¹\].
    pub(crate) u: Vec<f64>,
    /// \[m s⁻¹\].
    pub(crate) v: Vec<f64>,
    /// \[m\]; none where the file has none or the configuration wants none.
    pub(crate) height: Option<Vec<f64>>,
    /// What was taken, for people.
    pub(crate) description: String,
}

/// Reads what `[input]` names.
pub(crate) fn read(input: &Input) -> Result<InputFields> {
    let file = GribFile::open(&input.file)?;
    let u = wanted(&file, input, &input.u, None)?;
    let v = wanted(&file, input, &input.v, Some(u))?;
    let height = match &input.height {
        Automatic::Given(name) if name == "none" => None,
        Automatic::Given(name) => Some(wanted(&file, input, name, Some(u))?),
        Automatic::Auto => ["gh", "z"].iter().find_map(|name| wanted(&file, input, name, Some(u)).ok()),
    };
    let valid = u.valid;
    let mut description = format!("{}, {} at {} hPa", u.short_name, v.short_name, input.level);
    if let Some(height) = height {
        description = format!("{}, {description}", height.short_name);
    }
    let reference = u.reference;
    description = format!("{description}, valid {valid} (run of {reference}, step {} h)", u.step());

    let (u, v) = (decode(&file, u)?, decode(&file, v)?);
    let height = height.map(|header| decode(&file, header)).transpose()?;
    for field in [Some(&v), height.as_ref()].into_iter().flatten() {
        if field.layout != u.layout {
            return Err(Error::Input {
                path: input.file.clone(),
                message: format!(
                    "'{}' lies on {} points in another arrangement than the {} of '{}': one grid is needed.",
                    field.header.title(),
                    field.layout.points(),
                    u.layout.points(),
                    u.header.title()
                ),
            });
        }
    }
    let height = height.map(|field| {
        // A geopotential [m² s⁻²] becomes a height [m].
        let gravity =
            if field.header.units.contains("s**-2") { ModelConfiguration::STANDARD_GRAVITY } else { 1.0 };
        field.values.iter().map(|value| value / gravity).collect()
    });
    Ok(InputFields { layout: u.layout, valid, u: u.values, v: v.values, height, description })
}

/// The one message of a parameter that the configuration selects; `like` fixes time and member.
fn wanted<'a>(
    file: &'a GribFile,
    input: &Input,
    parameter: &str,
    like: Option<&Header>,
) -> Result<&'a Header> {
    let mut selection = Selection::parameter(parameter).pressure(f64::from(input.level));
    if let Some(step) = input.step {
        selection = selection.step(f64::from(step));
    }
    if let Some(member) = input.member {
        selection = selection.member(i64::from(member));
    }
    let refuse = |message: String| Error::Input { path: file.path().to_owned(), message };
    let first = file.find(&selection)?;
    let date: Option<Time> = match &input.date {
        None => None,
        Some(text) => Some(text.parse().map_err(|_| {
            refuse(format!("Key 'date' in [input] is '{text}': expected a UTC time such as 2011-01-10T12."))
        })?),
    };
    let matching: Vec<&Header> = file
        .headers()
        .iter()
        .filter(|header| selection.matches(header))
        .filter(|header| date.is_none_or(|date| date == header.reference))
        .filter(|header| like.is_none_or(|like| identity(like) == identity(header)))
        .collect();
    let Some(&chosen) = matching.first() else {
        let all: Vec<&Header> = file.headers().iter().filter(|header| selection.matches(header)).collect();
        return Err(refuse(match like {
            Some(like) => format!(
                "no {selection} that belongs to '{}' of {}; it has {}.",
                like.title(),
                when(like),
                times(&all)
            ),
            None => format!(
                "no {selection} of the run of {}; it has {}.",
                date.unwrap_or(first.reference),
                times(&all)
            ),
        }));
    };
    if matching.iter().any(|header| identity(header) != identity(chosen)) {
        return Err(refuse(format!(
            "{selection} is there for several times or members: {}. Choose one by 'date', 'step' or 'member' in [input].",
            times(&matching)
        )));
    }
    Ok(chosen)
}

fn identity(header: &Header) -> (Time, Time, Option<i64>) {
    (header.reference, header.valid, header.member)
}

fn when(header: &Header) -> String {
    let member = header.member.map(|member| format!(" of member {member}")).unwrap_or_default();
    format!("{} + {} h{member}", header.reference, header.step())
}

fn times(headers: &[&Header]) -> String {
    let mut times: Vec<String> = headers.iter().map(|header| when(header)).collect();
    times.dedup();
    let more = times.len().saturating_sub(12);
    times.truncate(12);
    let list = times.join(", ");
    if more > 0 { format!("{list} and {more} more") } else { list }
}

/// The field; an error of its points gets the file's name.
fn decode(file: &GribFile, header: &Header) -> Result<Field> {
    file.decode(header, Missing::Refuse).map_err(|error| with_file(file.path(), error))
}

fn with_file(path: &Path, error: terrella_io::Error) -> Error {
    use terrella_io::Error::{LengthMismatch, MissingValues, UnsupportedGrid};
    match error {
        LengthMismatch { .. } | MissingValues { .. } | UnsupportedGrid { .. } => {
            Error::Input { path: path.to_owned(), message: error.to_string() }
        }
        named => Error::Io(named),
    }
}
