//! Choosing a field of a file by parameter, level and step.

use super::header::Header;

/// What a field must be; what is not set may be anything.
///
/// ```
/// use terrella_io::read::Selection;
/// let wind = Selection::parameter("u").pressure(500.0).step(0.0);
/// assert_eq!(wind.to_string(), "'u' at 500 hPa at step 0 h");
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Selection {
    parameter: String,
    level_type: Option<String>,
    level: Option<f64>,
    pressure: Option<f64>,
    step: Option<f64>,
    member: Option<i64>,
}

impl Selection {
    /// By ecCodes' short name (`u`) or parameter number (`131`).
    pub fn parameter(parameter: &str) -> Self {
        Self {
            parameter: parameter.to_owned(),
            level_type: None,
            level: None,
            pressure: None,
            step: None,
            member: None,
        }
    }

    /// The same place and time of another parameter.
    pub fn of(mut self, parameter: &str) -> Self {
        self.parameter = parameter.to_owned();
        self
    }

    /// On a pressure level (hPa).
    pub fn pressure(mut self, hectopascal: f64) -> Self {
        self.pressure = Some(hectopascal);
        self
    }

    /// On a level of a kind by ecCodes' name, such as (`hybrid`, 137) or (`heightAboveGround`, 2).
    pub fn level(mut self, level_type: &str, level: f64) -> Self {
        (self.level_type, self.level) = (Some(level_type.to_owned()), Some(level));
        self
    }

    /// At a forecast step (h).
    pub fn step(mut self, hours: f64) -> Self {
        self.step = Some(hours);
        self
    }

    /// Of an ensemble member.
    pub fn member(mut self, number: i64) -> Self {
        self.member = Some(number);
        self
    }

    /// Whether the field's parameter is the wanted one, whatever its level and time.
    pub(super) fn is_parameter(&self, header: &Header) -> bool {
        match self.parameter.parse::<i64>() {
            Ok(number) => header.parameter == number,
            Err(_) => header.short_name == self.parameter,
        }
    }

    pub(super) fn is_level(&self, header: &Header) -> bool {
        let near = |wanted: f64, got: f64| (wanted - got).abs() <= 1e-6 * wanted.abs();
        self.pressure.is_none_or(|wanted| header.pressure().is_some_and(|got| near(wanted, got)))
            && self.level_type.as_ref().is_none_or(|wanted| header.level_type == *wanted)
            && self.level.is_none_or(|wanted| near(wanted, header.level))
    }

    /// Whether the field is the wanted one.
    pub fn matches(&self, header: &Header) -> bool {
        self.is_parameter(header)
            && self.is_level(header)
            && self.step.is_none_or(|wanted| (wanted - header.step()).abs() < 1e-6)
            && self.member.is_none_or(|wanted| header.member == Some(wanted))
    }

    /// Why no header matches: the nearest thing that the file has.
    pub(super) fn explain(&self, headers: &[Header]) -> String {
        let parameter: Vec<&Header> = headers.iter().filter(|header| self.is_parameter(header)).collect();
        if parameter.is_empty() {
            return format!("the file has {}", list(headers.iter().map(|header| header.short_name.clone())));
        }
        let level: Vec<&&Header> = parameter.iter().filter(|header| self.is_level(header)).collect();
        if level.is_empty() {
            if self.pressure.is_some() && parameter.iter().any(|header| header.pressure().is_some()) {
                let mut levels: Vec<f64> = parameter.iter().filter_map(|header| header.pressure()).collect();
                levels.sort_by(|a, b| b.total_cmp(a));
                return format!(
                    "the file has it at {} hPa",
                    list(levels.iter().map(|level| level.to_string()))
                );
            }
            let levels = parameter.iter().map(|header| format!("{} {}", header.level_type, header.level));
            return format!("the file has it at {}", list(levels));
        }
        let steps = level.iter().map(|header| match (self.member, header.member) {
            (Some(_), Some(member)) => format!("step {} h of member {member}", header.step()),
            (Some(_), None) => format!("step {} h without members", header.step()),
            (None, _) => format!("step {} h", header.step()),
        });
        format!("the file has it at {}", list(steps))
    }
}

/// The different entries in their order, cut where they get too many to read.
fn list(entries: impl Iterator<Item = String>) -> String {
    const MOST: usize = 40;
    let mut different: Vec<String> = Vec::new();
    for entry in entries {
        if !different.contains(&entry) {
            different.push(entry);
        }
    }
    let more = different.len().saturating_sub(MOST);
    different.truncate(MOST);
    let text = different.join(", ");
    if more > 0 { format!("{text} and {more} more") } else { text }
}

impl std::fmt::Display for Selection {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "'{}'", self.parameter)?;
        if let Some(pressure) = self.pressure {
            write!(formatter, " at {pressure} hPa")?;
        }
        if let (Some(level_type), Some(level)) = (&self.level_type, self.level) {
            write!(formatter, " at {level_type} {level}")?;
        }
        if let Some(step) = self.step {
            write!(formatter, " at step {step} h")?;
        }
        if let Some(member) = self.member {
            write!(formatter, " of member {member}")?;
        }
        Ok(())
    }
}
