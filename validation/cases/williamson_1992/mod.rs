//! Williamson, Drake, Hack, Jakob & Swarztrauber (1992): A standard test set for numerical approximations to the
//! shallow water equations in spherical geometry, *J. Comput. Phys.* 102, 211–224, doi:10.1016/S0021-9991(05)80016-6.

pub mod advection;
pub mod mountain;
pub mod rossby_haurwitz;
pub mod steady_flow;

/// The paper, for reports.
pub const SOURCE: &str = "Williamson et al. (1992), J. Comput. Phys. 102, 211–224";

/// Radius \[m\].
pub const RADIUS: f64 = 6.371_22e6;
/// Angular velocity \[s⁻¹\].
pub const ROTATION: f64 = 7.292e-5;
/// Gravity \[m s⁻²\].
pub const GRAVITY: f64 = 9.806_16;
/// One day \[s\].
pub const DAY: f64 = 86_400.0;
