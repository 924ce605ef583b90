//! TLS 1.2 and 1.3, by rustls.

use std::io::{Error as IoError, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, Connection, RootCertStore, ServerConfig, ServerConnection};

use super::transport::Transport;
use super::{Identity, Trust};
use crate::error::{Error, Result};

/// Takes connections.
pub(super) struct Acceptor(Arc<ServerConfig>);

impl Acceptor {
    pub(super) fn new(identity: &Identity) -> Result<Self> {
        let Identity { certificate, private_key } = identity;
        let chain = certificates(certificate)?;
        let key = PrivateKeyDer::from_pem_file(private_key)
            .map_err(|error| unreadable(private_key, "a private key in PEM", error))?;
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .expect("ring has ciphers for them")
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .map_err(|error| Error::InvalidValue {
                name: "certificate and private key".into(),
                got: format!("'{}' and '{}' ({error})", certificate.display(), private_key.display()),
                expected: "a certificate and the key that belongs to it".into(),
            })?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self(Arc::new(config)))
    }

    /// Reading and writing shake hands first.
    pub(super) fn accept(&self, socket: TcpStream) -> std::io::Result<Secured> {
        let connection = ServerConnection::new(self.0.clone()).map_err(IoError::other)?;
        Ok(Secured::new(connection.into(), socket))
    }
}

/// Makes connections.
#[derive(Debug)]
pub(super) struct Connector(Arc<ClientConfig>);

impl Connector {
    pub(super) fn new(trust: &Trust) -> Result<Self> {
        let mut roots = RootCertStore::empty();
        let from = match trust {
            Trust::System => {
                roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
                "the system's".to_owned()
            }
            Trust::Authorities(path) => {
                roots.add_parsable_certificates(certificates(path)?);
                format!("those in '{}'", path.display())
            }
        };
        if roots.is_empty() {
            return Err(Error::InvalidValue {
                name: "trust".into(),
                got: format!("no usable certificate among {from}"),
                expected: "certificates of authorities".into(),
            });
        }
        let config = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .expect("ring has ciphers for them")
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self(Arc::new(config)))
    }

    /// A connection to the server that can show that it is `name`, a host's name or address.
    pub(super) fn connect(
        &self,
        socket: TcpStream,
        name: &str,
        timeout: Duration,
    ) -> std::io::Result<Secured> {
        let name = ServerName::try_from(name.to_owned()).map_err(IoError::other)?;
        let connection = ClientConnection::new(self.0.clone(), name).map_err(IoError::other)?;
        let mut secured = Secured::new(connection.into(), socket);
        secured.read_within(timeout)?;
        secured.send()?;
        while secured.connection.is_handshaking() {
            secured.receive()?;
        }
        Ok(secured)
    }
}

/// A connection in TLS.
pub(super) struct Secured {
    connection: Connection,
    socket: TcpStream,
    /// When reading has to be done.
    until: Instant,
    /// The peer ended the connection, with notice or without.
    ended: bool,
}

impl Secured {
    fn new(connection: Connection, socket: TcpStream) -> Self {
        Self { connection, socket, until: Instant::now(), ended: false }
    }

    /// Takes what the peer sent, once, and answers where TLS wants it.
    fn receive(&mut self) -> std::io::Result<()> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        if self.ended {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        Transport::read_within(&mut self.socket, left)?;
        self.ended = self.connection.read_tls(&mut self.socket)? == 0;
        if let Err(error) = self.connection.process_new_packets() {
            // The peer is told, if it listens.
            let _ = self.send();
            return Err(IoError::new(ErrorKind::InvalidData, format!("TLS: {error}")));
        }
        self.send()
    }

    fn send(&mut self) -> std::io::Result<()> {
        while self.connection.wants_write() {
            if self.connection.write_tls(&mut self.socket)? == 0 {
                return Err(ErrorKind::WriteZero.into());
            }
        }
        Ok(())
    }
}

impl Read for Secured {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        loop {
            match self.connection.reader().read(buffer) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.receive()?,
                other => return other,
            }
        }
    }
}

impl Write for Secured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let count = self.connection.writer().write(bytes)?;
        self.send()?;
        Ok(count)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.send()
    }
}

impl Transport for Secured {
    fn read_within(&mut self, time: Duration) -> std::io::Result<()> {
        self.until = Instant::now() + time;
        Ok(())
    }

    fn finish(&mut self) -> std::io::Result<()> {
        self.connection.send_close_notify();
        self.send()?;
        self.socket.shutdown(Shutdown::Write)
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let expected = "certificates in PEM";
    let fail = |error| unreadable(path, expected, error);
    let found: Vec<_> = CertificateDer::pem_file_iter(path)
        .map_err(fail)?
        .collect::<std::result::Result<_, _>>()
        .map_err(fail)?;
    if found.is_empty() {
        return Err(fail(pem::Error::NoItemsFound));
    }
    Ok(found)
}

fn unreadable(path: &Path, expected: &str, error: pem::Error) -> Error {
    match error {
        pem::Error::Io(source) => Error::file(path, "reading", source),
        error => Error::InvalidValue {
            name: path.display().to_string(),
            got: error.to_string(),
            expected: expected.into(),
        },
    }
}
