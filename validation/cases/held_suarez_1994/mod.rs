//! Held & Suarez (1994): A proposal for the intercomparison of the dynamical cores of atmospheric general circulation models,
//! *Bull. Amer. Meteor. Soc.* 75, 1825–1830, doi:10.1175/1520-0477(1994)075<1825:APFTIO>2.0.CO;2.
//!
//! A dry climate over flat ground: relaxation to a prescribed temperature, friction near the ground, and the circulation that
//! follows, averaged over 1,000 days after a spin-up of 200.

mod climate;

use terrella_dycore::primitive::{Configuration, HeldSuarez, Primitive};
use terrella_kernels::Real;
use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::physics::held_suarez::Forcing;

use crate::fields::on_grid;
use crate::{Case, Measurement, Options, Result};
use climate::Climate;

/// The case.
pub const CASE: Case = Case {
    name: "held-suarez",
    title: "Dry climate of Held and Suarez, 1,200 days",
    source: "Held & Suarez (1994), Bull. Amer. Meteor. Soc. 75, 1825–1830",
    truncations: &[42],
    quick_truncations: &[10],
    run,
};

const DAY: f64 = 86_400.0;

/// The paper's constants: a = 6.371e6 m, Ω = 7.292e-5 s⁻¹, g = 9.8 m s⁻², κ = 2/7, c_p = 1004 J kg⁻¹ K⁻¹; L layers of equal
/// thickness in σ, ∇⁸ diffusion with an e-folding time of 0.1 day at the smallest scale.
pub fn model<R: Real>(
    truncation: usize,
    levels: usize,
    time_step: f64,
    device: Device,
) -> Result<Primitive<R>> {
    let mut configuration = Configuration::new(truncation, format!("sigma{levels}").parse()?)?;
    configuration.radius = 6.371e6;
    configuration.rotation = 7.292e-5;
    configuration.gravity = 9.8;
    configuration.heat_capacity = 1004.0;
    configuration.gas_constant = 1004.0 * 2.0 / 7.0;
    configuration.time_step = time_step;
    let grid = configuration.grid.clone();
    let mut model = Primitive::new(configuration, device)?;
    model.add_physics(Box::new(HeldSuarez::new(Forcing::default(), &grid, device)?))?;

    // Rest at 280 K, with a ripple of temperature that breaks the symmetry about axis and equator.
    let ripple = on_grid::<R>(&grid, |longitude, latitude| {
        280.0
            + 0.1
                * latitude.cos()
                * ((longitude + latitude).sin() + (3.0 * longitude).cos() + (5.0 * longitude + 1.0).sin())
    });
    let buffer = |values: &[R]| Buffer::from_slice(device, values);
    let rest = vec![R::ZERO; levels * grid.points()];
    let pressure = on_grid::<R>(&grid, |_, _| 100_000.0);
    model.set_from_grid(
        &buffer(&rest)?,
        &buffer(&rest)?,
        &buffer(&ripple.repeat(levels))?,
        &buffer(&pressure)?,
        &buffer(&[])?,
    )?;
    Ok(model)
}

fn run(options: &Options) -> Result<Vec<Measurement>> {
    let mut measurements = Vec::new();
    for &truncation in &options.truncations {
        let is_quick = truncation < 21;
        let (spin_up, days) = if is_quick { (10, 20) } else { (200, 1_200) };
        let steps_per_day = (DAY * truncation.max(21) as f64 / 51_000.0).ceil() as u64;
        let mut model = model::<f32>(truncation, 20, DAY / steps_per_day as f64, options.device)?;
        let start = model.diagnostics()?;
        let mut climate = Climate::new(&model);
        let mut settled = start.total_energy;
        for day in 0..days {
            if day == spin_up {
                settled = model.diagnostics()?.total_energy;
            }
            for _ in 0..steps_per_day {
                model.step()?;
            }
            if day >= spin_up {
                climate.add(&model.grid_state()?);
            }
        }
        let end = model.diagnostics()?;
        let setting = format!("T{truncation} L20 f32, days {spin_up} to {days}");
        measurements.push(Measurement::at_most(
            "relative change of mass",
            &setting,
            (end.surface_pressure / start.surface_pressure - 1.0).abs(),
            1e-6,
            "held to round-off of single precision",
        ));
        measurements.push(Measurement::at_most(
            "relative change of total energy",
            &setting,
            (end.total_energy / settled - 1.0).abs(),
            if is_quick { 0.05 } else { 5e-3 },
            "forcing and eddies balance: what is left is the weather of two days, and no drift",
        ));
        measurements.extend(climate.measurements(&setting, is_quick));
    }
    Ok(measurements)
}
