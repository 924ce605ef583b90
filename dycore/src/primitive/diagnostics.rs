//! The state on the grid, global integrals that the equations conserve, and how close a run is to its limits.
//!
//! Per unit of area, as means over the sphere: mass p_s/g; energy (1/g)·(φ_s·p_s + Σ_k Δp_k·(|V|²/2 + c_p·T)) with c_p =
//! c_pd·(1 + (c_pv/c_pd − 1)q), which is conserved by adiabatic flow below a top at rest; axial angular momentum
//! (1/g)·Σ_k Δp_k·(u + Ω·a·cos φ)·a·cos φ, conserved where there is no orography; tracers (1/g)·Σ_k Δp_k·X.

use terrella_coupling::whole::largest;
use terrella_kernels::Real;
use terrella_kernels::device::Buffer;

use super::{GridState, Primitive, vertical_velocity};
use crate::Result;
use crate::ranks::global_means;

/// Global means of conserved quantities, and extremes; computed in f64 on the host.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnostics {
    /// Model time \[s\].
    pub time: f64,
    /// Mean surface pressure \[Pa\].
    pub surface_pressure: f64,
    /// Smallest and largest surface pressure \[Pa\].
    pub surface_pressure_range: [f64; 2],
    /// Mean energy \[J m⁻²\].
    pub total_energy: f64,
    /// Mean kinetic energy \[J m⁻²\].
    pub kinetic_energy: f64,
    /// Mean axial angular momentum \[kg s⁻¹\].
    pub angular_momentum: f64,
    /// Mean mass of each tracer \[kg m⁻²\].
    pub tracer_mass: Vec<f64>,
    /// Largest wind speed \[m s⁻¹\].
    pub maximum_wind: f64,
    /// Smallest and largest temperature \[K\].
    pub temperature_range: [f64; 2],
    /// Courant number of the wind: |V|·Δt·√(T(T+1))/a at its largest; leapfrog is stable below 1, the semi-Lagrangian scheme at
    /// several times that.
    pub courant_number: f64,
}

impl<R: Real> Primitive<R> {
    /// Copies the present state to the host, on the grid.
    pub fn grid_state(&mut self) -> Result<GridState<R>> {
        self.synthesize()?;
        self.integrate_columns(R::ZERO)?;
        let configuration = &self.configuration;
        let points = configuration.points();
        let levels = configuration.levels.count();
        let work = &mut self.work;
        let (columns, layers) = (&work.columns, &self.column_terms.layers);
        let mut velocity = Buffer::zeros(self.device, levels * points)?;
        vertical_velocity::launch(
            [levels as u32, points as u32],
            points as u32,
            &layers.a_thickness,
            &layers.b_thickness,
            &layers.a_sum,
            &layers.b_sum,
            &layers.b_above,
            &layers.kind,
            &layers.logarithm,
            &layers.alpha,
            &columns.surface_pressure,
            &work.eastward,
            &work.northward,
            &work.flux_above,
            &columns.u,
            &columns.v,
            &work.divergence,
            &mut velocity,
        )?;
        self.transform.synthesis(1, &self.terms.orography, &mut work.top)?;
        let orography = work.top.to_vec()?;
        let reference = R::from_f64(configuration.reference_temperature);
        let temperature = work.columns.temperature.to_vec()?.iter().map(|&value| value + reference).collect();
        let mut geopotential = work.energy.to_vec()?;
        let above_ground = self.reference_geopotential();
        for (level, rows) in geopotential.chunks_exact_mut(points).enumerate() {
            let above_ground = R::from_f64(above_ground[level]);
            for (value, &ground) in rows.iter_mut().zip(&orography) {
                *value += above_ground + ground;
            }
        }
        let work = &self.work;
        Ok(GridState {
            u: work.columns.u.to_vec()?,
            v: work.columns.v.to_vec()?,
            vorticity: work.vorticity.to_vec()?,
            divergence: work.divergence.to_vec()?,
            temperature,
            surface_pressure: work.columns.surface_pressure.to_vec()?,
            vertical_velocity: velocity.to_vec()?,
            geopotential,
            orography,
            tracers: work.columns.tracers.to_vec()?,
        })
    }

    /// The present state on the whole grid, on rank 0; nothing on the others, with which it is called together.
    pub fn whole_grid_state(&mut self) -> Result<Option<GridState<R>>> {
        let state = self.grid_state()?;
        if self.part().is_whole() {
            return Ok(Some(state));
        }
        state.gathered(self.part(), &self.transform.communicator()?)
    }

    /// Diagnoses the present state; across ranks all get the whole globe's numbers.
    pub fn diagnostics(&mut self) -> Result<Diagnostics> {
        let state = self.grid_state()?;
        self.diagnose(&state)
    }

    fn diagnose(&self, state: &GridState<R>) -> Result<Diagnostics> {
        let configuration = &self.configuration;
        let points = configuration.points();
        let levels = configuration.levels.count();
        let (a, b) = (configuration.levels.a(), configuration.levels.b());
        let tracers = configuration.tracers();
        let vapour = configuration.vapour_heat_capacity / configuration.heat_capacity - 1.0;
        let communicator = self.transform.communicator()?;
        let mut wind_squared: f64 = 0.0;
        let mut pressure_range = [f64::INFINITY, f64::NEG_INFINITY];
        let mut temperature_range = [f64::INFINITY, f64::NEG_INFINITY];
        let (means, total_weight) = global_means(&communicator, self.part(), 4 + tracers, |ring, sums| {
            let arm = configuration.radius * ring.cosine_latitude;
            for point in ring.offset..ring.offset + ring.points {
                let pressure = state.surface_pressure[point].to_f64();
                pressure_range = [pressure_range[0].min(pressure), pressure_range[1].max(pressure)];
                sums[0] += pressure;
                sums[1] += state.orography[point].to_f64() * pressure;
                for level in 0..levels {
                    let here = level * points + point;
                    let thickness = a[level + 1] - a[level] + (b[level + 1] - b[level]) * pressure;
                    let (u, v) = (state.u[here].to_f64(), state.v[here].to_f64());
                    let temperature = state.temperature[here].to_f64();
                    temperature_range =
                        [temperature_range[0].min(temperature), temperature_range[1].max(temperature)];
                    let speed_squared = u * u + v * v;
                    wind_squared = wind_squared.max(speed_squared);
                    let humidity = if configuration.moist { state.tracers[here].to_f64() } else { 0.0 };
                    let capacity = configuration.heat_capacity * (1.0 + vapour * humidity);
                    sums[1] += thickness * (0.5 * speed_squared + capacity * temperature);
                    sums[2] += thickness * 0.5 * speed_squared;
                    sums[3] += thickness * (u + configuration.rotation * arm) * arm;
                    for tracer in 0..tracers {
                        sums[4 + tracer] +=
                            thickness * state.tracers[tracer * levels * points + here].to_f64();
                    }
                }
            }
        })?;
        let extremes = [
            wind_squared,
            -pressure_range[0],
            pressure_range[1],
            -temperature_range[0],
            temperature_range[1],
        ];
        let extremes = largest(&communicator, &extremes)?;
        let maximum_wind = extremes[0].sqrt();
        let truncation = configuration.truncation as f64;
        let per_area = 1.0 / (total_weight * configuration.gravity);
        Ok(Diagnostics {
            time: self.time(),
            surface_pressure: means[0] / total_weight,
            surface_pressure_range: [-extremes[1], extremes[2]],
            total_energy: means[1] * per_area,
            kinetic_energy: means[2] * per_area,
            angular_momentum: means[3] * per_area,
            tracer_mass: means[4..].iter().map(|mass| mass * per_area).collect(),
            maximum_wind,
            temperature_range: [-extremes[3], extremes[4]],
            courant_number: maximum_wind * configuration.time_step * (truncation * (truncation + 1.0)).sqrt()
                / configuration.radius,
        })
    }
}
