//! The trajectory's fields about which a step is linearised.

use std::mem::swap;

use terrella_kernels::Real;
use terrella_kernels::device::{Buffer, Device};

use super::super::Primitive;
use super::super::workspace::{ColumnFields, Workspace};
use super::layer_coefficients;
use super::parts::Parts;
use crate::Result;

/// What a tangent or adjoint step needs of the nonlinear one: 8 values per point and level, 4 more on hybrid levels, 3 more
/// for each tracer, and 3 with column physics.
///
/// [`LinearisedPrimitive`](super::LinearisedPrimitive) has one for itself; more of them save the synthesis of steps that are gone
/// through many times ([`keep_linearisations`](terrella_coupling::Linearised::keep_linearisations)).
pub struct Linearisation<R: Real> {
    /// Which step it is, from the beginning of the run.
    pub(super) number: u64,
    pub(super) columns: ColumnFields<R>,
    pub(super) vorticity: Buffer<R>,
    pub(super) divergence: Buffer<R>,
    pub(super) temperature_eastward: Buffer<R>,
    pub(super) temperature_northward: Buffer<R>,
    pub(super) tracers_eastward: Buffer<R>,
    pub(super) tracers_northward: Buffer<R>,
    pub(super) relative_pressure: Buffer<R>,
    pub(super) eastward: Buffer<R>,
    pub(super) northward: Buffer<R>,
    pub(super) mean: Buffer<R>,
    pub(super) target: Buffer<R>,
    pub(super) shift: Buffer<R>,
    pub(super) flux_above: Buffer<R>,
    pub(super) flux_total: Buffer<R>,
    /// Whether ℓ and α of any layer depend on p_s.
    varies: bool,
    /// ℓ, α \[–\] and their derivatives by p_s \[Pa⁻¹\], `[levels, points]`.
    pub(super) logarithm: Buffer<R>,
    pub(super) alpha: Buffer<R>,
    pub(super) logarithm_slope: Buffer<R>,
    pub(super) alpha_slope: Buffer<R>,
    /// What physics sees.
    pub(super) earlier: Option<ColumnFields<R>>,
}

impl<R: Real> Linearisation<R> {
    pub(super) fn zeros(model: &Primitive<R>) -> Result<Self> {
        let device: Device = model.device;
        let configuration = &model.configuration;
        let (points, levels) = (configuration.grid.points(), configuration.levels.count());
        let tracers = configuration.tracers();
        let field = || Buffer::zeros(device, levels * points);
        let tracer = || Buffer::zeros(device, tracers * levels * points);
        let surface = || Buffer::zeros(device, points);
        let one = || Buffer::zeros(device, 1);
        let varies = model.column_terms.layers.kind.to_vec()?.iter().any(|&kind| kind > 0);
        // Where they are not read, something of a length that devices accept.
        let coefficient = || Buffer::zeros(device, if varies { levels * points } else { 1 });
        Ok(Self {
            number: 0,
            columns: ColumnFields::zeros(device, points, levels, tracers)?,
            vorticity: field()?,
            divergence: field()?,
            temperature_eastward: field()?,
            temperature_northward: field()?,
            tracers_eastward: tracer()?,
            tracers_northward: tracer()?,
            relative_pressure: surface()?,
            eastward: surface()?,
            northward: surface()?,
            mean: one()?,
            target: one()?,
            shift: one()?,
            flux_above: field()?,
            flux_total: surface()?,
            varies,
            logarithm: coefficient()?,
            alpha: coefficient()?,
            logarithm_slope: coefficient()?,
            alpha_slope: coefficient()?,
            earlier: match &model.physics {
                Some(_) => Some(ColumnFields::zeros(device, points, levels, tracers)?),
                None => None,
            },
        })
    }

    /// Memory that it takes.
    pub fn bytes(&self) -> usize {
        let own = [
            &self.vorticity,
            &self.divergence,
            &self.temperature_eastward,
            &self.temperature_northward,
            &self.tracers_eastward,
            &self.tracers_northward,
            &self.relative_pressure,
            &self.eastward,
            &self.northward,
            &self.mean,
            &self.target,
            &self.shift,
            &self.flux_above,
            &self.flux_total,
            &self.logarithm,
            &self.alpha,
            &self.logarithm_slope,
            &self.alpha_slope,
        ];
        let columns = std::iter::once(&self.columns).chain(&self.earlier);
        let fields = columns.flat_map(|columns| columns.all()).map(|(_, field)| field);
        own.into_iter().chain(fields).map(Buffer::len).sum::<usize>() * size_of::<R>()
    }

    /// Takes what the model has synthesised and summed up, giving it other buffers to write to.
    pub(super) fn take(&mut self, model: &mut Primitive<R>) -> Result<()> {
        let configuration = &model.configuration;
        let layers = &model.column_terms.layers;
        if self.varies {
            layer_coefficients::launch(
                [configuration.levels.count() as u32, configuration.grid.points() as u32],
                &layers.a_thickness,
                &layers.b_thickness,
                &layers.a_sum,
                &layers.b_sum,
                &layers.kind,
                &layers.logarithm,
                &layers.alpha,
                &model.work.columns.surface_pressure,
                &mut self.logarithm,
                &mut self.alpha,
                &mut self.logarithm_slope,
                &mut self.alpha_slope,
            )?;
        }
        self.swap_surface(&mut model.work)?;
        let work = &mut model.work;
        swap(&mut self.columns, &mut work.columns);
        for (own, found) in [
            (&mut self.vorticity, &mut work.vorticity),
            (&mut self.divergence, &mut work.divergence),
            (&mut self.temperature_eastward, &mut work.temperature_eastward),
            (&mut self.temperature_northward, &mut work.temperature_northward),
            (&mut self.tracers_eastward, &mut work.tracers_eastward),
            (&mut self.tracers_northward, &mut work.tracers_northward),
            (&mut self.eastward, &mut work.eastward),
            (&mut self.northward, &mut work.northward),
            (&mut self.flux_above, &mut work.flux_above),
            (&mut self.flux_total, &mut work.flux_total),
        ] {
            swap(own, found);
        }
        Ok(())
    }

    /// The part of it that a beginning needs: surface pressure and its mean.
    pub(super) fn swap_surface(&mut self, work: &mut Workspace<R>) -> Result<()> {
        self.target.copy_from(&work.target)?;
        swap(&mut self.relative_pressure, &mut work.relative_pressure);
        swap(&mut self.mean, &mut work.mean);
        swap(&mut self.shift, &mut work.shift);
        Ok(())
    }
}

/// The linearisation of one step that is kept, and the memory that it belongs to.
pub(super) struct Kept<R: Real> {
    memory: Vec<R>,
    about: Linearisation<R>,
}

impl<R: Real> Kept<R> {
    /// Of no memory yet.
    pub(super) fn zeros(model: &Primitive<R>, memory_len: usize) -> Result<Self> {
        Ok(Self { memory: vec![R::from_f64(f64::NAN); memory_len], about: Linearisation::zeros(model)? })
    }

    /// That of the step `number` from `memory`, found anew where it is of another one.
    pub(super) fn of(
        &mut self,
        parts: &mut Parts<R>,
        memory: &[R],
        number: usize,
    ) -> Result<&Linearisation<R>> {
        if !is_same(&self.memory, memory) {
            parts.linearise(memory, number, &mut self.about)?;
            self.memory.copy_from_slice(memory);
        }
        Ok(&self.about)
    }
}

/// Whether the numbers are the same to the bit.
fn is_same<R: Real>(a: &[R], b: &[R]) -> bool {
    a.iter().zip(b).all(|(a, b)| a.to_f64().to_bits() == b.to_f64().to_bits())
}
