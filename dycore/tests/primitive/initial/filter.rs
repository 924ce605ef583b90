//! The digital filter.

use terrella_dycore::primitive::initial::{Height, InitialState, Noise, Settings, filter_state};
use terrella_dycore::primitive::{Configuration, Primitive, SemiLagrangian, TimeStepping};
use terrella_kernels::device::Device;
use terrella_kernels::vertical::HybridLevels;

use super::{R, analysis, configuration, dry, on_levels, on_points};

#[test]
fn the_digital_filter_takes_noise_out_and_leaves_the_flow() {
    let leapfrog = Configuration { levels: HybridLevels::sigma(6).unwrap(), ..configuration() };
    let semi_lagrangian = Configuration {
        reference_temperature: 350.0,
        time_step: 2.0 * leapfrog.time_step,
        time_stepping: TimeStepping::SemiLagrangian(SemiLagrangian::default()),
        ..leapfrog.clone()
    };
    for settings in [leapfrog, semi_lagrangian] {
        assert_filters(&settings);
    }
}

fn assert_filters(settings: &Configuration) {
    let mut disturbed = dry(analysis());
    // A rotation of 20 m/s in balance in an isothermal atmosphere, and a pressure wave of some three hours that nothing balances.
    let (speed, isothermal) = (20.0, 260.0);
    let pole = (settings.radius * settings.rotation * speed + 0.5 * speed * speed) / (R * isothermal);
    let grid = disturbed.grid.clone();
    disturbed.u = on_levels(&grid, |_, latitude, _| speed * latitude.to_radians().cos());
    disturbed.temperature.values.fill(isothermal);
    disturbed.orography = Some((Height::Height, vec![0.0; grid.points()]));
    disturbed.geopotential = None;
    let surface = |wave: f64| {
        on_points(&grid, move |latitude, longitude| {
            let latitude = latitude.to_radians();
            let disturbance = wave * latitude.cos().powi(12) * (12.0 * longitude).to_radians().sin();
            100_000.0 * (-pole * latitude.sin().powi(2) + disturbance).exp()
        })
    };
    disturbed.surface_pressure = Some(surface(2e-3));
    let state = InitialState::from_analysis(&disturbed, settings, &Settings::default()).unwrap();
    let started = || {
        let mut model = Primitive::<f64>::new(settings.clone(), Device::Cpu).unwrap();
        state.set_on(&mut model).unwrap();
        model
    };
    let mut model = started();
    let filter = |each_step: &mut dyn FnMut() -> terrella_dycore::Result<()>| {
        filter_state(started(), 6.0 * 3600.0, each_step)
    };
    let filtered = filter(&mut || Ok(())).unwrap();
    let stopped =
        filter(&mut || Err(terrella_dycore::Error::NotFinite { field: "stop", value: 0.0, index: 0 }));
    assert!(stopped.unwrap_err().to_string().contains("stop"));
    let noise = |model: &mut Primitive<f64>| {
        let mut noise = Noise::new(settings).unwrap();
        assert_eq!(noise.observe(model).unwrap(), None);
        let mut sum = 0.0;
        for _ in 0..4 {
            model.step().unwrap();
            sum += 36.0 * noise.observe(model).unwrap().unwrap();
        }
        sum / 4.0
    };
    let before = model.diagnostics().unwrap();
    let raw = noise(&mut model);
    model.set_state(&filtered).unwrap();
    let after = model.diagnostics().unwrap();
    let calm = noise(&mut model);
    println!(
        "{:?}: mean |dp_s/dt| {raw:.3} hPa/h, filtered {calm:.3} hPa/h; wind {} and {} m/s",
        settings.time_stepping, before.maximum_wind, after.maximum_wind
    );
    assert!(calm < 0.5 * raw, "{raw} {calm}");
    assert!((after.maximum_wind / before.maximum_wind - 1.0).abs() < 0.1);
    assert!((after.surface_pressure / before.surface_pressure - 1.0).abs() < 1e-4);
}
