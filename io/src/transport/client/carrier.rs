//! The end of a plan on a rank of the model: its messages become letters for servers.

use std::sync::Arc;

use crate::error::Result;
use crate::plan::{Consumer, Gap, Kind, Message, transported_to};
use crate::transport::stream::Stream;

/// The end of a plan's own part: letters for servers.
pub(super) struct Carrier {
    pub(super) hash_keys: Vec<String>,
    /// By server.
    pub(super) streams: Vec<Arc<Stream>>,
}

impl Carrier {
    /// Does the same with each stream and tells the first error.
    fn each(&self, act: impl Fn(&Stream) -> Result<()>) -> Result<()> {
        self.streams.iter().map(|stream| act(stream)).fold(Ok(()), Result::and)
    }
}

impl Consumer for Carrier {
    fn message(&mut self, message: &Message) -> Result<()> {
        // Masks are for all fields of their domain, wherever those go.
        if let Kind::Mask(_) = message.kind {
            return self.each(|stream| stream.message(message));
        }
        self.streams[transported_to(&message.metadata, &self.hash_keys, self.streams.len())].message(message)
    }

    fn gap(&mut self, gap: &Gap) -> Result<()> {
        self.each(|stream| stream.gap(gap))
    }

    fn flush(&mut self) -> Result<()> {
        self.each(Stream::mark)
    }

    fn finish(&mut self) -> Result<()> {
        self.each(Stream::end)
    }
}
