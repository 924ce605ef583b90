//! `compare`: norms of the differences of two files, field by field.

use terrella_io::Error;
use terrella_io::read::{GribFile, Header, Missing, NetcdfVariables};

use crate::arguments::CompareArguments;
use crate::failure::{Failure, Result, because};
use crate::fields::{Source, open};
use crate::output::{number, print, table};

/// What became of one field.
enum Outcome {
    Norms(Norms),
    /// In words.
    Different(&'static str),
}

struct Norms {
    largest: f64,
    root_mean_square: f64,
    relative: f64,
    /// Points that one of the files has a value for and the other not.
    missing: usize,
}

pub(crate) fn run(arguments: &CompareArguments) -> Result<()> {
    let outcomes = match (open(&arguments.a)?, open(&arguments.b)?) {
        (Source::Grib(a), Source::Grib(b)) => messages(&a, &b, arguments)?,
        (Source::Netcdf(a), Source::Netcdf(b)) => variables(a, b, arguments)?,
        (a, b) => {
            return because(format!(
                "'{}' is {} and '{}' is {}: files of one format are needed.",
                arguments.a.display(),
                a.kind(),
                arguments.b.display(),
                b.kind()
            ));
        }
    };
    let mut rows = vec![["field", "max", "rms", "relative l2", "verdict"].map(String::from).to_vec()];
    let mut different = 0;
    for (name, outcome) in &outcomes {
        let (norms, verdict) = match outcome {
            Outcome::Different(why) => ([f64::NAN; 3], Some((*why).to_owned())),
            Outcome::Norms(norms) => (
                [norms.largest, norms.root_mean_square, norms.relative],
                if norms.missing > 0 {
                    Some(format!("{} points have a value in one file only", norms.missing))
                } else if norms.relative > arguments.tolerance {
                    Some("different".into())
                } else {
                    None
                },
            ),
        };
        different += usize::from(verdict.is_some());
        if arguments.quiet && verdict.is_none() {
            continue;
        }
        let mut row = vec![name.clone()];
        row.extend(norms.map(number));
        row.push(verdict.unwrap_or_else(|| "same".into()));
        rows.push(row);
    }
    let total = format!("{different} of {} fields differ\n", outcomes.len());
    print(&if rows.len() > 1 { table(&rows) + &total } else { total })?;
    if different > 0 { Err(Failure::Different) } else { Ok(()) }
}

fn messages(a: &GribFile, b: &GribFile, arguments: &CompareArguments) -> Result<Vec<(String, Outcome)>> {
    let (ours, mut theirs) = (arguments.fields.headers(a)?, arguments.fields.headers(b)?);
    let mut outcomes = Vec::new();
    for header in ours {
        let partner = theirs.iter().position(|other| belong_together(header, other));
        let outcome = match partner.map(|number| theirs.remove(number)) {
            None => Outcome::Different("only in A"),
            Some(other) => fields(a, header, b, other)?,
        };
        outcomes.push((named(header), outcome));
    }
    outcomes.extend(theirs.into_iter().map(|header| (named(header), Outcome::Different("only in B"))));
    Ok(outcomes)
}

/// Editions may differ, and with them the unit of a pressure level.
fn belong_together(one: &Header, other: &Header) -> bool {
    let level = match (one.pressure(), other.pressure()) {
        (Some(one), Some(other)) => (one - other).abs() <= 1e-6 * one.abs(),
        _ => one.place() == other.place(),
    };
    level
        && one.short_name == other.short_name
        && one.parameter == other.parameter
        && one.valid == other.valid
        && one.reference == other.reference
        && one.member == other.member
}

fn named(header: &Header) -> String {
    let member = header.member.map_or(String::new(), |member| format!(" of member {member}"));
    format!("{}{member}, {}", header.title(), header.valid)
}

fn fields(a: &GribFile, one: &Header, b: &GribFile, other: &Header) -> Result<Outcome> {
    let (first, second) = (a.decode(one, Missing::Nan), b.decode(other, Missing::Nan));
    match (first, second) {
        (Ok(first), Ok(second)) if first.layout.points() != second.layout.points() => {
            Ok(Outcome::Different("on another grid"))
        }
        (Ok(first), Ok(second)) => {
            let near = |one: f64, other: f64| (one - other).abs() < 2e-3;
            let mut places = first.layout.coordinates().zip(second.layout.coordinates());
            if places.all(|(one, other)| near(one.0, other.0) && near(one.1, other.1)) {
                Ok(Outcome::Norms(Norms::of(&first.values, &second.values)))
            } else {
                Ok(Outcome::Different("on another grid"))
            }
        }
        // Spectra, and grids that are not read onto points: value by value as they are stored.
        (Err(Error::UnsupportedGrid { .. }), Err(Error::UnsupportedGrid { .. })) => {
            let (first, second) = (a.stored_values(one)?, b.stored_values(other)?);
            if one.grid_type != other.grid_type || first.len() != second.len() {
                return Ok(Outcome::Different("on another grid"));
            }
            Ok(Outcome::Norms(Norms::of(&first, &second)))
        }
        (Ok(_), Err(Error::UnsupportedGrid { .. })) | (Err(Error::UnsupportedGrid { .. }), Ok(_)) => {
            Ok(Outcome::Different("on another grid"))
        }
        (Err(error), _) | (_, Err(error)) => Err(error.into()),
    }
}

fn variables(
    mut a: NetcdfVariables,
    mut b: NetcdfVariables,
    arguments: &CompareArguments,
) -> Result<Vec<(String, Outcome)>> {
    let (ours, theirs) = (arguments.fields.variables(&a)?, arguments.fields.variables(&b)?);
    let mut outcomes = Vec::new();
    for variable in &ours {
        let outcome = match theirs.iter().find(|other| other.name == variable.name) {
            None => Outcome::Different("only in A"),
            Some(other) if other.dimensions != variable.dimensions => Outcome::Different("of another shape"),
            Some(_) => {
                let (first, second) = (a.values(&variable.name)?, b.values(&variable.name)?);
                Outcome::Norms(Norms::of(&first, &second))
            }
        };
        outcomes.push((variable.name.clone(), outcome));
    }
    let only = theirs.iter().filter(|other| ours.iter().all(|variable| variable.name != other.name));
    outcomes.extend(only.map(|other| (other.name.clone(), Outcome::Different("only in B"))));
    Ok(outcomes)
}

impl Norms {
    fn of(a: &[f64], b: &[f64]) -> Self {
        let (mut largest, mut squares, mut own, mut count, mut missing) = (0.0_f64, 0.0, 0.0, 0, 0);
        for (a, b) in a.iter().zip(b) {
            if a.is_nan() || b.is_nan() {
                missing += usize::from(a.is_nan() != b.is_nan());
                continue;
            }
            let difference = b - a;
            largest = largest.max(difference.abs());
            squares += difference * difference;
            own += a * a;
            count += 1;
        }
        let relative = match (squares, own) {
            (0.0, _) => 0.0,
            // Any difference from nothing is infinitely large.
            (_, 0.0) => f64::INFINITY,
            (squares, own) => (squares / own).sqrt(),
        };
        let root_mean_square = (squares / f64::from(count.max(1))).sqrt();
        Self { largest, root_mean_square, relative, missing }
    }
}
