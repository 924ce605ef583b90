//! Power and kinetic energy by total wavenumber, and spectral norms.
//!
//! With Legendre functions of mean square 1 Parseval's relation reads: the global mean of f² is Σ_n P_n with
//!
//! P_n = f_n0² + 2 Σ_{m=1}^{n} |f_nm|²,
//!
//! m > 0 twice because it stands for −m as well. The spectral norm is √(Σ_n w_n P_n): with w = 1 the root mean square, and
//! what ecTrans's SPECNORM returns. The kinetic energy per mass, the global mean of ½(u²+v²), is Σ_n E_n with
//!
//! E_n = ½ a²/(n(n+1)) (P_n of vorticity + P_n of divergence), 0 for n = 0,
//!
//! a rotational and a divergent part (Koshyk & Hamilton 2001,
//! doi:10.1175/1520-0469(2001)058<0329:THKESA>2.0.CO;2).

mod kernels;
mod plan;

pub use kernels::{kinetic_energy_of_degree, power_of_degree, root_of_weighted_sum};
pub use plan::SpectralPower;
