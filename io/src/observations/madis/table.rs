//! Variables of a MADIS file, by record.

use crate::error::{Error, Result};
use crate::observations::{Quality, Quantity, Value};
use crate::read::{NetcdfVariable, NetcdfVariables};
use crate::time::Time;

/// An open file.
pub(super) struct Table {
    file: NetcdfVariables,
    variables: Vec<NetcdfVariable>,
    records: usize,
}

/// A variable \[record]\[place], in SI units, NaN where it is missing, and what MADIS thinks of it.
pub(super) struct Column {
    values: Vec<f64>,
    letters: Vec<f64>,
    width: usize,
}

/// The dimension of records in all files of MADIS.
const RECORDS: &str = "recNum";

impl Table {
    pub(super) fn new(file: NetcdfVariables) -> Result<Self> {
        let variables = file.variables();
        let records = variables
            .iter()
            .flat_map(|variable| &variable.dimensions)
            .find(|(name, _)| name == RECORDS)
            .map(|(_, length)| *length);
        let records = records.ok_or_else(|| Error::NotObservations {
            path: file.path().to_owned(),
            reason: format!("it is NetCDF without the dimension '{RECORDS}' of MADIS"),
        })?;
        Ok(Self { file, variables, records })
    }

    pub(super) fn records(&self) -> usize {
        self.records
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// A variable with one or several values for every record.
    fn find(&self, name: &str) -> Option<&NetcdfVariable> {
        self.variables.iter().find(|variable| {
            variable.name == name && variable.dimensions.first().is_some_and(|d| d.0 == RECORDS)
        })
    }

    /// Coordinates of stations. Their `valid_range` is not looked at: the files have the world's stations and the ranges of
    /// North America.
    pub(super) fn coordinate(&mut self, name: &str) -> Result<Column> {
        let Some(variable) = self.find(name) else { return self.column(name) };
        let width = variable.dimensions[1..].iter().map(|(_, length)| length).product();
        Ok(Column { values: self.file.values_beyond_range(name)?, letters: Vec::new(), width })
    }

    /// A variable by its name; missing everywhere where the file has none of that name.
    pub(super) fn column(&mut self, name: &str) -> Result<Column> {
        let Some(variable) = self.find(name) else {
            return Ok(Column { values: vec![f64::NAN; self.records], letters: Vec::new(), width: 1 });
        };
        let factor = match variable.attribute("units") {
            Some("hectopascal" | "millibar") => 100.0,
            Some("percent" | "%") => 0.01,
            _ => 1.0,
        };
        let width = variable.dimensions[1..].iter().map(|(_, length)| length).product();
        let mut values = self.file.values(name)?;
        values.iter_mut().for_each(|value| *value *= factor);
        let judged = format!("{name}DD");
        let letters = match self.has(&judged) {
            true => self.file.values(&judged)?,
            false => Vec::new(),
        };
        Ok(Column { values, letters, width })
    }

    /// The texts of a variable of characters, one for each record; empty where the file has none of that name.
    pub(super) fn texts(&mut self, name: &str) -> Result<Vec<String>> {
        let Some(width) = self.find(name).map(|variable| variable.dimensions.get(1).map_or(1, |(_, n)| *n))
        else {
            return Ok(vec![String::new(); self.records]);
        };
        let letters: Vec<u8> = self.file.values(name)?.into_iter().map(|code| code as u8).collect();
        let text = |piece: &[u8]| {
            let end = piece.iter().position(|&letter| letter == 0).unwrap_or(piece.len());
            String::from_utf8_lossy(&piece[..end]).trim().to_owned()
        };
        Ok(letters.chunks(width.max(1)).map(text).collect())
    }
}

impl Column {
    /// The value at a place of a record, missing as NaN.
    pub(super) fn at(&self, record: usize, place: usize) -> f64 {
        if place >= self.width {
            return f64::NAN;
        }
        self.values.get(record * self.width + place).copied().unwrap_or(f64::NAN)
    }

    /// Of a variable with one value for each record.
    pub(super) fn of(&self, record: usize) -> f64 {
        self.at(record, 0)
    }

    /// Values of one record.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// As a value of a quantity.
    pub(super) fn value(&self, quantity: Quantity, record: usize, place: usize) -> Value {
        let number = self.at(record, place);
        let letter = self.letters.get(record * self.width + place).map_or(0, |code| *code as u8);
        let quality = Quality { flag: super::flag(letter), confidence: None };
        Value { quantity, value: (!number.is_nan()).then_some(number), quality }
    }

    /// As a time, from seconds since 1970.
    pub(super) fn time(&self, record: usize) -> Option<Time> {
        let seconds = self.of(record);
        // Up to the year 3000: fillings are beyond.
        (seconds > 0.0 && seconds < 3.3e10).then(|| Time::EPOCH.plus_seconds(seconds as i64))
    }
}
