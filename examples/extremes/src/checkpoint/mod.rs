//! Checkpoint files: everything a run needs to continue with the same bits.
//!
//! | bytes | content                                                                              |
//! |-------|--------------------------------------------------------------------------------------|
//! | 16    | `TERRELLA RESTART`                                                                   |
//! | 4     | version of the model's part                                                          |
//! | 4     | bytes per number of the state: 4 or 8                                                |
//! | 8, …  | length and bytes of the model's description, such as `T85 L26 on F64`                |
//! | 32    | fingerprint of the set-up (BLAKE3 of settings and input, see [`Fingerprint`])        |
//! | …     | the model's part                                                                     |
//! | 8, …  | number of observers; of each: length and bytes of its name, of its memory            |
//! | 8, …  | length and bytes of what the output plans remember; none where there are no plans    |
//! | 32    | BLAKE3 of all bytes before                                                           |
//!
//! Numbers are little-endian.
//!
//! Rank 0 writes and reads, one array at a time: each goes whole to it, or from it, and no other rank has more than its part.

mod owners;
mod reader;
pub(crate) mod shallow_water;
mod writer;

pub(crate) use owners::{Extent, Owners};
pub(crate) use reader::{Reader, open};
use terrella_kernels::{Precision, Real};
pub(crate) use writer::Writer;

const MAGIC: &[u8; 16] = b"TERRELLA RESTART";

/// What must be equal for two runs to have equal results, but for the precision.
pub(crate) type Fingerprint = [u8; 32];

/// Of which set-up a checkpoint is.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    /// Version of the model's part.
    pub(crate) version: u32,
    /// Resolution, for messages.
    pub(crate) description: String,
    pub(crate) fingerprint: Fingerprint,
}

/// What ranks do when they go on from a checkpoint.
pub(crate) const RESTART: &str = "restart";

/// Bytes per number.
fn width<R: Real>() -> u32 {
    match R::PRECISION {
        Precision::F32 => 4,
        Precision::F64 => 8,
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use terrella_coupling::spectral::Part;
    use terrella_dycore::shallow_water::Checkpoint;
    use terrella_kernels::spectral::Truncation;

    use super::shallow_water::{VERSION, decode, encode};
    use super::*;
    use crate::ranks::Ranks;
    use crate::series::{Record, Series};

    fn example<R: Real>() -> (Checkpoint<R>, Series) {
        let spectrum =
            |offset: usize| (0..6).map(|i| R::from_f64(((i + offset) as f64).sin())).collect::<Vec<R>>();
        let checkpoint = Checkpoint {
            truncation: 1,
            time_step: 300.5,
            mean_geopotential: 54321.0,
            step: 77,
            previous: [spectrum(0), spectrum(1), spectrum(2)],
            present: [spectrum(3), spectrum(4), spectrum(5)],
        };
        let record = Record::from_numbers([1.0, 2.0, 0.1, 4.0, 5.0, 6.0, 7.0, 8.0]);
        (checkpoint, Series { records: vec![record; 2], tendencies: vec![0.1, 0.2, 0.3] })
    }

    fn origin(description: &str, number: u8) -> Origin {
        Origin { version: VERSION, description: description.into(), fingerprint: [number; 32] }
    }

    /// Of one rank.
    fn with_owners<O>(work: impl FnOnce(&Owners<'_>) -> O) -> O {
        let part = Part::whole(&"F4".parse().unwrap(), Truncation::new(1));
        work(&Owners { ranks: &Ranks::launched().unwrap(), part: &part })
    }

    /// A folder with the file, and its path.
    fn file<R: Real>() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("c");
        let (checkpoint, series) = example::<R>();
        let mut writer = Writer::begin::<R>(&path, &origin("T1", 7));
        with_owners(|owners| encode(&mut writer, owners, &checkpoint, &series)).unwrap();
        writer.memories(&[("tracker".to_owned(), vec![1, 2, 3])]);
        writer.part(b"plans");
        writer.end().unwrap();
        (folder, path)
    }

    #[test]
    fn what_is_written_is_read() {
        fn there_and_back<R: Real>() {
            let (_folder, path) = file::<R>();
            let mut reader = open::<R>(&path, &origin("T1", 7), false).unwrap();
            let read = with_owners(|owners| decode::<R>(Some(&mut reader), owners)).unwrap();
            assert_eq!(read, example::<R>());
            assert!(reader.expect_end().is_err());
            assert_eq!(reader.memories().unwrap(), [("tracker".to_owned(), vec![1, 2, 3])]);
            assert_eq!(reader.bytes().unwrap(), b"plans");
            reader.expect_end().unwrap();
            assert!(reader.u64().unwrap_err().to_string().contains("ends inside its content"));
        }
        there_and_back::<f32>();
        there_and_back::<f64>();
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let (folder, path) = file::<f64>();
        let bytes = std::fs::read(&path).unwrap();
        let open_f64 = |bytes: &[u8], origin: &Origin| {
            let path = folder.path().join("changed");
            std::fs::write(&path, bytes).unwrap();
            open::<f64>(&path, origin, false).map(|_| ()).unwrap_err().to_string()
        };
        let message = |bytes: &[u8]| open_f64(bytes, &origin("T1", 7));
        assert!(message(b"GRIB").contains("does not start"));
        assert!(message(&bytes[..bytes.len() - 1]).contains("damaged or cut"));
        assert!(message(&bytes[..20]).contains("ends after 20 bytes"));
        let mut flipped = bytes.clone();
        flipped[200] ^= 1;
        assert!(message(&flipped).contains("damaged or cut"));
        let other = open_f64(&bytes, &origin("T1", 8));
        assert!(other.contains("another one"), "{other}");
        let other = open_f64(&bytes, &origin("T2", 8));
        assert!(other.contains("it is of T1, this run is of T2"), "{other}");
        let narrow = open::<f32>(&path, &origin("T1", 7), false);
        let narrow = narrow.map(|_| ()).unwrap_err().to_string();
        assert!(narrow.contains("f64") && narrow.contains("f32"), "{narrow}");
    }

    #[test]
    fn what_cannot_be_written_is_told_at_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = Writer::begin::<f64>(&folder.path().join("nowhere/c"), &origin("T1", 7));
        writer.part(b"plans");
        assert!(writer.end().unwrap_err().to_string().contains("nowhere"));
    }

    #[test]
    fn another_precision_is_converted_when_asked() {
        let (_folder, path) = file::<f64>();
        let mut reader = open::<f32>(&path, &origin("T1", 7), true).unwrap();
        let (narrow, series) = with_owners(|owners| decode::<f32>(Some(&mut reader), owners)).unwrap();
        let (wide, expected) = example::<f64>();
        assert_eq!(series, expected);
        assert!(narrow.present[2].iter().zip(&wide.present[2]).all(|(one, other)| *one == *other as f32));
    }
}
