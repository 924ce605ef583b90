//! Stores that are damaged, or made of what is not read here: an error that names it, and never a full memory.

use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};
use terrella_io::encode::{Compression, ZarrStore};
use terrella_io::layout::Layout;
use terrella_io::read::NetcdfVariables;

use crate::kill::splitmix;
use crate::{COMPRESSIONS, made, reference, variables};

/// What reading all values says.
fn error(path: &Path) -> String {
    read(path).unwrap_err()
}

fn read(path: &Path) -> Result<(), String> {
    let mut store = NetcdfVariables::open(path).map_err(|error| error.to_string())?;
    for variable in store.variables() {
        store.values(&variable.name).map_err(|error| error.to_string())?;
    }
    Ok(())
}

fn small(folder: &Path, compression: Compression) -> PathBuf {
    let path = folder.join("forecast.zarr");
    made(&path, &Layout::global_lat_lon(12, 7), compression, 2).finish().unwrap();
    path
}

#[test]
fn damaged_chunks_are_named() {
    let folder = tempfile::tempdir().unwrap();
    for compression in COMPRESSIONS {
        let path = small(folder.path(), compression);
        let chunk = path.join("t/c.1.0.0.0");
        let whole = std::fs::read(&chunk).unwrap();
        let said = |bytes: &[u8]| {
            std::fs::write(&chunk, bytes).unwrap();
            let text = error(&path);
            assert!(text.contains("t/c.1.0.0.0"), "{text}");
            text
        };
        for position in [0, whole.len() / 2, whole.len() - 1] {
            let mut flipped = whole.clone();
            flipped[position] ^= 4;
            assert!(said(&flipped).contains("checksum (crc32c)"));
        }
        assert!(said(&whole[..whole.len() / 2]).contains("checksum (crc32c)"));
        assert!(said(b"").contains("too few for a checksum"));
        // A checksum that is right over bytes that are not.
        let sealed = |bytes: &[u8]| [bytes, &crc32c::crc32c(bytes).to_le_bytes()].concat();
        let inner = &whole[..whole.len() - 4];
        let text = said(&sealed(&inner[..inner.len() / 2]));
        match compression {
            Compression::None => assert!(text.contains("168 bytes of values, expected 336"), "{text}"),
            Compression::Deflate { .. } => assert!(text.contains("gzip: "), "{text}"),
            Compression::Zstd { .. } => assert!(text.contains("zstd: "), "{text}"),
        }
        let bomb = vec![0_u8; 64 << 20];
        let bomb = match compression {
            Compression::None => bomb,
            Compression::Deflate { .. } => {
                let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
                std::io::Write::write_all(&mut packed, &bomb).unwrap();
                packed.finish().unwrap()
            }
            Compression::Zstd { .. } => zstd::bulk::compress(&bomb, 1).unwrap(),
        };
        let text = said(&sealed(&bomb));
        assert!(text.contains("longer than") || text.contains("holds more than"), "{text}");
        std::fs::write(&chunk, whole).unwrap();
        read(&path).unwrap();
    }
}

#[test]
fn documents_of_something_else_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = small(folder.path(), COMPRESSIONS[2]);
    let place = path.join("t/zarr.json");
    let text = std::fs::read_to_string(&place).unwrap();
    let document: Json = serde_json::from_str(&text).unwrap();
    let said = |change: &dyn Fn(&mut Json)| {
        let mut changed = document.clone();
        change(&mut changed);
        std::fs::write(&place, changed.to_string()).unwrap();
        let text = error(&path);
        assert!(text.contains("forecast.zarr"), "{text}");
        text
    };
    let set = |key: &'static str, value: Json| said(&move |document| document[key] = value.clone());
    let codec = |name: &str| json!([{ "name": "bytes", "configuration": { "endian": "little" } }, name]);
    for (text, part) in [
        (set("zarr_format", 2.into()), "of Zarr version 2: version 3 is needed"),
        (set("zarr_format", 4.into()), "'zarr_format' is 4: expected 3"),
        (set("node_type", "tree".into()), "'node_type' is \"tree\""),
        (set("data_type", "complex64".into()), "data type 'complex64' is not supported"),
        (set("data_type", json!({ "name": "float16" })), "data type 'float16'"),
        (set("shape", json!([2, -2, 7, 12])), "'shape' is [2,-2,7,12]"),
        (set("shape", json!(vec![1; 33])), "33 dimensions"),
        (set("fill_value", true.into()), "'fill_value' is true: expected one of float32"),
        (set("chunk_grid", json!({ "name": "rectilinear" })), "chunk grid 'rectilinear'"),
        (set("chunk_key_encoding", "fancy".into()), "chunk key encoding 'fancy'"),
        (set("codecs", codec("blosc")), "codec 'blosc' is not supported"),
        (set("codecs", json!(["transpose", "bytes"])), "codec 'transpose' is not supported"),
        (set("codecs", json!([])), "'codecs' is absent"),
        (set("codecs", json!(["bytes"])), "'endian' of codec 'bytes' is absent"),
        (set("storage_transformers", json!(["x"])), "storage transformers are not supported"),
        (set("dimension_names", json!(["time"])), "expected 4 names"),
        (set("surprise", json!({ "name": "x" })), "'surprise' is not understood"),
        (set("shape", json!([2, 2, 7, 13])), "'lon' has 13 elements in 't', and 12 elsewhere"),
        (set("shape", json!([1, 2, 7, 12])), "'time' has 1 elements in 't', and 2 elsewhere"),
    ] {
        assert!(text.contains(part), "no '{part}' in {text}");
    }
    // Nothing is taken from the memory for shapes that nothing stands behind.
    let unnamed = |shape: Json, chunk: Json| {
        said(&move |document| {
            document["dimension_names"] = Json::Null;
            document["shape"] = shape.clone();
            document["chunk_grid"]["configuration"]["chunk_shape"] = chunk.clone();
        })
    };
    let many = 1_u64 << 40;
    assert!(unnamed(json!([many, many]), json!([1, 1])).contains("chunks that are read at once"));
    assert!(unnamed(json!([many, many]), json!([many, many])).contains("too large"));
    assert!(unnamed(json!([many]), json!([1_u64 << 29])).contains("too many where 0 are stored"));
    assert!(unnamed(json!([u64::MAX, u64::MAX]), json!([u64::MAX, u64::MAX])).contains("too large"));
    assert!(unnamed(json!([2, 2, 7, 12]), json!([1, 1, 7, 0])).contains("positive lengths"));
    assert!(unnamed(json!([2, 2, 7, 12]), json!([1, 1, 7, 11])).contains("t/c.0.0.0.0"));
    // Cut off, and no text at all.
    for bytes in [&text.as_bytes()[..text.len() / 2], b"", &[0xff; 9]] {
        std::fs::write(&place, bytes).unwrap();
        assert!(error(&path).contains("t/zarr.json' cannot be read as Zarr: it is no JSON"));
    }
    std::fs::write(&place, &text).unwrap();
    let version_2 = folder.path().join("old.zarr");
    std::fs::create_dir(&version_2).unwrap();
    std::fs::write(version_2.join(".zgroup"), r#"{"zarr_format": 2}"#).unwrap();
    assert!(error(&version_2).contains("it is a store of Zarr version 2: version 3 is needed"));
    assert!(error(&path.join("t")).contains("it is an array: the folder of its group is needed"));
}

/// No change of a few bytes makes reading or continuing panic.
#[test]
fn flipped_bytes_are_an_error_at_most() {
    let folder = tempfile::tempdir().unwrap();
    let path = small(folder.path(), COMPRESSIONS[3]);
    let (mut seed, mut refused) = (3, 0);
    for name in ["zarr.json", "t/zarr.json", "time/zarr.json", "time/c.0", "sp/c.0.0.0", "lat/zarr.json"] {
        let place = path.join(name);
        let whole = std::fs::read(&place).unwrap();
        for _ in 0..60 {
            let mut bytes = whole.clone();
            for _ in 0..1 + splitmix(&mut seed) % 3 {
                let random = splitmix(&mut seed);
                let at = (random >> 8) as usize % bytes.len();
                bytes[at] = random as u8;
            }
            std::fs::write(&place, &bytes).unwrap();
            refused += usize::from(read(&path).is_err());
            let layout = Layout::global_lat_lon(12, 7);
            // It may be refused or not; a store that is not refused is changed.
            let _ = ZarrStore::append_to(&path, &layout, reference(), &variables(), COMPRESSIONS[3]);
        }
        let _ = std::fs::remove_dir_all(&path);
        small(folder.path(), COMPRESSIONS[3]);
    }
    assert!(refused > 100, "{refused} refused");
}
