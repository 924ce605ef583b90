//! A plan for spectra and norms of one truncation on one device.

use super::kernels::{kinetic_energy_of_degree, power_of_degree, root_of_weighted_sum};
use crate::constants::EARTH_RADIUS;
use crate::device::{Buffer, Device};
use crate::spectral::{Truncation, expect, expect_radius};
use crate::{Error, Real, Result};

/// Power spectra, kinetic-energy spectra and norms of the spectra of one truncation, on one device.
///
/// ```
/// use terrella_kernels::device::{Buffer, Device};
/// use terrella_kernels::spectral::Truncation;
/// use terrella_kernels::spectral::power::SpectralPower;
///
/// let truncation = Truncation::new(21);
/// let mut values = vec![0.0; truncation.spectrum_len(1)];
/// values[2 * truncation.index(2, 5)] = 3.0;
/// let spectrum = Buffer::from_slice(Device::Cpu, &values)?;
/// let mut power = SpectralPower::<f64>::new(Device::Cpu, truncation)?;
/// assert_eq!(power.norms(1, &spectrum)?, [18_f64.sqrt()]);
/// # Ok::<(), terrella_kernels::Error>(())
/// ```
#[derive(Debug)]
pub struct SpectralPower<R: Real> {
    truncation: Truncation,
    device: Device,
    /// ½ a²/(n(n+1)).
    energy_factors: Buffer<R>,
    /// w_n of the norm.
    weights: Buffer<R>,
    /// Power and norms of the last number of fields that norms were asked for.
    power: Buffer<R>,
    norms: Buffer<R>,
}

impl<R: Real> SpectralPower<R> {
    /// A plan with weights 1 for a sphere of [`EARTH_RADIUS`]. Error: no room on the device.
    pub fn new(device: Device, truncation: Truncation) -> Result<Self> {
        Ok(Self {
            truncation,
            device,
            energy_factors: energy_factors(device, truncation, EARTH_RADIUS)?,
            weights: Buffer::from_slice(device, &vec![R::ONE; truncation.total() + 1])?,
            power: Buffer::zeros(device, 0)?,
            norms: Buffer::zeros(device, 0)?,
        })
    }

    /// Sets the radius of the sphere [m] that energies refer to; an error unless it is positive and finite.
    pub fn set_radius(&mut self, radius: f64) -> Result<()> {
        self.energy_factors = energy_factors(self.device, self.truncation, expect_radius(radius)?)?;
        Ok(())
    }

    /// Sets the weights w_n of the norms, n = 0 ..= T (ecTrans's PMET); errors: another number of them, one that is negative
    /// or not finite.
    pub fn set_weights(&mut self, weights: &[f64]) -> Result<()> {
        let expected = self.truncation.total() + 1;
        if weights.len() != expected {
            return Err(Error::LengthMismatch { name: "weights", expected, got: weights.len() });
        }
        if let Some(n) = weights.iter().position(|weight| !(weight.is_finite() && *weight >= 0.0)) {
            let got = format!("{} for n = {n}", weights[n]);
            let expected = "0 or a positive number".to_owned();
            return Err(Error::InvalidValue { name: "weights", got, expected });
        }
        let weights: Vec<R> = weights.iter().map(|&weight| R::from_f64(weight)).collect();
        self.weights = Buffer::from_slice(self.device, &weights)?;
        Ok(())
    }

    /// The power P_n.
    ///
    /// | argument   | shape                    | unit                |
    /// |------------|--------------------------|---------------------|
    /// | `spectrum` | [coefficient][2][fields] | any                 |
    /// | `power`    | [degree][fields]         | of the spectrum, squared |
    ///
    /// Errors: a buffer of another length or on another device.
    pub fn power(&self, fields: usize, spectrum: &Buffer<R>, power: &mut Buffer<R>) -> Result<()> {
        expect("spectrum", self.device, self.truncation.spectrum_len(fields), spectrum)?;
        expect("power", self.device, self.degrees() * fields, power)?;
        if fields == 0 {
            return Ok(());
        }
        let total = self.truncation.total() as u32;
        power_of_degree::launch([total + 1, fields as u32], fields as u32, total, spectrum, power)
    }

    /// The kinetic energy per mass E_n, rotational and divergent part.
    ///
    /// | argument                  | shape                    | unit    |
    /// |---------------------------|--------------------------|---------|
    /// | `vorticity`, `divergence` | [coefficient][2][fields] | s⁻¹     |
    /// | `rotational`, `divergent` | [degree][fields]         | m² s⁻²  |
    ///
    /// Errors: a buffer of another length or on another device.
    pub fn kinetic_energy(
        &self,
        fields: usize,
        vorticity: &Buffer<R>,
        divergence: &Buffer<R>,
        rotational: &mut Buffer<R>,
        divergent: &mut Buffer<R>,
    ) -> Result<()> {
        let len = self.truncation.spectrum_len(fields);
        expect("vorticity", self.device, len, vorticity)?;
        expect("divergence", self.device, len, divergence)?;
        expect("rotational", self.device, self.degrees() * fields, rotational)?;
        expect("divergent", self.device, self.degrees() * fields, divergent)?;
        if fields == 0 {
            return Ok(());
        }
        let (total, count) = (self.truncation.total() as u32, fields as u32);
        kinetic_energy_of_degree::launch(
            [total + 1, count],
            count,
            total,
            &self.energy_factors,
            vorticity,
            divergence,
            rotational,
            divergent,
        )
    }

    /// The norm √(Σ w_n P_n) of each field; waits for the device.
    ///
    /// Errors: a buffer of another length or on another device, no room for T+1 powers of each field.
    pub fn norms(&mut self, fields: usize, spectrum: &Buffer<R>) -> Result<Vec<R>> {
        expect("spectrum", self.device, self.truncation.spectrum_len(fields), spectrum)?;
        if fields == 0 {
            return Ok(Vec::new());
        }
        if self.norms.len() != fields {
            self.power = Buffer::zeros(self.device, self.degrees() * fields)?;
            self.norms = Buffer::zeros(self.device, fields)?;
        }
        let (count, degrees) = (fields as u32, self.degrees() as u32);
        power_of_degree::launch([degrees, count], count, degrees - 1, spectrum, &mut self.power)?;
        root_of_weighted_sum::launch([count], count, degrees, &self.weights, &self.power, &mut self.norms)?;
        self.norms.to_vec()
    }

    fn degrees(&self) -> usize {
        self.truncation.total() + 1
    }
}

fn energy_factors<R: Real>(device: Device, truncation: Truncation, radius: f64) -> Result<Buffer<R>> {
    let factor = |n: usize| if n == 0 { 0.0 } else { 0.5 * radius * radius / (n * (n + 1)) as f64 };
    let factors: Vec<R> = (0..=truncation.total()).map(|n| R::from_f64(factor(n))).collect();
    Buffer::from_slice(device, &factors)
}
