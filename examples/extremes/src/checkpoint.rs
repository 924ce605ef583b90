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
//!
//! Rank 0 writes and reads, one array at a time: each goes whole to it, or from it, and no other rank has more than its part.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use terrella_coupling::spectral::Part;
use terrella_dycore::shallow_water::Checkpoint;
use terrella_io::sink::AtomicFile;
use terrella_kernels::spectral::Truncation;
use terrella_kernels::{Precision, Real};

use crate::error::{Error, Result};
use crate::ranks::Ranks;
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

/// What numbers of a state belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// Points of the grid: `[field][point]`.
    Fields,
    /// Spectral coefficients: `[coefficient][2][field]`.
    Spectra,
}

/// Ranks with what this one has of a state.
pub(crate) struct Owners<'a> {
    pub(crate) ranks: &'a Ranks,
    pub(crate) part: &'a Part,
}

impl Owners<'_> {
    /// The whole array on rank 0, nothing on the others.
    fn whole<R: Real>(&self, extent: Extent, own: &[R]) -> Result<Vec<R>> {
        let (part, ranks) = (self.part, self.ranks.communicator());
        let whole = match extent {
            Extent::Fields => part.gather_fields(ranks, own.len() / part.points(), own)?,
            Extent::Spectra => part.gather_spectra(ranks, own.len() / (2 * part.coefficients()), own)?,
        };
        Ok(whole.unwrap_or_default())
    }

    /// What this rank has of a whole array of rank 0's, which `read` reads.
    pub(crate) fn own<R: Real>(
        &self,
        extent: Extent,
        read: impl FnOnce() -> Result<Vec<R>>,
    ) -> Result<Vec<R>> {
        let (part, ranks) = (self.part, self.ranks.communicator());
        let unit = match extent {
            Extent::Fields => part.grid().points(),
            Extent::Spectra => part.truncation().spectrum_len(1),
        };
        let read = if self.ranks.leads() { read() } else { Ok(Vec::new()) };
        let whole = self.ranks.together(RESTART, read)?;
        let mut length = [whole.len() as u64];
        ranks.broadcast(0, &mut length)?;
        // Another length is the model's to refuse.
        let fields = length[0] as usize / unit;
        if fields * unit != length[0] as usize || part.is_whole() {
            return Ok(whole);
        }
        Ok(match extent {
            Extent::Fields => part.scatter_fields(ranks, fields, &whole)?,
            Extent::Spectra => part.scatter_spectra(ranks, fields, &whole)?,
        })
    }

    /// Words of rank 0's, which `read` reads, on all ranks.
    pub(crate) fn text(&self, read: impl FnOnce() -> Result<Vec<u8>>) -> Result<String> {
        let bytes = self.ranks.made_by(0, RESTART, read)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Numbers of rank 0's, which `read` reads, on all ranks.
    pub(crate) fn shared<const N: usize>(&self, read: impl FnOnce() -> Result<[u64; N]>) -> Result<[u64; N]> {
        let read = if self.ranks.leads() { read() } else { Ok([0; N]) };
        let mut numbers = self.ranks.together(RESTART, read)?;
        self.ranks.communicator().broadcast(0, &mut numbers)?;
        Ok(numbers)
    }
}

/// What ranks do when they go on from a checkpoint.
pub(crate) const RESTART: &str = "restart";
/// Numbers that are converted together: bounds the memory beside the state's.
const BLOCK: usize = 1 << 15;

/// Writes the shallow-water model's part, of which each rank has its own.
pub(crate) fn encode<R: Real>(
    writer: &mut Writer,
    owners: &Owners<'_>,
    checkpoint: &Checkpoint<R>,
    series: &Series,
) -> Result<()> {
    writer.u64(checkpoint.truncation as u64);
    writer.f64s(&[checkpoint.time_step, checkpoint.mean_geopotential]);
    writer.u64(checkpoint.step);
    writer.u64(series.records.len() as u64);
    series.records.iter().for_each(|record| writer.f64s(&record.to_numbers()));
    writer.u64(series.tendencies.len() as u64);
    writer.f64s(&series.tendencies);
    for spectrum in checkpoint.previous.iter().chain(&checkpoint.present) {
        writer.numbers(&owners.whole(Extent::Spectra, spectrum)?);
    }
    Ok(())
}

/// Reads the shallow-water model's part, of which each rank gets its own; the reader is rank 0's, and the series as well.
pub(crate) fn decode<R: Real>(
    mut reader: Option<&mut Reader<'_>>,
    owners: &Owners<'_>,
) -> Result<(Checkpoint<R>, Series)> {
    let mut series = Series::default();
    let head = owners.shared(|| {
        let Some(reader) = reader.as_deref_mut() else { return Ok([0; 4]) };
        let head = [reader.u64()?, reader.u64()?, reader.u64()?, reader.u64()?];
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
        Ok(head)
    })?;
    let truncation = head[0] as usize;
    let mut spectra = [const { Vec::new() }; 6];
    for spectrum in &mut spectra {
        *spectrum = owners.own(Extent::Spectra, || match reader.as_deref_mut() {
            Some(reader) => reader.numbers(Truncation::new(truncation).spectrum_len(1)),
            None => Ok(Vec::new()),
        })?;
    }
    let [vorticity, divergence, geopotential, present_vorticity, present_divergence, present_geopotential] =
        spectra;
    let checkpoint = Checkpoint {
        truncation,
        time_step: f64::from_bits(head[1]),
        mean_geopotential: f64::from_bits(head[2]),
        step: head[3],
        previous: [vorticity, divergence, geopotential],
        present: [present_vorticity, present_divergence, present_geopotential],
    };
    Ok((checkpoint, series))
}

/// A checkpoint file in the making, on rank 0; on others nothing is written. What fails is told at its end, so that ranks that send
/// their parts meanwhile need not know.
pub(crate) struct Writer {
    file: Result<Option<AtomicFile>>,
    hasher: blake3::Hasher,
}

impl Writer {
    /// With what begins every checkpoint file.
    pub(crate) fn begin<R: Real>(path: &Path, origin: &Origin) -> Self {
        let file = AtomicFile::create(path).map(Some).map_err(Error::from);
        let mut writer = Self { file, hasher: blake3::Hasher::new() };
        writer.bytes(MAGIC);
        writer.bytes(&origin.version.to_le_bytes());
        writer.bytes(&width::<R>().to_le_bytes());
        writer.part(origin.description.as_bytes());
        writer.bytes(&origin.fingerprint);
        writer
    }

    /// On ranks that do not write.
    pub(crate) fn elsewhere() -> Self {
        Self { file: Ok(None), hasher: blake3::Hasher::new() }
    }

    fn bytes(&mut self, bytes: &[u8]) {
        if let Ok(Some(file)) = &mut self.file {
            self.hasher.update(bytes);
            if let Err(error) = file.append(bytes) {
                self.file = Err(error.into());
            }
        }
    }

    pub(crate) fn u64(&mut self, number: u64) {
        self.bytes(&number.to_le_bytes());
    }

    pub(crate) fn f64s(&mut self, numbers: &[f64]) {
        self.bytes(&numbers.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<u8>>());
    }

    /// Numbers of the state, exactly.
    pub(crate) fn numbers<R: Real>(&mut self, values: &[R]) {
        for block in values.chunks(BLOCK) {
            let bytes: Vec<u8> = match R::PRECISION {
                // Exact: the value is an f32.
                Precision::F32 => block.iter().flat_map(|v| (v.to_f64() as f32).to_le_bytes()).collect(),
                Precision::F64 => block.iter().flat_map(|v| v.to_f64().to_le_bytes()).collect(),
            };
            self.bytes(&bytes);
        }
    }

    /// An array that ranks have, after its length.
    pub(crate) fn array<R: Real>(&mut self, owners: &Owners<'_>, extent: Extent, own: &[R]) -> Result<()> {
        let whole = owners.whole(extent, own)?;
        self.u64(whole.len() as u64);
        self.numbers(&whole);
        Ok(())
    }

    /// What observers remember.
    pub(crate) fn memories(&mut self, memories: &[(String, Vec<u8>)]) {
        self.u64(memories.len() as u64);
        for (name, memory) in memories {
            self.part(name.as_bytes());
            self.part(memory);
        }
    }

    /// Bytes after their number.
    pub(crate) fn part(&mut self, part: &[u8]) {
        self.u64(part.len() as u64);
        self.bytes(part);
    }

    /// Writes the hash that ends every checkpoint file, and gives the file its name.
    pub(crate) fn end(self) -> Result<()> {
        if let Some(mut file) = self.file? {
            file.append(self.hasher.finalize().as_bytes())?;
            file.commit()?;
        }
        Ok(())
    }
}

/// Checks hash, version, precision and set-up of a file; what follows them is to be read. With `convert`, numbers of the other
/// precision are rounded or widened.
pub(crate) fn open<'a, R: Real>(path: &'a Path, origin: &Origin, convert: bool) -> Result<Reader<'a>> {
    let fail = |error| Error::file(path, "reading", error);
    let refuse = |message: String| Error::Checkpoint { path: path.to_owned(), message };
    let mut file = BufReader::new(File::open(path).map_err(fail)?);
    let length = file.seek(SeekFrom::End(0)).map_err(fail)?;
    file.rewind().map_err(fail)?;
    let mut reader = Reader { file, left: length, path, width: 0 };
    if length < MAGIC.len() as u64 || reader.take()? != *MAGIC {
        return Err(refuse("it does not start like one".into()));
    }
    let Some(content) = length.checked_sub(32).filter(|content| *content >= MAGIC.len() as u64) else {
        return Err(refuse(format!("it ends after {length} bytes")));
    };
    let mut hasher = blake3::Hasher::new();
    reader.file.rewind().map_err(fail)?;
    hasher.update_reader((&mut reader.file).take(content)).map_err(fail)?;
    reader.left = 32;
    if *hasher.finalize().as_bytes() != reader.take::<32>()? {
        return Err(refuse("its hash does not match: it is damaged or cut".into()));
    }
    reader.file.seek(SeekFrom::Start(MAGIC.len() as u64)).map_err(fail)?;
    reader.left = content - MAGIC.len() as u64;
    let (found, version) = (reader.u32()?, origin.version);
    if found != version {
        return Err(refuse(format!("its layout is version {found}, this model's is version {version}")));
    }
    reader.width = reader.u32()?;
    let description = String::from_utf8_lossy(&reader.bytes()?).into_owned();
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
    file: BufReader<File>,
    /// Bytes before the hash.
    left: u64,
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
        match self.left {
            0 => Ok(()),
            more => Err(self.refuse(format!("{more} bytes follow its end"))),
        }
    }

    /// What [`Writer::memories`] wrote.
    pub(crate) fn memories(&mut self) -> Result<Vec<(String, Vec<u8>)>> {
        (0..self.u64()?)
            .map(|_| Ok((String::from_utf8_lossy(&self.bytes()?).into_owned(), self.bytes()?)))
            .collect()
    }

    /// Bytes after their number.
    pub(crate) fn bytes(&mut self) -> Result<Vec<u8>> {
        let count = self.u64()?;
        self.expect_left(Some(count))?;
        let mut bytes = vec![0; count as usize];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    fn expect_left(&self, bytes: Option<u64>) -> Result<()> {
        match bytes {
            Some(bytes) if bytes <= self.left => Ok(()),
            _ => Err(self.refuse("it ends inside its content")),
        }
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<()> {
        self.expect_left(Some(bytes.len() as u64))?;
        self.left -= bytes.len() as u64;
        self.file.read_exact(bytes).map_err(|error| Error::file(self.path, "reading", error))
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    /// Numbers of the state.
    pub(crate) fn numbers<R: Real>(&mut self, count: usize) -> Result<Vec<R>> {
        self.expect_left((count as u64).checked_mul(u64::from(self.width)))?;
        (0..count)
            .map(|_| match self.width {
                4 => Ok(R::from_f64(f64::from(f32::from_le_bytes(self.take()?)))),
                _ => Ok(R::from_f64(self.f64()?)),
            })
            .collect()
    }

    /// What [`Writer::array`] wrote.
    pub(crate) fn array<R: Real>(&mut self) -> Result<Vec<R>> {
        let count = self.u64()?;
        self.numbers(count as usize)
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
    use std::path::PathBuf;

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
