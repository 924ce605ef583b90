//! Spherical harmonic transforms and their adjoints on Gaussian grids.

mod case;
mod direction;
mod reference;
mod run;
mod spectra;

use terrella_kernels::Precision;

use super::grids;
use crate::{Cases, Entry, Error, Key, Request, Result};
use case::TransformCase;
pub(super) use case::legendre_flops;
use direction::Direction;
pub(super) use spectra::spectrum;

pub(super) const ENTRY: Entry = Entry {
    name: "transform",
    summary: "spherical harmonic transforms, their adjoints; peers: Python packages, or any library",
    keys: &[
        Key {
            name: "direction",
            default: "all",
            meaning: "(wind_)synthesis, (wind_)analysis, gradient_synthesis, wind_zonal_derivative_synthesis; each _adjoint",
        },
        Key { name: "truncation", default: "255", meaning: "truncations T, separated by commas" },
        grids::KEY,
        Key {
            name: "fields",
            default: "1,16",
            meaning: "numbers of fields (of wind: of pairs), separated by commas",
        },
        Key {
            name: "library",
            default: "",
            meaning: "shared library with ecTrans's C interface, for --peer transi",
        },
    ],
    smallest: &[("truncation", "31"), ("fields", "2"), ("grid", "full,octahedral")],
    peers: &["ducc0", "shtns", "transi"],
    cases,
};

fn cases(request: &Request) -> Result<Cases> {
    let mut cases = Cases::new();
    let names = Direction::ALL.map(|direction| direction.name);
    let directions = request.choices("direction", &names)?;
    if !(request.peers.is_empty() || request.loop_beside()) {
        eprintln!("{} run on the CPU: not measured beside {}.", request.peers.join(", "), request.device);
    }
    let library = request.text("library");
    if !(library.is_empty() || request.peers.contains(&"transi")) {
        return Err(Error::Value {
            name: "--library".to_owned(),
            got: format!("'{library}'"),
            expected: "'--peer transi' beside it".to_owned(),
        });
    }
    for truncation in request.numbers("truncation")? {
        for grid in grids::grids(request, truncation)? {
            for fields in request.numbers("fields")? {
                for name in &directions {
                    let direction = Direction::named(name);
                    cases.push(match request.precision {
                        Precision::F32 => Box::new(TransformCase::<f32>::new(
                            request, direction, truncation, &grid, fields,
                        )?),
                        Precision::F64 => Box::new(TransformCase::<f64>::new(
                            request, direction, truncation, &grid, fields,
                        )?),
                    });
                }
            }
        }
    }
    Ok(cases)
}
