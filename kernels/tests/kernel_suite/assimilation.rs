//! The kernels of local analyses, each with the same bits on every device.

use terrella_kernels::Real;
use terrella_kernels::assimilation::device::kernels::{
    analysed_member, column_norm, equivalent_anomaly, gain_weight, innovation, innovation_sum,
    iteration_correction, iteration_start, iteration_step, largest_norm, matrix_product, mean_of_members,
    perturbed_sum, precision_of_weights, square_root_weight, vector_product,
};

use crate::fixture::{field, positive};

const MEMBERS: usize = 9;
const OBSERVATIONS: usize = 6;
/// Observations near each of three domains: the second has none.
const BEGINS: [u32; 4] = [0, 4, 4, 7];
const NUMBERS: [u32; 7] = [0, 2, 3, 5, 4, 1, 0];

fn near(domain: usize) -> impl Iterator<Item = (usize, usize)> {
    (BEGINS[domain] as usize..BEGINS[domain + 1] as usize).map(|entry| (entry, NUMBERS[entry] as usize))
}

fn mean<R: Real>(row: &[R]) -> R {
    row.iter().fold(R::ZERO, |sum, value| sum + *value) / R::from_u32(row.len() as u32)
}

fn members<R: Real>(values: &[R], row: usize) -> &[R] {
    &values[row * MEMBERS..(row + 1) * MEMBERS]
}

/// Matrices of three domains.
fn matrices<R: Real>(seed: u32) -> Vec<R> {
    field(seed, 3 * MEMBERS * MEMBERS)
}

fn at<R: Real>(values: &[R], domain: usize, row: usize, column: usize) -> R {
    values[(domain * MEMBERS + row) * MEMBERS + column]
}

/// Σ over the inner index, in its order.
fn product<R: Real>(left: &[R], right: &[R], domain: usize, row: usize, column: usize) -> R {
    (0..MEMBERS)
        .fold(R::ZERO, |sum, inner| sum + at(left, domain, row, inner) * at(right, domain, inner, column))
}

stamp! {
    means: mean_of_members<R>,
    extent [6],
    arguments { value(9u32), slice(field::<R>(1, OBSERVATIONS * MEMBERS)) },
    outputs { mean: R },
    reference {
        let equivalents = field::<R>(1, OBSERVATIONS * MEMBERS);
        move |[observation]: [usize; 1]| (mean(members(&equivalents, observation)),)
    }
}

stamp! {
    anomalies: equivalent_anomaly<R>,
    extent [6, 9],
    arguments {
        value(9u32), slice(field::<R>(1, OBSERVATIONS * MEMBERS)), slice(field::<R>(2, OBSERVATIONS)),
    },
    outputs { anomaly: R },
    reference {
        let (equivalents, means) = (field::<R>(1, OBSERVATIONS * MEMBERS), field::<R>(2, OBSERVATIONS));
        move |[observation, member]: [usize; 2]| {
            (members(&equivalents, observation)[member] - means[observation],)
        }
    }
}

stamp! {
    innovations: innovation<R>,
    extent [6],
    arguments { slice(field::<R>(1, OBSERVATIONS)), slice(field::<R>(2, OBSERVATIONS)) },
    outputs { departure: R },
    reference {
        let [values, means] = [1, 2].map(|seed| field::<R>(seed, OBSERVATIONS));
        move |[observation]: [usize; 1]| (values[observation] - means[observation],)
    }
}

stamp! {
    precisions_of_weights: precision_of_weights<R>,
    extent [3, 9, 9],
    arguments {
        value(9u32), slice(BEGINS), slice(NUMBERS), slice(positive::<R>(3, 7)),
        slice(field::<R>(4, OBSERVATIONS * MEMBERS)),
    },
    outputs { element: R },
    reference {
        let (precisions, anomalies) = (positive::<R>(3, 7), field::<R>(4, OBSERVATIONS * MEMBERS));
        move |[domain, row, column]: [usize; 3]| {
            let sum = near(domain).fold(R::ZERO, |sum, (entry, number)| {
                let of = members(&anomalies, number);
                sum + precisions[entry] * of[row] * of[column]
            });
            (if row == column { sum + R::from_f64(8.0) } else { sum },)
        }
    }
}

stamp! {
    perturbed_sums: perturbed_sum<R>,
    extent [3, 9, 9],
    arguments {
        value(9u32), slice(BEGINS), slice(NUMBERS), slice(positive::<R>(3, 7)),
        slice(field::<R>(4, OBSERVATIONS * MEMBERS)), slice(field::<R>(5, OBSERVATIONS * MEMBERS)),
    },
    outputs { element: R },
    reference {
        let precisions = positive::<R>(3, 7);
        let [anomalies, perturbations] = [4, 5].map(|seed| field::<R>(seed, OBSERVATIONS * MEMBERS));
        move |[domain, row, member]: [usize; 3]| {
            let sum = near(domain).fold(R::ZERO, |sum, (entry, number)| {
                sum + precisions[entry] * members(&anomalies, number)[row] * members(&perturbations, number)[member]
            });
            (sum,)
        }
    }
}

stamp! {
    innovation_sums: innovation_sum<R>,
    extent [3, 9],
    arguments {
        value(9u32), slice(BEGINS), slice(NUMBERS), slice(positive::<R>(3, 7)),
        slice(field::<R>(4, OBSERVATIONS * MEMBERS)), slice(field::<R>(6, OBSERVATIONS)),
    },
    outputs { element: R },
    reference {
        let (precisions, innovations) = (positive::<R>(3, 7), field::<R>(6, OBSERVATIONS));
        let anomalies = field::<R>(4, OBSERVATIONS * MEMBERS);
        move |[domain, row]: [usize; 2]| {
            let sum = near(domain).fold(R::ZERO, |sum, (entry, number)| {
                sum + precisions[entry] * innovations[number] * members(&anomalies, number)[row]
            });
            (sum,)
        }
    }
}

stamp! {
    column_norms: column_norm<R>,
    extent [3, 9],
    arguments { value(9u32), slice(matrices::<R>(7)) },
    outputs { norm: R },
    reference {
        let matrices = matrices::<R>(7);
        move |[domain, column]: [usize; 2]| {
            ((0..MEMBERS).fold(R::ZERO, |sum, row| sum + at(&matrices, domain, row, column).abs()),)
        }
    }
}

/// Norms of which one is NaN.
fn norms<R: Real>() -> Vec<R> {
    let mut norms = positive::<R>(8, 3 * MEMBERS);
    norms[MEMBERS + 4] = R::from_f64(f64::NAN);
    norms
}

stamp! {
    largest_norms: largest_norm<R>,
    extent [3],
    arguments { value(9u32), slice(norms::<R>()) },
    outputs { largest: R },
    reference {
        let norms = norms::<R>();
        move |[domain]: [usize; 1]| {
            let row = members(&norms, domain);
            let largest = row.iter().fold(R::ZERO, |largest, norm| if largest < *norm { *norm } else { largest });
            (if domain == 1 { R::from_f64(f64::NAN) } else { largest },)
        }
    }
}

stamp! {
    starts: iteration_start<R>,
    extent [3, 9, 9],
    arguments { value(9u32), slice(positive::<R>(9, 3)), slice(matrices::<R>(7)) },
    outputs { root: R, inverse: R },
    reference {
        let (bounds, matrices) = (positive::<R>(9, 3), matrices::<R>(7));
        move |[domain, row, column]: [usize; 3]| {
            let identity = R::from_f64(f64::from(u8::from(row == column)));
            (at(&matrices, domain, row, column) / bounds[domain], identity)
        }
    }
}

stamp! {
    corrections: iteration_correction<R>,
    extent [3, 9, 9],
    arguments { value(9u32), slice(matrices::<R>(1)), slice(matrices::<R>(2)) },
    outputs { element: R },
    reference {
        let [roots, inverses] = [1, 2].map(matrices::<R>);
        move |[domain, row, column]: [usize; 3]| {
            let (sum, half) = (product(&inverses, &roots, domain, row, column), R::from_f64(0.5));
            (if row == column { half * (R::from_f64(3.0) - sum) } else { -half * sum },)
        }
    }
}

stamp! {
    steps: iteration_step<R>,
    extent [3, 9, 9],
    arguments { value(9u32), slice(matrices::<R>(1)), slice(matrices::<R>(2)), slice(matrices::<R>(3)) },
    outputs { root: R, inverse: R },
    reference {
        let [roots, inverses, corrections] = [1, 2, 3].map(matrices::<R>);
        move |[domain, row, column]: [usize; 3]| {
            (product(&roots, &corrections, domain, row, column), product(&corrections, &inverses, domain, row, column))
        }
    }
}

stamp! {
    products: matrix_product<R>,
    extent [3, 9, 9],
    arguments {
        value(9u32), value(1u32), slice(matrices::<R>(1)), slice(matrices::<R>(2)), slice(positive::<R>(9, 3)),
    },
    outputs { element: R },
    reference {
        let ([left, right], bounds) = ([1, 2].map(matrices::<R>), positive::<R>(9, 3));
        move |[domain, row, column]: [usize; 3]| {
            (product(&left, &right, domain, row, column) / bounds[domain],)
        }
    }
}

stamp! {
    vector_products: vector_product<R>,
    extent [3, 9],
    arguments { value(9u32), slice(matrices::<R>(1)), slice(field::<R>(2, 3 * MEMBERS)) },
    outputs { element: R },
    reference {
        let (matrices, vectors) = (matrices::<R>(1), field::<R>(2, 3 * MEMBERS));
        move |[domain, row]: [usize; 2]| {
            let term = |inner: usize| at(&matrices, domain, inner, row) * members(&vectors, domain)[inner];
            ((0..MEMBERS).fold(R::ZERO, |sum, inner| sum + term(inner)),)
        }
    }
}

stamp! {
    square_root_weights: square_root_weight<R>,
    extent [3, 9, 9],
    arguments {
        value(9u32), slice(positive::<R>(9, 3)), slice(matrices::<R>(1)), slice(field::<R>(2, 3 * MEMBERS)),
    },
    outputs { weight: R },
    reference {
        let (bounds, roots, means) = (positive::<R>(9, 3), matrices::<R>(1), field::<R>(2, 3 * MEMBERS));
        move |[domain, row, member]: [usize; 3]| {
            let spread = (R::from_f64(8.0) / bounds[domain]).sqrt();
            (members(&means, domain)[row] / bounds[domain] + spread * at(&roots, domain, row, member),)
        }
    }
}

macro_rules! gains {
    ($($test:ident: $keep:literal, $share:literal, $perturbs:literal;)*) => {$(
        stamp! {
            $test: gain_weight<R>,
            extent [3, 9, 9],
            arguments {
                value(9u32), value(R::from_f64($keep)), value(R::from_f64($share)), value($perturbs as u32),
                slice(positive::<R>(9, 3)), slice(matrices::<R>(1)), slice(field::<R>(2, 3 * MEMBERS)),
                slice(matrices::<R>(3)),
            },
            outputs { weight: R },
            reference {
                let ([inverses, perturbed], means) = ([1, 3].map(matrices::<R>), field::<R>(2, 3 * MEMBERS));
                let bounds = positive::<R>(9, 3);
                move |[domain, row, member]: [usize; 3]| {
                    let mut weight = members(&means, domain)[row] / bounds[domain];
                    weight += R::from_f64($share) * R::from_f64(8.0) * at(&inverses, domain, row, member);
                    if row == member {
                        weight += R::from_f64($keep);
                    }
                    if $perturbs == 1 {
                        weight += at(&perturbed, domain, row, member);
                    }
                    (weight,)
                }
            }
        }
    )*};
}

gains! {
    deterministic_weights: 0.5, 0.5, 0;
    stochastic_weights: 0.0, 1.0, 1;
}

stamp! {
    analysed_members: analysed_member<R>,
    extent [3, 9],
    arguments {
        value(9u32), value(2u32), value(2u32), slice([0u32, 4, 4, 4]), slice(matrices::<R>(1)),
        slice(field::<R>(2, 4 * MEMBERS)),
    },
    outputs { analysis: R },
    reference {
        let (weights, ensemble) = (matrices::<R>(1), field::<R>(2, 4 * MEMBERS));
        move |[domain, member]: [usize; 2]| {
            if domain > 0 {
                return (if domain == 1 { members(&ensemble, 3)[member] } else { R::ZERO },);
            }
            let row = members(&ensemble, 2);
            let mean = mean(row);
            let term = |other: usize| (row[other] - mean) * at(&weights, 0, other, member);
            ((0..MEMBERS).fold(mean, |sum, other| sum + term(other)),)
        }
    }
}
