//! A profile between its nodes: linear, or cubic with continuous slope. Beyond the first and last node it is constant.

/// The value at `at` of the broken line through (`nodes`, `values`).
///
/// `nodes` increase; both have the same, non-zero length.
pub fn linear(nodes: &[f64], values: &[f64], at: f64) -> f64 {
    let Some((k, fraction)) = bracket(nodes, at) else { return end(nodes, values, at) };
    values[k] + fraction * (values[k + 1] - values[k])
}

/// The value at `at` of the cubic Hermite interpolant whose slope at a node is that of the parabola through the node and
/// its neighbours: exact for parabolas, third order at equal and unequal distances.
///
/// `nodes` increase; both have the same, non-zero length.
pub fn cubic(nodes: &[f64], values: &[f64], at: f64) -> f64 {
    let Some((k, t)) = bracket(nodes, at) else { return end(nodes, values, at) };
    let width = nodes[k + 1] - nodes[k];
    let (left, right) = (slope(nodes, values, k) * width, slope(nodes, values, k + 1) * width);
    let rise = values[k + 1] - values[k];
    values[k] + t * (left + t * (3.0 * rise - 2.0 * left - right + t * (left + right - 2.0 * rise)))
}

/// The interval that holds `at`, and where in it; none outside.
fn bracket(nodes: &[f64], at: f64) -> Option<(usize, f64)> {
    let above = nodes.partition_point(|&node| node <= at);
    if above == 0 || above == nodes.len() {
        return None;
    }
    Some((above - 1, (at - nodes[above - 1]) / (nodes[above] - nodes[above - 1])))
}

fn end(nodes: &[f64], values: &[f64], at: f64) -> f64 {
    if at < nodes[0] { values[0] } else { values[values.len() - 1] }
}

/// Slope at node `k` of the parabola through it and its neighbours; at the ends through the two nearest inner ones.
fn slope(nodes: &[f64], values: &[f64], k: usize) -> f64 {
    let last = nodes.len() - 1;
    let secant = |i: usize| (values[i + 1] - values[i]) / (nodes[i + 1] - nodes[i]);
    if last == 1 {
        return secant(0);
    }
    let middle = k.clamp(1, last - 1);
    let (left, right) = (nodes[middle] - nodes[middle - 1], nodes[middle + 1] - nodes[middle]);
    let curvature = (secant(middle) - secant(middle - 1)) / (left + right);
    secant(middle - 1) + curvature * (2.0 * nodes[k] - nodes[middle - 1] - nodes[middle])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parabolas_are_met_exactly_and_ends_are_kept() {
        let nodes = [-1.0, 0.0, 0.5, 2.0, 3.5];
        let parabola = |x: f64| 2.0 - 3.0 * x + 0.7 * x * x;
        let values = nodes.map(parabola);
        for i in 0..=90 {
            let x = -1.0 + 0.05 * f64::from(i);
            assert!((cubic(&nodes, &values, x) - parabola(x)).abs() < 1e-13, "{x}");
        }
        assert_eq!(cubic(&nodes, &values, -4.0), values[0]);
        assert_eq!(linear(&nodes, &values, 9.0), values[4]);
        assert!((linear(&nodes, &values, 1.25) - 0.5 * (values[2] + values[3])).abs() < 1e-14);
    }

    #[test]
    fn the_order_is_three_at_least() {
        let error = |count: usize| {
            let nodes: Vec<f64> = (0..=count).map(|i| 3.0 * (i as f64 / count as f64).powf(1.2)).collect();
            let values: Vec<f64> = nodes.iter().map(|x| x.sin()).collect();
            (1..300)
                .map(|i| (cubic(&nodes, &values, 0.01 * f64::from(i)) - (0.01 * f64::from(i)).sin()).abs())
                .fold(0.0, f64::max)
        };
        assert!(error(20) / error(40) > 7.0, "{} to {}", error(20), error(40));
    }

    #[test]
    fn one_and_two_nodes_suffice() {
        assert_eq!(cubic(&[1.0], &[5.0], 1.0), 5.0);
        assert!((cubic(&[1.0, 2.0], &[5.0, 7.0], 1.5) - 6.0).abs() < 1e-15);
    }
}
