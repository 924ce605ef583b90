//! Section 6: which points have a value.

use terrella_kernels::Real;

/// Octets before the bits of section 6.
const HEAD: usize = 6;

/// No bit map: every point has a value.
pub(super) const NONE: [u8; HEAD] = [0, 0, 0, HEAD as u8, 6, u8::MAX];

/// The section with one bit per point, 1 where there is a value, and the values there.
pub(super) fn split<R: Real>(values: &[R]) -> (Vec<u8>, Vec<R>) {
    let length = HEAD + values.len().div_ceil(8);
    let mut section = Vec::with_capacity(length);
    section.extend((length as u32).to_be_bytes());
    section.extend([6, 0]);
    let mut present = Vec::with_capacity(values.len());
    for group in values.chunks(8) {
        let mut bits = 0;
        for (place, value) in group.iter().enumerate() {
            if value.to_f64().is_finite() {
                bits |= 0x80 >> place;
                present.push(*value);
            }
        }
        section.push(bits);
    }
    (section, present)
}
