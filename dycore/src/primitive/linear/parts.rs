//! All memory of the linear model but the trajectory's.

use terrella_coupling::Component;
use terrella_kernels::Real;
use terrella_kernels::device::Buffer;

use super::super::arrays::read;
use super::super::workspace::ColumnFields;
use super::super::{HeldSuarez, Primitive};
use super::tables::Tables;
use super::trajectory::Linearisation;
use crate::Result;

/// The model, whose arrays hold trajectory, perturbation or sensitivity in turn, and what it has not.
pub(super) struct Parts<R: Real> {
    pub(super) model: Primitive<R>,
    pub(super) forcing: Option<HeldSuarez<R>>,
    pub(super) tables: Tables<R>,
    /// Perturbation of the mean that is held, or the sensitivity to it before and after, `[1]`.
    pub(super) mass: Buffer<R>,
    pub(super) mass_before: Buffer<R>,
    /// Sensitivities to the mean, and to the shift in spectral space, `[1]`.
    pub(super) mean: Buffer<R>,
    pub(super) spectral_shift: Buffer<R>,
    /// Sensitivity to p_s, or a part of it, `[points]`.
    pub(super) upper_pressure: Buffer<R>,
    /// Second spectra of ln p_s and of tracers.
    pub(super) pressure_spectrum: Buffer<R>,
    pub(super) tracer_spectrum: Buffer<R>,
    /// Sensitivity to the fields that physics sees.
    pub(super) earlier: Option<ColumnFields<R>>,
}

impl<R: Real> Parts<R> {
    pub(super) fn new(model: Primitive<R>) -> Result<Self> {
        let (device, configuration) = (model.device, &model.configuration);
        let (points, levels) = (configuration.grid.points(), configuration.levels.count());
        let tracers = configuration.tracers();
        let rows = 2 * model.coefficients();
        Ok(Self {
            forcing: None,
            tables: Tables::new(configuration, &model.reference, device)?,
            mass: Buffer::zeros(device, 1)?,
            mass_before: Buffer::zeros(device, 1)?,
            mean: Buffer::zeros(device, 1)?,
            spectral_shift: Buffer::zeros(device, 1)?,
            upper_pressure: Buffer::zeros(device, points)?,
            pressure_spectrum: Buffer::zeros(device, rows)?,
            tracer_spectrum: Buffer::zeros(device, rows * levels * tracers)?,
            earlier: match &model.physics {
                Some(_) => Some(ColumnFields::zeros(device, points, levels, tracers)?),
                None => None,
            },
            model,
        })
    }

    /// The trajectory's fields of the step that goes from a memory.
    pub(super) fn linearise(
        &mut self,
        memory: &[R],
        number: usize,
        about: &mut Linearisation<R>,
    ) -> Result<()> {
        let model = &mut self.model;
        model.work.target.copy_from_host(&memory[..1])?;
        let rest =
            read(&memory[1 + model.state_len()..], model.present.fields_mut().map(|(_, field)| field))?;
        if let Some(earlier) = &mut about.earlier {
            read(rest, earlier.all_mut())?;
        }
        about.number = number as u64;
        model.device.within(|| {
            model.synthesize()?;
            model.integrate_mass_flux()?;
            about.take(model)
        })
    }
}
