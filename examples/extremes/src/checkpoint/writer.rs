//! A checkpoint file on its way to the disk.

use std::path::Path;

use terrella_io::sink::AtomicFile;
use terrella_kernels::{Precision, Real};

use super::{Extent, MAGIC, Origin, Owners, width};
use crate::error::{Error, Result};

/// Numbers that are converted together: bounds the memory beside the state's.
const BLOCK: usize = 1 << 15;

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
