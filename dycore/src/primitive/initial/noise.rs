//! Gravity-wave noise of a running model.

use terrella_kernels::Real;
use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::spectral::{Transform, Truncation};

use crate::Result;
use crate::primitive::{Configuration, Primitive};

/// Mean magnitude over the sphere of the change of surface pressure, |Δp_s|/Δt, between two looks at a model.
pub struct Noise {
    transform: Transform<f64>,
    reference: f64,
    /// Share of the sphere of each point.
    weights: Vec<f64>,
    before: Option<(f64, Vec<f64>)>,
}

impl Noise {
    /// For models with this configuration.
    pub fn new(configuration: &Configuration) -> Result<Self> {
        let grid = &configuration.grid;
        let ring_weights = grid.rings().iter();
        Ok(Self {
            transform: Transform::new(grid, Truncation::new(configuration.truncation), Device::Cpu)?,
            reference: configuration.reference_surface_pressure,
            weights: ring_weights
                .flat_map(|ring| std::iter::repeat_n(ring.weight / ring.points as f64, ring.points))
                .collect(),
            before: None,
        })
    }

    /// \[Pa s⁻¹\] since the last look; `None` at the first, where no time has passed, and on ranks other than the first, which look
    /// together.
    pub fn observe<R: Real>(&mut self, model: &Primitive<R>) -> Result<Option<f64>> {
        let own = model.spectral_state().log_surface_pressure.to_vec()?;
        let whole = model.part().gather_spectra(&model.communicator()?, 1, &own)?;
        let Some(spectrum) = whole else { return Ok(None) };
        let spectrum: Vec<f64> = spectrum.into_iter().map(Real::to_f64).collect();
        let spectrum = Buffer::from_slice(Device::Cpu, &spectrum)?;
        let mut values = Buffer::zeros(Device::Cpu, self.weights.len())?;
        self.transform.synthesis(1, &spectrum, &mut values)?;
        let pressure: Vec<f64> =
            values.to_vec()?.into_iter().map(|value| self.reference * value.exp()).collect();
        let time = model.time();
        let noise = match &self.before {
            Some((earlier, before)) if time != *earlier => {
                let changes = pressure.iter().zip(before).map(|(now, before)| (now - before).abs());
                let mean: f64 = changes.zip(&self.weights).map(|(change, weight)| weight * change).sum();
                Some(mean / (time - earlier).abs())
            }
            _ => None,
        };
        self.before = Some((time, pressure));
        Ok(noise)
    }
}
