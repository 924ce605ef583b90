//! The tropical cyclone of Reed & Jablonowski (2011) with their simple physics (2012), as in test 2 of DCMIP 2016.
//!
//! A weak vortex over a sea of 29 °C, in moist air at rest, draws heat and water from the sea and deepens for 10 days.

pub mod state;

use terrella_dycore::primitive::{Configuration, MoistPhysics, Primitive};
use terrella_io::picture::ColourMap;
use terrella_kernels::Real;
use terrella_kernels::device::Device;

use crate::figure::{Map, draw_region, levels};
use crate::primitive::{Air, DAY, State, budgets, run_to_day, start, steps_per_day, water};
use crate::{Case, Measurement, Options, Result};

/// The case.
pub const CASE: Case = Case {
    name: "tropical-cyclone",
    title: "Idealised tropical cyclone with simple physics, 10 days",
    source: "Reed & Jablonowski (2011), Mon. Wea. Rev. 139, 689–710; physics: (2012), J. Adv. Model. Earth Syst. 4, M04001",
    truncations: &[85, 106],
    quick_truncations: &[63],
    run,
};

/// A model in the state of the paper on 26 levels.
pub fn model<R: Real>(truncation: usize, device: Device) -> Result<Primitive<R>> {
    let mut configuration = Configuration::new(truncation, "L26".parse()?)?;
    configuration.radius = state::RADIUS;
    configuration.rotation = state::ROTATION;
    configuration.gravity = state::GRAVITY;
    configuration.gas_constant = state::GAS_CONSTANT;
    configuration.vapour_gas_constant = state::VAPOUR_GAS_CONSTANT;
    configuration.heat_capacity = state::HEAT_CAPACITY;
    configuration.vapour_heat_capacity = state::HEAT_CAPACITY;
    configuration.moist = true;
    configuration.time_step = DAY / steps_per_day(truncation) as f64;
    let state = State {
        ground: &|_, _| 0.0,
        surface_pressure: &|longitude, latitude| state::surface_pressure(state::radius(longitude, latitude)),
        air: &|longitude, latitude, pressure| {
            let radius = state::radius(longitude, latitude);
            let [height, virtual_temperature] = state::height_and_temperature(radius, pressure);
            let [east, north] = state::direction(longitude, latitude);
            let wind = state::tangential_wind(radius, height);
            let humidity = state::humidity(height);
            Air {
                u: wind * east,
                v: wind * north,
                temperature: state::temperature(virtual_temperature, humidity),
                tracers: vec![humidity],
            }
        },
    };
    let mut model = start::<R>(configuration, &state, device)?;
    let configuration = model.configuration();
    let sea = vec![R::from_f64(state::SEA_TEMPERATURE); configuration.grid.points()];
    let physics = MoistPhysics::simple(configuration, &sea, device)?;
    model.add_physics(Box::new(physics))?;
    Ok(model)
}

/// The storm at one time.
#[derive(Clone, Copy, Debug)]
struct Storm {
    /// Smallest surface pressure \[hPa\].
    pressure: f64,
    /// Its longitude and latitude \[°\].
    place: [f64; 2],
    /// Largest wind of the lowest layer within 1,000 km \[m s⁻¹\].
    wind: f64,
    /// Its distance from the centre \[km\].
    radius: f64,
}

impl Storm {
    fn of(model: &mut Primitive<f32>) -> Result<Self> {
        let grid = model.configuration().grid.clone();
        let state = model.grid_state()?;
        let lowest = state.u.len() - grid.points();
        let places: Vec<[f64; 2]> = grid
            .rings()
            .iter()
            .flat_map(|ring| {
                (0..ring.points).map(|index| [360.0 * index as f64 / ring.points as f64, ring.latitude])
            })
            .collect();
        let centre = (0..grid.points())
            .min_by(|&a, &b| state.surface_pressure[a].total_cmp(&state.surface_pressure[b]))
            .expect("a grid has points");
        let mut storm = Self {
            pressure: f64::from(state.surface_pressure[centre]) / 100.0,
            place: places[centre],
            wind: 0.0,
            radius: 0.0,
        };
        let [east, north] = storm.place.map(f64::to_radians);
        for (point, place) in places.iter().enumerate() {
            let [longitude, latitude] = place.map(f64::to_radians);
            let cosine =
                north.sin() * latitude.sin() + north.cos() * latitude.cos() * (longitude - east).cos();
            let radius = state::RADIUS / 1000.0 * cosine.clamp(-1.0, 1.0).acos();
            let wind = f64::from(state.u[lowest + point].hypot(state.v[lowest + point]));
            if radius < 1_000.0 && wind > storm.wind {
                (storm.wind, storm.radius) = (wind, radius);
            }
        }
        Ok(storm)
    }

    fn measurements(&self, setting: &str) -> Vec<Measurement> {
        [
            ("smallest surface pressure [hPa]", self.pressure),
            ("largest wind of the lowest layer within 1,000 km [m/s]", self.wind),
            ("its distance from the centre [km]", self.radius),
            ("longitude of the centre [°]", self.place[0]),
            ("latitude of the centre [°]", self.place[1]),
        ]
        .map(|(name, value)| {
            Measurement::information(
                name,
                setting,
                value,
                "the papers show figures for spacings of 111 to 25 km; ours are 157 and 125 km on the equator at T85 and T106",
            )
        })
        .into()
    }
}

fn run(options: &Options) -> Result<Vec<Measurement>> {
    let is_quick = options.truncations.last().is_none_or(|&truncation| truncation < 85);
    let days: &[u32] = if is_quick { &[1] } else { &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10] };
    let mut measurements = Vec::new();
    let mut coarser: Option<Storm> = None;
    for &truncation in &options.truncations {
        let mut model = model::<f32>(truncation, options.device)?;
        let first = model.diagnostics()?;
        let start = Storm::of(&mut model)?;
        measurements.extend(start.measurements(&format!("T{truncation} L26 f32, day 0")));
        let mut storm = start;
        for &day in days {
            run_to_day(&mut model, day)?;
            storm = Storm::of(&mut model)?;
            let setting = format!("T{truncation} L26 f32, day {day}");
            let shown = if Some(&day) == days.last() { 5 } else { 2 };
            measurements.extend(storm.measurements(&setting).into_iter().take(shown));
        }
        let last = model.diagnostics()?;
        let setting = format!("T{truncation} L26 f32, day {}", days[days.len() - 1]);
        measurements.extend(budgets(&setting, &first, &last, [1e-6, ENERGY]));
        measurements.extend(water(&setting, &model, &first, &last, WATER)?);
        if !is_quick {
            measurements.extend(intensity(&setting, &start, &storm, coarser.as_ref()));
        }
        coarser = Some(storm);
        if let Some(folder) =
            options.figures.as_deref().filter(|_| options.truncations.last() == Some(&truncation))
        {
            picture(folder, &mut model, truncation, days[days.len() - 1])?;
        }
    }
    Ok(measurements)
}

/// What can be said of a storm at our spacings.
fn intensity(setting: &str, start: &Storm, end: &Storm, coarser: Option<&Storm>) -> Vec<Measurement> {
    let published = "28 km spacing gives 845 to 865 hPa (Reed, Jablonowski & Taylor 2012, doi:10.1002/asl.399, full CAM 5 physics): a coarser storm must be weaker";
    let mut measurements = vec![
        Measurement::at_most(
            "smallest surface pressure, end less start [hPa]",
            setting,
            end.pressure - start.pressure,
            -DEEPENING,
            "the vortex must deepen; a third of what this model does at T85",
        ),
        Measurement::at_most(
            "845 hPa less the smallest surface pressure [hPa]",
            setting,
            845.0 - end.pressure,
            0.0,
            published,
        ),
        Measurement::at_most(
            "largest wind of the lowest layer within 1,000 km [m/s]",
            setting,
            end.wind,
            100.0,
            "more than 100 m/s at 28 km spacing (Reed, Jablonowski & Taylor 2012): a coarser storm must be weaker",
        ),
    ];
    if let Some(coarser) = coarser {
        measurements.push(Measurement::at_most(
            "largest wind, start less end [m/s]",
            setting,
            start.wind - end.wind,
            0.0,
            "from T106 on the storm must be stronger than the vortex that it grows from",
        ));
        measurements.push(Measurement::at_most(
            "smallest surface pressure less that of the next coarser truncation [hPa]",
            setting,
            end.pressure - coarser.pressure,
            0.0,
            "storms become more intense with resolution (Reed, Jablonowski & Taylor 2012)",
        ));
    }
    measurements
}

fn picture(folder: &std::path::Path, model: &mut Primitive<f32>, truncation: usize, day: u32) -> Result<()> {
    let grid = model.configuration().grid.clone();
    let state = model.grid_state()?;
    let lowest = state.u.len() - grid.points();
    let speed: Vec<f32> =
        state.u[lowest..].iter().zip(&state.v[lowest..]).map(|(u, v)| u.hypot(*v)).collect();
    let map = Map {
        title: &format!("Tropical cyclone: wind of the lowest layer, day {day}, T{truncation}"),
        label: "m s⁻¹",
        factor: 1.0,
        levels: levels(0.0, 60.0, 13),
        colours: ColourMap::Wind,
        latitudes: [0.0, 50.0],
    };
    draw_region(folder, "tropical-cyclone", &map, [120.0, 200.0], &grid, &speed)
}

/// Least deepening in 10 days \[hPa\].
const DEEPENING: f64 = 5.0;
/// Limit of the relative change of energy: latent and sensible heat of the sea.
const ENERGY: f64 = 2e-3;
/// Limit of what water budgets leave, over the vapour at the start.
const WATER: f64 = 1e-4;
