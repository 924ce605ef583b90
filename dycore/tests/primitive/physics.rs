//! Moist physics: budgets and signs of the schemes together, runs, restarts, refusals, the same bits on every device.

use crate::common::{Fields, in_columns, model, on_grid};
use terrella_dycore::Error;
use terrella_dycore::primitive::{
    BoundaryLayer, ColumnPhysics, Columns, Configuration, Convection, GreyAtmosphere, GreyRadiation,
    GroundKind, LargeScaleCondensation, Mixing, MoistPhysics, Primitive, SimpleSurfaceFluxes, Sunlight,
    SurfaceFluxes, Tendencies,
};
use terrella_kernels::Real;
use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::vertical::LayerTables;

const LATENT_HEAT: f64 = 2.5e6;

fn configuration() -> Configuration {
    let mut configuration = Configuration::new(21, "L19".parse().unwrap()).unwrap();
    configuration.moist = true;
    configuration.passive_tracers = 1;
    configuration.time_step = 1200.0;
    configuration
}

fn warm(sigma: f64, latitude: f64) -> f64 {
    ((303.0 - 35.0 * latitude.sin().powi(2)) * sigma.powf(0.19)).max(205.0)
}

fn humid(sigma: f64, longitude: f64, latitude: f64) -> f64 {
    let temperature = warm(sigma, latitude);
    let vapour = 611.0 * (17.27 * (temperature - 273.16) / (temperature - 36.0)).exp();
    let relative = (0.7 + 0.5 * (3.0 * longitude).sin() * latitude.cos()) * sigma;
    relative * 0.622 * vapour / (sigma * 1e5)
}

fn sea<R: Real>(configuration: &Configuration) -> Vec<R> {
    on_grid(&configuration.grid, &|longitude, latitude| {
        302.0 - 30.0 * latitude.sin().powi(2) + (2.0 * longitude).sin()
    })
}

fn land<R: Real>(configuration: &Configuration) -> Vec<R> {
    on_grid(&configuration.grid, &|longitude, latitude| f64::from(longitude.sin() * latitude.cos() > 0.3))
}

/// Convection, condensation, radiation, surface and boundary layer.
fn everything<R: Real>(configuration: &Configuration, device: Device) -> MoistPhysics<R> {
    let (grid, albedo) = (&configuration.grid, vec![R::from_f64(0.3); configuration.grid.points()]);
    let atmosphere = GreyAtmosphere {
        short_wave: 0.2,
        sunlight: Sunlight::Diurnal { start: 80.0 },
        ..GreyAtmosphere::default()
    };
    MoistPhysics::new(configuration, LATENT_HEAT, &sea::<R>(configuration), device)
        .unwrap()
        .with(Convection::new(grid, device).unwrap())
        .with(LargeScaleCondensation::new(2, grid, device).unwrap())
        .with(GreyRadiation::new(atmosphere, &albedo, configuration, device).unwrap())
        .with(
            SurfaceFluxes::new(
                &land::<R>(configuration),
                GroundKind::LAND,
                GroundKind::SEA,
                configuration,
                device,
            )
            .unwrap(),
        )
        .with(BoundaryLayer::new(Mixing::Enthalpy, configuration, device).unwrap())
}

/// Columns, tendencies so far, and what the physics makes of them.
struct Call<R: Real> {
    humidity: Vec<R>,
    temperature: Vec<R>,
    surface_pressure: Vec<R>,
    before: Tendencies<R>,
    after: Tendencies<R>,
    interval: f64,
}

fn tendencies<R: Real>(configuration: &Configuration, device: Device, value: f64) -> Tendencies<R> {
    let field = |count: usize| {
        let values: Vec<R> =
            (0..count).map(|index| R::from_f64(value * ((index % 17) as f64 - 8.0))).collect();
        Buffer::from_slice(device, &values).unwrap()
    };
    let count = configuration.levels.count() * configuration.grid.points();
    Tendencies { u: field(count), v: field(count), temperature: field(count), tracers: field(2 * count) }
}

fn call<R: Real>(
    configuration: &Configuration,
    device: Device,
    physics: &mut MoistPhysics<R>,
    so_far: f64,
) -> Call<R> {
    call_with(configuration, device, physics, so_far, &|_, _, _| ())
}

/// What may be changed: temperature, tracers and u.
type Change<'a, R> = &'a dyn Fn(&mut [R], &mut [R], &mut [R]);

/// The same with other fields.
fn call_with<R: Real>(
    configuration: &Configuration,
    device: Device,
    physics: &mut MoistPhysics<R>,
    so_far: f64,
    change: Change<'_, R>,
) -> Call<R> {
    let points = configuration.grid.points();
    let levels = configuration.levels.count();
    let buffer = |values: &[R]| Buffer::from_slice(device, values).unwrap();
    let mut temperature: Vec<R> =
        in_columns(configuration, &|sigma, _, latitude| warm(sigma, latitude) - 300.0);
    let mut u: Vec<R> =
        in_columns(configuration, &|sigma, longitude, _| 25.0 * (longitude + 5.0 * sigma).sin());
    let v: Vec<R> = in_columns(configuration, &|sigma, longitude, _| 12.0 * (2.0 * longitude - sigma).cos());
    let mut tracers: Vec<R> = in_columns(configuration, &humid);
    tracers.extend(in_columns::<R>(configuration, &|sigma, _, _| sigma));
    let surface_pressure: Vec<R> =
        on_grid(&configuration.grid, &|longitude, _| 1e5 - 2e4 * (longitude * 0.5).sin());
    change(&mut temperature, &mut tracers, &mut u);
    let before = tendencies(configuration, device, so_far);
    let mut after = tendencies(configuration, device, 0.5);
    let layers = LayerTables::new(&configuration.levels, device).unwrap();
    let interval = 2.0 * configuration.time_step;
    physics
        .add_tendencies(
            &Columns {
                points: configuration.grid.points(),
                levels: &configuration.levels,
                layers: &layers,
                interval,
                time: 30_000.0,
                time_step: configuration.time_step,
                u: &buffer(&u),
                v: &buffer(&v),
                temperature: &buffer(&temperature),
                reference_temperature: &buffer(&vec![R::from_f64(300.0); levels]),
                tracers: &buffer(&tracers),
                surface_pressure: &buffer(&surface_pressure),
                geopotential: None,
                reference_geopotential: &buffer(&vec![R::ZERO; levels]),
            },
            &before,
            &mut after,
        )
        .unwrap();
    tracers.truncate(levels * points);
    Call { humidity: tracers, temperature, surface_pressure, before, after, interval }
}

/// Σ Δp/g·value over a column.
fn integral<R: Real>(configuration: &Configuration, surface: R, value: impl Fn(usize) -> f64) -> f64 {
    let half = configuration.levels.half_level_pressure(surface.to_f64());
    (0..configuration.levels.count())
        .map(|level| (half[level + 1] - half[level]) / configuration.gravity * value(level))
        .sum()
}

fn diagnostic<R: Real>(physics: &MoistPhysics<R>, name: &str) -> Vec<f64> {
    let all = physics.diagnostics();
    let found =
        all.iter().find(|diagnostic| diagnostic.name == name).unwrap_or_else(|| panic!("no '{name}'"));
    found.values.to_vec().unwrap().into_iter().map(R::to_f64).collect()
}

fn budgets_close<R: Real>(tolerance: f64) {
    let configuration = configuration();
    let points = configuration.grid.points();
    let mut physics = everything::<R>(&configuration, Device::Cpu);
    let call = call(&configuration, Device::Cpu, &mut physics, 0.0);
    let (warming, moistening) =
        (call.after.temperature.to_vec().unwrap(), call.after.tracers.to_vec().unwrap());
    let named = |name| diagnostic(&physics, name);
    let [convective, stratiform, evaporation, sensible] = [
        "convective_precipitation_flux",
        "stratiform_precipitation_flux",
        "water_evapotranspiration_flux",
        "surface_upward_sensible_heat_flux",
    ]
    .map(named);
    let [sun, reflected, outgoing, net] = [
        "toa_incoming_shortwave_flux",
        "toa_outgoing_shortwave_flux",
        "toa_outgoing_longwave_flux",
        "surface_net_downward_radiative_flux",
    ]
    .map(named);
    let column_water = named("atmosphere_mass_content_of_water_vapor");
    let (mut convecting, mut raining) = (0, 0);
    for point in 0..points {
        let surface = call.surface_pressure[point];
        let rate = |values: &[R], level: usize| values[level * points + point].to_f64();
        let water = integral(&configuration, surface, |level| rate(&moistening, level));
        let amount = integral(&configuration, surface, |level| rate(&call.humidity, level));
        let expected = evaporation[point] - convective[point] - stratiform[point];
        let scale = amount / call.interval;
        assert!((water - expected).abs() <= tolerance * scale, "point {point}: {water}, {expected} kg/m2/s");
        let later = amount + call.interval * water;
        assert!((column_water[point] - later).abs() <= tolerance * amount);

        let heat =
            configuration.heat_capacity * integral(&configuration, surface, |level| rate(&warming, level));
        let radiation = sun[point] - reflected[point] - outgoing[point] - net[point];
        let expected = radiation + sensible[point] + LATENT_HEAT * evaporation[point];
        let kept = integral(&configuration, surface, |level| rate(&call.temperature, level).abs());
        let scale = LATENT_HEAT * scale + configuration.heat_capacity * kept / call.interval;
        let gain = heat + LATENT_HEAT * water;
        assert!((gain - expected).abs() <= tolerance * scale, "point {point}: {gain}, {expected} W/m2");
        convecting += usize::from(convective[point] > 0.0);
        raining += usize::from(stratiform[point] > 0.0);
        assert!(convective[point] >= 0.0 && stratiform[point] >= 0.0);
    }
    assert!(
        convecting > 20 && raining > 20,
        "{convecting} points with convective, {raining} with other rain"
    );

    let interval = R::from_f64(call.interval);
    for (humidity, rate) in call.humidity.iter().zip(&moistening) {
        assert!(*humidity + interval * *rate >= R::ZERO);
    }
    // The passive tracer is left alone.
    let passive = call.humidity.len();
    assert!(moistening[passive..] == call.before.tracers.to_vec().unwrap()[passive..]);
    // Sums over time add Δt in a step.
    let sum = diagnostic(&physics, "convective_precipitation_amount");
    for (sum, rate) in sum.iter().zip(&convective) {
        assert!((sum - rate * configuration.time_step).abs() <= 1e-6 * sum);
    }
    let from_above = diagnostic(&physics, "accumulated_toa_net_downward_energy");
    let from_below = diagnostic(&physics, "accumulated_surface_upward_energy");
    for point in 0..points {
        let step = configuration.time_step;
        let received = step * (sun[point] - reflected[point] - outgoing[point]);
        let warmed = step * (sensible[point] - net[point]);
        let scale = step * (sun[point] + outgoing[point] + net[point].abs() + sensible[point].abs());
        assert!((from_above[point] - received).abs() <= 1e-6 * scale, "{} {received}", from_above[point]);
        assert!((from_below[point] - warmed).abs() <= 1e-6 * scale, "{} {warmed}", from_below[point]);
    }
}

#[test]
fn budgets_of_all_schemes_together_close_in_double_precision() {
    budgets_close::<f64>(1e-12);
}

#[test]
fn budgets_of_all_schemes_together_close_in_single_precision() {
    budgets_close::<f32>(1e-5);
}

/// Air from dust-dry to far beyond saturation, cold to hot, calm to hurricane, layer by layer.
fn extremes<R: Real>(temperature: &mut [R], tracers: &mut [R], u: &mut [R]) {
    let mut state = 12_345_u64;
    let mut random = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f64 / (1_u64 << 24) as f64
    };
    for (here, kelvin) in temperature.iter_mut().enumerate() {
        *kelvin = R::from_f64(kelvin.to_f64() + 100.0 * (random() - 0.5));
        let factor = [0.0, 1e-8, 1e-3, 1.0, 4.0, 200.0][(random() * 6.0) as usize];
        tracers[here] = R::from_f64((factor * tracers[here].to_f64()).min(0.3));
        u[here] = R::from_f64(100.0 * (2.0 * random() - 1.0) * random().round());
    }
}

fn humidity_stays_positive<R: Real>() {
    let configuration = configuration();
    let interval = R::from_f64(2.0 * configuration.time_step);
    let device = Device::Cpu;
    let simple = MoistPhysics::<R>::simple(&configuration, &sea(&configuration), device).unwrap();
    for mut physics in [everything::<R>(&configuration, device), simple] {
        let call = call_with(&configuration, device, &mut physics, 0.0, &extremes);
        let rates = call.after.tracers.to_vec().unwrap();
        let mut dried = 0;
        for (here, (humidity, rate)) in call.humidity.iter().zip(&rates).enumerate() {
            let later = *humidity + interval * *rate;
            assert!(later >= R::ZERO, "value {here}: {later} from {humidity}");
            dried += usize::from(later < R::from_f64(0.05) * *humidity);
        }
        assert!(dried > 100, "{dried} layers lose most of their vapour");
        let stratiform = diagnostic(&physics, "stratiform_precipitation_flux");
        assert!(stratiform.iter().all(|&rain| rain >= 0.0));
    }
}

#[test]
fn humidity_stays_positive_in_extreme_columns() {
    humidity_stays_positive::<f32>();
    humidity_stays_positive::<f64>();
}

#[test]
fn a_nan_stays_in_its_column() {
    let configuration = configuration();
    let points = configuration.grid.points();
    let device = Device::Cpu;
    let clean = call(&configuration, device, &mut everything::<f32>(&configuration, device), 0.0);
    let broken = call_with(
        &configuration,
        device,
        &mut everything::<f32>(&configuration, device),
        0.0,
        &|temperature, tracers, u| {
            temperature[5 * points + 100] = f32::NAN;
            tracers[17 * points + 200] = f32::NAN;
            u[18 * points + 300] = f32::NAN;
        },
    );
    for (clean, broken) in [
        (&clean.after.u, &broken.after.u),
        (&clean.after.v, &broken.after.v),
        (&clean.after.temperature, &broken.after.temperature),
        (&clean.after.tracers, &broken.after.tracers),
    ] {
        let (clean, broken) = (clean.to_vec().unwrap(), broken.to_vec().unwrap());
        for (here, (clean, broken)) in clean.iter().zip(&broken).enumerate() {
            assert!(clean == broken || [100, 200, 300].contains(&(here % points)), "value {here}");
        }
        assert!(broken.iter().any(|value| value.is_nan()));
    }
}

/// What physics finds is added to what was there.
#[test]
fn tendencies_are_added() {
    let configuration = configuration();
    let run = |so_far| {
        let mut physics = everything::<f64>(&configuration, Device::Cpu);
        call(&configuration, Device::Cpu, &mut physics, so_far)
    };
    let (alone, added) = (run(0.0), run(1e-3));
    for (alone, added, before) in [
        (&alone.after.u, &added.after.u, &added.before.u),
        (&alone.after.v, &added.after.v, &added.before.v),
        (&alone.after.temperature, &added.after.temperature, &added.before.temperature),
        (&alone.after.tracers, &added.after.tracers, &added.before.tracers),
    ] {
        let (alone, added, before) =
            (alone.to_vec().unwrap(), added.to_vec().unwrap(), before.to_vec().unwrap());
        for ((alone, added), before) in alone.iter().zip(&added).zip(&before) {
            assert!((added - alone - before).abs() < 1e-15 + 1e-12 * alone.abs());
        }
    }
}

/// Condensation goes first, so that what is left to the surface is no longer beyond saturation.
#[test]
fn simple_physics_runs_in_the_order_of_the_paper() {
    let configuration = configuration();
    let device = Device::Cpu;
    let mut simple = MoistPhysics::<f64>::simple(&configuration, &sea(&configuration), device).unwrap();
    let mut by_hand = MoistPhysics::new(&configuration, LATENT_HEAT, &sea(&configuration), device)
        .unwrap()
        .with(LargeScaleCondensation::new(1, &configuration.grid, device).unwrap())
        .with(SimpleSurfaceFluxes::default())
        .with(BoundaryLayer::new(Mixing::PotentialTemperature, &configuration, device).unwrap());
    let mut reversed = MoistPhysics::new(&configuration, LATENT_HEAT, &sea(&configuration), device)
        .unwrap()
        .with(SimpleSurfaceFluxes::default())
        .with(LargeScaleCondensation::new(1, &configuration.grid, device).unwrap())
        .with(BoundaryLayer::new(Mixing::PotentialTemperature, &configuration, device).unwrap());
    let [first, second, third] = [&mut simple, &mut by_hand, &mut reversed]
        .map(|physics| call(&configuration, device, physics, 0.0).after.tracers.to_vec().unwrap());
    assert!(first == second && first != third);
}

#[test]
fn all_devices_give_the_same_bits() {
    fn compare<R: Real>(device: Device) {
        let configuration = configuration();
        let run = |device| {
            let mut physics = everything::<R>(&configuration, device);
            let after = call(&configuration, device, &mut physics, 1e-3).after;
            let ground = physics.ground().temperature.to_vec().unwrap();
            [after.u, after.v, after.temperature, after.tracers]
                .map(|field| field.to_vec().unwrap())
                .into_iter()
                .chain([ground])
                .collect::<Vec<Vec<R>>>()
        };
        assert!(run(Device::Cpu) == run(device), "{device}");
    }
    let required = std::env::var("TERRELLA_REQUIRE").unwrap_or_default();
    for device in [Device::Wgpu(0), Device::Cuda(0), Device::Hip(0)] {
        match device.synchronize() {
            Ok(()) => compare::<f32>(device),
            Err(error) => {
                let name = device.to_string();
                let kind = name.split(':').next().unwrap();
                assert!(!required.split(',').any(|name| name.trim() == kind), "{kind} is required: {error}");
                eprintln!("not run: {error}");
            }
        }
    }
}

fn moist_model<R: Real>() -> Primitive<R> {
    let configuration = configuration();
    let physics = everything::<R>(&configuration, Device::Cpu);
    let mut model = model::<R>(
        Device::Cpu,
        configuration,
        &Fields {
            u: &|sigma, _, latitude| 30.0 * latitude.cos().powi(2) * (1.0 - sigma),
            v: &|_, _, _| 0.0,
            temperature: &|sigma, _, latitude| warm(sigma, latitude),
            surface_pressure: &|_, _| 1e5,
            ground: &|_, _| 0.0,
            tracers: &[&humid, &|sigma, _, _| sigma],
        },
    );
    model.add_physics(Box::new(physics)).unwrap();
    model
}

fn global_mean<R: Real>(model: &Primitive<R>, name: &str) -> f64 {
    let values = model.physics_diagnostic(name).unwrap().values.to_vec().unwrap();
    let rings = model.configuration().grid.rings();
    rings
        .iter()
        .map(|ring| {
            let sum: f64 = values[ring.offset..ring.offset + ring.points].iter().map(|v| v.to_f64()).sum();
            ring.weight * sum / ring.points as f64
        })
        .sum()
}

#[test]
fn a_day_of_all_schemes_is_stable_and_rains() {
    let mut model = moist_model::<f32>();
    let mut last = 0.0;
    for _ in 0..6 {
        model.run(12, |_| Ok::<(), Error>(())).unwrap();
        let rain = global_mean(&model, "stratiform_precipitation_amount")
            + global_mean(&model, "convective_precipitation_amount");
        assert!(rain > last, "{rain} kg/m2 after {last}");
        last = rain;
    }
    let vapour = global_mean(&model, "atmosphere_mass_content_of_water_vapor");
    let evaporated = global_mean(&model, "accumulated_evapotranspiration");
    assert!((0.5..40.0).contains(&last), "{last} kg/m2 in a day");
    assert!((5.0..80.0).contains(&vapour), "{vapour} kg/m2 of vapour");
    assert!((0.2..15.0).contains(&evaporated), "{evaporated} kg/m2 evaporated in a day");
    let ground = model.physics_diagnostic("surface_temperature").unwrap().values.to_vec().unwrap();
    let sea: Vec<f32> = sea(model.configuration());
    let land: Vec<f32> = land(model.configuration());
    let mut moved = 0.0_f32;
    for ((now, then), land) in ground.iter().zip(&sea).zip(&land) {
        assert!(*land == 1.0 || now == then, "the sea keeps its temperature");
        assert!((230.0..340.0).contains(now), "{now} K");
        moved = moved.max((now - then).abs());
    }
    assert!(moved > 1.0, "the land follows the sun: {moved} K");
}

#[test]
fn a_restart_with_the_memory_of_physics_is_exact() {
    let mut whole = moist_model::<f32>();
    whole.run(5, |_| Ok::<(), Error>(())).unwrap();
    let (checkpoint, memory) = (whole.checkpoint().unwrap(), whole.physics_memory().unwrap());
    whole.run(4, |_| Ok::<(), Error>(())).unwrap();
    let mut split = moist_model::<f32>();
    split.restore(&checkpoint).unwrap();
    split.restore_physics_memory(&memory).unwrap();
    split.run(4, |_| Ok::<(), Error>(())).unwrap();
    assert!(whole.checkpoint().unwrap() == split.checkpoint().unwrap());
    assert!(whole.physics_memory().unwrap() == split.physics_memory().unwrap());
    assert!(memory.iter().any(|(name, _)| name == "convection: convective_precipitation_amount"));

    let refused = split.restore_physics_memory(&memory[1..]);
    assert!(matches!(refused, Err(Error::CheckpointMismatch { .. })), "{refused:?}");
    let mut short = memory.clone();
    short[0].1.pop();
    assert!(split.restore_physics_memory(&short).is_err());
    assert!(whole.physics_memory().unwrap() == split.physics_memory().unwrap());
}

#[test]
fn what_schemes_cannot_run_with_is_refused_by_name() {
    let configuration = configuration();
    let (grid, device) = (&configuration.grid, Device::Cpu);
    let points = grid.points();
    let refused = |result: terrella_dycore::Result<()>, expected: &str| {
        let text = result.expect_err(expected).to_string();
        assert!(text.contains(expected), "{text}");
    };
    let mut dry = configuration.clone();
    dry.moist = false;
    let sea = vec![290.0_f32; points];
    refused(MoistPhysics::new(&dry, 2.5e6, &sea, device).map(drop), "'moist'");
    refused(MoistPhysics::new(&configuration, 0.0, &sea, device).map(drop), "'latent_heat'");
    refused(MoistPhysics::new(&configuration, 2.5e6, &sea[1..], device).map(drop), "surface_temperature");
    let mut broken = sea.clone();
    broken[3] = f32::NAN;
    refused(MoistPhysics::new(&configuration, 2.5e6, &broken, device).map(drop), "surface_temperature");
    refused(LargeScaleCondensation::<f32>::new(0, grid, device).map(drop), "'iterations'");
    refused(Convection::<f32>::with_parameters(0.0, 0.7, grid, device).map(drop), "'relaxation_time'");
    refused(Convection::<f32>::with_parameters(7200.0, 1.2, grid, device).map(drop), "'relative_humidity'");
    let profile = |top, decay| {
        BoundaryLayer::<f32>::with_profile(Mixing::Enthalpy, top, decay, &configuration, device).map(drop)
    };
    refused(profile(f64::NAN, 1e4), "'top'");
    refused(profile(8.5e4, 0.0), "'decay'");
    let grey =
        |atmosphere, albedo: &[f32]| GreyRadiation::new(atmosphere, albedo, &configuration, device).map(drop);
    let albedo = vec![0.3_f32; points];
    let usual = GreyAtmosphere::default();
    refused(grey(GreyAtmosphere { equator: -1.0, ..usual }, &albedo), "'equator'");
    refused(grey(GreyAtmosphere { linear: 1.5, ..usual }, &albedo), "'linear'");
    refused(
        grey(GreyAtmosphere { sunlight: Sunlight::Daily { start: f64::NAN }, ..usual }, &albedo),
        "'sunlight'",
    );
    refused(grey(usual, &vec![1.1; points]), "'albedo'");
    refused(grey(usual, &albedo[1..]), "albedo");
    let land = vec![0.0_f32; points];
    let fluxes = |fraction: &[f32], kind| {
        SurfaceFluxes::new(fraction, kind, GroundKind::SEA, &configuration, device).map(drop)
    };
    refused(fluxes(&vec![2.0; points], GroundKind::LAND), "'land_fraction'");
    refused(fluxes(&land[1..], GroundKind::LAND), "land_fraction");
    refused(fluxes(&land, GroundKind { roughness: 0.0, ..GroundKind::LAND }), "'roughness'");
    refused(fluxes(&land, GroundKind { wetness: -0.1, ..GroundKind::LAND }), "'wetness'");
    refused(fluxes(&land, GroundKind { heat_capacity: Some(10.0), ..GroundKind::LAND }), "'heat_capacity'");
}
