//! Bad settings and bad fields are refused by name; a run that blows up is stopped with its place.

use crate::common;
use terrella_dycore::Error;
use terrella_dycore::shallow_water::{
    Configuration, RelaxationTimes, ShallowWater, SpectralState, quadratic_grid,
};
use terrella_dycore::time_stepping::{Diffusion, DiffusionStrength, Filter};
use terrella_kernels::device::{Buffer, Device};

fn refusal(change: impl FnOnce(&mut Configuration)) -> String {
    let mut configuration = Configuration::new(21).unwrap();
    change(&mut configuration);
    match ShallowWater::<f64>::new(configuration, Device::Cpu) {
        Ok(_) => panic!("accepted"),
        Err(error) => error.to_string(),
    }
}

type Change = fn(&mut Configuration);

#[test]
fn bad_settings_are_refused_by_name() {
    let cases: [(&str, Change); 12] = [
        ("'time_step' is 0", |c| c.time_step = 0.0),
        ("'time_step' is -60", |c| c.time_step = -60.0),
        ("'time_step' is NaN", |c| c.time_step = f64::NAN),
        ("'mean_geopotential' is -1", |c| c.mean_geopotential = -1.0),
        ("'mean_geopotential' is inf", |c| c.mean_geopotential = f64::INFINITY),
        ("'radius' is 0", |c| c.radius = 0.0),
        ("'gravity' is 0", |c| c.gravity = 0.0),
        ("'rotation' is NaN", |c| c.rotation = f64::NAN),
        ("'implicit_weight' is 0.4", |c| c.implicit_weight = 0.4),
        ("'grid' is H32", |c| c.grid = "H32".parse().unwrap()),
        ("'filter.strength' is 1.5", |c| c.filter = Filter { strength: 1.5, centring: 0.53 }),
        ("'diffusion.order' is 0", |c| {
            c.diffusion = Some(Diffusion { order: 0, strength: DiffusionStrength::Coefficient(1.0) });
        }),
    ];
    for (expected, change) in cases {
        let message = refusal(change);
        assert!(message.contains(expected), "{message:?} does not contain {expected:?}");
    }
}

#[test]
fn a_truncation_that_the_grid_cannot_carry_is_refused() {
    let message = refusal(|configuration| configuration.grid = "F8".parse().unwrap());
    assert!(message.contains("21"), "{message}");
}

#[test]
fn quadratic_grids_are_those_of_the_field() {
    for (truncation, name) in
        [(21, "F16"), (42, "F32"), (63, "F48"), (85, "F64"), (106, "F80"), (170, "F128"), (213, "F160")]
    {
        let expected = name.parse::<terrella_kernels::grid::Grid>().unwrap();
        assert_eq!(quadratic_grid(truncation).unwrap().points(), expected.points(), "T{truncation}");
    }
}

#[test]
fn fields_with_nan_or_of_another_length_are_refused_by_name() {
    let configuration = Configuration::new(21).unwrap();
    let points = configuration.grid.points();
    let mut model = ShallowWater::<f64>::new(configuration, Device::Cpu).unwrap();
    let rest = Buffer::zeros(Device::Cpu, points).unwrap();
    let mut depth = vec![5.0e4; points];
    depth[17] = f64::NAN;
    let depth = Buffer::from_slice(Device::Cpu, &depth).unwrap();
    let message = model.set_from_wind_and_geopotential(&rest, &rest, &depth).unwrap_err().to_string();
    assert_eq!(message, "Field 'geopotential' is NaN at index 17: expected finite values.");

    let short = Buffer::zeros(Device::Cpu, points - 1).unwrap();
    let message = model.set_from_wind_and_geopotential(&rest, &short, &rest).unwrap_err().to_string();
    assert_eq!(message, format!("'v': expected {points} values, got {}.", points - 1));

    let reference = SpectralState::zeros(Device::Cpu, 2 * model.coefficients()).unwrap();
    let times = RelaxationTimes { vorticity: Some(0.0), ..RelaxationTimes::default() };
    let message = model.set_relaxation(reference, times).unwrap_err().to_string();
    assert!(message.contains("'relaxation.vorticity' is 0"), "{message}");
}

/// Ten times the stable time step: the watch stops the run and says where.
#[test]
fn a_run_that_blows_up_is_stopped_with_step_field_and_place() {
    let mut configuration = Configuration::new(21).unwrap();
    configuration.time_step *= 20.0;
    configuration.diffusion = None;
    configuration.watch_interval = 1;
    let mut model = common::model::<f64>(
        configuration,
        |longitude, latitude| {
            (60.0 * latitude.cos() + 20.0 * (5.0 * longitude).sin() * latitude.cos().powi(5), 0.0)
        },
        |_, latitude| 5_500.0 - 1_500.0 * latitude.sin().powi(2),
    );
    let outcome = model.run::<Error>(500, |_| Ok(()));
    match outcome {
        Err(Error::Unstable { field, step, time, latitude, longitude, .. }) => {
            assert_eq!(field, "wind speed");
            assert!(step > 0 && time > 0.0);
            assert!((-90.0..=90.0).contains(&latitude) && (0.0..360.0).contains(&longitude));
        }
        other => panic!("expected an unstable run, got {other:?}"),
    }
}
