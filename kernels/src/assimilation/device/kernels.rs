//! The kernels: sums over near observations, S^(−1/2) by Newton and Schulz's iteration, weights and the update.
//!
//! Matrices are \[domain]\[row]\[column], N × N each, vectors \[domain]\[row]. A domain's near observations are the entries from `begins[domain]` on, up
//! to `begins[domain + 1]`, of `numbers` (which observation) and `precisions` (taper/r).

use terrella_kernels_macros::kernel;

use crate::Real;

/// The mean over the members, \[row]: launch with \[rows].
#[kernel]
pub fn mean_of_members<R: Real>(row: u32, members: u32, values: &[R]) -> R {
    let mut sum = 0.0;
    for member in 0..members {
        sum += values[row * members + member];
    }
    sum / (members as R)
}

/// Y, \[observation]\[member]: launch with \[observations, members].
#[kernel(indices = 2)]
pub fn equivalent_anomaly<R: Real>(
    observation: u32,
    member: u32,
    members: u32,
    equivalents: &[R],
    means: &[R],
) -> R {
    equivalents[observation * members + member] - means[observation]
}

/// y − ȳ, \[observation]: launch with \[observations].
#[kernel]
pub fn innovation<R: Real>(observation: u32, values: &[R], means: &[R]) -> R {
    values[observation] - means[observation]
}

/// S = Σ w Y Yᵀ + (N − 1) 1 over the near observations: launch with \[domains, members, members].
#[kernel(indices = 3)]
pub fn precision_of_weights<R: Real>(
    domain: u32,
    row: u32,
    column: u32,
    members: u32,
    begins: &[u32],
    numbers: &[u32],
    precisions: &[R],
    anomalies: &[R],
) -> R {
    let mut sum = 0.0;
    for entry in begins[domain]..begins[domain + 1] {
        let start = numbers[entry] * members;
        sum += precisions[entry] * anomalies[start + row] * anomalies[start + column];
    }
    if row == column { sum + ((members - 1) as R) } else { sum }
}

/// F = Σ w Y εᵀ over the near observations: launch with \[domains, members, members].
#[kernel(indices = 3)]
pub fn perturbed_sum<R: Real>(
    domain: u32,
    row: u32,
    member: u32,
    members: u32,
    begins: &[u32],
    numbers: &[u32],
    precisions: &[R],
    anomalies: &[R],
    perturbations: &[R],
) -> R {
    let mut sum = 0.0;
    for entry in begins[domain]..begins[domain + 1] {
        let start = numbers[entry] * members;
        sum += precisions[entry] * anomalies[start + row] * perturbations[start + member];
    }
    sum
}

/// d = Σ w Y (y − ȳ) over the near observations: launch with \[domains, members].
#[kernel(indices = 2)]
pub fn innovation_sum<R: Real>(
    domain: u32,
    row: u32,
    members: u32,
    begins: &[u32],
    numbers: &[u32],
    precisions: &[R],
    anomalies: &[R],
    innovations: &[R],
) -> R {
    let mut sum = 0.0;
    for entry in begins[domain]..begins[domain + 1] {
        let factor = precisions[entry] * innovations[numbers[entry]];
        sum += factor * anomalies[numbers[entry] * members + row];
    }
    sum
}

/// Σ |S| over each column, which is over each row: launch with \[domains, members].
#[kernel(indices = 2)]
pub fn column_norm<R: Real>(domain: u32, column: u32, members: u32, matrices: &[R]) -> R {
    let mut sum = 0.0;
    for row in 0..members {
        sum += matrices[(domain * members + row) * members + column].abs();
    }
    sum
}

/// c, the largest sum, no eigenvalue of S being larger; NaN where any sum is: launch with \[domains].
#[kernel]
pub fn largest_norm<R: Real>(domain: u32, members: u32, norms: &[R]) -> R {
    let mut largest = 0.0;
    let mut spoilt = 0.0;
    for column in 0..members {
        let norm = norms[domain * members + column];
        largest = largest.max(norm);
        spoilt += norm.min(0.0);
    }
    largest + spoilt
}

/// (S/c, 1), from which the iteration starts: launch with \[domains, members, members].
#[kernel(indices = 3)]
pub fn iteration_start<R: Real>(
    domain: u32,
    row: u32,
    column: u32,
    members: u32,
    bounds: &[R],
    matrices: &[R],
) -> (R, R) {
    let scaled = matrices[(domain * members + row) * members + column] / bounds[domain];
    (scaled, if row == column { 1.0 } else { 0.0 })
}

/// U = ½(3 − Z Y): launch with \[domains, members, members].
#[kernel(indices = 3)]
pub fn iteration_correction<R: Real>(
    domain: u32,
    row: u32,
    column: u32,
    members: u32,
    roots: &[R],
    inverse_roots: &[R],
) -> R {
    let start = domain * members * members;
    let mut sum = 0.0;
    for inner in 0..members {
        sum += inverse_roots[start + row * members + inner] * roots[start + inner * members + column];
    }
    if row == column { 0.5 * (3.0 - sum) } else { -0.5 * sum }
}

/// (Y U, U Z): launch with \[domains, members, members].
#[kernel(indices = 3)]
pub fn iteration_step<R: Real>(
    domain: u32,
    row: u32,
    column: u32,
    members: u32,
    roots: &[R],
    inverse_roots: &[R],
    corrections: &[R],
) -> (R, R) {
    let start = domain * members * members;
    let mut root = 0.0;
    let mut inverse_root = 0.0;
    for inner in 0..members {
        let of_row = start + row * members + inner;
        let of_column = start + inner * members + column;
        root += roots[of_row] * corrections[of_column];
        inverse_root += corrections[of_row] * inverse_roots[of_column];
    }
    (root, inverse_root)
}

/// The product of two matrices, divided by c where `divides` is not 0: launch with \[domains, members, members].
#[kernel(indices = 3)]
pub fn matrix_product<R: Real>(
    domain: u32,
    row: u32,
    column: u32,
    members: u32,
    divides: u32,
    left: &[R],
    right: &[R],
    bounds: &[R],
) -> R {
    let start = domain * members * members;
    let mut sum = 0.0;
    for inner in 0..members {
        sum += left[start + row * members + inner] * right[start + inner * members + column];
    }
    if divides == 0 { sum } else { sum / bounds[domain] }
}

/// A symmetric matrix times a vector: launch with \[domains, members].
#[kernel(indices = 2)]
pub fn vector_product<R: Real>(domain: u32, row: u32, members: u32, matrices: &[R], vectors: &[R]) -> R {
    let mut sum = 0.0;
    for inner in 0..members {
        sum += matrices[(domain * members + inner) * members + row] * vectors[domain * members + inner];
    }
    sum
}

/// W = w 1ᵀ/c + √((N − 1)/c) Z of the symmetric square root: launch with \[domains, members, members].
#[kernel(indices = 3)]
pub fn square_root_weight<R: Real>(
    domain: u32,
    row: u32,
    member: u32,
    members: u32,
    bounds: &[R],
    inverse_roots: &[R],
    mean_weights: &[R],
) -> R {
    let spread = (((members - 1) as R) / bounds[domain]).sqrt();
    mean_weights[domain * members + row] / bounds[domain]
        + spread * inverse_roots[(domain * members + row) * members + member]
}

/// W = w 1ᵀ/c + keep 1 + share (N − 1) S⁻¹ + P, with P absent where `perturbs` is 0: launch with \[domains, members, members].
#[kernel(indices = 3)]
pub fn gain_weight<R: Real>(
    domain: u32,
    row: u32,
    member: u32,
    members: u32,
    keep: R,
    share: R,
    perturbs: u32,
    bounds: &[R],
    inverses: &[R],
    mean_weights: &[R],
    perturbed: &[R],
) -> R {
    let here = (domain * members + row) * members + member;
    let mut weight = mean_weights[domain * members + row] / bounds[domain];
    weight += share * ((members - 1) as R) * inverses[here];
    if row == member {
        weight += keep;
    }
    if perturbs != 0 {
        weight += perturbed[here];
    }
    weight
}

/// x̄ + (x − x̄) W of the variable `first + domain`; the member itself where nothing is near, and 0 from `count` on: launch with \[domains, members].
#[kernel(indices = 2)]
pub fn analysed_member<R: Real>(
    domain: u32,
    member: u32,
    members: u32,
    first: u32,
    count: u32,
    begins: &[u32],
    weights: &[R],
    ensemble: &[R],
) -> R {
    if domain >= count {
        return 0.0;
    }
    let start = (first + domain) * members;
    if begins[domain] == begins[domain + 1] {
        return ensemble[start + member];
    }
    let mut total = 0.0;
    for other in 0..members {
        total += ensemble[start + other];
    }
    let mean = total / (members as R);
    let mut sum = mean;
    for other in 0..members {
        sum += (ensemble[start + other] - mean) * weights[(domain * members + other) * members + member];
    }
    sum
}
