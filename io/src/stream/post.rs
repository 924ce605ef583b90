//! Posting to another HTTP server.

use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use crate::error::{Error, Result};

/// Most bytes of an answer's head.
const HEAD: usize = 16 << 10;

/// Where to post.
#[derive(Debug)]
pub(super) struct Target {
    host: String,
    port: u16,
    path: String,
}

impl Target {
    /// From `http://HOST[:PORT][/PATH]`.
    pub(super) fn new(url: &str) -> Result<Self> {
        let parse = || {
            let rest = url
                .strip_prefix("http://")
                .filter(|rest| rest.bytes().all(|byte| byte.is_ascii_graphic()))?;
            let (authority, path) = rest.find('/').map_or((rest, "/"), |slash| rest.split_at(slash));
            // An address of IPv6 has colons in its brackets.
            let (host, port) = match authority.rsplit_once(':') {
                Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()?),
                _ => (authority, 80),
            };
            let named = !host.is_empty() && !authority.contains(['@', '?', '#']) && !path.contains('#');
            named.then(|| Self { host: host.to_owned(), port, path: path.to_owned() })
        };
        parse().ok_or_else(|| Error::InvalidValue {
            name: "url".into(),
            got: format!("'{url}'"),
            expected: "http://HOST[:PORT][/PATH] (there is no TLS here)".into(),
        })
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
        let (start, mut stream) = (Instant::now(), None);
        for address in (name, self.port).to_socket_addrs().map_err(text)? {
            if let Ok(connected) = TcpStream::connect_timeout(&address, timeout) {
                stream = Some(connected);
                break;
            }
        }
        let mut stream =
            stream.ok_or_else(|| format!("'{}' port {} cannot be reached", self.host, self.port))?;
        stream.set_write_timeout(Some(timeout)).map_err(text)?;
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
            stream.set_read_timeout(Some(left.max(Duration::from_millis(1)))).map_err(text)?;
            let count = stream.read(&mut buffer).map_err(text)?;
            answer.extend_from_slice(&buffer[..count]);
            let mut lines = [httparse::EMPTY_HEADER; 64];
            let mut response = httparse::Response::new(&mut lines);
            match response.parse(&answer) {
                Ok(httparse::Status::Complete(_)) => {
                    return response.code.ok_or_else(|| "an answer without a status".to_owned());
                }
                Ok(httparse::Status::Partial) if count > 0 => {}
                _ => return Err(format!("'{}' did not answer by HTTP/1.1", self.host)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_taken_apart_or_refused() {
        let parts =
            |url: &str| Target::new(url).map(|target| (target.host, target.port, target.path)).unwrap();
        assert_eq!(parts("http://example.org"), ("example.org".into(), 80, "/".into()));
        assert_eq!(parts("http://a:81/b?c=d"), ("a".into(), 81, "/b?c=d".into()));
        assert_eq!(parts("http://[::1]:82/x"), ("[::1]".into(), 82, "/x".into()));
        assert_eq!(parts("http://[::1]"), ("[::1]".into(), 80, "/".into()));
        let others =
            ["", "https://a", "http://", "http://a:x/", "http://a:70000", "http://a b", "http://a/\r\nX: y"];
        for bad in others.into_iter().chain(["http://user@a/", "http://a/#b", "http://a?b", "http://:80"]) {
            let error = Target::new(bad).unwrap_err().to_string();
            assert!(error.contains("'url'") && error.contains("http://HOST"), "{error}");
        }
    }
}
