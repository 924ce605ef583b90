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

use terrella_dycore::primitive::{Checkpoint, Configuration};
use terrella_kernels::Real;

use super::records::Series;
use crate::checkpoint::{Reader, push};
use crate::error::Result;

/// Version of this layout.
pub(super) const VERSION: u32 = 8;

/// What schemes of column physics remember, by name.
pub(super) type PhysicsMemory<R> = Vec<(String, Vec<R>)>;

/// Appends the model's part.
pub(super) fn encode<R: Real>(
    bytes: &mut Vec<u8>,
    checkpoint: &Checkpoint<R>,
    memory: &PhysicsMemory<R>,
    series: &Series,
) {
    bytes.extend(checkpoint.step.to_le_bytes());
    let numbers = series.to_numbers();
    bytes.extend((numbers.len() as u64).to_le_bytes());
    for number in numbers {
        bytes.extend(number.to_le_bytes());
    }
    push(bytes, &[checkpoint.mass]);
    let mut fields = |fields: &[Vec<R>; 5]| {
        for field in fields {
            bytes.extend((field.len() as u64).to_le_bytes());
            push(bytes, field);
        }
    };
    fields(&checkpoint.previous);
    fields(&checkpoint.present);
    match &checkpoint.columns {
        None => bytes.extend(0_u64.to_le_bytes()),
        Some(columns) => {
            bytes.extend(1_u64.to_le_bytes());
            for field in columns {
                bytes.extend((field.len() as u64).to_le_bytes());
                push(bytes, field);
            }
        }
    }
    bytes.extend((memory.len() as u64).to_le_bytes());
    for (name, values) in memory {
        bytes.extend((name.len() as u64).to_le_bytes());
        bytes.extend(name.as_bytes());
        bytes.extend((values.len() as u64).to_le_bytes());
        push(bytes, values);
    }
}

/// Reads the part of a model with these settings.
pub(super) fn decode<R: Real>(
    reader: &mut Reader<'_>,
    settings: &Configuration,
) -> Result<(Checkpoint<R>, PhysicsMemory<R>, Series)> {
    let step = reader.u64()?;
    let count = reader.u64()?;
    let numbers = (0..count).map(|_| reader.f64()).collect::<Result<Vec<f64>>>()?;
    let series = Series::from_numbers(&numbers)
        .ok_or_else(|| reader.refuse(format!("a series of {count} numbers")))?;
    let mass = reader.numbers(1)?[0];
    let previous = fields(reader)?;
    let present = fields(reader)?;
    let columns = if reader.u64()? == 1 { Some(fields(reader)?) } else { None };
    let memory = (0..reader.u64()?)
        .map(|_| {
            let name = String::from_utf8_lossy(reader.bytes()?).into_owned();
            let count = reader.u64()? as usize;
            Ok((name, reader.numbers(count)?))
        })
        .collect::<Result<PhysicsMemory<R>>>()?;
    let checkpoint = Checkpoint {
        truncation: settings.truncation,
        a: settings.levels.a().to_vec(),
        b: settings.levels.b().to_vec(),
        tracers: settings.tracers(),
        moist: settings.moist,
        time_step: settings.time_step,
        reference_temperature: settings.reference_temperature,
        reference_surface_pressure: settings.reference_surface_pressure,
        step,
        previous,
        present,
        mass,
        columns,
    };
    Ok((checkpoint, memory, series))
}

fn fields<R: Real>(reader: &mut Reader<'_>) -> Result<[Vec<R>; 5]> {
    let mut fields = [const { Vec::new() }; 5];
    for field in &mut fields {
        let count = reader.u64()? as usize;
        *field = reader.numbers(count)?;
    }
    Ok(fields)
}
