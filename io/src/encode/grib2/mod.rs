//! GRIB2 messages without ecCodes: what a stream's messages share is prepared once, values are packed by our own loops.
//!
//! The messages are those that [`GribEncoder`](super::GribEncoder) makes with ecCodes, octet for octet (listed
//! exceptions in [`Grib2Encoder`]), so that one can stand in for the other.
//!
//! Grid definition templates 3.0 (lat-lon), 3.40 (Gaussian, with the points per ring where it is reduced) and 3.150
//! (HEALPix, ring or nested order); product definition templates 4.0 and 4.8, of a
//! member of an ensemble 4.1 and 4.11; data representation templates 5.0 (simple packing) and 5.42
//! (CCSDS, through libaec). Of spectra: grid definition template 3.50, data representation templates 5.50 and 5.51.
//! Source: WMO Manual on Codes, FM 92 GRIB edition 2.

mod bitmap;
mod codes;
mod device;
mod grid;
mod header;
mod octets;
mod scaling;
mod sections;
mod spectral;

use terrella_kernels::Real;

use super::ensemble::{EnsembleProduct, Member};
use super::message::{GribSettings, Identity, Packing, Period, Statistic, check_missing};
use crate::error::{Error, Result};
use crate::layout::{Family, Layout};
use crate::libaec::{Coding, Compressor};
pub(super) use codes::range;
use codes::{PIECE, Packer};
use octets::Section;
use scaling::Scaling;
use sections::Sections;
pub use spectral::{SpectralEncoder, SpectralPacking, SpectralSettings};

/// Options of CCSDS as ecCodes sets them: three-byte samples, most significant byte first, preprocessing.
const CCSDS_FLAGS: u32 = 14;
/// Samples in a block.
const CCSDS_BLOCK: u32 = 32;
/// Blocks in a reference sample interval.
const CCSDS_INTERVAL: u32 = 128;

/// Pieces that libaec gets at once: it takes the first interval of each call sample by sample, which is slow.
const BATCH: usize = 512;

/// Encodes fields of one layout as GRIB2 messages, without ecCodes.
///
/// Reference value and scale factors are those that ecCodes chooses, so that a value decodes to the same bits, whoever
/// packed it. What is written in another way than by ecCodes: a constant field always has the scale factors 0, and a
/// field without any value is a constant 0 besides (ecCodes keeps those of the sample that it started from, and its own
/// decoder ignores them); HEALPix is written (ecCodes 2.28 knows no such grid, 2.31 does).
///
/// Shared between threads: `encode` and `encode_into` change nothing in it.
#[derive(Clone, Debug)]
pub struct Grib2Encoder {
    /// Sections 0 and 1.
    opening: Vec<u8>,
    /// Section 3.
    grid: Vec<u8>,
    points: usize,
    settings: GribSettings,
}

impl Grib2Encoder {
    /// Prepares the sections that do not change. Errors: a setting or a layout that cannot be written, or libaec is
    /// needed and absent.
    pub fn new(layout: &Layout, settings: &GribSettings) -> Result<Self> {
        settings.check()?;
        if settings.packing == Packing::Ccsds {
            Compressor::new(coding(settings.bits_per_value))?;
        }
        Ok(Self {
            opening: header::indicator_and_identification(settings.centre.as_deref(), tables(layout))?,
            grid: grid::section(layout)?,
            points: layout.points(),
            settings: settings.clone(),
        })
    }

    /// As [`new`](Self::new), for values on HEALPix in nested order
    /// ([`HealpixOrder`](terrella_kernels::grid::HealpixOrder)). Errors besides: a layout of another family.
    pub fn nested(layout: &Layout, settings: &GribSettings) -> Result<Self> {
        let ring = Self::new(layout, settings)?;
        if layout.family() != Family::HealPix {
            return Err(Error::UnsupportedGrid {
                field: "GRIB2".into(),
                grid: layout.name().unwrap_or_else(|| format!("{:?}", layout.family())),
                reason: "only HEALPix has a nested order".into(),
            });
        }
        Ok(Self { grid: grid::healpix(layout, true)?, ..ring })
    }

    /// One message. `values`: one per point in the layout's order, in the parameter's unit; of an
    /// [accumulated](crate::Parameter::accumulated) one the sum since the reference time.
    pub fn encode<R: Real>(&self, identity: &Identity, values: &[R]) -> Result<Vec<u8>> {
        let mut message = Vec::new();
        self.encode_into(identity, values, &mut message)?;
        Ok(message)
    }

    /// One message in place of what `message` holds, whose memory is used again. After an error it is empty.
    pub fn encode_into<R: Real>(
        &self,
        identity: &Identity,
        values: &[R],
        message: &mut Vec<u8>,
    ) -> Result<()> {
        let since_start = Period { statistic: Statistic::Accumulation, since: identity.reference };
        self.fill(identity, identity.parameter.accumulated.then_some(&since_start), None, values, message)
    }

    /// As [`encode`](Self::encode), of values over a period of time that ends at the identity's `valid`.
    pub fn encode_period<R: Real>(
        &self,
        identity: &Identity,
        period: &Period,
        values: &[R],
    ) -> Result<Vec<u8>> {
        let mut message = Vec::new();
        self.fill(identity, Some(period), None, values, &mut message)?;
        Ok(message)
    }

    /// As [`encode`](Self::encode), or with a period as [`encode_period`](Self::encode_period), of a member of an ensemble.
    ///
    /// Errors besides: a product that is not [`EnsembleProduct::Member`].
    pub fn encode_member<R: Real>(
        &self,
        identity: &Identity,
        product: EnsembleProduct,
        period: Option<&Period>,
        values: &[R],
    ) -> Result<Vec<u8>> {
        let member = product.member().ok_or_else(|| Error::InvalidValue {
            name: "product".into(),
            got: format!("{product:?}"),
            expected: "a member: statistics of members are written by 'GribEncoder'".into(),
        })?;
        let since_start = Period { statistic: Statistic::Accumulation, since: identity.reference };
        let period = period.or(identity.parameter.accumulated.then_some(&since_start));
        let mut message = Vec::new();
        self.fill(identity, period, Some(member), values, &mut message)?;
        Ok(message)
    }

    fn fill<R: Real>(
        &self,
        identity: &Identity,
        period: Option<&Period>,
        member: Option<Member>,
        values: &[R],
        message: &mut Vec<u8>,
    ) -> Result<()> {
        message.clear();
        let name = identity.parameter.short_name;
        if values.len() != self.points {
            return Err(Error::LengthMismatch {
                name: name.into(),
                expected: self.points,
                got: values.len(),
            });
        }
        let (bitmap, present, range);
        let (bitmap, values, range) = match codes::range(values) {
            Some(range) => (&bitmap::NONE[..], values, range),
            None => {
                check_missing(identity, values, self.settings.missing)?;
                (bitmap, present) = bitmap::split(values);
                range = codes::range(&present).unwrap_or((0.0, 0.0));
                (&bitmap[..], &present[..], range)
            }
        };
        let scaling = Scaling::new(name, range.0, range.1, self.settings.bits_per_value)?;
        let product = header::product(identity, period, member)?;
        let representation = self.representation(&scaling, values.len());
        let sections = Sections {
            opening: &self.opening,
            identity,
            member,
            others: [&self.grid, &product, &representation, bitmap],
        };
        let expected = (values.len() * scaling.bits as usize).div_ceil(8);
        sections.write(message, expected, |data| self.pack(values, &scaling, data))
    }

    /// Section 7's data of values on the host.
    fn pack<R: Real>(&self, values: &[R], scaling: &Scaling, data: &mut Vec<u8>) -> Result<()> {
        match (scaling.bits, self.settings.packing) {
            (0, _) => Ok(()),
            (bits, Packing::Simple) => {
                let mut packer = Packer::new(scaling, bits);
                values.chunks(PIECE).for_each(|piece| data.extend_from_slice(packer.pack(piece)));
                Ok(())
            }
            (bits, Packing::Ccsds) => {
                let mut packer = Packer::new(scaling, sample_bits(bits));
                let mut compressor = Compressor::new(coding(bits))?;
                let bytes = bits.div_ceil(8) as usize;
                let mut samples = Vec::with_capacity(values.len().min(BATCH * PIECE) * bytes);
                for batch in values.chunks(BATCH * PIECE) {
                    samples.clear();
                    for piece in batch.chunks(PIECE) {
                        samples.extend_from_slice(packer.pack(piece));
                    }
                    compressor.push(&samples, data)?;
                }
                compressor.finish(data)
            }
        }
    }

    /// Section 5.
    fn representation(&self, scaling: &Scaling, values: usize) -> Vec<u8> {
        let ccsds = self.settings.packing == Packing::Ccsds;
        let section = Section::new(5)
            .long(values as u32)
            .short(if ccsds { 42 } else { 0 })
            .long(scaling.reference.to_bits())
            .signed_short(scaling.binary as i16)
            .signed_short(scaling.decimal as i16)
            .byte(scaling.bits as u8)
            // Code table 5.1: the values were floating-point numbers.
            .byte(0);
        if ccsds {
            section.byte(CCSDS_FLAGS as u8).byte(CCSDS_BLOCK as u8).short(CCSDS_INTERVAL as u16).finish()
        } else {
            section.finish()
        }
    }
}

/// The version of the code tables: HEALPix is younger than the rest.
fn tables(layout: &Layout) -> u8 {
    if layout.family() == Family::HealPix { 32 } else { header::TABLES }
}

/// Bits of a sample that libaec takes for codes of some bits: whole bytes.
fn sample_bits(bits: u32) -> u32 {
    bits.div_ceil(8) * 8
}

/// Appends samples compressed as section 7 of template 5.42 holds them: the bare work of libaec.
///
/// `samples`: of `bits` bits (1 to 32), each in the fewest whole bytes that hold it, most significant byte first.
pub fn compress_ccsds(bits: u32, samples: &[u8], output: &mut Vec<u8>) -> Result<()> {
    let mut compressor = Compressor::new(coding(bits))?;
    compressor.push(samples, output)?;
    compressor.finish(output)
}

fn coding(bits: u32) -> Coding {
    Coding { bits_per_sample: bits, flags: CCSDS_FLAGS, block_size: CCSDS_BLOCK, interval: CCSDS_INTERVAL }
}
