//! From the analysis' grid to the model's, through spectra.

use std::borrow::Cow;

use terrella_coupling::spectral::Part;
use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::grid::Grid;
use terrella_kernels::spectral::{Transform, Truncation};

use crate::{Error, Result};

/// Fields that are transformed together.
const BATCH: usize = 8;

/// Analysis on one grid, synthesis on another, at a truncation that both carry.
pub(super) struct Regridder {
    truncation: Truncation,
    source: Transform<f64>,
    target: Transform<f64>,
    points: [usize; 2],
    /// Whose points are kept of fields on levels; all without it.
    part: Option<Part>,
}

impl Regridder {
    /// At the largest truncation of the source, at most the model's.
    pub(super) fn new(
        source: &Grid,
        target: &Grid,
        truncation: usize,
        radius: f64,
        part: Option<&Part>,
    ) -> Result<Self> {
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
            part: part.cloned(),
        })
    }

    pub(super) fn truncation(&self) -> usize {
        self.truncation.total()
    }

    /// Own points of some fields of the target.
    pub(super) fn own<'a>(&self, fields: usize, values: &'a [f64]) -> Result<Cow<'a, [f64]>> {
        match &self.part {
            Some(part) => Ok(part.own_fields(fields, values)?),
            None => Ok(Cow::Borrowed(values)),
        }
    }

    fn own_points(&self) -> usize {
        self.part.as_ref().map_or(self.points[1], Part::points)
    }

    /// A scalar of one level at all points.
    pub(super) fn whole(&mut self, values: &[f64]) -> Result<Vec<f64>> {
        let spectrum = self.analyse(&Buffer::from_slice(Device::Cpu, values)?)?;
        self.synthesise(&spectrum, 1)
    }

    /// Levels of a scalar `[level][point]` in the order given, `[level][own point]`.
    pub(super) fn scalar(&mut self, values: &[f64], order: &[usize]) -> Result<Vec<f64>> {
        let mut result = Vec::with_capacity(order.len() * self.own_points());
        for batch in order.chunks(BATCH) {
            let spectrum = self.analyse(&self.gather(values, batch)?)?;
            let whole = self.synthesise(&spectrum, batch.len())?;
            result.extend_from_slice(&self.own(batch.len(), &whole)?);
        }
        Ok(result)
    }

    /// Levels of a wind, `[level][own point]`.
    pub(super) fn wind(&mut self, u: &[f64], v: &[f64], order: &[usize]) -> Result<[Vec<f64>; 2]> {
        let mut result = [(); 2].map(|()| Vec::with_capacity(order.len() * self.own_points()));
        for batch in order.chunks(BATCH) {
            let (u, v) = (self.gather(u, batch)?, self.gather(v, batch)?);
            let spectral = || Buffer::zeros(Device::Cpu, self.truncation.spectrum_len(batch.len()));
            let (mut vorticity, mut divergence) = (spectral()?, spectral()?);
            self.source.wind_analysis(batch.len(), &u, &v, &mut vorticity, &mut divergence)?;
            let grid = || Buffer::zeros(Device::Cpu, batch.len() * self.points[1]);
            let (mut u, mut v) = (grid()?, grid()?);
            self.target.wind_synthesis(batch.len(), &vorticity, &divergence, &mut u, &mut v)?;
            for (result, whole) in result.iter_mut().zip([u, v]) {
                result.extend_from_slice(&self.own(batch.len(), &whole.to_vec()?)?);
            }
        }
        Ok(result)
    }

    /// The spectrum of one field or several.
    pub(super) fn analyse(&mut self, values: &Buffer<f64>) -> Result<Buffer<f64>> {
        let fields = values.len() / self.points[0];
        let mut spectrum = Buffer::zeros(Device::Cpu, self.truncation.spectrum_len(fields))?;
        self.source.analysis(fields, values, &mut spectrum)?;
        Ok(spectrum)
    }

    /// Grid values of a spectrum.
    pub(super) fn synthesise(&mut self, spectrum: &Buffer<f64>, fields: usize) -> Result<Vec<f64>> {
        let mut values = Buffer::zeros(Device::Cpu, fields * self.points[1])?;
        self.target.synthesis(fields, spectrum, &mut values)?;
        Ok(values.to_vec()?)
    }

    fn gather(&self, values: &[f64], levels: &[usize]) -> Result<Buffer<f64>> {
        let points = self.points[0];
        let gathered: Vec<f64> =
            levels.iter().flat_map(|&level| &values[level * points..(level + 1) * points]).copied().collect();
        Ok(Buffer::from_slice(Device::Cpu, &gathered)?)
    }
}
