//! The peaks themselves.

use terrella_kernels::Precision;

use crate::peaks::{Copy, MultiplyAdds};
use crate::{Case, Cases, Entry, Key, Request, Result};

pub(super) const ENTRY: Entry = Entry {
    name: "machine",
    summary: "copy bandwidth and rate of multiply-adds",
    keys: &[Key { name: "mebibytes", default: "256", meaning: "size of each of the two arrays of the copy" }],
    smallest: &[("mebibytes", "1")],
    peers: &[],
    cases,
};

fn cases(request: &Request) -> Result<Cases> {
    let copy = Copy::new(request.device, request.number("mebibytes")? << 20)?;
    let multiply_adds: Box<dyn Case> = match request.precision {
        Precision::F32 => Box::new(MultiplyAdds::<f32>::new(request.device)?),
        Precision::F64 => Box::new(MultiplyAdds::<f64>::new(request.device)?),
    };
    Ok(vec![Box::new(copy), multiply_adds])
}
