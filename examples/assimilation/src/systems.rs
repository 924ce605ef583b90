//! The models, and an experiment with the one that a configuration names.

use std::f64::consts::TAU;

use terrella_coupling::Linearised;
use terrella_coupling::cycle::Network;
use terrella_dycore::kuramoto_sivashinsky::{FourierReal, KuramotoSivashinsky};
use terrella_dycore::low_order::{Lorenz63, Lorenz96, LowOrderModel};
use terrella_dycore::quasi_geostrophic::{self, QuasiGeostrophic};
use terrella_kernels::device::Device;
use terrella_kernels::{Real, random};

use crate::arguments::RunArguments;
use crate::coarse::{Coarser, coarse};
use crate::configuration::{Configuration, Model, ModelName, Precision};
use crate::error::{Error, Result};
use crate::experiment::{Experiment, System};
use crate::geometry::Geometry;
use crate::spectral::{self, Spectral};

/// `assimilation run`.
pub(crate) fn run(arguments: &RunArguments) -> Result<()> {
    let configuration = Configuration::read(&arguments.configuration)?;
    match configuration.model.precision {
        Precision::F32 => run_in::<f32>(arguments, configuration),
        Precision::F64 => run_in::<f64>(arguments, configuration),
    }
}

fn run_in<R: FourierReal>(arguments: &RunArguments, configuration: Configuration) -> Result<()> {
    let model = configuration.model.clone();
    let seed = configuration.experiment.seed;
    let number = <R as Real>::from_f64;
    let device = device(arguments, &model)?;
    match model.name {
        ModelName::Lorenz63 => {
            let step = number(model.time_step.unwrap_or(0.01));
            let build = || Ok(LowOrderModel::new(Lorenz63::default(), step)?);
            let start = near(&[1.509, -1.531, 25.46], 0.01, seed);
            go(arguments, configuration, &build, start, Geometry::None, None)
        }
        ModelName::Lorenz96 => {
            let size = model.size.unwrap_or(40);
            let (forcing, step) =
                (number(model.forcing.unwrap_or(8.0)), number(model.time_step.unwrap_or(0.05)));
            let build = || Ok(LowOrderModel::new(Lorenz96::new(size, forcing)?, step)?);
            let mut rest = vec![0.0; size];
            rest.first_mut().into_iter().for_each(|value| *value = 1.0);
            let places = (0..size).map(|place| [place as f64]).collect();
            let circle = Geometry::Circle { places, length: size as f64 };
            go(arguments, configuration, &build, near(&rest, 0.03, seed), circle, None)
        }
        ModelName::KuramotoSivashinsky => {
            let (length, size) = (model.length.unwrap_or(16.0 * TAU), model.size.unwrap_or(128));
            let step = model.time_step.unwrap_or(0.25);
            let build = || Ok(KuramotoSivashinsky::<R>::new(length, size, step)?);
            let place = |index: usize| index as f64 * length / size as f64;
            let wave: Vec<f64> = (0..size).map(|index| (TAU * place(index) / length).cos()).collect();
            let places = (0..size).map(|index| [place(index)]).collect();
            let circle = Geometry::Circle { places, length };
            go(arguments, configuration, &build, near(&wave, 0.01, seed), circle, None)
        }
        ModelName::QuasiGeostrophic => {
            let settings = basin(&model);
            let build = || Ok(QuasiGeostrophic::<R>::new(settings)?);
            let points = settings.points;
            let at = |index: usize| index as f64 / (points - 1) as f64;
            let places = (0..points * points).map(|index| [at(index % points), at(index / points)]).collect();
            let start = near(&vec![0.0; points * points], 0.1, seed);
            go(arguments, configuration, &build, start, Geometry::Plane { places }, None)
        }
        ModelName::ShallowWater => {
            let Spectral { start, geometry, build, time_step } =
                spectral::shallow_water::<R>(&model, device, seed)?;
            let Geometry::Sphere { blocks, .. } = &geometry else { unreachable!("on the sphere") };
            let fine = blocks.clone();
            let coarser = move |truncation: usize, inner: Option<f64>, network: &Network<R>| {
                let inner = inner.unwrap_or(time_step);
                let model = Model { truncation: Some(truncation), time_step: Some(inner), ..model.clone() };
                coarse(
                    spectral::shallow_water::<R>(&model, device, seed)?,
                    &fine,
                    [inner, time_step],
                    network,
                )
            };
            go(arguments, configuration, &build, start, geometry, Some(Box::new(coarser)))
        }
        ModelName::Primitive => {
            let Spectral { start, geometry, build, time_step } =
                spectral::primitive::<R>(&model, device, seed)?;
            let Geometry::Sphere { blocks, .. } = &geometry else { unreachable!("on the sphere") };
            let fine = blocks.clone();
            let coarser = move |truncation: usize, inner: Option<f64>, network: &Network<R>| {
                let inner = inner.unwrap_or(time_step);
                let model = Model { truncation: Some(truncation), time_step: Some(inner), ..model.clone() };
                coarse(spectral::primitive::<R>(&model, device, seed)?, &fine, [inner, time_step], network)
            };
            go(arguments, configuration, &build, start, geometry, Some(Box::new(coarser)))
        }
    }
}

/// Where to compute, as asked for on the command line or by the environment; models that know the CPU alone refuse another device.
fn device(arguments: &RunArguments, model: &Model) -> Result<Device> {
    let device = match &arguments.device {
        Some(name) => name.parse()?,
        None => Device::from_environment()?,
    };
    let choose = matches!(model.name, ModelName::ShallowWater | ModelName::Primitive);
    if device != Device::Cpu && !choose {
        return Err(Error::Device { device: device.to_string() });
    }
    Ok(device)
}

fn basin(model: &Model) -> quasi_geostrophic::Configuration {
    let usual = quasi_geostrophic::Configuration::default();
    quasi_geostrophic::Configuration {
        points: model.size.unwrap_or(usual.points),
        time_step: model.time_step.unwrap_or(usual.time_step),
        ..usual
    }
}

/// The place of first perturbations among an experiment's random numbers.
const START: u32 = 4;

/// A state with normal deviates of this standard deviation.
fn near<R: Real>(state: &[f64], deviation: f64, seed: u64) -> Vec<R> {
    let mut deviates = vec![0.0; state.len()];
    random::normals(seed, [0, START, 0], &mut deviates);
    state.iter().zip(&deviates).map(|(value, deviate)| R::from_f64(value + deviation * deviate)).collect()
}

/// Models behind one type, so that all of a precision share one experiment.
type Boxed<R> = Box<dyn Linearised<Real = R>>;

fn go<R: FourierReal, C: Linearised<Real = R> + 'static>(
    arguments: &RunArguments,
    configuration: Configuration,
    build: &dyn Fn() -> Result<C>,
    start: Vec<R>,
    geometry: Geometry,
    coarser: Option<Coarser<R>>,
) -> Result<()> {
    let (truth, component): (Boxed<R>, Boxed<R>) = (Box::new(build()?), Box::new(build()?));
    Experiment::new(arguments, configuration, System { truth, component, start, geometry, coarser })?.run()
}
