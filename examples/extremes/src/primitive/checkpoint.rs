//! The part of a checkpoint file that is the primitive equations'; [`crate::checkpoint`] has what is around it.
//!
//! | bytes | content                                                                                   |
//! |-------|-------------------------------------------------------------------------------------------|
//! | 8     | steps done                                                                                |
//! | 8, …  | number of values of the series, f64 each                                                  |
//! | …     | the mean of p_s/p_r that is held                                                          |
//! | 8, …  | for each of 10 spectra: its length and values (five variables at t − Δt, then at t)       |
//! | 8     | 1 if fields of the columns at t − Δt follow, else 0                                       |
//! | 8, …  | for each of the 5 fields: its length and values                                           |
//! | 8, …  | number of fields that column physics remembers; of each: name, number of values, values   |
//!
//! Numbers are little-endian. Levels, tracers and time step follow from the configuration, which the fingerprint covers.

use terrella_dycore::primitive::{Checkpoint, Configuration, TimeStepping};
use terrella_kernels::Real;

use super::records::Series;
use crate::checkpoint::{Extent, Owners, Reader, Writer};
use crate::error::Result;

/// Version of this layout.
pub(super) const VERSION: u32 = 8;

/// What schemes of column physics remember, by name.
pub(super) type PhysicsMemory<R> = Vec<(String, Vec<R>)>;

/// What a run goes on from: what this rank has of the state, and rank 0's measurements.
pub(super) struct Kept<R> {
    pub(super) state: Checkpoint<R>,
    pub(super) memory: PhysicsMemory<R>,
    pub(super) series: Series,
}

/// What the model has of t − Δt.
fn previous(settings: &Configuration) -> Extent {
    match settings.time_stepping {
        TimeStepping::Leapfrog => Extent::Spectra,
        TimeStepping::SemiLagrangian(_) => Extent::Fields,
    }
}

/// Writes the model's part; all ranks call it together.
pub(super) fn encode<R: Real>(
    writer: &mut Writer,
    owners: &Owners<'_>,
    settings: &Configuration,
    kept: &Kept<R>,
) -> Result<()> {
    let Kept { state, memory, series } = kept;
    writer.u64(state.step);
    let numbers = series.to_numbers();
    writer.u64(numbers.len() as u64);
    writer.f64s(&numbers);
    writer.numbers(&[state.mass]);
    for (extent, arrays) in [(previous(settings), &state.previous), (Extent::Spectra, &state.present)] {
        for array in arrays {
            writer.array(owners, extent, array)?;
        }
    }
    writer.u64(u64::from(state.columns.is_some()));
    for array in state.columns.iter().flatten() {
        writer.array(owners, Extent::Fields, array)?;
    }
    writer.u64(memory.len() as u64);
    for (name, values) in memory {
        writer.part(name.as_bytes());
        writer.array(owners, Extent::Fields, values)?;
    }
    Ok(())
}

/// Reads the part of a model with these settings, of which each rank gets its own; the reader is rank 0's. All ranks call it together.
pub(super) fn decode<R: Real>(
    mut reader: Option<&mut Reader<'_>>,
    owners: &Owners<'_>,
    settings: &Configuration,
) -> Result<Kept<R>> {
    let mut series = Series::default();
    let [step, mass] = owners.shared(|| {
        let Some(reader) = reader.as_deref_mut() else { return Ok([0; 2]) };
        let step = reader.u64()?;
        let count = reader.u64()?;
        let numbers = (0..count).map(|_| reader.f64()).collect::<Result<Vec<f64>>>()?;
        series = Series::from_numbers(&numbers)
            .ok_or_else(|| reader.refuse(format!("a series of {count} numbers")))?;
        Ok([step, reader.numbers::<f64>(1)?[0].to_bits()])
    })?;
    let before = five(&mut reader, owners, previous(settings))?;
    let present = five(&mut reader, owners, Extent::Spectra)?;
    let columns = match count(&mut reader, owners)? {
        1 => Some(five(&mut reader, owners, Extent::Fields)?),
        _ => None,
    };
    let mut memory = PhysicsMemory::new();
    for _ in 0..count(&mut reader, owners)? {
        let name = owners.text(|| match reader.as_deref_mut() {
            Some(reader) => reader.bytes(),
            None => Ok(Vec::new()),
        })?;
        memory.push((name, array(&mut reader, owners, Extent::Fields)?));
    }
    let state = Checkpoint {
        truncation: settings.truncation,
        a: settings.levels.a().to_vec(),
        b: settings.levels.b().to_vec(),
        tracers: settings.tracers(),
        moist: settings.moist,
        time_step: settings.time_step,
        reference_temperature: settings.reference_temperature,
        reference_surface_pressure: settings.reference_surface_pressure,
        step,
        previous: before,
        present,
        mass: R::from_f64(f64::from_bits(mass)),
        columns,
    };
    Ok(Kept { state, memory, series })
}

fn count(reader: &mut Option<&mut Reader<'_>>, owners: &Owners<'_>) -> Result<u64> {
    let [count] = owners.shared(|| match reader.as_deref_mut() {
        Some(reader) => Ok([reader.u64()?]),
        None => Ok([0]),
    })?;
    Ok(count)
}

fn array<R: Real>(
    reader: &mut Option<&mut Reader<'_>>,
    owners: &Owners<'_>,
    extent: Extent,
) -> Result<Vec<R>> {
    owners.own(extent, || match reader.as_deref_mut() {
        Some(reader) => reader.array(),
        None => Ok(Vec::new()),
    })
}

fn five<R: Real>(
    reader: &mut Option<&mut Reader<'_>>,
    owners: &Owners<'_>,
    extent: Extent,
) -> Result<[Vec<R>; 5]> {
    let mut arrays = [const { Vec::new() }; 5];
    for own in &mut arrays {
        *own = array(reader, owners, extent)?;
    }
    Ok(arrays)
}
