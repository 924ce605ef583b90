//! The kernels of `vertical` and `physics`, each with the same bits on every device.

use terrella_kernels::physics::held_suarez::held_suarez_forcing;
use terrella_kernels::vertical::{thick_layer, thin_layer};
use terrella_kernels::{Real, kernel};

use crate::fixture::{field, indices, positive};

/// ln and α of layers of all kinds.
#[kernel(indices = 2)]
fn logarithms<R: Real>(
    level: u32,
    point: u32,
    points: u32,
    kind: &[u32],
    logarithm: &[R],
    alpha: &[R],
    ratio: &[R],
) -> (R, R) {
    let ratio_here = ratio[level * points + point];
    let mut logarithm_here = logarithm[level];
    let mut alpha_here = alpha[level];
    if kind[level] == 1 {
        let (thin_logarithm, thin_alpha) = thin_layer(ratio_here);
        logarithm_here = thin_logarithm;
        alpha_here = thin_alpha;
    }
    if kind[level] == 2 {
        let (thick_logarithm, thick_alpha) = thick_layer(ratio_here);
        logarithm_here = thick_logarithm;
        alpha_here = thick_alpha;
    }
    (logarithm_here, alpha_here)
}

/// Ratios of layers, between 0.002 and 0.8.
fn ratios<R: Real>() -> Vec<R> {
    positive::<R>(4, 9 * 37).iter().map(|&value| value * R::from_f64(0.2)).collect()
}

stamp! {
    logarithms_of_layers: logarithms<R>,
    extent [9, 37],
    arguments {
        value(37u32), slice(indices(1, 9, 3)), slice(field::<R>(2, 9)), slice(field::<R>(3, 9)), slice(ratios::<R>()),
    },
    outputs { logarithm: R, alpha: R },
    reference {
        let (kind, ratio) = (indices(1, 9, 3), ratios::<R>());
        let (logarithm, alpha) = (field::<R>(2, 9), field::<R>(3, 9));
        move |[level, point]: [usize; 2]| {
            let (x, one) = (ratio[level * 37 + point], R::from_f64(1.0));
            match kind[level] {
                0 => (logarithm[level], alpha[level]),
                1 => {
                    let square = x * x;
                    let mut excess = square / R::from_f64(15.0) + one / R::from_f64(13.0);
                    for odd in [11.0, 9.0, 7.0, 5.0, 3.0] {
                        excess = excess * square + one / R::from_f64(odd);
                    }
                    excess *= square;
                    (R::from_f64(2.0) * x * (one + excess), x - (one - x) * excess)
                }
                _ => {
                    let logarithm = ((one + x) / (one - x)).log();
                    (logarithm, x - (one - x) * (R::from_f64(0.5) * logarithm / x - one))
                }
            }
        }
    }
}

stamp! {
    forcing_of_held_and_suarez: held_suarez_forcing<R>,
    extent [5, 37],
    arguments {
        value(37u32), value(R::from_f64(0.5)), value(R::from_f64(0.7)), value(R::from_f64(1.1)),
        value(R::from_f64(0.02)), value(R::from_f64(0.3)), value(R::from_f64(6.0)), value(R::from_f64(1.0)),
        value(R::from_f64(3.0)), value(R::from_f64(2.0)), value(R::from_f64(1.5)), value(R::from_f64(0.3)),
        slice(positive::<R>(1, 5)), slice(positive::<R>(2, 5)), slice(field::<R>(3, 37)), slice(positive::<R>(4, 37)),
        slice(field::<R>(5, 185)), slice(field::<R>(6, 185)), slice(field::<R>(7, 185)), slice(positive::<R>(8, 5)),
        slice(field::<R>(9, 185)), slice(field::<R>(10, 185)), slice(field::<R>(11, 185)),
    },
    outputs { u: R, v: R, temperature: R },
    reference {
        let [a_sum, b_sum, reference] = [1, 2, 8].map(|seed| positive::<R>(seed, 5));
        let (sine, surface) = (field::<R>(3, 37), positive::<R>(4, 37));
        let [u, v, temperature, du, dv, dt] = [5, 6, 7, 9, 10, 11].map(|seed| field::<R>(seed, 185));
        move |[level, point]: [usize; 2]| {
            let number = R::from_f64;
            let here = level * 37 + point;
            let one = number(1.0);
            let pressure = number(0.5) * (a_sum[level] + b_sum[level] * surface[point]);
            let height = ((pressure / surface[point] - number(0.7)) / (one - number(0.7))).max(R::ZERO);
            let drag = number(1.1) * height;
            let drag = drag / (one + number(0.5) * drag);
            let sine_squared = sine[point] * sine[point];
            let cosine_squared = one - sine_squared;
            let logarithm = (pressure / number(1.5)).log();
            let potential =
                number(3.0) - number(6.0) * sine_squared - number(1.0) * logarithm * cosine_squared;
            let equilibrium = (potential * (number(0.3) * logarithm).exp()).max(number(2.0));
            let rate = number(0.02)
                + (number(0.3) - number(0.02)) * height * cosine_squared * cosine_squared;
            let rate = rate / (one + number(0.5) * rate);
            (
                du[here] - drag * u[here],
                dv[here] - drag * v[here],
                dt[here] - rate * (reference[level] + temperature[here] - equilibrium),
            )
        }
    }
}
