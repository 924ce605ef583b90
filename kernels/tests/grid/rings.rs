//! Names, latitudes, weights and refusals of grids.

use std::ops::{Add, Mul, Neg, Sub};

use terrella_kernels::grid::Grid;

fn grid(name: &str) -> Grid {
    name.parse().unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn names_give_the_published_numbers_of_points() {
    // Numbers of points as ecCodes counts them.
    for (name, points) in [
        ("F32", 8192),
        ("N32", 6114),
        ("N48", 13280),
        ("N80", 35718),
        ("N128", 88838),
        ("N320", 542_080),
        ("N640", 2_140_702),
        ("N1280", 8_505_906),
        ("N2000", 20_696_844),
        ("O32", 5248),
        ("O640", 1_661_440),
        ("O1280", 6_599_680),
        ("r360x181", 65160),
        ("H64", 49152),
    ] {
        let grid = grid(name);
        assert_eq!(grid.points(), points, "{name}");
        assert_eq!(grid.name(), name);
        let last = grid.rings().last().unwrap();
        assert_eq!(last.offset + last.points, points);
    }
}

#[test]
fn rings_mirror_each_other_and_cover_the_sphere() {
    for name in ["F1", "F48", "N256", "O96", "r360x181", "r360x180", "r7x3", "r1x2", "H1", "H7", "H64"] {
        let grid = grid(name);
        let rings = grid.rings();
        let area: f64 = rings.iter().map(|ring| ring.weight).sum();
        assert!((area - 1.0).abs() < 2e-15, "{name}: {area}");
        for (north, south) in rings.iter().zip(rings.iter().rev()) {
            assert_eq!((north.latitude, north.sine_latitude), (-south.latitude, -south.sine_latitude));
            assert_eq!((north.weight, north.points), (south.weight, south.points));
            let one = north.sine_latitude.hypot(north.cosine_latitude);
            assert!((one - 1.0).abs() < 3e-16);
            assert!((north.latitude.to_radians().sin() - north.sine_latitude).abs() < 3e-16);
        }
        assert!(rings.windows(2).all(|pair| pair[0].latitude > pair[1].latitude));
    }
}

#[test]
fn regular_grids_lie_where_their_names_say() {
    let with_poles = grid("r360x181");
    assert_eq!(with_poles.rings()[0].latitude, 90.0);
    assert_eq!(with_poles.rings()[0].cosine_latitude, 0.0);
    assert_eq!(with_poles.rings()[90].latitude, 0.0);
    assert_eq!(with_poles.rings()[180].latitude, -90.0);
    let shifted = grid("r360x180");
    assert_eq!(shifted.rings()[0].latitude, 89.5);
    assert_eq!(shifted.coordinates(361), (88.5, 1.0));
}

#[test]
fn quadratures_integrate_polynomials_exactly() {
    // ½ ∫ μ^d dμ = 1/(d+1) for even d: Gauss below 2·rings, Clenshaw-Curtis and Fejér below the number of rings.
    for (name, degree) in [("F24", 94), ("O24", 94), ("r4x61", 60), ("r4x60", 58)] {
        for degree in (0..=degree).step_by(2) {
            let grid = grid(name);
            let terms = grid.rings().iter().map(|ring| ring.weight * ring.sine_latitude.powi(degree));
            let error = terms.sum::<f64>() - 1.0 / f64::from(degree + 1);
            assert!(error.abs() < 1e-15, "{name}, degree {degree}: {error:e}");
        }
    }
}

#[test]
fn impossible_grids_are_refused_with_the_reason() {
    for (text, message) in [
        ("F0", "Grid 'F0': expected an even, non-zero number of rings, got 0."),
        ("r0x10", "Grid 'r0x10': expected at least 1 longitude and 1 latitudes, got 0 and 10."),
        ("r10x0", "Grid 'r10x0': expected at least 1 longitude and 1 latitudes, got 10 and 0."),
    ] {
        assert_eq!(text.parse::<Grid>().unwrap_err().to_string(), message);
    }
    for text in ["", "N33", "Q12", "F", "F-3", "F+3", "r10", "r10x", "rx10", "F3.5", "O64 ", "ß4"] {
        let message = text.parse::<Grid>().unwrap_err().to_string();
        assert!(message.starts_with(&format!("Grid '{text}' is unknown: expected F<n>")), "{message}");
    }
    let refused = |points: &[usize]| Grid::reduced(points).unwrap_err().to_string();
    assert!(refused(&[20, 24, 20]).ends_with("expected an even, non-zero number of rings, got 3."));
    assert!(refused(&[20, 24, 25, 20]).contains("got 24 points on ring 1 and 25 on ring 2"));
    assert!(refused(&[20, 0, 0, 20]).ends_with("ring 1 has no points, expected at least 1."));
    assert!(Grid::reduced(&[20, 24, 24, 20]).is_ok());
}

/// About 32 digits: high + low. Written independently of the library's, for one number at a time.
#[derive(Clone, Copy)]
struct Twofold(f64, f64);

impl Twofold {
    fn from(value: f64) -> Self {
        Self(value, 0.0)
    }
    fn normalised(high: f64, low: f64) -> Self {
        let sum = high + low;
        Self(sum, low - (sum - high))
    }
    fn over(self, divisor: f64) -> Self {
        let high = self.0 / divisor;
        let remainder = (-high).mul_add(divisor, self.0) + self.1;
        Self::normalised(high, remainder / divisor)
    }
}

impl Add for Twofold {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        let sum = self.0 + other.0;
        let part = sum - self.0;
        let error = (self.0 - (sum - part)) + (other.0 - part);
        Self::normalised(sum, error + self.1 + other.1)
    }
}
impl Neg for Twofold {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0, -self.1)
    }
}
impl Sub for Twofold {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}
impl Mul for Twofold {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        let product = self.0 * other.0;
        let error = self.0.mul_add(other.0, -product);
        Self::normalised(product, error + self.0 * other.1 + self.1 * other.0)
    }
}

/// Node and weight (sum over all nodes 1) from an approximate node, by k P_k = (2k−1) x P_{k−1} − (k−1) P_{k−2} and
/// P_k' = P_{k−2}' + (2k−1) P_{k−1}, neither of which the library uses.
fn reference(degree: usize, near: f64) -> (Twofold, f64) {
    let mut x = Twofold::from(near);
    let mut slope = Twofold::from(0.0);
    for _ in 0..3 {
        let (mut before, mut now) = (Twofold::from(1.0), x);
        let (mut slope_before, mut slope_now) = (Twofold::from(0.0), Twofold::from(1.0));
        for k in 2..=degree {
            let odd = Twofold::from((2 * k - 1) as f64);
            let next = (odd * x * now - Twofold::from((k - 1) as f64) * before).over(k as f64);
            let slope_next = slope_before + odd * now;
            (before, now) = (now, next);
            (slope_before, slope_now) = (slope_now, slope_next);
        }
        x = x - Twofold::from(now.0 / slope_now.0);
        slope = slope_now;
    }
    let squared_cosine = Twofold::from(1.0) - x * x;
    (x, 1.0 / (squared_cosine * slope * slope).0)
}

#[test]
fn gaussian_nodes_and_weights_are_right_to_the_last_place() {
    for half in [1, 2, 32, 640, 8000] {
        let grid = Grid::full_with_longitudes(half, 1).unwrap();
        let step = (half / 16).max(1);
        let pairs = (0..half).step_by(step).chain([1.min(half - 1), half - 1]);
        let (mut node, mut cosine, mut weight) = (0.0f64, 0.0f64, 0.0f64);
        for pair in pairs {
            let ring = &grid.rings()[pair];
            let (x, expected) = reference(2 * half, ring.sine_latitude);
            node = node.max((x - Twofold::from(ring.sine_latitude)).0.abs());
            let exact = (Twofold::from(1.0) - x * x).0.sqrt();
            cosine = cosine.max((ring.cosine_latitude / exact - 1.0).abs());
            weight = weight.max((ring.weight / expected - 1.0).abs());
        }
        let area: f64 = grid.rings().iter().map(|ring| ring.weight).sum();
        eprintln!(
            "N{half}: node {node:.1e}, cosine {cosine:.1e}, weight {weight:.1e}, sum {:.1e}",
            area - 1.0
        );
        assert!(
            node < 1.2e-16 && cosine < 3e-16 && weight < 1e-15,
            "N{half}: {node:e} {cosine:e} {weight:e}"
        );
        assert!((area - 1.0).abs() < 1e-14);
    }
}
