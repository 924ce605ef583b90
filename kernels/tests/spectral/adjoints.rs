//! Every operator of the transform against its adjoint, against analytic derivatives, and for any number of fields and
//! threads.

use std::sync::Arc;

use terrella_kernels::grid::Grid;
use terrella_kernels::spectral::{FourierRow, HostTransform, Truncation};
use terrella_kernels::{Error, Real};

/// Grids of every kind, with truncations up to the largest; on lat-lon grids beyond the reach of the rings' quadrature.
const GRIDS: [(&str, usize); 10] = [
    ("F16", 31),
    ("F24", 31),
    ("O24", 23),
    ("N32", 63),
    ("F1", 0),
    ("r64x33", 31),
    ("r64x33", 15),
    ("r65x32", 31),
    ("r96x48", 40),
    ("H8", 15),
];
/// Fewer columns than panels are made for, as many, and several portions.
const FIELDS: [usize; 4] = [1, 3, 5, 51];

/// Deterministic numbers in [−1, 1).
fn noise<R: Real>(len: usize, seed: u64) -> Vec<R> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        R::from_f64((state >> 11) as f64 / (1u64 << 52) as f64 - 1.0)
    };
    (0..len).map(|_| next()).collect()
}

fn dot<R: Real>(a: &[R], b: &[R]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a.to_f64() * b.to_f64()).sum()
}

fn norm<R: Real>(a: &[R]) -> f64 {
    dot(a, a).sqrt()
}

type Call<R> = fn(&mut HostTransform<R>, usize, [&[R]; 2], [&mut [R]; 2]) -> terrella_kernels::Result<()>;

/// An operator with two inputs and two outputs; scalars leave the second of either empty.
struct Operator<R: Real> {
    name: &'static str,
    /// Whether the inputs, and the outputs, are spectra; how many there are.
    from_spectra: bool,
    spectra: usize,
    grids: usize,
    apply: Call<R>,
    adjoint: Call<R>,
}

fn operators<R: Real>() -> Vec<Operator<R>> {
    vec![
        Operator {
            name: "synthesis",
            from_spectra: true,
            spectra: 1,
            grids: 1,
            apply: |t, n, [x, _], [y, _]| t.synthesis(n, x, y),
            adjoint: |t, n, [x, _], [y, _]| t.synthesis_adjoint(n, x, y),
        },
        Operator {
            name: "analysis",
            from_spectra: false,
            spectra: 1,
            grids: 1,
            apply: |t, n, [x, _], [y, _]| t.analysis(n, x, y),
            adjoint: |t, n, [x, _], [y, _]| t.analysis_adjoint(n, x, y),
        },
        Operator {
            name: "wind synthesis",
            from_spectra: true,
            spectra: 2,
            grids: 2,
            apply: |t, n, [x, y], [u, v]| t.wind_synthesis(n, x, y, u, v),
            adjoint: |t, n, [u, v], [x, y]| t.wind_synthesis_adjoint(n, u, v, x, y),
        },
        Operator {
            name: "wind analysis",
            from_spectra: false,
            spectra: 2,
            grids: 2,
            apply: |t, n, [u, v], [x, y]| t.wind_analysis(n, u, v, x, y),
            adjoint: |t, n, [x, y], [u, v]| t.wind_analysis_adjoint(n, x, y, u, v),
        },
        Operator {
            name: "gradient synthesis",
            from_spectra: true,
            spectra: 1,
            grids: 2,
            apply: |t, n, [x, _], [u, v]| t.gradient_synthesis(n, x, u, v),
            adjoint: |t, n, [u, v], [x, _]| t.gradient_synthesis_adjoint(n, u, v, x),
        },
        Operator {
            name: "wind zonal derivative synthesis",
            from_spectra: true,
            spectra: 2,
            grids: 2,
            apply: |t, n, [x, y], [u, v]| t.wind_zonal_derivative_synthesis(n, x, y, u, v),
            adjoint: |t, n, [u, v], [x, y]| t.wind_zonal_derivative_synthesis_adjoint(n, u, v, x, y),
        },
    ]
}

impl<R: Real> Operator<R> {
    /// Lengths of the inputs and outputs.
    fn lengths(&self, transform: &HostTransform<R>, fields: usize) -> [[usize; 2]; 2] {
        let spectrum = transform.truncation().spectrum_len(fields);
        let points = fields * transform.grid().points();
        let spectra = [spectrum, if self.spectra == 2 { spectrum } else { 0 }];
        let grids = [points, if self.grids == 2 { points } else { 0 }];
        if self.from_spectra { [spectra, grids] } else { [grids, spectra] }
    }

    fn run(&self, transform: &mut HostTransform<R>, fields: usize, inputs: &[Vec<R>; 2]) -> [Vec<R>; 2] {
        let [_, outputs] = self.lengths(transform, fields);
        // What was there before must not matter.
        let mut outputs = outputs.map(|len| vec![R::from_f64(7.0); len]);
        let [first, second] = &mut outputs;
        (self.apply)(transform, fields, [&inputs[0], &inputs[1]], [first, second]).unwrap();
        outputs
    }
}

/// Σ (A x)·y = Σ x·(Aᵀ y), beside the norms of the factors.
fn adjoints_hold<R: Real>(tolerance: f64) {
    for (name, total) in GRIDS {
        let grid: Grid = name.parse().unwrap();
        let mut transform = HostTransform::<R>::new(&grid, Truncation::new(total)).unwrap();
        transform.set_radius(1.5).unwrap();
        for fields in FIELDS {
            for operator in operators::<R>() {
                let [inputs, outputs] = operator.lengths(&transform, fields);
                let x = [noise(inputs[0], 1), noise(inputs[1], 2)];
                let y = [noise::<R>(outputs[0], 3), noise::<R>(outputs[1], 4)];
                let forward = operator.run(&mut transform, fields, &x);
                let mut backward = inputs.map(|len| vec![R::from_f64(7.0); len]);
                let [first, second] = &mut backward;
                (operator.adjoint)(&mut transform, fields, [&y[0], &y[1]], [first, second]).unwrap();
                let (left, right) = (
                    dot(&forward[0], &y[0]) + dot(&forward[1], &y[1]),
                    dot(&x[0], &backward[0]) + dot(&x[1], &backward[1]),
                );
                let size = (norm(&forward[0]) + norm(&forward[1])) * (norm(&y[0]) + norm(&y[1]));
                let difference = (left - right).abs();
                assert!(
                    difference <= tolerance * size,
                    "{} on {name}, {fields} fields: {left:e} and {right:e}, {:e} of the norms",
                    operator.name,
                    difference / size
                );
            }
        }
    }
}

#[test]
fn adjoints_hold_in_f64() {
    // Two roundings of sums of up to 10⁵ products with random signs, relative to the norms of the factors.
    adjoints_hold::<f64>(1e-14);
}

#[test]
fn adjoints_hold_in_f32() {
    adjoints_hold::<f32>(1e-6);
}

/// Relative to the results' norm; 20 ε leave room for sums of 64 terms in f32.
#[test]
fn single_precision_is_as_good_as_its_format() {
    for (name, total) in [("F64", 127), ("O48", 47), ("r96x49", 40)] {
        let grid: Grid = name.parse().unwrap();
        let truncation = Truncation::new(total);
        let mut single = HostTransform::<f32>::new(&grid, truncation).unwrap();
        let mut double = HostTransform::<f64>::new(&grid, truncation).unwrap();
        let fields = 6;
        for (f32s, f64s) in operators::<f32>().iter().zip(operators::<f64>()) {
            let [inputs, _] = f32s.lengths(&single, fields);
            let x = [noise::<f32>(inputs[0], 5), noise::<f32>(inputs[1], 6)];
            let wide = x.each_ref().map(|x| x.iter().map(|&x| f64::from(x)).collect::<Vec<_>>());
            let (got, expected) = (f32s.run(&mut single, fields, &x), f64s.run(&mut double, fields, &wide));
            for (got, expected) in got.iter().zip(&expected) {
                let difference: f64 =
                    got.iter().zip(expected).map(|(a, b)| (f64::from(*a) - b).powi(2)).sum::<f64>().sqrt();
                let error = difference / norm(expected).max(f64::MIN_POSITIVE) / f64::from(f32::EPSILON);
                assert!(error < 20.0, "{} on {name}: {error} ε", f32s.name);
            }
        }
    }
}

/// Few fields are summed otherwise than many; some of `many` are transformed along their rings beside others, and those of the last
/// group alone or beside some of the one before.
fn fields_do_not_depend_on_their_number<R: Real>(many: usize, tolerance: f64) {
    for (name, total) in GRIDS {
        let grid: Grid = name.parse().unwrap();
        let truncation = Truncation::new(total);
        let mut transform = HostTransform::<R>::new(&grid, truncation).unwrap();
        for operator in operators::<R>() {
            let [inputs, outputs] = operator.lengths(&transform, many);
            let x = [noise(inputs[0], 5), noise(inputs[1], 6)];
            let all = operator.run(&mut transform, many, &x);
            let spectrum_of = |x: &[R], field: usize| x.iter().skip(field).step_by(many).copied().collect();
            let grid_of =
                |x: &[R], field: usize| x[field * x.len() / many..(field + 1) * x.len() / many].to_vec();
            let field_of = |spectral: bool, x: &[R], field: usize| -> Vec<R> {
                if spectral { spectrum_of(x, field) } else { grid_of(x, field) }
            };
            let input_of = |x: &[R], field: usize| field_of(operator.from_spectra, x, field);
            let output_of = |x: &[R], field: usize| field_of(!operator.from_spectra, x, field);
            for field in [0, many / 2 - 2, many - 1] {
                let one = operator.run(&mut transform, 1, &[input_of(&x[0], field), input_of(&x[1], field)]);
                for (which, one) in one.iter().enumerate() {
                    if outputs[which] == 0 {
                        continue;
                    }
                    let expected = output_of(&all[which], field);
                    let square = |(a, b): (&R, &R)| (a.to_f64() - b.to_f64()).powi(2);
                    let difference = one.iter().zip(&expected).map(square).sum::<f64>().sqrt();
                    assert!(
                        difference <= tolerance * norm(one),
                        "{} on {name}, field {field} of {many}: {:e}",
                        operator.name,
                        difference / norm(one)
                    );
                }
            }
        }
    }
}

#[test]
fn fields_do_not_depend_on_their_number_in_f64() {
    // The same sums in another order.
    for many in [14, 18] {
        fields_do_not_depend_on_their_number::<f64>(many, 1e-13);
    }
}

#[test]
fn fields_do_not_depend_on_their_number_in_f32() {
    // 20 ε, as against f64.
    for many in [18, 29] {
        fields_do_not_depend_on_their_number::<f32>(many, 20.0 * f64::from(f32::EPSILON));
    }
}

#[test]
fn bits_do_not_depend_on_the_number_of_threads() {
    for (name, total) in [("O24", 23), ("F24", 47), ("r64x33", 31)] {
        let grid: Grid = name.parse().unwrap();
        for fields in [1, 51] {
            for operator in operators::<f64>() {
                let on = |threads: usize| {
                    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                    pool.install(|| {
                        let mut transform = HostTransform::<f64>::new(&grid, Truncation::new(total)).unwrap();
                        let [inputs, _] = operator.lengths(&transform, fields);
                        let x = [noise(inputs[0], 5), noise(inputs[1], 6)];
                        operator.run(&mut transform, fields, &x)
                    })
                };
                let one = on(1);
                for threads in [2, 5] {
                    assert_eq!(one, on(threads), "{} on {name} with {threads} threads", operator.name);
                }
            }
        }
    }
}

/// f = cos²φ sin 2λ · sin φ and its gradient, and the zonal derivatives of the wind that has f as streamfunction.
#[test]
fn derivatives_are_those_of_an_analytic_field() {
    let radius = 2.0;
    for (name, total) in [("F24", 31), ("O24", 23), ("r96x49", 40)] {
        let grid: Grid = name.parse().unwrap();
        let truncation = Truncation::new(total);
        let mut transform = HostTransform::<f64>::new(&grid, truncation).unwrap();
        transform.set_radius(radius).unwrap();
        let on_grid = |f: &dyn Fn(f64, f64, f64) -> f64| -> Vec<f64> {
            let rings = grid.rings().iter().flat_map(|ring| (0..ring.points).map(move |i| (ring, i)));
            rings
                .map(|(ring, i)| {
                    let longitude = std::f64::consts::TAU * i as f64 / ring.points as f64;
                    f(ring.sine_latitude, ring.cosine_latitude, longitude)
                })
                .collect()
        };
        let close = |what: &str, got: &[f64], expected: &[f64]| {
            let difference = got.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            assert!(difference < 2e-13, "{what} on {name}: {difference:e}");
        };
        let values = on_grid(&|s, c, l| c * c * s * (2.0 * l).sin());
        let mut spectrum = vec![0.0; truncation.spectrum_len(1)];
        transform.analysis(1, &values, &mut spectrum).unwrap();

        let (mut eastward, mut northward) = (values.clone(), values.clone());
        transform.gradient_synthesis(1, &spectrum, &mut eastward, &mut northward).unwrap();
        close("eastward", &eastward, &on_grid(&|s, c, l| 2.0 * c * s * (2.0 * l).cos() / radius));
        close(
            "northward",
            &northward,
            &on_grid(&|s, c, l| c * (c * c - 2.0 * s * s) * (2.0 * l).sin() / radius),
        );

        // ζ = ∇²ψ with ψ = f of degree 3: u = −(1/a) ∂ψ/∂φ, v = (1/(a cos φ)) ∂ψ/∂λ.
        let vorticity: Vec<f64> = spectrum.iter().map(|value| -12.0 / (radius * radius) * value).collect();
        let divergence = vec![0.0; vorticity.len()];
        transform
            .wind_zonal_derivative_synthesis(1, &vorticity, &divergence, &mut eastward, &mut northward)
            .unwrap();
        let (square, not_a_pole) = (radius * radius, |c: f64| c > 1e-10);
        let u_eastward = |s: f64, c: f64, l: f64| {
            if not_a_pole(c) { -2.0 * (c * c - 2.0 * s * s) * (2.0 * l).cos() / square } else { 0.0 }
        };
        let v_eastward =
            |s: f64, c: f64, l: f64| if not_a_pole(c) { -4.0 * s * (2.0 * l).sin() / square } else { 0.0 };
        close("∂u", &eastward, &on_grid(&u_eastward));
        close("∂v", &northward, &on_grid(&v_eastward));
    }
}

#[test]
fn nan_reaches_its_own_field_alone() {
    let grid: Grid = "O24".parse().unwrap();
    let truncation = Truncation::new(23);
    let mut transform = HostTransform::<f64>::new(&grid, truncation).unwrap();
    for fields in [2, 6, 14] {
        let mut spectrum: Vec<f64> = noise(truncation.spectrum_len(fields), 1);
        spectrum[2 * truncation.index(3, 5) * fields + 1] = f64::NAN;
        let mut values = vec![0.0; fields * grid.points()];
        transform.synthesis(fields, &spectrum, &mut values).unwrap();
        for (field, values) in values.chunks(grid.points()).enumerate() {
            assert_eq!(values.iter().any(|value| value.is_nan()), field == 1);
            assert_eq!(values.iter().all(|value| value.is_finite()), field != 1);
        }
        transform.analysis(fields, &values, &mut spectrum).unwrap();
        for (i, value) in spectrum.iter().enumerate() {
            let (coefficient, imaginary) = (i / (2 * fields), i / fields % 2 == 1);
            // Imaginary parts of m = 0 may be 0.
            if !(coefficient <= 23 && imaginary) {
                assert_eq!(value.is_nan(), i % fields == 1, "value {i} of {fields} fields");
            }
        }
    }
}

/// A hook that leaves everything as it is changes nothing but the rounding; one that turns every ring by the phase of an
/// eastward shift shifts the field by whole points.
#[test]
fn hooks_see_the_fourier_coefficients() {
    for (name, total) in [("F16", 31), ("O16", 15)] {
        let grid: Grid = name.parse().unwrap();
        let truncation = Truncation::new(total);
        let mut transform = HostTransform::<f64>::new(&grid, truncation).unwrap();
        for fields in [1, 5] {
            let spectrum: Vec<f64> = noise(truncation.spectrum_len(fields), 3);
            let mut plain = vec![0.0; fields * grid.points()];
            transform.synthesis(fields, &spectrum, &mut plain).unwrap();
            let mut hooked = plain.clone();
            let points: Vec<usize> = grid.rings().iter().map(|ring| ring.points).collect();
            transform.set_fourier_hook(Some(Arc::new(move |row: FourierRow| {
                let angle = -std::f64::consts::TAU / points[row.ring] as f64 * row.field as f64;
                for (m, value) in row.coefficients.iter_mut().enumerate() {
                    let (sine, cosine) = (m as f64 * angle).sin_cos();
                    let [re, im] = *value;
                    *value = [cosine * re - sine * im, cosine * im + sine * re];
                }
            })));
            transform.synthesis(fields, &spectrum, &mut hooked).unwrap();
            let mut analysed = vec![0.0; spectrum.len()];
            transform.analysis(fields, &plain, &mut analysed).unwrap();
            transform.set_fourier_hook(None);
            let mut again = vec![0.0; spectrum.len()];
            transform.analysis(fields, &plain, &mut again).unwrap();
            assert_eq!(analysed, again, "an analysis has no hook");
            for field in 0..fields {
                for ring in grid.rings() {
                    for i in 0..ring.points {
                        let at = field * grid.points() + ring.offset;
                        // Field f is shifted by f points.
                        let (got, expected) = (hooked[at + (i + field) % ring.points], plain[at + i]);
                        assert!(
                            (got - expected).abs() < 1e-12,
                            "{name}, field {field}: {got} and {expected}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn wrong_lengths_are_named() {
    let grid: Grid = "F4".parse().unwrap();
    let mut transform = HostTransform::<f64>::new(&grid, Truncation::new(7)).unwrap();
    let (spectrum, mut values) = (vec![0.0; 2 * 36 * 2], vec![0.0; 128]);
    let error = transform.synthesis(2, &spectrum, &mut values).unwrap_err();
    assert!(matches!(error, Error::LengthMismatch { name: "values", expected: 256, got: 128 }), "{error}");
    let error = transform.synthesis(1, &spectrum, &mut values).unwrap_err();
    assert!(matches!(error, Error::LengthMismatch { name: "spectrum", expected: 72, got: 144 }), "{error}");
    assert!(transform.synthesis(0, &[], &mut []).is_ok());
    assert!(transform.analysis(0, &[], &mut []).is_ok());
}
