//! Fields that lie on a device: packed there, so that the message's bytes and not the values come to the host.

use terrella_kernels::device::Buffer;
use terrella_kernels::packing::{FieldPacker, Quantisation};
use terrella_kernels::{Error as KernelError, Precision, Real};

use super::scaling::Scaling;
use super::sections::Sections;
use super::{Grib2Encoder, bitmap, coding, header, sample_bits};
use crate::encode::message::{Identity, Packing, Period, Statistic};
use crate::error::{Error, Result};
use crate::libaec::Compressor;

impl Grib2Encoder {
    /// As [`encode_into`](Self::encode_into), of values on the device of `packer`, a plan for fields of as many values.
    ///
    /// The message is that of the same values on the host, octet for octet; what devices may do to denormal numbers is told
    /// at [`terrella_kernels::packing`]. On a GPU the range is found and the codes are made there, and their bytes come to the
    /// host: with 16 bits a quarter of what f64 values are. CCSDS compresses them on the host.
    ///
    /// Packed on the host after all, from a copy of the values: fields with missing values, whose bit map and remaining values
    /// are made there, and single-precision fields on a device without f64 whose codes have more than 24 bits, or whose range
    /// is so small or so large that codes need f64.
    ///
    /// Errors besides: a buffer of another length or on another device, a failure of the device.
    pub fn encode_buffer<R: Real>(
        &self,
        packer: &mut FieldPacker<R>,
        identity: &Identity,
        values: &Buffer<R>,
        message: &mut Vec<u8>,
    ) -> Result<()> {
        message.clear();
        let name = identity.parameter.short_name;
        if values.len() != self.points {
            let (name, expected, got) = (name.into(), self.points, values.len());
            return Err(Error::LengthMismatch { name, expected, got });
        }
        if let Ok(values) = values.cpu_slice() {
            return self.encode_into(identity, values, message);
        }
        let Some((least, largest)) = packer.range(values)? else {
            return self.encode_into(identity, &values.to_vec()?, message);
        };
        let bits = self.settings.bits_per_value;
        let scaling = Scaling::new(name, least.to_f64(), largest.to_f64(), bits)?;
        let since_start = Period { statistic: Statistic::Accumulation, since: identity.reference };
        let period = identity.parameter.accumulated.then_some(&since_start);
        let product = header::product(identity, period, None)?;
        let representation = self.representation(&scaling, values.len());
        let others = [&self.grid[..], &product, &representation, &bitmap::NONE];
        let sections = Sections { opening: &self.opening, identity, member: None, others };
        let expected = (values.len() * scaling.bits as usize).div_ceil(8);
        let packed =
            sections.write(message, expected, |data| self.pack_buffer(packer, values, &scaling, data));
        match packed {
            Err(Error::Kernels(KernelError::DeviceUnavailable { .. })) if R::PRECISION == Precision::F32 => {
                self.encode_into(identity, &values.to_vec()?, message)
            }
            other => other,
        }
    }

    /// Section 7's data of values on a device.
    fn pack_buffer<R: Real>(
        &self,
        packer: &mut FieldPacker<R>,
        values: &Buffer<R>,
        scaling: &Scaling,
        data: &mut Vec<u8>,
    ) -> Result<()> {
        if scaling.bits == 0 {
            return Ok(());
        }
        let (decimal, reference, scale) = scaling.factors();
        let codes = Quantisation { decimal, reference, scale, bits: scaling.bits };
        match self.settings.packing {
            Packing::Simple => Ok(packer.pack(values, &codes, scaling.bits, data)?),
            Packing::Ccsds => {
                let mut samples = Vec::new();
                packer.pack(values, &codes, sample_bits(scaling.bits), &mut samples)?;
                let mut compressor = Compressor::new(coding(scaling.bits))?;
                compressor.push(&samples, data)?;
                compressor.finish(data)
            }
        }
    }
}
