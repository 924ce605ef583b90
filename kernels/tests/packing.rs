//! Packing of whole fields: ranges, codes that single precision makes against those of double precision, bad input.

mod devices;

use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::packing::{FieldPacker, Quantisation};
use terrella_kernels::{Real, Result};

/// Around every border: no row, one row, one segment, two passes, three passes.
const LENGTHS: [usize; 9] = [1, 15, 16, 17, 1023, 1025, 16_400, 70_001, 150_017];

fn values<R: Real>(length: usize) -> Vec<R> {
    (0..length).map(|i| R::from_f64((i as f64 * 0.7).sin() - 0.25)).collect()
}

fn ranges_are_found<R: Real>(device: Device) -> Result<()> {
    for length in LENGTHS {
        let mut packer = FieldPacker::<R>::new(device, length)?;
        for place in [0, length / 2, length - 1] {
            for (value, end) in [(-7.5, 0), (7.5, 1)] {
                let mut values = values::<R>(length);
                values[place] = R::from_f64(value);
                let (least, largest) = packer.range(&Buffer::from_slice(device, &values)?)?.unwrap();
                let expected = values.iter().fold((f64::MAX, f64::MIN), |(least, largest), value| {
                    (least.min(value.to_f64()), largest.max(value.to_f64()))
                });
                assert_eq!((least.to_f64(), largest.to_f64()), expected, "length {length}, place {place}");
                assert_eq!([least, largest][end].to_f64(), value);
            }
            for wrong in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
                let mut values = values::<R>(length);
                values[place] = R::from_f64(wrong);
                let range = packer.range(&Buffer::from_slice(device, &values)?)?;
                assert_eq!(range, None, "{wrong} at {place} of {length}");
            }
        }
    }
    Ok(())
}

#[test]
fn ranges_are_found_in_either_precision() -> Result<()> {
    devices::devices().into_iter().try_for_each(|device| {
        ranges_are_found::<f32>(device)?;
        ranges_are_found::<f64>(device)
    })
}

/// Values that a pseudo-random sequence draws: magnitudes over many powers of two, either sign, above `reference`.
fn drawn(count: usize, reference: f32, scale: f64, largest: f64) -> Vec<f32> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let draw = || {
        let random = next();
        let mantissa = 1.0 + f64::from(random as u32 >> 8) / f64::from(1 << 24);
        let whole = f64::from((random >> 40) as u32 % (largest as u32));
        let value = match random >> 32 & 3 {
            // Near a code and a half, on which rounding turns.
            0 => f64::from(reference) + (whole + 0.5) / scale,
            1 => f64::from(reference) + (whole + mantissa - 1.0) / scale,
            _ => {
                mantissa
                    * 2_f64.powi(-((random >> 34 & 127) as i32))
                    * if random & 1 == 0 { 1.0 } else { -1.0 }
            }
        };
        let value = value as f32;
        match random >> 62 {
            0 => value.next_down(),
            1 => value.next_up(),
            _ => value,
        }
    };
    let fits =
        |value: &f32| *value >= reference && (f64::from(*value) - f64::from(reference)) * scale < largest;
    std::iter::repeat_with(draw).filter(fits).take(count).collect()
}

#[test]
fn single_precision_makes_the_codes_of_double_precision() -> Result<()> {
    let references =
        [0.0, -0.5, -1.0, -1.5, -3.0, -16.5, 250.125, -0.1, f32::MIN_POSITIVE, -1e-10, 99_999.99];
    for bits in [1, 8, 16, 23, 24] {
        for binary in [-40, -20, -9, -2, -1, 0, 1, 3] {
            for reference in references {
                let scale = 2_f64.powi(-binary);
                let largest = 2_f64.powi(bits) - 1.0;
                // Where no drawn value would be within reach, the field is of little interest.
                if f64::from(reference).abs() > 1e3 * largest / scale {
                    continue;
                }
                let values = drawn(2000, reference, scale, largest);
                let reference = f64::from(reference);
                let codes = Quantisation { decimal: 1.0, reference, scale, bits: bits as u32 };
                for device in devices::devices() {
                    let mut bytes = Vec::new();
                    let buffer = Buffer::from_slice(device, &values)?;
                    FieldPacker::new(device, values.len())?.pack(&buffer, &codes, 32, &mut bytes)?;
                    for (value, got) in values.iter().zip(bytes.chunks_exact(4)) {
                        let expected = ((f64::from(*value) - reference) * scale + 0.5).floor() as u32;
                        let got = u32::from_be_bytes(got.try_into().unwrap());
                        let codes = format!("{value:e}, R {reference:e}, E {binary}, {bits} bits");
                        assert_eq!(got, expected, "{codes} on {device}");
                    }
                }
            }
        }
    }
    Ok(())
}

#[test]
fn strings_end_with_zeros_and_are_appended() -> Result<()> {
    let codes = Quantisation { decimal: 1.0, reference: 0.0, scale: 1.0, bits: 3 };
    let values = Buffer::from_slice(Device::Cpu, &[7.0_f64, 0.0, 5.0])?;
    let mut packer = FieldPacker::new(Device::Cpu, 3)?;
    let mut bytes = vec![0xaa];
    packer.pack(&values, &codes, 3, &mut bytes)?;
    assert_eq!(bytes, [0xaa, 0b1110_0010, 0b1000_0000]);
    packer.pack(&values, &codes, 8, &mut bytes)?;
    assert_eq!(bytes[3..], [7, 0, 5]);
    Ok(())
}

#[test]
fn bad_input_is_refused_by_name() -> Result<()> {
    let text = |outcome: Result<()>| outcome.unwrap_err().to_string();
    assert!(text(FieldPacker::<f64>::new(Device::Cpu, 0).map(|_| ())).starts_with("'length' is 0"));
    let mut packer = FieldPacker::<f64>::new(Device::Cpu, 3)?;
    let (three, two) = (Buffer::zeros(Device::Cpu, 3)?, Buffer::zeros(Device::Cpu, 2)?);
    assert_eq!(text(packer.range(&two).map(|_| ())), "'values': expected 3 values, got 2.");
    for (bits, width) in [(0, 8), (33, 33), (9, 8), (8, 33)] {
        let codes = Quantisation { decimal: 1.0, reference: 0.0, scale: 1.0, bits };
        let said = text(packer.pack(&three, &codes, width, &mut Vec::new()));
        assert!(said.starts_with(&format!("'width' is {width} for codes of {bits} bits")), "{said}");
    }
    Ok(())
}
