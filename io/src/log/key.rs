//! The secret that a stream is encrypted with.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::stream::base64;

/// Bytes of a key.
const LENGTH: usize = 32;
/// Most bytes of a key's file: 64 hexadecimal digits and what an editor puts behind them.
const LONGEST: u64 = 80;

/// 32 secret bytes. They are not printed, and overwritten when dropped.
#[derive(Clone)]
pub struct SecretKey(pub(super) Zeroizing<[u8; LENGTH]>);

impl SecretKey {
    /// A key from its bytes. They should be random: `head -c 32 /dev/urandom`.
    pub fn new(bytes: [u8; LENGTH]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// A key from a file that nobody but its owner may read: 32 bytes, or as text 64 hexadecimal digits or base64.
    ///
    /// # Errors
    /// [`Error::InvalidValue`] for another content, which is not told, and for a file that others may read or write;
    /// [`Error::File`] where the system refuses to read.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let name = format!("key in '{}'", path.display());
        let fail = |error| Error::file(path, "reading", error);
        let file = File::open(path).map_err(fail)?;
        expect_private(&file.metadata().map_err(fail)?, &name)?;
        // As long as it may get: a buffer that grows leaves copies behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST as usize + 1));
        file.take(LONGEST + 1).read_to_end(&mut bytes).map_err(fail)?;
        if let Ok(key) = <[u8; LENGTH]>::try_from(&bytes[..]) {
            return Ok(Self::new(key));
        }
        Self::from_text(&name, &bytes)
    }

    /// A key from a variable of the environment: 64 hexadecimal digits or base64. The variable stays in the environment, where
    /// the process' owner can read it; a file is safer.
    ///
    /// # Errors
    /// [`Error::InvalidValue`] for a variable that is not set or has another content, which is not told.
    pub fn from_environment(name: &str) -> Result<Self> {
        let variable = format!("key in the variable '{name}'");
        match std::env::var_os(name) {
            Some(text) => Self::from_text(&variable, &Zeroizing::new(text.into_encoded_bytes())),
            None => Err(Error::InvalidValue {
                name: variable,
                got: "nothing".into(),
                expected: "a variable of the environment that is set".into(),
            }),
        }
    }

    fn from_text(name: &str, bytes: &[u8]) -> Result<Self> {
        let text = std::str::from_utf8(bytes).unwrap_or_default().trim();
        let decoded = match text.len() {
            64 => hexadecimal(text),
            _ => base64::decode(text),
        };
        let decoded = decoded.map(Zeroizing::new);
        match decoded.and_then(|bytes| <[u8; LENGTH]>::try_from(&bytes[..]).ok()) {
            Some(key) => Ok(Self::new(key)),
            None => Err(Error::InvalidValue {
                name: name.into(),
                got: format!("another content of {} bytes", bytes.len()),
                expected: format!("{LENGTH} bytes, or as text 64 hexadecimal digits or base64"),
            }),
        }
    }
}

impl std::fmt::Debug for SecretKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("SecretKey(..)")
    }
}

fn hexadecimal(text: &str) -> Option<Vec<u8>> {
    let digit = |letter: u8| char::from(letter).to_digit(16).map(|digit| digit as u8);
    text.as_bytes().chunks(2).map(|pair| Some(digit(pair[0])? << 4 | digit(*pair.get(1)?)?)).collect()
}

#[cfg(unix)]
fn expect_private(metadata: &std::fs::Metadata, name: &str) -> Result<()> {
    use std::os::unix::fs::MetadataExt;
    match metadata.mode() & 0o777 {
        mode if mode & 0o077 == 0 => Ok(()),
        mode => Err(Error::InvalidValue {
            name: name.into(),
            got: format!("mode {mode:o}"),
            expected: "a file for its owner alone (chmod 600)".into(),
        }),
    }
}

#[cfg(not(unix))]
fn expect_private(_: &std::fs::Metadata, _: &str) -> Result<()> {
    Ok(())
}
