//! Messages of parcels, from and to host memory or the memory of a device.
#![allow(unsafe_code)]

use std::ffi::c_int;
use std::ops::Range;

use super::super::transport::Parcel;
use super::Group;
use super::functions::Handle;
use super::on_the_way::OnTheWay;
use crate::Result;

/// Bytes of one message of MPI's, whose counts are 32-bit integers: longer parcels go in several.
const LARGEST_MESSAGE: usize = 1 << 30;

/// A range in parts that MPI can count.
pub(super) fn messages(bytes: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let end = bytes.end;
    // A message of nothing is one message: who expects more sees that it is too short.
    let count = bytes.len().div_ceil(LARGEST_MESSAGE).max(1);
    (0..count).map(move |i| {
        let first = bytes.start + i * LARGEST_MESSAGE;
        first..end.min(first + LARGEST_MESSAGE)
    })
}

impl<H: Handle> Group<H> {
    /// Nothing on its way yet.
    pub(super) fn way(&self) -> OnTheWay<H> {
        OnTheWay {
            user: self.user.clone(),
            rank: self.rank,
            requests: Vec::new(),
            expected: Vec::new(),
            buffers: None,
            device_memory: None,
            letter: None,
            is_done: false,
        }
    }

    /// Starts the messages of all parcels, which are in the memory of so many bytes from two addresses on: what is sent, and what is received.
    ///
    /// # Panics
    /// If a parcel is beyond the memory.
    ///
    /// # Safety
    /// `way` keeps the memory at the addresses, which MPI may use, until its requests are done; until then nobody writes to what is sent, or
    /// uses what is received.
    pub(super) unsafe fn start_parcels(
        &self,
        way: &mut OnTheWay<H>,
        tag: u16,
        [(send, sent), (receive, received)]: [(*mut u8, usize); 2],
        outgoing: &[Parcel],
        incoming: &[Parcel],
    ) -> Result<()> {
        let functions = self.functions();
        let tag = c_int::from(tag);
        for (parcels, bytes) in [(outgoing, sent), (incoming, received)] {
            assert!(parcels.iter().all(|parcel| parcel.bytes.end <= bytes), "{parcels:?} of {bytes} bytes");
        }
        for parcel in incoming {
            for message in messages(parcel.bytes.clone()) {
                let mut request = functions.null_request;
                // SAFETY: a valid communicator; the range lies within the memory, as was asserted, which is kept until the request is done.
                let code = unsafe {
                    (functions.irecv)(
                        receive.wrapping_add(message.start).cast(),
                        message.len() as c_int,
                        functions.byte,
                        parcel.rank as c_int,
                        tag,
                        self.handle,
                        &mut request,
                    )
                };
                self.check("receive", code)?;
                way.requests.push(request);
                way.expected.push((parcel.rank, message.len()));
            }
        }
        for parcel in outgoing {
            for message in messages(parcel.bytes.clone()) {
                let mut request = functions.null_request;
                // SAFETY: as above, and nobody writes there.
                let code = unsafe {
                    (functions.isend)(
                        send.wrapping_add(message.start).cast_const().cast(),
                        message.len() as c_int,
                        functions.byte,
                        parcel.rank as c_int,
                        tag,
                        self.handle,
                        &mut request,
                    )
                };
                self.check("send", code)?;
                way.requests.push(request);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_parcels_go_in_several_messages() {
        let lengths = |bytes: Range<usize>| messages(bytes).map(|message| message.len()).collect::<Vec<_>>();
        assert_eq!(lengths(5..5), [0]);
        assert_eq!(lengths(5..9), [4]);
        assert_eq!(lengths(7..LARGEST_MESSAGE + 7), [LARGEST_MESSAGE]);
        assert_eq!(lengths(7..2 * LARGEST_MESSAGE + 8), [LARGEST_MESSAGE, LARGEST_MESSAGE, 1]);
        let two: Vec<_> = messages(7..LARGEST_MESSAGE + 8).collect();
        assert_eq!((two[0].end, two[1].end), (two[1].start, LARGEST_MESSAGE + 8));
        assert!(c_int::try_from(LARGEST_MESSAGE).is_ok());
    }
}
