//! The part of a checkpoint file that is the shallow-water model's; [`crate::checkpoint`] has what is around it.
//!
//! | bytes | content                                                                              |
//! |-------|--------------------------------------------------------------------------------------|
//! | 8     | truncation                                                                           |
//! | 8, 8  | time step \[s\], mean geopotential \[m² s⁻²\], as f64                                |
//! | 8     | steps done                                                                           |
//! | 8, …  | number of records of the series, each [`Record::NUMBERS`] f64                        |
//! | 8, …  | number of tendencies, f64 each                                                       |
//! | …     | six spectra: vorticity, divergence, geopotential at t − Δt, the same at t            |
//!
//! Numbers are little-endian.

use terrella_dycore::shallow_water::Checkpoint;
use terrella_kernels::Real;
use terrella_kernels::spectral::Truncation;

use super::{Extent, Owners, Reader, Writer};
use crate::error::Result;
use crate::series::{Record, Series};

/// Version of this layout.
pub(crate) const VERSION: u32 = 7;

/// Writes the model's part, of which each rank has its own.
pub(crate) fn encode<R: Real>(
    writer: &mut Writer,
    owners: &Owners<'_>,
    checkpoint: &Checkpoint<R>,
    series: &Series,
) -> Result<()> {
    writer.u64(checkpoint.truncation as u64);
    writer.f64s(&[checkpoint.time_step, checkpoint.mean_geopotential]);
    writer.u64(checkpoint.step);
    writer.u64(series.records.len() as u64);
    series.records.iter().for_each(|record| writer.f64s(&record.to_numbers()));
    writer.u64(series.tendencies.len() as u64);
    writer.f64s(&series.tendencies);
    for spectrum in checkpoint.previous.iter().chain(&checkpoint.present) {
        writer.numbers(&owners.whole(Extent::Spectra, spectrum)?);
    }
    Ok(())
}

/// Reads the model's part, of which each rank gets its own; the reader is rank 0's, and the series as well.
pub(crate) fn decode<R: Real>(
    mut reader: Option<&mut Reader<'_>>,
    owners: &Owners<'_>,
) -> Result<(Checkpoint<R>, Series)> {
    let mut series = Series::default();
    let head = owners.shared(|| {
        let Some(reader) = reader.as_deref_mut() else { return Ok([0; 4]) };
        let head = [reader.u64()?, reader.u64()?, reader.u64()?, reader.u64()?];
        for _ in 0..reader.u64()? {
            let mut numbers = [0.0; Record::NUMBERS];
            for number in &mut numbers {
                *number = reader.f64()?;
            }
            series.records.push(Record::from_numbers(numbers));
        }
        for _ in 0..reader.u64()? {
            series.tendencies.push(reader.f64()?);
        }
        Ok(head)
    })?;
    let truncation = head[0] as usize;
    let mut spectra = [const { Vec::new() }; 6];
    for spectrum in &mut spectra {
        *spectrum = owners.own(Extent::Spectra, || match reader.as_deref_mut() {
            Some(reader) => reader.numbers(Truncation::new(truncation).spectrum_len(1)),
            None => Ok(Vec::new()),
        })?;
    }
    let [vorticity, divergence, geopotential, present_vorticity, present_divergence, present_geopotential] =
        spectra;
    let checkpoint = Checkpoint {
        truncation,
        time_step: f64::from_bits(head[1]),
        mean_geopotential: f64::from_bits(head[2]),
        step: head[3],
        previous: [vorticity, divergence, geopotential],
        present: [present_vorticity, present_divergence, present_geopotential],
    };
    Ok((checkpoint, series))
}
