//! The semi-Lagrangian scheme across ranks has the bits of one, wherever its parcels come from.

use crate::common::{Column, Fields, filled};
use crate::on_ranks::{
    Physics, all_stop_at_the_same_place, every_number_of_ranks, expect_volume, others_continue,
};
use terrella_coupling::communicator::Communicator;
use terrella_dycore::primitive::{Configuration, Primitive, SemiLagrangian, SpectralState, TimeStepping};
use terrella_kernels::Real;
use terrella_kernels::device::Device;

/// T15 in 12 pairs of rings on 5 levels, with a humid and a passive tracer.
pub(crate) fn configuration() -> Configuration {
    Configuration {
        grid: "O12".parse().unwrap(),
        moist: true,
        passive_tracers: 1,
        time_step: 1800.0,
        watch_interval: 2,
        ..Configuration::semi_lagrangian(15, "sigma5".parse().unwrap()).unwrap()
    }
}

#[test]
fn dynamics_have_the_same_bits() {
    every_number_of_ranks::<f64>(configuration(), Physics::None);
    every_number_of_ranks::<f32>(configuration(), Physics::None);
}

#[test]
fn held_suarez_has_the_same_bits() {
    every_number_of_ranks::<f64>(configuration(), Physics::HeldSuarez);
    every_number_of_ranks::<f32>(configuration(), Physics::HeldSuarez);
}

#[test]
fn moist_physics_has_the_same_bits() {
    every_number_of_ranks::<f64>(configuration(), Physics::Moist);
    every_number_of_ranks::<f32>(configuration(), Physics::Moist);
}

#[test]
fn ranks_continue_what_others_began() {
    others_continue(configuration());
}

#[test]
fn all_ranks_stop_at_the_same_place() {
    all_stop_at_the_same_place(configuration());
}

/// A small sphere whose air flows over both poles: T31 in 24 pairs of rings, half a radian a step.
fn small(tracers: usize, scheme: SemiLagrangian) -> Configuration {
    let earth = Configuration::semi_lagrangian(31, "sigma5".parse().unwrap()).unwrap();
    Configuration {
        grid: "O24".parse().unwrap(),
        radius: earth.radius / 32.0,
        rotation: 0.0,
        time_step: 1800.0,
        passive_tracers: tracers,
        diffusion: None,
        watch_interval: 2,
        time_stepping: TimeStepping::SemiLagrangian(scheme),
        ..earth
    }
}

/// Solid rotation about an axis through the equator, 60 m/s at its own, in balance; with a wave.
fn over_the_poles<R: Real>(model: Primitive<R>) -> Primitive<R> {
    let tracers = model.configuration().tracers();
    let slope = 0.5 * 60.0 * 60.0 / (model.configuration().gas_constant * 280.0);
    let tracer: Column = &|sigma, longitude, latitude| sigma + latitude.cos() * longitude.sin();
    filled(
        model,
        &Fields {
            u: &|_, longitude, latitude| -60.0 * latitude.sin() * longitude.cos(),
            v: &|_, longitude, _| 60.0 * longitude.sin(),
            temperature: &|_, longitude, latitude| 280.0 + latitude.cos() * longitude.cos(),
            // The axis points to 0°E.
            surface_pressure: &|longitude, latitude| {
                100_000.0 * (-slope * (latitude.cos() * longitude.cos()).powi(2)).exp()
            },
            ground: &|_, _| 0.0,
            tracers: &[tracer, tracer][..tracers],
        },
    )
}

fn strong_wind<R: Real>(configuration: &Configuration) {
    let run = |model: Primitive<R>| {
        let mut model = over_the_poles(model);
        model.run::<terrella_dycore::Error>(3, |_| Ok(())).unwrap();
        model
    };
    let expected = run(Primitive::new(configuration.clone(), Device::Cpu).unwrap()).grid_state().unwrap();
    for size in [2, 3, 4, 7, 8] {
        let states = Communicator::threads(size, |ranks| {
            let mut model = run(Primitive::new_on(configuration.clone(), &ranks).unwrap());
            // Farther than the next rank but one of eight with three pairs each.
            assert!((8..16).contains(&model.halo_depth()), "{}", model.halo_depth());
            let state = model.whole_grid_state().unwrap();
            expect_volume(&ranks, &mut model);
            state
        });
        assert!(states[0].as_ref() == Some(&expected), "{size} ranks");
    }
}

#[test]
fn parcels_come_from_far_and_over_poles() {
    strong_wind::<f64>(&small(2, SemiLagrangian::default()));
    strong_wind::<f32>(&small(2, SemiLagrangian::default()));
    let limited = SemiLagrangian {
        iterations: 4,
        quasi_monotone_wind: true,
        quasi_monotone_temperature: true,
        quasi_monotone_tracers: false,
        conserve_tracers: false,
        ..SemiLagrangian::default()
    };
    strong_wind::<f64>(&small(1, limited));
    strong_wind::<f64>(&small(0, SemiLagrangian::default()));
}

#[test]
fn halos_follow_the_wind() {
    // 0.0646 rad from ring to ring; 0.00904 rad for each m/s.
    let depths = [0.0, 5.0, 30.0, 60.0, 200.0, f64::INFINITY, f64::NAN];
    let depths = depths.map(|wind| small(0, SemiLagrangian::default()).halo_depth(wind));
    assert_eq!(depths, [2, 2, 6, 10, 47, 47, 47]);
    assert_eq!(Configuration::new(15, "sigma5".parse().unwrap()).unwrap().halo_depth(300.0), 0);
    // A faster wind of the same model: the halo grows, and shrinks again with the wind.
    let found = Communicator::threads(4, |ranks| {
        let configuration = small(0, SemiLagrangian::default());
        let mut model = over_the_poles(Primitive::<f64>::new_on(configuration, &ranks).unwrap());
        let at_rest = model.halo_depth();
        model.step().unwrap();
        let fast = model.halo_depth();
        let mut calm = SpectralState::zeros(Device::Cpu, 2 * model.coefficients(), 5, 0).unwrap();
        calm.log_surface_pressure.copy_from(&model.spectral_state().log_surface_pressure).unwrap();
        model.set_state(&calm).unwrap();
        model.step().unwrap();
        [at_rest, fast, model.halo_depth()]
    });
    assert!(found.iter().all(|depths| depths[0] == 2 && depths[1] > 7 && depths[2] == 2), "{found:?}");
}
