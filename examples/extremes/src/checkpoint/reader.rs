//! A checkpoint file that a run goes on from.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use terrella_kernels::Real;

use super::{MAGIC, Origin, width};
use crate::error::{Error, Result};

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

    /// What [`super::Writer::memories`] wrote.
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

    /// What [`super::Writer::array`] wrote.
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
