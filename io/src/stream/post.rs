//! Posting to another HTTP server.

use std::time::{Duration, Instant};

use super::Trust;
use super::tls::Connector;
use super::transport::{Transport, connect};
use crate::error::{Error, Result};

/// Most bytes of an answer's head.
const HEAD: usize = 16 << 10;

/// Where to post.
#[derive(Debug)]
pub(super) struct Target {
    host: String,
    port: u16,
    path: String,
    /// For TLS.
    connector: Option<Connector>,
}

impl Target {
    /// From `http://HOST[:PORT][/PATH]`, or `https`, where the server must show a certificate that is trusted.
    pub(super) fn new(url: &str, trust: &Trust) -> Result<Self> {
        let parse = || {
            let (rest, secure) = match url.strip_prefix("https://") {
                Some(rest) => (rest, true),
                None => (url.strip_prefix("http://")?, false),
            };
            if !rest.bytes().all(|byte| byte.is_ascii_graphic()) {
                return None;
            }
            let (authority, path) = rest.find('/').map_or((rest, "/"), |slash| rest.split_at(slash));
            // An address of IPv6 has colons in its brackets.
            let (host, port) = match authority.rsplit_once(':') {
                Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()?),
                _ => (authority, if secure { 443 } else { 80 }),
            };
            let named = !host.is_empty() && !authority.contains(['@', '?', '#']) && !path.contains('#');
            named.then(|| (host.to_owned(), port, path.to_owned(), secure))
        };
        let (host, port, path, secure) = parse().ok_or_else(|| Error::InvalidValue {
            name: "url".into(),
            got: format!("'{url}'"),
            expected: "http://HOST[:PORT][/PATH], or https".into(),
        })?;
        let connector = if secure { Some(Connector::new(trust)?) } else { None };
        Ok(Self { host, port, path, connector })
    }

    /// Posts and returns the status of the answer, or says what went wrong. Header lines have their ends.
    pub(super) fn post(
        &self,
        headers: &str,
        body: &[u8],
        timeout: Duration,
    ) -> std::result::Result<u16, String> {
        let text = |error: std::io::Error| format!("posting to '{}' failed: {error}", self.host);
        let name = self.host.trim_matches(['[', ']']);
        let start = Instant::now();
        let socket = connect((name, self.port), timeout)
            .map_err(|error| format!("'{}' port {} cannot be reached: {error}", self.host, self.port))?;
        let mut stream: Box<dyn Transport> = match &self.connector {
            Some(connector) => Box::new(connector.connect(socket, name, timeout).map_err(text)?),
            None => Box::new(socket),
        };
        let head = format!(
            "POST {} HTTP/1.1\r\nHost: {}:{}\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n",
            self.path,
            self.host,
            self.port,
            body.len()
        );
        stream.write_all(&[head.as_bytes(), body].concat()).map_err(text)?;
        let (mut answer, mut buffer) = (Vec::new(), [0; 1024]);
        loop {
            let left = timeout.saturating_sub(start.elapsed());
            if left.is_zero() || answer.len() > HEAD {
                return Err(format!("'{}' did not answer within {timeout:?} and {HEAD} bytes", self.host));
            }
            stream.read_within(left).map_err(text)?;
            let count = stream.read(&mut buffer).map_err(text)?;
            answer.extend_from_slice(&buffer[..count]);
            match status(&answer) {
                Ok(Some(status)) => return Ok(status),
                Ok(None) if count > 0 => {}
                _ => return Err(format!("'{}' did not answer by HTTP/1.1", self.host)),
            }
        }
    }
}

/// The status of an answer; None where its head is not there to its end.
pub(super) fn status(answer: &[u8]) -> std::result::Result<Option<u16>, ()> {
    let mut lines = [httparse::EMPTY_HEADER; 64];
    let mut response = httparse::Response::new(&mut lines);
    match response.parse(answer) {
        Ok(httparse::Status::Complete(_)) => response.code.map(Some).ok_or(()),
        Ok(httparse::Status::Partial) => Ok(None),
        Err(_) => Err(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_taken_apart_or_refused() {
        let new = |url: &str| Target::new(url, &Trust::System);
        let parts = |url: &str| new(url).map(|target| (target.host, target.port, target.path)).unwrap();
        assert_eq!(parts("http://example.org"), ("example.org".into(), 80, "/".into()));
        assert_eq!(parts("http://a:81/b?c=d"), ("a".into(), 81, "/b?c=d".into()));
        assert_eq!(parts("http://[::1]:82/x"), ("[::1]".into(), 82, "/x".into()));
        assert_eq!(parts("http://[::1]"), ("[::1]".into(), 80, "/".into()));
        let others = [
            "",
            "ftp://a",
            "https://",
            "http://",
            "http://a:x/",
            "http://a:70000",
            "http://a b",
            "http://a/\r\nX: y",
        ];
        for bad in others.into_iter().chain(["http://user@a/", "http://a/#b", "http://a?b", "http://:80"]) {
            let error = new(bad).unwrap_err().to_string();
            assert!(error.contains("'url'") && error.contains("http://HOST"), "{error}");
        }
    }
}
