//! Trajectories and interpolation on the sphere.

use std::f64::consts::{FRAC_PI_2, PI, TAU};

use terrella_kernels::Real;
use terrella_kernels::device::{Buffer, Device};

use crate::fixture::field;
use crate::sphere::{Sphere, distance, position, turned};

fn largest<R: Real>(values: &[R]) -> f64 {
    values.iter().fold(0.0, |largest, value| largest.max(value.to_f64().abs()))
}

/// Largest distance of departure points from those of the rotation \[rad\].
fn trajectory_error(grid: &str, angle: f64, tilt: f64) -> f64 {
    let sphere = Sphere::<f64>::new(grid);
    let [u, v] = sphere.rotation(angle, tilt);
    let [longitude, latitude, ..] =
        sphere.departures(&u, &v, &sphere.rest(), 1.0, 3).map(|field| field.to_vec().unwrap());
    // The wind of `rotation` is that about this axis.
    let axis = [-tilt.sin(), 0.0, tilt.cos()];
    let mut error: f64 = 0.0;
    for point in 0..sphere.points() {
        let (own_latitude, own_longitude) = sphere.grid.coordinates(point);
        let (own_latitude, own_longitude) = (own_latitude.to_radians(), own_longitude.to_radians());
        let expected = turned(position(own_longitude, own_latitude), axis, -angle);
        let got = position(own_longitude + longitude[point], own_latitude + latitude[point]);
        error = error.max(distance(expected, got));
    }
    error
}

#[test]
fn departure_points_are_those_of_rotations() {
    for grid in ["F32", "O32"] {
        for tilt in [0.0, 0.7, FRAC_PI_2] {
            let (coarse, fine) = (trajectory_error(grid, 0.2, tilt), trajectory_error(grid, 0.1, tilt));
            println!("{grid}, tilt {tilt:.2}: {coarse:.1e} rad for 0.2 rad, {fine:.1e} for 0.1");
            // Third order in the step, and linear interpolation of the wind, whose components go once round on the shortest
            // ring: 20 points of O32, 128 of F32.
            let spacing = TAU / if grid == "O32" { 20.0 } else { 128.0 };
            let limit = |angle: f64| angle.powi(3) / 12.0 + angle * spacing * spacing / 8.0;
            assert!(coarse < limit(0.2) && fine < limit(0.1), "{coarse:e} {fine:e}");
        }
    }
}

fn rest_changes_nothing<R: Real>(grid: &str) {
    let sphere = Sphere::<R>::new(grid);
    let rest = sphere.rest();
    let from = sphere.departures(&rest, &rest, &rest, 1e4, 2);
    for displacement in [&from[0], &from[1], &from[3], &from[4]] {
        assert_eq!(largest(&displacement.to_vec().unwrap()), 0.0);
    }
    let values = Buffer::from_slice(Device::Cpu, &field::<R>(7, 6 * sphere.points())).unwrap();
    let (before, after) = (values.to_vec().unwrap(), sphere.carried(&values, &from, false).to_vec().unwrap());
    // The lowest level is the end of an interval, the others are its beginning.
    let inside = 5 * sphere.points();
    assert!(before[..inside] == after[..inside], "{grid}");
    let difference: Vec<R> = before.iter().zip(&after).map(|(a, b)| *a - *b).collect();
    assert!(largest(&difference) < 20.0 * R::from_f64(1.0).to_f64() * epsilon::<R>());
}

fn epsilon<R: Real>() -> f64 {
    if size_of::<R>() == 4 { f64::from(f32::EPSILON) } else { f64::EPSILON }
}

#[test]
fn air_at_rest_keeps_its_bits() {
    for grid in ["F16", "O16", "N32"] {
        rest_changes_nothing::<f32>(grid);
        rest_changes_nothing::<f64>(grid);
    }
}

/// A wind with shear, over the poles, up and down.
fn wind<R: Real>(sphere: &Sphere<R>, speed: f64) -> [Buffer<R>; 3] {
    let [u, v] = sphere.rotation(speed, 1.1);
    let vertical =
        sphere.field(|longitude, latitude, _| 0.6 * speed * latitude.cos() * (3.0 * longitude).sin());
    [u, v, vertical]
}

#[test]
fn constants_stay() {
    for grid in ["F16", "O16"] {
        let sphere = Sphere::<f32>::new(grid);
        let [u, v, vertical] = wind(&sphere, 0.3);
        let from = sphere.departures(&u, &v, &vertical, 1.0, 2);
        let values = sphere.field(|_, _, _| 273.0);
        for value in sphere.carried(&values, &from, false).to_vec().unwrap() {
            assert!((value - 273.0).abs() < 3e-4, "{value}");
        }
        let columns = sphere.column_sum(&[0.0, 0.1, 0.2, 0.3, 0.2, 0.2], &values, &from);
        for value in columns.to_vec().unwrap() {
            assert!((value - 273.0).abs() < 3e-4, "{value}");
        }
    }
}

#[test]
fn limited_values_stay_between_their_neighbours() {
    let sphere = Sphere::<f64>::new("O16");
    let [u, v, vertical] = wind(&sphere, 0.3);
    let from = sphere.departures(&u, &v, &vertical, 1.0, 2);
    let step = sphere.field(|longitude, latitude, eta| {
        f64::from(u8::from((2.0 * longitude).sin() * (3.0 * latitude).cos() * (eta - 0.4) > 0.0))
    });
    let extremes = |limit: bool| {
        let values = sphere.carried(&step, &from, limit).to_vec().unwrap();
        values.iter().fold([1.0_f64, 0.0_f64], |[low, high], value| [low.min(*value), high.max(*value)])
    };
    let ([low, high], free) = (extremes(true), extremes(false));
    assert!(low >= 0.0 && high <= 1.0, "{low} to {high}");
    assert!(free[0] < -0.01 && free[1] > 1.01, "cubics overshoot: {free:?}");
}

#[test]
fn interpolation_converges() {
    let error = |grid: &str| {
        let sphere = Sphere::<f64>::new(grid);
        let [u, v] = sphere.rotation(0.21, 0.8);
        let from = sphere.departures(&u, &v, &sphere.rest(), 1.0, 3);
        let wave = |longitude: f64, latitude: f64| {
            latitude.cos().powi(4) * (4.0 * longitude).cos() + latitude.sin().powi(3)
        };
        let values = sphere.field(|longitude, latitude, eta| eta * wave(longitude, latitude));
        let got = sphere.carried(&values, &from, false).to_vec().unwrap();
        let [turned, moved] = [&from[0], &from[1]].map(|angle| angle.to_vec().unwrap());
        let mut worst: f64 = 0.0;
        for (index, value) in got.iter().enumerate() {
            let (level, point) = (index / sphere.points(), index % sphere.points());
            let (latitude, longitude) = sphere.grid.coordinates(point);
            let expected = sphere.levels[level]
                * wave(longitude.to_radians() + turned[index], latitude.to_radians() + moved[index]);
            worst = worst.max((value - expected).abs());
        }
        worst
    };
    for kind in ["F", "O"] {
        let [coarse, middle, fine] = [16, 32, 64].map(|half| error(&format!("{kind}{half}")));
        println!("{kind}: {coarse:.1e} on 16, {middle:.1e} on 32, {fine:.1e} on 64");
        // Towards second order where both fractions count, from the straight lines on the outer rings, with a small factor:
        // doublings bring 3.1 and 3.5 on full rings, 2.6 and 3.1 on octahedral ones, whose polar rings stay coarse.
        assert!(
            coarse < 3e-3 && middle < coarse / 2.3 && fine < middle / 2.7,
            "{kind}: {coarse:e}, {middle:e}, {fine:e}"
        );
    }
}

#[test]
fn vertical_motion_carries_profiles() {
    let sphere = Sphere::<f64>::new("F16");
    let rest = sphere.rest();
    let sinking = sphere.field(|_, _, _| 0.1);
    let from = sphere.departures(&rest, &rest, &sinking, 1.0, 2);
    let parabola = |eta: f64| 1.0 + eta - 2.0 * eta * eta;
    let values = sphere.field(|_, _, eta| parabola(eta));
    let got = sphere.carried(&values, &from, false).to_vec().unwrap();
    for (index, value) in got.iter().enumerate() {
        // From a tenth above, but not from above the first level.
        let eta = (sphere.levels[index / sphere.points()] - 0.1).max(sphere.levels[0]);
        assert!((value - parabola(eta)).abs() < 1e-13, "level {}", index / sphere.points());
    }
}

#[test]
fn a_bell_goes_round_the_sphere_across_both_poles() {
    for (grid, limit) in [("F32", false), ("F32", true), ("O32", true)] {
        let sphere = Sphere::<f64>::new(grid);
        let steps = 24;
        // 15 degrees a step: five times the spacing of the rings, many more of the points near the poles.
        let [u, v] = sphere.rotation(TAU / f64::from(steps), FRAC_PI_2);
        let from = sphere.departures(&u, &v, &sphere.rest(), 1.0, 3);
        let bell = sphere.field(|longitude, latitude, _| {
            let from_centre = (latitude.cos() * (longitude - FRAC_PI_2).cos()).clamp(-1.0, 1.0).acos();
            if from_centre < 0.6 { 0.5 * (1.0 + (PI * from_centre / 0.6).cos()) } else { 0.0 }
        });
        let mut values = sphere.carried(&bell, &from, limit);
        for _ in 1..steps {
            values = sphere.carried(&values, &from, limit);
        }
        let (before, after) = (bell.to_vec().unwrap(), values.to_vec().unwrap());
        let square = |values: &mut dyn Iterator<Item = f64>| values.map(|value| value * value).sum::<f64>();
        let error = (square(&mut before.iter().zip(&after).map(|(a, b)| a - b))
            / square(&mut before.iter().copied()))
        .sqrt();
        println!("{grid}, limited {limit}: relative error {error:.3}, largest {:.3}", largest(&after));
        assert!(error < 0.15, "{grid}, limited {limit}: {error}");
        assert!(!limit || after.iter().all(|value| (0.0..=1.0).contains(value)));
    }
}
