//! Gaussian nodes and weights.
//!
//! The nodes μ_k are the roots of the Legendre polynomial P_n; the weights, with sum 1, are 1/((1−μ_k²) P_n'(μ_k)²)
//! (half of the usual ones, whose sum is 2). From an asymptotic form of the roots Newton's method in f64
//! converges in three steps; a last step evaluates P_n in double-double at a double-double node, so that node, weight and
//! cosine are right to the last place even beside the poles, where 1−μ² would cancel.

use pulp::{Simd, WithSimd};

use super::double_double::DoubleDouble;

/// The northern half of a Gaussian quadrature, pole to equator.
#[derive(Debug)]
pub(crate) struct GaussianHalf {
    /// μ = sin(latitude).
    pub(crate) sines: Vec<f64>,
    /// √(1−μ²) = cos(latitude).
    pub(crate) cosines: Vec<f64>,
    /// Weights; both hemispheres together sum to 1.
    pub(crate) weights: Vec<f64>,
}

/// Nodes and weights with `half` rings in each hemisphere.
pub(crate) fn gaussian_half(half: usize) -> GaussianHalf {
    let mut nodes =
        GaussianHalf { sines: vec![0.0; half], cosines: vec![0.0; half], weights: vec![0.0; half] };
    pulp::Arch::new().dispatch(Newton { nodes: &mut nodes });
    nodes
}

const NEWTON_STEPS: usize = 3;

struct Newton<'a> {
    nodes: &'a mut GaussianHalf,
}

impl WithSimd for Newton<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let half = self.nodes.sines.len();
        let degree = 2 * half;
        let n = degree as f64;
        for first in (0..half).step_by(S::F64_LANES) {
            let last = half.min(first + S::F64_LANES);
            let mut start = [0.5; 16];
            for (lane, k) in (first..last).enumerate() {
                let angle = std::f64::consts::PI * (4 * k + 3) as f64 / (4 * degree + 2) as f64;
                start[lane] = (1.0 - (n - 1.0) / (8.0 * n * n * n)) * angle.cos();
            }
            let mut x = simd.partial_load_f64s(&start[..S::F64_LANES]);
            for _ in 0..NEWTON_STEPS {
                x = newton_step(simd, x, degree);
            }
            let [sine, squared_cosine, weight] = finish(simd, x, degree);
            simd.partial_store_f64s(&mut self.nodes.sines[first..last], sine);
            simd.partial_store_f64s(&mut self.nodes.cosines[first..last], squared_cosine);
            simd.partial_store_f64s(&mut self.nodes.weights[first..last], weight);
        }
        for cosine in &mut self.nodes.cosines {
            *cosine = cosine.sqrt();
        }
    }
}

/// x − P_n/P_n' in f64; P_{k+1} = x P_k + k/(k+1) (x P_k − P_{k−1}).
#[inline(always)]
fn newton_step<S: Simd>(simd: S, x: S::f64s, degree: usize) -> S::f64s {
    let one = simd.splat_f64s(1.0);
    let (mut previous, mut current) = (one, x);
    for k in 1..degree {
        let ratio = simd.splat_f64s(k as f64 / (k + 1) as f64);
        let product = simd.mul_f64s(x, current);
        let next = simd.mul_add_e_f64s(ratio, simd.sub_f64s(product, previous), product);
        (previous, current) = (current, next);
    }
    // (1−x²) P_n' = n (P_{n−1} − x P_n)
    let squared_cosine = simd.mul_f64s(simd.sub_f64s(one, x), simd.add_f64s(one, x));
    let slope =
        simd.mul_f64s(simd.splat_f64s(degree as f64), simd.sub_f64s(previous, simd.mul_f64s(x, current)));
    simd.sub_f64s(x, simd.div_f64s(simd.mul_f64s(current, squared_cosine), slope))
}

/// The node, 1−node² and the weight, from one Newton step in double-double.
#[inline(always)]
fn finish<S: Simd>(simd: S, x: S::f64s, degree: usize) -> [S::f64s; 3] {
    let n = simd.splat_f64s(degree as f64);
    let one = DoubleDouble::<S>::splat(simd, 1.0, 0.0);
    let at = DoubleDouble { high: x, low: simd.splat_f64s(0.0) };
    let (mut previous, mut current) = (one, at);
    for k in 1..degree {
        let (high, low) = ratio_below_one(k);
        let product = at.mul(simd, current);
        let difference = product.add(simd, previous.neg(simd));
        let next = product.add(simd, DoubleDouble::splat(simd, high, low).mul(simd, difference));
        (previous, current) = (current, next);
    }
    // At the start x: n (P_{n−1} − x P_n) = (1−x²) P_n', then δ = −P_n/P_n'.
    let squared_cosine = one.add(simd, at.mul(simd, at).neg(simd));
    let slope = previous.add(simd, at.mul(simd, current).neg(simd));
    let slope = simd.mul_f64s(n, slope.high);
    let step = simd.neg_f64s(simd.div_f64s(simd.mul_f64s(current.high, squared_cosine.high), slope));
    let node = DoubleDouble::sum(simd, x, step);
    let squared_cosine = one.add(simd, node.mul(simd, node).neg(simd)).high;
    // (1−x²) P_n' changes by −n(n+1) P_n per unit of x; P_n is linear over δ and ends at 0, hence the half.
    let curvature = simd.mul_f64s(simd.mul_f64s(n, simd.add_f64s(n, simd.splat_f64s(1.0))), current.high);
    let slope = simd.sub_f64s(slope, simd.mul_f64s(simd.splat_f64s(0.5), simd.mul_f64s(curvature, step)));
    // weight = 1/((1−x²) P'²) = (1−x²)/((1−x²) P')²
    let weight = simd.div_f64s(squared_cosine, simd.mul_f64s(slope, slope));
    [node.high, squared_cosine, weight]
}

/// k/(k+1) as a double-double.
fn ratio_below_one(k: usize) -> (f64, f64) {
    let (k, divisor) = (k as f64, (k + 1) as f64);
    let high = k / divisor;
    // k − high·divisor exactly: both factors are short enough for the remainder to be representable.
    let remainder = (-high).mul_add(divisor, k);
    (high, remainder / divisor)
}
