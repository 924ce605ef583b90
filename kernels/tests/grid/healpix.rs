//! HEALPix: positions and numbers of pixels against published values and against the equations' own symmetries.

use std::f64::consts::{FRAC_PI_2, FRAC_PI_4};

use terrella_kernels::grid::{Grid, GridKind, HealpixOrder};

fn grid(side: usize) -> Grid {
    Grid::healpix(side).unwrap()
}

fn assert_near(what: &str, got: f64, expected: f64, tolerance: f64) {
    assert!((got - expected).abs() <= tolerance, "{what}: got {got}, expected {expected}");
}

#[test]
fn pixels_lie_where_healpy_puts_them() {
    // Colatitude and longitude [radians] of N = 16: the examples of healpy's pix2ang.
    let grid = grid(16);
    for (pixel, colatitude, longitude) in [
        (1440, 1.5291175943723188, 0.0),
        (427, 0.7855049749216982, FRAC_PI_4),
        (1520, FRAC_PI_2, 1.6198837120072371),
        (0, 0.05103657515266638, FRAC_PI_4),
        (3068, 3.090556078437127, FRAC_PI_4),
    ] {
        let (latitude, east) = grid.coordinates(pixel);
        assert_near("latitude", latitude, 90.0 - f64::to_degrees(colatitude), 3e-14);
        assert_near("longitude", east, f64::to_degrees(longitude), 3e-14);
    }
}

#[test]
fn rings_obey_the_equations_of_the_paper() {
    for side in [1, 2, 3, 8, 100] {
        let grid = grid(side);
        let n = side as f64;
        assert_eq!((grid.kind(), grid.points()), (GridKind::HealPix, 12 * side * side));
        assert_eq!(grid.rings().len(), 4 * side - 1);
        for (index, ring) in grid.rings().iter().enumerate() {
            let i = (index + 1) as f64;
            let from_south = 4.0 * n - i;
            let (z, points) = if i < n {
                (1.0 - i * i / (3.0 * n * n), 4.0 * i)
            } else if from_south < n {
                (from_south * from_south / (3.0 * n * n) - 1.0, 4.0 * from_south)
            } else {
                (4.0 / 3.0 - 2.0 * i / (3.0 * n), 4.0 * n)
            };
            assert_near("z", ring.sine_latitude, z, 4e-16);
            assert_near("sin φ", ring.latitude.to_radians().sin(), z, 4e-16);
            assert_near("cos φ", ring.cosine_latitude, (1.0 - z * z).sqrt(), 4e-16 / (1.0 - z * z).sqrt());
            assert_eq!(ring.points as f64, points);
            // Each pixel the same area.
            assert_near("weight", ring.weight * 12.0 * n * n, points, 1e-12 * points);
            let equatorial = i >= n && from_south >= n;
            let on_meridian = equatorial && (index + 1 - side) % 2 == 1;
            let first = if on_meridian { 0.0 } else { 180.0 / points };
            assert_near("first longitude", ring.first_longitude, first, 1e-13);
            assert_near("longitude", ring.longitude(1) - ring.longitude(0), 360.0 / points, 1e-12);
        }
    }
}

/// Ring numbers of the nested pixels 0..48 of N = 2, from healpy 1.20.1.
const RING_FROM_NESTED: [usize; 48] = [
    13, 5, 4, 0, 15, 7, 6, 1, 17, 9, 8, 2, 19, 11, 10, 3, 28, 20, 27, 12, 30, 22, 21, 14, 32, 24, 23, 16, 34,
    26, 25, 18, 44, 37, 36, 29, 45, 39, 38, 31, 46, 41, 40, 33, 47, 43, 42, 35,
];

#[test]
fn nested_numbers_are_those_of_healpy() {
    let order = HealpixOrder::new(2).unwrap();
    for (nested, ring) in RING_FROM_NESTED.into_iter().enumerate() {
        assert_eq!((order.ring_from_nested(nested), order.nested_from_ring(ring)), (ring, nested));
    }
    // Σ k · ring number of nested pixel 1000003 (k−1) modulo 12 N², k = 1 ..= 2000, from healpy 1.20.1.
    for (side, sum) in [(8, 768_444_318), (64, 49_253_425_606), (1024, 12_610_653_986_130)] {
        let order = HealpixOrder::new(side).unwrap();
        let terms = (0..2000).map(|k| (k + 1) * order.ring_from_nested(k * 1_000_003 % order.pixels()));
        assert_eq!(terms.sum::<usize>(), sum, "N = {side}");
    }
}

#[test]
fn both_orders_number_every_pixel_once() {
    for side in [1, 2, 4, 32] {
        let order = HealpixOrder::new(side).unwrap();
        let mut seen = vec![false; order.pixels()];
        for nested in 0..order.pixels() {
            let ring = order.ring_from_nested(nested);
            assert_eq!(order.nested_from_ring(ring), nested, "N = {side}");
            assert!(!std::mem::replace(&mut seen[ring], true), "N = {side}: {ring} twice");
        }
    }
    let order = HealpixOrder::new(1 << 29).unwrap();
    for nested in [0, 1, 12_345_678_901_234_567, order.pixels() / 3, order.pixels() - 1] {
        assert_eq!(order.nested_from_ring(order.ring_from_nested(nested)), nested);
    }
}

#[test]
fn the_four_children_of_a_pixel_surround_its_centre() {
    // Nested numbers form a quadtree: the mean direction of the children is that of the parent, but for curvature.
    let (coarse, fine) = (HealpixOrder::new(16).unwrap(), HealpixOrder::new(32).unwrap());
    let (parents, children) = (grid(16), grid(32));
    let vector = |grid: &Grid, pixel: usize| {
        let (latitude, longitude) = grid.coordinates(pixel);
        let (sine, cosine) = latitude.to_radians().sin_cos();
        let (east_sine, east_cosine) = longitude.to_radians().sin_cos();
        [cosine * east_cosine, cosine * east_sine, sine]
    };
    for pixel in 0..coarse.pixels() {
        let parent = vector(&parents, coarse.ring_from_nested(pixel));
        let mut mean = [0.0; 3];
        for child in 4 * pixel..4 * pixel + 4 {
            let child = vector(&children, fine.ring_from_nested(child));
            (0..3).for_each(|axis| mean[axis] += 0.25 * child[axis]);
        }
        let distance = (0..3).map(|axis| (mean[axis] - parent[axis]).powi(2)).sum::<f64>().sqrt();
        // A pixel is 3.7° wide, its children's centres about 1.3° from its own.
        assert!(distance.to_degrees() < 0.25, "pixel {pixel}: {}°", distance.to_degrees());
    }
}

#[test]
fn fields_change_their_order_and_back() {
    let order = HealpixOrder::new(4).unwrap();
    let ring: Vec<usize> = (0..2 * order.pixels()).collect();
    let nested = order.to_nested_order(&ring).unwrap();
    assert_eq!(nested[order.nested_from_ring(100)], 100);
    assert_eq!(nested[order.pixels() + order.nested_from_ring(100)], order.pixels() + 100);
    assert_eq!(order.to_ring_order(&nested).unwrap(), ring);
    let message = order.to_ring_order(&ring[1..]).unwrap_err().to_string();
    assert_eq!(message, "'nested': expected 384 values, got 383.");
}

#[test]
fn impossible_sizes_are_refused() {
    assert_eq!(
        "H0".parse::<Grid>().unwrap_err().to_string(),
        "Grid 'H0': expected 1 to 536870912 pixels along a face, got 0."
    );
    assert!(Grid::healpix(usize::MAX).is_err());
    for side in [0, 3, 100, 1 << 30] {
        let message = HealpixOrder::new(side).unwrap_err().to_string();
        assert!(message.starts_with(&format!("'side' is {side}: expected a power of two")), "{message}");
    }
}
