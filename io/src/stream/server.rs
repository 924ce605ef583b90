//! Listening, and ending.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use super::Identity;
use super::backend::StreamBackend;
use super::connection::refuse;
use super::request::{Refusal, read};
use super::routes::route;
use super::tls::Acceptor;
use super::token::Token;
use super::transport::Transport;
use crate::error::{Error, Result};

/// Connections beyond the limit that are told so at a time; further ones are closed without a word.
const REFUSALS: usize = 16;

/// How a server answers.
#[derive(Debug, Clone)]
pub struct StreamSettings {
    /// What consumers must show. None: loopback addresses only.
    pub token: Option<Token>,
    /// TLS. None: what is sent can be read on its way.
    pub identity: Option<Identity>,
    /// Listens on other than loopback addresses without TLS too.
    pub plain: bool,
    /// How consumers reach the server (`https://streams.example.org`), for URLs in notifications. None: by its address.
    pub url: Option<String>,
    /// Connections at a time; further ones are answered 503.
    pub connections: usize,
    /// Most bytes of a request's head.
    pub head_bytes: usize,
    /// Time in which a request's head must come.
    pub head_timeout: Duration,
    /// Time after which a consumer that takes nothing is dropped.
    pub write_timeout: Duration,
    /// Most records of one pull.
    pub pull_records: u64,
    /// Payload bytes after which a pull ends.
    pub pull_bytes: u64,
    /// Time without events after which a sign of life is sent.
    pub heartbeat: Duration,
}

impl Default for StreamSettings {
    /// 64 connections; heads of 16 KiB within 10 s; consumers dropped after 30 s; pulls of 1000 records or 256 MiB; a sign of
    /// life every 15 s.
    fn default() -> Self {
        Self {
            token: None,
            identity: None,
            plain: false,
            url: None,
            connections: 64,
            head_bytes: 16 << 10,
            head_timeout: Duration::from_secs(10),
            write_timeout: Duration::from_secs(30),
            pull_records: 1000,
            pull_bytes: 256 << 20,
            heartbeat: Duration::from_secs(15),
        }
    }
}

/// What connections see.
pub(super) struct Shared {
    pub(super) streams: BTreeMap<String, Arc<dyn StreamBackend>>,
    pub(super) settings: StreamSettings,
    /// Start of every URL.
    pub(super) base: String,
    pub(super) stops: AtomicBool,
    acceptor: Option<Acceptor>,
    /// Open connections by number.
    open: Mutex<HashMap<u64, TcpStream>>,
    /// Signals the end of a connection.
    ended: Condvar,
}

impl Shared {
    pub(super) fn new(
        streams: BTreeMap<String, Arc<dyn StreamBackend>>,
        settings: StreamSettings,
        base: String,
        acceptor: Option<Acceptor>,
    ) -> Self {
        Self {
            streams,
            base: base.trim_end_matches('/').to_owned(),
            settings,
            stops: AtomicBool::new(false),
            acceptor,
            open: Mutex::new(HashMap::new()),
            ended: Condvar::new(),
        }
    }
}

/// A server of streams. Dropped, it stops.
pub struct StreamServer {
    shared: Arc<Shared>,
    address: SocketAddr,
    listening: Option<JoinHandle<()>>,
}

impl StreamServer {
    /// Listens on `address` (port 0: a free one) for consumers of `streams`.
    ///
    /// # Errors
    /// [`Error::InvalidValue`] for an address that is not a loopback one where there is no token, or no TLS, for a name with
    /// other characters than letters, digits, `.`, `-` and `_`, for limits of 0, and for a certificate that cannot be used;
    /// [`Error::Network`] where the system refuses.
    pub fn start(
        address: impl ToSocketAddrs,
        streams: BTreeMap<String, Arc<dyn StreamBackend>>,
        settings: StreamSettings,
    ) -> Result<Self> {
        check(&streams, &settings)?;
        let fail = |operation| move |source| Error::Network { operation, source };
        let addresses: Vec<SocketAddr> =
            address.to_socket_addrs().map_err(fail("looking up the address"))?.collect();
        if let Some(open) = addresses.iter().find(|address| !address.ip().is_loopback()) {
            let expected = match (&settings.token, &settings.identity) {
                (None, _) => Some("a loopback address, or a token"),
                (Some(_), None) if !settings.plain => Some("a loopback address, or TLS"),
                _ => None,
            };
            if let Some(expected) = expected {
                return Err(Error::InvalidValue {
                    name: "address".into(),
                    got: open.to_string(),
                    expected: expected.into(),
                });
            }
        }
        let acceptor = settings.identity.as_ref().map(Acceptor::new).transpose()?;
        let listener = TcpListener::bind(&addresses[..]).map_err(fail("listening"))?;
        let address = listener.local_addr().map_err(fail("listening"))?;
        let base = settings.url.clone().unwrap_or_else(|| {
            let scheme = if acceptor.is_some() { "https" } else { "http" };
            format!("{scheme}://{address}")
        });
        let shared = Arc::new(Shared::new(streams, settings, base, acceptor));
        let listening = Builder::new().name("streams".into()).spawn({
            let shared = shared.clone();
            move || listen(&listener, &shared)
        });
        let listening = Some(listening.map_err(fail("starting a thread"))?);
        Ok(Self { shared, address, listening })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends every connection and waits for it.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        let Some(listening) = self.listening.take() else { return };
        self.shared.stops.store(true, Ordering::Relaxed);
        // The listening thread waits for a connection: here is one.
        let ip = match self.address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            ip => ip,
        };
        let knocked = TcpStream::connect_timeout(&(ip, self.address.port()).into(), Duration::from_secs(1));
        if knocked.is_ok() {
            let _ = listening.join();
        }
        let mut open = self.shared.open.lock().unwrap_or_else(PoisonError::into_inner);
        for stream in open.values() {
            let _ = stream.shutdown(Shutdown::Both);
        }
        while !open.is_empty() {
            open = self.shared.ended.wait(open).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Drop for StreamServer {
    fn drop(&mut self) {
        self.end();
    }
}

fn check(streams: &BTreeMap<String, Arc<dyn StreamBackend>>, settings: &StreamSettings) -> Result<()> {
    let plain = |name: &str| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte))
    };
    let invalid = |name: &str, got: String, expected: &str| {
        Err(Error::InvalidValue { name: name.into(), got, expected: expected.into() })
    };
    if let Some(name) = streams.keys().find(|name| !plain(name)) {
        return invalid("stream", format!("'{name}'"), "a name of letters, digits, '.', '-' and '_'");
    }
    let limits = [
        ("connections", settings.connections as u64),
        ("head_bytes", settings.head_bytes as u64),
        ("pull_records", settings.pull_records),
        ("pull_bytes", settings.pull_bytes),
        ("head_timeout", settings.head_timeout.as_millis() as u64),
        ("write_timeout", settings.write_timeout.as_millis() as u64),
    ];
    match limits.iter().find(|limit| limit.1 == 0) {
        Some((name, _)) => invalid(name, "0".into(), "more"),
        None => Ok(()),
    }
}

fn listen(listener: &TcpListener, shared: &Arc<Shared>) {
    for (number, stream) in (0..).zip(listener.incoming()) {
        if shared.stops.load(Ordering::Relaxed) {
            return;
        }
        let Ok(stream) = stream else {
            // No descriptor is left, say: another connection has to end first.
            std::thread::sleep(Duration::from_millis(20));
            continue;
        };
        let timeout = stream.set_write_timeout(Some(shared.settings.write_timeout));
        // An event shall not wait for the answer to the one before.
        if timeout.and_then(|()| stream.set_nodelay(true)).is_err() {
            continue;
        }
        let Ok(copy) = stream.try_clone() else { continue };
        let connections = shared.settings.connections;
        let before = {
            let mut open = shared.open.lock().unwrap_or_else(PoisonError::into_inner);
            let before = open.len();
            if before < connections + REFUSALS {
                open.insert(number, copy);
            }
            before
        };
        if before >= connections + REFUSALS {
            continue;
        }
        let entry = Entry { shared: shared.clone(), number };
        // Where no thread is to be had, the entry goes with the closure.
        let _ = Builder::new().name("stream".into()).spawn(move || {
            serve(stream, &entry.shared, before < connections);
        });
    }
}

/// A connection's place among the open ones.
struct Entry {
    shared: Arc<Shared>,
    number: u64,
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.shared.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.number);
        self.shared.ended.notify_all();
    }
}

fn serve(mut socket: TcpStream, shared: &Shared, has_room: bool) {
    let full = Refusal { headers: "Retry-After: 1\r\n", ..Refusal::new(503, "too many connections") };
    let Some(acceptor) = &shared.acceptor else {
        return match has_room {
            true => answer(&mut socket, shared, None),
            false => refuse(&mut socket, &full),
        };
    };
    // A record of TLS begins with its kind, which is no letter, as the methods of HTTP have them.
    let mut first = [0];
    if socket.read_within(shared.settings.head_timeout).and_then(|()| socket.peek(&mut first)).is_err() {
        return;
    }
    if first[0].is_ascii_alphabetic() {
        return refuse(&mut socket, &Refusal::new(400, "expected TLS: ask by https"));
    }
    if let Ok(mut secured) = acceptor.accept(socket) {
        answer(&mut secured, shared, Some(full).filter(|_| !has_room));
    }
}

/// Reads a request and answers it, by a refusal where there is one.
fn answer(stream: &mut dyn Transport, shared: &Shared, refusal: Option<Refusal>) {
    let Some(request) = read(stream, &shared.settings) else { return };
    let answered = match refusal {
        Some(refusal) => Err(refusal),
        None => request.and_then(|request| route(stream, &request, shared)),
    };
    match answered {
        Ok(Ok(())) => drop(stream.finish()),
        // A consumer that left or took nothing: nobody is there to be told.
        Ok(Err(_)) => {}
        Err(refusal) => refuse(stream, &refusal),
    }
}
