//! Zarr stores.

use std::path::Path;

use serde_json::Value;

use super::container::Container;
use super::variables::NetcdfVariable;
use crate::error::{Error, Result};
use crate::read::zarr::Store;

#[derive(Debug)]
pub(super) struct Zarr {
    store: Store,
    variables: Vec<NetcdfVariable>,
}

impl Zarr {
    pub(super) fn open(path: &Path) -> Result<Self> {
        let store = Store::open(path)?;
        let variable = |(name, array): (&String, &crate::read::zarr::Array)| {
            let (kind, dimensions, attributes) = array.described();
            NetcdfVariable { name: name.clone(), kind, dimensions, attributes }
        };
        let variables = store.arrays.iter().map(variable).collect();
        Ok(Self { store, variables })
    }
}

impl Container for Zarr {
    fn attributes(&self) -> Vec<(String, String)> {
        self.store.described()
    }

    /// By their names.
    fn variables(&self) -> &[NetcdfVariable] {
        &self.variables
    }

    fn numbers(&self, variable: &str, key: &str) -> Option<(Vec<f64>, bool)> {
        let value = self.store.arrays.get(variable)?.description.attributes.get(key)?;
        let list = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        let numbers: Option<Vec<f64>> = list.iter().map(Value::as_f64).collect();
        match (numbers, value) {
            (Some(numbers), _) => Some((numbers, list.iter().any(Value::is_f64))),
            // As xarray writes fill values.
            (None, Value::String(text)) => {
                let bytes = crate::stream::base64::decode(text)?;
                Some((vec![f64::from_le_bytes(bytes.try_into().ok()?)], true))
            }
            _ => None,
        }
    }

    fn together(&self, variable: &NetcdfVariable, dimension: usize) -> Result<usize> {
        let chunk = self.store.arrays.get(&variable.name).map(|array| &array.description.chunk);
        Ok(chunk.and_then(|chunk| chunk.get(dimension)).map_or(1, |&length| length as usize))
    }

    fn read(&mut self, variable: &NetcdfVariable, start: &[usize], counts: &[usize]) -> Result<Vec<f64>> {
        let wide = |lengths: &[usize]| lengths.iter().map(|&length| length as u64).collect::<Vec<_>>();
        let array = self.store.arrays.get(&variable.name).ok_or_else(|| Error::Zarr {
            path: self.store.path.clone(),
            reason: format!("it has no array '{}'", variable.name),
        })?;
        array.part(&wide(start), &wide(counts))
    }
}
