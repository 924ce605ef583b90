//! Grids: rings of latitudes and HEALPix.

mod healpix;
mod rings;
