//! Surface pressure on the grid, with its global mean restored.

use terrella_kernels::{Real, kernel};

/// e^x of x = ln(p_s/p_r), `[points]`.
#[kernel]
pub fn relative_pressure<R: Real>(point: u32, log_surface_pressure: &[R]) -> R {
    log_surface_pressure[point].exp()
}

/// Sum over one ring times its weight per point.
///
/// What rounding takes from the sum is given back with the next term (Kahan 1965): values are alike, and so would be the
/// errors, which would add up to a change of mass as the field changes.
///
/// | argument | shape    | meaning                                        |
/// |----------|----------|------------------------------------------------|
/// | `first`  | \[rings\]  | the ring's first point                         |
/// | `count`  | \[rings\]  | its points                                     |
/// | `weight` | \[rings\]  | share of the sphere that a point of it stands for |
/// | `values` | \[points\] | any unit                                       |
#[kernel]
pub fn ring_sum<R: Real>(ring: u32, first: &[u32], count: &[u32], weight: &[R], values: &[R]) -> R {
    let mut sum = 0.0;
    let mut lost = 0.0;
    for point in 0..count[ring] {
        let term = values[first[ring] + point] - lost;
        let next = sum + term;
        lost = (next - sum) - term;
        sum = next;
    }
    sum * weight[ring]
}

/// The mean, and by how much ln p_s must rise so that it becomes `target`; `active` is 0 where nothing is to be restored.
///
/// `index` has one value; `ring_sums` is \[rings\], `target` \[1\].
#[kernel]
pub fn mean_and_shift<R: Real>(index: u32, rings: u32, active: R, ring_sums: &[R], target: &[R]) -> (R, R) {
    let mut mean = 0.0;
    let mut lost = 0.0;
    for ring in 0..rings {
        let term = ring_sums[ring] - lost;
        let next = mean + term;
        lost = (next - mean) - term;
        mean = next;
    }
    let missing = active * (target[index] - mean) / mean;
    // ln(1 + x) of a small x, without losing its digits to the 1; `surface_pressure` has the inverse.
    (mean, missing - 0.5 * missing * missing)
}

/// p_s \[Pa\] from e^{ln p_s/p_r} \[points\] and the shift of its logarithm \[1\].
#[kernel]
pub fn surface_pressure<R: Real>(point: u32, reference: R, shift: &[R], relative: &[R]) -> R {
    reference * (relative[point] + relative[point] * (shift[0] * (1.0 + 0.5 * shift[0])))
}

/// ln(p_s/p_r) from p_s \[Pa\], `[points]`.
#[kernel]
pub fn relative_logarithm<R: Real>(point: u32, reference: R, surface_pressure: &[R]) -> R {
    (surface_pressure[point] / reference).log()
}

/// T − T_r \[K\] from T \[levels, points\] and T_r \[levels\].
#[kernel(indices = 2)]
pub fn temperature_departure<R: Real>(
    level: u32,
    point: u32,
    points: u32,
    reference: &[R],
    temperature: &[R],
) -> R {
    temperature[level * points + point] - reference[level]
}
