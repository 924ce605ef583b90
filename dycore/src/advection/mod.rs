//! A passive tracer carried by a prescribed wind, ∂X/∂t = −∇·(X·V) − κX, with the shallow-water model's spectral
//! discretisation (∇·V is the caller's: with a non-divergent wind this is V·∇X).

use std::mem::swap;

use terrella_kernels::Real;
use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::spectral::{Transform, Truncation};

use crate::Result;
use crate::shallow_water::{Configuration, transport};
use crate::shallow_water::{degrees, expect_finite, expect_length, rounded};
use crate::time_stepping::{Filter, advance_transported};

/// Leapfrog advection of one field by a constant wind.
///
/// Of the [`Configuration`] it uses truncation, grid, radius, time step, filter and diffusion.
pub struct PassiveAdvection<R: Real> {
    configuration: Configuration,
    transform: Transform<R>,
    step: u64,
    previous: Buffer<R>,
    present: Buffer<R>,
    next: Buffer<R>,
    filtered: Buffer<R>,
    source: Buffer<R>,
    damping: Buffer<R>,
    u: Buffer<R>,
    v: Buffer<R>,
    background: Buffer<R>,
    tracer: Buffer<R>,
    flux_u: Buffer<R>,
    flux_v: Buffer<R>,
    flux_curl: Buffer<R>,
    flux_divergence: Buffer<R>,
}

impl<R: Real> PassiveAdvection<R> {
    /// A tracer and a wind of zero.
    pub fn new(configuration: Configuration, device: Device) -> Result<Self> {
        configuration.validate()?;
        let truncation = Truncation::new(configuration.truncation);
        let mut transform = Transform::new(&configuration.grid, truncation, device)?;
        transform.set_radius(configuration.radius)?;
        let points = configuration.grid.points();
        let values = 2 * truncation.coefficients();
        let damping: Vec<f64> = degrees(configuration.truncation)
            .map(|degree| {
                configuration.diffusion.map_or(0.0, |diffusion| {
                    diffusion.rate(degree, configuration.truncation, configuration.radius)
                })
            })
            .collect();
        let spectrum = || Buffer::zeros(device, values);
        let field = || Buffer::zeros(device, points);
        Ok(Self {
            configuration,
            transform,
            step: 0,
            previous: spectrum()?,
            present: spectrum()?,
            next: spectrum()?,
            filtered: spectrum()?,
            source: spectrum()?,
            damping: Buffer::from_slice(device, &rounded(&damping))?,
            u: field()?,
            v: field()?,
            background: field()?,
            tracer: field()?,
            flux_u: field()?,
            flux_v: field()?,
            flux_curl: spectrum()?,
            flux_divergence: spectrum()?,
        })
    }

    /// Prescribes the wind \[m s⁻¹\], `[points]` each.
    pub fn set_wind(&mut self, u: &[R], v: &[R]) -> Result<()> {
        let points = self.configuration.grid.points();
        for (name, values) in [("u", u), ("v", v)] {
            expect_length(name, points, values.len())?;
            expect_finite(name, values)?;
        }
        self.u.copy_from_host(u)?;
        self.v.copy_from_host(v)?;
        Ok(())
    }

    /// Sets the tracer, at step 0, from grid values `[points]`.
    pub fn set_tracer(&mut self, tracer: &[R]) -> Result<()> {
        expect_length("tracer", self.configuration.grid.points(), tracer.len())?;
        expect_finite("tracer", tracer)?;
        self.tracer.copy_from_host(tracer)?;
        self.transform.analysis(1, &self.tracer, &mut self.present)?;
        self.previous.copy_from(&self.present)?;
        self.step = 0;
        Ok(())
    }

    /// Advances the tracer by one time step.
    pub fn step(&mut self) -> Result<()> {
        let first = self.step == 0;
        let time_step = self.configuration.time_step;
        let filter = if first { Filter::NONE } else { self.configuration.filter };
        let points = self.configuration.grid.points() as u32;
        self.transform.synthesis(1, &self.present, &mut self.tracer)?;
        transport::launch(
            [1, points],
            points,
            &self.background,
            &self.tracer,
            &self.u,
            &self.v,
            &mut self.flux_u,
            &mut self.flux_v,
        )?;
        self.transform.wind_analysis(
            1,
            &self.flux_u,
            &self.flux_v,
            &mut self.flux_curl,
            &mut self.flux_divergence,
        )?;
        advance_transported::launch(
            [self.present.len() as u32],
            1,
            R::from_f64(if first { time_step } else { 2.0 * time_step }),
            R::from_f64(filter.strength),
            R::from_f64(filter.centring),
            &self.previous,
            &self.present,
            &self.flux_divergence,
            &self.source,
            &self.damping,
            &mut self.next,
            &mut self.filtered,
        )?;
        swap(&mut self.previous, &mut self.filtered);
        swap(&mut self.present, &mut self.next);
        self.step += 1;
        Ok(())
    }

    /// Steps since the tracer was set.
    pub fn step_count(&self) -> u64 {
        self.step
    }

    /// Settings the model was built with.
    pub fn configuration(&self) -> &Configuration {
        &self.configuration
    }

    /// The tracer on the grid, in host memory, `[points]`.
    pub fn tracer(&mut self) -> Result<Vec<R>> {
        self.transform.synthesis(1, &self.present, &mut self.tracer)?;
        Ok(self.tracer.to_vec()?)
    }

    /// The tracer's spectrum, `[coefficients, 2]`.
    pub fn spectrum(&self) -> &Buffer<R> {
        &self.present
    }
}
