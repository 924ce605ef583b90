//! The kernels of `diagnostics`, each with the same bits on every device.

use terrella_kernels::Real;
use terrella_kernels::diagnostics::ensemble::{members_above, spread, welford};
use terrella_kernels::diagnostics::exceedance::{difference, running_maximum, time_above, wind_speed};
use terrella_kernels::diagnostics::heat_wave::heat_wave_day;

use crate::fixture::{field, positive};

stamp! {
    speed_of_wind: wind_speed<R>,
    extent [333],
    arguments { slice(field::<R>(1, 333)), slice(field::<R>(2, 333)) },
    outputs { speed: R },
    reference {
        let [u, v] = [1, 2].map(|seed| field::<R>(seed, 333));
        move |[i]: [usize; 1]| ((u[i] * u[i] + v[i] * v[i]).sqrt(),)
    }
}

stamp! {
    larger_of_two: running_maximum<R>,
    extent [333],
    arguments { slice(field::<R>(1, 333)), slice(field::<R>(2, 333)) },
    outputs { maximum: R },
    reference {
        let [value, before] = [1, 2].map(|seed| field::<R>(seed, 333));
        move |[i]: [usize; 1]| (if value[i] > before[i] { value[i] } else { before[i] },)
    }
}

stamp! {
    time_above_thresholds: time_above<R>,
    extent [3, 111],
    arguments {
        value(111u32), value(R::from_f64(0.3)), slice(field::<R>(1, 3)), slice(field::<R>(2, 111)),
        slice(positive::<R>(3, 333)),
    },
    outputs { time: R },
    reference {
        let (thresholds, value, before) = (field::<R>(1, 3), field::<R>(2, 111), positive::<R>(3, 333));
        move |[threshold, point]: [usize; 2]| {
            let here = before[threshold * 111 + point];
            (if value[point] > thresholds[threshold] { here + R::from_f64(0.3) } else { here },)
        }
    }
}

stamp! {
    difference_of_two: difference<R>,
    extent [333],
    arguments { slice(field::<R>(1, 333)), slice(field::<R>(2, 333)) },
    outputs { value: R },
    reference {
        let [value, less] = [1, 2].map(|seed| field::<R>(seed, 333));
        move |[i]: [usize; 1]| (value[i] - less[i],)
    }
}

stamp! {
    one_member_more: welford<R>,
    extent [333],
    arguments {
        value(R::from_f64(0.2)), slice(field::<R>(1, 333)), slice(field::<R>(2, 333)), slice(positive::<R>(3, 333)),
    },
    outputs { mean: R, squares: R },
    reference {
        let [value, mean] = [1, 2].map(|seed| field::<R>(seed, 333));
        let squares = positive::<R>(3, 333);
        move |[i]: [usize; 1]| {
            let departure = value[i] - mean[i];
            let next = mean[i] + departure * R::from_f64(0.2);
            (next, squares[i] + departure * (value[i] - next))
        }
    }
}

stamp! {
    members_above_thresholds: members_above<R>,
    extent [3, 111],
    arguments {
        value(111u32), slice(field::<R>(1, 3)), slice(field::<R>(2, 111)), slice(positive::<R>(3, 333)),
    },
    outputs { members: R },
    reference {
        let (thresholds, value, before) = (field::<R>(1, 3), field::<R>(2, 111), positive::<R>(3, 333));
        move |[threshold, point]: [usize; 2]| {
            let here = before[threshold * 111 + point];
            (if value[point] > thresholds[threshold] { here + R::ONE } else { here },)
        }
    }
}

stamp! {
    spread_of_squares: spread<R>,
    extent [333],
    arguments { value(R::from_f64(0.1)), slice(positive::<R>(1, 333)) },
    outputs { spread: R },
    reference {
        let squares = positive::<R>(1, 333);
        move |[i]: [usize; 1]| ((R::from_f64(0.1) * squares[i]).sqrt(),)
    }
}

/// Whole numbers of days, 0 to 3.
fn whole_days<R: Real>(seed: u32) -> Vec<R> {
    positive::<R>(seed, 333).into_iter().map(|x| R::from_f64(x.to_f64().floor())).collect()
}

stamp! {
    day_of_a_heat_wave: heat_wave_day<R>,
    extent [333],
    arguments {
        value(R::from_f64(3.0)), slice(field::<R>(1, 333)), slice(field::<R>(2, 333)), slice(field::<R>(3, 333)),
        slice(positive::<R>(4, 333)), slice(whole_days::<R>(5)), slice(positive::<R>(6, 333)), slice(whole_days::<R>(7)),
        slice(positive::<R>(8, 333)), slice(whole_days::<R>(9)),
    },
    outputs { length: R, magnitude: R, longest: R, largest: R, days: R },
    reference {
        let [temperature, hot, low] = [1, 2, 3].map(|seed| field::<R>(seed, 333));
        let [range, sum, largest] = [4, 6, 8].map(|seed| positive::<R>(seed, 333));
        let [run, longest, total] = [5, 7, 9].map(whole_days::<R>);
        move |[i]: [usize; 1]| {
            let (zero, three) = (R::ZERO, R::from_f64(3.0));
            if temperature[i] <= hot[i] {
                return (zero, zero, longest[i], largest[i], total[i]);
            }
            let length = run[i] + R::ONE;
            let magnitude = sum[i] + ((temperature[i] - low[i]) / range[i]).max(zero);
            if length < three {
                return (length, magnitude, longest[i], largest[i], total[i]);
            }
            let added = if length == three { three } else { R::ONE };
            (length, magnitude, longest[i].max(length), largest[i].max(magnitude), total[i] + added)
        }
    }
}
