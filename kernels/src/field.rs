//! Fields: values on a grid with the names that metadata needs.

use crate::device::{Buffer, Device};
use crate::grid::Grid;
use crate::{Error, Real, Result};

/// Where on the vertical axis a field's values are.
#[derive(Clone, Debug, PartialEq)]
pub enum Location {
    /// One value per column: surface, vertical integral, or no vertical axis at all.
    Surface,
    /// Pressure surfaces [Pa], from the top down.
    Pressure(Vec<f64>),
    /// Full model levels, from the top down.
    FullLevels,
    /// Interfaces of model levels, from the top down.
    HalfLevels,
}

/// Values `[level][point]` on a grid (point fastest), with name and unit.
#[derive(Debug)]
pub struct Field<R: Real> {
    name: String,
    unit: String,
    grid: Grid,
    location: Location,
    levels: usize,
    values: Buffer<R>,
}

impl<R: Real> Field<R> {
    /// A field over `values`; an error unless there are `levels` × `grid.points()` of them and the location has as many.
    pub fn new(
        name: &str,
        unit: &str,
        grid: &Grid,
        location: Location,
        levels: usize,
        values: Buffer<R>,
    ) -> Result<Self> {
        let expected_levels = match &location {
            Location::Surface => 1,
            Location::Pressure(pressures) => pressures.len(),
            Location::FullLevels | Location::HalfLevels => levels,
        };
        let points = grid.points();
        let shape =
            |levels: usize, got: String| Error::FieldShape { field: name.to_owned(), levels, points, got };
        if levels != expected_levels {
            return Err(shape(expected_levels, format!("[{levels}, {points}]")));
        }
        if values.len() != levels * points {
            let got = match values.len() % points {
                0 => format!("[{}, {points}]", values.len() / points),
                _ => format!("{} values", values.len()),
            };
            return Err(shape(levels, got));
        }
        let (name, unit, grid) = (name.to_owned(), unit.to_owned(), grid.clone());
        Ok(Self { name, unit, grid, location, levels, values })
    }

    /// A field of zeros on a device.
    pub fn zeros(
        name: &str,
        unit: &str,
        grid: &Grid,
        location: Location,
        levels: usize,
        device: Device,
    ) -> Result<Self> {
        let values = Buffer::zeros(device, levels * grid.points())?;
        Self::new(name, unit, grid, location, levels, values)
    }

    /// The name, CF or GRIB.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The unit, SI.
    pub fn unit(&self) -> &str {
        &self.unit
    }

    /// The grid.
    pub fn grid(&self) -> &Grid {
        &self.grid
    }

    /// Where on the vertical axis the values are.
    pub fn location(&self) -> &Location {
        &self.location
    }

    /// Number of levels.
    pub fn levels(&self) -> usize {
        self.levels
    }

    /// The values, `[level][point]`.
    pub fn values(&self) -> &Buffer<R> {
        &self.values
    }

    /// The values, `[level][point]`, for writing.
    pub fn values_mut(&mut self) -> &mut Buffer<R> {
        &mut self.values
    }

    /// The buffer alone.
    pub fn into_values(self) -> Buffer<R> {
        self.values
    }

    /// An error naming level and place of the first value that is NaN or infinite. Copies from a GPU.
    pub fn check_finite(&self) -> Result<()> {
        let copy;
        let values = match self.values.device() {
            Device::Cpu => self.values.cpu_slice()?,
            _ => {
                copy = self.values.to_vec()?;
                &copy
            }
        };
        let Some(index) = values.iter().position(|value| !value.to_f64().is_finite()) else { return Ok(()) };
        let (level, point) = (index / self.grid.points(), index % self.grid.points());
        let (latitude, longitude) = self.grid.coordinates(point);
        let (field, value) = (self.name.clone(), values[index].to_string());
        Err(Error::NotFinite { field, value, level, latitude, longitude })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_shapes_are_refused_by_name() {
        let grid: Grid = "F2".parse().unwrap();
        let values = Buffer::<f64>::zeros(Device::Cpu, 3 * grid.points()).unwrap();
        let error = Field::new("u", "m s-1", &grid, Location::FullLevels, 2, values).unwrap_err();
        assert_eq!(error.to_string(), "Field 'u': expected shape [2, 32], got [3, 32].");
        let values = Buffer::<f64>::zeros(Device::Cpu, 31).unwrap();
        let error = Field::new("u", "m s-1", &grid, Location::Surface, 1, values).unwrap_err();
        assert_eq!(error.to_string(), "Field 'u': expected shape [1, 32], got 31 values.");
    }

    #[test]
    fn a_nan_is_named_with_its_place() {
        let grid: Grid = "r4x3".parse().unwrap();
        let mut values = vec![0.0f32; 24];
        values[12 + 4 + 3] = f32::NAN;
        let values = Buffer::from_slice(Device::Cpu, &values).unwrap();
        let field = Field::new("t", "K", &grid, Location::Pressure(vec![5e4, 1e5]), 2, values).unwrap();
        let error = field.check_finite().unwrap_err();
        assert_eq!(
            error.to_string(),
            "Field 't': value NaN at level 1, latitude 0.0000°, longitude 270.0000°."
        );
    }
}
