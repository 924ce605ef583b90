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
//! The shallow-water model's part:
//!
//! | bytes | content                                                                              |
//! |-------|--------------------------------------------------------------------------------------|
//! | 8     | truncation                                                                           |
//! | 8, 8  | time step \[s\], mean geopotential \[m² s⁻²\], as f64                                |
//! | 8     | steps done                                                                           |
//! | 8, …  | number of records of the series, each [`Record::NUMBERS`] f64                        |
//! | 8, …  | number of tendencies, f64 each                                                       |
//! | …     | six spectra: vorticity, divergence, geopotential at t − Δt, the same at t            |
//!
//! Numbers are little-endian.

use std::path::Path;

use terrella_dycore::shallow_water::Checkpoint;
use terrella_kernels::{Precision, Real};

use crate::error::{Error, Result};
use crate::series::{Record, Series};

const MAGIC: &[u8; 16] = b"TERRELLA RESTART";
/// Version of the shallow-water model's part.
pub(crate) const SHALLOW_WATER: u32 = 7;

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

/// Appends the shallow-water model's part.
pub(crate) fn encode<R: Real>(bytes: &mut Vec<u8>, checkpoint: &Checkpoint<R>, series: &Series) {
    bytes.extend((checkpoint.truncation as u64).to_le_bytes());
    bytes.extend(checkpoint.time_step.to_le_bytes());
    bytes.extend(checkpoint.mean_geopotential.to_le_bytes());
    bytes.extend(checkpoint.step.to_le_bytes());
    bytes.extend((series.records.len() as u64).to_le_bytes());
    for number in series.records.iter().flat_map(|record| record.to_numbers()) {
        bytes.extend(number.to_le_bytes());
    }
    bytes.extend((series.tendencies.len() as u64).to_le_bytes());
    for number in &series.tendencies {
        bytes.extend(number.to_le_bytes());
    }
    for spectrum in checkpoint.previous.iter().chain(&checkpoint.present) {
        push(bytes, spectrum);
    }
}

/// Reads the shallow-water model's part.
pub(crate) fn decode<R: Real>(reader: &mut Reader<'_>) -> Result<(Checkpoint<R>, Series)> {
    let truncation = reader.u64()? as usize;
    let (time_step, mean_geopotential) = (reader.f64()?, reader.f64()?);
    let step = reader.u64()?;
    let mut series = Series::default();
    for _ in 0..reader.u64()? {
        let mut numbers = [0.0; Record::NUMBERS];
        for number in &mut numbers {
            *number = reader.f64()?;
        }
        series.records.push(Record::from_numbers(numbers));
    }
    for _ in 0..reader.u64()? {
        series.tendencies.push(reader.f64()?);
    }
    let values = (truncation + 1) * (truncation + 2);
    let mut spectra = [const { Vec::new() }; 6];
    for spectrum in &mut spectra {
        *spectrum = reader.numbers(values)?;
    }
    let [vorticity, divergence, geopotential, present_vorticity, present_divergence, present_geopotential] =
        spectra;
    let checkpoint = Checkpoint {
        truncation,
        time_step,
        mean_geopotential,
        step,
        previous: [vorticity, divergence, geopotential],
        present: [present_vorticity, present_divergence, present_geopotential],
    };
    Ok((checkpoint, series))
}

/// What begins every checkpoint file.
pub(crate) fn begin<R: Real>(origin: &Origin) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend(origin.version.to_le_bytes());
    bytes.extend(width::<R>().to_le_bytes());
    bytes.extend((origin.description.len() as u64).to_le_bytes());
    bytes.extend(origin.description.as_bytes());
    bytes.extend(origin.fingerprint);
    bytes
}

/// Appends numbers of the state, exactly.
pub(crate) fn push<R: Real>(bytes: &mut Vec<u8>, values: &[R]) {
    for value in values {
        match R::PRECISION {
            // Exact: the value is an f32.
            Precision::F32 => bytes.extend((value.to_f64() as f32).to_le_bytes()),
            Precision::F64 => bytes.extend(value.to_f64().to_le_bytes()),
        }
    }
}

/// Appends what observers remember.
pub(crate) fn push_memories<'a>(
    bytes: &mut Vec<u8>,
    memories: impl ExactSizeIterator<Item = (&'a str, Vec<u8>)>,
) {
    bytes.extend((memories.len() as u64).to_le_bytes());
    for (name, memory) in memories {
        push_part(bytes, name.as_bytes());
        push_part(bytes, &memory);
    }
}

/// Appends bytes after their number.
pub(crate) fn push_part(bytes: &mut Vec<u8>, part: &[u8]) {
    bytes.extend((part.len() as u64).to_le_bytes());
    bytes.extend(part);
}

/// The hash that ends every checkpoint file.
pub(crate) fn end(mut bytes: Vec<u8>) -> Vec<u8> {
    let hash = blake3::hash(&bytes);
    bytes.extend(hash.as_bytes());
    bytes
}

/// Checks hash, version, precision and set-up; what follows them is to be read. With `convert`, numbers of the other
/// precision are rounded or widened.
pub(crate) fn open<'a, R: Real>(
    bytes: &'a [u8],
    origin: &Origin,
    convert: bool,
    path: &'a Path,
) -> Result<Reader<'a>> {
    let refuse = |message: String| Error::Checkpoint { path: path.to_owned(), message };
    let whole = bytes.strip_prefix(MAGIC).ok_or_else(|| refuse("it does not start like one".into()))?;
    let Some((content, hash)) = bytes.split_last_chunk::<32>() else {
        return Err(refuse(format!("it ends after {} bytes", bytes.len())));
    };
    if blake3::hash(content).as_bytes() != hash {
        return Err(refuse("its hash does not match: it is damaged or cut".into()));
    }
    let mut reader = Reader { bytes: &whole[..whole.len() - 32], path, width: 0 };
    let (found, version) = (reader.u32()?, origin.version);
    if found != version {
        return Err(refuse(format!("its layout is version {found}, this model's is version {version}")));
    }
    reader.width = reader.u32()?;
    let description = String::from_utf8_lossy(reader.bytes()?).into_owned();
    if description != origin.description {
        return Err(refuse(format!("it is of {description}, this run is of {}", origin.description)));
    }
    if reader.take::<32>()? != origin.fingerprint {
        return Err(refuse("the configuration or the input file is another one than at its writing".into()));
    }
    if reader.width != width::<R>() && !convert {
        let precision = |width: u32| format!("f{}", 8 * width);
        return Err(refuse(format!(
            "it holds {} numbers, the configuration asks for {}; with --convert they are converted",
            precision(reader.width),
            precision(width::<R>())
        )));
    }
    Ok(reader)
}

fn width<R: Real>() -> u32 {
    match R::PRECISION {
        Precision::F32 => 4,
        Precision::F64 => 8,
    }
}

/// What is left of a checkpoint file.
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    path: &'a Path,
    /// Bytes per number of the state.
    width: u32,
}

impl Reader<'_> {
    /// The error that names the file.
    pub(crate) fn refuse(&self, message: impl Into<String>) -> Error {
        Error::Checkpoint { path: self.path.to_owned(), message: message.into() }
    }

    /// Refuses a file in which something follows.
    pub(crate) fn expect_end(&self) -> Result<()> {
        match self.bytes.len() {
            0 => Ok(()),
            more => Err(self.refuse(format!("{more} bytes follow its end"))),
        }
    }

    /// What [`push_memories`] appended.
    pub(crate) fn memories(&mut self) -> Result<Vec<(String, Vec<u8>)>> {
        (0..self.u64()?)
            .map(|_| Ok((String::from_utf8_lossy(self.bytes()?).into_owned(), self.bytes()?.to_vec())))
            .collect()
    }

    /// Bytes after their number.
    pub(crate) fn bytes(&mut self) -> Result<&[u8]> {
        let count = self.u64()? as usize;
        let (head, rest) =
            self.bytes.split_at_checked(count).ok_or_else(|| self.refuse("it ends inside its content"))?;
        self.bytes = rest;
        Ok(head)
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (head, rest) =
            self.bytes.split_first_chunk::<N>().ok_or_else(|| self.refuse("it ends inside its content"))?;
        self.bytes = rest;
        Ok(*head)
    }

    /// Numbers of the state.
    pub(crate) fn numbers<R: Real>(&mut self, count: usize) -> Result<Vec<R>> {
        (0..count)
            .map(|_| match self.width {
                4 => Ok(R::from_f64(f64::from(f32::from_le_bytes(self.take()?)))),
                _ => Ok(R::from_f64(self.f64()?)),
            })
            .collect()
    }

    fn u32(&mut self) -> Result<u32> {
        Ok(u32::from_le_bytes(self.take()?))
    }

    pub(crate) fn u64(&mut self) -> Result<u64> {
        Ok(u64::from_le_bytes(self.take()?))
    }

    pub(crate) fn f64(&mut self) -> Result<f64> {
        Ok(f64::from_le_bytes(self.take()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        Origin { version: SHALLOW_WATER, description: description.into(), fingerprint: [number; 32] }
    }

    fn file<R: Real>() -> Vec<u8> {
        let (checkpoint, series) = example::<R>();
        let mut bytes = begin::<R>(&origin("T1", 7));
        encode(&mut bytes, &checkpoint, &series);
        push_memories(&mut bytes, [("tracker", vec![1, 2, 3])].into_iter());
        push_part(&mut bytes, b"plans");
        end(bytes)
    }

    #[test]
    fn what_is_written_is_read() {
        fn there_and_back<R: Real>() {
            let bytes = file::<R>();
            let mut reader = open::<R>(&bytes, &origin("T1", 7), false, Path::new("c")).unwrap();
            assert_eq!(decode::<R>(&mut reader).unwrap(), example::<R>());
            assert!(reader.expect_end().is_err());
            assert_eq!(reader.memories().unwrap(), [("tracker".to_owned(), vec![1, 2, 3])]);
            assert_eq!(reader.bytes().unwrap(), b"plans");
            reader.expect_end().unwrap();
        }
        there_and_back::<f32>();
        there_and_back::<f64>();
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let bytes = file::<f64>();
        let open_f64 = |bytes: &[u8], origin: &Origin| {
            open::<f64>(bytes, origin, false, Path::new("c")).map(|_| ()).unwrap_err().to_string()
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
        let narrow = open::<f32>(&bytes, &origin("T1", 7), false, Path::new("c"));
        let narrow = narrow.map(|_| ()).unwrap_err().to_string();
        assert!(narrow.contains("f64") && narrow.contains("f32"), "{narrow}");
    }

    #[test]
    fn another_precision_is_converted_when_asked() {
        let bytes = file::<f64>();
        let mut reader = open::<f32>(&bytes, &origin("T1", 7), true, Path::new("c")).unwrap();
        let (narrow, series) = decode::<f32>(&mut reader).unwrap();
        let (wide, expected) = example::<f64>();
        assert_eq!(series, expected);
        assert!(narrow.present[2].iter().zip(&wide.present[2]).all(|(one, other)| *one == *other as f32));
    }
}
