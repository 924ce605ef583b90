//! Room for more variables, levels and members: the chunks of a file, as they are, in another.

use std::path::Path;

use super::create::Description;
use super::reserve::{METADATA, reserve};
use super::store::Store;
use super::structure::Structure;
use crate::error::{Error, Result};
use crate::hdf5::{Access, File};

/// Takes all steps of a file over into a new one with room for more.
pub(super) fn copy(
    store: &Store,
    old: &Structure,
    path: &Path,
    description: &Description,
    new: &Structure,
) -> Result<()> {
    let fail = |source| Error::file(&store.path, "reading", source);
    let bytes = std::fs::metadata(&store.path).map_err(fail)?.len();
    reserve(path, bytes + METADATA * (1 + new.variables.len() as u64))?;
    let from = File::open(&store.path, Access::Read)?;
    let to = File::open(path, Access::Write)?;
    let steps = store.times.len() as u64;
    let target = |name: &str| {
        let dataset = to.dataset(name)?;
        Ok::<_, Error>(dataset.expect("made of this description"))
    };
    for variable in description.growing() {
        to.set_lengths(target(variable.name())?, &variable.lengths(steps))?;
    }
    let horizontal = vec![0; description.horizontal().len()];
    // New variables come after the old ones.
    for (number, variable) in old.variables.iter().enumerate() {
        let name = &variable.naming.name;
        let (source, target) = (store.dataset(&from, name)?, target(name)?);
        for (member, pressure) in old.places(number) {
            let place = |structure: &Structure, step: u64| {
                let between = structure.between(number, member, pressure);
                [&[step], &between[..], &horizontal].concat()
            };
            for step in 0..steps {
                if let Some((skipped, chunk)) = from.read_chunk(source, &place(old, step))? {
                    to.write_chunk(target, &place(new, step), skipped, &chunk)?;
                }
            }
        }
    }
    let hours: Vec<f64> = from.read(store.dataset(&from, "time")?, &[0], &[steps])?;
    to.write(target("time")?, &[0], &[steps], &hours)?;
    if let Some(name) = description.bounds() {
        let bounds = match store.description.bounds() {
            Some(_) => from.read(store.dataset(&from, name)?, &[0, 0], &[steps, 2])?,
            None => hours.iter().flat_map(|hours| [*hours; 2]).collect(),
        };
        to.write(target(name)?, &[0, 0], &[steps, 2], &bounds)?;
    }
    to.close()
}
