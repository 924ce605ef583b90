//! Reading a JetStream by number.

use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime};

use serde_json::{Value, json};

use super::client::Client;
use super::{JetStreamSettings, bounds, call, check};
use crate::error::Result;
use crate::log::{Damage, Form, Gap, Item, Record};
use crate::stream::backend::StreamReader;
use crate::stream::base64;
use crate::time::Time;

/// How often a waiting reader asks.
const PAUSE: Duration = Duration::from_millis(50);

pub(super) struct JetStreamReader {
    settings: JetStreamSettings,
    client: Option<Client>,
    next: u64,
    /// What comes behind a gap that was just told.
    held: Option<(u64, Item)>,
}

impl JetStreamReader {
    pub(super) fn new(settings: JetStreamSettings, from: u64) -> Self {
        Self { settings, client: None, next: from, held: None }
    }

    /// The next item, if there is one.
    fn look(&mut self) -> Result<Option<Item>> {
        if let Some((number, item)) = self.held.take() {
            self.next = number + 1;
            return Ok(Some(item));
        }
        if let Some(found) = self.get()? {
            return Ok(Some(self.take(found)));
        }
        let info = self.call("STREAM.INFO", &Value::Null)?;
        let last = bounds(&self.settings, &info)?.next - 1;
        if last < self.next {
            return Ok(None);
        }
        // It may have come between the two questions.
        Ok(Some(match self.get()? {
            Some(found) => self.take(found),
            None => self.gap(last),
        }))
    }

    fn take(&mut self, (number, item): (u64, Item)) -> Item {
        if number > self.next {
            self.held = Some((number, item));
            return self.gap(number - 1);
        }
        self.next = number + 1;
        item
    }

    fn gap(&mut self, to: u64) -> Item {
        let from = std::mem::replace(&mut self.next, to + 1);
        Item::Gap(Gap { from, to })
    }

    /// The first message with the next number or a higher one.
    fn get(&mut self) -> Result<Option<(u64, Item)>> {
        let answer = self.call("STREAM.MSG.GET", &json!({ "seq": self.next, "next_by_subj": ">" }))?;
        if answer["error"]["err_code"] == 10_037 {
            return Ok(None);
        }
        check(&self.settings, &answer)?;
        let message = &answer["message"];
        let number = message["seq"].as_u64().filter(|&number| number >= self.next && number < u64::MAX);
        let number =
            number.ok_or_else(|| self.settings.error(format!("expected message {} or later", self.next)))?;
        let item = match record(number, message) {
            Ok(record) => Item::Record(record),
            Err(reason) => {
                let segment =
                    PathBuf::from(format!("nats://{}/{}", self.settings.address, self.settings.stream));
                Item::Damage(Damage { segment, offset: 0, from: number, to: number, reason })
            }
        };
        Ok(Some((number, item)))
    }

    fn call(&mut self, operation: &str, body: &Value) -> Result<Value> {
        let mut client = match self.client.take() {
            Some(client) => client,
            None => Client::connect(&self.settings)?,
        };
        let answer = call(&mut client, &self.settings, operation, body)?;
        self.client = Some(client);
        Ok(answer)
    }
}

impl StreamReader for JetStreamReader {
    fn next(&mut self, timeout: Duration) -> Result<Option<Item>> {
        let start = Instant::now();
        loop {
            if let Some(item) = self.look()? {
                return Ok(Some(item));
            }
            let left = timeout.saturating_sub(start.elapsed());
            if left.is_zero() {
                return Ok(None);
            }
            std::thread::sleep(left.min(PAUSE));
        }
    }

    /// A server's stream has no end.
    fn is_finished(&self) -> bool {
        false
    }
}

/// A message as a record, or what is wrong with it.
pub(super) fn record(number: u64, message: &Value) -> std::result::Result<Record, String> {
    let bytes = |name: &str| match &message[name] {
        Value::Null => Ok(Vec::new()),
        value => value.as_str().and_then(base64::decode).ok_or_else(|| format!("'{name}' is not base64")),
    };
    let payload = bytes("data")?;
    let headers = String::from_utf8(bytes("hdrs")?).map_err(|_| "its headers are not UTF-8")?;
    let header = |name: &str| {
        let pairs = headers.lines().filter_map(|line| line.split_once(':'));
        pairs.into_iter().find(|pair| pair.0 == name).map(|pair| pair.1.trim())
    };
    let key = match header("Terrella-Key") {
        Some(key) => base64::decode(key).ok_or("its key is not base64")?,
        None => message["subject"].as_str().unwrap_or_default().as_bytes().to_vec(),
    };
    let hash = blake3::hash(&payload);
    if header("Terrella-Hash").is_some_and(|known| blake3::Hash::from_hex(known).ok() != Some(hash)) {
        return Err("the hash of the payload is wrong".into());
    }
    let time = message["time"].as_str().and_then(instant).ok_or("it has no time")?;
    Ok(Record { number, time, key, payload, form: Form::default(), hash: *hash.as_bytes() })
}

/// RFC 3339 in UTC, as the server writes it.
fn instant(text: &str) -> Option<SystemTime> {
    let text = text.strip_suffix('Z')?;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    if fraction.len() > 9 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let nanoseconds = format!("{fraction:0<9}").parse().ok()?;
    let seconds = u64::try_from(whole.parse::<Time>().ok()?.seconds()).ok()?;
    SystemTime::UNIX_EPOCH.checked_add(Duration::new(seconds, nanoseconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_read_as_servers_write_them() {
        let after = |seconds, nanoseconds| Some(SystemTime::UNIX_EPOCH + Duration::new(seconds, nanoseconds));
        assert_eq!(instant("2001-09-09T01:46:40Z"), after(1_000_000_000, 0));
        assert_eq!(instant("2001-09-09T01:46:40.25Z"), after(1_000_000_000, 250_000_000));
        assert_eq!(instant("2001-09-09T01:46:40.000000005Z"), after(1_000_000_000, 5));
        for bad in [
            "",
            "Z",
            "2001-09-09T01:46:40",
            "2001-09-09T01:46:40.1234567890Z",
            "2001-09-09T01:46:40.+1Z",
            "x",
        ] {
            assert_eq!(instant(bad), None, "{bad}");
        }
    }
}
