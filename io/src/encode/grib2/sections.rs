//! The sections of a message one behind the other.

use super::{header, octets};
use crate::encode::ensemble::Member;
use crate::encode::message::Identity;
use crate::error::Result;

/// Octets of section 7 before its data, and of the end of a message.
const FRAME: usize = 5 + 4;

/// All of a message but the data of section 7.
pub(super) struct Sections<'a> {
    /// Sections 0 and 1, for all messages of a stream.
    pub(super) opening: &'a [u8],
    /// Whose time and discipline go into them.
    pub(super) identity: &'a Identity,
    pub(super) member: Option<Member>,
    /// Sections 3, 4, 5 and 6.
    pub(super) others: [&'a [u8]; 4],
}

impl Sections<'_> {
    /// Writes the message in place of what `message` holds. `data` appends section 7's, of about `expected` octets. After an
    /// error `message` is empty.
    pub(super) fn write(
        &self,
        message: &mut Vec<u8>,
        expected: usize,
        data: impl FnOnce(&mut Vec<u8>) -> Result<()>,
    ) -> Result<()> {
        message.clear();
        let written = self.append(message, expected, data);
        if written.is_err() {
            message.clear();
        }
        written
    }

    fn append(
        &self,
        message: &mut Vec<u8>,
        expected: usize,
        data: impl FnOnce(&mut Vec<u8>) -> Result<()>,
    ) -> Result<()> {
        let headers: usize = self.others.iter().map(|section| section.len()).sum();
        message.reserve(self.opening.len() + headers + expected + FRAME);
        message.extend_from_slice(self.opening);
        header::identify(message, self.identity)?;
        if let Some(member) = self.member {
            header::identify_member(message, member);
        }
        for section in self.others {
            message.extend_from_slice(section);
        }
        let start = message.len();
        message.extend_from_slice(&[0, 0, 0, 0, 7]);
        data(message)?;
        let length: u32 = octets::fit("octets of section 7", (message.len() - start) as i64)?;
        message[start..start + 4].copy_from_slice(&length.to_be_bytes());
        message.extend_from_slice(b"7777");
        let total = message.len() as u64;
        message[8..header::INDICATOR].copy_from_slice(&total.to_be_bytes());
        Ok(())
    }
}
