//! Which messages are meant.

use std::collections::BTreeMap;
use std::fmt;

/// Words with their values: what has one of the values for each word.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request(BTreeMap<String, Vec<String>>);

impl Request {
    /// Everything.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with the values of a word set.
    #[must_use]
    pub fn with<V: Into<String>>(mut self, word: &str, values: impl IntoIterator<Item = V>) -> Self {
        self.0.insert(word.into(), values.into_iter().map(Into::into).collect());
        self
    }

    /// The message with this key.
    pub fn from_key<K: AsRef<str>, V: AsRef<str>>(key: &[(K, V)]) -> Self {
        key.iter().fold(Self::new(), |request, (word, value)| request.with(word.as_ref(), [value.as_ref()]))
    }

    /// Words with their values, in the words' order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.0.iter().map(|(word, values)| (word.as_str(), &values[..]))
    }
}

/// `class=rd,step=0/6/12`, as in MARS.
impl fmt::Display for Request {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, (word, values)) in self.iter().enumerate() {
            let comma = if number > 0 { "," } else { "" };
            write!(formatter, "{comma}{word}={}", values.join("/"))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_reads_as_in_mars() {
        let request = Request::from_key(&[("step", "0"), ("class", "rd")]).with("step", ["0", "6"]);
        assert_eq!(request.to_string(), "class=rd,step=0/6");
        assert_eq!(Request::new().to_string(), "");
    }
}
