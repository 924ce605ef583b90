//! Extents and scalars as the WGSL struct `Arguments`.

use crate::device::launch::Argument;

/// Appends the extents and the scalar arguments in the layout of a WGSL struct in storage memory: each member at a
/// multiple of its size (4 or 8 bytes), the whole padded to a multiple of its largest member. Returns its length.
pub(super) fn append_arguments(bytes: &mut Vec<u8>, extent: &[u32], arguments: &[Argument]) -> usize {
    let start = bytes.len();
    let mut alignment = 4;
    for extent in extent {
        bytes.extend_from_slice(&extent.to_le_bytes());
    }
    for argument in arguments {
        match argument {
            Argument::U32(value) => bytes.extend_from_slice(&value.to_le_bytes()),
            Argument::I32(value) => bytes.extend_from_slice(&value.to_le_bytes()),
            Argument::F32(value) => bytes.extend_from_slice(&value.to_le_bytes()),
            Argument::F64(value) => {
                alignment = 8;
                pad(bytes, start, 8);
                bytes.extend_from_slice(&value.to_le_bytes());
            }
            Argument::Buffer(_) => {}
        }
    }
    pad(bytes, start, alignment);
    bytes.len() - start
}

fn pad(bytes: &mut Vec<u8>, start: usize, alignment: usize) {
    bytes.resize(start + (bytes.len() - start).next_multiple_of(alignment), 0);
}

#[cfg(test)]
mod tests {
    use super::*;
    use Argument::{F32, F64, I32, U32};

    #[test]
    fn members_are_aligned_like_wgsl() {
        let mut bytes = vec![0xff; 3];
        let length = append_arguments(&mut bytes, &[5], &[F64(1.5), F32(-2.0), F64(0.25), U32(7)]);
        assert_eq!(length, 40);
        let bytes = &bytes[3..];
        assert_eq!(bytes[0..4], 5_u32.to_le_bytes());
        assert_eq!(bytes[4..8], [0; 4]);
        assert_eq!(bytes[8..16], 1.5_f64.to_le_bytes());
        assert_eq!(bytes[16..20], (-2.0_f32).to_le_bytes());
        assert_eq!(bytes[24..32], 0.25_f64.to_le_bytes());
        assert_eq!(bytes[32..36], 7_u32.to_le_bytes());
        assert_eq!(bytes[36..40], [0; 4]);
    }

    #[test]
    fn words_are_not_padded() {
        let mut bytes = Vec::new();
        assert_eq!(append_arguments(&mut bytes, &[1, 2, 3], &[I32(-1), F32(1.0)]), 20);
        assert_eq!(bytes[12..16], (-1_i32).to_le_bytes());
    }
}
