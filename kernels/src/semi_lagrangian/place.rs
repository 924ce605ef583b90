//! Where a departure point lies between nodes, and with which weights.

use terrella_kernels_macros::kernel;

use crate::Real;

/// Weights of the values at −1, 0, 1, 2 for Lagrange's cubic at `t` between 0 and 1; they sum to 1.
#[kernel(function)]
pub fn cubic_weights<R: Real>(t: R) -> (R, R, R, R) {
    let ends = t * (1.0 - t) / 6.0;
    let before = -(ends * (2.0 - t));
    let beyond = -(ends * (1.0 + t));
    let next = 0.5 * t * (1.0 + t) * (2.0 - t);
    (before, 1.0 - (before + next + beyond), next, beyond)
}

/// The same for nodes at −a, 0, 1, b: `before` is 1/a and `after` 1/b, and the last three are those of [`Nodes`](super::Nodes).
///
/// Where `before` or `after` is 0, that node is infinitely far away, and the cubic is the quadratic through the others.
#[kernel(function)]
pub fn uneven_cubic_weights<R: Real>(
    t: R,
    before: R,
    after: R,
    first_factor: R,
    third_factor: R,
    fourth_factor: R,
) -> (R, R, R, R) {
    let left = 1.0 + t * before;
    let right = 1.0 - t * after;
    let ends = t * (1.0 - t);
    let first = -(first_factor * ends * right);
    let third = third_factor * t * left * right;
    let fourth = -(fourth_factor * ends * left);
    (first, 1.0 - (first + third + fourth), third, fourth)
}

/// The bin of a search table that a value falls into.
#[kernel(function)]
pub fn bin_of<R: Real>(value: R, first: R, per_unit: R, bins: u32) -> u32 {
    let bin = ((value - first) * per_unit) as u32;
    if bin < bins { bin } else { bins - 1 }
}

/// λ_D − λ_A and φ_D − φ_A [rad] of a point of the unit sphere whose projection on the tangent plane at A has these
/// coordinates; `sine` and `cosine` are those of φ_A.
///
/// Small displacements lose no digits: with z the height over the plane through the centre, h = z·cos φ − y·sin φ,
/// cos φ_D = √(h² + x²) and g = cos φ_D − h, tan(λ_D − λ_A) = x/h and tan(φ_D − φ_A) = (y − g·sin φ)/(z + g·cos φ).
#[kernel(function)]
pub fn displacement_angles<R: Real>(eastward: R, northward: R, sine: R, cosine: R) -> (R, R) {
    let square = eastward * eastward;
    let height = (1.0 - (square + northward * northward)).max(0.0).sqrt();
    let along = cosine * height - sine * northward;
    let radius = (along * along + square).sqrt();
    let mut gap = radius - along;
    if along > 0.0 {
        gap = square / (radius + along);
    }
    (eastward.atan2(along), (northward - gap * sine).atan2(height + gap * cosine))
}

/// Cosine p and sine q of the angle by which a vector's components turn when it is carried along the great circle from
/// that point to A: u_A = p·u − q·v, v_A = q·u + p·v.
#[kernel(function)]
pub fn displacement_rotation<R: Real>(eastward: R, northward: R, sine: R, cosine: R) -> (R, R) {
    let square = eastward * eastward;
    let height = (1.0 - (square + northward * northward)).max(0.0).sqrt();
    let along = cosine * height - sine * northward;
    let radius = (along * along + square).sqrt().max(1.0e-20);
    let turn = cosine * eastward / (1.0 + height);
    ((along + turn * eastward) / radius, (sine * eastward + turn * northward) / radius)
}

/// The point of a row west of a departure point, and the fraction of the way to the next one.
///
/// The arrival point is number `index` of a ring of `points` points; `inverse` is 1/points. The row has `row_points`, and
/// begins `shift` of its spacings west of that ring's first point.
#[kernel(function)]
pub fn place_on_ring<R: Real>(
    index: u32,
    points: u32,
    inverse: R,
    row_points: u32,
    shift: R,
    longitude: R,
) -> (u32, R) {
    let ratio = row_points as R * inverse;
    let mut whole = (index as R * ratio) as i32;
    // Whole numbers keep the digits that λ_A itself would lose; the guess may be one off.
    let mut rest = (index * row_points) as i32 - whole * points as i32;
    if rest < 0 {
        rest += points as i32;
        whole -= 1;
    }
    if rest >= points as i32 {
        rest -= points as i32;
        whole += 1;
    }
    let place = rest as R * inverse + (longitude * (row_points as R * 0.15915494309189535) + shift);
    let steps = place.floor();
    let mut column = whole + steps as i32;
    if column < 0 {
        column += row_points as i32;
    }
    if column >= row_points as i32 {
        column -= row_points as i32;
    }
    (column as u32, place - steps)
}
