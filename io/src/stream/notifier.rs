//! Telling another server of every new message.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::Trust;
use super::backend::{StreamBackend, StreamReader};
use super::format::{cloud_event, numbers, reference};
use super::post::Target;
use crate::error::{Error, Result};
use crate::log::Item;

/// How often the thread looks whether it shall stop.
const LOOK: Duration = Duration::from_millis(250);

/// What is posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    /// A CloudEvent as `application/cloudevents+json`, as in the stream's notifications.
    CloudEvents,
    /// A notification for an Aviso server (ecmwf/aviso-server, `POST /api/v1/notification`): `event_type`, `identifier` from
    /// a key `NAME=VALUE,NAME=VALUE`, and number, time, hash and URL as `payload`. What is missing has no identifier and
    /// is counted instead.
    Aviso {
        /// The server's name for this kind of event.
        event_type: String,
    },
}

/// Whom to tell, and of what.
#[derive(Clone)]
pub struct NotifierSettings {
    /// Where to post: `https://HOST[:PORT]/PATH`, or `http`, by which anybody on the way can read the token.
    pub url: String,
    /// Whose certificates are believed there.
    pub trust: Trust,
    /// Bearer token that is shown there.
    pub token: Option<String>,
    /// What is posted.
    pub form: Form,
    /// Name of the stream.
    pub stream: String,
    /// How consumers reach the stream's own server.
    pub base: String,
    /// Longest time for a post.
    pub timeout: Duration,
    /// Time after which a post that failed is tried again.
    pub retry: Duration,
}

/// Where a notifier stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NotifierStatus {
    /// Number behind the last one that was dealt with: from here to go on.
    pub next: u64,
    /// Notifications that were taken.
    pub delivered: u64,
    /// Notifications that were refused for good (status 400 to 499 but for 429), or could not be made.
    pub refused: u64,
    /// Records that were missing in the stream.
    pub missed: u64,
    /// What went wrong last, if something did.
    pub failure: Option<String>,
}

/// Posts every message of a stream, in order, each until it is taken or refused. Dropped, it stops.
///
/// A notification whose answer was lost is posted again: the receiver knows it by its id.
pub struct Notifier {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    state: Mutex<State>,
    /// Signals the stop.
    stops: Condvar,
}

#[derive(Default)]
struct State {
    status: NotifierStatus,
    stops: bool,
}

impl Notifier {
    /// Starts with record `from`.
    ///
    /// # Errors
    /// [`Error::InvalidValue`] for settings or a number that cannot be, [`Error::File`] for certificates that cannot be read, else
    /// the backend's.
    pub fn start(backend: &dyn StreamBackend, from: u64, settings: NotifierSettings) -> Result<Self> {
        let target = Target::new(&settings.url, &settings.trust)?;
        let invalid = |name: &str, got: &str, expected: &str| {
            Err(Error::InvalidValue { name: name.into(), got: got.into(), expected: expected.into() })
        };
        if let Some(token) = &settings.token
            && (token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()))
        {
            return invalid("token", "another text", "visible ASCII characters");
        }
        if settings.timeout.is_zero() || settings.retry.is_zero() {
            return invalid("timeout or retry", "0", "more");
        }
        let reader = backend.read_from(from)?;
        let status = NotifierStatus { next: from, ..NotifierStatus::default() };
        let state = Mutex::new(State { status, stops: false });
        let shared = Arc::new(Shared { state, stops: Condvar::new() });
        let thread = Builder::new().name("notifier".into()).spawn({
            let shared = shared.clone();
            move || shared.run(reader, &target, &settings)
        });
        let thread = thread.map_err(|source| Error::Network { operation: "starting a thread", source })?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Where it stands.
    pub fn status(&self) -> NotifierStatus {
        self.shared.state().status.clone()
    }

    /// Ends posting, after the one that is under way.
    pub fn stop(mut self) -> NotifierStatus {
        self.end();
        self.status()
    }

    fn end(&mut self) {
        self.shared.state().stops = true;
        self.shared.stops.notify_all();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Notifier {
    fn drop(&mut self) {
        self.end();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self, mut reader: Box<dyn StreamReader>, target: &Target, settings: &NotifierSettings) {
        while !self.state().stops {
            match reader.next(LOOK) {
                Ok(Some(item)) => {
                    if !self.tell(&item, target, settings) {
                        return;
                    }
                }
                Ok(None) if reader.is_finished() => return,
                Ok(None) => {}
                Err(error) => {
                    self.state().status.failure = Some(error.to_string());
                    self.pause(settings.retry);
                }
            }
        }
    }

    /// Posts until the item is dealt with; false where the notifier stops before.
    fn tell(&self, item: &Item, target: &Target, settings: &NotifierSettings) -> bool {
        let (from, to) = numbers(item);
        let body = settings.body(item);
        let headers = settings.headers();
        loop {
            let outcome = match &body {
                Ok(Some(body)) => target.post(&headers, body.as_bytes(), settings.timeout),
                Ok(None) => Ok(0),
                Err(reason) => Err(reason.clone()),
            };
            let mut state = self.state();
            let status = &mut state.status;
            match outcome {
                Ok(0) => {}
                Ok(200..=299) => status.delivered += 1,
                Ok(code @ 400..=499) if code != 429 => {
                    status.refused += 1;
                    status.failure = Some(format!("record {from}: refused with status {code}"));
                }
                Err(reason) if body.is_err() => {
                    status.refused += 1;
                    status.failure = Some(format!("record {from}: {reason}"));
                }
                again => {
                    let reason = again.map_or_else(|reason| reason, |code| format!("status {code}"));
                    status.failure = Some(format!("record {from}: {reason}"));
                    drop(state);
                    if self.pause(settings.retry) {
                        return false;
                    }
                    continue;
                }
            }
            if !matches!(item, Item::Record(_)) {
                status.missed += (to + 1).saturating_sub(from);
            }
            status.next = to + 1;
            return true;
        }
    }

    /// Waits; true where the notifier shall stop.
    fn pause(&self, time: Duration) -> bool {
        let waited = self.stops.wait_timeout_while(self.state(), time, |state| !state.stops);
        waited.unwrap_or_else(PoisonError::into_inner).0.stops
    }
}

impl NotifierSettings {
    fn headers(&self) -> String {
        let kind = match self.form {
            Form::CloudEvents => "application/cloudevents+json; charset=utf-8",
            Form::Aviso { .. } => "application/json",
        };
        let token =
            self.token.as_ref().map_or(String::new(), |token| format!("Authorization: Bearer {token}\r\n"));
        format!("Content-Type: {kind}\r\n{token}")
    }

    /// What is posted of an item; None for what this form cannot say.
    fn body(&self, item: &Item) -> std::result::Result<Option<String>, String> {
        let base = self.base.trim_end_matches('/');
        match (&self.form, item) {
            (Form::CloudEvents, _) => Ok(Some(cloud_event(item, base, &self.stream).to_string())),
            (Form::Aviso { event_type }, Item::Record(record)) => {
                let body = json!({
                    "event_type": event_type,
                    "identifier": identifier(&record.key)?,
                    "payload": reference(record, base, &self.stream),
                });
                Ok(Some(body.to_string()))
            }
            (Form::Aviso { .. }, Item::Gap(_) | Item::Damage(_)) => Ok(None),
        }
    }
}

/// The pairs of a key `NAME=VALUE,NAME=VALUE`.
fn identifier(key: &[u8]) -> std::result::Result<Map<String, Value>, String> {
    let text = std::str::from_utf8(key).map_err(|_| "the key is not UTF-8")?;
    let mut pairs = Map::new();
    for pair in text.split(',') {
        let pair = pair.split_once('=').filter(|(name, _)| !name.is_empty());
        let (name, value) = pair.ok_or_else(|| format!("key '{text}': expected NAME=VALUE,NAME=VALUE"))?;
        if pairs.insert(name.to_owned(), json!(value)).is_some() {
            return Err(format!("key '{text}': '{name}' is there twice"));
        }
    }
    Ok(pairs)
}

#[cfg(test)]
mod tests {
    use super::identifier;

    #[test]
    fn identifiers_are_the_pairs_of_a_key() {
        let pairs = identifier(b"param=t,step=6,note=").unwrap();
        assert_eq!(serde_json::to_string(&pairs).unwrap(), r#"{"note":"","param":"t","step":"6"}"#);
        for bad in [&b""[..], b"t850", b"=6", b"a=1,", b"a=1,a=2", b"\xFF=1"] {
            assert!(identifier(bad).is_err(), "{bad:?}");
        }
    }
}
