//! The spectral models: shallow water and the primitive equations, seen by their grid fields.

use std::f64::consts::TAU;

use terrella_coupling::{GridView, OnGrid};
use terrella_dycore::primitive::linear::LinearisedPrimitive;
use terrella_dycore::primitive::{self, Primitive};
use terrella_dycore::shallow_water::linear::LinearisedShallowWater;
use terrella_dycore::shallow_water::{self, RelaxationTimes, ShallowWater, SpectralState};
use terrella_kernels::assimilation::covariance::spectral::Predictor;
use terrella_kernels::assimilation::localization::Place;
use terrella_kernels::device::Device;
use terrella_kernels::grid::Grid;
use terrella_kernels::physics::held_suarez::Forcing;
use terrella_kernels::spectral::{HostTransform, Truncation};
use terrella_kernels::{Real, random};

use crate::configuration::Model;
use crate::error::Result;
use crate::geometry::Geometry;

const DAY: f64 = 86_400.0;
/// Speed of the jets of shallow water \[m s⁻¹\], and the time in which they are restored \[s\].
const JET: f64 = 80.0;
const RESTORED_IN: f64 = 10.0 * DAY;
/// Depth of the fluid times gravity \[m² s⁻²\]: about that of the paper whose jets these are.
const GEOPOTENTIAL: f64 = 1.0e5;
/// Largest amplitude of first perturbations of the wind \[m s⁻¹\] and the temperature \[K\].
const RIPPLE: f64 = 1.0;
/// The place of these among an experiment's random numbers.
const START: u32 = 4;

/// What statistics of background errors need beside samples.
#[derive(Clone)]
pub(crate) struct Blocks {
    pub(crate) grid: Grid,
    pub(crate) truncation: Truncation,
    pub(crate) radius: f64,
    pub(crate) rotation: f64,
    /// Levels of wind and of each scalar.
    pub(crate) levels: usize,
    pub(crate) scalars: Vec<usize>,
}

/// Name, levels and balance of a block.
type Block = (&'static str, usize, Option<(usize, Predictor)>);

impl Blocks {
    /// Names, levels and balances: scalars are in balance with vorticity, by the linear balance equation.
    pub(crate) fn names(&self) -> Vec<Block> {
        let balance = Some((0, Predictor::LinearBalance));
        let mut blocks = vec![("vorticity", self.levels, None), ("divergence", self.levels, None)];
        let names =
            if self.scalars.len() == 1 { &["mass"][..] } else { &["temperature", "surface pressure"] };
        blocks.extend(names.iter().zip(&self.scalars).map(|(name, &levels)| (*name, levels, balance)));
        blocks
    }

    /// The transform between spectra and the grid, with the wind in m s⁻¹.
    pub(crate) fn view<R: Real>(&self) -> Result<GridView<R>> {
        let mut transform = HostTransform::new(&self.grid, self.truncation)?;
        transform.set_radius(self.radius)?;
        Ok(GridView::new(transform, self.levels, self.scalars.clone()))
    }

    fn geometry(&self, energy: Vec<f64>, heights: Option<Vec<f64>>) -> Geometry {
        let places = |ring: &terrella_kernels::grid::Ring| {
            let (latitude, points) = (ring.latitude, ring.points);
            (0..points).map(move |index| Place {
                latitude,
                longitude: 360.0 * index as f64 / points as f64,
                height: 0.0,
            })
        };
        let places = self.grid.rings().iter().flat_map(places).collect();
        Geometry::Sphere { places, radius: self.radius, energy, heights, blocks: self.clone() }
    }
}

/// A spectral model and what is known of its states.
pub(crate) struct Spectral<C, R> {
    pub(crate) start: Vec<R>,
    pub(crate) geometry: Geometry,
    /// Makes the model, as often as it is needed.
    pub(crate) build: Box<dyn Fn() -> Result<C>>,
    /// Length of a step \[s\].
    pub(crate) time_step: f64,
}

/// Shallow water with a jet in each hemisphere that eddies weaken and a relaxation restores.
pub(crate) fn shallow_water<R: Real>(
    model: &Model,
    device: Device,
    seed: u64,
) -> Result<Spectral<OnGrid<LinearisedShallowWater<R>>, R>> {
    let mut configuration = shallow_water::Configuration::new(model.truncation.unwrap_or(42))?;
    configuration.mean_geopotential = GEOPOTENTIAL;
    configuration.time_step = model.time_step.unwrap_or(configuration.time_step);
    let time_step = configuration.time_step;
    let blocks = Blocks {
        grid: configuration.grid.clone(),
        truncation: Truncation::new(configuration.truncation),
        radius: configuration.radius,
        rotation: configuration.rotation,
        levels: 1,
        scalars: vec![1],
    };
    let jets = jets(&configuration);
    let mut start: Vec<R> = jets.iter().map(|value| R::from_f64(*value)).collect();
    ripple(&mut start[..blocks.grid.points()], seed);
    let seen = blocks.clone();
    let build = move || {
        let mut model = ShallowWater::<R>::new(configuration.clone(), device)?;
        let mut view = seen.view::<R>()?;
        let mut spectra = vec![R::ZERO; view.spectra_len()];
        let fields: Vec<R> = jets.iter().map(|value| R::from_f64(*value)).collect();
        view.analysis(&fields, &mut spectra)?;
        let mut reference = SpectralState::zeros(device, spectra.len() / 3)?;
        reference.copy_from_host(&spectra)?;
        let times = RelaxationTimes {
            vorticity: Some(RESTORED_IN),
            divergence: None,
            geopotential: Some(RESTORED_IN),
        };
        model.set_relaxation(reference, times)?;
        Ok(OnGrid::new(LinearisedShallowWater::new(model)?, view)?)
    };
    // Energy of a layer of unit depth: wind, and geopotential over that of the fluid.
    let geometry = blocks.geometry(vec![0.5, 0.5, 0.5 / GEOPOTENTIAL], None);
    Ok(Spectral { start, geometry, build: Box::new(build), time_step })
}

/// The jet of Galewsky et al. (2004, *Tellus* 56A, 429–440, equation 2) in both hemispheres, v = 0, and the geopotential's departure in balance
/// with it: dΦ/dφ = −u (2Ω a sin φ + u tan φ).
fn jets(configuration: &shallow_water::Configuration) -> Vec<f64> {
    let (radius, rotation) = (configuration.radius, configuration.rotation);
    let (south, north) = (TAU / 14.0, TAU / 4.0 - TAU / 14.0);
    let wind = |latitude: f64| {
        let product = (latitude.abs() - south) * (latitude.abs() - north);
        let largest = -4.0 / (north - south).powi(2);
        if product < 0.0 { JET * (1.0 / product - largest).exp() } else { 0.0 }
    };
    let slope = |latitude: f64| {
        let u = wind(latitude);
        -u * (2.0 * rotation * radius * latitude.sin() + u * latitude.tan())
    };
    const INTERVALS: usize = 4_000;
    let step = TAU / 4.0 / INTERVALS as f64;
    // Symmetric about the equator: from there to the pole by Simpson's rule.
    let mut depths = vec![0.0];
    for number in 0..INTERVALS {
        let here = number as f64 * step;
        let slopes = slope(here) + 4.0 * slope(here + step / 2.0) + slope(here + step);
        depths.push(depths[number] + step / 6.0 * slopes);
    }
    let depth = |latitude: f64| {
        let place = latitude.abs() / step;
        let number = (place as usize).min(INTERVALS - 1);
        depths[number] + (place - number as f64) * (depths[number + 1] - depths[number])
    };
    let grid = &configuration.grid;
    let points = grid.points();
    let mut fields = vec![0.0; 3 * points];
    let (mut sum, mut weights) = (0.0, 0.0);
    for ring in grid.rings() {
        let latitude = ring.latitude.to_radians();
        for point in ring.offset..ring.offset + ring.points {
            fields[point] = wind(latitude);
            fields[2 * points + point] = depth(latitude);
            sum += latitude.cos() * depth(latitude);
            weights += latitude.cos();
        }
    }
    fields[2 * points..].iter_mut().for_each(|value| *value -= sum / weights);
    fields
}

/// The dry primitive equations with the forcing of Held and Suarez (1994, *Bull. Amer. Meteor. Soc.* 75, 1825–1830).
pub(crate) fn primitive<R: Real>(
    model: &Model,
    device: Device,
    seed: u64,
) -> Result<Spectral<OnGrid<LinearisedPrimitive<R>>, R>> {
    let levels = model.levels.unwrap_or(20);
    let mut configuration =
        primitive::Configuration::new(model.truncation.unwrap_or(42), format!("sigma{levels}").parse()?)?;
    configuration.time_step = model.time_step.unwrap_or(configuration.time_step);
    let time_step = configuration.time_step;
    let blocks = Blocks {
        grid: configuration.grid.clone(),
        truncation: Truncation::new(configuration.truncation),
        radius: configuration.radius,
        rotation: configuration.rotation,
        levels,
        scalars: vec![levels, 1],
    };
    // Total energy of Ehrendorfer & Errico (1995, *J. Atmos. Sci.* 52, 3475–3500), in equal layers.
    let temperature = configuration.reference_temperature;
    let share = 0.5 / levels as f64;
    let mut energy = vec![share; 2 * levels];
    energy.extend(vec![share * configuration.heat_capacity / temperature; levels]);
    energy.push(0.5 * configuration.gas_constant * temperature);
    // Pressure over that of the ground, and the ground itself.
    let heights =
        configuration.levels.full_level_pressure(1.0).iter().map(|sigma| sigma.ln()).collect::<Vec<_>>();
    let heights = [&heights[..], &heights, &heights, &[0.0]].concat();
    let geometry = blocks.geometry(energy, Some(heights));
    let points = blocks.grid.points();
    let mut start = vec![R::ZERO; (3 * levels + 1) * points];
    ripple(&mut start[2 * levels * points..3 * levels * points], seed);
    let build = move || {
        let model = Primitive::<R>::new(configuration.clone(), device)?;
        let linear = LinearisedPrimitive::with_held_suarez(model, Forcing::default())?;
        Ok(OnGrid::new(linear, blocks.view()?)?)
    };
    Ok(Spectral { start, geometry, build: Box::new(build), time_step })
}

/// Adds noise that breaks symmetries.
fn ripple<R: Real>(values: &mut [R], seed: u64) {
    let mut deviates = vec![R::ZERO; values.len()];
    random::normals(seed, [0, START, 0], &mut deviates);
    let size = R::from_f64(RIPPLE);
    values.iter_mut().zip(&deviates).for_each(|(value, deviate)| *value += size * *deviate);
}
