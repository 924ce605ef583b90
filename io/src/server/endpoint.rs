//! Metrics over HTTP, for this machine alone.
//!
//! `GET /metrics` is Prometheus' text, `GET /metrics.json` the same numbers as JSON. One request at a time: a scraper asks
//! every few seconds, and one that is slow waits for nobody but itself.

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::Metrics;
use crate::error::{Error, Result};

/// How long a client may take to say what it wants, and to take it.
const PATIENCE: Duration = Duration::from_secs(2);

/// Longest request (bytes).
const LONGEST: usize = 8192;

pub(super) struct Endpoint {
    pub(super) address: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Endpoint {
    pub(super) fn new(address: SocketAddr, metrics: impl Fn() -> Metrics + Send + 'static) -> Result<Self> {
        if !address.ip().is_loopback() {
            return Err(Error::InvalidValue {
                name: "metrics".into(),
                got: address.to_string(),
                expected: "an address of this machine alone, such as 127.0.0.1:9464".into(),
            });
        }
        let fail = |source| Error::Server { reason: format!("cannot serve metrics at {address}: {source}") };
        let listener = TcpListener::bind(address).map_err(fail)?;
        let address = listener.local_addr().map_err(fail)?;
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let serve = move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::Acquire) {
                    return;
                }
                // A client that goes away harms nobody.
                let _ = stream.and_then(|stream| answer(stream, &metrics));
            }
        };
        let thread = std::thread::Builder::new().name("output metrics".into()).spawn(serve).map_err(fail)?;
        Ok(Self { address, stop, thread: Some(thread) })
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        // Wakes the thread up.
        let woken = TcpStream::connect_timeout(&self.address, PATIENCE).is_ok();
        if let (Some(thread), true) = (self.thread.take(), woken) {
            let _ = thread.join();
        }
    }
}

fn answer(mut stream: TcpStream, metrics: &impl Fn() -> Metrics) -> std::io::Result<()> {
    stream.set_write_timeout(Some(PATIENCE))?;
    let request = request(&mut stream)?;
    let mut words = request.split(|byte| byte.is_ascii_whitespace());
    let path = |path: &'static [u8]| [path, b"?"].concat();
    let (status, kind, body) = match (words.next(), words.next()) {
        // A page in a browser must not reach it by another name.
        _ if !host(&request).is_none_or(is_loopback) => {
            ("403 Forbidden", "text/plain", "Expected a loopback name in 'Host'.\n".into())
        }
        (Some(b"GET"), Some(target)) if target == b"/metrics" || target.starts_with(&path(b"/metrics")) => {
            ("200 OK", "text/plain; version=0.0.4; charset=utf-8", metrics().to_prometheus())
        }
        (Some(b"GET"), Some(b"/metrics.json")) => ("200 OK", "application/json", metrics().to_json()),
        (Some(b"GET"), _) => {
            ("404 Not Found", "text/plain", "There are /metrics and /metrics.json.\n".into())
        }
        _ => ("405 Method Not Allowed", "text/plain", "Only GET.\n".into()),
    };
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
}

/// The header `Host`, without its port.
fn host(request: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(request).into_owned();
    let value = text.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("host").then(|| value.trim().to_owned())
    })?;
    let name = match value.strip_prefix('[') {
        Some(rest) => rest.split(']').next(),
        None => value.split(':').next(),
    };
    name.map(String::from)
}

fn is_loopback(host: String) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The bytes up to the empty line.
fn request(stream: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let end = Instant::now() + PATIENCE;
    let (mut request, mut part) = (Vec::new(), [0; 1024]);
    while !request.windows(4).any(|window| window == b"\r\n\r\n") {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() || request.len() > LONGEST {
            return Err(ErrorKind::InvalidData.into());
        }
        stream.set_read_timeout(Some(left))?;
        match stream.read(&mut part)? {
            0 => return Err(ErrorKind::UnexpectedEof.into()),
            count => request.extend_from_slice(&part[..count]),
        }
    }
    Ok(request)
}
