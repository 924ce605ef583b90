//! Who computes and who writes.

use terrella_coupling::communicator::Communicator;

use crate::error::{Error, Result};

/// What a rank is for.
pub enum Role {
    /// It computes.
    Model {
        /// The ranks that do.
        ranks: Communicator,
        /// Its way to the servers.
        link: Link,
    },
    /// It writes.
    Server(Link),
}

/// All ranks, and how many of them are servers: the last ones.
#[derive(Clone)]
pub struct Link {
    pub(super) all: Communicator,
    pub(super) servers: usize,
    /// Whether the first rank alone has whole fields.
    pub(super) has_whole_fields_on_first: bool,
}

impl Role {
    /// Makes servers of the last `servers` ranks. All ranks call it.
    ///
    /// Errors: [`Error::InvalidValue`] where that leaves no rank for the model; [`Error::Coupling`].
    pub fn of(all: &Communicator, servers: usize) -> Result<Self> {
        if servers >= all.size() {
            return Err(Error::InvalidValue {
                name: "servers".into(),
                got: servers.to_string(),
                expected: format!("fewer than the {} ranks", all.size()),
            });
        }
        let link = Link { all: all.clone(), servers, has_whole_fields_on_first: false };
        let is_server = all.rank() >= link.clients();
        let ranks = all.split(Some(u16::from(is_server)), 0)?.expect("each has a colour");
        Ok(if is_server { Self::Server(link) } else { Self::Model { ranks, link } })
    }
}

impl Link {
    /// How many ranks the model has.
    pub fn clients(&self) -> usize {
        self.all.size() - self.servers
    }

    /// Whole fields are on the first rank alone: so are plans without `transport`, which no other rank opens.
    #[must_use]
    pub fn with_whole_fields_on_first(self) -> Self {
        Self { has_whole_fields_on_first: true, ..self }
    }

    /// How many ranks are servers.
    pub fn servers(&self) -> usize {
        self.servers
    }
}
