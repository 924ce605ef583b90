//! What a stream of single fields holds: variables, levels and members, as far as they have come.

use std::path::Path;

use terrella_kernels::Precision;

use super::check;
use super::create::{BOUNDS, Description};
use super::stream::StreamedField;
use crate::encode::classic::{ClassicVariable, Dimension, Kind, Value};
use crate::encode::netcdf::{NamedVariable, Naming, describe};
use crate::error::{Error, Result};
use crate::layout::Layout;
use crate::time::Time;

/// Names that the file itself uses.
const TAKEN: [&str; 9] =
    ["time", "lat", "lon", "point", "pressure", "realization", "forecast_reference_time", "bnds", BOUNDS];

const COORDINATES: &str = "coordinates";

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Structure {
    pub(super) variables: Vec<Streamed>,
    /// hPa, falling.
    pub(super) pressures: Vec<f64>,
    /// Rising.
    pub(super) members: Vec<i64>,
    /// Whether times have bounds.
    pub(super) bounded: bool,
}

/// A variable.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Streamed {
    pub(super) naming: Naming,
    on_pressures: bool,
    of_members: bool,
}

impl Structure {
    /// The number of a field's variable, where the file has a place for the field.
    pub(super) fn find(&self, field: &StreamedField<'_>) -> Result<Option<usize>> {
        let Some(number) = self.number(&field.naming.name) else { return Ok(None) };
        self.variables[number].check(field)?;
        let has_level = field.pressure.is_none_or(|pressure| self.pressures.contains(&pressure));
        let has_member = field.member.is_none_or(|member| self.members.contains(&member));
        let has_bounds = field.since.is_none() || self.bounded;
        Ok((has_level && has_member && has_bounds).then_some(number))
    }

    /// Makes a place for a field and returns the number of its variable.
    pub(super) fn add(&mut self, field: &StreamedField<'_>) -> Result<usize> {
        let number = match self.number(&field.naming.name) {
            Some(number) => {
                self.variables[number].check(field)?;
                number
            }
            None => {
                self.variables.push(Streamed::new(field)?);
                self.variables.len() - 1
            }
        };
        if let Some(pressure) = field.pressure
            && !self.pressures.contains(&pressure)
        {
            self.pressures.push(pressure);
            self.pressures.sort_by(|one, other| other.total_cmp(one));
        }
        if let Some(member) = field.member
            && let Err(place) = self.members.binary_search(&member)
        {
            self.members.insert(place, member);
        }
        self.bounded |= field.since.is_some();
        Ok(number)
    }

    fn number(&self, name: &str) -> Option<usize> {
        self.variables.iter().position(|variable| variable.naming.name == name)
    }

    /// Positions of a member and a level between time and the horizontal dimensions.
    pub(super) fn between(&self, variable: usize, member: Option<i64>, pressure: Option<f64>) -> Vec<u64> {
        let mut between = Vec::new();
        if self.variables[variable].of_members {
            let place = self.members.iter().position(|known| Some(*known) == member);
            between.push(place.expect("members are added first") as u64);
        }
        if self.variables[variable].on_pressures && self.pressures.len() > 1 {
            let place = self.pressures.iter().position(|known| Some(*known) == pressure);
            between.push(place.expect("levels are added first") as u64);
        }
        between
    }

    /// Member and level of all fields of a variable at a time.
    pub(super) fn places(&self, variable: usize) -> Vec<(Option<i64>, Option<f64>)> {
        let Streamed { on_pressures, of_members, .. } = self.variables[variable];
        let members: Vec<_> =
            if of_members { self.members.iter().copied().map(Some).collect() } else { vec![None] };
        let pressures: Vec<_> =
            if on_pressures { self.pressures.iter().copied().map(Some).collect() } else { vec![None] };
        let pairs = members.iter().flat_map(|member| pressures.iter().map(|level| (*member, *level)));
        pairs.collect()
    }

    pub(super) fn description(
        &self,
        layout: &Layout,
        reference: Time,
        precision: Precision,
    ) -> Result<Description> {
        let named = |variable: &Streamed| NamedVariable {
            naming: variable.naming.clone(),
            precision,
            pressures: if variable.on_pressures { self.pressures.clone() } else { Vec::new() },
        };
        let named: Vec<NamedVariable> = self.variables.iter().map(named).collect();
        let (mut dimensions, mut classic, mut fixed) = describe(layout, reference, &named, &self.pressures);
        let time = classic.iter().position(|variable| variable.name == "time");
        let time = time.expect("every file has times");
        if self.bounded {
            let number = dimensions.len();
            dimensions.push(Dimension { name: "bnds", length: Some(2) });
            classic[time].attributes.push(("bounds".into(), Value::Text(BOUNDS.into())));
            let (name, dimensions) = (BOUNDS.into(), vec![0, number]);
            let bounds = ClassicVariable { name, dimensions, attributes: Vec::new(), kind: Kind::Double };
            classic.insert(time + 1, bounds);
        }
        if !self.members.is_empty() {
            let number = dimensions.len();
            dimensions.push(Dimension { name: "realization", length: Some(self.members.len()) });
            for variable in self.variables.iter().filter(|variable| variable.of_members) {
                let own = classic.iter_mut().find(|own| own.name == variable.naming.name);
                own.expect("described above").dimensions.insert(1, number);
            }
            let word = |name: &str, value: &str| (name.to_owned(), Value::Text(value.into()));
            let attributes = vec![word("standard_name", "realization"), word("units", "1")];
            let (name, dimensions) = ("realization".into(), vec![number]);
            // Last of the variables without time, as its values are.
            classic.insert(time, ClassicVariable { name, dimensions, attributes, kind: Kind::Double });
            fixed.extend(self.members.iter().map(|member| *member as f64));
        }
        Description::of(dimensions, classic, &fixed)
    }

    /// That of a file that a stream has made. Whether all else is as it should be, [`Description::check`] tells.
    pub(super) fn of_file(path: &Path) -> Result<Self> {
        let file = check::open(path)?;
        let numbers = |name: &str| -> Result<Vec<f64>> {
            let Some(dataset) = file.dataset(name)? else { return Ok(Vec::new()) };
            let lengths = file.contents(dataset)?.shape.lengths;
            file.check_size(dataset)?;
            file.read(dataset, &vec![0; lengths.len()], &lengths)
        };
        let mut structure = Self {
            pressures: numbers("pressure")?,
            members: numbers("realization")?.into_iter().map(|member| member as i64).collect(),
            bounded: file.dataset(BOUNDS)?.is_some(),
            variables: Vec::new(),
        };
        for (name, dataset) in file.datasets()? {
            let text = |key: &str| file.text(Some(dataset), key);
            let Some(coordinates) = text(COORDINATES)? else { continue };
            let has = |axis: &str| -> Result<bool> {
                let beside = coordinates.split(' ').any(|word| word == axis);
                Ok(beside || file.scales(dataset)?.iter().flatten().any(|scale| scale == axis))
            };
            structure.variables.push(Streamed {
                on_pressures: has("pressure")?,
                of_members: has("realization")?,
                naming: Naming {
                    long_name: text("long_name")?.unwrap_or_default(),
                    standard_name: text("standard_name")?,
                    units: text("units")?.unwrap_or_default(),
                    cell_methods: text("cell_methods")?,
                    name,
                },
            });
        }
        file.close()?;
        Ok(structure)
    }
}

impl Streamed {
    fn new(field: &StreamedField<'_>) -> Result<Self> {
        let name = &field.naming.name;
        if name.is_empty() || name.contains(['/', '\0']) || TAKEN.contains(&name.as_str()) {
            return Err(Error::InvalidValue {
                name: "name of a variable".into(),
                got: format!("'{name}'"),
                expected: format!("one without '/', and none of {}", TAKEN.join(", ")),
            });
        }
        Ok(Self {
            naming: field.naming.clone(),
            on_pressures: field.pressure.is_some(),
            of_members: field.member.is_some(),
        })
    }

    /// Refuses a field that is of another quantity, or elsewhere, than the variable.
    fn check(&self, field: &StreamedField<'_>) -> Result<()> {
        let refuse = |of: &str, got: String, expected: String| {
            let name = format!("{of} of '{}'", self.naming.name);
            let expected = format!("{expected} as before in this file, or a file of its own");
            Err(Error::InvalidValue { name, got, expected })
        };
        let (own, other) = (&self.naming, &field.naming);
        if own.units != other.units || own.cell_methods != other.cell_methods {
            let told = |naming: &Naming| {
                let methods = naming.cell_methods.as_deref().unwrap_or("none");
                format!("'{}' with cell methods '{methods}'", naming.units)
            };
            return refuse("units", told(other), told(own));
        }
        let told = |there: bool, what: &str| if there { what.to_owned() } else { format!("no {what}") };
        if self.on_pressures != field.pressure.is_some() {
            let what = "pressure level";
            return refuse("level", told(!self.on_pressures, what), told(self.on_pressures, what));
        }
        if self.of_members != field.member.is_some() {
            let what = "member of an ensemble";
            return refuse("member", told(!self.of_members, what), told(self.of_members, what));
        }
        Ok(())
    }
}
