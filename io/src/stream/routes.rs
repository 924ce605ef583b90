//! What is asked for, and the answer to it.

use std::net::IpAddr;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use serde_json::json;

use super::backend::{Bounds, StreamBackend, StreamReader};
use super::connection::{Chunks, answer, head};
use super::format::{event, hexadecimal, line, lost, notification, numbers};
use super::request::{Refusal, Request};
use super::server::Shared;
use super::transport::Transport;
use crate::error::Error;
use crate::log::{Form, Item};

/// Longest time that a pull waits for a first record (s).
const LONGEST_WAIT: u64 = 60;
/// How often a waiting connection looks whether the server stops.
const LOOK: Duration = Duration::from_millis(250);

/// Answers a request; an error of the connection ends it and nothing else.
pub(super) fn route(
    stream: &mut dyn Transport,
    request: &Request,
    shared: &Shared,
) -> Result<std::io::Result<()>, Refusal> {
    admit(request, shared)?;
    let parts: Vec<&str> = request.path[1..].split('/').collect();
    let not_found = || Refusal::new(404, format!("nothing is at '{}'", request.path));
    if parts[0] != "streams" {
        return Err(not_found());
    }
    if parts.len() == 1 {
        request.allow(&[])?;
        let names: Vec<&String> = shared.streams.keys().collect();
        return Ok(json_answer(stream, &json!({ "streams": names })));
    }
    let name = parts[1];
    let backend = &**shared.streams.get(name).ok_or_else(not_found)?;
    match parts[2..] {
        [] => {
            request.allow(&[])?;
            let bounds = bounds(backend)?;
            Ok(json_answer(stream, &json!({ "first": bounds.first, "next": bounds.next })))
        }
        ["records"] => pull(stream, request, backend, shared),
        ["records", number] => {
            request.allow(&[])?;
            let digits = number.bytes().all(|byte| byte.is_ascii_digit());
            let number = number.parse().ok().filter(|_| digits).ok_or_else(not_found)?;
            single(stream, number, backend)
        }
        ["events"] => push(stream, request, backend, shared, event),
        ["notifications"] => {
            push(stream, request, backend, shared, |item| notification(item, &shared.base, name))
        }
        _ => Err(not_found()),
    }
}

/// Deny by default: a token, or else a loopback name.
fn admit(request: &Request, shared: &Shared) -> Result<(), Refusal> {
    match &shared.settings.token {
        Some(token) => {
            let shown = request.authorization.as_deref();
            if !shown.is_some_and(|shown| token.is_shown_by(shown)) {
                let refusal =
                    Refusal::new(401, "expected 'Authorization: Bearer TOKEN' with the right token");
                return Err(Refusal { headers: "WWW-Authenticate: Bearer\r\n", ..refusal });
            }
        }
        None if !is_loopback(&request.host) => {
            return Err(Refusal::new(403, "without a token, expected a loopback name in 'Host'"));
        }
        None => {}
    }
    Ok(())
}

fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split_once(']').map_or("", |(name, _)| name),
        None => host.split_once(':').map_or(host, |(name, _)| name),
    };
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn json_answer(stream: &mut dyn Transport, value: &serde_json::Value) -> std::io::Result<()> {
    answer(stream, 200, "", "application/json", format!("{value}\n").as_bytes())
}

fn open(backend: &dyn StreamBackend, from: u64) -> Result<Box<dyn StreamReader>, Refusal> {
    backend.read_from(from).map_err(|error| match error {
        Error::InvalidValue { .. } => {
            let mut refusal = Refusal::new(416, format!("there is no record {from} yet, or never"));
            if let Ok(bounds) = backend.bounds() {
                refusal.body["first"] = json!(bounds.first);
                refusal.body["next"] = json!(bounds.next);
            }
            refusal
        }
        // The text names files of the server.
        _ => unreadable(),
    })
}

fn bounds(backend: &dyn StreamBackend) -> Result<Bounds, Refusal> {
    backend.bounds().map_err(|_| unreadable())
}

fn unreadable() -> Refusal {
    Refusal::new(500, "the stream cannot be read")
}

fn take(reader: &mut dyn StreamReader, timeout: Duration) -> Result<Option<Item>, Refusal> {
    reader.next(timeout).map_err(|_| unreadable())
}

/// The payload of one record.
fn single(
    stream: &mut dyn Transport,
    number: u64,
    backend: &dyn StreamBackend,
) -> Result<std::io::Result<()>, Refusal> {
    match take(&mut *open(backend, number)?, Duration::ZERO)? {
        None => Err(Refusal::new(404, format!("record {number} is not there yet"))),
        Some(Item::Record(record)) => {
            let mut headers = format!("ETag: \"{}\"\r\n", hexadecimal(&record.hash));
            if record.form != Form::default() {
                headers += &format!("Terrella-Form: {}\r\n", record.form.names().join(", "));
            }
            Ok(answer(stream, 200, &headers, "application/octet-stream", &record.payload))
        }
        Some(item @ Item::Gap(_)) => {
            Err(Refusal { body: json!({ "gap": lost(&item) }), ..Refusal::new(410, "") })
        }
        Some(item @ Item::Damage(_)) => {
            Err(Refusal { body: json!({ "damage": lost(&item) }), ..Refusal::new(500, "") })
        }
    }
}

/// Records from a number on, within limits.
fn pull(
    stream: &mut dyn Transport,
    request: &Request,
    backend: &dyn StreamBackend,
    shared: &Shared,
) -> Result<std::io::Result<()>, Refusal> {
    request.allow(&["from", "to", "count", "wait"])?;
    let from = match request.number("from")? {
        Some(from) => from,
        None => bounds(backend)?.first,
    };
    let to = request.number("to")?.unwrap_or(u64::MAX);
    let count = request.number("count")?.unwrap_or(u64::MAX).min(shared.settings.pull_records);
    let wait = request.number("wait")?.unwrap_or(0);
    if to < from || count == 0 || wait > LONGEST_WAIT {
        let expected = format!("'from' <= 'to', 'count' of 1 or more, 'wait' of at most {LONGEST_WAIT} s");
        return Err(Refusal::new(400, format!("expected {expected}")));
    }
    let mut reader = open(backend, from)?;
    let start = Instant::now();
    let first = loop {
        let left = Duration::from_secs(wait).saturating_sub(start.elapsed());
        let item = take(&mut *reader, left.min(LOOK))?;
        if item.is_some() || left.is_zero() || reader.is_finished() || shared.stops.load(Ordering::Relaxed) {
            break item;
        }
    };
    let Some(first) = first else { return Ok(head(stream, 204, "")) };
    let headers = "Content-Type: application/vnd.terrella.records\r\nTransfer-Encoding: chunked\r\n";
    if let Err(error) = head(stream, 200, headers) {
        return Ok(Err(error));
    }
    let mut chunks = Chunks(stream);
    let (mut item, mut records, mut bytes) = (Some(first), 0, 0);
    while let Some(current) = item.take() {
        let payload: &[u8] = if let Item::Record(record) = &current { &record.payload } else { &[] };
        let end: &[u8] = if matches!(current, Item::Record(_)) { b"\n" } else { b"" };
        if let Err(error) = chunks.write(&[line(&current).as_bytes(), payload, end]) {
            return Ok(Err(error));
        }
        records += 1;
        bytes += payload.len() as u64;
        if numbers(&current).1 >= to || records >= count || bytes >= shared.settings.pull_bytes {
            break;
        }
        match reader.next(Duration::ZERO) {
            Ok(next) => item = next,
            // Without its last chunk the answer is seen to be cut short.
            Err(_) => return Ok(Ok(())),
        }
    }
    Ok(chunks.finish())
}

/// Events from a number on, until the consumer leaves, the stream is finished or the server stops.
fn push(
    stream: &mut dyn Transport,
    request: &Request,
    backend: &dyn StreamBackend,
    shared: &Shared,
    text: impl Fn(&Item) -> String,
) -> Result<std::io::Result<()>, Refusal> {
    request.allow(&["from"])?;
    // A consumer that comes back asks with the same address and with what it saw last.
    let from = match (request.after_last_event()?, request.number("from")?) {
        (Some(from), _) | (None, Some(from)) => from,
        (None, None) => bounds(backend)?.next,
    };
    let mut reader = open(backend, from)?;
    let mut send = || {
        head(stream, 200, "Content-Type: text/event-stream\r\n")?;
        let mut spoken = Instant::now();
        while !shared.stops.load(Ordering::Relaxed) {
            match reader.next(LOOK) {
                Ok(Some(item)) => {
                    stream.write_all(text(&item).as_bytes())?;
                    spoken = Instant::now();
                }
                Ok(None) if reader.is_finished() => return stream.write_all(b"event: end\ndata: {}\n\n"),
                Ok(None) if spoken.elapsed() >= shared.settings.heartbeat => {
                    // A comment: it keeps the way open and finds out whether the consumer is still there.
                    stream.write_all(b":\n\n")?;
                    spoken = Instant::now();
                }
                Ok(None) => {}
                Err(_) => return stream.write_all(b"event: error\ndata: {}\n\n"),
            }
        }
        Ok(())
    };
    Ok(send())
}

#[cfg(test)]
mod tests {
    use super::is_loopback;

    #[test]
    fn loopback_names_are_told_from_others() {
        for host in ["localhost", "LocalHost:80", "127.0.0.1:8080", "127.1.2.3", "[::1]:80", "[::1]"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["", "example.org", "localhost.example.org:80", "10.0.0.1", "[::2]", "::1", "[::1"] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
