//! The secret that consumers show.

use crate::error::{Error, Result};

/// Least length of a token.
const LEAST: usize = 16;

/// A bearer token. Only its hash is kept, and it is not printed.
#[derive(Clone)]
pub struct Token(blake3::Hash);

impl Token {
    /// A token of 16 or more visible ASCII characters.
    ///
    /// # Errors
    /// [`Error::InvalidValue`] for another one, without its text.
    pub fn new(token: &str) -> Result<Self> {
        if token.len() < LEAST || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Error::InvalidValue {
                name: "token".into(),
                got: format!("a text of {} bytes", token.len()),
                expected: format!("{LEAST} or more visible ASCII characters"),
            });
        }
        Ok(Self(blake3::hash(token.as_bytes())))
    }

    /// Whether a request's `Authorization` shows this token. Takes the same time for every wrong one of a length.
    pub(super) fn is_shown_by(&self, authorization: &[u8]) -> bool {
        let Some((scheme, token)) = authorization.split_at_checked(7) else { return false };
        scheme.eq_ignore_ascii_case(b"Bearer ") && blake3::hash(token) == self.0
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Token(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_token_is_shown() {
        let token = Token::new("0123456789abcdef").unwrap();
        assert!(token.is_shown_by(b"Bearer 0123456789abcdef"));
        assert!(token.is_shown_by(b"bearer 0123456789abcdef"));
        let others = [
            "Bearer 0123456789abcdeF",
            "Bearer 0123456789abcde",
            "Basic 0123456789abcdef",
            "Bearer",
            "",
            "Bearer ",
        ];
        for other in others {
            assert!(!token.is_shown_by(other.as_bytes()), "{other}");
        }
        assert_eq!(format!("{token:?}"), "Token(..)");
        for bad in ["", "short", "0123456789 bcdef", "0123456789\nbcdef0", "0123456789äbcdef"] {
            let error = Token::new(bad).unwrap_err().to_string();
            assert!(error.contains("'token'") && (bad.is_empty() || !error.contains(bad)), "{error}");
        }
    }
}
