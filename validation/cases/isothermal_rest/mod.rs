//! An isothermal atmosphere at rest over the relief of the Earth: nothing should move.
//!
//! On terrain-following levels the pressure force is a small difference of two large terms. With Simmons & Burridge's
//! differences it vanishes level by level for an isothermal atmosphere; what wind there is comes from products that the
//! truncation leaves incomplete.

use std::path::Path;

use netcdf3::FileReader;
use terrella_dycore::primitive::{Configuration, Primitive};
use terrella_kernels::device::Buffer;
use terrella_kernels::grid::Grid;

use crate::fields::on_grid;
use crate::primitive::budgets;
use crate::{Case, Error, Measurement, Options, Result};

/// The case.
pub const CASE: Case = Case {
    name: "isothermal-rest",
    title: "Isothermal atmosphere at rest over relief, 30 days",
    source: "Simmons & Burridge (1981), Mon. Wea. Rev. 109, 758–766, for the vertical scheme",
    truncations: &[42, 85],
    quick_truncations: &[21],
    run,
};

const DAY: f64 = 86_400.0;
/// T of the atmosphere \[K\]; the model's reference is 300 K.
const TEMPERATURE: f64 = 280.0;
const RELIEF: &str = "02_boundary/ferret/etopo40.cdf";

fn run(options: &Options) -> Result<Vec<Measurement>> {
    let relief = options.data.as_deref().map(|data| data.join(RELIEF)).filter(|path| path.is_file());
    let mut measurements = Vec::new();
    for &truncation in &options.truncations {
        for levels in ["sigma20", "L31"] {
            let is_sigma = levels.starts_with("sigma");
            let basis = if is_sigma {
                "linear in ln p_s on sigma levels: round-off"
            } else {
                "above this model's own: products of p_s and its gradient that the grid does not resolve"
            };
            let limit = |hybrid: f64| if is_sigma { 1e-6 } else { hybrid };
            let ridge = |grid: &Grid| on_grid(grid, ridge);
            measurements.extend(spurious_wind(
                options,
                truncation,
                levels,
                "analytic ridges",
                &ridge,
                limit(0.2),
                basis,
            )?);
            match &relief {
                Some(path) => {
                    let relief = Relief::read(path)?;
                    let heights = |grid: &Grid| relief.on(grid);
                    measurements.extend(spurious_wind(
                        options,
                        truncation,
                        levels,
                        "ETOPO",
                        &heights,
                        limit(if truncation < 42 { 1.0 } else { 0.5 }),
                        basis,
                    )?);
                }
                None => measurements.push(Measurement::not_run(
                    "largest wind [m/s]",
                    format!("T{truncation} {levels} f64, ETOPO"),
                    "relief absent: TERRELLA_DATA has no 02_boundary/ferret/etopo40.cdf",
                )),
            }
        }
    }
    Ok(measurements)
}

/// Height \[m\] of two ridges.
fn ridge(longitude: f64, latitude: f64) -> f64 {
    let bump = |centre: [f64; 2], width: [f64; 2], height: f64| {
        let east = (longitude - centre[0] + std::f64::consts::PI).rem_euclid(std::f64::consts::TAU)
            - std::f64::consts::PI;
        height * (-(east / width[0]).powi(2) - ((latitude - centre[1]) / width[1]).powi(2)).exp()
    };
    bump([1.5, 0.55], [0.4, 0.2], 4_500.0) + bump([5.0, -0.4], [0.12, 0.6], 3_000.0)
}

fn spurious_wind(
    options: &Options,
    truncation: usize,
    levels: &str,
    ground: &str,
    heights: &dyn Fn(&Grid) -> Vec<f64>,
    limit: f64,
    basis: &str,
) -> Result<Vec<Measurement>> {
    let days = if options.truncations.iter().all(|&truncation| truncation < 42) { 2 } else { 30 };
    let configuration = Configuration::new(truncation, levels.parse()?)?;
    let grid = configuration.grid.clone();
    let (gravity, gas_constant) = (configuration.gravity, configuration.gas_constant);
    let steps = (f64::from(days) * DAY / configuration.time_step).ceil() as u64;
    let buffer = |values: &[f64]| Buffer::from_slice(options.device, values);
    let count = configuration.levels.count();
    let mut model = Primitive::<f64>::new(configuration, options.device)?;
    let heights: Vec<f64> = heights(&grid).iter().map(|height| gravity * height).collect();
    model.set_orography(&buffer(&heights)?)?;
    // Surface pressure must fit the ground as the model sees it.
    let seen = model.grid_state()?.orography;
    let pressure: Vec<f64> =
        seen.iter().map(|ground| 101_325.0 * (-ground / (gas_constant * TEMPERATURE)).exp()).collect();
    let rest = vec![0.0; count * grid.points()];
    let temperature = vec![TEMPERATURE; rest.len()];
    model.set_from_grid(
        &buffer(&rest)?,
        &buffer(&rest)?,
        &buffer(&temperature)?,
        &buffer(&pressure)?,
        &buffer(&[])?,
    )?;
    let first = model.diagnostics()?;
    for _ in 0..steps {
        model.step()?;
    }
    let last = model.diagnostics()?;
    let setting = format!("T{truncation} {levels} f64, {ground}, day {days}");
    let mut measurements =
        vec![Measurement::at_most("largest wind [m/s]", &setting, last.maximum_wind, limit, basis)];
    measurements.extend(budgets(&setting, &first, &last, [1e-13, 1e-5]));
    Ok(measurements)
}

/// Heights of the ground on a regular grid, the sea at 0 m.
struct Relief {
    latitudes: Vec<f64>,
    longitudes: Vec<f64>,
    heights: Vec<f64>,
}

impl Relief {
    fn read(path: &Path) -> Result<Self> {
        let mut reader = FileReader::open(path).map_err(|error| Error::file(path, format!("{error:?}")))?;
        let mut variable = |name: &str| -> Result<Vec<f64>> {
            let data =
                reader.read_var(name).map_err(|error| Error::file(path, format!("{name}: {error:?}")))?;
            match (data.get_f64(), data.get_f32()) {
                (Some(values), _) => Ok(values.to_vec()),
                (None, Some(values)) => Ok(values.iter().map(|&value| f64::from(value)).collect()),
                (None, None) => Err(Error::file(path, format!("{name} is not a floating-point variable"))),
            }
        };
        let (latitudes, longitudes) = (variable("ETOPO40Y")?, variable("ETOPO40X")?);
        let heights = variable("ROSE")?.into_iter().map(|height| height.max(0.0)).collect();
        Ok(Self { latitudes, longitudes, heights })
    }

    /// Means of the heights nearest to each point of a grid \[m\].
    fn on(&self, grid: &Grid) -> Vec<f64> {
        let rings = grid.rings();
        let (mut sums, mut counts) = (vec![0.0; grid.points()], vec![0.0; grid.points()]);
        for (row, &latitude) in self.latitudes.iter().enumerate() {
            let south = rings.partition_point(|ring| ring.latitude > latitude).clamp(1, rings.len() - 1);
            let nearer_north = rings[south - 1].latitude - latitude < latitude - rings[south].latitude;
            let ring = &rings[if nearer_north { south - 1 } else { south }];
            for (column, &longitude) in self.longitudes.iter().enumerate() {
                let position = (longitude / 360.0).rem_euclid(1.0) * ring.points as f64;
                let point = ring.offset + position.round() as usize % ring.points;
                sums[point] += self.heights[row * self.longitudes.len() + column];
                counts[point] += 1.0;
            }
        }
        sums.iter().zip(counts).map(|(sum, count)| if count > 0.0 { sum / count } else { 0.0 }).collect()
    }
}
