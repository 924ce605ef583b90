//! Scans: sums down and up a column, and a tridiagonal system solved by two of them; odd extents, threads, lengths.

use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::{Error, Real, kernel};

use crate::devices;
use crate::fixture::{field, positive};

/// Sum of the fluxes above each level, and below the last one.
#[kernel(indices = 2, scan = down, carried = 1)]
fn flux_above<R: Real>(
    level: u32,
    point: u32,
    above: R,
    points: u32,
    divergence: &[R],
    thickness: &[R],
) -> (R, R) {
    let here = level * points + point;
    (above, above + divergence[here] * thickness[here])
}

/// Sums above each level, in a plain loop over each column, and the whole ones.
fn sums_above<R: Real>(levels: usize, points: usize) -> (Vec<R>, Vec<R>) {
    let (divergence, thickness) = (field::<R>(1, levels * points), positive::<R>(2, levels * points));
    let (mut at_levels, mut column) = (vec![R::from_f64(0.0); levels * points], Vec::new());
    for point in 0..points {
        let mut sum = R::from_f64(0.0);
        for level in 0..levels {
            at_levels[level * points + point] = sum;
            sum += divergence[level * points + point] * thickness[level * points + point];
        }
        column.push(sum);
    }
    (at_levels, column)
}

macro_rules! sums {
    ($($test:ident $levels:literal $points:literal)*) => {$(
        stamp! {
            $test: flux_above<R>,
            extent [$levels, $points],
            arguments {
                value($points as u32),
                slice(field::<R>(1, $levels * $points)), slice(positive::<R>(2, $levels * $points)),
            },
            outputs { at_levels: R },
            carried { column: R },
            reference || sums_above::<R>($levels, $points)
        }
    )*};
}

sums! {
    sum_of_no_level 0 40 sum_of_no_point 5 0 sum_of_one_level 1 70 sum_of_one_point 7 1 sum_below_a_pack 3 15
    sum_of_a_pack 3 16 sum_above_a_pack 3 17 sum_above_a_wide_pack 3 33 sum_of_two_wide_packs 26 64
    sum_of_several_blocks 9 5003
}

/// Geopotential at levels and half levels, from the surface up.
#[kernel(indices = 2, scan = up, carried = 1)]
fn hydrostatic<R: Real>(
    level: u32,
    point: u32,
    below: R,
    levels: u32,
    points: u32,
    surface: &[R],
    thickness: &[R],
    temperature: &[R],
) -> (R, R) {
    let here = level * points + point;
    let base = if level == levels - 1 { surface[point] } else { below };
    let layer = temperature[here] * thickness[here];
    (base + 0.5 * layer, base + layer)
}

stamp! {
    integral_from_the_surface_up: hydrostatic<R>,
    extent [19, 131],
    arguments {
        value(19u32), value(131u32),
        slice(field::<R>(1, 131)), slice(positive::<R>(2, 19 * 131)), slice(positive::<R>(3, 19 * 131)),
    },
    outputs { at_levels: R },
    carried { top: R },
    reference || {
        let (surface, thickness, temperature) =
            (field::<R>(1, 131), positive::<R>(2, 19 * 131), positive::<R>(3, 19 * 131));
        let (mut at_levels, mut top) = (vec![R::from_f64(0.0); 19 * 131], surface);
        for level in (0..19).rev() {
            for point in 0..131 {
                let here = level * 131 + point;
                let layer = temperature[here] * thickness[here];
                at_levels[here] = top[point] + R::from_f64(0.5) * layer;
                top[point] += layer;
            }
        }
        (at_levels, top)
    }
}

/// The sum of a column, and nothing at its levels.
#[kernel(indices = 2, scan = down, carried = 1)]
fn column_sum<R: Real>(level: u32, point: u32, sum: R, points: u32, x: &[R]) -> R {
    sum + x[level * points + point]
}

stamp! {
    sum_of_a_column: column_sum<R>,
    extent [31, 77],
    arguments { value(77u32), slice(field::<R>(1, 31 * 77)) },
    outputs {},
    carried { sum: R },
    reference || {
        let x = field::<R>(1, 31 * 77);
        let sum = |point: usize| (0..31).fold(R::from_f64(0.0), |sum, level| sum + x[level * 77 + point]);
        ((0..77).map(sum).collect(),)
    }
}

/// Elimination of the lower diagonal of a tridiagonal system in each column.
#[kernel(indices = 2, scan = down, carried = 2)]
fn elimination<R: Real>(
    level: u32,
    point: u32,
    upper_above: R,
    right_above: R,
    points: u32,
    lower: &[R],
    diagonal: &[R],
    upper: &[R],
    right: &[R],
) -> (R, R, R, R) {
    let here = level * points + point;
    let pivot = diagonal[here] - lower[here] * upper_above;
    let upper_here = upper[here] / pivot;
    let right_here = (right[here] - lower[here] * right_above) / pivot;
    (upper_here, right_here, upper_here, right_here)
}

/// Substitution from the last level back.
#[kernel(indices = 2, scan = up, carried = 1)]
fn substitution<R: Real>(level: u32, point: u32, below: R, points: u32, upper: &[R], right: &[R]) -> (R, R) {
    let here = level * points + point;
    let x = right[here] - upper[here] * below;
    (x, x)
}

const LEVELS: usize = 23;
const POINTS: usize = 101;

/// Lower, main and upper diagonal and right side of a diagonally dominant system per column.
fn system<R: Real>() -> [Vec<R>; 4] {
    let count = LEVELS * POINTS;
    let diagonal = positive::<R>(2, count).into_iter().map(|value| value + R::from_f64(9.0)).collect();
    [field(1, count), diagonal, field(3, count), field(4, count)]
}

/// One column's system by elimination and substitution: the changed upper diagonal and right side, and the solution.
fn solved<R: Real>(system: &[Vec<R>; 4], point: usize) -> [Vec<R>; 3] {
    let [lower, diagonal, mut upper, mut right] = [0, 1, 2, 3]
        .map(|part| (0..LEVELS).map(|level| system[part][level * POINTS + point]).collect::<Vec<R>>());
    upper[0] /= diagonal[0];
    right[0] /= diagonal[0];
    for level in 1..LEVELS {
        let pivot = diagonal[level] - lower[level] * upper[level - 1];
        upper[level] /= pivot;
        right[level] = (right[level] - lower[level] * right[level - 1]) / pivot;
    }
    let mut x = right.clone();
    for level in (0..LEVELS - 1).rev() {
        x[level] = right[level] - upper[level] * x[level + 1];
    }
    [upper, right, x]
}

/// Part 0, 1 or 2 of what `solved` returns, at all points.
fn part_of_solution<R: Real>(part: usize) -> Vec<R> {
    let system = system::<R>();
    let columns: Vec<_> = (0..POINTS).map(|point| solved(&system, point)).collect();
    (0..LEVELS * POINTS).map(|at| columns[at % POINTS][part][at / POINTS]).collect()
}

stamp! {
    tridiagonal_elimination: elimination<R>,
    extent [LEVELS as u32, POINTS as u32],
    arguments {
        value(POINTS as u32), slice(system::<R>()[0]), slice(system::<R>()[1]), slice(system::<R>()[2]),
        slice(system::<R>()[3]),
    },
    outputs { upper: R, right: R },
    carried { last_upper: R, last_right: R },
    reference || {
        let (upper, right) = (part_of_solution::<R>(0), part_of_solution::<R>(1));
        let last = (LEVELS - 1) * POINTS;
        let (last_upper, last_right) = (upper[last..].to_vec(), right[last..].to_vec());
        (upper, right, last_upper, last_right)
    }
}

stamp! {
    tridiagonal_substitution: substitution<R>,
    extent [LEVELS as u32, POINTS as u32],
    arguments { value(POINTS as u32), slice(part_of_solution::<R>(0)), slice(part_of_solution::<R>(1)) },
    outputs { x: R },
    carried { top: R },
    reference || {
        let x = part_of_solution::<R>(2);
        let top = x[..POINTS].to_vec();
        (x, top)
    }
}

#[test]
fn a_tridiagonal_system_is_solved_on_every_device() {
    let extent = [LEVELS as u32, POINTS as u32];
    for device in devices::devices().into_iter().filter(|device| f64_runs_on(*device)) {
        let parts = system::<f64>().map(|part| Buffer::from_slice(device, &part).unwrap());
        let [lower, diagonal, upper, right] = &parts;
        let new = |length| Buffer::<f64>::zeros(device, length).unwrap();
        let (mut upper_here, mut right_here, mut x) =
            (new(LEVELS * POINTS), new(LEVELS * POINTS), new(LEVELS * POINTS));
        let (mut column, mut other) = (new(POINTS), new(POINTS));
        let points = POINTS as u32;
        elimination::launch(
            extent,
            points,
            lower,
            diagonal,
            upper,
            right,
            &mut upper_here,
            &mut right_here,
            &mut column,
            &mut other,
        )
        .unwrap();
        substitution::launch(extent, points, &upper_here, &right_here, &mut x, &mut column).unwrap();
        let x = x.to_vec().unwrap();
        let [lower, diagonal, upper, right] = system::<f64>();
        for here in 0..LEVELS * POINTS {
            let mut left = diagonal[here] * x[here];
            if here >= POINTS {
                left += lower[here] * x[here - POINTS];
            }
            if here + POINTS < x.len() {
                left += upper[here] * x[here + POINTS];
            }
            assert!(
                (left - right[here]).abs() < 1e-13,
                "{device}, value {here}: {left} instead of {}",
                right[here]
            );
        }
    }
}

/// Whether f64 kernels run there.
fn f64_runs_on(device: Device) -> bool {
    let extent = [1, 1];
    let x = Buffer::<f64>::zeros(device, 1).unwrap();
    let mut sum = Buffer::<f64>::zeros(device, 1).unwrap();
    !matches!(column_sum::launch(extent, 1, &x, &mut sum), Err(Error::DeviceUnavailable { .. }))
}

#[test]
fn outputs_of_another_length_are_refused_by_name() {
    for device in devices::devices() {
        let x = Buffer::<f32>::zeros(device, 12).unwrap();
        let launch = |at_levels: usize, column: usize| {
            let mut at_levels = Buffer::<f32>::zeros(device, at_levels).unwrap();
            let mut column = Buffer::<f32>::zeros(device, column).unwrap();
            flux_above::launch([3, 4], 4, &x, &x, &mut at_levels, &mut column)
        };
        launch(12, 4).unwrap();
        let refused = |result, expected_name: &str, expected_length: usize, length: usize| {
            assert!(
                matches!(result, Err(Error::LengthMismatch { name, expected, got })
                    if name == expected_name && expected == expected_length && got == length),
                "{result:?}"
            );
        };
        refused(launch(4, 4), "output 0", 12, 4);
        refused(launch(12, 12), "output 1", 4, 12);
        let mut sum = Buffer::<f32>::zeros(device, 12).unwrap();
        refused(column_sum::launch([3, 4], 4, &x, &mut sum), "output 0", 4, 12);
    }
}

#[test]
fn an_extent_of_more_columns_than_32_bits_count_is_refused() {
    let x = Buffer::<f32>::zeros(Device::Cpu, 0).unwrap();
    let mut sum = Buffer::<f32>::zeros(Device::Cpu, 0).unwrap();
    let extent = [0, 1 << 16, 1 << 16];
    let result = super::scan_forms::layered::launch(extent, 1, 1, &x, &mut sum);
    assert!(matches!(result, Err(Error::InvalidValue { name: "extent", .. })), "{result:?}");
}

#[test]
fn sums_do_not_depend_on_the_number_of_threads() {
    for [levels, points] in [[26usize, 10_007], [3, 100_003]] {
        let divergence = Buffer::from_slice(Device::Cpu, &field::<f32>(1, levels * points)).unwrap();
        let thickness = Buffer::from_slice(Device::Cpu, &positive::<f32>(2, levels * points)).unwrap();
        let (at_levels, column) = sums_above::<f32>(levels, points);
        for threads in [1, 2, 3, 8] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let mut got_at_levels = Buffer::<f32>::zeros(Device::Cpu, levels * points).unwrap();
            let mut got_column = Buffer::<f32>::zeros(Device::Cpu, points).unwrap();
            let extent = [levels as u32, points as u32];
            let (levels, column_out) = (&mut got_at_levels, &mut got_column);
            pool.install(|| {
                flux_above::launch(extent, points as u32, &divergence, &thickness, levels, column_out)
            })
            .unwrap();
            assert!(got_at_levels.to_vec().unwrap() == at_levels, "{threads} threads");
            assert!(got_column.to_vec().unwrap() == column, "{threads} threads");
        }
    }
}
