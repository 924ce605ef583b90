//! In the place of TLS where the feature `tls` is not built: whatever asks for it is refused.

use std::convert::Infallible;
use std::net::TcpStream;
use std::time::Duration;

use super::{Identity, Trust};
use crate::error::{Error, Result};

pub(super) struct Acceptor(Infallible);

impl Acceptor {
    pub(super) fn new(_: &Identity) -> Result<Self> {
        Err(absent())
    }

    pub(super) fn accept(&self, _: TcpStream) -> std::io::Result<TcpStream> {
        match self.0 {}
    }
}

#[derive(Debug)]
pub(super) struct Connector(Infallible);

impl Connector {
    pub(super) fn new(_: &Trust) -> Result<Self> {
        Err(absent())
    }

    pub(super) fn connect(&self, _: TcpStream, _: &str, _: Duration) -> std::io::Result<TcpStream> {
        match self.0 {}
    }
}

fn absent() -> Error {
    Error::InvalidValue {
        name: "tls".into(),
        got: "a program without it".into(),
        expected: "terrella-io built with the feature 'tls'".into(),
    }
}
