//! A manifest as text.

use serde_json::{Map, Value, json};

use super::entry::{Entry, Manifest};
use super::hexadecimal;

/// A manifest with its place in the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Document {
    pub(super) number: u64,
    pub(super) previous: Option<[u8; 32]>,
    pub(super) ends_run: bool,
    pub(super) manifest: Manifest,
}

/// Before the hash of a text at its end, and behind it.
pub(super) const SEAL: (&str, &str) = (",\"blake3\":\"", "\"}\n");

impl Document {
    pub(super) fn encode(&self) -> String {
        let mut text = format!(
            "{{\"terrella_manifest\":1,\"number\":{},\"label\":{},\"previous\":{},\"ends_run\":{},\"entries\":[",
            self.number,
            json!(self.manifest.label),
            json!(self.previous.as_ref().map(hexadecimal)),
            self.ends_run
        );
        for (index, entry) in self.manifest.entries.iter().enumerate() {
            text += if index == 0 { "\n" } else { ",\n" };
            text += &format!(
                "{{\"path\":{},\"offset\":{},\"bytes\":{},\"blake3\":\"{}\"}}",
                json!(entry.path),
                entry.offset,
                entry.bytes,
                hexadecimal(&entry.hash)
            );
        }
        text.push(']');
        let hash = blake3::hash(text.as_bytes());
        text + SEAL.0 + &hash.to_hex() + SEAL.1
    }

    /// What a text says, or what is wrong with it.
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(bytes).map_err(|_| "it is not UTF-8")?;
        let sealed =
            text.strip_suffix(SEAL.1).and_then(|text| text.split_at_checked(text.len().checked_sub(64)?));
        let sealed = sealed.and_then(|(text, hash)| Some((text.strip_suffix(SEAL.0)?, hash)));
        let (body, hash) = sealed.ok_or("it does not end with its hash")?;
        if blake3::Hash::from_hex(hash).ok() != Some(blake3::hash(body.as_bytes())) {
            return Err("its hash is not that of its text".into());
        }
        let value: Value =
            serde_json::from_str(&format!("{body}}}")).map_err(|error| format!("it is not JSON: {error}"))?;
        let keys = ["terrella_manifest", "number", "label", "previous", "ends_run", "entries"];
        let map = object(&value, &keys)?;
        if map["terrella_manifest"] != 1 {
            return Err(format!("'terrella_manifest' is {}, expected 1", map["terrella_manifest"]));
        }
        let mut manifest = Manifest::new(map["label"].as_str().ok_or("'label' is not a text")?);
        for value in map["entries"].as_array().ok_or("'entries' is not a list")? {
            let entry = object(value, &["path", "offset", "bytes", "blake3"])?;
            let entry = Entry {
                path: entry["path"].as_str().ok_or("'path' is not a text")?.to_owned(),
                offset: whole(&entry["offset"], "offset")?,
                bytes: whole(&entry["bytes"], "bytes")?,
                hash: hash_in(&entry["blake3"], "blake3")?,
            };
            manifest.add(entry).map_err(|error| error.to_string())?;
        }
        Ok(Self {
            number: whole(&map["number"], "number")?,
            previous: match &map["previous"] {
                Value::Null => None,
                hash => Some(hash_in(hash, "previous")?),
            },
            ends_run: map["ends_run"].as_bool().ok_or("'ends_run' is not true or false")?,
            manifest,
        })
    }
}

/// An object with these keys and no others.
fn object<'a>(value: &'a Value, keys: &[&str]) -> Result<&'a Map<String, Value>, String> {
    let map = value.as_object().ok_or("expected an object")?;
    if let Some(key) = keys.iter().find(|&&key| !map.contains_key(key)) {
        return Err(format!("'{key}' is missing"));
    }
    match map.keys().find(|key| !keys.contains(&key.as_str())) {
        Some(key) => Err(format!("'{key}' is not known")),
        None => Ok(map),
    }
}

fn whole(value: &Value, name: &str) -> Result<u64, String> {
    value.as_u64().ok_or_else(|| format!("'{name}' is not a whole number of 64 bits"))
}

fn hash_in(value: &Value, name: &str) -> Result<[u8; 32], String> {
    let hash = value.as_str().and_then(|text| blake3::Hash::from_hex(text).ok());
    hash.map(|hash| *hash.as_bytes()).ok_or_else(|| format!("'{name}' is not a hash"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document() -> Document {
        let mut manifest = Manifest::new("6 h \"quoted\"\n");
        manifest.add_message("a/t850.grib2", 0, b"GRIB7777").unwrap();
        manifest.add_message("a/t850.grib2", 8, b"GRIB").unwrap();
        Document { number: 2, previous: Some([7; 32]), ends_run: false, manifest }
    }

    /// A text with the right hash at its end.
    fn sealed(body: &str) -> String {
        format!("{body}{}{}{}", SEAL.0, blake3::hash(body.as_bytes()).to_hex(), SEAL.1)
    }

    #[test]
    fn documents_round_trip_and_are_json() {
        let empty = Document { number: 1, previous: None, ends_run: true, manifest: Manifest::new("") };
        for document in [document(), empty] {
            let text = document.encode();
            assert_eq!(Document::decode(text.as_bytes()).unwrap(), document);
            assert!(serde_json::from_str::<Value>(&text).unwrap().is_object());
        }
    }

    #[test]
    fn every_changed_byte_is_seen() {
        let text = document().encode().into_bytes();
        for at in 0..text.len() {
            let mut changed = text.clone();
            changed[at] ^= 1;
            assert!(Document::decode(&changed).is_err(), "byte {at}");
            assert!(Document::decode(&text[..at]).is_err(), "{at} bytes");
        }
    }

    #[test]
    fn what_a_manifest_cannot_say_is_refused_by_name() {
        let body = "{\"terrella_manifest\":1,\"number\":1,\"label\":\"\",\"previous\":null,\"ends_run\":false,\"entries\":[]";
        assert!(Document::decode(sealed(body).as_bytes()).is_ok());
        let entry = |path: &str, offset: &str, hash: &str| {
            let entry =
                format!("[{{\"path\":\"{path}\",\"offset\":{offset},\"bytes\":1,\"blake3\":\"{hash}\"}}]");
            body.replace("[]", &entry)
        };
        let hash = "0".repeat(64);
        assert!(Document::decode(sealed(&entry("a", "0", &hash)).as_bytes()).is_ok());
        for (body, words) in [
            (body.replace(":1,\"number", ":2,\"number"), "expected 1"),
            (body.replace("\"number\":1", "\"number\":-1"), "'number'"),
            (body.replace("\"label\":\"\"", "\"label\":3"), "'label'"),
            (body.replace("null", "\"12\""), "'previous'"),
            (body.replace("false", "0"), "'ends_run'"),
            (body.replace("[]", "{}"), "'entries'"),
            (body.replace("ends_run", "end_run"), "'ends_run' is missing"),
            (body.replace("\"entries\"", "\"more\":1,\"entries\""), "'more' is not known"),
            (body.replace("[]", "[1]"), "object"),
            (body.replace("[]", &"[".repeat(100_000)), "JSON"),
            ("[1".into(), "JSON"),
            ("".into(), "JSON"),
            (entry("../a", "0", &hash), "below the run's folder"),
            (entry("/etc/passwd", "0", &hash), "below the run's folder"),
            (entry("a//b", "0", &hash), "below the run's folder"),
            (entry("manifest/00000001.json", "0", &hash), "below the run's folder"),
            (entry("a", "18446744073709551615", &hash), "64 bits"),
            (entry("a", "18446744073709551616", &hash), "'offset'"),
            (entry("a", "0", "xyz"), "'blake3'"),
        ] {
            let error = Document::decode(sealed(&body).as_bytes()).unwrap_err();
            assert!(error.contains(words), "{body:.200}: {error}");
        }
    }
}
