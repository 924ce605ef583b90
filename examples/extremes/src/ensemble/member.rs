//! Takes the fields of a running member into the statistics of the ensemble.

use std::path::{Path, PathBuf};

use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::diagnostics::ensemble::EnsembleStatistics;

use super::fields::Fields;
use super::{Ensemble, statistics, workspace};
use crate::error::{Error, Result};
use crate::named_field::{NamedField, names, require};
use crate::observer::{Moment, Observer};

/// Adds every output time of a member to the statistics of that time.
pub(crate) struct MemberStatistics {
    ensemble: Ensemble,
    workspace: PathBuf,
}

impl MemberStatistics {
    /// For the member that the table names, whose own folder lies in that of the ensemble.
    pub(crate) fn new(ensemble: &Ensemble, member_folder: &Path) -> Self {
        let folder = member_folder.parent().unwrap_or(Path::new(""));
        Self { ensemble: ensemble.clone(), workspace: workspace(folder) }
    }

    /// All fields of the output with the thresholds that are asked for.
    fn fields(&self, moment: &Moment<'_>) -> Result<Vec<(NamedField, Vec<f64>)>> {
        for name in self.ensemble.probabilities.keys() {
            require(moment, name, "ensemble", "probabilities")?;
        }
        names(moment.quantities)
            .into_iter()
            .map(|name| {
                let thresholds = self.ensemble.probabilities.get(&name).cloned().unwrap_or_default();
                Ok((require(moment, &name, "ensemble", "probabilities")?, thresholds))
            })
            .collect()
    }
}

impl Observer for MemberStatistics {
    fn name(&self) -> &'static str {
        "ensemble"
    }

    fn observe(&mut self, moment: &Moment<'_>) -> Result<()> {
        let member = self.ensemble.member;
        let fields = self.fields(moment)?;
        let points = moment.layout.points();
        let thresholds: Vec<Vec<f64>> = fields.iter().map(|(_, thresholds)| thresholds.clone()).collect();
        let path = statistics::path(&self.workspace, moment.hour);
        let mut all: Vec<EnsembleStatistics<f32>> = if member == 0 {
            let new = |thresholds: &Vec<f64>| Ok(EnsembleStatistics::new(Device::Cpu, points, thresholds)?);
            thresholds.iter().map(new).collect::<Result<_>>()?
        } else {
            statistics::read(&path, points, &thresholds)?.1
        };
        let before = all.first().map_or(member, EnsembleStatistics::members);
        if before == member + 1 {
            // Counted before an interruption; the same bits.
            return Ok(());
        }
        if before != member {
            return Err(Error::Input {
                path,
                message: format!("{before} members: member {member} cannot be the next."),
            });
        }
        for (statistics, (field, _)) in all.iter_mut().zip(&fields) {
            let narrow: Vec<f32> = field.values.iter().map(|value| *value as f32).collect();
            statistics.add(&Buffer::from_slice(Device::Cpu, &narrow)?)?;
        }
        statistics::write(&path, moment.hour, &all)?;
        if member == 0 && moment.hour == 0.0 {
            Fields::new(moment.fields.valid, &fields).write(&self.workspace)?;
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<Vec<PathBuf>> {
        Ok(Vec::new())
    }
}
