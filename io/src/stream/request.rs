//! Reading a request, within limits.

use std::time::Instant;

use serde_json::json;

use super::server::StreamSettings;
use super::transport::Transport;

/// Most header lines of a request.
const HEADERS: usize = 64;

/// A request for which an answer is looked for.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) path: String,
    pub(super) query: Vec<(String, String)>,
    pub(super) host: String,
    pub(super) authorization: Option<Vec<u8>>,
    pub(super) last_event: Option<String>,
}

/// A request that is not answered, and why.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) body: serde_json::Value,
    /// Further header lines, each with its end.
    pub(super) headers: &'static str,
}

impl Refusal {
    pub(super) fn new(status: u16, reason: impl Into<String>) -> Self {
        Self { status, body: json!({ "error": reason.into() }), headers: "" }
    }
}

/// Reads the head of a request; None where the peer left or the connection broke, so that nobody is there to be answered.
pub(super) fn read(
    stream: &mut dyn Transport,
    settings: &StreamSettings,
) -> Option<Result<Request, Refusal>> {
    let start = Instant::now();
    let (mut bytes, mut buffer) = (Vec::new(), [0; 2048]);
    loop {
        let left = settings.head_timeout.saturating_sub(start.elapsed());
        if left.is_zero() {
            return Some(Err(Refusal::new(408, "the request did not come to its end in time")));
        }
        stream.read_within(left).ok()?;
        match stream.read(&mut buffer) {
            Ok(0) => return None,
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
            Err(error) => match error.kind() {
                std::io::ErrorKind::WouldBlock
                | std::io::ErrorKind::TimedOut
                | std::io::ErrorKind::Interrupted => continue,
                _ => return None,
            },
        }
        match parse(&bytes) {
            Ok(None) if bytes.len() < settings.head_bytes => {}
            Ok(None) => {
                let reason = format!("the request's head has more than {} bytes", settings.head_bytes);
                return Some(Err(Refusal::new(431, reason)));
            }
            Ok(Some(request)) => return Some(Ok(request)),
            Err(refusal) => return Some(Err(refusal)),
        }
    }
}

/// None where the head is not there to its end.
fn parse(bytes: &[u8]) -> Result<Option<Request>, Refusal> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS];
    let mut parsed = httparse::Request::new(&mut headers);
    match parsed.parse(bytes) {
        Ok(httparse::Status::Complete(_)) => {}
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(httparse::Error::TooManyHeaders) => {
            return Err(Refusal::new(431, format!("the request has more than {HEADERS} header lines")));
        }
        Err(httparse::Error::Version) => return Err(Refusal::new(505, "expected HTTP/1.1")),
        Err(error) => return Err(Refusal::new(400, format!("no request of HTTP/1.1: {error}"))),
    }
    if parsed.version != Some(1) {
        return Err(Refusal::new(505, "expected HTTP/1.1"));
    }
    let header = |name: &str| -> Result<Option<&[u8]>, Refusal> {
        let mut values = parsed.headers.iter().filter(|header| header.name.eq_ignore_ascii_case(name));
        let value = values.next().map(|header| header.value);
        match values.next() {
            Some(_) => Err(Refusal::new(400, format!("'{name}' is there twice"))),
            None => Ok(value),
        }
    };
    let text = |name: &str| match header(name)?.map(std::str::from_utf8) {
        None => Ok(None),
        Some(Ok(text)) => Ok(Some(text.to_owned())),
        Some(Err(_)) => Err(Refusal::new(400, format!("'{name}' is not UTF-8"))),
    };
    if parsed.method != Some("GET") {
        return Err(Refusal { headers: "Allow: GET\r\n", ..Refusal::new(405, "expected GET") });
    }
    if header("Transfer-Encoding")?.is_some()
        || header("Content-Length")?.is_some_and(|length| length != b"0")
    {
        return Err(Refusal::new(400, "expected no body"));
    }
    let host = text("Host")?.ok_or_else(|| Refusal::new(400, "expected 'Host'"))?;
    let (path, query) = target(parsed.path.unwrap_or_default())?;
    let authorization = header("Authorization")?.map(<[u8]>::to_vec);
    Ok(Some(Request { path, query, host, authorization, last_event: text("Last-Event-ID")? }))
}

type Target = (String, Vec<(String, String)>);

/// Path and query. What is asked for here has no characters that need an escape.
fn target(target: &str) -> Result<Target, Refusal> {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    if !path.starts_with('/') {
        return Err(Refusal::new(400, "expected a path"));
    }
    let mut pairs: Vec<(String, String)> = Vec::new();
    for part in query.split('&').filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        if pairs.iter().any(|pair| pair.0 == name) {
            return Err(Refusal::new(400, format!("'{name}' is there twice")));
        }
        pairs.push((name.to_owned(), value.to_owned()));
    }
    Ok((path.to_owned(), pairs))
}

impl Request {
    /// Refuses what is not among `names`.
    pub(super) fn allow(&self, names: &[&str]) -> Result<(), Refusal> {
        match self.query.iter().find(|pair| !names.contains(&pair.0.as_str())) {
            Some((name, _)) => {
                let known = if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
                Err(Refusal::new(400, format!("'{name}' is not known here: expected {known}")))
            }
            None => Ok(()),
        }
    }

    /// A whole number of the query.
    pub(super) fn number(&self, name: &str) -> Result<Option<u64>, Refusal> {
        match self.query.iter().find(|pair| pair.0 == name) {
            Some((_, value)) => whole(name, value).map(Some),
            None => Ok(None),
        }
    }

    /// The number behind that of the last event that the consumer saw.
    pub(super) fn after_last_event(&self) -> Result<Option<u64>, Refusal> {
        let Some(id) = &self.last_event else { return Ok(None) };
        Ok(Some(whole("Last-Event-ID", id)?.saturating_add(1)))
    }
}

fn whole(name: &str, value: &str) -> Result<u64, Refusal> {
    let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    let number = value.parse().ok().filter(|_| digits);
    number.ok_or_else(|| Refusal::new(400, format!("'{name}': expected a whole number of 64 bits")))
}
