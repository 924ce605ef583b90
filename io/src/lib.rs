//! Terrella: reading and writing of fields.
pub mod eccodes;
pub mod encode;
mod error;
pub mod layout;
pub mod parameter;
pub mod picture;
pub mod read;
pub mod sink;
mod time;

pub use error::{Error, Result};
pub use parameter::{Level, Parameter};
pub use time::Time;
