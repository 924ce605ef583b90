//! Cyclones: synthetic vortices of known place, strength, core and track.

use terrella_kernels::Result;
use terrella_kernels::diagnostics::cyclones::{
    Cyclone, CycloneFields, Detector, DetectorSettings, Tracker, TrackerSettings, great_circle_angle,
};
use terrella_kernels::grid::Grid;

/// A vortex: place [°], depth [Pa], radius [°], and by how much its core is thicker [m² s⁻²].
#[derive(Clone, Copy)]
struct Vortex {
    place: (f64, f64),
    depth: f64,
    radius: f64,
    core: f64,
}

/// Pressure, thickness and wind speed of vortices in a flow whose pressure falls towards the poles.
fn fields(grid: &Grid, vortices: &[Vortex]) -> [Vec<f64>; 3] {
    let mut fields = [const { Vec::new() }; 3];
    for point in 0..grid.points() {
        let place = grid.coordinates(point);
        let latitude = place.0.to_radians();
        let mut values =
            [101_500.0 - 1_500.0 * latitude.sin().powi(2), 36_000.0 + 2_000.0 * latitude.cos(), 5.0];
        for vortex in vortices {
            let distance = great_circle_angle(place, vortex.place) / vortex.radius;
            let shape = (-0.5 * distance * distance).exp();
            values[0] -= vortex.depth * shape;
            values[1] += vortex.core * shape;
            values[2] += 40.0 * distance * shape;
        }
        for (field, value) in fields.iter_mut().zip(values) {
            field.push(value);
        }
    }
    fields
}

fn detect(grid: &Grid, vortices: &[Vortex]) -> Vec<Cyclone> {
    let [pressure, thickness, wind] = fields(grid, vortices);
    let fields = CycloneFields {
        sea_level_pressure: &pressure,
        thickness: Some(&thickness),
        wind_speed: Some(&wind),
        ground: None,
    };
    Detector::new(grid, DetectorSettings::default()).unwrap().detect(&fields).unwrap()
}

fn place(cyclone: &Cyclone) -> (f64, f64) {
    (cyclone.latitude, cyclone.longitude)
}

#[test]
fn vortices_are_found_between_the_points_of_every_kind_of_grid() {
    let warm = Vortex { place: (17.3, 359.8), depth: 4_000.0, radius: 2.5, core: 500.0 };
    let cold = Vortex { place: (-55.6, 121.1), depth: 5_000.0, radius: 4.0, core: -500.0 };
    let polar = Vortex { place: (88.1, 40.0), depth: 3_000.0, radius: 3.0, core: 0.0 };
    for (name, row) in [("r144x73", 2.5), ("F64", 1.4), ("O64", 1.4), ("N80", 1.1)] {
        let grid: Grid = name.parse().unwrap();
        let found = detect(&grid, &[warm, cold, polar]);
        assert_eq!(found.len(), 3, "{name}: {found:?}");
        for (vortex, is_warm) in [(warm, true), (cold, false), (polar, false)] {
            let cyclone = found.iter().find(|cyclone| great_circle_angle(place(cyclone), vortex.place) < row);
            let cyclone = cyclone.unwrap_or_else(|| panic!("{name}: {:?} in {found:?}", vortex.place));
            let error = great_circle_angle(place(cyclone), vortex.place);
            assert!(error < 0.15 * row, "{name}: {error}° from {:?}", vortex.place);
            assert_eq!(cyclone.warm_core, Some(is_warm), "{name} {:?}", vortex.place);
            let bottom = 101_500.0 - 1_500.0 * vortex.place.0.to_radians().sin().powi(2) - vortex.depth;
            let share = (cyclone.pressure - bottom).abs() / vortex.depth;
            assert!(share < 0.06, "{name}: {} instead of {bottom}", cyclone.pressure);
            // 40·e^(−1/2) + 5 = 29.3 m/s is the strongest anywhere.
            let wind = cyclone.maximum_wind.unwrap();
            assert!((20.0..29.3).contains(&wind), "{name}: {wind}");
        }
        assert!(found.windows(2).all(|pair| pair[0].pressure < pair[1].pressure));
    }
}

#[test]
fn shallow_open_near_and_high_minima_are_no_cyclones() {
    let grid: Grid = "r144x73".parse().unwrap();
    let shallow = Vortex { place: (10.0, 100.0), depth: 150.0, radius: 3.0, core: 0.0 };
    assert!(detect(&grid, &[shallow]).is_empty());
    // A secondary minimum 4.5° away belongs to the deeper one.
    let main = Vortex { place: (40.0, 200.0), depth: 3_000.0, radius: 1.5, core: 0.0 };
    let near = Vortex { place: (44.5, 200.0), depth: 2_500.0, radius: 1.5, core: 0.0 };
    let found = detect(&grid, &[main, near]);
    assert_eq!(found.len(), 1);
    assert!(great_circle_angle(place(&found[0]), main.place) < 1.0);
    let [pressure, ..] = fields(&grid, &[main]);
    let ground: Vec<f64> = (0..grid.points())
        .map(
            |point| {
                if great_circle_angle(grid.coordinates(point), main.place) < 10.0 { 2_500.0 } else { 0.0 }
            },
        )
        .collect();
    let fields = CycloneFields {
        sea_level_pressure: &pressure,
        thickness: None,
        wind_speed: None,
        ground: Some(&ground),
    };
    let detector = Detector::new(&grid, DetectorSettings::default()).unwrap();
    assert!(detector.detect(&fields).unwrap().is_empty());
}

/// Three vortices that move on known paths, one of which is missing for a while.
fn moving(hours: f64) -> [Vortex; 3] {
    let days = hours / 24.0;
    [
        Vortex { place: (12.0 + 3.0 * days, 330.0 - 6.0 * days), depth: 3_500.0, radius: 2.5, core: 400.0 },
        // Eastward at 10° a day past the zero meridian.
        Vortex { place: (50.0, (340.0 + 15.0 * days) % 360.0), depth: 4_500.0, radius: 3.5, core: -300.0 },
        Vortex { place: (-48.0, 60.0 + 12.0 * days), depth: 4_000.0, radius: 3.0, core: -300.0 },
    ]
}

#[test]
fn tracks_of_moving_vortices_are_theirs() -> Result<()> {
    let grid: Grid = "F64".parse()?;
    let mut tracker = Tracker::new(TrackerSettings::default())?;
    for step in 0..=20 {
        let hours = 6.0 * f64::from(step);
        let mut vortices = moving(hours).to_vec();
        if step == 9 {
            // One time without the third, and a short-lived one far away.
            vortices.truncate(2);
            vortices.push(Vortex { place: (0.0, 180.0), depth: 1_000.0, radius: 2.0, core: 0.0 });
        }
        tracker.observe(3600.0 * hours, &detect(&grid, &vortices))?;
    }
    let tracks: Vec<_> = tracker.tracks().collect();
    assert_eq!(tracks.len(), 3);
    for track in tracks {
        let start = place(&track.points[0].cyclone);
        let number =
            moving(0.0).iter().position(|vortex| great_circle_angle(vortex.place, start) < 1.0).unwrap();
        assert_eq!(track.points.len(), [21, 21, 20][number]);
        assert_eq!(track.warm_positions(), [21, 0, 0][number]);
        assert_eq!(track.life(), 5.0 * 86_400.0);
        for point in &track.points {
            let expected = moving(point.time / 3600.0)[number].place;
            let error = great_circle_angle(expected, place(&point.cyclone));
            assert!(error < 0.15, "{error}° at {} h", point.time / 3600.0);
        }
    }
    Ok(())
}

#[test]
fn two_that_pass_each_other_keep_their_tracks_and_none_jumps() -> Result<()> {
    let at = |longitude: f64, latitude: f64| Cyclone {
        latitude,
        longitude,
        pressure: 98_000.0,
        maximum_wind: None,
        warm_core: None,
    };
    let mut tracker = Tracker::new(TrackerSettings { shortest_life: 0.0, ..TrackerSettings::default() })?;
    // Eastward at 45°N and westward at 46°N: nearest neighbours alone would swap them half-way.
    for step in 0..=8 {
        let along = 2.0 * f64::from(step);
        tracker.observe(21_600.0 * f64::from(step), &[at(10.0 + along, 45.0), at(26.0 - along, 46.0)])?;
    }
    // 20° in 6 h is another cyclone.
    tracker.observe(9.0 * 21_600.0, &[at(60.0, 45.0)])?;
    let tracks: Vec<_> = tracker.tracks().collect();
    assert_eq!(tracks.iter().map(|track| track.points.len()).collect::<Vec<_>>(), [9, 9, 1]);
    for (track, latitude) in tracks.iter().zip([45.0, 46.0]) {
        assert!(track.points.iter().all(|point| point.cyclone.latitude == latitude));
    }
    let error = tracker.observe(0.0, &[]).unwrap_err().to_string();
    assert!(error.contains("'time' is 0 s: expected later than"), "{error}");
    Ok(())
}

#[test]
fn wrong_fields_are_named() {
    let grid: Grid = "r36x19".parse().unwrap();
    let detector = Detector::new(&grid, DetectorSettings::default()).unwrap();
    let mut pressure = vec![1e5; grid.points()];
    let detect = |pressure: &[f64]| {
        let fields =
            CycloneFields { sea_level_pressure: pressure, thickness: None, wind_speed: None, ground: None };
        detector.detect(&fields)
    };
    assert_eq!(detect(&pressure).unwrap(), []);
    assert_eq!(
        detect(&pressure[1..]).unwrap_err().to_string(),
        "'sea_level_pressure': expected 684 values, got 683."
    );
    pressure[40] = f64::NAN;
    assert!(detect(&pressure).unwrap_err().to_string().contains("value NaN at level 0, latitude 80"));
    let settings = DetectorSettings { separation: -1.0, ..DetectorSettings::default() };
    let error = Detector::new(&grid, settings).unwrap_err().to_string();
    assert_eq!(error, "'separation' is -1: expected a finite number above 0.");
}
