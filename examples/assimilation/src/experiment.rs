//! A run: truth, observations and methods in step with each other, checkpoints, and what comes out.

use std::path::PathBuf;
use std::time::Instant;

use terrella_coupling::cycle::{Climate, Diagnosis, Method, Network, Score, Scores, Twin, follow};
use terrella_coupling::{Component, Linearised};
use terrella_driver::interruption;
use terrella_driver::progress::{Progress, say};
use terrella_kernels::Real;

use crate::arguments::RunArguments;
use crate::checkpoint::{self, Followed, Position};
use crate::coarse::Coarser;
use crate::configuration::{self, Configuration};
use crate::error::{Error, Result};
use crate::geometry::{Geometry, size};
use crate::methods::{Materials, method};
use crate::results::{self, Outcome, Results};

/// A model twice, once for the truth and once for the methods, with what is known of its states.
pub(crate) struct System<C: Component> {
    pub(crate) truth: C,
    pub(crate) component: C,
    /// Where a long run begins.
    pub(crate) start: Vec<C::Real>,
    pub(crate) geometry: Geometry,
    pub(crate) coarser: Option<Coarser<C::Real>>,
}

/// One method, and how it fared.
struct Follower<C: Component> {
    name: String,
    method: Box<dyn Method<C>>,
    scores: Scores,
    diagnosis: Diagnosis,
    seconds: f64,
}

/// All of a run.
pub(crate) struct Experiment<C: Component> {
    configuration: Configuration,
    folder: PathBuf,
    last: u32,
    cycle: u32,
    first: u32,
    twin: Twin<C>,
    network: Network<C::Real>,
    component: C,
    followers: Vec<Follower<C>>,
    weights: Vec<f64>,
    deviation: f64,
}

impl<C: Linearised + 'static> Experiment<C> {
    /// Makes the climate, the network and the methods, or reads where an earlier run was.
    pub(crate) fn new(
        arguments: &RunArguments,
        configuration: Configuration,
        system: System<C>,
    ) -> Result<Self> {
        interruption::listen().map_err(|reason| Error::Signals { reason })?;
        let System { truth, mut component, start, geometry, coarser } = system;
        let settings = &configuration.experiment;
        say(&format!(
            "climate: {} steps to settle, {} states {} steps apart",
            settings.settling, settings.samples, settings.sampling
        ));
        let climate =
            Climate::of_run(&mut component, &start, settings.settling, settings.samples, settings.sampling)?;
        let deviations = climate.deviation();
        let weights = geometry.weights(start.len());
        let network = network(&configuration.observations, &deviations, geometry.layer_len(start.len()))?;
        // A truth that members cannot know: the climate's run goes on.
        let mut beginning = climate.last().to_vec();
        component.advance(&mut beginning, settings.settling.max(settings.sampling))?;
        let twin = Twin::new(truth, network.clone(), settings.seed, &beginning)?;
        let materials = Materials {
            climate: &climate,
            network: &network,
            geometry: &geometry,
            seed: settings.seed,
            coarser: coarser.as_ref(),
        };
        let followers = configuration
            .method
            .iter()
            .map(|settings| {
                let method = method(settings, &materials, &mut component)?;
                Ok(Follower {
                    name: settings.name.clone(),
                    method,
                    scores: Scores::default(),
                    diagnosis: Diagnosis::default(),
                    seconds: 0.0,
                })
            })
            .collect::<Result<Vec<_>>>()?;
        let folder = arguments.out.clone().unwrap_or_else(|| configuration.output.folder.clone());
        std::fs::create_dir_all(&folder).map_err(|error| Error::file(&folder, "creation", error))?;
        let last = arguments.steps.unwrap_or(configuration.experiment.cycles);
        let mut experiment = Self {
            configuration,
            folder,
            last,
            cycle: 0,
            first: 0,
            twin,
            network,
            component,
            followers,
            deviation: size(&deviations, &weights),
            weights,
        };
        if let Some(path) = &arguments.restart {
            let configuration = experiment.configuration.clone();
            let position = checkpoint::read(path, &configuration, experiment.memory())?;
            experiment.resume(position);
        }
        Ok(experiment)
    }

    /// Everything that changes from cycle to cycle but for numbers.
    fn memory(&mut self) -> Vec<&mut [C::Real]> {
        let (_, of_twin) = self.twin.memory();
        of_twin
            .into_iter()
            .chain(self.followers.iter_mut().flat_map(|follower| follower.method.memory()))
            .collect()
    }

    fn resume(&mut self, position: Position) {
        (self.cycle, self.first) = (position.cycle, position.cycle);
        *self.twin.memory().0 = position.steps;
        for (follower, followed) in self.followers.iter_mut().zip(position.followed) {
            (follower.scores, follower.diagnosis) = (followed.scores, followed.diagnosis);
            follower.seconds = followed.seconds;
        }
    }

    fn position(&mut self) -> Position {
        Position {
            cycle: self.cycle,
            steps: *self.twin.memory().0,
            followed: self
                .followers
                .iter()
                .map(|of| Followed {
                    scores: of.scores.clone(),
                    diagnosis: of.diagnosis.clone(),
                    seconds: of.seconds,
                })
                .collect(),
        }
    }

    fn save(&mut self) -> Result<PathBuf> {
        let position = self.position();
        let (folder, configuration) = (self.folder.clone(), self.configuration.clone());
        checkpoint::write(&folder, &configuration, &position, self.memory())
    }

    /// Runs to the end and writes what came out.
    pub(crate) fn run(mut self) -> Result<()> {
        let cycles = self.configuration.experiment.cycles;
        let every = self.configuration.output.checkpoint;
        let mut progress = Progress::new(u64::from(self.first), u64::from(self.last), "cycles");
        let tenth = (self.last / 10).max(1);
        while self.cycle < self.last {
            self.next()?;
            progress.advance(u64::from(self.cycle), String::new());
            if self.cycle.is_multiple_of(tenth) {
                progress.line(&self.line());
            }
            if interruption::requested() && self.cycle < self.last {
                progress.finish();
                return Err(Error::Interrupted { checkpoint: self.save()? });
            }
            if every > 0 && self.cycle.is_multiple_of(every) && self.cycle < self.last {
                self.save()?;
            }
        }
        progress.finish();
        if self.last < cycles {
            let path = self.save()?;
            say(&format!("stopped after {} of {cycles} cycles: {}", self.cycle, path.display()));
        }
        let outcome = Results {
            configuration: &self.configuration,
            folder: &self.folder,
            observed: self.network.total(),
            values: self.twin.state().len(),
            deviation: self.deviation,
            methods: self
                .followers
                .iter()
                .map(|of| Outcome {
                    name: &of.name,
                    scores: &of.scores,
                    diagnosis: &of.diagnosis,
                    seconds: of.seconds,
                    minimisations: of.method.minimisations(),
                    condition: of.method.condition(),
                })
                .collect(),
        };
        results::write(&outcome)
    }

    fn next(&mut self) -> Result<()> {
        let cycle = self.cycle;
        let Self { configuration, twin, network, component, followers, weights, .. } = self;
        let counts = cycle >= configuration.experiment.spin_up;
        let observed = twin.observe(cycle)?;
        let truth = twin.state();
        for Follower { name, method, scores, diagnosis, seconds } in followers {
            let started = Instant::now();
            let before = diagnosis.seconds();
            let diagnosed = configuration.output.diagnostics.then_some((&mut *diagnosis, counts));
            let one: Score =
                follow(method.as_mut(), component, network, &observed, truth, cycle, weights, diagnosed)
                    .map_err(|source| Error::Method { method: name.clone(), cycle, source })?;
            *seconds += started.elapsed().as_secs_f64() - (diagnosis.seconds() - before);
            scores.cycles.push(one);
        }
        self.cycle += 1;
        Ok(())
    }

    fn line(&self) -> String {
        let errors = self.followers.iter().map(|follower| {
            let error = follower.scores.cycles.last().map_or(f64::NAN, |score| score.analysis_error);
            format!("{} {error:.3}", follower.name)
        });
        format!("cycle {:6}   {}", self.cycle, errors.collect::<Vec<_>>().join("   "))
    }
}

/// Every so many-th value, with errors in its unit or as a share of the climate's standard deviation in its layer.
fn network<R: Real>(
    wanted: &configuration::Network,
    deviations: &[R],
    layer_len: usize,
) -> Result<Network<R>> {
    let shares: Vec<f64> = deviations
        .chunks(layer_len)
        .map(|layer| {
            let squares: f64 = layer.iter().map(|value| value.to_f64().powi(2)).sum();
            if wanted.relative { (squares / layer.len() as f64).sqrt() } else { 1.0 }
        })
        .collect();
    let indices: Vec<u32> = (0..deviations.len() as u32).step_by(wanted.every).collect();
    let variance =
        |index: &u32| R::from_f64((wanted.standard_deviation * shares[*index as usize / layer_len]).powi(2));
    let variances = indices.iter().map(variance).collect();
    Ok(Network::new(deviations.len(), indices, variances, wanted.interval)?.with_times(wanted.times)?)
}
