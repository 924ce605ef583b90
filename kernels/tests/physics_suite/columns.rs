//! Columns to test with, and their budgets.

use terrella_kernels::Real;
use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::physics::MoistAir;
use terrella_kernels::vertical::{HybridLevels, LayerTables};

/// I \[s\].
pub(crate) const INTERVAL: f64 = 1200.0;

/// Number of columns: an odd one, with a last pack that is not full.
pub(crate) const POINTS: usize = 203;

/// Columns in host memory, `[levels][points]`.
#[derive(Clone)]
pub(crate) struct Columns<R> {
    pub(crate) levels: usize,
    pub(crate) a_thickness: Vec<R>,
    pub(crate) b_thickness: Vec<R>,
    pub(crate) a_sum: Vec<R>,
    pub(crate) b_sum: Vec<R>,
    pub(crate) reference_temperature: Vec<R>,
    pub(crate) surface_pressure: Vec<R>,
    pub(crate) surface_temperature: Vec<R>,
    pub(crate) u: Vec<R>,
    pub(crate) v: Vec<R>,
    /// T − T_r.
    pub(crate) temperature: Vec<R>,
    pub(crate) humidity: Vec<R>,
}

/// Numbers from 0 to 1.
fn random(seed: u64, index: usize) -> f64 {
    let mut state =
        seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (index as u64).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    state ^= state >> 31;
    state = state.wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^= state >> 29;
    (state >> 11) as f64 / (1_u64 << 53) as f64
}

/// Saturation humidity, in plain f64.
pub(crate) fn saturation(air: &MoistAir, temperature: f64, pressure: f64) -> f64 {
    let vapour =
        610.78 * (air.latent_heat / air.vapour_gas_constant * (1.0 / 273.16 - 1.0 / temperature)).exp();
    air.gas_constant / air.vapour_gas_constant * vapour / pressure
}

impl<R: Real> Columns<R> {
    /// Weather of all kinds, every third column an extreme one: hot, cold, dry or far beyond saturation, in calm and hurricane.
    pub(crate) fn new(levels: &str) -> Self {
        let levels: HybridLevels = levels.parse().unwrap();
        let count = levels.count();
        let tables = LayerTables::<f64>::new(&levels, Device::Cpu).unwrap();
        let air = MoistAir::default();
        let number = |values: &[f64]| values.iter().map(|&value| R::from_f64(value)).collect::<Vec<R>>();
        let table = |buffer: &Buffer<f64>| number(&buffer.to_vec().unwrap());
        let mut columns = Self {
            levels: count,
            a_thickness: table(&tables.a_thickness),
            b_thickness: table(&tables.b_thickness),
            a_sum: table(&tables.a_sum),
            b_sum: table(&tables.b_sum),
            reference_temperature: number(&vec![300.0; count]),
            surface_pressure: Vec::new(),
            surface_temperature: Vec::new(),
            u: vec![R::ZERO; count * POINTS],
            v: vec![R::ZERO; count * POINTS],
            temperature: vec![R::ZERO; count * POINTS],
            humidity: vec![R::ZERO; count * POINTS],
        };
        for point in 0..POINTS {
            let extreme = point % 3 == 2;
            let surface = 52_000.0 + 53_000.0 * random(1, point).sqrt();
            let ground = 240.0 + 70.0 * random(2, point);
            let lapse = 0.05 + 0.17 * random(3, point);
            columns.surface_pressure.push(R::from_f64(surface));
            columns.surface_temperature.push(R::from_f64(ground + 6.0 * random(4, point) - 3.0));
            for level in 0..count {
                let here = level * POINTS + point;
                let pressure =
                    0.5 * (columns.a_sum[level].to_f64() + columns.b_sum[level].to_f64() * surface);
                let noise = random(5, here) - 0.5;
                let mut temperature = (ground * (pressure / surface).powf(lapse)).max(190.0) + 4.0 * noise;
                let mut relative = 1.3 * random(6, here);
                let mut wind = 30.0;
                if extreme {
                    temperature += 60.0 * noise;
                    relative = [0.0, 1e-6, 5.0, 60.0][(random(7, here) * 4.0) as usize];
                    wind = 120.0 * random(8, point).floor().max(random(9, point).round());
                }
                let humidity = (relative * saturation(&air, temperature, pressure)).min(0.2);
                columns.temperature[here] = R::from_f64(temperature - 300.0);
                columns.humidity[here] = R::from_f64(humidity);
                columns.u[here] = R::from_f64(wind * (2.0 * random(10, here) - 1.0));
                columns.v[here] = R::from_f64(wind * (2.0 * random(11, here) - 1.0));
            }
        }
        columns
    }

    /// Δp of a layer \[Pa\].
    pub(crate) fn thickness(&self, level: usize, point: usize) -> f64 {
        self.a_thickness[level].to_f64()
            + self.b_thickness[level].to_f64() * self.surface_pressure[point].to_f64()
    }

    /// p of a layer \[Pa\].
    pub(crate) fn pressure(&self, level: usize, point: usize) -> f64 {
        0.5 * (self.a_sum[level].to_f64()
            + self.b_sum[level].to_f64() * self.surface_pressure[point].to_f64())
    }

    /// T of a layer \[K\].
    pub(crate) fn absolute(&self, level: usize, point: usize) -> f64 {
        self.reference_temperature[level].to_f64() + self.temperature[level * POINTS + point].to_f64()
    }

    /// Σ Δp/g·(X⁺ − X), the column's gain of X.
    pub(crate) fn gain(&self, after: &[R], before: &[R], point: usize) -> f64 {
        (0..self.levels)
            .map(|level| {
                let here = level * POINTS + point;
                self.thickness(level, point) * (after[here].to_f64() - before[here].to_f64())
                    / MoistAir::default().gravity
            })
            .sum()
    }

    /// Σ Δp/g·|X|.
    pub(crate) fn amount(&self, values: &[R], point: usize) -> f64 {
        (0..self.levels)
            .map(|level| {
                self.thickness(level, point) * values[level * POINTS + point].to_f64().abs()
                    / MoistAir::default().gravity
            })
            .sum()
    }
}

/// A buffer on the CPU.
pub(crate) fn buffer<R: Real>(values: &[R]) -> Buffer<R> {
    Buffer::from_slice(Device::Cpu, values).unwrap()
}

/// A buffer to write to.
pub(crate) fn empty<R: Real>(length: usize) -> Buffer<R> {
    Buffer::zeros(Device::Cpu, length).unwrap()
}

pub(crate) fn number<R: Real>(value: f64) -> R {
    R::from_f64(value)
}

/// Goes through the levels of all columns, downwards or upwards, as the launcher does; `kernel` takes level, point and what
/// was carried, and returns what the level gets and what is carried on.
pub(crate) fn scanned<R: Real, const OUTPUTS: usize, const CARRIED: usize>(
    levels: usize,
    up: bool,
    kernel: impl Fn(u32, u32, [R; CARRIED]) -> ([R; OUTPUTS], [R; CARRIED]),
) -> ([Vec<R>; OUTPUTS], [Vec<R>; CARRIED]) {
    let mut outputs = std::array::from_fn(|_| vec![R::ZERO; levels * POINTS]);
    let mut carried = std::array::from_fn(|_| vec![R::ZERO; POINTS]);
    for point in 0..POINTS {
        let mut state = [R::ZERO; CARRIED];
        for step in 0..levels {
            let level = if up { levels - 1 - step } else { step };
            let (values, next) = kernel(level as u32, point as u32, state);
            state = next;
            for (output, value) in outputs.iter_mut().zip(values) {
                output[level * POINTS + point] = value;
            }
        }
        for (column, value) in carried.iter_mut().zip(state) {
            column[point] = value;
        }
    }
    (outputs, carried)
}

/// Stamps a test for f32 and f64; the second argument is the tolerance of budgets relative to what moves.
macro_rules! both_precisions {
    ($($test:ident)*) => {$(
        mod $test {
            #[test]
            fn single() {
                super::$test::<f32>(3e-6);
            }
            #[test]
            fn double() {
                super::$test::<f64>(1e-14);
            }
        }
    )*};
}
pub(crate) use both_precisions;
