//! Global integrals that the equations conserve, and how close a run is to its limits.
//!
//! With h = Φ/g the depth and h_s = Φ_s/g the ground's height, per unit of area (means over the sphere):
//! mass h; total energy h|V|²/2 + g((h + h_s)² − h_s²)/2; potential enstrophy (ζ + f)²/(2h); the same integrals as in
//! Williamson et al. (1992, *J. Comput. Phys.* 102, 211–224). Axial angular momentum h·(u + Ω·a·cos φ)·a·cos φ is
//! conserved where there is no orography and f = 2Ω·sin φ.

use terrella_coupling::whole::largest;
use terrella_kernels::Real;

use super::{GridState, ShallowWater};
use crate::Result;
use crate::ranks::global_means;

/// Global means of conserved quantities, and extremes; computed in f64 on the host.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Diagnostics {
    /// Model time \[s\].
    pub time: f64,
    /// Mean depth \[m\].
    pub mass: f64,
    /// Mean of kinetic and potential energy per density \[m³ s⁻²\].
    pub total_energy: f64,
    /// Mean potential enstrophy \[m⁻¹ s⁻²\].
    pub potential_enstrophy: f64,
    /// Mean axial angular momentum per density \[m³ s⁻¹\].
    pub angular_momentum: f64,
    /// Largest wind speed \[m s⁻¹\].
    pub maximum_wind: f64,
    /// Smallest and largest depth \[m\].
    pub depth_range: [f64; 2],
    /// Courant number of the wind: |V|·Δt·√(T(T+1))/a at its largest; leapfrog is stable below 1.
    pub courant_number: f64,
}

impl<R: Real> ShallowWater<R> {
    /// Diagnoses the present state; across ranks all get the whole globe's numbers.
    pub fn diagnostics(&mut self) -> Result<Diagnostics> {
        let coriolis = self.coriolis_parameter()?;
        let state = self.grid_state()?;
        self.diagnose(&state, &coriolis)
    }

    fn diagnose(&self, state: &GridState<R>, coriolis: &[R]) -> Result<Diagnostics> {
        let configuration = &self.configuration;
        let gravity = configuration.gravity;
        let communicator = self.transform.communicator()?;
        let mut wind_squared: f64 = 0.0;
        let mut depth_range = [f64::INFINITY, f64::NEG_INFINITY];
        let (means, total_weight) = global_means(&communicator, self.part(), 4, |ring, sums| {
            let arm = configuration.radius * ring.cosine_latitude;
            for point in ring.offset..ring.offset + ring.points {
                let (u, v) = (state.u[point].to_f64(), state.v[point].to_f64());
                let depth = state.geopotential[point].to_f64() / gravity;
                let ground = state.orography[point].to_f64() / gravity;
                let absolute_vorticity = state.vorticity[point].to_f64() + coriolis[point].to_f64();
                let speed_squared = u * u + v * v;
                sums[0] += depth;
                sums[1] += 0.5 * depth * speed_squared + 0.5 * gravity * depth * (depth + 2.0 * ground);
                sums[2] += 0.5 * absolute_vorticity * absolute_vorticity / depth;
                sums[3] += depth * (u + configuration.rotation * arm) * arm;
                wind_squared = wind_squared.max(speed_squared);
                depth_range = [depth_range[0].min(depth), depth_range[1].max(depth)];
            }
        })?;
        let extremes = largest(&communicator, &[wind_squared, -depth_range[0], depth_range[1]])?;
        let maximum_wind = extremes[0].sqrt();
        let truncation = configuration.truncation as f64;
        Ok(Diagnostics {
            time: self.time(),
            mass: means[0] / total_weight,
            total_energy: means[1] / total_weight,
            potential_enstrophy: means[2] / total_weight,
            angular_momentum: means[3] / total_weight,
            maximum_wind,
            depth_range: [-extremes[1], extremes[2]],
            courant_number: maximum_wind * configuration.time_step * (truncation * (truncation + 1.0)).sqrt()
                / configuration.radius,
        })
    }
}
