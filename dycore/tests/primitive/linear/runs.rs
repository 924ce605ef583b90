//! Runs whose derivative is tested, directions, and the two tests that every derivative passes.

use std::ops::Range;

use terrella_coupling::Component;
use terrella_dycore::primitive::linear::LinearisedPrimitive;
use terrella_dycore::primitive::{Configuration, Primitive, Sponge};
use terrella_dycore::time_stepping::{Diffusion, DiffusionStrength};
use terrella_kernels::Real;
use terrella_kernels::device::Device;
use terrella_kernels::physics::held_suarez::Forcing;

use crate::common::{Fields, hills, model, wavy_from};

/// Numbers between −1 and 1 without order.
pub(crate) fn noise(seed: usize, len: usize) -> impl Iterator<Item = f64> {
    let stride = 0.618_033_988_749_895;
    (0..len).map(move |index| ((index * 7919 + seed * 104_729) as f64 * stride).fract() * 2.0 - 1.0)
}

/// Everything switched on: sponge, both dampings, an off-centred implicit step.
pub(crate) fn configuration(truncation: usize, levels: &str) -> Configuration {
    let mut configuration = Configuration::new(truncation, levels.parse().unwrap()).unwrap();
    configuration.time_step = 1_200.0;
    configuration.implicit_weight = 0.6;
    configuration.sponge = Some(Sponge { time: 86_400.0, depth: 10.0 });
    configuration.divergence_damping =
        Some(Diffusion { order: 1, strength: DiffusionStrength::SmallestScaleTime(20_000.0) });
    configuration
}

/// A dry wavy flow over hills.
pub(crate) fn dry<R: Real>(configuration: Configuration) -> Primitive<R> {
    let fields = Fields {
        u: &|sigma, longitude, latitude| {
            25.0 * latitude.cos()
                + 10.0 * sigma * latitude.cos().powi(3) * latitude.sin() * (4.0 * longitude).cos()
        },
        v: &|sigma, longitude, latitude| -10.0 * sigma * latitude.cos().powi(3) * (4.0 * longitude).sin(),
        temperature: &|sigma, longitude, latitude| {
            300.0 * sigma.powf(0.15) - 20.0 * sigma * latitude.sin().powi(2)
                + 2.0 * latitude.cos() * longitude.cos()
        },
        surface_pressure: &|longitude, latitude| {
            100_000.0 * (-hills(longitude, latitude) / (287.0 * 280.0)).exp() - 800.0 * latitude.sin().powi(2)
        },
        ground: &hills,
        tracers: &[],
    };
    model(Device::Cpu, configuration, &fields)
}

/// A field's name, its place in an array, and the size of an error of it.
pub(crate) type Field = (&'static str, Range<usize>, f64);

/// The flow of `common`: moist, with a passive tracer, over hills.
pub(crate) fn moist<R: Real>(configuration: Configuration) -> Primitive<R> {
    wavy_from(configuration, Device::Cpu, false)
}

/// A linear model, and the memory after some steps of its own flow.
pub(crate) struct Run<R: Real> {
    pub(crate) linear: LinearisedPrimitive<R>,
    pub(crate) state: Vec<R>,
    pub(crate) memory: Vec<R>,
    pub(crate) number: usize,
}

impl<R: Real> Run<R> {
    pub(crate) fn new(model: Primitive<R>, forced: bool, steps: usize) -> Self {
        let mut linear = if forced {
            LinearisedPrimitive::with_held_suarez(model, Forcing::default()).unwrap()
        } else {
            LinearisedPrimitive::new(model).unwrap()
        };
        let mut state = vec![R::ZERO; linear.state_len()];
        linear.model().copy_state_to(&mut state).unwrap();
        let mut memory = vec![R::ZERO; linear.memory_len()];
        linear.begin(&state, &mut memory).unwrap();
        for number in 0..steps {
            linear.step(&mut memory, number).unwrap();
        }
        Self { linear, state, memory, number: steps }
    }

    /// The fields of a state, with the size of an error of each.
    pub(crate) fn state_fields(&self) -> Vec<Field> {
        let sizes = [1e-6, 1e-6, 1.0, 1e-3, 1e-4];
        let mut start = 0;
        let fields = self.linear.model().spectral_state().fields();
        fields
            .iter()
            .zip(sizes)
            .map(|((name, field), size)| {
                let range = start..start + field.len();
                start = range.end;
                (*name, range, size)
            })
            .collect()
    }

    /// The fields of a memory: the mean, both levels, and columns.
    pub(crate) fn fields(&self) -> Vec<Field> {
        let mut all = vec![("mass", 0..1, 1e-3)];
        let mut start = 1;
        for _ in 0..2 {
            for (name, range, size) in self.state_fields() {
                all.push((name, start + range.start..start + range.end, size));
            }
            start += self.state.len();
        }
        if self.memory.len() > start {
            let configuration = self.linear.model().configuration();
            let points = configuration.grid.points();
            let values = points * configuration.levels.count();
            for (name, len, size) in [
                ("u", values, 3.0),
                ("v", values, 3.0),
                ("temperature", values, 3.0),
                ("tracers", values * configuration.tracers(), 1e-3),
                ("surface_pressure", points, 300.0),
            ] {
                all.push((name, start..start + len, size));
                start += len;
            }
        }
        assert_eq!(start, self.memory.len());
        all
    }
}

/// Dense random numbers of each field's size: far from any balance.
pub(crate) fn dense<R: Real>(fields: &[Field], seed: usize) -> Vec<R> {
    let mut values = Vec::new();
    for (number, (_, range, size)) in fields.iter().enumerate() {
        values.extend(noise(seed + 31 * number, range.len()).map(|value| R::from_f64(size * value)));
    }
    values
}

pub(crate) fn moved<R: Real>(base: &[R], factor: f64, direction: &[R]) -> Vec<R> {
    base.iter().zip(direction).map(|(&base, &along)| base + R::from_f64(factor) * along).collect()
}

pub(crate) fn dot<R: Real>(a: &[R], b: &[R]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a.to_f64() * b.to_f64()).sum()
}

/// By field, the largest over fields of ‖M(x + εd) − M(x) − εM′d‖/‖εM′d‖.
pub(crate) fn remainder(
    fields: &[Field],
    factor: f64,
    disturbed: &[f64],
    base: &[f64],
    tangent: &[f64],
) -> f64 {
    let mut largest: f64 = 0.0;
    for (_, range, _) in fields {
        let (mut error, mut size) = (0.0, 0.0);
        for index in range.clone() {
            error += (disturbed[index] - base[index] - factor * tangent[index]).powi(2);
            size += (factor * tangent[index]).powi(2);
        }
        if size > 0.0 {
            largest = largest.max((error / size).sqrt());
        }
    }
    largest
}

/// The remainder falls with ε, decade by decade, until rounding stops it below `floor`.
pub(crate) fn falls(name: &str, floor: f64, remainder: impl FnMut(f64) -> f64) {
    let factors: Vec<f64> = (0..7).map(|decade| 10f64.powi(-decade)).collect();
    let remainders: Vec<f64> = factors.iter().copied().map(remainder).collect();
    println!("{name}: {}", remainders.iter().map(|value| format!("{value:.2e} ")).collect::<String>());
    let smallest = remainders.iter().copied().fold(f64::INFINITY, f64::min);
    assert!(smallest < floor, "{name}: {remainders:?}");
    for pair in remainders.windows(2).filter(|pair| pair[1] > 3.0 * floor) {
        assert!((8.0..12.0).contains(&(pair[0] / pair[1])), "{name}: {remainders:?}");
    }
}

/// ⟨Mx, y⟩ = ⟨x, Mᵀy⟩ for each output field alone and for all of them, relative to the norms.
///
/// `inputs` and `outputs` are the fields of x and of Mx.
pub(crate) fn is_transposed<R: Real>(
    name: &str,
    tolerance: f64,
    inputs: &[Field],
    outputs: &[Field],
    mut tangent: impl FnMut(&[R]) -> Vec<R>,
    mut adjoint: impl FnMut(&[R]) -> Vec<R>,
) {
    let direction = dense::<R>(inputs, 3);
    let image = tangent(&direction);
    // Sensitivities of fields as large as one over the field, so that all of them count.
    let scaled: Vec<Field> =
        outputs.iter().map(|(name, range, size)| (*name, range.clone(), 1.0 / size)).collect();
    let all = dense::<R>(&scaled, 4);
    let mut largest: f64 = 0.0;
    for chosen in 0..=outputs.len() {
        let mut sensitivity = all.clone();
        for (number, (_, range, _)) in outputs.iter().enumerate() {
            if chosen < outputs.len() && number != chosen {
                sensitivity[range.clone()].fill(R::ZERO);
            }
        }
        let (left, right) = (dot(&image, &sensitivity), dot(&direction, &adjoint(&sensitivity)));
        let masked: Vec<R> = image
            .iter()
            .zip(&sensitivity)
            .map(|(&value, weight)| if weight.to_f64() == 0.0 { R::ZERO } else { value })
            .collect();
        let size = (dot(&masked, &masked) * dot(&sensitivity, &sensitivity)).sqrt();
        if size == 0.0 {
            assert_eq!(right, 0.0, "{name}");
            continue;
        }
        // Fields of all sizes are added up here.
        let size = if chosen == outputs.len() { left.abs().max(right.abs()) } else { size };
        let difference = (left - right).abs() / size;
        largest = largest.max(difference);
        let field = outputs.get(chosen).map_or("all fields", |field| field.0);
        assert!(difference < tolerance, "{name}, {field}: {left:e} and {right:e}, {difference:e}");
    }
    println!("{name}: {largest:.1e}");
}
