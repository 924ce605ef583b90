//! Whether an existing store is the one described, and which of its steps are whole.

use serde_json::Value as Json;

use super::ZarrStore;
use crate::encode::netcdf::RUNNING;
use crate::error::{Error, Result};
use crate::read::zarr::{Store, read};

impl ZarrStore {
    /// Checks that the store is the one described, counts its steps and drops what is behind them.
    pub(super) fn restore(&mut self) -> Result<()> {
        let wrong = |reason: String| Error::Zarr { path: self.path.clone(), reason };
        if status(&read(&self.path)?).is_none() {
            return Err(self.no_mark());
        }
        let store = Store::open(&self.path)?;
        let values = |name: &str| match store.arrays.get(name) {
            Some(array) => array.all(),
            None => Err(wrong(format!("it has no array '{name}'"))),
        };
        let times = values("time")?;
        let mut longer = false;
        for array in &self.description.arrays {
            let found = read(&self.path.join(&array.name))?;
            let steps = found["shape"][0].as_u64().unwrap_or(0) as usize;
            longer |= array.grows && steps > times.len();
            if let Some(reason) = difference(&found, &array.document(steps)) {
                return Err(wrong(format!("'{}' has {reason}", array.name)));
            }
            if let Some(expected) = &array.values {
                let got = values(&array.name)?;
                if let Some(place) = (0..expected.len()).find(|&place| got[place] != expected[place]) {
                    let (name, got, expected) = (&array.name, got[place], expected[place]);
                    return Err(wrong(format!(
                        "'{name}' has {got} at position {place}, expected {expected}"
                    )));
                }
            }
        }
        if times.iter().any(|time| !time.is_finite()) || times.windows(2).any(|pair| pair[0] >= pair[1]) {
            return Err(wrong(format!("its times do not rise: {times:?}")));
        }
        if longer {
            self.set_steps(times.len())?;
        }
        self.set_status(RUNNING)?;
        self.last = times.last().map(|hours| self.time(*hours));
        self.times = times;
        self.torn = false;
        Ok(())
    }
}

/// The mark of stores made here.
pub(super) fn status(document: &Json) -> Option<&str> {
    document.get("attributes")?.get("run_status")?.as_str()
}

/// In what a document differs from the one expected.
fn difference(found: &Json, expected: &Json) -> Option<String> {
    let get = |document: &Json, key: &str| document.get(key).cloned().unwrap_or(Json::Null);
    let keys = [expected, found].into_iter().filter_map(Json::as_object).flat_map(|document| document.keys());
    for key in keys {
        let (found, expected) = (get(found, key), get(expected, key));
        if found != expected {
            let inner = if key == "attributes" { difference(&found, &expected) } else { None };
            return Some(inner.unwrap_or_else(|| format!("{key} {found}, expected {expected}")));
        }
    }
    None
}
