//! Output times on their way to servers, from all ranks of the model.
//!
//! To plans that make fields of parts (`aggregate` behind `transport`) each rank sends its own points; what other plans get, rank 0 has
//! gathered. It calls the others to all that they do here together, and hears what failed on them.

use std::time::Duration;

use terrella_io::layout::Layout;
use terrella_io::plan::{Metadata, Points, WholeFile};
use terrella_io::transport::{Client, join_states};

use crate::error::{Error, Result};
use crate::ranks::{Call, Ranks};

/// A server that takes nothing for so long is lost before.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// What a rank tells rank 0 that something has come to, before its bytes.
const DONE: u8 = b'd';
const FAILED: u8 = b'f';

/// Fields with their words for plans.
pub(crate) type Fields<'a> = [(Metadata, &'a [f64])];

/// A rank's part of it.
pub(crate) struct Sending {
    client: Client,
    ranks: Ranks,
    layout: Layout,
    /// Own points, where other ranks have others.
    points: Option<Points>,
    /// What failed between output times.
    untold: Option<Error>,
}

impl Sending {
    pub(crate) fn new(client: Client, ranks: &Ranks, layout: &Layout, points: Option<Points>) -> Self {
        Self { client, ranks: ranks.clone(), layout: layout.clone(), points, untold: None }
    }

    /// Hands an output time over, which ends with it: `whole` on rank 0, and where there are several ranks, each one's `own`.
    pub(crate) fn write(&mut self, whole: &Fields<'_>, own: Option<&Fields<'_>>) -> Result<()> {
        self.ranks.call(Call::Write)?;
        let mut outcome = self.untold.take().map_or(Ok(()), Err);
        let (client, layout) = (&mut self.client, &self.layout);
        match (&self.points, own) {
            (Some(points), Some(own)) => {
                for (metadata, values) in own {
                    insist(client, &mut outcome, |client| {
                        client.write_own_points(metadata.clone(), layout, points, values)
                    });
                }
                if client.takes_gathered() {
                    for (metadata, values) in whole {
                        insist(client, &mut outcome, |client| {
                            client.write_gathered(metadata.clone(), layout, values)
                        });
                    }
                }
            }
            _ => {
                for (metadata, values) in whole {
                    insist(client, &mut outcome, |client| {
                        client.write_field(metadata.clone(), layout, values)
                    });
                }
            }
        }
        // Also after a failure: all ranks say it equally often.
        insist(client, &mut outcome, Client::end_step);
        collected(&self.ranks, "output", outcome.map(|()| Vec::new())).map(|_| ())
    }

    /// Between output times: sends what waits. What has failed on another rank than the first is told with the next output time.
    pub(crate) fn progress(&mut self) -> Result<()> {
        match self.client.progress() {
            Err(error) if !self.ranks.leads() => {
                self.untold.get_or_insert(error.into());
                Ok(())
            }
            outcome => Ok(outcome?),
        }
    }

    /// What the plans remember of the output times so far, all of which are written then; on rank 0.
    pub(crate) fn state(&mut self) -> Result<Vec<u8>> {
        self.ranks.call(Call::PlanStates)?;
        let outcome = self.client.state().map_err(Error::from);
        Ok(join_states(&collected(&self.ranks, "checkpoint of the output", outcome)?))
    }

    /// Ends the plans. What is to be said of a server that a rank has lost; on rank 0.
    pub(crate) fn finish(&mut self) -> Result<Option<String>> {
        self.ranks.call(Call::EndPlans)?;
        let outcome = match self.client.finish() {
            Err(error @ terrella_io::Error::ServerLost { .. }) => Ok(error.to_string().into_bytes()),
            outcome => outcome.map(|()| Vec::new()).map_err(Error::from),
        };
        if let Some(servers) = self.ranks.servers() {
            servers.are_done();
        }
        let told = collected(&self.ranks, "end of the output", outcome)?;
        let lost = told.into_iter().find(|told| !told.is_empty());
        Ok(lost.map(|lost| String::from_utf8_lossy(&lost).into_owned()))
    }

    /// How many plans servers carry out.
    pub(crate) fn transported_plans(&self) -> usize {
        self.client.transported_plans()
    }

    /// Files that have become whole since they were asked for last, on rank 0.
    pub(crate) fn whole_files(&mut self) -> Vec<WholeFile> {
        self.client.whole_files()
    }

    /// What servers measured, as JSON, after the end on rank 0.
    pub(crate) fn server_metrics(&self) -> Vec<Option<&str>> {
        self.client.server_metrics()
    }

    /// What this rank measured, as JSON.
    pub(crate) fn metrics(&self) -> String {
        self.client.metrics().to_json()
    }
}

/// Does it: waits for room where there is none, and does it again where only an earlier failure was told instead.
fn insist(
    client: &mut Client,
    outcome: &mut Result<()>,
    mut act: impl FnMut(&mut Client) -> terrella_io::Result<()>,
) {
    use terrella_io::Error::{Full, Output, OutputServer};
    let mut note = |error: terrella_io::Error| {
        if outcome.is_ok() {
            *outcome = Err(error.into());
        }
    };
    while let Err(error) = act(client) {
        match error {
            Full { bytes, memory, .. } if 2 * bytes <= memory => match client.wait_for_room(LONGEST) {
                Ok(true) => {}
                Ok(false) => return note(error),
                Err(second) => return note(second),
            },
            Output { .. } | OutputServer { .. } => note(error),
            _ => return note(error),
        }
    }
}

/// What all ranks came to, by rank, on rank 0, where it is an error if one of them failed; on another, its own error.
fn collected(ranks: &Ranks, phase: &str, outcome: Result<Vec<u8>>) -> Result<Vec<Vec<u8>>> {
    if !ranks.are_several() {
        return Ok(vec![outcome?]);
    }
    let told = match &outcome {
        Ok(bytes) => [&[DONE][..], bytes].concat(),
        Err(error) => [&[FAILED][..], error.to_string().as_bytes()].concat(),
    };
    let all = ranks.communicator().gather(0, &told)?.unwrap_or_default();
    outcome?;
    let failed = all.iter().position(|told| told.first() == Some(&FAILED));
    match failed {
        Some(rank) => {
            let message = String::from_utf8_lossy(&all[rank][1..]).into_owned();
            Err(Error::OnRank { rank, phase: phase.to_owned(), message })
        }
        None => Ok(all.into_iter().map(|told| told[1..].to_vec()).collect()),
    }
}
