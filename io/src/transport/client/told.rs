//! What a rank of the model has to tell of servers, now or at the end.

use std::path::PathBuf;

use crate::error::Error;

/// A failure, which may be told twice.
#[derive(Clone)]
pub(super) enum Told {
    Failure { server: usize, rank: usize, reason: String },
    Lost { server: usize, rank: usize, reason: String, log: PathBuf },
}

impl Told {
    /// Whether it is of a rank that is lost.
    pub(super) fn is_loss_of(&self, lost: usize) -> bool {
        matches!(self, Self::Lost { rank, .. } | Self::Failure { rank, .. } if *rank == lost)
    }
}

impl From<Told> for Error {
    fn from(told: Told) -> Self {
        match told {
            Told::Failure { server, rank, reason } => Self::OutputServer { server, rank, reason },
            Told::Lost { server, rank, reason, log } => Self::ServerLost { server, rank, reason, log },
        }
    }
}
