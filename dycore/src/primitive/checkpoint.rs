//! Everything that a restart needs, bit for bit.

use std::borrow::Cow;

use terrella_coupling::communicator::Communicator;
use terrella_coupling::spectral::Part;
use terrella_kernels::Real;
use terrella_kernels::device::Buffer;

use super::{Primitive, SpectralState};
use crate::shallow_water::{expect_finite, expect_length};
use crate::{Error, Result};

/// The model's prognostic variables at both time levels and its clock, in host memory.
///
/// Of the semi-Lagrangian scheme, what it keeps of t − Δt are the wind and the nonlinear terms on the grid, and its tracers at t.
///
/// A run that is split by `checkpoint` and `restore` continues with the same bits. Orography, physics and the other settings
/// are the caller's to set again. It does not know of ranks: what some wrote any other number continues from.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint<R> {
    /// T of the model that wrote it.
    pub truncation: usize,
    /// A of its half levels \[Pa\].
    pub a: Vec<f64>,
    /// B of its half levels.
    pub b: Vec<f64>,
    /// Number of its tracers, specific humidity among them.
    pub tracers: usize,
    /// Whether the first tracer is specific humidity.
    pub moist: bool,
    /// Δt \[s\] of the model that wrote it.
    pub time_step: f64,
    /// T_r \[K\], from which its temperatures depart.
    pub reference_temperature: f64,
    /// p_r \[Pa\], to which its surface pressures refer.
    pub reference_surface_pressure: f64,
    /// Steps done.
    pub step: u64,
    /// Spectra at t − Δt in the order of [`SpectralState::fields`]. Semi-Lagrangian, on the grid: u, v and η̇ at t − Δt; the
    /// nonlinear terms of u and v; of temperature; of surface pressure; and the tracers at t.
    pub previous: [Vec<R>; 5],
    /// The same at t.
    pub present: [Vec<R>; 5],
    /// The mean of p_s/p_r that is held.
    pub mass: R,
    /// With column physics: u, v, temperature, tracers and surface pressure on the grid at t − Δt, as the schemes see them.
    pub columns: Option<[Vec<R>; 5]>,
}

impl<R: Real> Primitive<R> {
    /// A copy of all that the next step depends on.
    ///
    /// Across ranks all call it together; rank 0 gets the whole copy, the others one without values of fields.
    pub fn checkpoint(&self) -> Result<Checkpoint<R>> {
        let communicator = self.transform.communicator()?;
        let part = self.part();
        let mut checkpoint = self.own_checkpoint()?;
        if part.is_whole() {
            return Ok(checkpoint);
        }
        let fields = |array: &mut Vec<R>| -> Result<()> {
            *array = whole_fields(array, part, &communicator)?;
            Ok(())
        };
        let spectra = |array: &mut Vec<R>| -> Result<()> {
            let count = array.len() / (2 * part.coefficients());
            *array = part.gather_spectra(&communicator, count, array)?.unwrap_or_default();
            Ok(())
        };
        match self.transport {
            Some(_) => checkpoint.previous.iter_mut().try_for_each(fields)?,
            None => checkpoint.previous.iter_mut().try_for_each(spectra)?,
        }
        checkpoint.present.iter_mut().try_for_each(spectra)?;
        checkpoint.columns.iter_mut().flatten().try_for_each(fields)?;
        Ok(checkpoint)
    }

    /// What this rank has of a checkpoint: own coefficients of spectra and own points of fields. Nothing is sent.
    pub fn own_checkpoint(&self) -> Result<Checkpoint<R>> {
        let configuration = &self.configuration;
        let columns = match &self.physics {
            None => None,
            Some(physics) => Some(to_host(physics.earlier.all())?),
        };
        Ok(Checkpoint {
            truncation: configuration.truncation,
            a: configuration.levels.a().to_vec(),
            b: configuration.levels.b().to_vec(),
            tracers: configuration.tracers(),
            moist: configuration.moist,
            time_step: configuration.time_step,
            reference_temperature: configuration.reference_temperature,
            reference_surface_pressure: configuration.reference_surface_pressure,
            step: self.step,
            previous: match &self.transport {
                Some(transport) => transport.remembered()?,
                None => to_host(self.previous.fields())?,
            },
            present: to_host(self.present.fields())?,
            mass: self.work.target.to_vec()?[0],
            columns,
        })
    }

    /// Continues from a checkpoint of a model with the same truncation, levels, tracers, time step and reference state, and
    /// with physics if this one has any.
    ///
    /// Across ranks each is given the whole checkpoint and takes its part, or is given its part
    /// ([`own_checkpoint`](Self::own_checkpoint)). On an error the model is as it was.
    pub fn restore(&mut self, checkpoint: &Checkpoint<R>) -> Result<()> {
        let configuration = &self.configuration;
        let levels = |a: &[f64], b: &[f64]| format!("A = {a:?} Pa, B = {b:?}");
        let settings = [
            ("truncation", configuration.truncation.to_string(), checkpoint.truncation.to_string()),
            (
                "levels",
                levels(configuration.levels.a(), configuration.levels.b()),
                levels(&checkpoint.a, &checkpoint.b),
            ),
            ("tracers", configuration.tracers().to_string(), checkpoint.tracers.to_string()),
            ("moist", configuration.moist.to_string(), checkpoint.moist.to_string()),
            ("time_step", configuration.time_step.to_string(), checkpoint.time_step.to_string()),
            (
                "reference_temperature",
                configuration.reference_temperature.to_string(),
                checkpoint.reference_temperature.to_string(),
            ),
            (
                "reference_surface_pressure",
                configuration.reference_surface_pressure.to_string(),
                checkpoint.reference_surface_pressure.to_string(),
            ),
            ("physics", self.physics.is_some().to_string(), checkpoint.columns.is_some().to_string()),
        ];
        for (name, expected, got) in settings {
            if expected != got {
                return Err(Error::CheckpointMismatch { name, expected, got });
            }
        }
        let part = self.transform.part();
        let spectra = self.present.fields().map(|(name, buffer)| {
            let whole = part.truncation().spectrum_len(buffer.len() / (2 * part.coefficients()));
            (name, [whole, buffer.len()])
        });
        let previous =
            self.transport.as_ref().map_or(spectra, |transport| transport.remembered_lengths(part));
        for (lengths, level) in [(previous, &checkpoint.previous), (spectra, &checkpoint.present)] {
            for ((name, length), array) in lengths.into_iter().zip(level) {
                expect_whole_or_own(name, length, array.len())?;
                expect_finite(name, array)?;
            }
        }
        expect_finite("mass", &[checkpoint.mass])?;
        if let (Some(physics), Some(columns)) = (&self.physics, &checkpoint.columns) {
            for ((name, buffer), array) in physics.earlier.all().into_iter().zip(columns) {
                let whole = buffer.len() / part.points() * part.grid().points();
                expect_whole_or_own(name, [whole, buffer.len()], array.len())?;
                expect_finite(name, array)?;
            }
        }
        match &mut self.transport {
            Some(transport) => transport.remember(part, &checkpoint.previous)?,
            None => from_host(&checkpoint.previous, part, &mut self.previous)?,
        }
        from_host(&checkpoint.present, part, &mut self.present)?;
        self.work.target.copy_from_host(&[checkpoint.mass])?;
        if let (Some(physics), Some(columns)) = (&mut self.physics, &checkpoint.columns) {
            for (buffer, array) in physics.earlier.all_mut().into_iter().zip(columns) {
                buffer.copy_from_host(&own_fields(part, buffer, array)?)?;
            }
        }
        self.step = checkpoint.step;
        Ok(())
    }
}

fn to_host<R: Real>(buffers: [(&'static str, &Buffer<R>); 5]) -> Result<[Vec<R>; 5]> {
    let mut arrays = [const { Vec::new() }; 5];
    for (array, (_, buffer)) in arrays.iter_mut().zip(buffers) {
        *array = buffer.to_vec()?;
    }
    Ok(arrays)
}

fn from_host<R: Real>(arrays: &[Vec<R>; 5], part: &Part, state: &mut SpectralState<R>) -> Result<()> {
    for ((_, buffer), array) in state.fields_mut().into_iter().zip(arrays) {
        if buffer.len() == array.len() {
            buffer.copy_from_host(array)?;
        } else {
            let fields = buffer.len() / (2 * part.coefficients());
            buffer.copy_from_host(&part.own_spectra(fields, array)?)?;
        }
    }
    Ok(())
}

/// Refuses an array that has neither the length of whole fields, the first, nor that of a rank's.
pub(super) fn expect_whole_or_own(name: &'static str, [whole, own]: [usize; 2], got: usize) -> Result<()> {
    if got == own { Ok(()) } else { expect_length(name, whole, got) }
}

/// What a buffer of fields takes of an array that is whole, or has its values alone.
pub(super) fn own_fields<'a, R: Real>(
    part: &Part,
    buffer: &Buffer<R>,
    array: &'a [R],
) -> Result<Cow<'a, [R]>> {
    if buffer.len() == array.len() {
        return Ok(Cow::Borrowed(array));
    }
    Ok(part.own_fields(buffer.len() / part.points(), array)?)
}

/// The whole fields on rank 0, nothing on the others.
pub(super) fn whole_fields<R: Real>(own: &[R], part: &Part, communicator: &Communicator) -> Result<Vec<R>> {
    Ok(part.gather_fields(communicator, own.len() / part.points(), own)?.unwrap_or_default())
}
