//! Integrals of the inviscid and of the damped model.

use crate::common;
use terrella_dycore::shallow_water::Configuration;
use terrella_dycore::time_stepping::Filter;
use terrella_kernels::Real;

fn mass_and_energy_change<R: Real>(steps: u32) -> (f64, f64) {
    let mut model = common::wavy::<R>();
    let start = model.diagnostics().unwrap();
    for _ in 0..steps {
        model.step().unwrap();
    }
    let end = model.diagnostics().unwrap();
    ((end.mass - start.mass) / start.mass, (end.total_energy - start.total_energy) / start.total_energy)
}

#[test]
fn mass_is_conserved_to_round_off() {
    let (mass, _) = mass_and_energy_change::<f64>(100);
    assert!(mass.abs() < 1e-14, "{mass:e}");
    let (mass, _) = mass_and_energy_change::<f32>(100);
    assert!(mass.abs() < 1e-6, "{mass:e}");
}

/// The mean of the spectrum is not only nearly but exactly what it was.
#[test]
fn the_mean_coefficient_keeps_its_bits() {
    let mut model = common::wavy::<f64>();
    let mean = model.spectral_state().geopotential.to_vec().unwrap()[0];
    for _ in 0..50 {
        model.step().unwrap();
    }
    assert_eq!(model.spectral_state().geopotential.to_vec().unwrap()[0].to_bits(), mean.to_bits());
}

#[test]
fn energy_drifts_little_and_is_lost_to_diffusion() {
    let (_, energy) = mass_and_energy_change::<f64>(200);
    assert!((-1e-3..1e-6).contains(&energy), "{energy:e}");
}

/// Without orography and damping the equations conserve both; what remains is the scheme's error, of second order in Δt.
#[test]
fn energy_and_angular_momentum_converge_to_conservation() {
    let change = |refinement: u32| {
        let configuration =
            Configuration { diffusion: None, filter: Filter::NONE, ..Configuration::new(21).unwrap() };
        let time_step = configuration.time_step / f64::from(refinement);
        let configuration = Configuration { time_step, ..configuration };
        let mut model = common::model::<f64>(configuration, common::wavy_wind, common::wavy_depth);
        let start = model.diagnostics().unwrap();
        for _ in 0..50 * refinement {
            model.step().unwrap();
        }
        let end = model.diagnostics().unwrap();
        [
            ((end.total_energy - start.total_energy) / start.total_energy).abs(),
            ((end.angular_momentum - start.angular_momentum) / start.angular_momentum).abs(),
        ]
    };
    let (coarse, fine) = (change(1), change(4));
    for (coarse, fine) in coarse.into_iter().zip(fine) {
        let order = (coarse / fine).log2() / 2.0;
        assert!(coarse < 1e-3 && (1.7..2.4).contains(&order), "{coarse:e} and {fine:e}: order {order}");
    }
}
