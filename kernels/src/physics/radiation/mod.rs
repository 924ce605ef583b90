//! Two streams of long-wave radiation and a beam of sunlight through a grey atmosphere: Frierson, Held & Zurita-Gotor (2006,
//! *J. Atmos. Sci.* 63, 2548–2566, doi:10.1175/JAS3753.1).
//!
//! **Long wave.** With σ_B the constant of Stefan and Boltzmann and B = σ_B·T⁴,
//!
//! - τ = τ_0·(f·p/p_s + (1 − f)·(p/p_s)⁴),  τ_0 = τ_e + (τ_p − τ_e)·sin²φ,
//! - dU/dτ = U − B, dD/dτ = B − D; U = σ_B·T_s⁴ at the ground, D = 0 at the top.
//!
//! A layer is isothermal: of what enters it absorbs the part 1 − e^{−Δτ}, and it emits that part of B to both sides. The paper's values are τ_e = 6,
//! τ_p = 1.5, f = 0.1.
//!
//! **Short wave.** S at the top ([`insolation`]) falls through τ_s·(p/p_s)⁴, the form of O'Gorman & Schneider (2008);
//! τ_s = 0, the paper's value, lets it pass. The ground reflects the part a of what reaches it, and that leaves without
//! further loss.
//!
//! **Budget.** Layers warm by the convergence of the net flux, (g/(c_p·Δp))·ΔF, explicit over the interval: what the column
//! gains is what enters at the top less what enters the ground, to round-off. There is no water vapour in it, and humidity is
//! not changed.

mod streams;
mod sun;
mod sunlight;

pub use streams::{downward_streams, ground_radiation, upward_streams};
pub use sun::Sun;
pub use sunlight::{annual_insolation, daily_insolation, insolation};
