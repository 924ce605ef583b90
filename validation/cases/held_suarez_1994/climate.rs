//! Time and zonal means on σ levels, and what the paper's figures show of them.

use terrella_dycore::primitive::{GridState, Primitive};
use terrella_kernels::grid::Grid;

use crate::Measurement;

/// Sums over samples, `[levels, rings]`.
pub(super) struct Climate {
    grid: Grid,
    /// Pressure of layers over a surface pressure of 1,000 hPa \[Pa\].
    pressures: Vec<f64>,
    samples: f64,
    /// Zonal means of u \[m s⁻¹\] and T \[K\].
    wind: Vec<f64>,
    temperature: Vec<f64>,
    /// Zonal means of squares and products of departures from the instantaneous zonal mean: T′² \[K²\], u′² \[m² s⁻²\], v′T′
    /// \[K m s⁻¹\], u′v′ \[m² s⁻²\].
    eddies: [Vec<f64>; 4],
}

impl Climate {
    pub(super) fn new(model: &Primitive<f32>) -> Self {
        let configuration = model.configuration();
        let zeros = vec![0.0; configuration.levels.count() * configuration.grid.rings().len()];
        Self {
            grid: configuration.grid.clone(),
            pressures: configuration.levels.full_level_pressure(100_000.0),
            samples: 0.0,
            wind: zeros.clone(),
            temperature: zeros.clone(),
            eddies: [zeros.clone(), zeros.clone(), zeros.clone(), zeros],
        }
    }

    pub(super) fn add(&mut self, state: &GridState<f32>) {
        let points = self.grid.points();
        let rings = self.grid.rings().len();
        self.samples += 1.0;
        for level in 0..self.pressures.len() {
            for (index, ring) in self.grid.rings().iter().enumerate() {
                let range = level * points + ring.offset..level * points + ring.offset + ring.points;
                let count = ring.points as f64;
                let mean = |values: &[f32]| values.iter().map(|&value| f64::from(value)).sum::<f64>() / count;
                let rows = [&state.u, &state.v, &state.temperature].map(|field| &field[range.clone()]);
                let [u, v, temperature] = rows;
                let means = rows.map(mean);
                let at = level * rings + index;
                self.wind[at] += means[0];
                self.temperature[at] += means[2];
                for point in 0..ring.points {
                    let u = f64::from(u[point]) - means[0];
                    let v = f64::from(v[point]) - means[1];
                    let temperature = f64::from(temperature[point]) - means[2];
                    for (sum, product) in
                        self.eddies.iter_mut().zip([temperature * temperature, u * u, v * temperature, u * v])
                    {
                        sum[at] += product / count;
                    }
                }
            }
        }
    }

    /// The largest value of a field in one hemisphere (`sign` 1: north), with latitude \[degrees\] and pressure \[hPa\].
    fn largest(&self, field: &[f64], sign: f64) -> [f64; 3] {
        let rings = self.grid.rings();
        let mut best = [f64::NEG_INFINITY, 0.0, 0.0];
        for (at, value) in field.iter().enumerate() {
            let latitude = rings[at % rings.len()].latitude;
            let value = value / self.samples;
            if sign * latitude > 0.0 && value > best[0] {
                best = [value, latitude, self.pressures[at / rings.len()] / 100.0];
            }
        }
        best
    }

    pub(super) fn measurements(&self, setting: &str, is_quick: bool) -> Vec<Measurement> {
        let mut measurements = Vec::new();
        let figures = "the paper shows figures and states no tolerance";
        for (hemisphere, sign) in [("northern", 1.0), ("southern", -1.0)] {
            let [speed, latitude, pressure] = self.largest(&self.wind, sign);
            let mut add = |quantity: &str, value: f64, expected: Option<(f64, f64, &'static str)>| {
                let quantity = format!("{hemisphere} {quantity}");
                measurements.push(Measurement::information(&quantity, setting, value, figures));
                if let Some((centre, tolerance, basis)) = expected.filter(|_| !is_quick) {
                    measurements.push(Measurement::at_most(
                        format!("{quantity}: distance from {centre}"),
                        setting,
                        (value - centre).abs(),
                        tolerance,
                        basis,
                    ));
                }
            };
            let jet = "the jets of the paper's figures lie near 45° and 250 hPa with about 30 m/s; the limit allows for reading a figure";
            add("jet [m/s]", speed, Some((30.0, 4.0, jet)));
            add("jet's latitude [°]", latitude.abs(), Some((45.0, 4.0, jet)));
            add("jet's pressure [hPa]", pressure, Some((250.0, 51.0, jet)));
            let [variance, latitude, pressure] = self.largest(&self.eddies[0], sign);
            add("largest eddy variance of temperature [K²]", variance, None);
            add("its latitude [°]", latitude.abs(), None);
            add("its pressure [hPa]", pressure, None);
            let [variance, ..] = self.largest(&self.eddies[1], sign);
            add("largest eddy variance of u [m²/s²]", variance, None);
            let poleward: Vec<f64> = self.eddies[2].iter().map(|flux| sign * flux).collect();
            add("largest poleward eddy heat flux [K m/s]", self.largest(&poleward, sign)[0], None);
            let poleward: Vec<f64> = self.eddies[3].iter().map(|flux| sign * flux).collect();
            add("largest poleward eddy momentum flux [m²/s²]", self.largest(&poleward, sign)[0], None);
        }
        let north = self.largest(&self.wind, 1.0)[0];
        let south = self.largest(&self.wind, -1.0)[0];
        measurements.push(Measurement::at_most(
            "difference between the hemispheres' jets [m/s]",
            setting,
            (north - south).abs(),
            if is_quick { 10.0 } else { 2.0 },
            "the forcing is symmetric about the equator: sampling alone",
        ));
        if !is_quick {
            measurements.extend(self.distances(setting));
        }
        let coldest =
            self.temperature.iter().fold(f64::INFINITY, |least, value| least.min(value / self.samples));
        measurements.push(Measurement::information("coldest zonal mean [K]", setting, coldest, figures));
        measurements
    }

    /// Root mean square distances from the climate of another model.
    fn distances(&self, setting: &str) -> Vec<Measurement> {
        let odd = [false, false, false, false, true, true];
        let names = [
            ("zonal-mean wind [m/s]", 2.0),
            ("zonal-mean temperature [K]", 1.0),
            ("eddy variance of temperature [K²]", 4.0),
            ("eddy variance of u [m²/s²]", 25.0),
            ("eddy heat flux [K m/s]", 1.5),
            ("eddy momentum flux [m²/s²]", 6.0),
        ];
        let others = Other::read();
        let ours: [&[f64]; 6] = [
            &self.wind,
            &self.temperature,
            &self.eddies[0],
            &self.eddies[1],
            &self.eddies[2],
            &self.eddies[3],
        ];
        let rings = self.grid.rings();
        let mut measurements = Vec::new();
        for (quantity, (name, limit)) in names.into_iter().enumerate() {
            let (mut difference, mut asymmetry, mut weights) = (0.0, 0.0, 0.0);
            for level in 0..self.pressures.len() {
                for (index, ring) in rings.iter().enumerate() {
                    let value = |ring: usize| ours[quantity][level * rings.len() + ring] / self.samples;
                    let mirrored = value(rings.len() - 1 - index);
                    let sign = if odd[quantity] { -1.0 } else { 1.0 };
                    let folded = 0.5 * (value(index) + sign * mirrored);
                    let turned = if odd[quantity] { ring.latitude.signum() } else { 1.0 };
                    let theirs = turned * others.at(quantity, level, ring.latitude.abs());
                    difference += ring.weight * (folded - theirs).powi(2);
                    asymmetry += ring.weight * (value(index) - sign * mirrored).powi(2);
                    weights += ring.weight;
                }
            }
            let root = |sum: f64| (sum / weights).sqrt();
            measurements.push(Measurement::at_most(
                format!("{name}: distance from Dinosaur's"),
                setting,
                root(difference),
                limit,
                "an independent spectral model over the same days; limit: see `Other`",
            ));
            measurements.push(Measurement::information(
                format!("{name}: distance between hemispheres"),
                setting,
                root(asymmetry),
                "twice the error of sampling",
            ));
        }
        measurements
    }
}

/// The climate of Dinosaur (Google, JAX) at the same truncation and levels, both hemispheres together: `run_dinosaur.py`.
struct Other {
    /// Ascending, from the equator \[degrees\].
    latitudes: Vec<f64>,
    /// [level, latitude, quantity]
    values: Vec<[f64; 6]>,
}

impl Other {
    fn read() -> Self {
        let mut latitudes = Vec::new();
        let mut values = Vec::new();
        for line in include_str!("dinosaur.csv").lines().skip(1) {
            let mut numbers = line.split(',').map(|number| number.parse::<f64>().unwrap_or(f64::NAN));
            let [latitude, _sigma] = [(); 2].map(|()| numbers.next().unwrap_or(f64::NAN));
            if latitudes.last().is_none_or(|&last| last < latitude) {
                latitudes.push(latitude);
            }
            values.push([(); 6].map(|()| numbers.next().unwrap_or(f64::NAN)));
        }
        Self { latitudes, values }
    }

    /// Between its latitudes, linear.
    fn at(&self, quantity: usize, level: usize, latitude: f64) -> f64 {
        let count = self.latitudes.len();
        let above = self.latitudes.partition_point(|&other| other < latitude).clamp(1, count - 1);
        let (low, high) = (self.latitudes[above - 1], self.latitudes[above]);
        let weight = (latitude - low) / (high - low);
        let value = |index: usize| self.values[level * count + index][quantity];
        (1.0 - weight) * value(above - 1) + weight * value(above)
    }
}
