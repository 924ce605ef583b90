//! The protocol of NATS, as far as requests need it.

use std::hash::{BuildHasher, RandomState};
use std::io::{BufRead, BufReader, Error as IoError, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Instant;

use serde_json::{Value, json};

use super::JetStreamSettings;
use crate::error::{Error, Result};
use crate::stream::Trust;
use crate::stream::tls::Connector;
use crate::stream::transport::{Transport, connect};

/// Longest line of the protocol (bytes). The server's greeting lists a cluster's servers.
const LINE: u64 = 64 << 10;
/// Largest message that a server can be told to take (bytes).
const LARGEST: u64 = 64 << 20;

/// A connection. After an error it is not used again, because an answer may still be on its way.
pub(super) struct Client {
    stream: BufReader<Box<dyn Transport>>,
    settings: JetStreamSettings,
    inbox: String,
    count: u64,
    /// Bytes of a message that the server takes.
    largest: u64,
}

impl Client {
    pub(super) fn connect(settings: &JetStreamSettings) -> Result<Self> {
        let fail = |source| Error::Network { operation: "connecting to the NATS server", source };
        let socket = connect(&settings.address, settings.timeout).map_err(fail)?;
        // For TLS, which begins behind the greeting.
        let copy = socket.try_clone().map_err(fail)?;
        Self::over(Box::new(socket), Some(copy), settings)
    }

    /// Greets a server. `socket` is what `stream` goes over, where it can go on in TLS.
    pub(super) fn over(
        stream: Box<dyn Transport>,
        socket: Option<TcpStream>,
        settings: &JetStreamSettings,
    ) -> Result<Self> {
        let fail = |source| Error::Network { operation: "connecting to the NATS server", source };
        // A fuzzer cannot know another one.
        let identity = if cfg!(fuzzing) { 0 } else { RandomState::new().hash_one(&settings.address) };
        let inbox = format!("_INBOX.{identity:016x}");
        let stream = BufReader::new(stream);
        let mut client = Self { stream, settings: settings.clone(), inbox, count: 0, largest: 0 };
        let start = Instant::now();
        let greeting = client.line(start)?;
        let info = greeting.strip_prefix("INFO ").and_then(|info| serde_json::from_str::<Value>(info).ok());
        let info = info.ok_or_else(|| settings.error("the server does not greet as a NATS server".into()))?;
        let has_tls = info["tls_required"] == true || info["tls_available"] == true;
        match &settings.tls {
            None if info["tls_required"] == true => {
                return Err(settings.error("the server asks for TLS, which is not set".into()));
            }
            None => {}
            Some(_) if !has_tls => return Err(settings.error("the server has no TLS".into())),
            Some(trust) => {
                let socket = socket.ok_or_else(|| fail(ErrorKind::Unsupported.into()))?;
                client.secure(socket, trust).map_err(fail)??;
            }
        }
        if info["headers"] != true {
            return Err(settings.error("the server takes no headers".into()));
        }
        client.largest = info["max_payload"].as_u64().unwrap_or(0).min(LARGEST);
        let mut options = json!({
            "verbose": false, "pedantic": false, "headers": true, "no_responders": true, "protocol": 1,
            "lang": "rust", "name": "terrella", "version": env!("CARGO_PKG_VERSION"),
        });
        if let Some(token) = &settings.token {
            options["auth_token"] = json!(token);
        }
        client.send(&[format!("CONNECT {options}\r\nSUB {}.* 1\r\nPING\r\n", client.inbox).as_bytes()])?;
        // The answer comes after a refusal, if there is one.
        while client.line(start)? != "PONG" {}
        Ok(client)
    }

    /// Goes on in TLS.
    fn secure(&mut self, socket: TcpStream, trust: &Trust) -> std::io::Result<Result<()>> {
        // What came before TLS may be anybody's.
        if !self.stream.buffer().is_empty() {
            return Ok(Err(self.settings.error("the server goes on without the TLS that it has".into())));
        }
        let connector = match Connector::new(trust) {
            Ok(connector) => connector,
            Err(error) => return Ok(Err(error)),
        };
        let host = self.settings.address.rsplit_once(':').map_or(&*self.settings.address, |(host, _)| host);
        let secured = connector.connect(socket, host.trim_matches(['[', ']']), self.settings.timeout)?;
        self.stream = BufReader::new(Box::new(secured));
        Ok(Ok(()))
    }

    /// Publishes and returns the answer to it. Header lines have their ends.
    pub(super) fn request(
        &mut self,
        subject: &str,
        headers: Option<&str>,
        payload: &[u8],
    ) -> Result<Vec<u8>> {
        self.count += 1;
        let reply = format!("{}.{}", self.inbox, self.count);
        let headers = headers.map_or(String::new(), |headers| format!("NATS/1.0\r\n{headers}\r\n"));
        let total = headers.len() as u64 + payload.len() as u64;
        if total > self.largest {
            return Err(Error::InvalidValue {
                name: "payload".into(),
                got: format!("{} bytes", payload.len()),
                expected: format!("at most {} with its headers, the server's limit", self.largest),
            });
        }
        let command = if headers.is_empty() {
            format!("PUB {subject} {reply} {total}\r\n")
        } else {
            format!("HPUB {subject} {reply} {} {total}\r\n{headers}", headers.len())
        };
        self.send(&[command.as_bytes(), payload, b"\r\n"])?;
        let start = Instant::now();
        loop {
            let line = self.line(start)?;
            let words: Vec<&str> = line.split_whitespace().collect();
            let message = match words[..] {
                ["MSG", to, _, .., total] => (to, "0", total),
                ["HMSG", to, _, .., head, total] => (to, head, total),
                _ => continue,
            };
            let (to, Ok(head), Ok(total)) =
                (message.0, message.1.parse::<usize>(), message.2.parse::<usize>())
            else {
                return Err(self.settings.error(format!("'{line}' is no message")));
            };
            // Base64 and the names around it make an answer longer than the message in it.
            let most = 2 * self.largest + (1 << 20);
            if head > total || total as u64 > most {
                return Err(self
                    .settings
                    .error(format!("an answer of {total} bytes, expected at most {most}")));
            }
            let ours = to == reply;
            let mut bytes = vec![0; total + 2];
            self.timed(start)?;
            self.stream.read_exact(&mut bytes).map_err(failed)?;
            if ours {
                if head > 0 && bytes.starts_with(b"NATS/1.0 503") {
                    let reason = format!("nobody answers on '{subject}': is JetStream enabled?");
                    return Err(self.settings.error(reason));
                }
                return Ok(bytes[head..total].to_vec());
            }
        }
    }

    /// The next line without its end; answers a PING, and fails on an error.
    fn line(&mut self, start: Instant) -> Result<String> {
        loop {
            self.timed(start)?;
            let mut bytes = Vec::new();
            Read::by_ref(&mut self.stream).take(LINE).read_until(b'\n', &mut bytes).map_err(failed)?;
            let text = bytes.strip_suffix(b"\r\n").and_then(|line| std::str::from_utf8(line).ok());
            let Some(line) = text else {
                if bytes.is_empty() {
                    return Err(failed(ErrorKind::UnexpectedEof.into()));
                }
                return Err(self.settings.error("a line of the server is not one of NATS".into()));
            };
            if line == "PING" {
                self.send(&[b"PONG\r\n"])?;
            } else if let Some(reason) = line.strip_prefix("-ERR") {
                return Err(self.settings.error(format!("the server says {}", reason.trim())));
            } else {
                return Ok(line.to_owned());
            }
        }
    }

    /// Lets the next read take what is left of the time.
    fn timed(&mut self, start: Instant) -> Result<()> {
        let left = self.settings.timeout.saturating_sub(start.elapsed());
        if left.is_zero() {
            return Err(failed(ErrorKind::TimedOut.into()));
        }
        self.stream.get_mut().read_within(left).map_err(failed)
    }

    fn send(&mut self, parts: &[&[u8]]) -> Result<()> {
        let stream = self.stream.get_mut();
        parts.iter().try_for_each(|part| stream.write_all(part)).map_err(failed)
    }
}

fn failed(source: IoError) -> Error {
    Error::Network { operation: "talking to the NATS server", source }
}
