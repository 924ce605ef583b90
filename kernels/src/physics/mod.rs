//! Column physics: formulas of schemes that are pointwise in the horizontal, as kernels over `[levels, points]`.
//!
//! | scheme                                              | where          |
//! |-----------------------------------------------------|----------------|
//! | Newtonian relaxation and Rayleigh friction of a dry climate | [`held_suarez`] |
//! | saturation humidity with a constant latent heat     | [`saturation`] |
//! | rain from what is beyond saturation                 | [`large_scale_condensation`] |
//! | fluxes between the ground and the lowest layer      | [`surface_exchange`] |
//! | mixing of the boundary layer                        | [`boundary_layer`] |
//! | moist convection by relaxation to a moist adiabat   | [`convection`] |
//! | long-wave and short-wave fluxes in a grey atmosphere | [`radiation`] |
//!
//! Kernels of moist schemes take the state of a column and return the state at the end of an interval I, so that schemes
//! can follow each other. Temperatures are departures T − T_r(level), which single precision resolves better; the pressure
//! of layer k is p_k = (a_sum\[k\] + b_sum\[k\]·p_s)/2, its thickness Δp_k = a_thickness\[k\] + b_thickness\[k\]·p_s, its mass
//! Δp_k/g. The mass of the column is not changed by water that enters or leaves.
//!
//! Moist enthalpy is c_p·T + L·q with constant c_p and L. No column knows its neighbours: a NaN stays in its column.

pub mod boundary_layer;
pub mod convection;
pub mod held_suarez;
pub mod large_scale_condensation;
pub mod radiation;
pub mod saturation;
pub mod surface_exchange;

use crate::constants;

/// Constants of moist air; the default is the Earth's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MoistAir {
    /// g [m s⁻²].
    pub gravity: f64,
    /// R_d of dry air [J kg⁻¹ K⁻¹].
    pub gas_constant: f64,
    /// R_v of water vapour [J kg⁻¹ K⁻¹].
    pub vapour_gas_constant: f64,
    /// c_p [J kg⁻¹ K⁻¹], also of moist air.
    pub heat_capacity: f64,
    /// L of condensation, at all temperatures [J kg⁻¹].
    pub latent_heat: f64,
}

impl Default for MoistAir {
    fn default() -> Self {
        Self {
            gravity: constants::GRAVITY,
            gas_constant: constants::DRY_AIR_GAS_CONSTANT,
            vapour_gas_constant: constants::WATER_VAPOUR_GAS_CONSTANT,
            heat_capacity: 1004.5,
            latent_heat: 2.5e6,
        }
    }
}

impl MoistAir {
    /// κ = R_d/c_p.
    pub fn kappa(&self) -> f64 {
        self.gas_constant / self.heat_capacity
    }

    /// ε = R_d/R_v.
    pub fn vapour_ratio(&self) -> f64 {
        self.gas_constant / self.vapour_gas_constant
    }

    /// R_v/R_d − 1, by which humidity raises virtual temperature.
    pub fn virtual_factor(&self) -> f64 {
        self.vapour_gas_constant / self.gas_constant - 1.0
    }

    /// L/R_v [K], which [`saturation`] needs.
    pub fn steepness(&self) -> f64 {
        self.latent_heat / self.vapour_gas_constant
    }

    /// L/c_p [K].
    pub fn heating(&self) -> f64 {
        self.latent_heat / self.heat_capacity
    }
}
