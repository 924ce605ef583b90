//! Spherical harmonic transforms and what is done to spectra, against closed forms, references and each other.

#[path = "../devices/mod.rs"]
mod devices;

mod adjoints;
mod healpix;
mod iteration;
mod on_devices;
mod operators;
mod points;
mod reference;
mod transform;
mod truncations;
