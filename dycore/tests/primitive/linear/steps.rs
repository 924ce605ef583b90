//! Steps, beginnings and runs of six hours.

use terrella_coupling::trajectory::Propagator;
use terrella_coupling::{Component, Linearised};
use terrella_dycore::primitive::linear::LinearisedPrimitive;
use terrella_dycore::primitive::{Configuration, Primitive};
use terrella_kernels::Real;
use terrella_kernels::device::Device;

use super::runs::{Run, configuration, dense, dry, falls, is_transposed, moist, moved, remainder};
use crate::common::wavy_at;

/// One step against differences of the model. All parts of a memory are disturbed at once, none of which belongs to the others.
fn step_is_differentiable(name: &str, mut run: Run<f64>) {
    let fields = run.fields();
    let direction = dense::<f64>(&fields, 1);
    let mut tangent = direction.clone();
    run.linear.tangent_step(&run.memory, run.number, &mut tangent).unwrap();
    let mut base = run.memory.clone();
    run.linear.step(&mut base, run.number).unwrap();
    falls(name, 5e-7, |factor| {
        let mut disturbed = moved(&run.memory, factor, &direction);
        run.linear.step(&mut disturbed, run.number).unwrap();
        remainder(&fields, factor, &disturbed, &base, &tangent)
    });
}

#[test]
fn a_tangent_step_is_the_derivative_of_a_step() {
    for steps in [0, 3] {
        step_is_differentiable(
            &format!("dry, step {steps}"),
            Run::new(dry(configuration(10, "L19")), false, steps),
        );
        step_is_differentiable(
            &format!("moist, step {steps}"),
            Run::new(moist(configuration(10, "L19")), false, steps),
        );
        step_is_differentiable(
            &format!("forced, step {steps}"),
            Run::new(dry(configuration(10, "sigma10")), true, steps),
        );
    }
    let mut drifting = configuration(10, "L26");
    drifting.conserve_mass = false;
    step_is_differentiable("moist and forced, mass not held", Run::new(moist(drifting), true, 2));
}

/// One step against its transpose.
fn step_is_transposed<R: Real>(name: &str, tolerance: f64, mut run: Run<R>) {
    let fields = run.fields();
    let (memory, number) = (run.memory.clone(), run.number);
    let linear = std::cell::RefCell::new(&mut run.linear);
    is_transposed(
        name,
        tolerance,
        &fields,
        &fields,
        |direction: &[R]| {
            let mut image = direction.to_vec();
            linear.borrow_mut().tangent_step(&memory, number, &mut image).unwrap();
            image
        },
        |sensitivity: &[R]| {
            let mut image = sensitivity.to_vec();
            linear.borrow_mut().adjoint_step(&memory, number, &mut image).unwrap();
            image
        },
    );
}

#[test]
fn an_adjoint_step_is_the_transpose_of_a_tangent_step() {
    for steps in [0, 3] {
        step_is_transposed(
            &format!("dry, step {steps}"),
            1e-12,
            Run::<f64>::new(dry(configuration(10, "L19")), false, steps),
        );
        step_is_transposed(
            &format!("moist, step {steps}"),
            1e-12,
            Run::<f64>::new(moist(configuration(10, "L19")), false, steps),
        );
        step_is_transposed(
            &format!("moist and forced, step {steps}"),
            1e-12,
            Run::<f64>::new(moist(configuration(10, "sigma10")), true, steps),
        );
    }
    // Physics that is not linearised: the transpose is that of the rest.
    step_is_transposed(
        "forced, dynamics alone",
        1e-12,
        Run::<f64>::new(wavy_at(10, Device::Cpu, true), false, 3),
    );
    // Single precision's rounding, 6e-8, as it adds up at random.
    step_is_transposed("single", 1e-6, Run::<f32>::new(moist(configuration(10, "L19")), true, 3));
}

#[test]
fn a_beginning_has_its_derivative_and_transpose() {
    let mut run = Run::<f64>::new(moist(configuration(10, "L19")), true, 0);
    let (inputs, outputs) = (run.state_fields(), run.fields());
    let direction = dense::<f64>(&inputs, 5);
    let mut tangent = run.memory.clone();
    run.linear.begin_tangent(&run.state, &direction, &mut tangent).unwrap();
    falls("begin", 5e-7, |factor| {
        let disturbed = moved(&run.state, factor, &direction);
        let mut memory = run.memory.clone();
        run.linear.begin(&disturbed, &mut memory).unwrap();
        remainder(&outputs, factor, &memory, &run.memory, &tangent)
    });
    let (state, memory_len) = (run.state.clone(), run.memory.len());
    let linear = std::cell::RefCell::new(&mut run.linear);
    is_transposed(
        "begin",
        1e-12,
        &inputs,
        &outputs,
        |direction: &[f64]| {
            let mut image = vec![0.0; memory_len];
            linear.borrow_mut().begin_tangent(&state, direction, &mut image).unwrap();
            image
        },
        |sensitivity: &[f64]| {
            let mut image = vec![0.0; state.len()];
            linear.borrow_mut().begin_adjoint(&state, sensitivity, &mut image).unwrap();
            image
        },
    );
}

/// Six hours at T21 L10 from an analysis, with the forcing: from state to state, with too little room for the trajectory.
#[test]
fn six_hours_have_their_derivative_and_transpose() {
    let mut configuration = Configuration::new(21, "sigma10".parse().unwrap()).unwrap();
    configuration.time_step = 1_200.0;
    let mut run = Run::<f64>::new(dry(configuration.clone()), true, 0);
    let fields = run.state_fields();
    let state = run.state.clone();
    let budget = 6 * run.memory.len() * size_of::<f64>();
    let mut other = Run::<f64>::new(dry(configuration), true, 0).linear;
    let propagator = std::cell::RefCell::new(Propagator::new(&mut other, &state, 18, budget).unwrap());
    let tangent = |direction: &[f64]| {
        let mut image = direction.to_vec();
        propagator.borrow_mut().tangent(&mut image).unwrap();
        image
    };
    let direction = dense::<f64>(&fields, 6);
    let image = tangent(&direction);
    let base = propagator.borrow().last_state().to_vec();
    falls("six hours", 1e-6, |factor| {
        let mut disturbed = moved(&state, factor, &direction);
        run.linear.advance(&mut disturbed, 18).unwrap();
        remainder(&fields, factor, &disturbed, &base, &image)
    });
    is_transposed("six hours", 1e-12, &fields, &fields, tangent, |sensitivity: &[f64]| {
        let mut image = sensitivity.to_vec();
        propagator.borrow_mut().adjoint(&mut image).unwrap();
        image
    });
}

/// What single precision makes of a tangent step, field by field.
#[test]
fn single_precision_agrees_with_double() {
    let mut double = Run::<f64>::new(moist(configuration(10, "L19")), true, 3);
    let mut single = Run::<f32>::new(moist(configuration(10, "L19")), true, 0);
    let fields = double.fields();
    let direction = dense::<f64>(&fields, 7);
    let rounded = |values: &[f64]| values.iter().map(|&value| value as f32).collect::<Vec<f32>>();
    let mut got = rounded(&direction);
    single.linear.tangent_step(&rounded(&double.memory), 3, &mut got).unwrap();
    let mut expected = direction;
    double.linear.tangent_step(&double.memory, 3, &mut expected).unwrap();
    let got: Vec<f64> = got.iter().map(|&value| f64::from(value)).collect();
    let difference = remainder(&fields, 1.0, &got, &vec![0.0; got.len()], &expected);
    println!("single precision: {difference:.1e}");
    // A few roundings of 6e-8.
    assert!(difference < 1e-5, "{difference:e}");
}

#[test]
fn kept_trajectories_and_threads_change_no_bit() {
    let mut run = Run::<f64>::new(moist(configuration(10, "L19")), true, 2);
    let direction = dense::<f64>(&run.fields(), 8);
    let mut about = run.linear.linearisation().unwrap();
    let mut images = Vec::new();
    for threads in [1, 2, 3] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        images.push(pool.install(|| {
            let (mut tangent, mut adjoint) = (direction.clone(), direction.clone());
            run.linear.tangent_step(&run.memory, 2, &mut tangent).unwrap();
            run.linear.adjoint_step(&run.memory, 2, &mut adjoint).unwrap();
            (tangent, adjoint)
        }));
    }
    run.linear.linearise(&run.memory, 2, &mut about).unwrap();
    let (mut tangent, mut adjoint) = (direction.clone(), direction.clone());
    run.linear.tangent_step_about(&about, &mut tangent).unwrap();
    run.linear.adjoint_step_about(&about, &mut adjoint).unwrap();
    images.push((tangent, adjoint));
    // Room for a number of steps that has this one, and for one that has not.
    let each = run.linear.keep_linearisations(1, usize::MAX).unwrap();
    for steps in [3, 2] {
        assert_eq!(run.linear.keep_linearisations(9, steps * each + 1).unwrap(), steps * each);
        // What is kept of another memory is not taken for this one's.
        let other: Vec<f64> = run.memory.iter().map(|value| 1.001 * value).collect();
        for memory in [&other, &run.memory, &run.memory] {
            let (mut tangent, mut adjoint) = (direction.clone(), direction.clone());
            run.linear.tangent_step(memory, 2, &mut tangent).unwrap();
            run.linear.adjoint_step(memory, 2, &mut adjoint).unwrap();
            if *memory == run.memory {
                images.push((tangent, adjoint));
            } else {
                assert!(tangent != images[0].0);
            }
        }
    }
    for image in &images[1..] {
        assert!(*image == images[0]);
    }
}

#[test]
fn what_has_no_derivative_is_refused() {
    let configuration = Configuration::semi_lagrangian(10, "sigma5".parse().unwrap()).unwrap();
    let model = Primitive::<f64>::new(configuration, Device::Cpu).unwrap();
    let refusal = LinearisedPrimitive::new(model).err().unwrap().to_string();
    assert!(refusal.contains("'time_stepping' is semi-Lagrangian"), "{refusal}");

    let mut run = Run::<f64>::new(dry(configuration_of_few_levels()), false, 0);
    let mut short = run.memory[1..].to_vec();
    let memory = run.memory.clone();
    for outcome in [
        run.linear.step(&mut short, 0),
        run.linear.tangent_step(&memory, 0, &mut short),
        run.linear.adjoint_step(&memory, 0, &mut short),
        run.linear.begin(&memory, &mut short),
    ] {
        assert!(outcome.unwrap_err().to_string().contains("expected"));
    }
}

fn configuration_of_few_levels() -> Configuration {
    configuration(5, "sigma3")
}
