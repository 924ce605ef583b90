//! Answering on a connection.

use std::time::{Duration, Instant};

use super::request::Refusal;
use super::transport::Transport;

/// Most bytes of a refused request that are read and thrown away, so that the refusal reaches its peer.
const DISCARDED: usize = 1 << 20;
/// Longest time for that: a peer that sends byte by byte would keep its place for days.
const DISCARDING: Duration = Duration::from_secs(2);

/// Header lines of every answer: one request per connection, nothing guessed about the content, nothing kept on the way.
const COMMON: &str = "Connection: close\r\nX-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\n";

fn phrase(status: u16) -> &'static str {
    match status {
        200 => "OK",
        204 => "No Content",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        410 => "Gone",
        416 => "Range Not Satisfiable",
        431 => "Request Header Fields Too Large",
        503 => "Service Unavailable",
        505 => "HTTP Version Not Supported",
        _ => "Internal Server Error",
    }
}

/// The head of an answer; `headers` are lines with their ends.
pub(super) fn head(stream: &mut dyn Transport, status: u16, headers: &str) -> std::io::Result<()> {
    // In one piece: formatted straight into the stream, every part would be a packet.
    stream.write_all(format!("HTTP/1.1 {status} {}\r\n{COMMON}{headers}\r\n", phrase(status)).as_bytes())
}

/// A whole answer.
pub(super) fn answer(
    stream: &mut dyn Transport,
    status: u16,
    headers: &str,
    kind: &str,
    body: &[u8],
) -> std::io::Result<()> {
    let headers = format!("Content-Type: {kind}\r\nContent-Length: {}\r\n{headers}", body.len());
    head(stream, status, &headers)?;
    stream.write_all(body)
}

/// Answers a refusal and ends the connection.
pub(super) fn refuse(stream: &mut dyn Transport, refusal: &Refusal) {
    let body = format!("{}\n", refusal.body);
    if answer(stream, refusal.status, refusal.headers, "application/json", body.as_bytes()).is_err()
        || stream.finish().is_err()
    {
        return;
    }
    // Closed with bytes unread, the system would reset the connection and the answer with it.
    let (start, mut discarded, mut buffer) = (Instant::now(), 0, [0; 4096]);
    while discarded < DISCARDED && start.elapsed() < DISCARDING {
        if stream.read_within(Duration::from_millis(200)).is_err() {
            return;
        }
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return,
            Ok(count) => discarded += count,
        }
    }
}

/// An answer whose length is not known before (RFC 9112, section 7.1).
pub(super) struct Chunks<'a>(pub(super) &'a mut dyn Transport);

impl Chunks<'_> {
    pub(super) fn write(&mut self, parts: &[&[u8]]) -> std::io::Result<()> {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        if length == 0 {
            return Ok(());
        }
        self.0.write_all(format!("{length:x}\r\n").as_bytes())?;
        for part in parts {
            self.0.write_all(part)?;
        }
        self.0.write_all(b"\r\n")
    }

    pub(super) fn finish(self) -> std::io::Result<()> {
        self.0.write_all(b"0\r\n\r\n")
    }
}
