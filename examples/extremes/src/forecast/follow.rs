//! What ranks other than the first do in a forecast.

use terrella_coupling::timing::Recorder;
use terrella_io::layout::Layout;

use super::snapshot::gathered;
use crate::arguments::RunArguments;
use crate::error::Result;
use crate::model::{Model, Start};
use crate::own_fields::own_points;
use crate::planned::PlannedOutput;
use crate::ranks::{Call, Ranks};
use crate::timing;

/// Computes with rank 0 until it calls no more. What fails on all ranks alike is rank 0's to report.
pub(super) fn follow<M: Model>(
    ranks: &Ranks,
    arguments: &RunArguments,
    start: Start<M>,
    recorder: &Recorder,
) -> Result<()> {
    let Start { mut model, valid, titles, .. } = start;
    // Output on servers, and what of the present state is to go there.
    let (mut plans, mut own) = (None::<PlannedOutput>, None);
    loop {
        let idle = recorder.phase(timing::IDLE);
        let call = ranks.next_call()?;
        drop(idle);
        let phase = call.phase(model.step_count());
        ranks.enter(&phase);
        let _timed = recorder.phase(timing::phase_of(call));
        let outcome = match call {
            Call::End => return Ok(()),
            Call::Times => timing::collect(ranks, recorder, arguments.trace.as_deref()).map(|_| ()),
            Call::Restore => model.restore(None),
            Call::Snapshot => gathered(&mut model, valid).map(|(_, part)| own = part),
            Call::Plans => {
                let (layout, points) = (Layout::from(model.grid()), own_points(model.part()));
                let started = PlannedOutput::follow(ranks, &layout, valid, titles.member, points);
                started.map(|started| plans = Some(started))
            }
            call => match (&mut plans, call) {
                (Some(plans), Call::Write) => plans.follow_write(&model.quantities(), own.take()),
                (Some(plans), Call::PlanStates) => plans.state().map(|_| ()),
                (Some(plans), Call::EndPlans) => plans.finish().map(|_| ()),
                _ => model.follow(call),
            },
        };
        if let Some(plans) = &mut plans {
            plans.progress()?;
        }
        match outcome {
            Err(error) if error.is_of_one_rank() => return Err(error),
            // The last phase is the one that rank 0 does not call others for.
            _ => ranks.enter(format_args!("waiting for rank 0 after {phase}")),
        }
    }
}
