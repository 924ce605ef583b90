//! Moist convection as relaxation towards a moist adiabat: the simplified Betts-Miller scheme of Frierson (2007, *J. Atmos.
//! Sci.* 64, 1959–1976, doi:10.1175/JAS3935.1).
//!
//! **Ascent** ([`parcel_ascent`]). A parcel of the lowest layer rises, dry until it is saturated, then along a
//! pseudo-adiabat, dT/d(ln p) = (κT + (L/c_p)·q_s)/(1 + (L/c_p)·dq_s/dT), by the midpoint rule from layer to layer. Where it is
//! saturated and warmer than the air it is buoyant. Convection reaches from the ground to the last layer before it first ceases
//! to be buoyant, however strong the inhibition below. The lowest layer alone is no convection, nor is dry instability.
//!
//! **Reference.** T_ref = T of the parcel, q_ref = RH·q_s(T_ref), RH = 0.7 in the paper, from top to ground.
//!
//! **Closure** ([`convection_closure`]). With P_T = (c_p/L)·ΣΔp(T_ref − T) and P_q = ΣΔp(q − q_ref):
//!
//! | case    | condition       | what is changed, so that enthalpy ΣΔp·(c_p·T + L·q) stays |
//! |---------|-----------------|-------------------------------------------------------------|
//! | deep    | P_q ≥ P_T > 0   | humidity relaxes more slowly, by P_T/P_q                    |
//! | deep    | P_T > P_q > 0   | T_ref is shifted by the same amount in all layers           |
//! | shallow | P_T > 0 ≥ P_q   | q_ref is scaled until ΣΔp(q − q_ref) = 0, T_ref shifted until ΣΔp(T_ref − T) = 0: no rain |
//! | none    | else            |                                                             |
//!
//! Of the paper's ways to treat shallow convection this is the one that changes q_ref. Temperature and humidity then relax
//! with the time τ (2 hours in the paper), implicitly over the interval I: the part I/(τ + I) of the difference goes. Rain falls
//! to the ground at once and is P_q > 0 times that part: never negative. Humidity is a mean of itself and of a reference that is
//! not negative, with positive weights: never negative.

mod ascent;
mod closure;

pub use ascent::parcel_ascent;
pub use closure::{convection_adjustment, convection_closure, convection_sums};
