//! What takes messages at the end of a plan, and two such that live in the program itself.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use super::whole::WholeFiles;
use crate::error::{Error, Result};
use crate::plan::{Gap, Message};

/// The end of a plan. A function of a message is one.
pub trait Consumer: Send {
    /// Takes a message.
    fn message(&mut self, message: &Message) -> Result<()>;

    /// Is told, in the place of what is missing, what a best-effort plan dropped.
    fn gap(&mut self, _gap: &Gap) -> Result<()> {
        Ok(())
    }

    /// Brings what it has taken to where it stays.
    fn flush(&mut self) -> Result<()> {
        Ok(())
    }

    /// After the last message.
    fn finish(&mut self) -> Result<()> {
        self.flush()
    }

    /// Is told that the plan failed on a message since the last flush.
    fn spoil(&mut self) {}

    /// Is given where to tell of files that are whole.
    fn report(&mut self, _files: &WholeFiles) {}
}

impl<F: FnMut(&Message) -> Result<()> + Send> Consumer for F {
    fn message(&mut self, message: &Message) -> Result<()> {
        self(message)
    }
}

/// What a [`Memory`] holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Delivery {
    /// A message.
    Message(Message),
    /// What is missing here.
    Gap(Gap),
}

/// Messages kept in memory: sink `memory`. Clones are handles of the same messages.
#[derive(Clone, Debug, Default)]
pub struct Memory(Arc<Mutex<VecDeque<Delivery>>>);

impl Memory {
    /// Without a message.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes out what there is, oldest first.
    pub fn take(&self) -> Vec<Delivery> {
        self.held().drain(..).collect()
    }

    /// How many deliveries there are.
    pub fn len(&self) -> usize {
        self.held().len()
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn held(&self) -> std::sync::MutexGuard<'_, VecDeque<Delivery>> {
        // A queue is whole between any two of its calls, whoever panicked.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Consumer for Memory {
    fn message(&mut self, message: &Message) -> Result<()> {
        self.held().push_back(Delivery::Message(message.clone()));
        Ok(())
    }

    fn gap(&mut self, gap: &Gap) -> Result<()> {
        self.held().push_back(Delivery::Gap(gap.clone()));
        Ok(())
    }
}

/// In the place of a sink `call` until the program connects one.
pub(super) struct Unconnected(pub(super) String);

impl Consumer for Unconnected {
    fn message(&mut self, _message: &Message) -> Result<()> {
        Err(Error::InvalidValue {
            name: format!("sink '{}'", self.0),
            got: "not connected".into(),
            expected: "a call of 'Plans::connect' before the first message".into(),
        })
    }
}

/// Sink `discard`.
pub(super) struct Discard;

impl Consumer for Discard {
    fn message(&mut self, _message: &Message) -> Result<()> {
        Ok(())
    }
}
