//! One compressed sequence of samples, made piece by piece.
#![allow(unsafe_code)]

use std::ffi::c_int;
use std::ptr;

use super::library::{AecStream, Functions, functions};
use crate::error::{Error, Result};

const NO_FLUSH: c_int = 0;
const FLUSH: c_int = 1;

/// Free bytes that the output has at least at each call.
const ROOM: usize = 1 << 14;

/// How samples are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Coding {
    /// 1 to 32. A sample comes in the fewest whole bytes that hold it.
    pub(crate) bits_per_sample: u32,
    /// libaec's flags: 1 signed, 2 three-byte samples in three bytes, 4 most significant byte first, 8 preprocessing.
    pub(crate) flags: u32,
    /// Samples in a block.
    pub(crate) block_size: u32,
    /// Blocks in a reference sample interval.
    pub(crate) interval: u32,
}

/// Compresses samples into a vector that grows.
pub(crate) struct Compressor {
    functions: &'static Functions,
    /// In a box, because libaec's state may point to it.
    stream: Box<AecStream>,
}

impl Compressor {
    /// Errors: libaec is absent, or refuses the coding.
    pub(crate) fn new(coding: Coding) -> Result<Self> {
        let functions = functions()?;
        let mut stream = Box::new(AecStream {
            next_in: ptr::null(),
            avail_in: 0,
            total_in: 0,
            next_out: ptr::null_mut(),
            avail_out: 0,
            total_out: 0,
            bits_per_sample: coding.bits_per_sample,
            block_size: coding.block_size,
            rsi: coding.interval,
            flags: coding.flags,
            state: ptr::null_mut(),
        });
        // SAFETY: a live struct of the header's layout, with no buffers yet; the call allocates `state`.
        check(unsafe { (functions.encode_init)(&mut *stream) }, "preparing a compression")?;
        Ok(Self { functions, stream })
    }

    /// Compresses further samples. Whole intervals are fastest.
    pub(crate) fn push(&mut self, samples: &[u8], output: &mut Vec<u8>) -> Result<()> {
        self.stream.next_in = samples.as_ptr();
        self.stream.avail_in = samples.len();
        while self.stream.avail_in > 0 {
            self.step(NO_FLUSH, output)?;
        }
        Ok(())
    }

    /// Writes what is left.
    pub(crate) fn finish(mut self, output: &mut Vec<u8>) -> Result<()> {
        self.stream.avail_in = 0;
        loop {
            self.step(FLUSH, output)?;
            // An output that was filled to the brim may have cut the rest off.
            if self.stream.avail_out > 0 {
                return Ok(());
            }
        }
    }

    fn step(&mut self, flush: c_int, output: &mut Vec<u8>) -> Result<()> {
        output.reserve(ROOM);
        let spare = output.spare_capacity_mut();
        let room = spare.len();
        self.stream.next_out = spare.as_mut_ptr().cast();
        self.stream.avail_out = room;
        // SAFETY: `state` is libaec's own from `encode_init`. next_in points to avail_in bytes of a slice that lives
        // through `push` (none in `finish`), next_out to avail_out writable bytes.
        check(unsafe { (self.functions.encode)(&mut *self.stream, flush) }, "compressing")?;
        let written = room - self.stream.avail_out;
        // SAFETY: libaec wrote that many bytes from the start of the spare capacity.
        unsafe { output.set_len(output.len() + written) };
        Ok(())
    }
}

impl Drop for Compressor {
    fn drop(&mut self) {
        // SAFETY: initialised in `new`, ended here only. An error says that output was left over, which is the caller's
        // wish where it drops us early.
        unsafe { (self.functions.encode_end)(&mut *self.stream) };
    }
}

fn check(code: c_int, operation: &str) -> Result<()> {
    // Codes of libaec.h.
    let reason = match code {
        0 => return Ok(()),
        -1 => "configuration error".into(),
        -2 => "stream error".into(),
        -3 => "data error".into(),
        -4 => "out of memory".into(),
        other => format!("error {other}"),
    };
    Err(Error::Compression { operation: operation.into(), reason })
}
