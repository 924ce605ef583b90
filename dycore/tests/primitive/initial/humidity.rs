//! Humidity of analyses.

use terrella_dycore::primitive::initial::{Humidity, InitialState, Saturation};

use super::{R, analysis, configuration, on_levels, state, temperature};

#[test]
fn humidity_follows_its_saturation_and_is_cut_and_counted() {
    let relative = state(&analysis());
    let configuration = configuration();
    let points = configuration.grid.points();
    let ratio = R / configuration.vapour_gas_constant;
    let relative_humidity = |state: &InitialState, here: usize, pressure: f64| {
        let (humidity, temperature) = (state.specific_humidity[here], state.temperature[here]);
        Saturation::Mixed.relative_humidity(humidity, temperature, pressure, ratio)
    };
    for point in (0..points).step_by(7) {
        let pressures = configuration.levels.full_level_pressure(relative.surface_pressure[point]);
        for (level, pressure) in pressures.into_iter().enumerate() {
            let here = level * points + point;
            let share = relative_humidity(&relative, here, pressure);
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
            let share = relative_humidity(&wet, here, pressure);
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
