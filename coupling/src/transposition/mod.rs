//! Fields and spectra from one decomposition to another, as in the IFS: points ↔ rings ↔ wavenumbers.
//!
//! ```text
//! points          PointTransposition        rings           WaveTransposition        wavenumbers
//! [field][point] ───────────────────► [field][ring point] ──FFT──►  c_m  ──► Σ_rings ──► spectrum
//!   physics      ◄─────────────────── one rank has a ring ◄──FFT──  c_m  ◄── Σ_n     ◄── of own m
//! ```
//!
//! Sent by rank a of P to all others, with numbers of s bytes (4 with [`Wire::F32`]), in at most P − 1 messages:
//!
//! | transposition                    | bytes                                                                   |
//! |----------------------------------|--------------------------------------------------------------------------|
//! | points → rings, F fields         | s F (N_a − n_aa), N_a points of a, n_ab of them on rings of b              |
//! | rings → points, F fields         | s F (Σ_b n_ba − n_aa)                                                      |
//! | wavenumbers → rings, C columns   | 4 s C Σ_{b≠a} c_ab, c_ab = [`coefficients_between`](terrella_kernels::spectral::TransformShares::coefficients_between)`(a, b)` |
//! | rings → wavenumbers, C columns   | 4 s C Σ_{b≠a} c_ba                                                        |
//!
//! A column is a field, or a component of a vector field; four numbers are the real and imaginary parts on the rings of a pair.
//! With wavenumbers and points spread evenly, c_ab is about 1/P² of Σ_m (pairs with m), so that all ranks together send a share of 1 − 1/P of
//! all coefficients.
//!
//! Ranks of a node read coefficients in place ([`Window`](crate::communicator::Window)), which counts as sent.
//!
//! Values are moved and not computed with, each to one place: a transposition T is a permutation, and its inverse is its adjoint, ⟨T x, y⟩ = ⟨x, T⁻¹ y⟩ summed over all
//! ranks, without rounding of its own. So [`PointTransposition::to_points`] is the adjoint of [`PointTransposition::to_rings`], and wavenumbers → rings that of
//! rings → wavenumbers. [`Wire::F32`] rounds f64 to f32 on the way, what stays on a rank too, so that results do not depend on the number of
//! ranks.

mod device_waves;
mod levels;
mod points;
mod waves;
mod way;

pub use self::device_waves::DeviceWaveTransposition;
pub(crate) use self::levels::{FieldSets, LevelTransposition, Order};
pub use self::points::PointTransposition;
pub use self::waves::WaveTransposition;

/// As what numbers are sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wire {
    /// As they are.
    #[default]
    Same,
    /// f64 rounded to f32: half the bytes, seven digits.
    F32,
}
