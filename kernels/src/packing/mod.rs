//! Fields as bit strings of integers, packed where they lie: what crosses the bus is the result.
//!
//! A value Y becomes the code X = ⌊(Y · 10^D − R) · 2^−E + 1/2⌋ of some bits, and codes stand one behind the other, the most
//! significant bit first: the data of GRIB2's simple packing (WMO Manual on Codes, FM 92 GRIB edition 2, data representation
//! template 5.0). R, D and E follow from the range of the values, which is found here too ([`FieldPacker::range`]) and turned
//! into factors by whoever writes the message.
//!
//! Each index of the kernel makes one 32-bit word of the string from all values that have bits in it, so that nothing is
//! written twice. Codes are those of double precision, to the bit:
//!
//! - [`packed_words`] computes in f64 and needs a device that has it;
//! - [`packed_words_in_single`] takes single-precision values and computes in f32, exactly: the difference Y − R is kept
//!   with its rounding error, and where that error decides, it is rounded as f64 would. It needs D = 0, −64 ≤ E ≤ 100 and
//!   codes of 24 bits, which is all that single precision holds.
//!
//! What may differ: a device that takes denormal numbers for 0 finds 0 as the least value of a field whose least value is a
//! negative denormal number.
//!
//! Missing values are not packed here: a field that has any has no range.

mod kernels;
mod plan;

pub use kernels::{packed_words, packed_words_in_single, range_of_lane, range_of_lanes, range_of_ranges};
pub use plan::{FieldPacker, Quantisation};
