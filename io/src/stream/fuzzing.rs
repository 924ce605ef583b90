//! Doors for the fuzz targets: what the network says, without a network.

use std::collections::BTreeMap;
use std::io::{Cursor, Read, Result as IoResult, Write};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::backend::{Bounds, StreamBackend, StreamReader};
use super::request::read;
use super::routes::route;
use super::server::{Shared, StreamSettings};
use super::transport::Transport;
use super::{base64, jet_stream, post};
use crate::error::{Error, Result};
use crate::log::{Damage, Form, Gap, Item, Record};

/// A peer that says these bytes, ends, and takes everything.
struct Memory(Cursor<Vec<u8>>);

impl Read for Memory {
    fn read(&mut self, buffer: &mut [u8]) -> IoResult<usize> {
        self.0.read(buffer)
    }
}

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> IoResult<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> IoResult<()> {
        Ok(())
    }
}

impl Transport for Memory {
    fn read_within(&mut self, _: Duration) -> IoResult<()> {
        Ok(())
    }

    fn finish(&mut self) -> IoResult<()> {
        Ok(())
    }
}

/// A finished stream of a gap, a record and damage.
struct Few;

/// Number of the next item.
struct FewReader(u64);

impl StreamBackend for Few {
    fn append(&self, _: &[u8], _: &[u8]) -> Result<u64> {
        unreachable!("a server does not add")
    }

    fn bounds(&self) -> Result<Bounds> {
        Ok(Bounds { first: 4, next: 7 })
    }

    fn read_from(&self, from: u64) -> Result<Box<dyn StreamReader>> {
        if !(1..=7).contains(&from) {
            let (name, got, expected) = ("from".into(), from.to_string(), "1 to 7".into());
            return Err(Error::InvalidValue { name, got, expected });
        }
        Ok(Box::new(FewReader(from)))
    }
}

impl StreamReader for FewReader {
    fn next(&mut self, _: Duration) -> Result<Option<Item>> {
        let from = self.0;
        let (item, to) = match from {
            1..=3 => (Item::Gap(Gap { from, to: 3 }), 3),
            4 => {
                let (key, payload) = (b"k\xFF".to_vec(), b"payload".to_vec());
                let time = SystemTime::UNIX_EPOCH;
                let form = Form { compressed: true, encrypted: true };
                (Item::Record(Record { number: from, time, key, payload, form, hash: [7; 32] }), from)
            }
            5 | 6 => {
                let (segment, reason) = ("1.log".into(), "damaged".into());
                (Item::Damage(Damage { segment, offset: 0, from, to: 6, reason }), 6)
            }
            _ => return Ok(None),
        };
        self.0 = to + 1;
        Ok(Some(item))
    }

    fn is_finished(&self) -> bool {
        true
    }
}

/// Reads a request and answers it.
pub fn request(bytes: &[u8]) {
    let streams = BTreeMap::from([("s".to_owned(), Arc::new(Few) as Arc<dyn StreamBackend>)]);
    let shared = Shared::new(streams, StreamSettings::default(), "http://localhost".into(), None);
    let mut peer = Memory(Cursor::new(bytes.to_vec()));
    if let Some(Ok(request)) = read(&mut peer, &shared.settings) {
        let _ = route(&mut peer, &request, &shared);
    }
}

/// Reads what another server answers, and base64.
pub fn answer(bytes: &[u8]) {
    let _ = post::status(bytes);
    if let Some(decoded) = std::str::from_utf8(bytes).ok().and_then(base64::decode) {
        assert_eq!(base64::encode(&decoded).as_bytes(), bytes);
    }
}

/// Reads what a NATS server says.
pub fn nats(bytes: &[u8]) {
    jet_stream::fuzz(Box::new(Memory(Cursor::new(bytes.to_vec()))));
}
