//! Reports in BUFR, through ecCodes.
//!
//! Values are those of ecCodes' keys (WMO-No. 306, Manual on Codes, FM 94, table B), in SI units. Of an element that comes several
//! times on a level, the first counts: what follows in the templates of satellite winds and stations are other estimates and
//! extremes. Flight levels (007010) are heights in the standard atmosphere (ICAO Doc 7488) and become pressures by it; geopotentials are divided by
//! 9.80665 m s⁻².

mod keys;
mod messages;
mod sections;
mod subset;

use std::path::Path;

use super::{Kind, Observed, Reason, Rejections};
use crate::eccodes::{self, Elements, Message};
use crate::error::{Error, Result};
use crate::observations::admission::Admission;
use keys::Key;
use messages::Piece;
use subset::Subset;

/// All reports of a BUFR file.
pub(super) fn read(path: &Path) -> Result<Observed> {
    let bytes = std::fs::read(path).map_err(|source| Error::file(path, "reading", source))?;
    let pieces = messages::pieces(&bytes);
    if pieces.is_empty() {
        let reason = crate::read::scan::kind_of(&bytes, bytes.len() as u64);
        return Err(Error::NotObservations { path: path.to_owned(), reason });
    }
    // Tells an absent library as an error of its own and not as many messages that cannot be decoded.
    eccodes::version()?;
    let mut admission = Admission::default();
    for (number, piece) in (1..).zip(pieces) {
        match piece {
            Piece::Whole(range) => {
                if let Err(error) = decode(&bytes[range], number, &mut admission) {
                    admission.rejections.add(number, 0, Reason::Undecodable, error.to_string());
                }
            }
            Piece::Broken(reason, detail) => admission.rejections.add(number, 0, reason, detail),
        }
    }
    Ok(admission.finish())
}

fn decode(bytes: &[u8], number: usize, admission: &mut Admission) -> Result<()> {
    let mut message = Message::from_bytes(bytes)?;
    let category = message.long("dataCategory")?;
    let subsets = usize::try_from(message.long("numberOfSubsets")?).unwrap_or(0);
    let reject = |rejections: &mut Rejections, detail: String| {
        rejections.add(number, 0, Reason::UnknownKind, format!("{detail}, {subsets} subsets"));
    };
    if ![0, 1, 2, 4, 5].contains(&category) {
        reject(&mut admission.rejections, format!("data category {category}"));
        return Ok(());
    }
    let is_compressed = message.long("compressedData")? == 1;
    let elements = message.elements(keys::wanted)?;
    if category == 5 && !elements.list.iter().any(|element| element.key.is_wind()) {
        reject(&mut admission.rejections, "data category 5 without winds".into());
        return Ok(());
    }
    for (index, range) in subset_ranges(&elements, is_compressed, subsets).into_iter().enumerate() {
        let which = if is_compressed { index } else { 0 };
        let mut subset = Subset::new(category);
        for element in &elements.list[range] {
            subset.take(element.key, elements.number(element, which), elements.text(element, which));
        }
        subset.finish(number, index + 1, admission);
    }
    Ok(())
}

/// The elements of each subset: all of them where the message is compressed, else those between the marks.
fn subset_ranges(
    elements: &Elements<Key>,
    is_compressed: bool,
    subsets: usize,
) -> Vec<std::ops::Range<usize>> {
    let count = elements.list.len();
    if is_compressed || subsets <= 1 {
        return vec![0..count; subsets];
    }
    let marks = elements.list.iter().enumerate().filter(|(_, element)| element.key == Key::Mark);
    let mut begins: Vec<usize> = marks.map(|(place, _)| place).collect();
    begins.push(count);
    begins.windows(2).map(|pair| pair[0]..pair[1]).collect()
}

/// The kind of a report by its category; a sounding's is told by its levels.
fn kind(category: i64) -> Kind {
    match category {
        0 => Kind::SurfaceLand,
        1 => Kind::SurfaceSea,
        4 => Kind::Aircraft,
        5 => Kind::SatelliteWind,
        _ => Kind::Radiosonde,
    }
}
