//! The kernels of `spectral` that work coefficient by coefficient, each with the same bits on every device.

use terrella_kernels::Real;
use terrella_kernels::spectral::degree_factors::multiply_coefficients;
use terrella_kernels::spectral::iterative_analysis::{difference_of_values, sum_of_values};
use terrella_kernels::spectral::power::{kinetic_energy_of_degree, power_of_degree, root_of_weighted_sum};
use terrella_kernels::spectral::truncation_change::change_coefficients;

use crate::fixture::{field, indices, positive};

/// Coefficients of T7, with three fields.
const COEFFICIENTS: usize = 36;
const LANES: usize = 6;

stamp! {
    factors_of_coefficients: multiply_coefficients<R>,
    extent [36, 6],
    arguments { value(6u32), slice(field::<R>(1, COEFFICIENTS)), slice(field::<R>(2, COEFFICIENTS * LANES)) },
    outputs { value: R },
    reference {
        let (factors, spectrum) = (field::<R>(1, COEFFICIENTS), field::<R>(2, COEFFICIENTS * LANES));
        move |[coefficient, lane]: [usize; 2]| (factors[coefficient] * spectrum[coefficient * LANES + lane],)
    }
}

stamp! {
    change_of_coefficients: change_coefficients<R>,
    extent [36, 6],
    arguments {
        value(6u32), value(21u32), slice(indices(1, COEFFICIENTS, 36)), slice(field::<R>(2, 21 * LANES)),
    },
    outputs { value: R },
    reference {
        let (sources, spectrum) = (indices(1, COEFFICIENTS, 36), field::<R>(2, 21 * LANES));
        move |[coefficient, lane]: [usize; 2]| {
            let source = sources[coefficient] as usize;
            (if source < 21 { spectrum[source * LANES + lane] } else { R::ZERO },)
        }
    }
}

/// f_n0² + 2 Σ |f_nm|² with coefficients counted one by one.
fn power<R: Real>(n: usize, field: usize, spectrum: &[R]) -> R {
    let mut coefficient = 0;
    let (mut zonal, mut sum) = (R::ZERO, R::ZERO);
    for m in 0..=7 {
        for degree in m..=7 {
            let [re, im] = [0, 3].map(|part| spectrum[coefficient * LANES + part + field]);
            if degree == n && m == 0 {
                zonal = re * re;
            } else if degree == n {
                sum += re * re + im * im;
            }
            coefficient += 1;
        }
    }
    zonal + R::from_f64(2.0) * sum
}

stamp! {
    power_of_a_degree: power_of_degree<R>,
    extent [8, 3],
    arguments { value(3u32), value(7u32), slice(field::<R>(1, COEFFICIENTS * LANES)) },
    outputs { value: R },
    reference {
        let spectrum = field::<R>(1, COEFFICIENTS * LANES);
        move |[n, field]: [usize; 2]| (power(n, field, &spectrum),)
    }
}

stamp! {
    energy_of_a_degree: kinetic_energy_of_degree<R>,
    extent [8, 3],
    arguments {
        value(3u32), value(7u32), slice(positive::<R>(3, 8)), slice(field::<R>(1, COEFFICIENTS * LANES)),
        slice(field::<R>(2, COEFFICIENTS * LANES)),
    },
    outputs { rotational: R, divergent: R },
    reference {
        let [vorticity, divergence] = [1, 2].map(|seed| field::<R>(seed, COEFFICIENTS * LANES));
        let factors = positive::<R>(3, 8);
        move |[n, field]: [usize; 2]| {
            (factors[n] * power(n, field, &vorticity), factors[n] * power(n, field, &divergence))
        }
    }
}

stamp! {
    norm_of_a_field: root_of_weighted_sum<R>,
    extent [3],
    arguments { value(3u32), value(8u32), slice(positive::<R>(1, 8)), slice(positive::<R>(2, 24)) },
    outputs { norm: R },
    reference {
        let (weights, power) = (positive::<R>(1, 8), positive::<R>(2, 24));
        move |[field]: [usize; 1]| {
            let sum = (0..8).fold(R::ZERO, |sum, n| sum + weights[n] * power[3 * n + field]);
            (R::from_f64(sum.to_f64().sqrt()),)
        }
    }
}

stamp! {
    difference_of_arrays: difference_of_values<R>,
    extent [333],
    arguments { slice(field::<R>(1, 333)), slice(field::<R>(2, 333)) },
    outputs { value: R },
    reference {
        let [left, right] = [1, 2].map(|seed| field::<R>(seed, 333));
        move |[i]: [usize; 1]| (left[i] - right[i],)
    }
}

stamp! {
    sum_of_arrays: sum_of_values<R>,
    extent [333],
    arguments { slice(field::<R>(1, 333)), slice(field::<R>(2, 333)) },
    outputs { value: R },
    reference {
        let [left, right] = [1, 2].map(|seed| field::<R>(seed, 333));
        move |[i]: [usize; 1]| (left[i] + right[i],)
    }
}
