//! Tangent and adjoint steps of the primitive equations with the forcing of Held & Suarez (1994), beside the nonlinear step.
//!
//! A run is one step from and to host memory, the trajectory's fields found in it, or at hand (`kept`). Peers are measured in
//! turn with it: the model's own step on its own arrays, and the tangent step.

use std::time::Instant;

use terrella_coupling::{Component, Linearised};
use terrella_dycore::primitive::linear::{Linearisation, LinearisedPrimitive};
use terrella_dycore::primitive::{Configuration, HeldSuarez, Primitive};
use terrella_kernels::device::Buffer;
use terrella_kernels::physics::held_suarez::Forcing;
use terrella_kernels::{Precision, Real};

use super::data::scattered;
use crate::{Case, Cases, Entry, Key, Peer, Request, Result, Work};

pub(super) const ENTRY: Entry = Entry {
    name: "primitive_derivative",
    summary: "tangent and adjoint steps of Held and Suarez's climate; peers: nonlinear and tangent step; error: of the transpose",
    keys: &[
        Key { name: "truncation", default: "42", meaning: "truncations, separated by commas" },
        Key { name: "levels", default: "20", meaning: "number of layers of equal thickness in sigma" },
    ],
    smallest: &[("truncation", "10"), ("levels", "4")],
    peers: &["step", "tangent"],
    cases,
};

/// The step that is linearised, the first with two time levels.
const NUMBER: usize = 1;

fn cases(request: &Request) -> Result<Cases> {
    let mut cases = Cases::new();
    for truncation in request.numbers("truncation")? {
        for levels in request.numbers("levels")? {
            for name in ["tangent", "tangent kept", "adjoint", "adjoint kept"] {
                cases.push(match request.precision {
                    Precision::F32 => Box::new(Derivative::<f32>::new(request, truncation, levels, name)?),
                    Precision::F64 => Box::new(Derivative::<f64>::new(request, truncation, levels, name)?),
                });
            }
        }
    }
    Ok(cases)
}

/// A model at rest at 280 K with noise of a tenth of a kelvin, without the forcing.
fn resting<R: Real>(request: &Request, truncation: usize, levels: usize) -> Result<Primitive<R>> {
    let configuration = Configuration::new(truncation, format!("sigma{levels}").parse()?)?;
    let points = configuration.grid.points();
    let there = |values: &[R]| Buffer::from_slice(request.device, values);
    let rest = there(&vec![R::ZERO; levels * points])?;
    let mut model = Primitive::new(configuration, request.device)?;
    model.set_from_grid(
        &rest,
        &rest,
        &there(&scattered(levels * points, 279.9, 280.1, 1))?,
        &there(&vec![R::from_f64(100_000.0); points])?,
        &there(&[])?,
    )?;
    Ok(model)
}

/// A linearised model, the memory about which it is, and an array that is carried.
struct Linear<R: Real> {
    model: LinearisedPrimitive<R>,
    memory: Vec<R>,
    direction: Vec<R>,
    carried: Vec<R>,
    about: Linearisation<R>,
    is_adjoint: bool,
    is_kept: bool,
}

impl<R: Real> Linear<R> {
    fn new(request: &Request, truncation: usize, levels: usize, name: &str) -> Result<Self> {
        let model = resting::<R>(request, truncation, levels)?;
        let mut model = LinearisedPrimitive::with_held_suarez(model, Forcing::default())?;
        let mut state = vec![R::ZERO; model.state_len()];
        model.model().copy_state_to(&mut state)?;
        let mut memory = vec![R::ZERO; model.memory_len()];
        model.begin(&state, &mut memory)?;
        Component::step(&mut model, &mut memory, 0)?;
        let mut about = model.linearisation()?;
        model.linearise(&memory, NUMBER, &mut about)?;
        let direction: Vec<R> = scattered(memory.len(), -1.0, 1.0, 2);
        let carried = direction.clone();
        let (is_adjoint, is_kept) = (name.starts_with("adjoint"), name.ends_with("kept"));
        Ok(Self { model, memory, direction, carried, about, is_adjoint, is_kept })
    }

    fn run(&mut self) -> Result<()> {
        self.carried.copy_from_slice(&self.direction);
        let (model, carried) = (&mut self.model, &mut self.carried);
        match (self.is_adjoint, self.is_kept) {
            (false, false) => model.tangent_step(&self.memory, NUMBER, carried)?,
            (true, false) => model.adjoint_step(&self.memory, NUMBER, carried)?,
            (false, true) => model.tangent_step_about(&self.about, carried)?,
            (true, true) => model.adjoint_step_about(&self.about, carried)?,
        }
        Ok(())
    }
}

struct Derivative<R: Real> {
    name: &'static str,
    linear: Linear<R>,
    levels: usize,
    step: Option<Step<R>>,
    tangent: Option<Tangent<R>>,
}

impl<R: Real> Derivative<R> {
    fn new(request: &Request, truncation: usize, levels: usize, name: &'static str) -> Result<Self> {
        let linear = Linear::new(request, truncation, levels, name)?;
        let step = if request.peers.contains(&"step") {
            let mut model = resting::<R>(request, truncation, levels)?;
            let grid = model.configuration().grid.clone();
            model.add_physics(Box::new(HeldSuarez::new(Forcing::default(), &grid, request.device)?))?;
            Some(Step(model))
        } else {
            None
        };
        let tangent = if request.peers.contains(&"tangent") && linear.is_adjoint {
            let tangent = if linear.is_kept { "tangent kept" } else { "tangent" };
            Some(Tangent { linear: Linear::new(request, truncation, levels, tangent)?, name: tangent })
        } else {
            None
        };
        Ok(Self { name, linear, levels, step, tangent })
    }
}

impl<R: Real> Case for Derivative<R> {
    fn name(&self) -> &str {
        self.name
    }

    fn size(&self) -> String {
        format!("T{} L{}", self.linear.model.model().configuration().truncation, self.levels)
    }

    /// The transforms alone, counted as in `primitive_equations`: eleven scalars' worth by level of what is carried, seven of the
    /// trajectory where it is not kept; and the memories read and written.
    fn work(&self) -> Work {
        let configuration = self.linear.model.model().configuration();
        let rings = configuration.grid.rings();
        let total = configuration.truncation as f64;
        let legendre = (total + 1.0) * (total + 2.0) * rings.len() as f64;
        let fourier = super::grids::fourier_flops(&configuration.grid);
        let (scalars, arrays) = if self.linear.is_kept { (11.0, 2) } else { (18.0, 3) };
        Work {
            bytes: (arrays * self.linear.memory.len() * size_of::<R>()) as f64,
            flops: scalars * self.levels as f64 * (legendre + fourier),
        }
    }

    fn run(&mut self) -> Result<()> {
        self.linear.run()
    }

    /// Of Σ y·M′x = Σ x·M′ᵀy, with y = x, relative to the norms.
    fn error(&mut self) -> Result<f64> {
        let Linear { model, memory, direction, .. } = &mut self.linear;
        let (mut image, mut back) = (direction.clone(), direction.clone());
        model.tangent_step(memory, NUMBER, &mut image)?;
        model.adjoint_step(memory, NUMBER, &mut back)?;
        let dot = |a: &[R], b: &[R]| a.iter().zip(b).map(|(a, b)| a.to_f64() * b.to_f64()).sum::<f64>();
        let size = (dot(&image, &image) * dot(direction, direction)).sqrt();
        let difference = (dot(&image, direction) - dot(direction, &back)).abs() / size;
        Ok(if difference.is_nan() { f64::INFINITY } else { difference })
    }

    fn peers(&mut self) -> Vec<&mut dyn Peer> {
        let step = self.step.iter_mut().map(|peer| peer as &mut dyn Peer);
        step.chain(self.tangent.iter_mut().map(|peer| peer as &mut dyn Peer)).collect()
    }
}

/// The nonlinear step.
struct Step<R: Real>(Primitive<R>);

impl<R: Real> Peer for Step<R> {
    fn name(&self) -> &str {
        "step"
    }

    fn sample(&mut self, repeats: usize) -> Result<f64> {
        let start = Instant::now();
        for _ in 0..repeats {
            self.0.step()?;
        }
        self.0.device().synchronize()?;
        Ok(start.elapsed().as_secs_f64() / repeats as f64)
    }
}

/// The tangent step.
struct Tangent<R: Real> {
    linear: Linear<R>,
    name: &'static str,
}

impl<R: Real> Peer for Tangent<R> {
    fn name(&self) -> &str {
        self.name
    }

    fn sample(&mut self, repeats: usize) -> Result<f64> {
        let start = Instant::now();
        for _ in 0..repeats {
            self.linear.run()?;
        }
        Ok(start.elapsed().as_secs_f64() / repeats as f64)
    }
}
