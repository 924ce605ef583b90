//! What requests and answers go over.

use std::io::{Error, ErrorKind, Read, Result, Write};
use std::net::{Shutdown, TcpStream, ToSocketAddrs};
use std::time::Duration;

/// A connection, plain or in TLS. What is written is sent at once.
pub(super) trait Transport: Read + Write + Send {
    /// Gives the next read this time, however often it has to wait.
    fn read_within(&mut self, time: Duration) -> Result<()>;

    /// Tells the peer that nothing more comes.
    fn finish(&mut self) -> Result<()>;
}

impl Transport for TcpStream {
    fn read_within(&mut self, time: Duration) -> Result<()> {
        // Zero would be no limit.
        self.set_read_timeout(Some(time.max(Duration::from_millis(1))))
    }

    fn finish(&mut self) -> Result<()> {
        self.shutdown(Shutdown::Write)
    }
}

/// A connection to the first of the addresses that takes one; writing waits for `timeout` too.
pub(super) fn connect(addresses: impl ToSocketAddrs, timeout: Duration) -> Result<TcpStream> {
    let mut failure = Error::new(ErrorKind::NotFound, "the name has no address");
    for address in addresses.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, timeout) {
            Ok(stream) => {
                stream.set_nodelay(true)?;
                stream.set_write_timeout(Some(timeout))?;
                return Ok(stream);
            }
            Err(error) => failure = error,
        }
    }
    Err(failure)
}
