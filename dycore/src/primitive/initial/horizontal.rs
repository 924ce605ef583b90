//! From the analysis' grid to the model's, through spectra.

use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::grid::Grid;
use terrella_kernels::spectral::{Transform, Truncation};

use crate::{Error, Result};

/// Analysis on one grid, synthesis on another, at a truncation that both carry.
pub(super) struct Regridder {
    truncation: Truncation,
    source: Transform<f64>,
    target: Transform<f64>,
    points: [usize; 2],
}

impl Regridder {
    /// At the largest truncation of the source, at most the model's.
    pub(super) fn new(source: &Grid, target: &Grid, truncation: usize, radius: f64) -> Result<Self> {
        if source.kind() == terrella_kernels::grid::GridKind::HealPix {
            return Err(Error::InvalidAnalysis {
                field: "grid",
                got: source.name().to_owned(),
                expected: "a Gaussian or regular grid, on which spectra are exact".into(),
            });
        }
        let truncation = Truncation::largest_on(source).min(Truncation::new(truncation));
        let transform = |grid: &Grid| -> Result<Transform<f64>> {
            let mut transform = Transform::new(grid, truncation, Device::Cpu)?;
            transform.set_radius(radius)?;
            Ok(transform)
        };
        Ok(Self {
            truncation,
            source: transform(source)?,
            target: transform(target)?,
            points: [source.points(), target.points()],
        })
    }

    pub(super) fn truncation(&self) -> usize {
        self.truncation.total()
    }

    /// A scalar of one level at all points.
    pub(super) fn whole(&mut self, values: &[f64]) -> Result<Vec<f64>> {
        let spectrum = self.analyse(&Buffer::from_slice(Device::Cpu, values)?)?;
        self.synthesise(&spectrum)
    }

    /// A wind of one level at all points, u before v.
    pub(super) fn whole_wind(&mut self, u: &[f64], v: &[f64]) -> Result<Vec<f64>> {
        let [u, v] = [Buffer::from_slice(Device::Cpu, u)?, Buffer::from_slice(Device::Cpu, v)?];
        let spectral = || Buffer::zeros(Device::Cpu, self.truncation.spectrum_len(1));
        let (mut vorticity, mut divergence) = (spectral()?, spectral()?);
        self.source.wind_analysis(1, &u, &v, &mut vorticity, &mut divergence)?;
        drop((u, v));
        let grid = || Buffer::zeros(Device::Cpu, self.points[1]);
        let (mut u, mut v) = (grid()?, grid()?);
        self.target.wind_synthesis(1, &vorticity, &divergence, &mut u, &mut v)?;
        let mut whole = u.to_vec()?;
        whole.extend(v.to_vec()?);
        Ok(whole)
    }

    /// The spectrum of a field.
    pub(super) fn analyse(&mut self, values: &Buffer<f64>) -> Result<Buffer<f64>> {
        let mut spectrum = Buffer::zeros(Device::Cpu, self.truncation.spectrum_len(1))?;
        self.source.analysis(1, values, &mut spectrum)?;
        Ok(spectrum)
    }

    /// Grid values of a spectrum.
    pub(super) fn synthesise(&mut self, spectrum: &Buffer<f64>) -> Result<Vec<f64>> {
        let mut values = Buffer::zeros(Device::Cpu, self.points[1])?;
        self.target.synthesis(1, spectrum, &mut values)?;
        Ok(values.to_vec()?)
    }
}
