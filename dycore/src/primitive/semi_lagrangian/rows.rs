//! Fields on rows: the rings from which parcels come, continued across the date line and the poles.
//!
//! One rank has the rows of the whole grid. Of ranks that share a model each has those of its own rings and of its halo, which are as far
//! around them as parcels can come from, so that memory is that of the part and its surroundings.
//!
//! **Depth of the halo.** A trajectory is Δt/a times the mean of the wind at A and of one that is interpolated linearly, V′ =
//! e·V(t) + f·V(t − Δt), or of the wind at A alone. Neither is stronger than the strongest at any point, and turning a wind does not make it
//! stronger: no guess of a departure point is farther from A than
//!
//! s = Δt/a · max(M, (M + M′)/2), M = max |V|, M′ = max |V′| over all points and ranks,
//!
//! nor farther in latitude, over a pole or not. With δ the smallest distance of neighbouring rings, an interpolation there reads rings
//! up to d = ⌊s/δ⌋ + 2 from A's. All departure points lie inside the halo; none is asked for after it was found, which would
//! be a second exchange, of places and of values, for the few that a narrower halo would miss. Where s is not below π/2, or not a
//! number, the whole grid is fetched: such a model ends soon, in the way in which it ends on one rank.

use std::f64::consts::{FRAC_PI_2, PI};

use rayon::prelude::*;
use terrella_coupling::communicator::Communicator;
use terrella_coupling::spectral::{ModelHalo, Part, Rings};
use terrella_coupling::whole::largest;
use terrella_kernels::Real;
use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::grid::Grid;
use terrella_kernels::semi_lagrangian::{Nodes, RingTables, extend, extend_sum};

use crate::Result;
use crate::primitive::Configuration;
use crate::shallow_water::rounded;

/// What s is taken for, times itself and besides \[rad\]: for the series of the sine, and for round-off.
const MARGIN: (f64, f64) = (1.01, 1e-5);
/// Where a row that is not here would begin: behind the end of any field, but far from the end of numbers.
const NOWHERE: u32 = i32::MAX as u32;

/// A field \[rows, points\] that is to be put on rows: itself, or α·itself + β·another.
pub(super) struct Source<'a, R: Real> {
    /// Whether it is a component of a vector, whose sign changes over poles.
    pub(super) is_vector: bool,
    pub(super) field: &'a Buffer<R>,
    /// α, β and the other field.
    pub(super) sum: Option<(R, R, &'a Buffer<R>)>,
}

/// Rows, with fields on them.
pub(in crate::primitive) struct Rows<R: Real> {
    pub(super) tables: RingTables<R>,
    /// `[levels, extended]`.
    pub(super) fields: [Buffer<R>; 3],
    /// `[tracers, levels, extended]`.
    pub(super) tracers: Buffer<R>,
    surroundings: Option<Surroundings<R>>,
}

/// A rank's part, and the rings of others around it.
struct Surroundings<R: Real> {
    part: Part,
    halo: ModelHalo<R>,
    /// The own point of each place, and any for those of the halo; ones. `[places]`.
    own: Buffer<u32>,
    ones: Buffer<R>,
    /// `[levels, places]`.
    fields: [Buffer<R>; 3],
    /// `[tracers, levels, places]`.
    tracers: Buffer<R>,
}

impl<R: Real> Rows<R> {
    /// Memory for the rows of the grid, or of a rank's rings and those next to them.
    pub(super) fn new(
        configuration: &Configuration,
        communicator: Option<&Communicator>,
        device: Device,
    ) -> Result<Self> {
        let levels = configuration.levels.count();
        let (tables, surroundings) = match (&configuration.part, communicator) {
            (Some(part), Some(communicator)) => {
                let depth = halo_depth(part.grid(), 0.0);
                let surroundings =
                    Surroundings::new(communicator, part, depth, [levels, configuration.tracers()])?;
                (surroundings.tables(device)?, Some(surroundings))
            }
            _ => (RingTables::new(&configuration.grid, device)?, None),
        };
        let field = || Buffer::zeros(device, levels * tables.extended);
        Ok(Self {
            fields: [field()?, field()?, field()?],
            tracers: Buffer::zeros(device, configuration.tracers() * levels * tables.extended)?,
            tables,
            surroundings,
        })
    }

    /// Rings that the halo reaches on both sides; 0 where all is here.
    pub(super) fn depth(&self) -> usize {
        self.surroundings.as_ref().map_or(0, |surroundings| surroundings.halo.depth())
    }

    /// Makes the halo as deep as parcels need it whose trajectories are at most an angle \[rad\] long; one that is a ring deeper is kept. All
    /// ranks do so together.
    pub(super) fn reach(&mut self, communicator: &Communicator, angle: f64) -> Result<()> {
        let Some(surroundings) = &mut self.surroundings else { return Ok(()) };
        let needed = halo_depth(surroundings.part.grid(), angle);
        if (needed..=needed + 1).contains(&surroundings.halo.depth()) {
            return Ok(());
        }
        let device = self.tracers.device();
        let levels = surroundings.fields[0].len() / surroundings.halo.places();
        let tracers = surroundings.tracers.len() / surroundings.fields[0].len();
        let part = surroundings.part.clone();
        *surroundings = Surroundings::new(communicator, &part, needed, [levels, tracers])?;
        surroundings.place_rows(&mut self.tables, device)?;
        for field in &mut self.fields {
            *field = Buffer::zeros(device, levels * self.tables.extended)?;
        }
        self.tracers = Buffer::zeros(device, tracers * levels * self.tables.extended)?;
        Ok(())
    }

    /// Puts fields `[levels, points]` on the rows of as many of [`Self::fields`], with what comes from other ranks.
    pub(super) fn put(&mut self, extent: [u32; 2], sources: &[Source<R>]) -> Result<()> {
        let around =
            self.surroundings.as_mut().map(|own| (&own.halo, &own.own, &own.ones, &mut own.fields[..]));
        put(&self.tables, around, extent, sources, &mut self.fields)
    }

    /// The same of tracers `[tracers, levels, points]`.
    pub(super) fn put_tracers(&mut self, extent: [u32; 2], source: Source<R>) -> Result<()> {
        let around = (self.surroundings.as_mut())
            .map(|own| (&own.halo, &own.own, &own.ones, std::slice::from_mut(&mut own.tracers)));
        put(&self.tables, around, extent, &[source], std::slice::from_mut(&mut self.tracers))
    }
}

/// A halo, its tables, and memory for fields with it.
type Around<'a, R> = (&'a ModelHalo<R>, &'a Buffer<u32>, &'a Buffer<R>, &'a mut [Buffer<R>]);

fn put<R: Real>(
    tables: &RingTables<R>,
    around: Option<Around<R>>,
    [rows, points]: [u32; 2],
    sources: &[Source<R>],
    targets: &mut [Buffer<R>],
) -> Result<()> {
    let extended = [rows, tables.extended as u32];
    let sign = |source: &Source<R>| if source.is_vector { &tables.vector_sign } else { &tables.scalar_sign };
    let Some((halo, own, ones, fields)) = around else {
        for (source, target) in sources.iter().zip(targets) {
            source.extend(extended, points, &tables.source, sign(source), target)?;
        }
        return Ok(());
    };
    let (places, fields) = (halo.places() as u32, &mut fields[..sources.len()]);
    for (source, field) in sources.iter().zip(fields.iter_mut()) {
        source.extend([rows, places], points, own, ones, field)?;
    }
    halo.fill(fields)?;
    for ((source, field), target) in sources.iter().zip(fields).zip(targets) {
        extend::launch(extended, places, &tables.source, sign(source), field, target)?;
    }
    Ok(())
}

impl<R: Real> Source<'_, R> {
    fn extend(
        &self,
        extent: [u32; 2],
        points: u32,
        places: &Buffer<u32>,
        sign: &Buffer<R>,
        target: &mut Buffer<R>,
    ) -> Result<()> {
        match self.sum {
            None => extend::launch(extent, points, places, sign, self.field, target)?,
            Some((alpha, beta, other)) => {
                extend_sum::launch(extent, points, alpha, beta, places, sign, self.field, other, target)?;
            }
        }
        Ok(())
    }
}

impl<R: Real> Surroundings<R> {
    fn new(
        communicator: &Communicator,
        part: &Part,
        depth: usize,
        [levels, tracers]: [usize; 2],
    ) -> Result<Self> {
        let halo = ModelHalo::on(communicator, part, depth)?;
        let (points, places) = (part.points() as u32, halo.places());
        let own: Vec<u32> = (0..places as u32).map(|place| if place < points { place } else { 0 }).collect();
        let field = || Buffer::zeros(Device::Cpu, levels * places);
        Ok(Self {
            part: part.clone(),
            own: Buffer::from_slice(Device::Cpu, &own)?,
            ones: Buffer::from_slice(Device::Cpu, &vec![R::from_f64(1.0); places])?,
            fields: [field()?, field()?, field()?],
            tracers: Buffer::zeros(Device::Cpu, tracers * levels * places)?,
            halo,
        })
    }

    /// The tables of [`RingTables::new`], with the rows and points that are here. Rows keep the numbers that they have in the grid.
    fn tables(&self, device: Device) -> Result<RingTables<R>> {
        let rows = rows(self.part.grid());
        let row_points: Vec<u32> = rows.iter().map(|row| row.points).collect();
        let row_shift: Vec<f64> = (rows.iter())
            .map(|row| if row.is_beyond_pole { -0.5 * f64::from(row.points) } else { 0.0 })
            .collect();
        let ordinates: Vec<f64> = rows.iter().map(|row| row.ordinate).collect();
        let rings = self.part.rings();
        let index: Vec<u32> = rings.iter().flat_map(|ring| 0..ring.points as u32).collect();
        let ring_points: Vec<u32> =
            rings.iter().flat_map(|ring| std::iter::repeat_n(ring.points as u32, ring.points)).collect();
        let of_points = |values: Vec<f64>| Buffer::from_slice(device, &rounded::<R>(&values));
        let mut tables = RingTables {
            extended: 0,
            source: Buffer::zeros(device, 0)?,
            scalar_sign: Buffer::zeros(device, 0)?,
            vector_sign: Buffer::zeros(device, 0)?,
            row_start: Buffer::zeros(device, 0)?,
            row_points: Buffer::from_slice(device, &row_points)?,
            row_shift: Buffer::from_slice(device, &rounded::<R>(&row_shift))?,
            index: Buffer::from_slice(device, &index)?,
            ring_points: Buffer::from_slice(device, &ring_points)?,
            inverse_ring_points: of_points(self.part.on_points(|ring| 1.0 / ring.points as f64))?,
            sine: of_points(self.part.on_points(|ring| ring.sine_latitude))?,
            cosine: of_points(self.part.on_points(|ring| ring.cosine_latitude))?,
            ordinate: of_points(self.part.on_points(|ring| -ring.latitude.to_radians()))?,
            latitudes: Nodes::new("latitudes", &ordinates, -FRAC_PI_2, FRAC_PI_2, device)?,
        };
        self.place_rows(&mut tables, device)?;
        Ok(tables)
    }

    /// The part of the tables that depends on which rows are here.
    fn place_rows(&self, tables: &mut RingTables<R>, device: Device) -> Result<()> {
        let grid = self.part.grid();
        let mut first_place = vec![None; grid.rings().len()];
        for (ring, place) in self.halo.rings() {
            first_place[ring] = Some(place as u32);
        }
        let (mut source, mut sign, mut row_start) = (Vec::new(), Vec::new(), Vec::new());
        for Row { ring, points, is_beyond_pole, .. } in rows(grid) {
            let Some(first) = first_place[ring] else {
                row_start.push(NOWHERE);
                continue;
            };
            row_start.push(source.len() as u32);
            // One point to the west, two to the east.
            source.extend((0..points + 3).map(|column| first + (column + points - 1) % points));
            sign.resize(source.len(), R::from_f64(if is_beyond_pole { -1.0 } else { 1.0 }));
        }
        tables.extended = source.len();
        tables.scalar_sign = Buffer::from_slice(device, &vec![R::from_f64(1.0); source.len()])?;
        tables.vector_sign = Buffer::from_slice(device, &sign)?;
        tables.source = Buffer::from_slice(device, &source)?;
        tables.row_start = Buffer::from_slice(device, &row_start)?;
        Ok(())
    }
}

struct Row {
    ring: usize,
    points: u32,
    /// −φ \[rad\].
    ordinate: f64,
    is_beyond_pole: bool,
}

/// The rows of a grid from the north: its rings, and beyond each pole the two outermost ones.
fn rows(grid: &Grid) -> Vec<Row> {
    let last = grid.rings().len() - 1;
    let row = |ring: usize, is_beyond_pole: bool, ordinate: f64| Row {
        ring,
        points: grid.rings()[ring].points as u32,
        ordinate,
        is_beyond_pole,
    };
    let latitude = |ring: usize| grid.rings()[ring].latitude.to_radians();
    let beyond = |ring: usize, pole: f64| row(ring, true, pole + latitude(ring));
    let mut rows = vec![beyond(1, -PI), beyond(0, -PI)];
    rows.extend((0..=last).map(|ring| row(ring, false, -latitude(ring))));
    rows.extend([beyond(last, PI), beyond(last - 1, PI)]);
    rows
}

/// d for trajectories that are at most an angle \[rad\] long.
pub(in crate::primitive) fn halo_depth(grid: &Grid, angle: f64) -> usize {
    let deepest = grid.rings().len() - 1;
    if !(0.0..FRAC_PI_2).contains(&angle) {
        return deepest;
    }
    let spacings = grid.rings().windows(2).map(|pair| (pair[0].latitude - pair[1].latitude).to_radians());
    let smallest = spacings.fold(f64::INFINITY, f64::min);
    let rings = ((MARGIN.0 * angle + MARGIN.1) / smallest).floor() as usize;
    (rings + 2).min(deepest)
}

/// max(M, (M + M′)/2) \[m s⁻¹\] over all ranks, of winds u, v now and before with V′ = e·now + f·before; NaN where there is one.
pub(super) fn strongest_wind<R: Real>(
    communicator: &Communicator,
    [present_weight, previous_weight]: [R; 2],
    [u, v]: [&Buffer<R>; 2],
    [previous_u, previous_v]: [&Buffer<R>; 2],
) -> Result<f64> {
    let square = |u: R, v: R| u.to_f64() * u.to_f64() + v.to_f64() * v.to_f64();
    let larger = |one: f64, other: f64| if one > other || one.is_nan() { one } else { other };
    let both = |one: [f64; 2], other: [f64; 2]| [larger(one[0], other[0]), larger(one[1], other[1])];
    let now = (u.cpu_slice()?, v.cpu_slice()?);
    let before = (previous_u.cpu_slice()?, previous_v.cpu_slice()?);
    let squares = (now.0.par_iter(), now.1.par_iter(), before.0.par_iter(), before.1.par_iter())
        .into_par_iter()
        .map(|(&u, &v, &previous_u, &previous_v)| {
            let there = |now: R, before: R| present_weight * now + previous_weight * before;
            [square(u, v), square(there(u, previous_u), there(v, previous_v))]
        })
        .reduce(|| [0.0; 2], both);
    let speeds = largest(communicator, &squares)?;
    let [here, there] = [speeds[0].sqrt(), speeds[1].sqrt()];
    Ok(larger(here, 0.5 * (here + there)))
}
