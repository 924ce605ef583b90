//! The fields of a file that a command line asks for.

use std::path::Path;

use terrella_io::read::{Format, GribFile, Header, NetcdfVariable, NetcdfVariables, Selection, format};

use crate::arguments::FieldArguments;
use crate::failure::{Result, because};

/// An opened file.
pub(crate) enum Source {
    Grib(GribFile),
    Netcdf(NetcdfVariables),
}

pub(crate) fn open(path: &Path) -> Result<Source> {
    Ok(match format(path)? {
        Format::Other => Source::Grib(GribFile::open(path)?),
        Format::Netcdf | Format::Hdf5 | Format::Zarr => Source::Netcdf(NetcdfVariables::open(path)?),
    })
}

impl Source {
    /// What it is, for errors.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Grib(_) => "GRIB",
            Self::Netcdf(_) => "NetCDF",
        }
    }
}

impl FieldArguments {
    /// One selection for each parameter; `anything` where none is given.
    fn selections(&self) -> Result<Vec<Selection>> {
        let complete = |parameter: &String| {
            let mut selection = Selection::parameter(parameter);
            if let Some(step) = self.step {
                selection = selection.step(step);
            }
            if let Some(member) = self.member {
                selection = selection.member(member);
            }
            match self.level.as_deref().map(|level| (level, level.split_once(':'))) {
                None => Ok(selection),
                Some((level, None)) => match level.parse() {
                    Ok(pressure) => Ok(selection.pressure(pressure)),
                    Err(_) => wrong_level(level),
                },
                Some((level, Some((kind, value)))) => match value.parse() {
                    Ok(value) => Ok(selection.level(kind, value)),
                    Err(_) => wrong_level(level),
                },
            }
        };
        self.field.iter().map(complete).collect()
    }

    /// The headers of a GRIB file that are asked for, in its order. An error for a parameter that is not there.
    pub(crate) fn headers<'a>(&self, file: &'a GribFile) -> Result<Vec<&'a Header>> {
        let selections = self.selections()?;
        for selection in &selections {
            file.find(selection)?;
        }
        if selections.is_empty() && (self.level.is_some() || self.step.is_some() || self.member.is_some()) {
            // Level, step and member of any parameter.
            let any = |header: &&Header| {
                let own = Self { field: vec![header.short_name.clone()], level: self.level.clone(), ..*self };
                own.selections().is_ok_and(|own| own[0].matches(header))
            };
            // A wrong level is told once.
            Self { field: vec!["any".into()], level: self.level.clone(), ..*self }.selections()?;
            let found: Vec<_> = file.headers().iter().filter(any).collect();
            if found.is_empty() {
                return because(format!("'{}': no such field.", file.path().display()));
            }
            return Ok(found);
        }
        let wanted = |header: &&Header| {
            selections.is_empty() || selections.iter().any(|selection| selection.matches(header))
        };
        Ok(file.headers().iter().filter(wanted).collect())
    }

    /// The variables of a NetCDF file that are asked for.
    pub(crate) fn variables(&self, file: &NetcdfVariables) -> Result<Vec<NetcdfVariable>> {
        if self.level.is_some() || self.step.is_some() || self.member.is_some() {
            return because("--level, --step and --member choose fields of GRIB files, not of NetCDF files.");
        }
        let variables = file.variables();
        let names: Vec<&str> = variables.iter().map(|variable| variable.name.as_str()).collect();
        if let Some(absent) = self.field.iter().find(|field| !names.contains(&field.as_str())) {
            return because(format!("no variable '{absent}'; the file has {}.", names.join(", ")));
        }
        let wanted = |variable: &NetcdfVariable| self.field.is_empty() || self.field.contains(&variable.name);
        Ok(variables.iter().filter(|variable| wanted(variable)).cloned().collect())
    }
}

fn wrong_level<T>(level: &str) -> Result<T> {
    because(format!(
        "'--level {level}': expected a pressure in hPa, or kind and value such as heightAboveGround:2."
    ))
}

/// Least, largest, mean of those that are not missing, and the number of missing ones.
pub(crate) struct Range {
    pub(crate) least: f64,
    pub(crate) largest: f64,
    pub(crate) mean: f64,
    pub(crate) missing: usize,
}

impl Range {
    pub(crate) fn of(values: &[f64]) -> Self {
        let present = || values.iter().copied().filter(|value| !value.is_nan());
        let count = present().count();
        let end = |choose: fn(f64, f64) -> f64| present().reduce(choose).unwrap_or(f64::NAN);
        Self {
            least: end(f64::min),
            largest: end(f64::max),
            mean: present().sum::<f64>() / count as f64,
            missing: values.len() - count,
        }
    }
}
