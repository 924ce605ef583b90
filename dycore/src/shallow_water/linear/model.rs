//! The derivative of a step: its memory and its order.

use std::mem::swap;

use terrella_kernels::Real;
use terrella_kernels::device::Buffer;

use super::{
    TwoLevels, advance_gravity_waves_adjoint, advance_transported_adjoint, gather, kinetic_energy_tangent,
    transport_adjoint, transport_tangent, wind_adjoint,
};
use crate::Result;
use crate::ranks::expect_alone;
use crate::shallow_water::model::expect_length;
use crate::shallow_water::scheme::Scheme;
use crate::shallow_water::{ShallowWater, SpectralState, interleave};

/// A shallow-water model with the derivative of its step; see [`super`].
///
/// ```
/// use terrella_dycore::shallow_water::linear::{LinearisedShallowWater, TwoLevels};
/// use terrella_dycore::shallow_water::{Configuration, ShallowWater};
/// use terrella_kernels::device::{Buffer, Device};
///
/// # fn main() -> terrella_dycore::Result<()> {
/// let mut model = LinearisedShallowWater::new(ShallowWater::<f64>::new(Configuration::new(21)?, Device::Cpu)?)?;
/// // About a state of rest, in its first step.
/// model.linearise_about_present()?;
/// let values = 2 * model.model().coefficients();
/// let mut perturbation = TwoLevels::zeros(Device::Cpu, values)?;
/// perturbation.previous.geopotential.fill(1.0)?;
/// perturbation.present.copy_from(&TwoLevels::zeros(Device::Cpu, values)?.present)?;
/// model.tangent_step(&mut perturbation)?;
/// assert!(perturbation.present.divergence.to_vec()?.iter().any(|value| *value > 0.0));
/// # Ok(())
/// # }
/// ```
pub struct LinearisedShallowWater<R: Real> {
    pub(super) model: ShallowWater<R>,
    scheme: Scheme<R>,
    work: Workspace<R>,
    /// On the device what a caller has in host memory.
    pub(super) carried: Option<TwoLevels<R>>,
}

/// What the model's own workspace has no room for. On the grid `[2, points]` holds vorticity, then geopotential.
struct Workspace<R: Real> {
    scalars: Buffer<R>,
    u: Buffer<R>,
    v: Buffer<R>,
    /// What replaces the levels at the end of a step.
    results: TwoLevels<R>,
    /// No orography, no sources.
    nothing: SpectralState<R>,
    /// Sensitivities to the present level as far as they do not come by the grid.
    direct: SpectralState<R>,
    /// Those by the scalars and by the wind.
    by_scalars: Buffer<R>,
    by_vorticity: Buffer<R>,
    by_divergence: Buffer<R>,
    /// Sensitivities to the curl of the first flux and to the divergence of both.
    to_curl: Buffer<R>,
    to_divergence: [Buffer<R>; 2],
}

impl<R: Real> LinearisedShallowWater<R> {
    /// The derivative of this model, with its settings, orography and relaxation.
    ///
    /// Errors: a model that ranks share.
    pub fn new(model: ShallowWater<R>) -> Result<Self> {
        expect_alone(model.part(), "a model on one rank, which has a derivative")?;
        let (device, points) = (model.device, model.configuration.grid.points());
        let values = 2 * model.coefficients();
        let spectrum = || Buffer::zeros(device, values);
        let work = Workspace {
            scalars: Buffer::zeros(device, 2 * points)?,
            u: Buffer::zeros(device, points)?,
            v: Buffer::zeros(device, points)?,
            results: TwoLevels::zeros(device, values)?,
            nothing: SpectralState::zeros(device, values)?,
            direct: SpectralState::zeros(device, values)?,
            by_scalars: Buffer::zeros(device, 2 * values)?,
            by_vorticity: spectrum()?,
            by_divergence: spectrum()?,
            to_curl: spectrum()?,
            to_divergence: [spectrum()?, spectrum()?],
        };
        let carried = Some(TwoLevels::zeros(device, values)?);
        Ok(Self { scheme: Scheme::new(&model.configuration, true), model, work, carried })
    }

    /// The model.
    pub fn model(&self) -> &ShallowWater<R> {
        &self.model
    }

    /// The model, for setting its state and stepping it; [`Self::linearise_about_present`] says about what the derivative is.
    pub fn model_mut(&mut self) -> &mut ShallowWater<R> {
        &mut self.model
    }

    /// Takes the derivative about the model's present state and for the step that follows it, until the next call or the model's next step.
    pub fn linearise_about_present(&mut self) -> Result<()> {
        let Self { model, scheme, .. } = self;
        *scheme = Scheme::new(&model.configuration, model.step == 0);
        model.device.within(|| model.synthesis())
    }

    /// Tangent linear: replaces a perturbation before the step by that after it.
    ///
    /// Errors: spectra of another length or on another device.
    pub fn tangent_step(&mut self, perturbation: &mut TwoLevels<R>) -> Result<()> {
        self.expect(perturbation)?;
        self.model.device.within(|| self.tangent(perturbation))
    }

    /// Adjoint: replaces the sensitivity to both levels after the step by that to both before it.
    ///
    /// Errors: spectra of another length or on another device.
    pub fn adjoint_step(&mut self, sensitivity: &mut TwoLevels<R>) -> Result<()> {
        self.expect(sensitivity)?;
        self.model.device.within(|| self.adjoint(sensitivity))
    }

    fn expect(&self, levels: &TwoLevels<R>) -> Result<()> {
        for level in [&levels.previous, &levels.present] {
            for (name, spectrum) in crate::shallow_water::model::fields(level) {
                expect_length(name, 2 * self.model.coefficients(), spectrum.len())?;
            }
        }
        Ok(())
    }

    fn tangent(&mut self, perturbation: &mut TwoLevels<R>) -> Result<()> {
        let Self { model, scheme, work, .. } = self;
        let points = model.configuration.grid.points() as u32;
        let values = 2 * model.coefficients() as u32;
        let (transform, own) = (&mut model.transform, &mut model.work);
        let TwoLevels { previous, present } = perturbation;

        interleave::launch([values, 2], &present.vorticity, &present.geopotential, &mut own.scalar_spectra)?;
        transform.synthesis(2, &own.scalar_spectra, &mut work.scalars)?;
        transform.wind_synthesis(1, &present.vorticity, &present.divergence, &mut work.u, &mut work.v)?;
        transport_tangent::launch(
            [2, points],
            points,
            &own.background,
            &own.scalars,
            &own.u,
            &own.v,
            &work.scalars,
            &work.u,
            &work.v,
            &mut own.flux_u,
            &mut own.flux_v,
        )?;
        kinetic_energy_tangent::launch([points], &own.u, &own.v, &work.u, &work.v, &mut own.energy)?;
        transform.wind_analysis(2, &own.flux_u, &own.flux_v, &mut own.flux_curl, &mut own.flux_divergence)?;
        transform.analysis(1, &own.energy, &mut own.energy_spectrum)?;

        let TwoLevels { previous: filtered, present: next } = &mut work.results;
        scheme.advance(
            [previous, present],
            own,
            &model.terms,
            &work.nothing.geopotential,
            &work.nothing,
            [next, filtered],
        )?;
        swap(perturbation, &mut work.results);
        Ok(())
    }

    fn adjoint(&mut self, sensitivity: &mut TwoLevels<R>) -> Result<()> {
        let Self { model, scheme, work, .. } = self;
        let points = model.configuration.grid.points() as u32;
        let values = 2 * model.coefficients() as u32;
        let (transform, own, terms) = (&mut model.transform, &mut model.work, &model.terms);
        let TwoLevels { previous: filtered, present: next } = &*sensitivity;
        let TwoLevels { previous, present } = &mut work.results;

        let [to_vorticity_flux, to_geopotential_flux] = &mut work.to_divergence;
        advance_transported_adjoint::launch(
            [values],
            scheme.interval,
            scheme.strength,
            scheme.centring,
            &next.vorticity,
            &filtered.vorticity,
            &terms.damping.vorticity,
            &mut previous.vorticity,
            &mut work.direct.vorticity,
            to_vorticity_flux,
        )?;
        advance_gravity_waves_adjoint::launch(
            [values],
            scheme.interval,
            scheme.implicit,
            scheme.mean_geopotential,
            scheme.strength,
            scheme.centring,
            &next.divergence,
            &filtered.divergence,
            &next.geopotential,
            &filtered.geopotential,
            &terms.eigenvalue,
            &terms.damping.divergence,
            &terms.damping.geopotential,
            &mut previous.divergence,
            &mut work.direct.divergence,
            &mut previous.geopotential,
            &mut work.direct.geopotential,
            &mut work.to_curl,
            to_geopotential_flux,
            &mut own.energy_spectrum,
        )?;

        // The curl of the flux of geopotential is used by nothing.
        let unused = &work.nothing.vorticity;
        interleave::launch([values, 2], &work.to_curl, unused, &mut own.flux_curl)?;
        interleave::launch(
            [values, 2],
            &*to_vorticity_flux,
            &*to_geopotential_flux,
            &mut own.flux_divergence,
        )?;
        transform.wind_analysis_adjoint(
            2,
            &own.flux_curl,
            &own.flux_divergence,
            &mut own.flux_u,
            &mut own.flux_v,
        )?;
        transform.analysis_adjoint(1, &own.energy_spectrum, &mut own.energy)?;
        transport_adjoint::launch(
            [2, points],
            points,
            &own.u,
            &own.v,
            &own.flux_u,
            &own.flux_v,
            &mut work.scalars,
        )?;
        wind_adjoint::launch(
            [points],
            points,
            &own.background,
            &own.scalars,
            &own.u,
            &own.v,
            &own.flux_u,
            &own.flux_v,
            &own.energy,
            &mut work.u,
            &mut work.v,
        )?;
        transform.synthesis_adjoint(2, &work.scalars, &mut work.by_scalars)?;
        transform.wind_synthesis_adjoint(
            1,
            &work.u,
            &work.v,
            &mut work.by_vorticity,
            &mut work.by_divergence,
        )?;

        let (direct, scalars) = (&work.direct, &work.by_scalars);
        gather::launch(
            [values],
            1,
            0,
            &direct.vorticity,
            scalars,
            &work.by_vorticity,
            &mut present.vorticity,
        )?;
        gather::launch(
            [values],
            0,
            0,
            &direct.divergence,
            scalars,
            &work.by_divergence,
            &mut present.divergence,
        )?;
        gather::launch([values], 1, 1, &direct.geopotential, scalars, unused, &mut present.geopotential)?;
        swap(sensitivity, &mut work.results);
        Ok(())
    }
}
