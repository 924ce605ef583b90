//! Hybrid levels: published tables, what is refused, logarithms of layers in both precisions.

use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::vertical::{HybridLevels, Layer, LayerTables, thick_layer, thin_layer};
use terrella_kernels::{Real, kernel};

/// Mean pressures \[hPa\] of the uppermost and lowest two layers over 1,013.25 hPa, as the tables of ECMWF and CAM list them.
#[test]
fn published_tables_have_their_pressures() {
    for (count, top, bottom) in [
        (19, [10.0, 30.0], [995.6532, 1009.3396]),
        (26, [3.5446, 7.3888], [983.3980, 1005.7075]),
        (31, [10.0, 30.0], [995.6532, 1009.3396]),
        (60, [0.1, 0.2921], [1009.0560, 1012.0493]),
        (91, [0.01, 0.0299], [1009.1459, 1012.0494]),
        (137, [0.01, 0.0255], [1009.5363, 1012.0494]),
    ] {
        let levels = HybridLevels::published(count).unwrap();
        assert_eq!(levels.count(), count);
        let pressure = levels.full_level_pressure(101_325.0);
        let got = [pressure[0], pressure[1], pressure[count - 2], pressure[count - 1]];
        for (got, expected) in got.into_iter().zip(top.into_iter().chain(bottom)) {
            assert!((got / 100.0 - expected).abs() < 6e-5, "L{count}: {got} Pa, expected {expected} hPa");
        }
        assert!(pressure.windows(2).all(|pair| pair[0] < pair[1]));
    }
}

/// Layers of the middle of the tables, which no formula gives: A and B are smooth from one half level to the next.
#[test]
fn published_tables_are_smooth() {
    for count in [19, 26, 31, 60, 91, 137] {
        let levels = HybridLevels::published(count).unwrap();
        let logarithm: Vec<f64> =
            levels.half_level_pressure(101_325.0)[1..].iter().map(|pressure| pressure.ln()).collect();
        let steps: Vec<f64> = logarithm.windows(2).map(|pair| pair[1] - pair[0]).collect();
        for (k, pair) in steps.windows(2).enumerate() {
            let ratio = pair[1] / pair[0];
            assert!(
                (0.3..1.7).contains(&ratio),
                "L{count}: steps of ln p change by {ratio} at half level {}",
                k + 2
            );
        }
    }
}

#[test]
fn names_give_levels() {
    assert_eq!("L31".parse::<HybridLevels>().unwrap(), HybridLevels::published(31).unwrap());
    let sigma: HybridLevels = "sigma4".parse().unwrap();
    assert_eq!(sigma.b(), [0.0, 0.25, 0.5, 0.75, 1.0]);
    assert_eq!(sigma.full_level_pressure(80_000.0), [10_000.0, 30_000.0, 50_000.0, 70_000.0]);
    assert_eq!(sigma.to_string(), "4 levels from 0 Pa");
}

#[test]
fn levels_that_make_no_sense_are_refused_by_name() {
    let message = |a: &[f64], b: &[f64]| HybridLevels::from_coefficients(a, b).unwrap_err().to_string();
    assert_eq!(message(&[0.0], &[1.0]), "'a' is 1 half levels: expected at least two half levels.");
    assert_eq!(message(&[0.0, 0.0], &[0.0]), "'b': expected 2 values, got 1.");
    assert_eq!(
        message(&[0.0, f64::NAN, 0.0], &[0.0, 0.5, 1.0]),
        "'a' is NaN at half level 1: expected finite numbers."
    );
    assert_eq!(
        message(&[0.0, 0.0], &[0.1, 1.0]),
        "'half level 0' is A = 0 Pa, B = 0.1 at the top: expected A of at least 0 Pa and B = 0: a top of constant pressure."
    );
    assert_eq!(
        message(&[0.0, 5.0], &[0.0, 1.0]),
        "'lowest half level' is A = 5 Pa, B = 1 at half level 1: expected A = 0 Pa and B = 1: the ground."
    );
    assert_eq!(
        message(&[0.0, 100.0, 200.0, 0.0], &[0.0, 0.5, 0.4, 1.0]),
        "'b' is 0.5 at half level 1 and 0.4 below it: expected values that do not decrease downwards."
    );
    assert_eq!(
        message(&[0.0, 60_000.0, 0.0], &[0.0, 0.0, 1.0]),
        "'half-level pressure' is 60000 Pa at half level 1 and 45000 Pa below it for a surface pressure of 45000 Pa: \
         expected pressures that increase downwards."
    );
    assert!(message(&[0.0, 0.0, 0.0], &[0.0, 0.0, 1.0]).contains("0 Pa at half level 0 and 0 Pa below it"));
    let error = |text: &str| text.parse::<HybridLevels>().unwrap_err().to_string();
    assert_eq!(error("L20"), "'levels' is L20: expected L19, L26, L31, L60, L91 or L137.");
    assert_eq!(error("eta"), "'levels' is 'eta': expected L19, L26, L31, L60, L91, L137 or sigmaN.");
    assert!(error("sigma0").starts_with("'a' is 1 half levels"));
}

/// ln and α of all layers at points.
#[kernel(indices = 2)]
fn logarithms<R: Real>(
    level: u32,
    point: u32,
    a_thickness: &[R],
    b_thickness: &[R],
    a_sum: &[R],
    b_sum: &[R],
    kind: &[u32],
    logarithm: &[R],
    alpha: &[R],
    surface_pressure: &[R],
) -> (R, R) {
    let pressure = surface_pressure[point];
    let ratio =
        (a_thickness[level] + b_thickness[level] * pressure) / (a_sum[level] + b_sum[level] * pressure);
    let mut logarithm_here = logarithm[level];
    let mut alpha_here = alpha[level];
    if kind[level] == 1 {
        let (thin_logarithm, thin_alpha) = thin_layer(ratio);
        logarithm_here = thin_logarithm;
        alpha_here = thin_alpha;
    }
    if kind[level] == 2 {
        let (thick_logarithm, thick_alpha) = thick_layer(ratio);
        logarithm_here = thick_logarithm;
        alpha_here = thick_alpha;
    }
    (logarithm_here, alpha_here)
}

fn check<R: Real>(text: &str, tolerance: f64) {
    let levels: HybridLevels = text.parse().unwrap();
    let tables = LayerTables::<R>::new(&levels, Device::Cpu).unwrap();
    let pressures: Vec<f64> = (0..40).map(|point| 50_000.0 + 1_500.0 * point as f64).collect();
    let rounded: Vec<R> = pressures.iter().map(|&pressure| R::from_f64(pressure)).collect();
    let surface = Buffer::from_slice(Device::Cpu, &rounded).unwrap();
    let len = levels.count() * pressures.len();
    let mut logarithm = Buffer::<R>::zeros(Device::Cpu, len).unwrap();
    let mut alpha = Buffer::<R>::zeros(Device::Cpu, len).unwrap();
    logarithms::launch(
        [levels.count() as u32, pressures.len() as u32],
        &tables.a_thickness,
        &tables.b_thickness,
        &tables.a_sum,
        &tables.b_sum,
        &tables.kind,
        &tables.logarithm,
        &tables.alpha,
        &surface,
        &mut logarithm,
        &mut alpha,
    )
    .unwrap();
    let (logarithm, alpha) = (logarithm.to_vec().unwrap(), alpha.to_vec().unwrap());
    for (point, &pressure) in pressures.iter().enumerate() {
        let half = levels.half_level_pressure(pressure);
        for (level, layer) in Layer::all(&levels, pressure).into_iter().enumerate() {
            let here = level * pressures.len() + point;
            for (name, got, expected) in
                [("ln", logarithm[here], layer.logarithm), ("α", alpha[here], layer.alpha)]
            {
                let error = (got.to_f64() - expected).abs() / expected.max(1e-300);
                assert!(
                    got.to_f64() == expected || error < tolerance,
                    "{text} {name} of layer {level} over {pressure} Pa: {got:?}, expected {expected}"
                );
            }
            // The definition, where it does not cancel.
            if half[level] > 0.0 && layer.thickness > 0.05 * half[level] {
                let plain = (half[level + 1] / half[level]).ln();
                assert!((layer.logarithm / plain - 1.0).abs() < 1e-13);
                let plain = 1.0 - half[level] / layer.thickness * plain;
                assert!((layer.alpha / plain - 1.0).abs() < 1e-12);
            }
        }
    }
}

#[test]
fn logarithms_of_layers_are_exact_in_both_precisions() {
    for text in ["sigma20", "L19", "L26", "L31", "L60", "L91", "L137"] {
        check::<f64>(text, 1e-12);
        check::<f32>(text, 2e-5);
    }
}

/// Simmons & Burridge's α at a top of zero pressure, and its limit where the layer moves with the surface pressure.
#[test]
fn the_top_layer_has_its_own_alpha() {
    let alpha = |text: &str| Layer::all(&text.parse().unwrap(), 1e5)[0].alpha;
    assert_eq!([alpha("L60"), alpha("sigma3")], [2.0_f64.ln(), 1.0]);
}
