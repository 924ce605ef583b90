//! Atmospheres that are known exactly come out, whatever is given of them.

use terrella_dycore::primitive::Primitive;
use terrella_dycore::primitive::initial::{
    AnalysisLevels, Height, Humidity, InitialState, LevelField, PressureOrigin, Settings,
};
use terrella_kernels::device::Device;
use terrella_kernels::vertical::HybridLevels;

use super::{
    G, SURFACE, analysis, configuration, dry, levels, message, on_points, pressure_at, state, temperature,
};

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
