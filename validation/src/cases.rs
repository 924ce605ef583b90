//! The list of cases.

#[path = "../cases/bocquet_farchi_2019/mod.rs"]
pub mod bocquet_farchi_2019;
#[path = "../cases/bocquet_sakov_2013/mod.rs"]
pub mod bocquet_sakov_2013;
#[path = "../cases/bocquet_sakov_2014/mod.rs"]
pub mod bocquet_sakov_2014;
#[path = "../cases/dawson_2016/mod.rs"]
pub mod dawson_2016;
#[path = "../cases/galewsky_2004/mod.rs"]
pub mod galewsky_2004;
#[path = "../cases/held_suarez_1994/mod.rs"]
pub mod held_suarez_1994;
#[path = "../cases/isothermal_rest/mod.rs"]
pub mod isothermal_rest;
#[path = "../cases/jablonowski_2006/mod.rs"]
pub mod jablonowski_2006;
#[path = "../cases/lyapunov_exponents/mod.rs"]
pub mod lyapunov_exponents;
#[path = "../cases/mountain_rossby_2008/mod.rs"]
pub mod mountain_rossby_2008;
#[path = "../cases/reed_2011/mod.rs"]
pub mod reed_2011;
#[path = "../cases/sakov_2012/mod.rs"]
pub mod sakov_2012;
#[path = "../cases/sakov_oke_2008/mod.rs"]
pub mod sakov_oke_2008;
#[path = "../cases/single_precision/mod.rs"]
pub mod single_precision;
#[path = "../cases/solid_body_rotation/mod.rs"]
pub mod solid_body_rotation;
#[path = "../cases/ullrich_2014/mod.rs"]
pub mod ullrich_2014;
#[path = "../cases/williamson_1992/mod.rs"]
pub mod williamson_1992;

use crate::{Case, Error, Result};

/// All cases, in the order in which `run all` and `report` run them.
pub const CASES: &[&Case] = &[
    &williamson_1992::advection::CASE,
    &williamson_1992::steady_flow::CASE,
    &williamson_1992::mountain::CASE,
    &williamson_1992::rossby_haurwitz::CASE,
    &galewsky_2004::CASE,
    &dawson_2016::CASE,
    &isothermal_rest::CASE,
    &solid_body_rotation::CASE,
    &jablonowski_2006::STEADY,
    &jablonowski_2006::WAVE,
    &single_precision::CASE,
    &mountain_rossby_2008::CASE,
    &ullrich_2014::CASE,
    &reed_2011::CASE,
    &held_suarez_1994::CASE,
    &lyapunov_exponents::CASE,
    &sakov_oke_2008::CASE,
    &bocquet_sakov_2013::CASE,
    &bocquet_sakov_2014::CASE,
    &bocquet_farchi_2019::CASE,
    &sakov_2012::CASE,
];

/// The case of this name.
pub fn find(name: &str) -> Result<&'static Case> {
    CASES.iter().copied().find(|case| case.name == name).ok_or_else(|| Error::UnknownCase {
        name: name.to_owned(),
        expected: CASES.iter().map(|case| case.name).collect::<Vec<_>>().join(", ") + ", all",
    })
}
