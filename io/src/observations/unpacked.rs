//! Files that gzip packed.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use tempfile::TempDir;

use crate::error::{Error, Result};

/// What gzip's files begin with, the method "deflate" among it (RFC 1952).
const SIGN: [u8; 3] = [0x1f, 0x8b, 8];

/// More is no file of observations: a small file must not fill the disk.
const MOST: u64 = 4 << 30;

/// A file that lives as long as this.
pub(super) struct Unpacked {
    pub(super) path: PathBuf,
    _folder: TempDir,
}

/// The file unpacked, under its own name less `.gz`, so that errors name it; None where it is not packed.
pub(super) fn unpack(path: &Path) -> Result<Option<Unpacked>> {
    unpack_at_most(path, MOST)
}

fn unpack_at_most(path: &Path, most: u64) -> Result<Option<Unpacked>> {
    // A store of Zarr is a folder.
    if path.is_dir() {
        return Ok(None);
    }
    let mut file = File::open(path).map_err(|source| Error::file(path, "opening", source))?;
    let mut start = Vec::new();
    (&mut file)
        .take(SIGN.len() as u64)
        .read_to_end(&mut start)
        .map_err(|source| Error::file(path, "reading", source))?;
    if start != SIGN {
        return Ok(None);
    }
    let fail = |source| Error::file(path, "unpacking", source);
    file.rewind().map_err(fail)?;
    let folder = tempfile::tempdir().map_err(fail)?;
    let name = path.file_name().map_or(Path::new("observations"), Path::new);
    let is_named = name.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gz"));
    let own = if is_named { name.with_extension("") } else { name.to_owned() };
    let unpacked = Unpacked { path: folder.path().join(own), _folder: folder };
    let mut target = File::create(&unpacked.path).map_err(fail)?;
    let bytes = io::copy(&mut MultiGzDecoder::new(file).take(most + 1), &mut target).map_err(fail)?;
    if bytes > most {
        return Err(fail(io::Error::other(format!("more than {most} bytes"))));
    }
    Ok(Some(unpacked))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    #[test]
    fn packed_files_unpack_whole_or_not_at_all() {
        let folder = tempfile::tempdir().expect("a folder");
        let plain: Vec<u8> =
            (0..100_000_u32).flat_map(|number| number.wrapping_mul(number).to_le_bytes()).collect();
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(&plain).expect("memory");
        let packed = encoder.finish().expect("memory");
        let path = folder.path().join("sondes.nc.gz");
        std::fs::write(&path, &packed).expect("a file");
        let unpacked = unpack(&path).expect("it is fine").expect("it is packed");
        assert!(unpacked.path.ends_with("sondes.nc"));
        assert!(std::fs::read(&unpacked.path).expect("a file") == plain);
        let place = unpacked.path.clone();
        drop(unpacked);
        assert!(!place.exists());
        let refusal = |bytes: &[u8], most| {
            std::fs::write(&path, bytes).expect("a file");
            let refused = unpack_at_most(&path, most).err().expect("a refusal").to_string();
            assert!(refused.contains("sondes.nc.gz"), "{refused}");
            refused
        };
        assert!(refusal(&packed, 1_000).contains("more than 1000 bytes"));
        refusal(&packed[..packed.len() / 2], MOST);
        let mut damaged = packed.clone();
        let middle = damaged.len() / 2;
        damaged[middle..middle + 8].fill(0x55);
        refusal(&damaged, MOST);
        std::fs::write(&path, &plain).expect("a file");
        assert!(unpack(&path).expect("it is fine").is_none());
    }
}
