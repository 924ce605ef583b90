//! The fields of an output time where they are computed: on each rank at its own points.

use terrella_coupling::communicator::Communicator;
use terrella_coupling::spectral::Part;
use terrella_io::plan::Points;

use crate::error::{Error, Result};
use crate::output::{OutputFields, Quantity};

/// What one rank has of an output time.
pub(crate) struct OwnFields {
    /// In the order of the quantities, `[level][own point]` each.
    pub(crate) fields: OutputFields,
    /// ζ where it is drawn \[s⁻¹\], `[own point]`.
    pub(crate) vorticity: Vec<f64>,
}

impl OwnFields {
    /// The first value of all ranks that is not finite, as an error on all of them; they call it together. `hour` and `step` are the
    /// state's.
    pub(crate) fn expect_finite(
        &self,
        part: &Part,
        ranks: &Communicator,
        quantities: &[Quantity],
        hour: f64,
        step: u64,
    ) -> Result<()> {
        let own = self.fields.values.iter().enumerate().find_map(|(quantity, values)| {
            let index = values.iter().position(|value| !value.is_finite())?;
            let (level, point) = (index / part.points(), part.point_in_grid(index % part.points()));
            Some([quantity as u64, level as u64, point as u64, values[index].to_bits()])
        });
        let found = ranks.all_gather(own.as_slice())?;
        // In the order of the files.
        let Some([quantity, _, point, bits]) = found.into_iter().flatten().min() else { return Ok(()) };
        let (latitude, longitude) = part.grid().coordinates(point as usize);
        Err(Error::NotFinite {
            field: quantities[quantity as usize].parameter.short_name,
            value: f64::from_bits(bits),
            hour,
            step,
            latitude,
            longitude,
        })
    }

    /// The same of the whole grid, on rank 0, and what this rank has of it, where others have the rest; all ranks call it together.
    pub(crate) fn gathered(
        self,
        part: &Part,
        ranks: &Communicator,
    ) -> Result<(Option<Self>, Option<OutputFields>)> {
        if part.is_whole() {
            return Ok((Some(self), None));
        }
        let gather = |values: &Vec<f64>| part.gather_fields(ranks, values.len() / part.points(), values);
        let mut values = Vec::with_capacity(self.fields.values.len());
        for own in &self.fields.values {
            values.extend(gather(own)?);
        }
        let whole = gather(&self.vorticity)?.map(|vorticity| {
            let fields = OutputFields { valid: self.fields.valid, values };
            Self { fields, vorticity }
        });
        Ok((whole, Some(self.fields)))
    }
}

/// Where own points are in the grid's fields; none where there are no others.
pub(crate) fn own_points(part: &Part) -> Option<Points> {
    let list = || (0..part.points()).map(|point| part.point_in_grid(point)).collect();
    (!part.is_whole()).then(|| Points::List(list()))
}
