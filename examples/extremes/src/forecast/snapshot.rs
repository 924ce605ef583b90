//! The present state of a model as it is written and drawn.

use terrella_io::Time;

use crate::error::Result;
use crate::model::{Model, Snapshot};
use crate::output::OutputFields;
use crate::own_fields::OwnFields;
use crate::ranks::{Call, Ranks};

/// The present state as it is written: on rank 0 that of the whole grid, and of each of several ranks its own part. They call it together;
/// an error names the first value that is not finite.
pub(super) fn gathered<M: Model>(
    model: &mut M,
    start: Time,
) -> Result<(Option<OwnFields>, Option<OutputFields>)> {
    let (hour, step) = (model.hour(), model.step_count());
    let own = model.own_fields(start.plus_seconds(model.time().round() as i64))?;
    let ranks = model.communicator()?;
    own.expect_finite(model.part(), &ranks, &model.quantities(), hour, step)?;
    own.gathered(model.part(), &ranks)
}

/// The same with what is drawn of it, on rank 0, which calls the others.
pub(super) fn snapshot<M: Model>(ranks: &Ranks, model: &mut M, start: Time) -> Result<Snapshot> {
    ranks.call(Call::Snapshot)?;
    let (whole, own) = gathered(model, start)?;
    let whole = whole.expect("rank 0, which alone is asked, has it");
    Ok(Snapshot { drawable: model.drawable(&whole), fields: whole.fields, own })
}
