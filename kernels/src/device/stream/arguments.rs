//! Extents, scalars and addresses as the parameters of a CUDA or HIP kernel.

use crate::device::launch::Argument;

/// Puts each parameter into a slot of its own, in the order of the kernel's signature: extents, arguments, outputs.
///
/// The driver reads as many bytes of a slot as the parameter's type has, from the first byte on, so a 4-byte value
/// stands in the slot's first four bytes.
pub(super) fn parameter_slots<'a>(
    extent: &[u32],
    arguments: &[Argument<'a>],
    outputs: impl Iterator<Item = u64>,
    address: impl Fn(&Argument<'a>) -> u64,
) -> Vec<u64> {
    let mut slots = Vec::with_capacity(extent.len() + arguments.len() + 8);
    slots.extend(extent.iter().map(|extent| word(extent.to_ne_bytes())));
    slots.extend(arguments.iter().map(|argument| match argument {
        Argument::U32(value) => word(value.to_ne_bytes()),
        Argument::I32(value) => word(value.to_ne_bytes()),
        Argument::F32(value) => word(value.to_ne_bytes()),
        Argument::F64(value) => value.to_bits(),
        Argument::Buffer(_) => address(argument),
    }));
    slots.extend(outputs);
    slots
}

/// A slot whose first four bytes are `bytes`.
fn word(bytes: [u8; 4]) -> u64 {
    let [a, b, c, d] = bytes;
    u64::from_ne_bytes([a, b, c, d, 0, 0, 0, 0])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::{Buffer, Device};

    #[test]
    fn every_parameter_starts_its_slot() {
        let buffer = Buffer::<f32>::zeros(Device::Cpu, 1).unwrap();
        let arguments = [
            Argument::U32(7),
            Argument::I32(-2),
            Argument::F32(1.5),
            Argument::Buffer(&buffer),
            Argument::F64(0.1),
        ];
        let slots =
            parameter_slots(&[3, 4], &arguments, [0xdddd_0000_0000].into_iter(), |_| 0xaaaa_0000_1111);
        assert_eq!(slots.len(), 8);
        let first_word = |slot: u64| u32::from_ne_bytes(slot.to_ne_bytes()[..4].try_into().unwrap());
        assert_eq!([first_word(slots[0]), first_word(slots[1]), first_word(slots[2])], [3, 4, 7]);
        assert_eq!(first_word(slots[3]) as i32, -2);
        assert_eq!(f32::from_bits(first_word(slots[4])), 1.5);
        assert_eq!(slots[5], 0xaaaa_0000_1111);
        assert_eq!(f64::from_bits(slots[6]), 0.1);
        assert_eq!(slots[7], 0xdddd_0000_0000);
    }
}
