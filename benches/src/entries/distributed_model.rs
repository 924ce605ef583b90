//! Hours of a model of the whole atmosphere that ranks share, one thread each, beside the model in one piece on as many threads.

use std::time::Instant;

use rayon::ThreadPool;
use terrella_coupling::communicator::Communicator;
use terrella_dycore::primitive::{
    BoundaryLayer, Checkpoint, Configuration, Convection, GreyAtmosphere, GreyRadiation, GroundKind,
    LargeScaleCondensation, Mixing, MoistPhysics, Primitive, Sunlight, SurfaceFluxes,
};
use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::spectral::Truncation;
use terrella_kernels::{Precision, Real};

use super::data::scattered;
use super::grids::fourier_flops;
use super::transform::legendre_flops;
use crate::ranks::{Part, Ranks, in_words, pool_in_one_piece};
use crate::{Case, Cases, Entry, Key, Peer, Request, Result, Work};

pub(super) const ENTRY: Entry = Entry {
    name: "distributed_model",
    summary: "the primitive equations with moist physics that ranks share, a thread each (threads, or what mpirun launched); peer: in one piece, as many threads",
    keys: &[
        Key { name: "truncation", default: "85", meaning: "truncations, separated by commas" },
        Key { name: "levels", default: "L26", meaning: "L19, L26, ... or sigmaN" },
        Key { name: "hours", default: "24", meaning: "simulated time of a run" },
        Key { name: "ranks", default: "2", meaning: "numbers of ranks, separated by commas" },
    ],
    smallest: &[("truncation", "10"), ("levels", "sigma4"), ("hours", "1"), ("ranks", "1,3")],
    peers: &["whole"],
    cases,
};

/// L, of vaporisation at 0 °C \[J kg⁻¹\].
const LATENT_HEAT: f64 = 2.5e6;

fn cases(request: &Request) -> Result<Cases> {
    if request.device != Device::Cpu {
        eprintln!("distributed_model is for the CPU only: not measured on {}.", request.device);
        return Ok(Cases::new());
    }
    match request.precision {
        Precision::F32 => of_precision::<f32>(request),
        Precision::F64 => of_precision::<f64>(request),
    }
}

fn of_precision<R: Real>(request: &Request) -> Result<Cases> {
    let mut cases = Cases::new();
    for truncation in request.numbers("truncation")? {
        for hours in request.numbers("hours")? {
            let task = Task::new(truncation, request.text("levels"), hours)?;
            for ranks in request.numbers("ranks")? {
                if let Some(case) = RanksCase::<R>::new(request, &task, ranks)? {
                    cases.push(Box::new(case));
                }
            }
        }
    }
    Ok(cases)
}

/// What is run.
#[derive(Clone)]
struct Task {
    configuration: Configuration,
    levels: String,
    hours: usize,
    steps: usize,
}

impl Task {
    fn new(truncation: usize, levels: &str, hours: usize) -> Result<Self> {
        let mut configuration = Configuration::new(truncation, levels.parse()?)?;
        configuration.moist = true;
        let seconds = 3600.0 * hours as f64;
        let steps = (seconds / configuration.time_step).ceil().max(1.0);
        configuration.time_step = seconds / steps;
        Ok(Self { configuration, levels: levels.to_owned(), hours, steps: steps as usize })
    }
}

/// A model with its start: air at rest, humid below, over sea and land of all latitudes' temperatures.
struct Run<R: Real> {
    model: Primitive<R>,
    steps: usize,
    start: Checkpoint<R>,
    memory: Vec<(String, Vec<R>)>,
}

impl<R: Real> Run<R> {
    fn new(task: &Task, mut model: Primitive<R>) -> Result<Self> {
        let configuration = model.configuration().clone();
        let (grid, part, device) = (configuration.grid.clone(), model.part().clone(), model.device());
        let levels = configuration.levels.count();
        let points = grid.points();
        let own = |fields: usize, whole: &[R]| -> Result<Vec<R>> {
            Ok(part.own_fields(fields, whole)?.into_owned())
        };
        let there = |values: &[R]| Buffer::from_slice(device, values);

        let pressure = 1e5;
        let mut temperature = scattered::<R>(levels * points, -0.1, 0.1, 1);
        let mut humidity = vec![R::ZERO; levels * points];
        for level in 0..levels {
            let interface = |i: usize| configuration.levels.a()[i] / pressure + configuration.levels.b()[i];
            let sigma: f64 = 0.5 * (interface(level) + interface(level + 1));
            let (mean, vapour) = ((288.0 * sigma.powf(0.19)).max(210.0), 0.012 * sigma.powi(3));
            for point in level * points..(level + 1) * points {
                temperature[point] += R::from_f64(mean);
                humidity[point] = R::from_f64(vapour);
            }
        }
        let rest = there(&vec![R::ZERO; levels * part.points()])?;
        model.set_from_grid(
            &rest,
            &rest,
            &there(&own(levels, &temperature)?)?,
            &there(&vec![R::from_f64(pressure); part.points()])?,
            &there(&own(levels, &humidity)?)?,
        )?;

        let rings = grid.rings().iter();
        let latitudes: Vec<f64> = rings.flat_map(|ring| vec![ring.latitude; ring.points]).collect();
        let of_latitude = |function: &dyn Fn(f64) -> f64| -> Result<Vec<R>> {
            own(1, &latitudes.iter().map(|latitude| R::from_f64(function(*latitude))).collect::<Vec<_>>())
        };
        let ground = of_latitude(&|latitude| 302.0 - 40.0 * latitude.sin().powi(2))?;
        let land = of_latitude(&|latitude| f64::from((8.0 * latitude).sin() > 0.3))?;
        let albedo = of_latitude(&|_| 0.39)?;
        let atmosphere =
            GreyAtmosphere { sunlight: Sunlight::Diurnal { start: 15.0 }, ..GreyAtmosphere::default() };
        let settings = model.configuration();
        let physics = MoistPhysics::new(settings, LATENT_HEAT, &ground, device)?
            .with(Convection::new(settings, device)?)
            .with(LargeScaleCondensation::new(2, settings, device)?)
            .with(GreyRadiation::new(atmosphere, &albedo, settings, device)?)
            .with(SurfaceFluxes::new(&land, GroundKind::LAND, GroundKind::SEA, settings, device)?)
            .with(BoundaryLayer::new(Mixing::Enthalpy, settings, device)?);
        model.add_physics(Box::new(physics))?;
        let (start, memory) = (model.own_checkpoint()?, model.own_physics_memory()?);
        Ok(Self { model, steps: task.steps, start, memory })
    }

    fn in_one_piece(task: &Task) -> Result<Self> {
        Self::new(task, Primitive::new(task.configuration.clone(), Device::Cpu)?)
    }

    /// All steps, from the start.
    fn run(&mut self) -> Result<()> {
        self.model.restore(&self.start)?;
        self.model.restore_physics_memory(&self.memory)?;
        for _ in 0..self.steps {
            self.model.step()?;
        }
        Ok(())
    }
}

/// Ranks and the model in one piece.
struct RanksCase<R: Real> {
    name: String,
    task: Task,
    ranks: Ranks,
    whole: Option<Whole<R>>,
}

impl<R: Real> RanksCase<R> {
    fn new(request: &Request, task: &Task, count: usize) -> Result<Option<Self>> {
        let of_rank = task.clone();
        let Some(ranks) = Ranks::new(&request.job, count, move |communicator| {
            RankPart::<R>::new(of_rank.clone(), communicator)
        })?
        else {
            return Ok(None);
        };
        let name = format!("moist, {}", in_words(count));
        let whole = if request.peers.contains(&"whole") { Some(Whole::new(task, count)?) } else { None };
        Ok(Some(Self { name, task: task.clone(), ranks, whole }))
    }
}

impl<R: Real> Case for RanksCase<R> {
    fn name(&self) -> &str {
        &self.name
    }

    fn size(&self) -> String {
        let Task { configuration, levels, hours, .. } = &self.task;
        format!("T{} {levels} {hours} h", configuration.truncation)
    }

    /// The transforms of the steps alone: wind, vorticity, divergence, temperature and humidity with their gradients to the grid, forces,
    /// energy, temperature and humidity back, 15 scalars' worth by level; and the state read and written.
    fn work(&self) -> Work {
        let Configuration { truncation, grid, levels, .. } = &self.task.configuration;
        let (truncation, levels) = (Truncation::new(*truncation), levels.count());
        let state = truncation.spectrum_len(4 * levels + 1) * size_of::<R>();
        let steps = self.task.steps as f64;
        Work {
            bytes: steps * 2.0 * state as f64,
            flops: steps * 15.0 * levels as f64 * (legendre_flops(grid, truncation) + fourier_flops(grid)),
        }
    }

    fn clock(&self) -> Option<f64> {
        Some(self.ranks.seconds())
    }

    fn run(&mut self) -> Result<()> {
        self.ranks.run()
    }

    fn error(&mut self) -> Result<f64> {
        self.ranks.error()
    }

    fn peers(&mut self) -> Vec<&mut dyn Peer> {
        self.whole.iter_mut().map(|whole| whole as &mut dyn Peer).collect()
    }
}

/// One rank's part.
struct RankPart<R: Real> {
    task: Task,
    run: Run<R>,
}

impl<R: Real> RankPart<R> {
    fn new(task: Task, communicator: &Communicator) -> Result<Self> {
        let run = Run::new(&task, Primitive::new_on(task.configuration.clone(), communicator)?)?;
        Ok(Self { task, run })
    }
}

impl<R: Real> Part for RankPart<R> {
    fn run(&mut self) -> Result<()> {
        self.run.run()
    }

    /// Of temperature, which the first rank has in one piece too.
    fn error(&mut self) -> Result<f64> {
        let Some(state) = self.run.model.whole_grid_state()? else { return Ok(0.0) };
        let mut whole = Run::<R>::in_one_piece(&self.task)?;
        whole.run()?;
        let expected = whole.model.grid_state()?.temperature;
        Ok(super::data::largest_error(&state.temperature, |index| expected[index].to_f64()))
    }
}

/// The model in one piece.
struct Whole<R: Real> {
    name: String,
    pool: ThreadPool,
    run: Run<R>,
}

impl<R: Real> Whole<R> {
    fn new(task: &Task, threads: usize) -> Result<Self> {
        let (name, pool) = pool_in_one_piece(threads)?;
        let run = Run::in_one_piece(task)?;
        Ok(Self { name, pool, run })
    }
}

impl<R: Real> Peer for Whole<R> {
    fn name(&self) -> &str {
        &self.name
    }

    fn sample(&mut self, repeats: usize) -> Result<f64> {
        let run = &mut self.run;
        self.pool.install(|| {
            let start = Instant::now();
            for _ in 0..repeats {
                run.run()?;
            }
            Ok(start.elapsed().as_secs_f64() / repeats as f64)
        })
    }
}
