//! Files of the statistics of one output time, in the making.
//!
//! | bytes | content                                                                         |
//! |-------|---------------------------------------------------------------------------------|
//! | 16    | `TERRELLA ENSMBLE`                                                               |
//! | 8     | forecast hour, f64                                                              |
//! | 8     | number of fields; of each:                                                      |
//! | 8, …  | length of its statistics, f32 each: number of members, mean, squares, counts    |
//! | 32    | BLAKE3 of all bytes before                                                      |
//!
//! Numbers are little-endian.

use std::path::{Path, PathBuf};

use terrella_io::sink::AtomicFile;
use terrella_kernels::device::Device;
use terrella_kernels::diagnostics::ensemble::EnsembleStatistics;

use crate::error::{Error, Result};
use crate::memory::{Memory, push, push_narrow};

const MAGIC: &[u8; 16] = b"TERRELLA ENSMBLE";

/// The file of an output time.
pub(super) fn path(workspace: &Path, hour: f64) -> PathBuf {
    workspace.join(format!("f{hour:07.2}.bin"))
}

/// Writes the statistics of one time, whole or not at all.
pub(super) fn write(path: &Path, hour: f64, fields: &[EnsembleStatistics<f32>]) -> Result<()> {
    let mut bytes = MAGIC.to_vec();
    push(&mut bytes, &[hour, fields.len() as f64]);
    for field in fields {
        push_narrow(&mut bytes, &field.save()?);
    }
    let hash = blake3::hash(&bytes);
    bytes.extend(hash.as_bytes());
    Ok(AtomicFile::write(path, &bytes)?)
}

/// Reads them back; `thresholds` of each field, of `points` points.
pub(super) fn read(
    path: &Path,
    points: usize,
    thresholds: &[Vec<f64>],
) -> Result<(f64, Vec<EnsembleStatistics<f32>>)> {
    let refuse = |message: &str| Error::Input { path: path.to_owned(), message: message.into() };
    let bytes = std::fs::read(path).map_err(|error| Error::file(path, "reading", error))?;
    let damaged = || refuse("these statistics are damaged, or those of another ensemble.");
    let (content, hash) = bytes.split_last_chunk::<32>().ok_or_else(damaged)?;
    if blake3::hash(content).as_bytes() != hash {
        return Err(damaged());
    }
    let mut memory = Memory(content.strip_prefix(MAGIC).ok_or_else(damaged)?);
    let head = memory.numbers().ok_or_else(damaged)?;
    if head.len() != 2 || head[1] != thresholds.len() as f64 {
        return Err(damaged());
    }
    let fields = thresholds
        .iter()
        .map(|thresholds| {
            let mut statistics = EnsembleStatistics::new(Device::Cpu, points, thresholds)?;
            let saved = memory.narrow().ok_or_else(damaged)?;
            statistics.restore(&saved).map_err(|_| damaged())?;
            Ok(statistics)
        })
        .collect::<Result<Vec<_>>>()?;
    memory.end().ok_or_else(damaged)?;
    Ok((head[0], fields))
}
