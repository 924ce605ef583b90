//! Streams: numbered messages for consumers on the network, over HTTP/1.1.
//!
//! ```no_run
//! use std::collections::BTreeMap;
//! use std::sync::Arc;
//! use terrella_io::log::{Log, LogSettings};
//! use terrella_io::stream::{StreamBackend, StreamServer, StreamSettings};
//! let (log, _) = Log::open("out/log", &LogSettings::default())?;
//! let log: Arc<dyn StreamBackend> = Arc::new(log);
//! let server = StreamServer::start("127.0.0.1:8080", BTreeMap::from([("forecast".into(), log)]), StreamSettings::default())?;
//! println!("http://{}/streams/forecast", server.address());
//! # Ok::<(), terrella_io::Error>(())
//! ```
//!
//! | GET | answer |
//! |---|---|
//! | `/streams` | the names, JSON |
//! | `/streams/NAME` | `first` and `next` number, JSON |
//! | `/streams/NAME/records/N` | *by reference*: the payload of record N; its BLAKE3 is the `ETag` |
//! | `/streams/NAME/records?from=N&to=M&count=C&wait=S` | *pull*: records N to M, C at most, after at most S seconds if there is none yet |
//! | `/streams/NAME/events?from=N` | *push*: server-sent events with payloads in base64, without end |
//! | `/streams/NAME/notifications?from=N` | *hybrid*: server-sent events with CloudEvents 1.0 that have key, hash and URL |
//!
//! All run on the same numbers, so that a consumer may go from one to another. What a consumer does not say is: `from` the
//! oldest record for a pull and the next new one for events, `to` without end. Events have their number as `id`: a consumer
//! that comes back with `Last-Event-ID` goes on where it was.
//!
//! A pull is a sequence of items (`application/vnd.terrella.records`): a line of JSON, `{"number", "time", "key", "bytes",
//! "hash"}`, then `bytes` bytes of payload and a line feed. `key` is `key_base64` where it is not UTF-8. 204 is an empty pull.
//!
//! What is stored in another form, compressed or encrypted, leaves as it is stored: `"form": ["zstd", "xchacha20-poly1305"]` in a line or an
//! event, `Terrella-Form` in the head of a single record; `bytes` and `hash` are of that form. A server has no secrets:
//! consumers that have one open records themselves ([`crate::log::Seal`]).
//!
//! **Gaps.** Records that retention removed are an item of their own, `{"gap": {"from", "to", "count"}}`, as are records
//! that cannot be read, `{"damage": {"from", "to", "count", "reason"}}`: lines in a pull, events `gap` and `damage`, CloudEvents
//! of type `org.terrella.gap` and `org.terrella.damage`, 410 and 500 for a single record. Numbers outside a log are refused
//! with 416: a consumer never waits for a number that belongs to another log.
//!
//! **Who may.** Without a [`Token`] the server listens on loopback addresses only, and answers only what was sent to a loopback
//! name, so that a page in a browser cannot reach it by another name. With a token every request needs
//! `Authorization: Bearer TOKEN`. On other addresses TLS is needed besides ([`StreamSettings::identity`], by the feature `tls`, a
//! default), unless [`StreamSettings::plain`] says that somebody else does it, a proxy on the same machine say. Who speaks
//! without TLS to a server with it is told so (400).
//!
//! A consumer that does not read is dropped after [`StreamSettings::write_timeout`]; the writer of the log never waits for one.
//! Each connection is a thread, answers one request and ends.
//!
//! A [`Notifier`] posts the notifications itself, as CloudEvents or to an Aviso server.
//!
//! Messages come from a [`StreamBackend`]: a log on this machine ([`crate::log::Log`]), or a NATS server ([`JetStream`]), from which
//! many consumers may also read directly.

use std::path::PathBuf;

mod backend;
pub(crate) mod base64;
mod connection;
mod format;
#[cfg(fuzzing)]
pub mod fuzzing;
mod jet_stream;
mod notifier;
mod post;
mod request;
mod routes;
mod server;
#[cfg(feature = "tls")]
mod tls;
#[cfg(not(feature = "tls"))]
#[path = "no_tls.rs"]
mod tls;
mod token;
mod transport;

pub use backend::{Bounds, StreamBackend, StreamReader};
pub use jet_stream::{JetStream, JetStreamSettings};
pub use notifier::{Form, Notifier, NotifierSettings, NotifierStatus};
pub use server::{StreamServer, StreamSettings};
pub use token::Token;

/// What a server shows in TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// PEM file with its certificate, and behind it those of the authorities between it and one that consumers trust.
    pub certificate: PathBuf,
    /// PEM file with the certificate's private key.
    pub private_key: PathBuf,
}

/// Whose certificates are believed in TLS.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Trust {
    /// Those of the authorities that the system trusts.
    #[default]
    System,
    /// Those of the authorities in a PEM file, and no others.
    Authorities(PathBuf),
}
