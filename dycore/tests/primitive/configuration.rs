//! What the model refuses, and in which words.

use terrella_dycore::primitive::{Configuration, HeldSuarez, Primitive, Sponge};
use terrella_dycore::time_stepping::{Diffusion, DiffusionStrength, Filter};
use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::physics::held_suarez::Forcing;

fn base() -> Configuration {
    Configuration::new(10, "sigma5".parse().unwrap()).unwrap()
}

fn message(change: impl Fn(&mut Configuration)) -> String {
    let mut configuration = base();
    change(&mut configuration);
    match Primitive::<f64>::new(configuration, Device::Cpu) {
        Ok(_) => panic!("accepted"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn settings_out_of_range_are_named() {
    assert_eq!(
        message(|c| c.time_step = 0.0),
        "Configuration 'time_step' is 0: expected a finite number above 0."
    );
    assert_eq!(
        message(|c| c.reference_temperature = f64::NAN),
        "Configuration 'reference_temperature' is NaN: expected a finite number above 0."
    );
    assert_eq!(
        message(|c| c.reference_surface_pressure = 1_000.0),
        "Configuration 'reference_surface_pressure' is 1000: expected a surface pressure of 20,000 to 120,000 Pa."
    );
    assert_eq!(
        message(|c| c.heat_capacity = 200.0),
        format!("Configuration 'gas_constant' is {}: expected less than heat_capacity.", base().gas_constant)
    );
    assert!(message(|c| c.rotation = f64::INFINITY).starts_with("Configuration 'rotation' is inf"));
    assert!(message(|c| c.implicit_weight = 0.4).starts_with("Configuration 'implicit_weight' is 0.4"));
    assert!(
        message(|c| c.filter = Filter { strength: 2.0, centring: 1.0 }).contains("'filter.strength' is 2")
    );
    let diffusion = Diffusion { order: 0, strength: DiffusionStrength::Coefficient(1.0) };
    assert!(message(|c| c.diffusion = Some(diffusion)).contains("'diffusion.order' is 0"));
    assert!(message(|c| c.divergence_damping = Some(diffusion)).contains("'diffusion.order' is 0"));
    assert!(message(|c| c.sponge = Some(Sponge { time: -1.0, depth: 10.0 })).contains("'sponge.time' is -1"));
    assert!(message(|c| c.sponge = Some(Sponge { time: 1.0, depth: 1.0 })).contains("'sponge.depth' is 1"));
    assert!(message(|c| c.grid = "H16".parse().unwrap()).contains("'grid' is H16"));
    assert!(message(|c| c.truncation = 99).contains("99"), "{}", message(|c| c.truncation = 99));
}

#[test]
fn fields_of_the_wrong_size_or_without_sense_are_refused() {
    let mut model = Primitive::<f64>::new(base(), Device::Cpu).unwrap();
    let points = model.configuration().grid.points();
    let buffer = |len: usize, value: f64| Buffer::from_slice(Device::Cpu, &vec![value; len]).unwrap();
    let (wind, temperature, none) = (buffer(5 * points, 0.0), buffer(5 * points, 280.0), buffer(0, 0.0));
    let mut refused = |pressure: Buffer<f64>, tracers: &Buffer<f64>| {
        model.set_from_grid(&wind, &wind, &temperature, &pressure, tracers).unwrap_err().to_string()
    };
    assert_eq!(
        refused(buffer(points - 1, 1e5), &none),
        format!("'surface_pressure': expected {points} values, got {}.", points - 1)
    );
    assert_eq!(
        refused(buffer(points, f64::NAN), &none),
        "Field 'surface_pressure' is NaN at index 0: expected finite values."
    );
    assert_eq!(
        refused(buffer(points, -1.0), &none),
        "Configuration 'surface_pressure' is -1 Pa at point 0: expected a pressure above 0 Pa."
    );
    assert_eq!(
        refused(buffer(points, 1e5), &wind),
        format!("'tracers': expected 0 values, got {}.", 5 * points)
    );
    assert!(
        model.set_orography(&buffer(3, 0.0)).unwrap_err().to_string().starts_with("'orography': expected")
    );
}

#[test]
fn a_runaway_wind_is_reported_with_its_place() {
    let mut configuration = base();
    configuration.wind_limit = 30.0;
    let mut model = Primitive::<f64>::new(configuration, Device::Cpu).unwrap();
    let points = model.configuration().grid.points();
    let buffer = |value: f64, len: usize| Buffer::from_slice(Device::Cpu, &vec![value; len]).unwrap();
    let mut eastward = Vec::new();
    for level in 0..5 {
        for ring in model.configuration().grid.rings() {
            let speed = if level == 2 { 50.0 } else { 5.0 } * ring.cosine_latitude;
            eastward.extend(std::iter::repeat_n(speed, ring.points));
        }
    }
    let u = Buffer::from_slice(Device::Cpu, &eastward).unwrap();
    model
        .set_from_grid(
            &u,
            &buffer(0.0, 5 * points),
            &buffer(280.0, 5 * points),
            &buffer(1e5, points),
            &buffer(0.0, 0),
        )
        .unwrap();
    let text = model.step().unwrap_err().to_string();
    assert!(text.starts_with("Step 0 (t = 0 s): 'eastward wind' is "), "{text}");
    assert!(text.contains("at level 3, latitude ") && text.contains("expected at most 30 m/s"), "{text}");
}

#[test]
fn forcing_out_of_range_is_refused() {
    let grid = base().grid;
    let text = |forcing| HeldSuarez::<f32>::new(forcing, &grid, Device::Cpu).unwrap_err().to_string();
    assert!(text(Forcing { friction: -1.0, ..Forcing::default() }).contains("'friction' is -1"));
    assert!(text(Forcing { boundary_layer: 1.0, ..Forcing::default() }).contains("'boundary_layer' is 1"));
    assert!(
        text(Forcing { reference_pressure: 0.0, ..Forcing::default() }).contains("'reference_pressure' is 0")
    );
    assert!(text(Forcing { kappa: f64::NAN, ..Forcing::default() }).contains("'kappa' is NaN"));
}
