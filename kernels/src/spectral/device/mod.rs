//! The transform on a device: everything stays in its memory, in few launches.
//!
//! Between spectra and grid fields stand three arrays, the same in both directions. A *column* is one field of one
//! component: a scalar has one component, winds and gradients two; `column` = component · fields + field.
//!
//! | array    | shape                                | holds                                                          |
//! |----------|--------------------------------------|----------------------------------------------------------------|
//! | rows     | [row][2][column]                     | coefficients of the scaled functions, re and im ([`tables`])    |
//! | waves    | [m][column][pair][4]                 | Fourier coefficients: even re, even im, odd re, odd im          |
//! | lines    | [column][element of a ring pair]     | north + i south of a pair of rings, or their Fourier transform  |
//!
//! Even and odd are the sum and the difference of the two rings of a pair, which the functions of even and of odd n − m
//! alone contribute to.
//!
//! | step                              | kernels                                   | launches                       |
//! |-----------------------------------|-------------------------------------------|--------------------------------|
//! | operator in spectral space        | [`form`]                                  | 1, or one per output           |
//! | Legendre sums                     | [`legendre`]                              | 1                              |
//! | resampling of regular grids       | [`resampling`]                            | 1, where it is needed          |
//! | rings that begin elsewhere than 0°E | [`turns`]                               | 1, where there are any         |
//! | Fourier transforms of all rings   | [`fourier`], planned by [`rings`]         | 3 and one per factor           |
//!
//! A rank's part of a transform has the rows and waves of its wavenumbers and the lines of its rings, and between waves and lines an
//! exchange with the other ranks ([`parcels`]): two launches, and what brings parcels from device to device. Each number is made by the
//! same launches of the same kernels in the same order as in the whole, and has the same bits.
//!
//! Every launch serves all rings, wavenumbers and columns. The Legendre functions come out of a recurrence in the
//! precision of the fields that starts anew every 32 degrees from values computed in f64: rounding has no room to grow,
//! and what is kept is an eighth of a table of all functions.

mod form;
mod fourier;
mod legendre;
mod parcels;
mod resampling;
mod rings;
mod sublines;
mod tables;
#[cfg(test)]
mod tests;
mod transform;
mod turns;
mod workspace;

pub(super) use transform::{DeviceEngine, device_engine};
