//! Weights, places on rings, and displacements on the sphere.

use std::f64::consts::{PI, TAU};

use terrella_kernels::device::Device;
use terrella_kernels::semi_lagrangian::{
    Nodes, RingTables, cubic_weights, displacement_angles, displacement_rotation, place_on_ring,
    uneven_cubic_weights,
};

use crate::sphere::{distance, position};

fn cubic(x: f64) -> f64 {
    0.3 - 1.7 * x + 0.9 * x * x - 2.1 * x * x * x
}

#[test]
fn even_weights_reproduce_cubics() {
    for step in 0..=20 {
        let t = f64::from(step) / 20.0;
        let (a, b, c, d) = cubic_weights(t);
        let value = a * cubic(-1.0) + b * cubic(0.0) + c * cubic(1.0) + d * cubic(2.0);
        assert!((value - cubic(t)).abs() < 1e-14, "{t}");
    }
}

#[test]
fn uneven_weights_reproduce_cubics_inside_and_parabolas_at_the_ends() {
    let nodes = [0.01, 0.1, 0.3, 0.35, 0.8, 1.0];
    let table = Nodes::<f64>::new("nodes", &nodes, 0.01, 1.0, Device::Cpu).unwrap().table.to_vec().unwrap();
    let value_at = |x: f64, interval: usize, function: &dyn Fn(f64) -> f64| {
        let row = &table[7 * interval..7 * interval + 7];
        let t = (x - row[0]) * row[1];
        let (a, b, c, d) = uneven_cubic_weights(t, row[2], row[3], row[4], row[5], row[6]);
        let at = |index: usize| function(nodes[index.min(5)]);
        a * at(interval.saturating_sub(1)) + b * at(interval) + c * at(interval + 1) + d * at(interval + 2)
    };
    for interval in 0..5 {
        for step in 0..=10 {
            let x = nodes[interval] + (nodes[interval + 1] - nodes[interval]) * f64::from(step) / 10.0;
            let parabola = |x: f64| 0.4 - x + 3.0 * x * x;
            let expected = if (1..4).contains(&interval) { cubic(x) } else { parabola(x) };
            let function: &dyn Fn(f64) -> f64 = if (1..4).contains(&interval) { &cubic } else { &parabola };
            let got = value_at(x, interval, function);
            assert!((got - expected).abs() < 1e-13, "interval {interval}, {x}: {got}, expected {expected}");
        }
    }
}

#[test]
fn nodes_are_found_in_their_bins() {
    let nodes = [0.01, 0.1, 0.3, 0.31, 0.8, 1.0];
    let table = Nodes::<f32>::new("nodes", &nodes, 0.01, 1.0, Device::Cpu).unwrap();
    let (rows, bins) = (table.table.to_vec().unwrap(), table.bins.to_vec().unwrap());
    for step in 0..=10_000 {
        let x = 0.01 + 0.99 * step as f32 / 10_000.0;
        let bin = (((x - table.first) * table.per_unit) as u32).min(table.count - 1);
        let mut node = bins[bin as usize] as usize;
        if x >= rows[7 * (node + 1)] && node < 4 {
            node += 1;
        }
        assert!(x >= rows[7 * node] && (x < rows[7 * (node + 1)] || node == 4), "{x} in interval {node}");
    }
    assert!(Nodes::<f32>::new("nodes", &[1.0], 0.0, 1.0, Device::Cpu).is_err());
    assert!(Nodes::<f32>::new("nodes", &[0.0, 0.5, 0.5, 1.0], 0.0, 1.0, Device::Cpu).is_err());
}

#[test]
fn places_on_rings_are_those_of_the_longitude() {
    for (points, row_points) in [(20, 20), (20, 24), (360, 356), (21, 20)] {
        for index in 0..points {
            for longitude in [0.0, 1e-9, -1e-9, 0.3, -0.3, 3.1, -3.1] {
                for shift in [0.0, -0.5 * f64::from(row_points)] {
                    let inverse = 1.0 / f64::from(points);
                    let (column, fraction) =
                        place_on_ring(index, points, inverse, row_points, shift, longitude);
                    assert!(column < row_points && (0.0..=1.0).contains(&fraction));
                    let place =
                        (TAU * f64::from(index) * inverse + longitude) * f64::from(row_points) / TAU + shift;
                    let off = (f64::from(column) + fraction - place).rem_euclid(f64::from(row_points));
                    let off = off.min(f64::from(row_points) - off);
                    assert!(off < 1e-10, "{index} of {points} by {longitude}: {off} off");
                }
            }
            // Air at rest is exactly where it was, in single precision too.
            assert_eq!(place_on_ring(index, points, 1.0 / points as f32, points, 0.0, 0.0), (index, 0.0));
        }
    }
}

#[test]
fn displacements_are_those_of_the_sphere() {
    for latitude in [-1.55, -0.7, 0.0, 0.2, 1.2, 1.57_f64] {
        for (eastward, northward) in
            [(0.0_f64, 0.0_f64), (0.1, 0.2), (-0.3, 0.05), (0.01, -0.4), (1e-7, -1e-7)]
        {
            let (sine, cosine) = latitude.sin_cos();
            let height = (1.0 - eastward * eastward - northward * northward).sqrt();
            // East, north and up at longitude 0.
            let there: [f64; 3] =
                [height * cosine - northward * sine, eastward, height * sine + northward * cosine];
            let (turned, moved) = displacement_angles(eastward, northward, sine, cosine);
            let found = position(turned, latitude + moved);
            assert!(distance(there, found) < 1e-14, "{latitude}: {there:?}, {found:?}");
            assert!(turned.abs() <= PI);

            // A vector carried along the great circle: w − (w·a)/(1 + d·a)·(d + a).
            let (p, q) = displacement_rotation(eastward, northward, sine, cosine);
            assert!((p * p + q * q - 1.0).abs() < 1e-13);
            let east = [-turned.sin(), turned.cos(), 0.0];
            let here = position(0.0, latitude);
            let dot = |a: [f64; 3], b: [f64; 3]| a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
            let factor = dot(east, here) / (1.0 + dot(there, here));
            let carried: [f64; 3] = std::array::from_fn(|i| east[i] - factor * (there[i] + here[i]));
            assert!((carried[1] - p).abs() < 1e-12, "{latitude} {eastward} {northward}");
            assert!((dot(carried, [-sine, 0.0, cosine]) - q).abs() < 1e-12);
        }
    }
}

#[test]
fn grids_with_rings_at_poles_or_elsewhere_are_refused() {
    for grid in ["r36x19", "H8"] {
        let error = RingTables::<f64>::new(&grid.parse().unwrap(), Device::Cpu).unwrap_err().to_string();
        assert!(error.contains("grid"), "{error}");
    }
    assert!(RingTables::<f64>::new(&"r36x18".parse().unwrap(), Device::Cpu).is_ok());
}
