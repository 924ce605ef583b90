//! What Simmons & Burridge's differences conserve, column by column, to round-off.

use terrella_dycore::primitive::{energy, mass_flux, wind_and_temperature_tendencies};
use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::vertical::{HybridLevels, Layer, LayerTables};

const POINTS: usize = 37;
const GAS_CONSTANT: f64 = 287.0;
const HEAT_CAPACITY: f64 = 1004.5;
const VIRTUAL: f64 = 0.608;
const VAPOUR: f64 = 0.84;

/// Numbers between −1 and 1 without order.
fn noise(seed: usize, len: usize) -> Vec<f64> {
    (0..len)
        .map(|index| ((index * 7919 + seed * 104_729) as f64 * 0.618_033_988_749_895).fract() * 2.0 - 1.0)
        .collect()
}

/// Any column state, and what the kernels make of it.
struct Columns {
    levels: HybridLevels,
    count: usize,
    surface_pressure: Vec<f64>,
    slope: [Vec<f64>; 2],
    u: Vec<f64>,
    v: Vec<f64>,
    divergence: Vec<f64>,
    temperature: Vec<f64>,
    humidity: Vec<f64>,
    flux_total: Vec<f64>,
    force: [Vec<f64>; 2],
    heating: Vec<f64>,
    /// φ − φ_s.
    geopotential: Vec<f64>,
}

#[derive(Clone, Copy, PartialEq)]
enum Air {
    Dry,
    /// Moist, and isothermal so that vertical advection does not enter the heating.
    MoistIsothermal,
    /// Dry, and moving alike in all layers so that vertical advection does not enter the force.
    DryWithoutShear,
}

impl Columns {
    fn new(levels: &str, air: Air) -> Self {
        let levels: HybridLevels = levels.parse().unwrap();
        let count = levels.count();
        let len = count * POINTS;
        let scaled = |seed, scale: f64, offset: f64, len| -> Vec<f64> {
            noise(seed, len).into_iter().map(|value| offset + scale * value).collect()
        };
        let surface_pressure = scaled(1, 15_000.0, 90_000.0, POINTS);
        let slope = [scaled(2, 1e-7, 0.0, POINTS), scaled(3, 1e-7, 0.0, POINTS)];
        let wind = |seed| match air {
            Air::DryWithoutShear => scaled(seed, 40.0, 0.0, POINTS).repeat(count),
            _ => scaled(seed, 40.0, 0.0, len),
        };
        let (u, v) = (wind(4), wind(5));
        let divergence = scaled(6, 3e-5, 0.0, len);
        let moist = air == Air::MoistIsothermal;
        let temperature =
            if moist { scaled(7, 20.0, 260.0, POINTS).repeat(count) } else { scaled(7, 40.0, 250.0, len) };
        let humidity = scaled(8, 0.01, 0.01, len);

        let buffer = |values: &[f64]| Buffer::from_slice(Device::Cpu, values).unwrap();
        let field = || Buffer::<f64>::zeros(Device::Cpu, len).unwrap();
        let surface = || Buffer::<f64>::zeros(Device::Cpu, POINTS).unwrap();
        let layers = LayerTables::<f64>::new(&levels, Device::Cpu).unwrap();
        let reference = 230.0;
        let reference_layers = Layer::all(&levels, 100_000.0);
        let table = |value: &dyn Fn(&Layer) -> f64| {
            buffer(
                &reference_layers
                    .iter()
                    .map(|layer| GAS_CONSTANT * reference * value(layer))
                    .collect::<Vec<_>>(),
            )
        };
        let (rise, middle) = (table(&|layer| layer.logarithm), table(&|layer| layer.alpha));
        let reference_temperature = buffer(&vec![reference; count]);
        let departure: Vec<f64> = temperature.iter().map(|value| value - reference).collect();
        let extent = [count as u32, POINTS as u32];
        let (b_u, b_v, b_divergence) = (buffer(&u), buffer(&v), buffer(&divergence));
        let (b_temperature, b_humidity) = (buffer(&departure), buffer(&humidity));
        let (b_pressure, b_east, b_north) = (buffer(&surface_pressure), buffer(&slope[0]), buffer(&slope[1]));
        let (mut above, mut total) = (field(), surface());
        mass_flux::launch(
            extent,
            POINTS as u32,
            &layers.a_thickness,
            &layers.b_thickness,
            &b_pressure,
            &b_east,
            &b_north,
            &b_divergence,
            &b_u,
            &b_v,
            &mut above,
            &mut total,
        )
        .unwrap();
        let (mut height, mut top) = (field(), surface());
        energy::launch(
            extent,
            POINTS as u32,
            0.0,
            GAS_CONSTANT,
            VIRTUAL,
            u32::from(moist),
            &layers.a_thickness,
            &layers.b_thickness,
            &layers.a_sum,
            &layers.b_sum,
            &layers.kind,
            &layers.logarithm,
            &layers.alpha,
            &reference_temperature,
            &rise,
            &middle,
            &b_pressure,
            &b_temperature,
            &b_humidity,
            &b_u,
            &b_v,
            &mut height,
            &mut top,
        )
        .unwrap();
        let (mut force_u, mut force_v, mut heating) = (field(), field(), field());
        wind_and_temperature_tendencies::launch(
            extent,
            POINTS as u32,
            count as u32,
            GAS_CONSTANT,
            GAS_CONSTANT / HEAT_CAPACITY,
            VIRTUAL,
            VAPOUR,
            u32::from(moist),
            &layers.a_thickness,
            &layers.b_thickness,
            &layers.a_sum,
            &layers.b_sum,
            &layers.b_above,
            &layers.kind,
            &layers.logarithm,
            &layers.alpha,
            &reference_temperature,
            &surface(),
            &b_pressure,
            &b_east,
            &b_north,
            &above,
            &total,
            &b_u,
            &b_v,
            &field(),
            &b_divergence,
            &b_temperature,
            &field(),
            &field(),
            &b_humidity,
            &mut force_u,
            &mut force_v,
            &mut heating,
        )
        .unwrap();
        let mut geopotential = height.to_vec().unwrap();
        for level in 0..count {
            let below: f64 = reference_layers[level + 1..].iter().map(|layer| layer.logarithm).sum();
            let of_reference = GAS_CONSTANT * reference * (below + reference_layers[level].alpha);
            for value in &mut geopotential[level * POINTS..(level + 1) * POINTS] {
                *value += of_reference;
            }
        }
        Self {
            levels,
            count,
            surface_pressure,
            slope,
            u,
            v,
            divergence,
            temperature,
            humidity,
            flux_total: total.to_vec().unwrap(),
            force: [force_u.to_vec().unwrap(), force_v.to_vec().unwrap()],
            heating: heating.to_vec().unwrap(),
            geopotential,
        }
    }

    /// Δp and ∂Δp/∂p_s of a layer at a point.
    fn thickness(&self, level: usize, point: usize) -> [f64; 2] {
        let (a, b) = (self.levels.a(), self.levels.b());
        let fraction = b[level + 1] - b[level];
        [a[level + 1] - a[level] + fraction * self.surface_pressure[point], fraction]
    }

    /// ∇·(VΔp) of a layer.
    fn outflow(&self, level: usize, point: usize) -> f64 {
        let here = level * POINTS + point;
        let [thickness, fraction] = self.thickness(level, point);
        let ascent = self.u[here] * self.slope[0][point] + self.v[here] * self.slope[1][point];
        self.divergence[here] * thickness + fraction * self.surface_pressure[point] * ascent
    }
}

/// ∂/∂t of Σ Δp·(|V|²/2 + c_p·T) + φ_s·p_s is what flows out sideways, −Σ ∇·(VΔp)·(|V|²/2 + c_p·T + φ), where horizontal
/// advection and ∇(E + φ) are left out on the one side and their part of the flux on the other: nothing is made or lost by
/// pressure force, conversion and vertical advection.
#[test]
fn energy_is_converted_and_not_made() {
    for levels in ["sigma12", "L19", "L26", "L31", "L60", "L137"] {
        let columns = Columns::new(levels, Air::Dry);
        for point in 0..POINTS {
            let (mut change, mut flux, mut size) = (0.0, 0.0, 0.0);
            let pressure_change = -columns.surface_pressure[point] * columns.flux_total[point];
            for level in 0..columns.count {
                let here = level * POINTS + point;
                let [thickness, fraction] = columns.thickness(level, point);
                let (u, v) = (columns.u[here], columns.v[here]);
                let content = 0.5 * (u * u + v * v) + HEAT_CAPACITY * columns.temperature[here];
                let terms = [
                    thickness * (u * columns.force[0][here] + v * columns.force[1][here]),
                    thickness * HEAT_CAPACITY * columns.heating[here],
                    fraction * pressure_change * content,
                ];
                change += terms.iter().sum::<f64>();
                flux -= columns.outflow(level, point) * (content + columns.geopotential[here]);
                size += terms.iter().map(|term| term.abs()).sum::<f64>();
            }
            let error = (change - flux).abs() / size;
            assert!(error < 2e-14, "{levels}: {error:e} of the sum of magnitudes, point {point}");
        }
    }
}

/// In moist air: Σ Δp·c_p·(1 + (δ−1)q)·(κT_vω/p)/(…) = −Σ φ·∇·(VΔp) + Σ Δp·V·(pressure force).
#[test]
fn moist_conversion_balances_the_moist_pressure_force() {
    for levels in ["sigma12", "L31"] {
        let columns = Columns::new(levels, Air::MoistIsothermal);
        for point in 0..POINTS {
            let (mut heating, mut work, mut size) = (0.0, 0.0, 0.0);
            let pressure_change = -columns.surface_pressure[point] * columns.flux_total[point];
            for level in 0..columns.count {
                let here = level * POINTS + point;
                let [thickness, fraction] = columns.thickness(level, point);
                let (u, v) = (columns.u[here], columns.v[here]);
                let capacity = HEAT_CAPACITY * (1.0 + VAPOUR * columns.humidity[here]);
                let motion = 0.5 * (u * u + v * v);
                let outflow = columns.outflow(level, point);
                heating += thickness * capacity * columns.heating[here];
                // V·F also holds the vertical advection of V, which gives back ½|V|²·∂Δp/∂t + ½|V|²·∇·(VΔp).
                work -= thickness * (u * columns.force[0][here] + v * columns.force[1][here])
                    + motion * (fraction * pressure_change + outflow)
                    + outflow * columns.geopotential[here];
                size += (thickness * capacity * columns.heating[here]).abs();
            }
            assert!((heating - work).abs() < 2e-13 * size, "{levels}: {heating} and {work}, point {point}");
        }
    }
}

/// Σ Δp·(pressure force) = −Σ (φ − φ_s)·∂Δp/∂x: with ∇(E + φ) it is the gradient of a column integral and the torque on
/// mountains, so that angular momentum changes by nothing else.
#[test]
fn pressure_forces_add_up_to_a_gradient() {
    for levels in ["sigma12", "L19", "L26", "L60", "L137"] {
        let columns = Columns::new(levels, Air::DryWithoutShear);
        for point in 0..POINTS {
            let (mut force, mut torque, mut size) = (0.0, 0.0, 0.0);
            for level in 0..columns.count {
                let here = level * POINTS + point;
                let [thickness, fraction] = columns.thickness(level, point);
                let gradient = fraction * columns.surface_pressure[point] * columns.slope[0][point];
                force += thickness * columns.force[0][here];
                torque -= columns.geopotential[here] * gradient;
                size += (columns.geopotential[here] * gradient).abs();
            }
            assert!((force - torque).abs() < 1e-13 * size, "{levels}: {force} and {torque}, point {point}");
        }
    }
}

/// Vertical advection moves u between layers and makes none: Σ (Δp·∂u/∂t + u·∂Δp/∂t) = −Σ u·∇·(VΔp) where T = 0 and there
/// is no pressure force.
#[test]
fn vertical_advection_moves_momentum_and_heat_without_making_any() {
    let columns = Columns::new("L26", Air::Dry);
    // The pressure force is linear in T: its sum is known from the test above.
    for point in 0..POINTS {
        let pressure_change = -columns.surface_pressure[point] * columns.flux_total[point];
        let (mut change, mut flux, mut size) = (0.0, 0.0, 0.0);
        for level in 0..columns.count {
            let here = level * POINTS + point;
            let [thickness, fraction] = columns.thickness(level, point);
            let gradient = fraction * columns.surface_pressure[point] * columns.slope[0][point];
            let terms = [
                thickness * columns.force[0][here],
                columns.geopotential[here] * gradient,
                fraction * pressure_change * columns.u[here],
            ];
            change += terms.iter().sum::<f64>();
            flux -= columns.outflow(level, point) * columns.u[here];
            size += terms.iter().map(|term| term.abs()).sum::<f64>();
        }
        assert!((change - flux).abs() < 1e-13 * size, "{change} and {flux}, point {point}");
    }
}
