//! A plan for packing fields of one length on one device.

use std::any::Any;

use super::kernels;
use crate::device::{Buffer, Device};
use crate::operators::reduction::{LANES, ROWS, pass_segments, tail};
use crate::{Error, Precision, Real, Result};

/// How values become codes: X = ⌊(Y · `decimal` − `reference`) · `scale` + 1/2⌋, computed in double precision.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantisation {
    /// 10^D.
    pub decimal: f64,
    /// R, a single-precision number not above any Y · `decimal`.
    pub reference: f64,
    /// 2^−E.
    pub scale: f64,
    /// Bits that the largest code needs, 1 to 32.
    pub bits: u32,
}

impl Quantisation {
    /// Whether [`packed_words_in_single`](super::packed_words_in_single) makes these codes of single-precision values.
    fn fits_single(&self) -> bool {
        self.decimal == 1.0 && self.bits <= 24 && (2_f64.powi(-100)..=2_f64.powi(64)).contains(&self.scale)
    }
}

/// Packs fields of `length` values on one device; holds the memory for partial results and the bit string, so that no call
/// but the first of each width allocates.
///
/// ```
/// use terrella_kernels::device::{Buffer, Device};
/// use terrella_kernels::packing::{FieldPacker, Quantisation};
/// let values = Buffer::from_slice(Device::Cpu, &[1.0, 16.0, 4.0])?;
/// let mut packer = FieldPacker::<f64>::new(Device::Cpu, 3)?;
/// assert_eq!(packer.range(&values)?, Some((1.0, 16.0)));
/// let codes = Quantisation { decimal: 1.0, reference: 1.0, scale: 1.0, bits: 4 };
/// let mut bytes = Vec::new();
/// packer.pack(&values, &codes, 4, &mut bytes)?;
/// assert_eq!(bytes, [0x0f, 0x30]);
/// # Ok::<(), terrella_kernels::Error>(())
/// ```
#[derive(Debug)]
pub struct FieldPacker<R: Real> {
    length: u32,
    device: Device,
    /// Least and largest values of each pass, `[segments, LANES]`, down to one segment.
    passes: Vec<[Buffer<R>; 2]>,
    /// Least and largest value of all.
    range: Buffer<R>,
    words: Buffer<u32>,
    /// The words on the host.
    host: Vec<u32>,
}

impl<R: Real> FieldPacker<R> {
    /// A plan for fields of `length` values, at least one, on `device`.
    pub fn new(device: Device, length: usize) -> Result<Self> {
        let length = match u32::try_from(length) {
            // Beyond it, places of values are beyond 32 bits.
            Ok(length) if (1..=u32::MAX - 32).contains(&length) => length,
            _ => {
                return Err(Error::InvalidValue {
                    name: "length",
                    got: length.to_string(),
                    expected: format!("1 to {}", u32::MAX - 32),
                });
            }
        };
        let lanes = |segments: u32| Buffer::zeros(device, (segments * LANES) as usize);
        let passes =
            pass_segments(length).into_iter().map(|segments| Ok([lanes(segments)?, lanes(segments)?]));
        Ok(Self {
            length,
            device,
            passes: passes.collect::<Result<_>>()?,
            range: Buffer::zeros(device, 2)?,
            words: Buffer::zeros(device, 0)?,
            host: Vec::new(),
        })
    }

    /// Number of values of a field.
    pub fn points(&self) -> usize {
        self.length as usize
    }

    /// Least and largest value [unit of the values]; None where one is NaN or infinite, or has the largest magnitude that
    /// there is.
    ///
    /// Errors: a buffer of another length or on another device.
    pub fn range(&mut self, values: &Buffer<R>) -> Result<Option<(R, R)>> {
        self.expect(values)?;
        let Self { length, passes, range, .. } = self;
        let limit = R::from_f64(match R::PRECISION {
            Precision::F32 => f64::from(f32::MAX),
            Precision::F64 => f64::MAX,
        });
        if let Some([least, largest]) = passes.first_mut() {
            let extent = extent(least);
            kernels::range_of_lane::launch(extent, ROWS, LANES, *length, limit, values, least, largest)?;
        }
        for pass in 1..passes.len() {
            let (done, rest) = passes.split_at_mut(pass);
            let ([leasts, largests], [least, largest]) = (&done[pass - 1], &mut rest[0]);
            let (extent, count) = (extent(least), leasts.len() as u32);
            kernels::range_of_ranges::launch(extent, ROWS, LANES, count, leasts, largests, least, largest)?;
        }
        let (lanes, leasts, largests) = match passes.last() {
            Some([leasts, largests]) => (LANES, leasts, largests),
            // No lane of any buffer.
            None => (0, values, values),
        };
        let tail = tail(*length);
        kernels::range_of_lanes::launch([2], lanes, tail, *length, limit, leasts, largests, values, range)?;
        let mut ends = [R::ZERO; 2];
        range.copy_to_host(&mut ends)?;
        let [least, largest] = ends;
        Ok((least > -limit && largest < limit).then_some((least, largest)))
    }

    /// Appends the codes of a field's values, `width` bits each (1 to 32, at least those of `codes`), to `bytes`: the most
    /// significant bit first, the last byte filled with zeros.
    ///
    /// Errors: a buffer of another length or on another device; a width out of range; [`Error::DeviceUnavailable`] where codes
    /// need f64 and the device has none, as those of double-precision values always do.
    pub fn pack(
        &mut self,
        values: &Buffer<R>,
        codes: &Quantisation,
        width: u32,
        bytes: &mut Vec<u8>,
    ) -> Result<()> {
        self.expect(values)?;
        if !(1..=32).contains(&codes.bits) || !(codes.bits..=32).contains(&width) {
            return Err(Error::InvalidValue {
                name: "width",
                got: format!("{width} for codes of {} bits", codes.bits),
                expected: "1 to 32, and no less than the codes have".to_owned(),
            });
        }
        let bits = u64::from(self.length) * u64::from(width);
        let count = u32::try_from(bits.div_ceil(32)).map_err(|_| Error::BufferTooLarge {
            device: self.device,
            requested: bits / 8,
            limit: 4 * u64::from(u32::MAX),
        })?;
        if self.words.len() != count as usize {
            self.words = Buffer::zeros(self.device, count as usize)?;
            self.host.resize(count as usize, 0);
        }
        let (length, words) = (self.length, &mut self.words);
        let Quantisation { decimal, reference, scale, .. } = *codes;
        let single = (values as &dyn Any).downcast_ref::<Buffer<f32>>();
        match single.filter(|_| codes.fits_single()) {
            Some(values) => {
                let (reference, scale) = (reference as f32, scale as f32);
                kernels::packed_words_in_single::launch(
                    [count],
                    length,
                    width,
                    reference,
                    scale,
                    values,
                    words,
                )?;
            }
            None => {
                kernels::packed_words::launch(
                    [count],
                    length,
                    width,
                    decimal,
                    reference,
                    scale,
                    values,
                    words,
                )?;
            }
        }
        self.words.copy_to_host(&mut self.host)?;
        let octets: &[u8] = bytemuck::cast_slice(&self.host);
        bytes.extend_from_slice(&octets[..bits.div_ceil(8) as usize]);
        Ok(())
    }

    fn expect(&self, values: &Buffer<R>) -> Result<()> {
        if values.device() != self.device {
            return Err(Error::DeviceMismatch {
                name: "values",
                expected: self.device,
                got: values.device(),
            });
        }
        let expected = self.length as usize;
        if values.len() == expected {
            return Ok(());
        }
        Err(Error::LengthMismatch { name: "values", expected, got: values.len() })
    }
}

fn extent<R: Real>(partials: &Buffer<R>) -> [u32; 2] {
    [partials.len() as u32 / LANES, LANES]
}
