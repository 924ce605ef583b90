//! Spherical harmonics: grid definition template 3.50, packed as simple (5.50) or complex (5.51) data.
//!
//! Complex packing keeps the coefficients with n ≤ JS as they are, in single precision, and multiplies the others by
//! (n (n + 1))^P, which makes them about equally large: a spectrum that falls off like n^(−2P) is then packed as well at small
//! scales as at large ones. P is fitted to the spectrum: with N(n) = max over m of |Re f_nm|, |Im f_nm|, it is minus the slope
//! of ln N(n) over ln n(n+1), least squares for n > JS, where n has the weight (T − JS + 1)/(n − JS).
//!
//! Source: WMO Manual on Codes, FM 92 GRIB edition 2, templates 3.50, 5.50, 5.51, 7.50, 7.51, regulation 92.9.4; the weights
//! and the bounds of the fit are those of ecCodes (`DataComplexPacking`), which this reproduces.

use terrella_kernels::Real;
use terrella_kernels::spectral::Truncation;

use super::codes::{PIECE, Packer, range};
use super::octets::{Section, fit};
use super::scaling::Scaling;
use super::sections::Sections;
use super::{bitmap, header};
use crate::encode::message::{Identity, Period, Statistic, check_bits, check_missing};
use crate::error::{Error, Result};
use crate::read::Missing;

/// Least norm of a degree in the fit, with which it hardly counts.
const NEGLIGIBLE: f64 = 1e-15;

/// P is written in millionths.
const PER_UNIT: f64 = 1e6;

/// How coefficients are stored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SpectralPacking {
    /// Template 5.50: all but the first coefficient's real part, the global mean, packed as they are.
    Simple,
    /// Template 5.51, as ECMWF's archive has it.
    Complex {
        /// JS = KS = MS: coefficients with n up to it are kept in single precision. ECMWF: 20. The truncation, where that is less.
        kept: u16,
        /// P, kept to 10⁻⁶; None: fitted to each spectrum.
        laplacian: Option<f64>,
    },
}

impl Default for SpectralPacking {
    fn default() -> Self {
        Self::Complex { kept: 20, laplacian: None }
    }
}

/// What all messages of a stream of spectra share.
#[derive(Clone, Debug, PartialEq)]
pub struct SpectralSettings {
    /// Originating centre: ecCodes' abbreviation (`ecmf`, `kwbc`) or number. None: 65535, "missing".
    pub centre: Option<String>,
    /// Bits per packed value, 1 to 32.
    pub bits_per_value: u32,
    /// How coefficients are stored.
    pub packing: SpectralPacking,
}

impl Default for SpectralSettings {
    fn default() -> Self {
        Self { centre: None, bits_per_value: 16, packing: SpectralPacking::default() }
    }
}

/// Encodes spectra of one truncation as GRIB2 messages, without ecCodes.
///
/// ```
/// use terrella_io::encode::{Identity, SpectralEncoder, SpectralSettings};
/// use terrella_io::{Level, Parameter};
/// use terrella_kernels::spectral::Truncation;
///
/// let truncation = Truncation::new(42);
/// let mut vorticity = vec![0.0; truncation.spectrum_len(1)];
/// vorticity[2 * truncation.index(2, 5)] = 1e-5;
/// let reference = "2020-01-01T00".parse()?;
/// let (parameter, level) = (Parameter::VORTICITY, Level::Pressure(500.0));
/// let identity = Identity { parameter, level, reference, valid: reference };
/// let encoder = SpectralEncoder::new(truncation, &SpectralSettings::default())?;
/// assert_eq!(encoder.encode(&identity, &vorticity)?[..4], *b"GRIB");
/// # Ok::<(), terrella_io::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct SpectralEncoder {
    /// Sections 0 and 1.
    opening: Vec<u8>,
    /// Section 3.
    grid: Vec<u8>,
    truncation: Truncation,
    settings: SpectralSettings,
}

/// Of a spectrum: what is kept, what is packed, and what section 5 says of it.
struct Parts {
    kept: Vec<f32>,
    packed: Vec<f64>,
    scaling: Scaling,
    representation: Vec<u8>,
}

impl SpectralEncoder {
    /// Prepares the sections that do not change. Errors: a setting or a truncation that cannot be written.
    pub fn new(truncation: Truncation, settings: &SpectralSettings) -> Result<Self> {
        check_bits(settings.bits_per_value)?;
        if let SpectralPacking::Complex { laplacian: Some(power), .. } = settings.packing
            && (power.is_nan() || power.abs() >= 1000.0)
        {
            return Err(Error::InvalidValue {
                name: "laplacian".into(),
                got: power.to_string(),
                expected: "between -1000 and 1000".into(),
            });
        }
        let total = fit("truncation", truncation.total() as i64)?;
        let grid = Section::new(3)
            .byte(0)
            .long(fit("coefficients", truncation.spectrum_len(1) as i64)?)
            .byte(0)
            .byte(0)
            .short(50)
            .long(total)
            .long(total)
            .long(total)
            // Code tables 3.6 and 3.7: Legendre functions of the first kind; pairs for m ≥ 0, n from m, m by m.
            .byte(1)
            .byte(1);
        Ok(Self {
            opening: header::indicator_and_identification(settings.centre.as_deref(), header::TABLES)?,
            grid: grid.finish(),
            truncation,
            settings: settings.clone(),
        })
    }

    /// One message.
    ///
    /// | argument       | shape            | unit                 |
    /// |----------------|------------------|----------------------|
    /// | `coefficients` | \[coefficient]\[2] | that of the parameter |
    ///
    /// The order is that of [`Truncation`], real before imaginary part, the (0,0) coefficient is the global mean. The imaginary
    /// part of m = 0 is written as it is; readers take 0.
    ///
    /// Errors: another number of coefficients, one that is not finite, a range that no scale factor reaches.
    pub fn encode<R: Real>(&self, identity: &Identity, coefficients: &[R]) -> Result<Vec<u8>> {
        let name = identity.parameter.short_name;
        let expected = self.truncation.spectrum_len(1);
        if coefficients.len() != expected {
            return Err(Error::LengthMismatch { name: name.into(), expected, got: coefficients.len() });
        }
        if range(coefficients).is_none() {
            check_missing(identity, coefficients, Missing::Refuse)?;
        }
        let coefficients: Vec<f64> = coefficients.iter().map(|value| value.to_f64()).collect();
        let parts = match self.settings.packing {
            SpectralPacking::Simple => self.simple(name, &coefficients)?,
            SpectralPacking::Complex { kept, laplacian } => {
                let kept = usize::from(kept).min(self.truncation.total());
                self.complex(name, &coefficients, kept, laplacian)?
            }
        };
        if let Some(value) = parts.kept.iter().find(|value| value.is_infinite()) {
            return Err(Error::InvalidValue {
                name: name.into(),
                got: value.to_string(),
                expected: "coefficients in single precision's range".into(),
            });
        }
        let since_start = Period { statistic: Statistic::Accumulation, since: identity.reference };
        let period = identity.parameter.accumulated.then_some(&since_start);
        let product = header::product(identity, period, None)?;
        let others = [&self.grid[..], &product, &parts.representation, &bitmap::NONE];
        let sections = Sections { opening: &self.opening, identity, member: None, others };
        let complex = self.settings.packing != SpectralPacking::Simple;
        let mut message = Vec::new();
        sections.write(&mut message, coefficients.len() * 4, |data| {
            if complex {
                data.extend(parts.kept.iter().flat_map(|value| value.to_be_bytes()));
            }
            if parts.scaling.bits > 0 {
                let mut packer = Packer::new(&parts.scaling, parts.scaling.bits);
                parts.packed.chunks(PIECE).for_each(|piece| data.extend_from_slice(packer.pack(piece)));
            }
            Ok(())
        })?;
        Ok(message)
    }

    /// All values but the first.
    fn simple(&self, name: &str, coefficients: &[f64]) -> Result<Parts> {
        let packed = coefficients[1..].to_vec();
        let (least, largest) = range(&packed).unwrap_or((0.0, 0.0));
        let scaling = Scaling::new(name, least, largest, self.settings.bits_per_value)?;
        let mean = coefficients[0] as f32;
        let representation = begin(50, coefficients.len(), &scaling).long(mean.to_bits()).finish();
        Ok(Parts { kept: vec![mean], packed, scaling, representation })
    }

    fn complex(
        &self,
        name: &str,
        coefficients: &[f64],
        limit: usize,
        laplacian: Option<f64>,
    ) -> Result<Parts> {
        let total = self.truncation.total();
        let power = laplacian.unwrap_or_else(|| fitted_power(self.truncation, coefficients, limit));
        let millionths = (power * PER_UNIT).round() as i32;
        let power = f64::from(millionths) / PER_UNIT;
        let factors: Vec<f64> = (0..=total).map(|n| ((n * (n + 1)) as f64).powf(power)).collect();
        let (mut kept, mut packed) = (Vec::new(), Vec::with_capacity(coefficients.len()));
        for ((_, n), pair) in self.truncation.wavenumbers().zip(coefficients.chunks_exact(2)) {
            if n <= limit {
                kept.extend(pair.iter().map(|&value| value as f32));
            } else {
                packed.extend(pair.iter().map(|value| value * factors[n]));
            }
        }
        let (least, largest) = match range(&packed) {
            Some(range) => range,
            None if packed.is_empty() => (0.0, 0.0),
            None => {
                return Err(Error::InvalidValue {
                    name: "laplacian".into(),
                    got: power.to_string(),
                    expected: "a power with which all coefficients stay finite".into(),
                });
            }
        };
        let scaling = match packed.is_empty() || least == largest {
            // Complex packing knows no constant field: each coefficient has a code.
            true => Scaling { bits: self.settings.bits_per_value, ..Scaling::new(name, least, least, 0)? },
            false => Scaling::new(name, least, largest, self.settings.bits_per_value)?,
        };
        let limit = limit as u16;
        let representation = begin(51, coefficients.len(), &scaling)
            .signed(millionths)
            .short(limit)
            .short(limit)
            .short(limit)
            .long(kept.len() as u32)
            // Code table 5.7: 32-bit numbers.
            .byte(1)
            .finish();
        Ok(Parts { kept, packed, scaling, representation })
    }
}

/// Section 5 as far as both templates share it.
fn begin(template: u16, values: usize, scaling: &Scaling) -> Section {
    Section::new(5)
        .long(values as u32)
        .short(template)
        .long(scaling.reference.to_bits())
        .signed_short(scaling.binary as i16)
        .signed_short(scaling.decimal as i16)
        .byte(scaling.bits as u8)
}

/// P fitted to the coefficients with n > `kept`; 1 where fewer than two degrees are there.
fn fitted_power(truncation: Truncation, coefficients: &[f64], kept: usize) -> f64 {
    let total = truncation.total();
    if total <= kept + 1 {
        return 1.0;
    }
    let mut norms = vec![0.0_f64; total + 1];
    for ((_, n), pair) in truncation.wavenumbers().zip(coefficients.chunks_exact(2)) {
        norms[n] = norms[n].max(pair[0].abs()).max(pair[1].abs());
    }
    // The fit of ecCodes goes one degree beyond the last, whose norm is 0.
    norms.push(0.0);
    let range = (total + 1 - kept) as f64;
    let degrees = (kept + 1..=total + 1).map(|n| {
        let norm = norms[n].max(NEGLIGIBLE);
        let weight = if norm == NEGLIGIBLE { 100.0 * NEGLIGIBLE } else { range / (n - kept) as f64 };
        (((n * (n + 1)) as f64).ln(), norm.ln(), weight)
    });
    let degrees: Vec<(f64, f64, f64)> = degrees.collect();
    let (mut x_mean, mut y_mean, mut weights) = (0.0, 0.0, 0.0);
    for (x, y, weight) in &degrees {
        x_mean += x * weight;
        y_mean += y * weight;
        weights += weight;
    }
    (x_mean, y_mean) = (x_mean / weights, y_mean / weights);
    let (mut covariance, mut variance) = (0.0, 0.0);
    for (x, y, weight) in &degrees {
        covariance += weight * (y - y_mean) * (x - x_mean);
        variance += weight * ((x - x_mean) * (x - x_mean));
    }
    (-covariance / variance).clamp(-999.0, 999.0)
}
