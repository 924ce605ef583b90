//! A configuration value that may be left to the program: "auto", or the value itself.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{F64Deserializer, SeqAccessDeserializer, StrDeserializer, U64Deserializer};
use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};
use serde::{Serialize, Serializer};

/// "auto" or a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Automatic<T> {
    /// The program chooses, and says what it chose.
    #[default]
    Auto,
    /// As given.
    Given(T),
}

impl<T: Serialize> Serialize for Automatic<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Auto => serializer.serialize_str("auto"),
            Self::Given(value) => value.serialize(serializer),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Automatic<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AutomaticVisitor(PhantomData))
    }
}

struct AutomaticVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for AutomaticVisitor<T> {
    type Value = Automatic<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("\"auto\" or a value")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        match text {
            "auto" => Ok(Automatic::Auto),
            _ => T::deserialize(StrDeserializer::<E>::new(text)).map(Automatic::Given),
        }
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        T::deserialize(F64Deserializer::<E>::new(number)).map(Automatic::Given)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        match u64::try_from(number) {
            Ok(number) => T::deserialize(U64Deserializer::<E>::new(number)).map(Automatic::Given),
            Err(_) => self.visit_f64(number as f64),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, values: A) -> Result<Self::Value, A::Error> {
        T::deserialize(SeqAccessDeserializer::new(values)).map(Automatic::Given)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        T::deserialize(U64Deserializer::<E>::new(number)).map(Automatic::Given)
    }
}
