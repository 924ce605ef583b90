//! The Legendre data of a resolution, to a file and from a file or memory.
//!
//! Legendre functions are made as they are used, so that nothing large is kept: the data are the latitudes, weights and
//! lengths of the rings and the truncation, from which they follow. Set-up from such data computes the same numbers and
//! refuses data of another resolution.
//!
//! Little-endian: the eight bytes `TERRLEG1`, then as u64 the truncation (2⁶⁴−1 for none), the number of rings, per ring
//! its points, sin φ and weight (the bits of an f64), at last the FNV-1a hash of all bytes before it.

use std::path::Path;

use terrella_kernels::grid::Grid;
use terrella_kernels::spectral::Truncation;

use crate::failure::{Cause, Failure, Outcome};

const MAGIC: &[u8; 8] = b"TERRLEG1";

/// The data of a resolution.
pub(super) fn encoded(grid: &Grid, truncation: Option<Truncation>) -> Vec<u8> {
    let total = truncation.map_or(u64::MAX, |truncation| truncation.total() as u64);
    let mut bytes = MAGIC.to_vec();
    let mut put = |word: u64| bytes.extend(word.to_le_bytes());
    put(total);
    put(grid.rings().len() as u64);
    for ring in grid.rings() {
        put(ring.points as u64);
        put(ring.sine_latitude.to_bits());
        put(ring.weight.to_bits());
    }
    let hash = hash(&bytes);
    bytes.extend(hash.to_le_bytes());
    bytes
}

/// Writes the data of a resolution; the file has its name only when it is whole.
pub(super) fn write(path: &Path, data: &[u8]) -> Outcome {
    let failed = |error: std::io::Error| failure(&path.display().to_string(), &error.to_string());
    let mut partial = path.as_os_str().to_owned();
    partial.push(format!(".{}.part", std::process::id()));
    std::fs::write(&partial, data).map_err(failed)?;
    std::fs::rename(&partial, path).map_err(|error| {
        // The rename's error is the one to report.
        let _ = std::fs::remove_file(&partial);
        failed(error)
    })
}

/// Reads a file and checks that its data are those of a resolution.
pub(super) fn check_file(path: &Path, expected: &[u8]) -> Outcome {
    let source = path.display().to_string();
    let data = std::fs::read(path).map_err(|error| failure(&source, &error.to_string()))?;
    check(&source, &data, expected)
}

/// Checks that data are those of a resolution; says in what they differ.
pub(super) fn check(source: &str, data: &[u8], expected: &[u8]) -> Outcome {
    if data == expected {
        return Ok(());
    }
    let Some((body, end)) = data.split_last_chunk::<8>() else {
        return Err(failure(source, "it is too short"));
    };
    if !body.starts_with(MAGIC) {
        return Err(failure(
            source,
            "it does not begin with 'TERRLEG1', as Legendre data of this library do",
        ));
    }
    if u64::from_le_bytes(*end) != hash(body) {
        return Err(failure(source, "its bytes do not give its hash: it is damaged"));
    }
    let describe = |bytes: &[u8]| {
        let word = |index: usize| bytes.get(8 * index..).and_then(|rest| rest.first_chunk::<8>().copied());
        let text = |word: Option<[u8; 8]>| match word.map(u64::from_le_bytes) {
            None | Some(u64::MAX) => "none".to_owned(),
            Some(number) => number.to_string(),
        };
        format!("truncation {} on {} rings", text(word(1)), text(word(2)))
    };
    let reason = format!("it holds {}: expected {} of this resolution", describe(data), describe(expected));
    Err(failure(source, &reason))
}

fn failure(source: &str, reason: &str) -> Failure {
    Failure::new(Cause::InvalidValue, format!("Legendre data '{source}': {reason}."))
}

/// FNV-1a, 64 bits (Fowler, Noll & Vo; RFC 9923).
fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_of_another_resolution_and_damaged_data_are_refused() {
        let grid: Grid = "O8".parse().unwrap();
        let expected = encoded(&grid, Some(Truncation::new(15)));
        check("cache", &expected, &expected).unwrap();
        let message = |data: &[u8]| check("cache", data, &expected).unwrap_err().message;
        assert_eq!(
            message(&encoded(&grid, Some(Truncation::new(7)))),
            "Legendre data 'cache': it holds truncation 7 on 16 rings: expected truncation 15 on 16 rings of this \
             resolution."
        );
        let mut damaged = expected.clone();
        damaged[40] ^= 1;
        assert!(message(&damaged).ends_with("it is damaged."));
        assert!(message(b"other").ends_with("it is too short."));
        assert!(message(&[0; 64]).contains("TERRLEG1"));
    }

    #[test]
    fn the_hash_is_fnv_1a() {
        // Test vectors of RFC 9923, section 5.
        assert_eq!(hash(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(hash(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(hash(b"foobar"), 0x8594_4171_f739_67e8);
    }
}
