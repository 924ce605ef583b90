//! Sections 0, 1 and 4: what kind of message this is, where and when it was made, and what its field is.
//!
//! Product definition templates 4.0, a field at a time on a level, and 4.8, over a period of time; 4.1 and 4.11 for a member
//! of an ensemble.

use crate::encode::ensemble::Member;
use crate::encode::message::{Identity, NOMINAL_TOP, Period, fixed_surface, passed};
use crate::error::{Error, Result};
use crate::parameter::Level;

use super::octets::{MISSING, Section, fit};

/// Abbreviations of centres, common code table C-11.
const CENTRES: [(&str, u16); 12] = [
    ("ammc", 1),
    ("kwbc", 7),
    ("rjtd", 34),
    ("babj", 38),
    ("rksl", 40),
    ("cwao", 54),
    ("egrr", 74),
    ("edzw", 78),
    ("cnmc", 80),
    ("lfpw", 84),
    ("ecmf", 98),
    ("missing", u16::MAX),
];

/// Octets of section 0.
pub(super) const INDICATOR: usize = 16;

/// Octet before the reference time in section 1, counted from the start of the message.
const TIME: usize = INDICATOR + 12;

/// The version of the code tables that most messages need.
pub(super) const TABLES: u8 = 4;

/// Sections 0 and 1 as far as all messages share them, with a version of the code tables. Errors: a centre that is not known.
pub(super) fn indicator_and_identification(centre: Option<&str>, tables: u8) -> Result<Vec<u8>> {
    let mut octets = vec![b'G', b'R', b'I', b'B', u8::MAX, u8::MAX, 0, 2];
    octets.resize(INDICATOR, 0);
    let section = Section::new(1)
        .short(centre_number(centre.unwrap_or("missing"))?)
        .short(u16::MAX)
        .byte(tables)
        .byte(0)
        // Code table 1.2: the start of a forecast; then the time, filled in per message.
        .byte(1)
        .short(0)
        .byte(0)
        .byte(0)
        .byte(0)
        .byte(0)
        .byte(0)
        // Code tables 1.3 and 1.4: a research product; a forecast.
        .byte(2)
        .byte(1);
    octets.extend(section.finish());
    Ok(octets)
}

fn centre_number(centre: &str) -> Result<u16> {
    let known = CENTRES.iter().find(|(abbreviation, _)| *abbreviation == centre);
    known.map(|(_, number)| *number).or_else(|| centre.parse().ok()).ok_or_else(|| Error::InvalidValue {
        name: "centre".into(),
        got: format!("'{centre}'"),
        expected: format!("a number or one of {}", CENTRES.map(|(abbreviation, _)| abbreviation).join(", ")),
    })
}

/// Fills discipline and reference time into sections 0 and 1.
pub(super) fn identify(octets: &mut [u8], identity: &Identity) -> Result<()> {
    octets[6] = identity.parameter.codes[0];
    let (year, month, day, hour, minute, second) = identity.reference.civil();
    octets[TIME..TIME + 2].copy_from_slice(&fit::<u16>("year", year)?.to_be_bytes());
    for (octet, value) in octets[TIME + 2..].iter_mut().zip([month, day, hour, minute, second]) {
        *octet = value as u8;
    }
    Ok(())
}

/// Says in section 1, the last of `octets`, that the field is of a member of an ensemble.
pub(super) fn identify_member(octets: &mut [u8], member: Member) {
    if let Some(last) = octets.last_mut() {
        *last = member.processed_data();
    }
}

/// Section 4.
pub(super) fn product(
    identity: &Identity,
    period: Option<&Period>,
    member: Option<Member>,
) -> Result<Vec<u8>> {
    let [_, category, number] = identity.parameter.codes;
    let (unit, count) = match period {
        None => identity.step()?,
        Some(period) => passed("since", period.since, "reference", identity.reference)?,
    };
    let (surface, places, value) = fixed_surface(identity.level);
    let section = Section::new(4)
        .short(0)
        .short(match (period, member) {
            (None, None) => 0,
            (None, Some(_)) => 1,
            (Some(_), None) => 8,
            (Some(_), Some(_)) => 11,
        })
        .byte(category)
        .byte(number)
        // Code table 4.3: a forecast, or one of an ensemble; no background process; the forecasting process is "missing".
        .byte(if member.is_some() { 4 } else { 2 })
        .byte(u8::MAX)
        .byte(u8::MAX)
        // Cut-off of the observations.
        .short(0)
        .byte(0)
        .byte(unit)
        .signed(fit("forecast time", count)?)
        .byte(surface)
        .byte(places)
        .signed(fit("level", value)?)
        // The second surface, without a value.
        .byte(if identity.level == Level::Column { NOMINAL_TOP } else { u8::MAX })
        .byte(u8::MAX)
        .long(MISSING);
    let section = match member {
        None => section,
        Some(member) => section
            .byte(member.forecast())
            .byte(fit("number of the member", i64::from(member.number))?)
            .byte(fit("members of the ensemble", i64::from(member.members))?),
    };
    match period {
        None => Ok(section.finish()),
        Some(period) => Ok(over(section, identity, period)?.finish()),
    }
}

/// What template 4.8 has beyond 4.0, and 4.11 beyond 4.1.
fn over(section: Section, identity: &Identity, period: &Period) -> Result<Section> {
    let (unit, count) = passed("valid", identity.valid, "period's start", period.since)?;
    let (year, month, day, hour, minute, second) = identity.valid.civil();
    Ok([month, day, hour, minute, second]
        .into_iter()
        .fold(section.short(fit("year", year)?), |section, part| section.byte(part as u8))
        // One range of time, without a missing value.
        .byte(1)
        .long(0)
        .byte(period.statistic as u8)
        // Code table 4.11: the same start of the forecast, later and later forecast times.
        .byte(2)
        .byte(unit)
        .long(fit("period", count)?)
        // No step between the values: they are taken as continuous.
        .byte(u8::MAX)
        .long(0))
}
