//! Memory of the primitive equations: what a model takes beside the arrays of the algorithm, and that a step takes none; nor does a step of the
//! smaller models or of their derivatives.

// An allocator is an unsafe trait.
#![allow(unsafe_code)]

#[path = "primitive/common.rs"]
mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use common::{Fields, model, wavy_from};
use terrella_coupling::communicator::Communicator;
use terrella_coupling::timing::Recorder;
use terrella_coupling::{Component, Linearised};
use terrella_dycore::kuramoto_sivashinsky::KuramotoSivashinsky;
use terrella_dycore::low_order::{Lorenz96, LowOrderModel};
use terrella_dycore::primitive::linear::LinearisedPrimitive;
use terrella_dycore::primitive::{Configuration, HeldSuarez, Primitive, TimeStepping};
use terrella_dycore::quasi_geostrophic::{self, QuasiGeostrophic};
use terrella_dycore::shallow_water::linear::LinearisedShallowWater;
use terrella_dycore::shallow_water::{self, ShallowWater};
use terrella_kernels::Real;
use terrella_kernels::device::Device;
use terrella_kernels::physics::held_suarez::Forcing;
use terrella_kernels::vertical::HybridLevels;

/// The system's allocator with a count of what goes through it, in all threads.
struct Counting;

static IN_USE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);
static CALLS: AtomicUsize = AtomicUsize::new(0);

impl Counting {
    fn add(bytes: usize) {
        CALLS.fetch_add(1, Relaxed);
        let now = IN_USE.fetch_add(bytes, Relaxed) + bytes;
        PEAK.fetch_max(now, Relaxed);
    }
}

// SAFETY: every call is handed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        Self::add(layout.size());
        // SAFETY: the caller keeps the contract, which is that of the system's allocator.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        Self::add(layout.size());
        // SAFETY: the caller keeps the contract, which is that of the system's allocator.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        IN_USE.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the caller keeps the contract, which is that of the system's allocator.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        IN_USE.fetch_sub(layout.size(), Relaxed);
        Self::add(size);
        // SAFETY: the caller keeps the contract, which is that of the system's allocator.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const LEVELS: usize = 20;

/// [`Configuration::new`] or [`Configuration::semi_lagrangian`].
type Scheme = fn(usize, HybridLevels) -> terrella_dycore::Result<Configuration>;

fn running<R: Real>(scheme: Scheme, truncation: usize, moist: bool) -> Primitive<R> {
    let mut configuration = scheme(truncation, format!("sigma{LEVELS}").parse().unwrap()).unwrap();
    configuration.moist = moist;
    let humidity: &[common::Column] = &[&|sigma, _, _| 0.01 * sigma * sigma];
    let fields = Fields {
        u: &|_, _, latitude| 20.0 * latitude.cos(),
        v: &|_, _, _| 0.0,
        temperature: &|sigma, _, _| 220.0 + 70.0 * sigma,
        surface_pressure: &|_, _| 1e5,
        ground: &|_, _| 0.0,
        tracers: if moist { humidity } else { &[] },
    };
    let mut model = model::<R>(Device::Cpu, configuration, &fields);
    let grid = model.configuration().grid.clone();
    model.add_physics(Box::new(HeldSuarez::new(Forcing::default(), &grid, Device::Cpu).unwrap())).unwrap();
    model
}

/// Bytes of the arrays of a scheme with column physics.
///
/// On the grid, by level: u, v, T with their tendencies, with the columns of the step before and with the tendencies behind a
/// scheme (12), ζ, D, ∇T, mass flux and energy (6); of each tracer X, ∇X, its tendency, that behind a scheme and X before (6).
/// Spectra, by level: ζ, D and T at four times (12), their tendencies, the energy's, right side and solution (7); of each
/// tracer four and one. Implicit scheme: two matrices of levels for each degree. The semi-Lagrangian scheme has on the grid
/// besides: wind and nonlinear terms of two times (14), departure points (5), four fields that leave and three of them with
/// what lies beside the grid (7), ∇q; of each tracer three copies and one with what lies beside (4).
fn needed<R: Real>(model: &Primitive<R>) -> usize {
    let configuration = model.configuration();
    let (levels, tracers) = (configuration.levels.count(), configuration.tracers());
    let fields = match configuration.time_stepping {
        TimeStepping::Leapfrog => 18 + 6 * tracers,
        TimeStepping::SemiLagrangian(_) => 44 + 10 * tracers + 2 * usize::from(configuration.moist),
    };
    let grid = levels * configuration.grid.points() * fields;
    let spectra = levels * 2 * model.coefficients() * (18 + 5 * tracers);
    let matrices = 2 * (configuration.truncation + 1) * levels * levels;
    (grid + spectra + matrices) * size_of::<R>()
}

fn check<R: Real>(scheme: Scheme, truncation: usize, moist: bool) {
    let before = IN_USE.load(Relaxed);
    PEAK.store(before, Relaxed);
    let mut model = running::<R>(scheme, truncation, moist);
    for _ in 0..3 {
        model.step().unwrap();
    }
    let calls = CALLS.load(Relaxed);
    for _ in 0..3 {
        model.step().unwrap();
    }
    let calls = CALLS.load(Relaxed) - calls;
    let peak = PEAK.load(Relaxed) - before;
    check_timeline(&mut model);
    let cells = LEVELS * model.configuration().grid.points();
    let ratio = peak as f64 / needed(&model) as f64;
    println!(
        "T{truncation} {} {} {}: peak of {:.0} bytes per point and level, {ratio:.2} of what the arrays need",
        std::any::type_name::<R>(),
        if moist { "moist" } else { "dry" },
        model.configuration().grid.name(),
        peak as f64 / cells as f64,
    );
    assert_eq!(calls, 0, "allocations in three steps");
    assert!((0.9..1.5).contains(&ratio), "T{truncation}: {peak} bytes, {ratio:.2} of what the arrays need");
}

/// Steps that are told to a timeline, of which more events come than it keeps.
fn check_timeline<R: Real>(model: &mut Primitive<R>) {
    const EVENTS: usize = 20;
    let recorder = Recorder::new(&Communicator::serial(), EVENTS).unwrap();
    model.set_recorder(recorder.clone());
    let calls = CALLS.load(Relaxed);
    for _ in 0..3 {
        model.step().unwrap();
    }
    assert_eq!(CALLS.load(Relaxed), calls, "allocations in three steps with a timeline");
    let times = recorder.times();
    assert!(times.iter().any(|time| time.phase == "transform" && !time.compute.is_zero()), "{times:?}");
    let traced = recorder.write_trace(&Communicator::serial(), &mut std::io::sink()).unwrap().unwrap();
    assert!(traced.events == EVENTS as u64 && traced.dropped > 0, "{traced:?}");
    model.set_recorder(Recorder::default());
}

/// Steps of a model, of its tangent linear and of its adjoint.
fn check_derivative<M: Linearised>(name: &str, mut model: M) {
    let mut memory = vec![M::Real::ZERO; model.memory_len()];
    let mut carried = memory.clone();
    let mut calls = 0;
    for number in 0..6 {
        // The first steps of each kind make workspaces.
        if number == 3 {
            calls = CALLS.load(Relaxed);
        }
        model.tangent_step(&memory, number, &mut carried).unwrap();
        model.adjoint_step(&memory, number, &mut carried).unwrap();
        model.step(&mut memory, number).unwrap();
    }
    assert_eq!(CALLS.load(Relaxed), calls, "{name}: allocations in three steps");
}

fn check_derivatives() {
    let lorenz = Lorenz96::new(40, 8.0_f32).unwrap();
    check_derivative("Lorenz (1996)", LowOrderModel::new(lorenz, 0.05).unwrap());
    check_derivative("Kuramoto and Sivashinsky", KuramotoSivashinsky::<f64>::published());
    let configuration = quasi_geostrophic::Configuration { points: 33, ..Default::default() };
    check_derivative("gyres", QuasiGeostrophic::<f32>::new(configuration).unwrap());
    let configuration = shallow_water::Configuration::new(21).unwrap();
    let model = ShallowWater::<f32>::new(configuration, Device::Cpu).unwrap();
    check_derivative("shallow water", LinearisedShallowWater::new(model).unwrap());
}

/// Steps of the derivative, of moist and forced air on hybrid levels.
fn check_derivative_of_forced_air() {
    let configuration = Configuration::new(21, "L19".parse().unwrap()).unwrap();
    let model = wavy_from::<f64>(configuration, Device::Cpu, false);
    let mut linear = LinearisedPrimitive::with_held_suarez(model, Forcing::default()).unwrap();
    let mut state = vec![0.0; linear.state_len()];
    linear.model().copy_state_to(&mut state).unwrap();
    let mut memory = vec![0.0; linear.memory_len()];
    let mut carried = vec![1e-6; linear.memory_len()];
    let mut calls = 0;
    for round in 0..3 {
        // The first goes through everything that is kept from then on.
        calls = CALLS.load(Relaxed);
        linear.begin(&state, &mut memory).unwrap();
        for number in 0..3 {
            linear.tangent_step(&memory, number, &mut carried).unwrap();
            linear.adjoint_step(&memory, number, &mut carried).unwrap();
            Component::step(&mut linear, &mut memory, number).unwrap();
        }
        calls = CALLS.load(Relaxed) - calls;
        println!("derivative, round {round}: {calls} allocations");
    }
    assert_eq!(calls, 0, "allocations in tangent and adjoint steps");
}

/// One test alone: the counts are the whole process's.
#[test]
fn a_model_takes_little_more_than_its_arrays_and_a_step_takes_nothing() {
    // One thread: how many workspaces are made, and when, depends on how many threads ever worked at the same time.
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    pool.install(|| {
        check_derivatives();
        check::<f32>(Configuration::new, 42, false);
        check::<f64>(Configuration::new, 42, false);
        check::<f32>(Configuration::new, 42, true);
        check::<f32>(Configuration::new, 85, false);
        check::<f32>(Configuration::semi_lagrangian, 42, false);
        check::<f32>(Configuration::semi_lagrangian, 85, true);
        check_derivative_of_forced_air();
    });
}
