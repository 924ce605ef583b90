//! The fields of a three-dimensional state in a file: all levels of one date, step and member.
//!
//! [`GribFile::state`] takes what a forecast of the whole atmosphere starts from, and [`StateFile`](super::StateFile) finds the same
//! without its values, which it reads level by level:
//!
//! | field                | short names       | where                                   |
//! |----------------------|-------------------|-----------------------------------------|
//! | wind                 | u, v              | pressure levels or hybrid levels        |
//! | temperature          | t                 | the same                                |
//! | humidity             | q, else r         | the same                                |
//! | geopotential         | gh, else z        | pressure levels                         |
//! | surface pressure     | sp, or lnsp       | surface, or hybrid                      |
//! | sea-level pressure   | msl, prmsl, mslet | mean sea level                          |
//! | orography            | orog, z           | surface, or hybrid                      |
//! | land                 | lsm               | surface                                 |
//! | surface temperature  | skt, else t       | surface                                 |
//! | sea temperature      | sst               | surface                                 |
//!
//! Orography and land may have another date.

use super::decode::Missing;
use super::file::GribFile;
use super::header::Header;
use crate::error::{Error, Result};
use crate::layout::Layout;
use crate::time::Time;

/// Which state of a file; what is not set may be anything, but then the file must leave no choice.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StateSelection {
    /// Start of the forecast, or time of the analysis.
    pub reference: Option<Time>,
    /// Forecast step (h).
    pub step: Option<f64>,
    /// Ensemble member.
    pub member: Option<i64>,
}

/// The levels of a field, from the top downwards.
#[derive(Clone, Debug, PartialEq)]
pub enum StateLevels {
    /// Pressures (Pa).
    Pressure(Vec<f64>),
    /// All layers between hybrid half levels with these A (Pa) and B.
    Hybrid {
        /// A of the half levels (Pa), top first.
        a: Vec<f64>,
        /// B of the half levels, top first.
        b: Vec<f64>,
    },
}

impl StateLevels {
    /// Number of levels.
    pub fn count(&self) -> usize {
        match self {
            Self::Pressure(pressure) => pressure.len(),
            Self::Hybrid { a, .. } => a.len() - 1,
        }
    }
}

/// A field on levels; its values, or what is known of them.
#[derive(Clone, Debug, PartialEq)]
pub struct StateField<V = Vec<f64>> {
    /// ecCodes' short name, such as `t`.
    pub short_name: String,
    /// ecCodes' unit, such as `K`.
    pub units: String,
    /// Its levels.
    pub levels: StateLevels,
    /// `[level][point]`, in the order of `levels` and the layout.
    pub values: V,
}

/// A field of the ground or of sea level; its values, or what is known of them.
#[derive(Clone, Debug, PartialEq)]
pub struct StateSurface<V = Vec<f64>> {
    /// ecCodes' short name, such as `sp`; `sp` too where the file has its logarithm.
    pub short_name: String,
    /// ecCodes' unit.
    pub units: String,
    /// `[point]`.
    pub values: V,
}

/// A state of the atmosphere on the points of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct State<V = Vec<f64>> {
    /// Where the points are.
    pub layout: Layout,
    /// Start of the forecast, or time of the analysis.
    pub reference: Time,
    /// When the state is valid.
    pub valid: Time,
    /// Eastward wind.
    pub u: StateField<V>,
    /// Northward wind, on the levels of `u`.
    pub v: StateField<V>,
    /// Temperature.
    pub temperature: StateField<V>,
    /// `q` or `r`.
    pub humidity: Option<StateField<V>>,
    /// `gh` or `z`.
    pub geopotential: Option<StateField<V>>,
    /// `sp` (Pa).
    pub surface_pressure: Option<StateSurface<V>>,
    /// `msl`, `prmsl` or `mslet` (Pa).
    pub sea_level_pressure: Option<StateSurface<V>>,
    /// `orog` (m) or `z` (m² s⁻²).
    pub orography: Option<StateSurface<V>>,
    /// `lsm`, 0 to 1.
    pub land_fraction: Option<StateSurface<V>>,
    /// `skt` or `t` of the ground and the sea's surface (K); NaN where the file has no value.
    pub surface_temperature: Option<StateSurface<V>>,
    /// `sst` (K); NaN where the file has no value, as over land.
    pub sea_temperature: Option<StateSurface<V>>,
    /// Levels (Pa) that some of wind, temperature and geopotential have and others lack, with the names of those that
    /// lack them; only wind needs them left out.
    pub incomplete: Vec<(f64, Vec<&'static str>)>,
}

impl<V> State<V> {
    /// The same with other values for these, which `read` makes of those of a field on so many levels.
    pub(super) fn read<W>(self, mut read: impl FnMut(V, usize) -> Result<W>) -> Result<State<W>> {
        let mut field = |field: StateField<V>| -> Result<StateField<W>> {
            let StateField { short_name, units, levels, values } = field;
            let values = read(values, levels.count())?;
            Ok(StateField { short_name, units, levels, values })
        };
        let (u, v, temperature) = (field(self.u)?, field(self.v)?, field(self.temperature)?);
        let humidity = self.humidity.map(&mut field).transpose()?;
        let geopotential = self.geopotential.map(&mut field).transpose()?;
        let mut surface = |surface: Option<StateSurface<V>>| -> Result<Option<StateSurface<W>>> {
            let Some(StateSurface { short_name, units, values }) = surface else { return Ok(None) };
            Ok(Some(StateSurface { short_name, units, values: read(values, 1)? }))
        };
        Ok(State {
            layout: self.layout,
            reference: self.reference,
            valid: self.valid,
            u,
            v,
            temperature,
            humidity,
            geopotential,
            surface_pressure: surface(self.surface_pressure)?,
            sea_level_pressure: surface(self.sea_level_pressure)?,
            orography: surface(self.orography)?,
            land_fraction: surface(self.land_fraction)?,
            surface_temperature: surface(self.surface_temperature)?,
            sea_temperature: surface(self.sea_temperature)?,
            incomplete: self.incomplete,
        })
    }
}

/// Where the values of a field of a state are in a GRIB file.
#[derive(Clone, Debug)]
pub(super) struct Messages {
    /// Of its levels.
    headers: Vec<Header>,
    missing: Missing,
}

impl Messages {
    /// Number of levels.
    pub(super) fn count(&self) -> usize {
        self.headers.len()
    }
}

/// Kinds of levels in the order of preference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Pressure,
    Hybrid,
}

impl Kind {
    fn holds(self, header: &Header) -> bool {
        match self {
            Self::Pressure => header.pressure().is_some(),
            Self::Hybrid => header.level_type == "hybrid",
        }
    }
}

impl GribFile {
    /// The state of one date, step and member.
    ///
    /// Levels are sorted from the top downwards, whatever their order in the file. A level of the wind that `u` or `v`
    /// lacks is left out and listed in [`State::incomplete`]. Errors: u, v or t missing, by name; several times or members
    /// without a choice; fields on different points; hybrid levels that are not all there.
    pub fn state(&self, selection: &StateSelection) -> Result<State> {
        let found = self.found(selection)?;
        let layout = found.layout.clone();
        found.read(|messages, levels| {
            let mut values = Vec::with_capacity(levels * layout.points());
            for level in 0..levels {
                values.extend(self.level(&messages, level, &layout)?);
            }
            Ok(values)
        })
    }

    /// Values of a level of what [`Self::found`] has found, on the points of its layout.
    pub(super) fn level(&self, messages: &Messages, level: usize, layout: &Layout) -> Result<Vec<f64>> {
        let header = &messages.headers[level];
        let mut field = self.decode(header, messages.missing)?;
        if *layout != field.layout {
            return Err(Error::UnsupportedGrid {
                field: header.title(),
                grid: header.grid_type.clone(),
                reason: format!(
                    "its {} points are others than the {} of the wind: one grid is needed",
                    field.layout.points(),
                    layout.points()
                ),
            });
        }
        if header.short_name == "lnsp" {
            field.values.iter_mut().for_each(|value| *value = value.exp());
        }
        Ok(field.values)
    }

    /// Bytes of the message of a level.
    pub(super) fn bytes(&self, messages: &Messages, level: usize) -> u64 {
        self.length(&messages.headers[level])
    }

    /// [`Self::state`] without its values.
    pub(super) fn found(&self, selection: &StateSelection) -> Result<State<Messages>> {
        let headers = self.of_one_time(selection)?;
        let kind = [Kind::Pressure, Kind::Hybrid]
            .into_iter()
            .find(|kind| ["u", "v", "t"].iter().all(|name| !on(&headers, name, *kind).is_empty()));
        let Some(kind) = kind else { return Err(self.lacking(&headers)) };
        let [mut wind_u, mut wind_v] = ["u", "v"].map(|name| on(&headers, name, kind));
        let incomplete = incomplete(&headers, kind);
        let both = |one: &Header, other: &[&Header]| {
            other.iter().any(|header| header.level == one.level && header.level_type == one.level_type)
        };
        let (all_u, all_v) = (wind_u.clone(), wind_v.clone());
        wind_u.retain(|header| both(header, &all_v));
        wind_v.retain(|header| both(header, &all_u));
        if wind_u.is_empty() {
            return Err(self.not_found("'u' and 'v' on the same levels", "it has them on different ones"));
        }
        let first = wind_u[0];
        let (reference, valid) = (first.reference, first.valid);
        let u = self.levels(&wind_u, kind)?;
        let v = self.levels(&wind_v, kind)?;
        let temperature = self.levels(&on(&headers, "t", kind), kind)?;
        let optional = |names: [&str; 2]| -> Result<Option<StateField<Messages>>> {
            let found = names.map(|name| on(&headers, name, kind)).into_iter().find(|found| found.len() > 1);
            found.map(|found| self.levels(&found, kind)).transpose()
        };
        let humidity = optional(["q", "r"])?;
        let geopotential = if kind == Kind::Pressure { optional(["gh", "z"])? } else { None };
        let everywhere: Vec<&Header> = self.headers().iter().collect();
        let surface = |among: &[&Header], places: &[(&str, &str)], missing: Missing| {
            let found = places.iter().find_map(|(name, level_type)| {
                among.iter().find(|header| header.short_name == *name && header.level_type == *level_type)
            });
            found.map(|header| surface(header, missing))
        };
        let whole = |places: &[(&str, &str)]| surface(&headers, places, Missing::Refuse);
        let surface_pressure = whole(&[("sp", "surface"), ("lnsp", "hybrid"), ("lnsp", "surface")]);
        let sea_level_pressure =
            whole(&[("msl", "meanSea"), ("prmsl", "meanSea"), ("mslet", "meanSea"), ("msl", "surface")]);
        // Constants often stand in a file with a date of their own.
        let constant =
            |places: &[(&str, &str)]| whole(places).or_else(|| surface(&everywhere, places, Missing::Refuse));
        let orography = constant(&[("orog", "surface"), ("z", "surface"), ("z", "hybrid")]);
        let land_fraction = constant(&[("lsm", "surface")]);
        let with_gaps = |places: &[(&str, &str)]| surface(&headers, places, Missing::Nan);
        let surface_temperature = with_gaps(&[("skt", "surface"), ("t", "surface")]);
        let sea_temperature = with_gaps(&[("sst", "surface"), ("sst", "depthBelowSea")]);
        let layout = self.layout(first)?;
        Ok(State {
            layout,
            reference,
            valid,
            u,
            v,
            temperature,
            humidity,
            geopotential,
            surface_pressure,
            sea_level_pressure,
            orography,
            land_fraction,
            surface_temperature,
            sea_temperature,
            incomplete,
        })
    }

    /// The headers of the time and member that the selection leaves; an error where that is not one.
    fn of_one_time(&self, selection: &StateSelection) -> Result<Vec<&Header>> {
        let fits = |header: &&Header| {
            selection.reference.is_none_or(|wanted| header.reference == wanted)
                && selection.step.is_none_or(|wanted| (header.step() - wanted).abs() < 1e-6)
                && selection.member.is_none_or(|wanted| header.member == Some(wanted))
        };
        let headers: Vec<&Header> = self.headers().iter().filter(fits).collect();
        let upper = |header: &&&Header| {
            ["u", "v", "t"].contains(&header.short_name.as_str())
                && (Kind::Pressure.holds(header) || Kind::Hybrid.holds(header))
        };
        let identity = |header: &Header| (header.reference, header.valid, header.member);
        let mut times: Vec<_> = headers.iter().filter(upper).map(|header| identity(header)).collect();
        times.sort();
        times.dedup();
        match times[..] {
            [] if headers.is_empty() && !self.headers().is_empty() => {
                let mut all: Vec<String> = self.headers().iter().map(when).collect();
                all.dedup();
                all.truncate(8);
                Err(self
                    .not_found("field of that date, step and member", &format!("it has {}", all.join(", "))))
            }
            [] => Err(self.lacking(&headers)),
            [time] => Ok(headers
                .into_iter()
                .filter(|header| {
                    // Constants such as orography may stand without a member.
                    (header.reference, header.valid) == (time.0, time.1)
                        && (header.member == time.2 || header.member.is_none())
                })
                .collect()),
            _ => {
                let mut all: Vec<String> = headers.iter().filter(upper).map(|header| when(header)).collect();
                all.sort();
                all.dedup();
                all.truncate(8);
                Err(self.not_found(
                    "single state",
                    &format!("it has several, choose one by date, step or member: {}", all.join(", ")),
                ))
            }
        }
    }

    /// What of u, v and t is missing on levels.
    fn lacking(&self, headers: &[&Header]) -> Error {
        let kinds = [Kind::Pressure, Kind::Hybrid];
        let missing: Vec<String> = ["u", "v", "t"]
            .iter()
            .filter(|name| kinds.iter().all(|kind| on(headers, name, *kind).is_empty()))
            .map(|name| format!("'{name}'"))
            .collect();
        let mut there: Vec<String> = headers
            .iter()
            .filter(|header| kinds.iter().any(|kind| kind.holds(header)))
            .map(|header| header.short_name.clone())
            .collect();
        there.sort();
        there.dedup();
        let found = if there.is_empty() {
            "it has no field on pressure or hybrid levels".to_owned()
        } else {
            format!("on levels it has {}", there.join(", "))
        };
        let missing = if missing.is_empty() {
            "'u', 'v' and 't' on levels of one kind".into()
        } else {
            missing.join(", ")
        };
        self.not_found(&format!("{missing} on pressure or hybrid levels"), &found)
    }

    fn levels(&self, headers: &[&Header], kind: Kind) -> Result<StateField<Messages>> {
        let levels = match kind {
            Kind::Pressure => StateLevels::Pressure(
                headers
                    .iter()
                    .filter_map(|header| header.pressure())
                    .map(|pressure| 100.0 * pressure)
                    .collect(),
            ),
            Kind::Hybrid => self.hybrid(headers)?,
        };
        Ok(StateField {
            short_name: headers[0].short_name.clone(),
            units: headers[0].units.clone(),
            levels,
            values: Messages {
                headers: headers.iter().copied().cloned().collect(),
                missing: Missing::Refuse,
            },
        })
    }

    /// A and B, of which all layers must be there.
    fn hybrid(&self, headers: &[&Header]) -> Result<StateLevels> {
        let coordinate = self.vertical_coordinate(headers[0])?;
        let (a, b) = coordinate.split_at(coordinate.len() / 2);
        let layers = a.len().saturating_sub(1);
        let whole = headers.iter().zip(1..).all(|(header, number)| header.level == f64::from(number));
        if !whole || headers.len() != layers {
            let last = headers.last().map_or(0.0, |header| header.level);
            return Err(self.not_found(
                &format!("'{}' on all {layers} hybrid levels", headers[0].short_name),
                &format!("it has {} from {} to {last}", headers.len(), headers[0].level),
            ));
        }
        Ok(StateLevels::Hybrid { a: a.to_vec(), b: b.to_vec() })
    }

    fn not_found(&self, wanted: &str, found: &str) -> Error {
        Error::NotFound { path: self.path().to_owned(), wanted: wanted.to_owned(), found: found.to_owned() }
    }
}

/// The headers of a parameter on a kind of level, each level once, from the top downwards.
fn on<'a>(headers: &[&'a Header], name: &str, kind: Kind) -> Vec<&'a Header> {
    let mut found: Vec<&Header> =
        headers.iter().filter(|header| header.short_name == name && kind.holds(header)).copied().collect();
    let place = |header: &Header| header.pressure().unwrap_or(header.level);
    found.sort_by(|one, other| place(one).total_cmp(&place(other)));
    found.dedup_by(|one, other| place(one) == place(other));
    found
}

fn incomplete(headers: &[&Header], kind: Kind) -> Vec<(f64, Vec<&'static str>)> {
    if kind == Kind::Hybrid {
        return Vec::new();
    }
    let height = if on(headers, "gh", kind).is_empty() { "z" } else { "gh" };
    let fields: Vec<(&'static str, Vec<f64>)> = ["u", "v", "t", height]
        .into_iter()
        .map(|name| (name, on(headers, name, kind).iter().filter_map(|header| header.pressure()).collect()))
        .filter(|(_, levels): &(_, Vec<f64>)| !levels.is_empty())
        .collect();
    let mut all: Vec<f64> = fields.iter().flat_map(|(_, levels)| levels.iter().copied()).collect();
    all.sort_by(f64::total_cmp);
    all.dedup();
    all.into_iter()
        .map(|level| {
            let lacking =
                fields.iter().filter(|(_, levels)| !levels.contains(&level)).map(|(name, _)| *name).collect();
            (100.0 * level, lacking)
        })
        .filter(|(_, lacking): &(_, Vec<_>)| !lacking.is_empty())
        .collect()
}

fn when(header: &Header) -> String {
    let member = header.member.map(|member| format!(" of member {member}")).unwrap_or_default();
    format!("{} + {} h{member}", header.reference, header.step())
}

fn surface(header: &Header, missing: Missing) -> StateSurface<Messages> {
    let (short_name, units) = match header.short_name.as_str() {
        "lnsp" => ("sp".into(), "Pa".into()),
        _ => (header.short_name.clone(), header.units.clone()),
    };
    StateSurface { short_name, units, values: Messages { headers: vec![header.clone()], missing } }
}
