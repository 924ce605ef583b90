//! Fields on levels, from where an analysis has them to the points of ranks.
//!
//! A rank interpolates one level at a time, of the wind both components, and sends each rank its points of it. Levels are dealt out in
//! rounds, one for each rank, in the order of what they cost, so that those of a round cost about the same.

use std::borrow::Cow;

use terrella_coupling::agreement::first_failure;
use terrella_coupling::communicator::Communicator;
use terrella_coupling::spectral::Part;
use terrella_coupling::whole::largest;

use super::analysis::{Analysis, AnalysisLevels, Humidity, LevelField, LevelValues};
use super::checks::{Quantity, check_level, expect_percents};
use super::horizontal::Regridder;
use crate::Error;

/// Fields at the points of a rank, `[level][own point]`, from the top downwards.
pub(super) struct OwnLevels {
    pub(super) u: Vec<f64>,
    pub(super) v: Vec<f64>,
    pub(super) temperature: Vec<f64>,
    pub(super) humidity: Option<Vec<f64>>,
    pub(super) geopotential: Option<Vec<f64>>,
    /// Of the analysis \[m s⁻¹\].
    pub(super) strongest_wind: f64,
}

struct Field<'a, V> {
    name: &'static str,
    quantity: Quantity,
    levels: &'a AnalysisLevels,
    values: &'a V,
}

/// Levels of one field, or of u and v.
struct Task {
    /// Number of the first field.
    first: usize,
    count: usize,
    /// In the analysis.
    level: usize,
    /// From the top.
    place: usize,
    cost: u64,
}

/// Fields with what to do with them, and what was found in them.
struct Work<'a, V> {
    fields: Vec<Field<'a, V>>,
    regridder: &'a mut Regridder,
    /// Of the analysis.
    points: usize,
    strongest_wind: f64,
    highest_humidity: f64,
}

/// The fields of an analysis at the points of this rank; all ranks call it together.
pub(super) fn own_levels<V: LevelValues>(
    analysis: &Analysis<V>,
    regridder: &mut Regridder,
    part: &Part,
    ranks: &Communicator,
) -> std::result::Result<OwnLevels, V::Error> {
    fn of<'a, V>(name: &'static str, quantity: Quantity, field: &'a LevelField<V>) -> Field<'a, V> {
        Field { name, quantity, levels: &field.levels, values: &field.values }
    }
    let mut fields = vec![
        of("u", Quantity::Wind, &analysis.u),
        of("v", Quantity::Wind, &analysis.v),
        of("temperature", Quantity::Temperature, &analysis.temperature),
    ];
    let humidity = analysis.humidity.as_ref();
    fields.extend(humidity.map(|(kind, field)| of("humidity", Quantity::Humidity(*kind), field)));
    let geopotential = analysis.geopotential.as_ref();
    fields.extend(geopotential.map(|(kind, field)| of("geopotential", Quantity::Geopotential(*kind), field)));
    let mut own: Vec<Vec<f64>> =
        fields.iter().map(|field| vec![0.0; field.levels.count() * part.points()]).collect();
    let tasks = tasks(&fields);
    let mut work = Work {
        fields,
        regridder,
        points: analysis.grid.points(),
        strongest_wind: 0.0,
        highest_humidity: f64::NEG_INFINITY,
    };
    for round in tasks.chunks(ranks.size()) {
        let outcome = round.get(ranks.rank()).map_or(Ok(Vec::new()), |task| work.interpolate(task));
        let failure = first_failure(ranks, &outcome).map_err(Error::from)?;
        let whole = outcome?;
        if let Some((rank, reason)) = failure {
            let (operation, reason) = ("initial state", reason.trim_end_matches('.').to_owned());
            let error = terrella_coupling::Error::Communication { rank, operation, reason };
            return Err(Error::from(error).into());
        }
        let parcels = part.spread_fields(ranks, &whole).map_err(Error::from)?;
        for (task, parcel) in round.iter().zip(parcels) {
            let levels = parcel.chunks_exact(part.points().max(1));
            for (field, level) in own[task.first..][..task.count].iter_mut().zip(levels) {
                field[task.place * part.points()..][..part.points()].copy_from_slice(level);
            }
        }
    }
    let highest = [work.strongest_wind, work.highest_humidity];
    let highest = largest(ranks, &highest).map_err(Error::from)?;
    if let Some((Humidity::Relative, _)) = humidity {
        expect_percents(highest[1])?;
    }
    let mut own = own.into_iter();
    let mut next = || own.next().unwrap_or_default();
    Ok(OwnLevels {
        u: next(),
        v: next(),
        temperature: next(),
        humidity: humidity.map(|_| next()),
        geopotential: geopotential.map(|_| next()),
        strongest_wind: highest[0],
    })
}

/// The most expensive first.
fn tasks<V: LevelValues>(fields: &[Field<'_, V>]) -> Vec<Task> {
    let of = |first: usize, count: usize| {
        let order = fields[first].levels.order().into_iter().enumerate();
        order.map(move |(place, level)| {
            let cost = fields[first..first + count].iter().map(|field| field.values.cost(level)).sum();
            Task { first, count, level, place, cost }
        })
    };
    let scalars = (2..fields.len()).flat_map(|field| of(field, 1));
    let mut tasks: Vec<Task> = of(0, 2).chain(scalars).collect();
    tasks.sort_by_key(|task| std::cmp::Reverse(task.cost));
    tasks
}

impl<V: LevelValues> Work<'_, V> {
    /// The fields of a task at all points of the model.
    fn interpolate(&mut self, task: &Task) -> std::result::Result<Vec<f64>, V::Error> {
        let mut found = Vec::with_capacity(task.count);
        for field in &self.fields[task.first..task.first + task.count] {
            let values = field.values.level(task.level, self.points)?;
            check_level(field.name, field.quantity, field.levels, task.level, self.points, &values)?;
            if let Quantity::Humidity(_) = field.quantity {
                self.highest_humidity = values.iter().copied().fold(self.highest_humidity, f64::max);
            }
            found.push(values);
        }
        let whole = match &found[..] {
            [u, v] => {
                self.strongest_wind = strongest(u, v).max(self.strongest_wind);
                self.regridder.whole_wind(u, v)
            }
            scalars => scalars.iter().try_fold(Vec::new(), |mut whole, values: &Cow<'_, [f64]>| {
                whole.extend(self.regridder.whole(values)?);
                Ok(whole)
            }),
        };
        Ok(whole?)
    }
}

fn strongest(u: &[f64], v: &[f64]) -> f64 {
    u.iter().zip(v).map(|(u, v)| u.hypot(*v)).fold(0.0, f64::max)
}
