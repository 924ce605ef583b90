//! What cannot be used is named.

use terrella_dycore::primitive::initial::{Analysis, AnalysisLevels, Height, LevelField};

use super::{G, analysis, levels, message};

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
