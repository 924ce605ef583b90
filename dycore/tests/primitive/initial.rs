//! States of the primitive-equation model from analyses: what is known exactly comes out, what cannot be used is named.

use std::borrow::Cow;
use std::cell::Cell;

use terrella_coupling::communicator::Communicator;
use terrella_dycore::primitive::initial::{
    Analysis, AnalysisLevels, Height, Humidity, InitialState, LevelField, LevelValues, Noise, PressureOrigin,
    Saturation, Settings, filter_state,
};
use terrella_dycore::primitive::{Configuration, Primitive, SemiLagrangian, TimeStepping};
use terrella_kernels::device::Device;
use terrella_kernels::grid::Grid;
use terrella_kernels::vertical::HybridLevels;

const R: f64 = terrella_kernels::constants::DRY_AIR_GAS_CONSTANT;
const G: f64 = 9.80665;
const LAPSE: f64 = 0.0065;
/// Sea-level temperature \[K\] and pressure \[Pa\] of the test's atmosphere, whose temperature falls by 6.5 K/km throughout.
const SURFACE: [f64; 2] = [288.0, 101_325.0];

fn temperature(pressure: f64) -> f64 {
    SURFACE[0] * (pressure / SURFACE[1]).powf(R * LAPSE / G)
}

fn height(pressure: f64) -> f64 {
    (SURFACE[0] - temperature(pressure)) / LAPSE
}

fn pressure_at(height: f64) -> f64 {
    SURFACE[1] * (1.0 - LAPSE * height / SURFACE[0]).powf(G / (R * LAPSE))
}

/// A broad mountain of 3 km \[m\], which T21 resolves.
fn mountain(latitude: f64, longitude: f64) -> f64 {
    let sine = latitude.to_radians().cos() * longitude.to_radians().cos();
    3000.0 * (0.5 * (1.0 + sine)).powi(6)
}

fn levels() -> Vec<f64> {
    [
        10.0, 20.0, 30.0, 50.0, 70.0, 100.0, 150.0, 200.0, 250.0, 300.0, 400.0, 500.0, 600.0, 700.0, 800.0,
        850.0, 900.0, 950.0, 1000.0,
    ]
    .map(|pressure| 100.0 * pressure)
    .to_vec()
}

fn on_levels(grid: &Grid, value: impl Fn(f64, f64, f64) -> f64) -> LevelField {
    let pressures = levels();
    let values = pressures
        .iter()
        .flat_map(|&pressure| (0..grid.points()).map(move |point| (pressure, point)))
        .map(|(pressure, point)| {
            let (latitude, longitude) = grid.coordinates(point);
            value(pressure, latitude, longitude)
        })
        .collect();
    LevelField { levels: AnalysisLevels::Pressure(pressures), values }
}

fn on_points(grid: &Grid, value: impl Fn(f64, f64) -> f64) -> Vec<f64> {
    (0..grid.points())
        .map(|point| {
            let (latitude, longitude) = grid.coordinates(point);
            value(latitude, longitude)
        })
        .collect()
}

/// Solid-body rotation, stronger upwards, in the atmosphere above; a fifth saturated.
fn analysis() -> Analysis {
    let grid: Grid = "r72x37".parse().unwrap();
    Analysis {
        u: on_levels(&grid, |pressure, latitude, _| {
            10.0 * (SURFACE[1] / pressure).ln() * latitude.to_radians().cos()
        }),
        v: on_levels(&grid, |_, _, _| 0.0),
        temperature: on_levels(&grid, |pressure, _, _| temperature(pressure)),
        humidity: Some((Humidity::Relative, on_levels(&grid, |_, _, _| 20.0))),
        geopotential: Some((Height::Height, on_levels(&grid, |pressure, _, _| height(pressure)))),
        surface_pressure: Some(on_points(&grid, |latitude, longitude| {
            pressure_at(mountain(latitude, longitude))
        })),
        sea_level_pressure: Some(vec![SURFACE[1]; grid.points()]),
        orography: Some((Height::Height, on_points(&grid, mountain))),
        land_fraction: None,
        grid,
    }
}

fn configuration() -> Configuration {
    Configuration { moist: true, ..Configuration::new(21, "L19".parse().unwrap()).unwrap() }
}

fn state(analysis: &Analysis) -> InitialState {
    InitialState::from_analysis(analysis, &configuration(), &Settings::default()).unwrap()
}

fn message(analysis: &Analysis) -> String {
    InitialState::from_analysis(analysis, &configuration(), &Settings::default()).unwrap_err().to_string()
}

/// Largest differences of surface pressure \[Pa\] from what the ground's height demands, and of temperature \[K\].
fn errors(state: &InitialState) -> [f64; 2] {
    let configuration = configuration();
    let points = configuration.grid.points();
    let mut errors: [f64; 2] = [0.0; 2];
    for point in 0..points {
        let expected = pressure_at(state.orography.geopotential[point] / G);
        errors[0] = errors[0].max((state.surface_pressure[point] - expected).abs());
        let pressures = configuration.levels.full_level_pressure(state.surface_pressure[point]);
        for (level, pressure) in pressures.into_iter().enumerate().filter(|(_, pressure)| *pressure > 1_000.0)
        {
            let got = state.temperature[level * points + point];
            errors[1] = errors[1].max((got - temperature(pressure)).abs());
        }
    }
    errors
}

fn dry(mut analysis: Analysis) -> Analysis {
    analysis.humidity = Some((Humidity::Specific, on_levels(&analysis.grid, |_, _, _| 0.0)));
    analysis
}

#[test]
fn an_atmosphere_of_constant_lapse_rate_comes_out_whatever_is_given() {
    let whole = dry(analysis());
    let mut without_pressure = whole.clone();
    without_pressure.surface_pressure = None;
    let mut without_heights = whole.clone();
    without_heights.geopotential = None;
    let mut from_sea_level = without_heights.clone();
    from_sea_level.surface_pressure = None;
    let mut geopotential = whole.clone();
    let (_, heights) = geopotential.geopotential.take().unwrap();
    let values = heights.values.iter().map(|height| G * height).collect();
    geopotential.geopotential = Some((Height::Geopotential, LevelField { values, ..heights }));
    let cases = [
        ("all", whole, PressureOrigin::SurfacePressure),
        ("geopotential for heights", geopotential, PressureOrigin::SurfacePressure),
        ("no surface pressure", without_pressure, PressureOrigin::Geopotential),
        ("no heights", without_heights, PressureOrigin::SurfacePressure),
        ("sea-level pressure", from_sea_level, PressureOrigin::SeaLevelPressure),
    ];
    for (name, analysis, origin) in cases {
        let state = state(&analysis);
        let [pressure, temperature] = errors(&state);
        println!("{name}: p_s within {pressure:.2} Pa, T within {temperature:.4} K");
        assert_eq!(state.report.pressure_origin, origin, "{name}");
        assert!(pressure < 25.0 && temperature < 0.02, "{name}: {pressure} Pa, {temperature} K");
    }
}

#[test]
fn winds_are_carried_as_vectors_and_kept_beyond_the_levels() {
    let state = state(&analysis());
    let configuration = configuration();
    let points = configuration.grid.points();
    for point in 0..points {
        let (latitude, _) = configuration.grid.coordinates(point);
        let pressures = configuration.levels.full_level_pressure(state.surface_pressure[point]);
        let ground = state.surface_pressure[point];
        for (level, pressure) in pressures.into_iter().enumerate() {
            let lowest = levels().into_iter().rfind(|level| *level <= ground).unwrap();
            let expected =
                10.0 * (SURFACE[1] / pressure.clamp(1_000.0, lowest)).ln() * latitude.to_radians().cos();
            let got = state.u[level * points + point];
            // Ground that the two grids see differently moves the lowest level by one.
            let tolerance = if pressure > 0.85 * ground { 1.7 } else { 0.02 };
            assert!(
                (got - expected).abs() < tolerance,
                "{got} for {expected} at {pressure} Pa over {ground} Pa"
            );
            assert!(state.v[level * points + point].abs() < 1e-9);
        }
    }
    // The top layer of L19 is as high as the highest level.
    assert!(state.report.above_top == 0.0 && state.report.below_lowest > 0.0, "{:?}", state.report);
}

#[test]
fn the_order_of_levels_does_not_matter() {
    let straight = analysis();
    let mut shuffled = analysis();
    let points = shuffled.grid.points();
    let turn = |field: &mut LevelField| {
        let AnalysisLevels::Pressure(pressure) = &mut field.levels else { unreachable!() };
        pressure.reverse();
        pressure.swap(2, 7);
        let mut rows: Vec<Vec<f64>> = field.values.chunks(points).map(<[f64]>::to_vec).collect();
        rows.reverse();
        rows.swap(2, 7);
        field.values = rows.concat();
    };
    turn(&mut shuffled.u);
    turn(&mut shuffled.v);
    turn(&mut shuffled.temperature);
    turn(&mut shuffled.geopotential.as_mut().unwrap().1);
    assert_eq!(state(&straight), state(&shuffled));
}

#[test]
fn humidity_follows_its_saturation_and_is_cut_and_counted() {
    let relative = state(&analysis());
    let configuration = configuration();
    let points = configuration.grid.points();
    let ratio = R / configuration.vapour_gas_constant;
    for point in (0..points).step_by(7) {
        let pressures = configuration.levels.full_level_pressure(relative.surface_pressure[point]);
        for (level, pressure) in pressures.into_iter().enumerate() {
            let here = level * points + point;
            let share = Saturation::Mixed.relative_humidity(
                relative.specific_humidity[here],
                relative.temperature[here],
                pressure,
                ratio,
            );
            if pressure > 1_000.0 {
                assert!((share - 0.2).abs() < 1e-9, "{share} at {pressure} Pa");
            } else {
                assert!(
                    relative.specific_humidity[here]
                        <= relative.specific_humidity[point + 2 * points].max(2.5e-6)
                );
            }
        }
    }
    assert_eq!((relative.report.supersaturated, relative.report.negative), (0, 0));

    let mut wet = analysis();
    let (_, field) = wet.humidity.as_mut().unwrap();
    let source_points = wet.grid.points();
    field.values[15 * source_points..17 * source_points].fill(130.0);
    field.values[17 * source_points..18 * source_points].fill(-4.0);
    let wet = state(&wet);
    assert_eq!((wet.report.supersaturated, wet.report.negative), (2 * points, points));
    let saturated = (0..points).any(|point| {
        let pressures = configuration.levels.full_level_pressure(wet.surface_pressure[point]);
        pressures.into_iter().enumerate().any(|(level, pressure)| {
            let here = level * points + point;
            let share = Saturation::Mixed.relative_humidity(
                wet.specific_humidity[here],
                wet.temperature[here],
                pressure,
                ratio,
            );
            assert!(share < 1.0 + 1e-9 && wet.specific_humidity[here] >= 0.0);
            share > 0.99
        })
    });
    assert!(saturated);

    // Specific humidity of the same air gives the same state.
    let mut specific = analysis();
    specific.humidity = Some((
        Humidity::Specific,
        on_levels(&specific.grid, |pressure, _, _| {
            Saturation::Mixed.specific_humidity(0.2, temperature(pressure), pressure, ratio)
        }),
    ));
    let specific = state(&specific);
    for (a, b) in specific.specific_humidity.iter().zip(&relative.specific_humidity) {
        assert!((a - b).abs() < 1e-9 + 1e-6 * b, "{a} {b}");
    }
}

#[test]
fn hybrid_levels_are_a_source_as_good() {
    let pressure_levels = dry(analysis());
    let levels: HybridLevels = "L31".parse().unwrap();
    let mut hybrid = pressure_levels.clone();
    let grid = hybrid.grid.clone();
    let surface = hybrid.surface_pressure.clone().unwrap();
    let columns: Vec<Vec<f64>> = surface.iter().map(|surface| levels.full_level_pressure(*surface)).collect();
    let field = |value: &dyn Fn(f64, f64) -> f64| {
        let values = (0..levels.count())
            .flat_map(|level| (0..grid.points()).map(move |point| (level, point)))
            .map(|(level, point)| value(columns[point][level], grid.coordinates(point).0))
            .collect();
        LevelField { levels: AnalysisLevels::Hybrid(levels.clone()), values }
    };
    hybrid.u = field(&|pressure, latitude| 10.0 * (SURFACE[1] / pressure).ln() * latitude.to_radians().cos());
    hybrid.v = field(&|_, _| 0.0);
    hybrid.temperature = field(&|pressure, _| temperature(pressure));
    hybrid.humidity = Some((Humidity::Specific, field(&|_, _| 0.0)));
    hybrid.geopotential = None;
    let [pressure, temperature] = errors(&state(&hybrid));
    println!("from L31: p_s within {pressure:.2} Pa, T within {temperature:.4} K");
    assert!(pressure < 5.0 && temperature < 0.05, "{pressure} Pa, {temperature} K");
    hybrid.surface_pressure = None;
    assert!(message(&hybrid).contains("'surface_pressure' is missing"), "{}", message(&hybrid));
}

#[test]
fn holes_in_the_sea_stay_within_their_bound() {
    let mut steep = analysis();
    // A block of 4 km: all wavenumbers.
    steep.orography = Some((
        Height::Height,
        on_points(&steep.grid, |latitude, longitude| {
            if latitude.abs() < 20.0 && (100.0..140.0).contains(&longitude) { 4000.0 } else { 0.0 }
        }),
    ));
    steep.surface_pressure = None;
    let fit = |bound: f64| {
        InitialState::from_analysis(
            &steep,
            &configuration(),
            &Settings { ripple_bound: bound, ..Settings::default() },
        )
    };
    let free = fit(f64::INFINITY).unwrap().orography;
    let held = fit(100.0).unwrap().orography;
    println!(
        "deepest hole {:.0} m, smoothed {:.0} m with s = {}",
        free.deepest_ripple, held.deepest_ripple, held.smoothing
    );
    assert!(free.smoothing == 0.0 && free.deepest_ripple > 150.0, "{free:?}");
    assert!(held.smoothing > 0.0 && held.deepest_ripple <= 100.0 && held.deepest_ripple > 50.0);
    assert!(held.geopotential.iter().fold(0.0, |a: f64, b| a.max(*b)) > 2500.0 * G);
    assert!(fit(1e-3).unwrap_err().to_string().contains("'ripple_bound' is 0.001 m"));
}

#[test]
fn an_atmosphere_at_rest_stays_as_calm_as_the_exact_one() {
    let mut rest = dry(analysis());
    rest.u.values.fill(0.0);
    let state = state(&rest);
    // Temperatures of the same atmosphere at the model's own pressures: what stirs it then is the model's alone.
    let mut exact = state.clone();
    let configuration = configuration();
    let points = configuration.grid.points();
    for point in 0..points {
        exact.surface_pressure[point] = pressure_at(state.orography.geopotential[point] / G);
        let pressures = configuration.levels.full_level_pressure(exact.surface_pressure[point]);
        for (level, pressure) in pressures.into_iter().enumerate() {
            exact.temperature[level * points + point] = temperature(pressure);
        }
    }
    let wind = |state: &InitialState| {
        let mut model = Primitive::<f64>::new(configuration.clone(), Device::Cpu).unwrap();
        state.set_on(&mut model).unwrap();
        model.run::<terrella_dycore::Error>(12, |_| Ok(())).unwrap();
        model.diagnostics().unwrap().maximum_wind
    };
    let (ours, exact) = (wind(&state), wind(&exact));
    println!("wind over a mountain at rest: {ours:.3} m/s, from the exact state {exact:.3} m/s");
    assert!(ours < exact + 0.1 && ours > 0.0, "{ours} {exact}");
}

#[test]
fn ranks_make_the_state_of_their_points() {
    let analysis = analysis();
    let whole = state(&analysis);
    Communicator::threads(3, |ranks| {
        let new = || Primitive::<f64>::new_on(configuration(), &ranks).unwrap();
        let (mut model, mut from_whole) = (new(), new());
        let settings = Settings::default();
        let own =
            InitialState::from_analysis_on(&ranks, &analysis, model.configuration(), &settings).unwrap();
        let part = model.part();
        for (own, whole) in [
            (&own.u, &whole.u),
            (&own.v, &whole.v),
            (&own.temperature, &whole.temperature),
            (&own.specific_humidity, &whole.specific_humidity),
            (&own.surface_pressure, &whole.surface_pressure),
        ] {
            let fields = whole.len() / part.grid().points();
            assert!(*own == *part.own_fields(fields, whole).unwrap(), "{ranks:?}");
        }
        assert_eq!(own.orography, whole.orography);
        let (all, expected) = (own.report.of_all(&ranks).unwrap(), &whole.report);
        assert!(
            all.humidity_values == expected.humidity_values
                && own.report.humidity_values < all.humidity_values
        );
        assert_eq!((all.supersaturated, all.negative), (expected.supersaturated, expected.negative));
        assert_eq!(all.ground_difference, expected.ground_difference);
        assert_eq!(all.strongest_wind, expected.strongest_wind);
        let shares = [(all.above_top, expected.above_top), (all.below_lowest, expected.below_lowest)];
        assert!(shares.iter().all(|(all, expected)| (all - expected).abs() < 1e-12), "{shares:?}");
        own.set_on(&mut model).unwrap();
        whole.set_on(&mut from_whole).unwrap();
        for ((_, own), (_, from_whole)) in
            model.spectral_state().fields().into_iter().zip(from_whole.spectral_state().fields())
        {
            assert_eq!(own.to_vec().unwrap(), from_whole.to_vec().unwrap(), "{ranks:?}");
        }
    });
}

/// Levels of which some cannot be had, and how many of them are out at a time.
#[derive(Debug)]
struct Damaged {
    values: Vec<f64>,
    on_rank: usize,
    bad: Option<usize>,
    taken: Cell<usize>,
}

impl LevelValues for Damaged {
    type Error = terrella_dycore::Error;

    fn expect(&self, _: &'static str, _: usize, _: usize) -> terrella_dycore::Result<()> {
        Ok(())
    }

    fn level(&self, level: usize, points: usize) -> terrella_dycore::Result<Cow<'_, [f64]>> {
        self.taken.set(self.taken.get() + 1);
        if self.bad == Some(level) {
            let (name, got) = ("level", format!("{level}, torn, on rank {}", self.on_rank));
            return Err(terrella_dycore::Error::InvalidConfiguration { name, got, expected: "a whole one" });
        }
        self.values.level(level, points)
    }

    fn cost(&self, level: usize) -> u64 {
        level as u64
    }
}

fn on_rank(analysis: Analysis, on_rank: usize, bad: Option<usize>) -> Analysis<Damaged> {
    let field = |field: LevelField, bad: Option<usize>| {
        let LevelField { levels, values } = field;
        LevelField { levels, values: Damaged { values, on_rank, bad, taken: Cell::new(0) } }
    };
    Analysis {
        grid: analysis.grid,
        u: field(analysis.u, None),
        v: field(analysis.v, None),
        temperature: field(analysis.temperature, bad),
        humidity: analysis.humidity.map(|(kind, values)| (kind, field(values, None))),
        geopotential: analysis.geopotential.map(|(kind, values)| (kind, field(values, None))),
        surface_pressure: analysis.surface_pressure,
        sea_level_pressure: analysis.sea_level_pressure,
        orography: analysis.orography,
        land_fraction: analysis.land_fraction,
    }
}

#[test]
fn levels_are_dealt_out_and_one_that_is_torn_ends_all_ranks() {
    let whole = state(&analysis());
    let on_ranks = |bad: Option<usize>| {
        Communicator::threads(3, |ranks| {
            let model = Primitive::<f64>::new_on(configuration(), &ranks).unwrap();
            let analysis = on_rank(analysis(), ranks.rank(), bad);
            let settings = Settings::default();
            let state = InitialState::from_analysis_on(&ranks, &analysis, model.configuration(), &settings);
            let own = state.map(|state| (state.temperature, model.part().clone()));
            (
                own.map_err(|error| error.to_string()),
                [&analysis.u, &analysis.temperature].map(|f| f.values.taken.get()),
            )
        })
    };
    let mut levels = [0; 2];
    for (own, taken) in on_ranks(None) {
        let (temperature, part) = own.unwrap();
        let expected = part.own_fields(whole.temperature.len() / part.grid().points(), &whole.temperature);
        assert_eq!(temperature, expected.unwrap().into_owned());
        assert!(taken.iter().all(|&taken| taken > 0 && taken < self::levels().len()), "{taken:?}");
        levels = [levels[0] + taken[0], levels[1] + taken[1]];
    }
    // Each once, by one rank.
    assert_eq!(levels, [self::levels().len(); 2]);
    let texts: Vec<String> = on_ranks(Some(3)).into_iter().map(|(own, _)| own.unwrap_err()).collect();
    let torn = |text: &&String| text.contains("3, torn, on rank");
    assert_eq!(texts.iter().filter(torn).count(), 3, "{texts:?}");
    let quoted = texts.iter().filter(|text| text.contains("'initial state' failed: ")).count();
    assert_eq!(quoted, 2, "{texts:?}");
}

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

#[test]
fn what_cannot_be_used_is_named() {
    let change = |edit: &dyn Fn(&mut Analysis)| {
        let mut analysis = analysis();
        edit(&mut analysis);
        message(&analysis)
    };
    type Edit<'a> = &'a dyn Fn(&mut Analysis);
    let cases: [(Edit, &[&str]); 16] = [
        (&|a| a.humidity = None, &["'humidity' is missing"]),
        (&|a| a.orography = None, &["'orography' is missing"]),
        (
            &|a| (a.surface_pressure, a.sea_level_pressure, a.geopotential) = (None, None, None),
            &["'surface_pressure' is missing", "mean sea-level pressure"],
        ),
        (&|a| a.u.values[17] = f64::NAN, &["'u' is NaN at index 17"]),
        (
            &|a| {
                a.temperature.values.pop();
            },
            &["'temperature'", "expected 50616", "got 50615"],
        ),
        (
            &|a| a.temperature.values.iter_mut().for_each(|t| *t -= 273.15),
            &["'temperature'", "values from 100 to 400 K"],
        ),
        (
            &|a| a.geopotential.as_mut().unwrap().0 = Height::Geopotential,
            &["'geopotential'", "looks like a height in m"],
        ),
        (
            &|a| a.geopotential.as_mut().unwrap().1.values.iter_mut().for_each(|z| *z *= G),
            &["'geopotential'", "looks like a geopotential in m² s⁻²"],
        ),
        (
            &|a| a.orography.as_mut().unwrap().1.iter_mut().for_each(|z| *z *= G),
            &["'orography'", "looks like a geopotential"],
        ),
        (
            &|a| a.humidity.as_mut().unwrap().1.values.iter_mut().for_each(|r| *r /= 100.0),
            &["'humidity'", "looks like a fraction"],
        ),
        (
            &|a| a.surface_pressure.as_mut().unwrap().iter_mut().for_each(|p| *p /= 100.0),
            &["'surface_pressure'", "Pa"],
        ),
        (&|a| set_level(&mut a.temperature, 3, 2_000.0), &["'temperature'", "2000 Pa twice"]),
        (&|a| set_level(&mut a.temperature, 3, f64::NAN), &["'temperature'", "NaN Pa"]),
        (
            &|a| {
                a.temperature.levels = AnalysisLevels::Pressure(levels().iter().map(|p| p / 100.0).collect())
            },
            &["'temperature'", "look like hPa"],
        ),
        (&|a| set_level(&mut a.v, 3, 4_000.0), &["'v'", "the levels of 'u'"]),
        (&|a| a.grid = "H16".parse().unwrap(), &["expected 58368"]),
    ];
    for (edit, words) in cases {
        let message = change(edit);
        for word in words {
            assert!(message.contains(word), "'{word}' is not in: {message}");
        }
    }
}

fn set_level(field: &mut LevelField, level: usize, value: f64) {
    let AnalysisLevels::Pressure(pressure) = &mut field.levels else { unreachable!() };
    pressure[level] = value;
}
