//! A stream that a NATS server keeps.
//!
//! JetStream by its wire API: messages are published with headers and acknowledged with their number, and read by number
//! (`$JS.API.STREAM.MSG.GET` with `next_by_subj`). JetStream passes over what its limits removed without a word; here the
//! numbers are compared, and what is missing is a gap.
//!
//! | header | content |
//! |---|---|
//! | `Terrella-Key` | the key, base64 |
//! | `Terrella-Hash` | BLAKE3 of the payload, hexadecimal |
//! | `Nats-Msg-Id` | one for each call of `append`, so that a repetition after a lost acknowledgement is not a second message |
//!
//! Messages of others have their subject as key. New messages are asked for every 50 ms while a reader waits. With
//! [`JetStreamSettings::tls`] nothing but the server's greeting goes without TLS. Payloads are not sealed
//! ([`crate::log::Seal`]), because the server gives a message its number when it has it.

mod client;
mod reader;

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};

use self::client::Client;
use self::reader::JetStreamReader;
use super::Trust;
use super::backend::{Bounds, StreamBackend, StreamReader};
use super::base64;
use crate::error::{Error, Result};
use crate::log::Retention;

/// Which stream of which server.
#[derive(Clone)]
pub struct JetStreamSettings {
    /// Host and port of the server.
    pub address: String,
    /// The stream's name: letters, digits, `-` and `_`.
    pub stream: String,
    /// Subject of what is added, without wildcards.
    pub subject: String,
    /// What the server asks for, if it does.
    pub token: Option<String>,
    /// Whose certificates are believed in TLS. None: no TLS; a server that asks for it is refused.
    pub tls: Option<Trust>,
    /// Longest time for a connection and for an answer.
    pub timeout: Duration,
    /// What the server removes, of a stream that is made. One that exists is left as it is.
    pub retention: Retention,
}

impl std::fmt::Debug for JetStreamSettings {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The token is not printed.
        write!(formatter, "JetStreamSettings(nats://{}/{})", self.address, self.stream)
    }
}

/// A stream of a NATS server.
pub struct JetStream {
    settings: JetStreamSettings,
    /// None when there is no connection.
    client: Mutex<Option<Client>>,
    /// Start of every message's id.
    identity: u64,
    count: AtomicU64,
}

impl JetStream {
    /// Opens a stream, which is made where there is none.
    ///
    /// # Errors
    /// [`Error::InvalidValue`] for names that cannot be, [`Error::Network`] where the server cannot be reached,
    /// [`Error::JetStream`] where it refuses, or has the stream for other subjects.
    pub fn open(settings: JetStreamSettings) -> Result<Self> {
        settings.check()?;
        // Seeded anew for each: two processes do not take each other's messages for repetitions.
        let identity = RandomState::new().hash_one(&settings.stream);
        let stream = Self { settings, client: Mutex::new(None), identity, count: AtomicU64::new(0) };
        let JetStreamSettings { stream: name, subject, retention, .. } = &stream.settings;
        let mut info = stream.call("STREAM.INFO", &Value::Null)?;
        if info["error"]["code"] == 404 {
            let bytes = retention.bytes.map_or(-1, |bytes| i64::try_from(bytes).unwrap_or(i64::MAX));
            let age = retention.age.map_or(0, |age| i64::try_from(age.as_nanos()).unwrap_or(i64::MAX));
            let config = json!({
                "name": name, "subjects": [subject], "retention": "limits", "storage": "file", "num_replicas": 1,
                "discard": "old", "max_bytes": bytes, "max_age": age, "max_msgs": -1, "max_consumers": -1,
                "max_msg_size": -1,
            });
            info = stream.call("STREAM.CREATE", &config)?;
        }
        stream.check(&info)?;
        let subjects = &info["config"]["subjects"];
        if !subjects.as_array().is_some_and(|subjects| subjects.contains(&json!(subject))) {
            return Err(stream.settings.error(format!("it has subjects {subjects}, expected '{subject}'")));
        }
        Ok(stream)
    }

    /// Does something with a connection, a new one where there is none. One that failed is not used again.
    fn with_client<T>(&self, act: impl Fn(&mut Client) -> Result<T>) -> Result<T> {
        let mut held = self.client.lock().unwrap_or_else(PoisonError::into_inner);
        let mut client = match held.take() {
            Some(client) => client,
            None => Client::connect(&self.settings)?,
        };
        let result = act(&mut client)?;
        *held = Some(client);
        Ok(result)
    }

    /// An answer of the server's API, which may be an error.
    fn call(&self, operation: &str, body: &Value) -> Result<Value> {
        self.with_client(|client| call(client, &self.settings, operation, body))
    }

    fn check(&self, answer: &Value) -> Result<()> {
        check(&self.settings, answer)
    }
}

impl StreamBackend for JetStream {
    /// A message that was sent when the connection broke is sent once more; the server knows it by its id for as long as it looks
    /// for repetitions (two minutes, if nothing else was set).
    fn append(&self, key: &[u8], payload: &[u8]) -> Result<u64> {
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        let headers = format!(
            "Terrella-Key: {}\r\nTerrella-Hash: {}\r\nNats-Msg-Id: {:016x}-{number}\r\n",
            base64::encode(key),
            blake3::hash(payload).to_hex(),
            self.identity
        );
        let send = |client: &mut Client| client.request(&self.settings.subject, Some(&headers), payload);
        let answer = match self.with_client(send) {
            Err(Error::Network { .. }) => self.with_client(send)?,
            other => other?,
        };
        let answer = self.settings.parse(&answer)?;
        self.check(&answer)?;
        let number =
            answer["seq"].as_u64().filter(|&number| number > 0 && answer["stream"] == self.settings.stream);
        number.ok_or_else(|| self.settings.error(format!("expected an acknowledgement, got {answer}")))
    }

    fn bounds(&self) -> Result<Bounds> {
        let info = self.call("STREAM.INFO", &Value::Null)?;
        bounds(&self.settings, &info)
    }

    fn read_from(&self, from: u64) -> Result<Box<dyn StreamReader>> {
        let next = self.bounds()?.next;
        if !(1..=next).contains(&from) {
            return Err(Error::InvalidValue {
                name: "from".into(),
                got: from.to_string(),
                expected: format!("1 to {next}, the next number of {:?}", self.settings),
            });
        }
        Ok(Box::new(JetStreamReader::new(self.settings.clone(), from)))
    }
}

impl JetStreamSettings {
    fn check(&self) -> Result<()> {
        let invalid = |name: &str, got: &str, expected: &str| {
            Err(Error::InvalidValue { name: name.into(), got: format!("'{got}'"), expected: expected.into() })
        };
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        if self.stream.is_empty() || !self.stream.bytes().all(plain) {
            return invalid("stream", &self.stream, "letters, digits, '-' and '_'");
        }
        let part = |part: &str| !part.is_empty() && part.bytes().all(plain);
        if !self.subject.split('.').all(part) {
            return invalid(
                "subject",
                &self.subject,
                "parts of letters, digits, '-' and '_' with '.' between them",
            );
        }
        if self.timeout.is_zero() {
            return invalid("timeout", "0", "more");
        }
        Ok(())
    }

    fn error(&self, reason: String) -> Error {
        Error::JetStream { stream: self.stream.clone(), reason }
    }

    fn parse(&self, answer: &[u8]) -> Result<Value> {
        serde_json::from_slice(answer).map_err(|error| self.error(format!("the answer is not JSON: {error}")))
    }
}

fn call(client: &mut Client, settings: &JetStreamSettings, operation: &str, body: &Value) -> Result<Value> {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let subject = format!("$JS.API.{operation}.{}", settings.stream);
    settings.parse(&client.request(&subject, None, body.as_bytes())?)
}

fn check(settings: &JetStreamSettings, answer: &Value) -> Result<()> {
    match answer.get("error") {
        None => Ok(()),
        Some(error) => {
            let reason = error["description"].as_str().unwrap_or("an error without a description");
            Err(settings.error(reason.to_owned()))
        }
    }
}

fn bounds(settings: &JetStreamSettings, info: &Value) -> Result<Bounds> {
    check(settings, info)?;
    let number = |name: &str| info["state"][name].as_u64().filter(|&number| number < u64::MAX);
    match (number("first_seq"), number("last_seq")) {
        (Some(first), Some(last)) => Ok(Bounds { first: first.clamp(1, last + 1), next: last + 1 }),
        _ => Err(settings.error("the answer has no numbers".into())),
    }
}

/// Reads what a server says, as far as it goes.
#[cfg(fuzzing)]
pub(super) fn fuzz(server: Box<dyn super::transport::Transport>) {
    let settings = JetStreamSettings {
        address: "localhost:4222".into(),
        stream: "S".into(),
        subject: "s".into(),
        token: None,
        tls: None,
        timeout: Duration::from_secs(1),
        retention: Retention::default(),
    };
    let Ok(mut client) = Client::over(server, None, &settings) else { return };
    while let Ok(answer) = call(&mut client, &settings, "STREAM.MSG.GET", &Value::Null) {
        let _ = (bounds(&settings, &answer), reader::record(1, &answer["message"]));
    }
}
