//! What schemes report, and how a driver and a restart reach it.

use terrella_kernels::Real;
use terrella_kernels::device::Buffer;

use super::{ColumnPhysics, ColumnScheme};
use crate::primitive::Primitive;
use crate::primitive::checkpoint::{expect_whole_or_own, own_fields, whole_fields};
use crate::shallow_water::expect_finite;
use crate::{Error, Result};

/// A field `[points]` that a scheme keeps, on a rank that of its points.
#[derive(Clone, Copy, Debug)]
pub struct Diagnostic<'a, R: Real> {
    /// Its name, as CF has it where it does.
    pub name: &'static str,
    /// Its unit, as in `kg m-2`.
    pub unit: &'static str,
    /// Its values, on the model's device.
    pub values: &'a Buffer<R>,
}

impl<R: Real> Primitive<R> {
    /// The schemes of column physics, in the order in which they are called.
    pub fn column_physics(&self) -> impl Iterator<Item = &dyn ColumnPhysics<R>> {
        self.physics.iter().flat_map(|physics| &physics.schemes).map(|scheme| &**scheme)
    }

    /// The first field of this name among the [diagnostics](ColumnPhysics::diagnostics) of the schemes.
    pub fn physics_diagnostic(&self, name: &str) -> Option<Diagnostic<'_, R>> {
        self.column_physics()
            .flat_map(|scheme| scheme.diagnostics())
            .find(|diagnostic| diagnostic.name == name)
    }

    /// What the schemes need for a restart beside a [`Checkpoint`](crate::primitive::Checkpoint), by name, in host memory.
    ///
    /// Across ranks all call it together; rank 0 gets whole fields, the others names alone.
    pub fn physics_memory(&self) -> Result<Vec<(String, Vec<R>)>> {
        let communicator = self.transform.communicator()?;
        self.column_physics()
            .flat_map(|scheme| scheme.memory())
            .map(|(name, values)| Ok((name, whole_fields(&values.to_vec()?, self.part(), &communicator)?)))
            .collect()
    }

    /// What this rank has of [`physics_memory`](Self::physics_memory). Nothing is sent.
    pub fn own_physics_memory(&self) -> Result<Vec<(String, Vec<R>)>> {
        let memory = self.column_physics().flat_map(|scheme| scheme.memory());
        memory.map(|(name, values)| Ok((name, values.to_vec()?))).collect()
    }

    /// Puts back what [`physics_memory`](Self::physics_memory) gave, into a model with the same schemes.
    ///
    /// Across ranks each is given the whole fields and takes its part, or is given its part. On an error the model is as it was.
    pub fn restore_physics_memory(&mut self, memory: &[(String, Vec<R>)]) -> Result<()> {
        let part = self.part().clone();
        let lengths = |own: usize| [own / part.points() * part.grid().points(), own];
        let own: Vec<(String, [usize; 2])> = self
            .column_physics()
            .flat_map(|scheme| scheme.memory())
            .map(|(name, values)| (name, lengths(values.len())))
            .collect();
        let list = |names: &mut dyn Iterator<Item = &String>| {
            names.map(String::as_str).collect::<Vec<&str>>().join(", ")
        };
        let expected = list(&mut own.iter().map(|(name, _)| name));
        let got = list(&mut memory.iter().map(|(name, _)| name));
        if expected != got {
            return Err(Error::CheckpointMismatch { name: "fields of column physics", expected, got });
        }
        for ((_, lengths), (_, values)) in own.iter().zip(memory) {
            expect_whole_or_own("field of column physics", *lengths, values.len())?;
            expect_finite("field of column physics", values)?;
        }
        let targets = self.physics.iter_mut().flat_map(|physics| &mut physics.schemes);
        for (target, (_, values)) in targets.flat_map(|scheme| scheme.memory_mut()).zip(memory) {
            target.copy_from_host(&own_fields(&part, target, values)?)?;
        }
        Ok(())
    }
}

/// The memory of a list of schemes, each name with its scheme's before it.
pub(super) fn memory_of<R: Real>(
    schemes: &[Box<dyn ColumnScheme<R>>],
) -> impl Iterator<Item = (String, &Buffer<R>)> {
    schemes.iter().flat_map(|scheme| {
        let own = scheme.memory().into_iter();
        own.map(|(name, values)| (format!("{}: {name}", scheme.name()), values))
    })
}
