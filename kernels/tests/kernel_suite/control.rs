//! Conditions, loops and returns.

use terrella_kernels::{Real, kernel};

use crate::fixture::{field, indices, positive};

/// Nested conditions as statements.
#[kernel]
fn nested_conditions<R: Real>(i: u32, limit: R, x: &[R], y: &[R]) -> R {
    let mut result = 1.0;
    if x[i] > 0.0 {
        if y[i] > limit {
            result = x[i] + y[i];
        } else if y[i] < -limit {
            let scaled = x[i] * 0.5;
            result += scaled * scaled;
        } else {
            result -= 3.0;
        }
    } else if x[i] < -2.0 {
        result *= y[i];
    }
    result
}

stamp! {
    conditions_inside_conditions: nested_conditions<R>,
    extent [1500],
    arguments { value(R::from_f64(1.0)), slice(field::<R>(1, 1500)), slice(field::<R>(2, 1500)) },
    outputs { result: R },
    reference {
        let (x, y) = (field::<R>(1, 1500), field::<R>(2, 1500));
        let number = R::from_f64;
        move |[i]: [usize; 1]| {
            let (x, y, limit) = (x[i], y[i], number(1.0));
            (match (x > number(0.0), y > limit, y < -limit) {
                (true, true, _) => x + y,
                (true, false, true) => number(1.0) + x * number(0.5) * (x * number(0.5)),
                (true, false, false) => number(1.0) - number(3.0),
                (false, ..) if x < number(-2.0) => number(1.0) * y,
                _ => number(1.0),
            },)
        }
    }
}

/// Conditions as values: alone, inside expressions, with statements, with loads in one branch.
#[kernel]
fn conditional_values<R: Real>(i: u32, n: u32, x: &[R], y: &[R]) -> R {
    let sign = if x[i] < 0.0 { -1.0 } else { 1.0 };
    let before = if i > 0 { x[i - 1] } else { 0.0 };
    let after = if i + 1 < n {
        let next = x[i + 1];
        next * 2.0
    } else if y[i] > 0.0 {
        y[i]
    } else {
        -y[i]
    };
    let both =
        sign * (if before < after { before } else { after }) + if y[i] > 1.0 { y[0] * x[i] } else { 0.25 };
    both
}

stamp! {
    conditions_as_values: conditional_values<R>,
    extent [777],
    arguments { value(777u32), slice(field::<R>(3, 777)), slice(field::<R>(4, 777)) },
    outputs { result: R },
    reference {
        let (x, y) = (field::<R>(3, 777), field::<R>(4, 777));
        let number = R::from_f64;
        move |[i]: [usize; 1]| {
            let sign = number(if x[i] < number(0.0) { -1.0 } else { 1.0 });
            let before = if i > 0 { x[i - 1] } else { number(0.0) };
            let after = match x.get(i + 1) {
                Some(next) => *next * number(2.0),
                None if y[i] > number(0.0) => y[i],
                None => -y[i],
            };
            let smaller = if before < after { before } else { after };
            (sign * smaller + if y[i] > number(1.0) { y[0] * x[i] } else { number(0.25) },)
        }
    }
}

/// The right side of `&&` and `||` is only reached where the left one asks for it.
#[kernel]
fn short_circuits<R: Real>(i: u32, n: u32, x: &[R]) -> u32 {
    let mut code = 0;
    if i > 0 && x[i - 1] > x[i] {
        code = 1;
    }
    if i + 1 == n || x[i + 1] > x[i] {
        code += 2;
    }
    if i > 0 && (if x[i - 1] > 0.0 { x[i - 1] } else { x[i] }) > 1.0 {
        code += 4;
    }
    code
}

stamp! {
    short_circuit_evaluation: short_circuits<R>,
    extent [600],
    arguments { value(600u32), slice(field::<R>(5, 600)) },
    outputs { code: u32 },
    reference {
        let x = field::<R>(5, 600);
        move |[i]: [usize; 1]| {
            let zero = R::from_f64(0.0);
            let descends = i > 0 && x[i - 1] > x[i];
            let ascends = i + 1 == x.len() || x[i + 1] > x[i];
            let large = i > 0 && (if x[i - 1] > zero { x[i - 1] } else { x[i] }) > R::from_f64(1.0);
            (u32::from(descends) + 2 * u32::from(ascends) + 4 * u32::from(large),)
        }
    }
}

/// Early returns, also from inside a loop.
#[kernel]
fn early_returns<R: Real>(i: u32, n: u32, x: &[R]) -> (R, u32) {
    if x[i] < -3.0 {
        return (0.0, 0);
    }
    let mut sum = 0.0;
    for j in 0..n {
        sum += x[(i + j) % n];
        if sum > 6.0 {
            return (sum, j);
        }
    }
    if sum > 0.0 {
        (sum, n)
    } else {
        let negative = -sum;
        (negative, n + 1)
    }
}

stamp! {
    returns_before_the_end: early_returns<R>,
    extent [90],
    arguments { value(90u32), slice(field::<R>(6, 90)) },
    outputs { sum: R, count: u32 },
    reference {
        let x = field::<R>(6, 90);
        let number = R::from_f64;
        move |[i]: [usize; 1]| {
            if x[i] < number(-3.0) {
                return (number(0.0), 0u32);
            }
            let mut sum = number(0.0);
            for j in 0..90 {
                sum += x[(i + j) % 90];
                if sum > number(6.0) {
                    return (sum, j as u32);
                }
            }
            if sum > number(0.0) { (sum, 90) } else { (-sum, 91) }
        }
    }
}

/// Loops: nested, empty, of i32, and with a bound that changes in the body.
#[kernel]
fn loops<R: Real>(i: u32, rows: u32, x: &[R], counts: &[u32]) -> (R, i32, u32) {
    let mut sum = 0.0;
    for row in 0..rows {
        for column in row..counts[i] {
            sum += x[row * 8 + column] * 0.5;
        }
    }
    let mut signed = 0;
    for k in -3..counts[i] as i32 - 2 {
        signed += k * k;
    }
    let mut bound = counts[i];
    let mut turns = 0;
    for _ in 1..bound {
        bound += 2;
        turns += bound;
    }
    (sum, signed, turns)
}

stamp! {
    loops_of_all_kinds: loops<R>,
    extent [400],
    arguments { value(5u32), slice(field::<R>(7, 64)), slice(indices(8, 400, 9)) },
    outputs { sum: R, signed: i32, turns: u32 },
    reference {
        let (x, counts) = (field::<R>(7, 64), indices(8, 400, 9));
        move |[i]: [usize; 1]| {
            let count = counts[i];
            let mut sum = R::from_f64(0.0);
            for row in 0..5 {
                for column in row..count {
                    sum += x[(row * 8 + column) as usize] * R::from_f64(0.5);
                }
            }
            let signed = (-3..count as i32 - 2).map(|k| k * k).sum::<i32>();
            let turns = (1..count.max(1)).map(|turn| count + 2 * turn).sum::<u32>();
            (sum, signed, turns)
        }
    }
}

/// Newton's iteration: a variable that changes in a loop, compared after it.
#[kernel]
fn newton<R: Real>(i: u32, x: &[R]) -> R {
    let mut root = x[i];
    for _ in 0..6 {
        root = 0.5 * (root + x[i] / root);
    }
    let exact = x[i].sqrt();
    if (root - exact).abs() < 1e-3 { root } else { -exact }
}

stamp! {
    changing_variables: newton<R>,
    extent [333],
    arguments { slice(positive::<R>(9, 333)) },
    outputs { root: R },
    reference {
        let x = positive::<R>(9, 333);
        move |[i]: [usize; 1]| {
            let mut root = x[i];
            for _ in 0..6 {
                root = R::from_f64(0.5) * (root + x[i] / root);
            }
            let exact = x[i].sqrt();
            (if (root - exact).abs() < R::from_f64(1e-3) { root } else { -exact },)
        }
    }
}

/// Returns under conditions that load nothing: the CPU computes both sides.
#[kernel]
fn chosen_returns<R: Real>(i: u32, x: &[R], y: &[R]) -> (R, R) {
    let a = x[i];
    let b = y[i];
    if a < -2.0 {
        return (b, 0.5);
    }
    let scaled = a * 0.25;
    if b > 1.0 {
        let a = scaled + b;
        (a, a * a)
    } else if a > b {
        (scaled.max(b).sqrt(), b)
    } else {
        (scaled, -scaled)
    }
}

stamp! {
    returns_as_choices: chosen_returns<R>,
    extent [999],
    arguments { slice(field::<R>(10, 999)), slice(field::<R>(11, 999)) },
    outputs { first: R, second: R },
    reference {
        let (x, y) = (field::<R>(10, 999), field::<R>(11, 999));
        let number = R::from_f64;
        move |[i]: [usize; 1]| {
            let (a, b) = (x[i], y[i]);
            let scaled = a * number(0.25);
            let sum = scaled + b;
            if a < number(-2.0) {
                (b, number(0.5))
            } else if b > number(1.0) {
                (sum, sum * sum)
            } else if a > b {
                (Real::max(scaled, b).sqrt(), b)
            } else {
                (scaled, -scaled)
            }
        }
    }
}

/// The angle's sine where it is wanted; the same load in condition and branch.
#[kernel]
fn clipped<R: Real>(i: u32, limit: R, x: &[R]) -> R {
    let mut count = 0;
    let value = if x[i] > limit && x[i] != 2.0 { x[i].sin() * limit } else { x[i] + 1.0 };
    if x[i] > 0.0 {
        count += 3;
    } else {
        for k in 0..3 {
            count += k;
        }
    }
    value * count as R
}

stamp! {
    functions_under_conditions: clipped<R>,
    extent [555],
    arguments { value(R::from_f64(0.7)), slice(field::<R>(12, 555)) },
    outputs { result: R },
    reference {
        let x = field::<R>(12, 555);
        let number = R::from_f64;
        move |[i]: [usize; 1]| {
            let value = if x[i] > number(0.7) { x[i].sin() * number(0.7) } else { x[i] + number(1.0) };
            (value * number(3.0),)
        }
    }
}
