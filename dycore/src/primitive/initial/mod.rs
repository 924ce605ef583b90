//! The model's state from an analysis: horizontal interpolation, the model's ground, the model's levels, balance.
//!
//! [`Analysis`] holds fields on pressure or hybrid levels of any grid on which spectra can be computed;
//! [`InitialState::from_analysis`] makes the model's variables of it, on the host in f64, in these steps:
//!
//! 1. **Horizontally** all fields are analysed on their own grid up to the smaller of its and the model's truncation and
//!    synthesised on the model's grid; winds as vorticity and divergence, surface pressure as its logarithm.
//! 2. **Ground.** The orography is fitted spectrally and smoothed until ripples over the sea stay within a bound
//!    ([`Orography`]).
//! 3. **Surface pressure** is where the analysis' hydrostatic column reaches the model's ground. The column's nodes are its
//!    levels above the analysis' ground and, where surface pressure and orography are given, that ground. Below the lowest
//!    node virtual temperature rises by 6.5 K/km. Without geopotential on levels it is integrated from the ground, or from
//!    mean sea-level pressure, upwards. Without surface pressure the column of geopotential alone decides.
//! 4. **Vertically** wind and temperature are interpolated in ln p, cubic; relative humidity linearly. Below the lowest
//!    node temperature rises by 6.5 K/km, wind and relative humidity keep their values. Above the highest node wind and
//!    temperature keep theirs. Above the highest level with humidity, q falls like p³ to 2.5e-6 kg/kg, or stays at
//!    what it is there if that is drier.
//! 5. **Humidity** passes through relative humidity (see [`Saturation`]), which is cut to 0–100 %; the cuts are counted
//!    ([`Report`]).
//!
//! The principle of step 3, adjustment of surface pressure and profiles by hydrostatic columns before vertical
//! interpolation, is that of ECMWF's interpolation software and of Trenberth, Berry & Buja (1993, NCAR/TN-396+STR); the
//! formulas are in [`terrella_kernels::vertical::interpolation`]. The analysis' boundary layer is not shifted with the
//! ground: where the model's ground is lower or higher, it has the analysis' values at its own pressures.
//!
//! 6. **Balance.** [`filter_state`] takes fast gravity waves out with the digital filter of
//!    [`crate::time_stepping::DigitalFilter`]; [`Noise`] measures them by mean |∂p_s/∂t|.
//!
//! Members of an ensemble start from the state and [`Perturbations`] in linear balance.

mod analysis;
mod balance;
mod checks;
mod column;
mod horizontal;
mod levels;
mod noise;
mod orography;
mod perturbation;
mod saturation;
mod state;

pub use analysis::{Analysis, AnalysisLevels, Height, Humidity, LevelField, LevelValues, OrographyField};
pub use balance::filter_state;
pub use noise::Noise;
pub use orography::Orography;
pub use perturbation::Perturbations;
pub use saturation::Saturation;
pub use state::{InitialState, PressureOrigin, Report, Settings};
