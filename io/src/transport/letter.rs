//! What ranks of the model and servers write to each other.
//!
//! Little-endian but for values, which go as they lie in memory: all ranks have the same byte order. The first byte says what it
//! is. From a rank of the model, of plan p (8 bytes):
//!
//! | byte  | then                                                                                  | bytes           |
//! |-------|---------------------------------------------------------------------------------------|-----------------|
//! | `d`   | p, number of the domain, its layout, its points                                       | see [`domain`]  |
//! | `m`   | p, kind of the data, number of the domain, metadata after their length, data          | 26 + M + data   |
//! | `g`   | p, a gap                                                                              | 50 + M + M      |
//! | `s`   | p: all of a step has been written                                                     | 9               |
//! | `e`   | p: nothing will follow                                                                | 9               |
//! | `q`   | p: what the plan remembered when it wrote the last step is asked for                  | 9               |
//! | `u`   | this rank has given the server up                                                     | 1               |
//!
//! M bytes are metadata: for each key, 25 and those of key and value (8 of a number, 1 of a flag, a text's own). From a server: `t`
//! (p, letters taken), `w` (p, steps written, and whether the plan remembers something then), `q` (p, what it does, to who asked), `f` (a
//! text: a plan failed), `x` (a text: the server failed), `d` (all is done, and for the first rank the metrics as JSON), `a` (alive), and to
//! the first rank `n` (a file that is whole: name, length, hash).

use std::path::PathBuf;

use crate::layout::Layout;
use crate::plan::state::{Reader, Writer};
use crate::plan::{Gap, Kind, Message, Metadata, Points, WholeFile};
use crate::server::codec;

/// What a server is sent.
#[derive(Debug, PartialEq)]
pub(super) enum ToServer {
    Domain { plan: usize, number: u64, domain: Domain },
    Message { plan: usize, domain: u64, body: Body },
    Gap { plan: usize, gap: Gap },
    Mark { plan: usize },
    End { plan: usize },
    Ask { plan: usize },
    GivenUp,
}

/// Where values are: a whole layout, or some points of one.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Domain {
    pub(super) layout: Layout,
    pub(super) points: Option<Points>,
}

impl Domain {
    /// Of a message that has one.
    pub(super) fn of(kind: &Kind) -> Option<Self> {
        match kind {
            Kind::Field { layout, .. } => Some(Self { layout: layout.clone(), points: None }),
            Kind::Part { layout, points, .. } => {
                Some(Self { layout: layout.clone(), points: Some(points.clone()) })
            }
            Kind::Mask(_) | Kind::Encoded(_) => None,
        }
    }
}

/// A message without its domain.
#[derive(Debug, PartialEq)]
pub(super) struct Body {
    metadata: Metadata,
    data: Data,
}

#[derive(Debug, PartialEq)]
enum Data {
    Values(Vec<f64>),
    Mask(Vec<bool>),
    Encoded(Vec<u8>),
}

impl Body {
    /// The message; None where the domain is not the data's.
    pub(super) fn on(self, domain: Option<&Domain>) -> Option<Message> {
        let kind = match (self.data, domain) {
            (Data::Values(values), Some(Domain { layout, points })) => {
                let layout = layout.clone();
                match points.clone() {
                    None if values.len() != layout.points() => return None,
                    None => Kind::Field { layout, values },
                    Some(points) => {
                        points.check(&layout, values.len()).ok()?;
                        Kind::Part { layout, points, values }
                    }
                }
            }
            (Data::Values(_), None) => return None,
            (Data::Mask(mask), _) => Kind::Mask(mask),
            (Data::Encoded(bytes), _) => Kind::Encoded(bytes),
        };
        Some(Message { metadata: self.metadata, kind })
    }
}

/// What a rank of the model is sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum FromServer {
    Taken { plan: usize, letters: u64 },
    Written { plan: usize, steps: u64, remembers: bool },
    State { plan: usize, state: Option<Vec<u8>> },
    Whole(WholeFile),
    Failure(String),
    Failed(String),
    Done(String),
    Alive,
}

fn letter(what: u8, fill: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.byte(what);
    fill(&mut writer);
    writer.finish()
}

fn metadata_bytes(metadata: &Metadata) -> Vec<u8> {
    let mut bytes = Vec::new();
    codec::write(&mut bytes, metadata);
    bytes
}

pub(super) fn domain(plan: usize, number: u64, domain: &Domain) -> Vec<u8> {
    letter(b'd', |writer| {
        writer.number(plan as u64);
        writer.number(number);
        writer.layout(&domain.layout);
        match &domain.points {
            None => writer.byte(0),
            Some(Points::From(first)) => {
                writer.byte(1);
                writer.number(*first as u64);
            }
            Some(Points::List(list)) => {
                writer.byte(2);
                writer.number(list.len() as u64);
                list.iter().for_each(|point| writer.number(*point as u64));
            }
        }
    })
}

pub(super) fn message(plan: usize, domain: u64, message: &Message) -> Vec<u8> {
    let (kind, data): (u8, &[u8]) = match &message.kind {
        Kind::Field { values, .. } | Kind::Part { values, .. } => (0, bytemuck::cast_slice(values)),
        Kind::Mask(mask) => (1, bytemuck::cast_slice(mask)),
        Kind::Encoded(bytes) => (2, bytes),
    };
    let metadata = metadata_bytes(&message.metadata);
    letter(b'm', |writer| {
        writer.reserve(26 + metadata.len() + data.len());
        writer.number(plan as u64);
        writer.byte(kind);
        writer.number(domain);
        writer.bytes(&metadata);
        writer.raw(data);
    })
}

pub(super) fn gap(plan: usize, gap: &Gap) -> Vec<u8> {
    letter(b'g', |writer| {
        writer.number(plan as u64);
        writer.bytes(&metadata_bytes(&gap.first));
        writer.bytes(&metadata_bytes(&gap.last));
        [gap.steps, gap.fields, gap.bytes].into_iter().for_each(|number| writer.number(number));
        writer.byte(u8::from(gap.begun));
    })
}

pub(super) fn mark(plan: usize) -> Vec<u8> {
    letter(b's', |writer| writer.number(plan as u64))
}

pub(super) fn end(plan: usize) -> Vec<u8> {
    letter(b'e', |writer| writer.number(plan as u64))
}

pub(super) fn ask(plan: usize) -> Vec<u8> {
    letter(b'q', |writer| writer.number(plan as u64))
}

pub(super) fn given_up() -> Vec<u8> {
    vec![b'u']
}

/// None where the bytes are none of the above.
pub(super) fn to_server(bytes: &[u8]) -> Option<ToServer> {
    let (&what, rest) = bytes.split_first()?;
    let mut reader = Reader::new(rest);
    if what == b'u' {
        return Some(ToServer::GivenUp);
    }
    let plan = reader.length()?;
    match what {
        b'd' => {
            let (number, layout) = (reader.number()?, reader.layout()?);
            let points = match reader.byte()? {
                0 => None,
                1 => Some(Points::From(reader.length()?)),
                _ => {
                    let count = reader.length()?;
                    let list: Option<Vec<usize>> = (0..count).map(|_| reader.length()).collect();
                    Some(Points::List(list?.into()))
                }
            };
            reader.end()?;
            Some(ToServer::Domain { plan, number, domain: Domain { layout, points } })
        }
        b'm' => {
            let (kind, domain) = (reader.byte()?, reader.number()?);
            let metadata = codec::read(reader.bytes()?)?;
            let data = reader.rest();
            let data = match kind {
                0 if data.len().is_multiple_of(size_of::<f64>()) => {
                    Data::Values(bytemuck::pod_collect_to_vec(data))
                }
                1 => Data::Mask(data.iter().map(|byte| *byte != 0).collect()),
                2 => Data::Encoded(data.to_vec()),
                _ => return None,
            };
            Some(ToServer::Message { plan, domain, body: Body { metadata, data } })
        }
        b'g' => {
            let (first, last) = (codec::read(reader.bytes()?)?, codec::read(reader.bytes()?)?);
            let [steps, fields, bytes] = [reader.number()?, reader.number()?, reader.number()?];
            let gap = Gap { first, last, steps, fields, bytes, begun: reader.flag()? };
            reader.end()?;
            Some(ToServer::Gap { plan, gap })
        }
        b's' => Some(ToServer::Mark { plan }),
        b'e' => Some(ToServer::End { plan }),
        b'q' => Some(ToServer::Ask { plan }),
        _ => None,
    }
}

impl FromServer {
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let two = |what, plan: usize, number| {
            letter(what, |writer| {
                writer.number(plan as u64);
                writer.number(number);
            })
        };
        let text = |what, text: &str| letter(what, |writer| writer.bytes(text.as_bytes()));
        match self {
            Self::Taken { plan, letters } => two(b't', *plan, *letters),
            Self::Written { plan, steps, remembers } => letter(b'w', |writer| {
                writer.number(*plan as u64);
                writer.number(*steps);
                writer.byte(u8::from(*remembers));
            }),
            Self::State { plan, state } => letter(b'q', |writer| {
                writer.number(*plan as u64);
                writer.option(state.as_deref(), |writer, state| writer.bytes(state));
            }),
            Self::Whole(file) => letter(b'n', |writer| {
                writer.bytes(file.path.as_os_str().as_encoded_bytes());
                writer.number(file.bytes);
                writer.raw(&file.hash);
            }),
            Self::Failure(reason) => text(b'f', reason),
            Self::Failed(reason) => text(b'x', reason),
            Self::Done(metrics) => text(b'd', metrics),
            Self::Alive => vec![b'a'],
        }
    }

    /// None where the bytes are none of these.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (&what, rest) = bytes.split_first()?;
        let mut reader = Reader::new(rest);
        let read = match what {
            b't' => Self::Taken { plan: reader.length()?, letters: reader.number()? },
            b'w' => {
                Self::Written { plan: reader.length()?, steps: reader.number()?, remembers: reader.flag()? }
            }
            b'q' => Self::State {
                plan: reader.length()?,
                state: reader.option(|reader| reader.bytes())?.map(<[u8]>::to_vec),
            },
            b'n' => {
                let (path, bytes) = (PathBuf::from(reader.text()?), reader.number()?);
                let hash = reader.raw(32)?.try_into().ok()?;
                Self::Whole(WholeFile { path, bytes, hash })
            }
            b'f' => Self::Failure(reader.text()?.to_owned()),
            b'x' => Self::Failed(reader.text()?.to_owned()),
            b'd' => Self::Done(reader.text()?.to_owned()),
            b'a' => Self::Alive,
            _ => return None,
        };
        reader.end()?;
        Some(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_say_what_was_written_in_as_many_bytes_as_is_documented() {
        let metadata = Metadata::new().with("name", "tp").with("step", 3).with("x", 0.5).with("f", true);
        let layout = Layout::gaussian(&[60.0, 0.0, -60.0], &[2, 4, 2]);
        let of_metadata = (25 + 4 + 2) + (25 + 4 + 8) + (25 + 1 + 8) + (25 + 1 + 1);
        for (kind, bytes) in [
            (Kind::Field { layout: layout.clone(), values: vec![1.5; 8] }, 64),
            (Kind::Part { layout: layout.clone(), points: Points::From(3), values: vec![f64::NAN, 0.0] }, 16),
            (Kind::Part { layout, points: Points::List([7, 0, 2].into()), values: vec![1.0, 2.0, 3.0] }, 24),
            (Kind::Mask(vec![true, false, true]), 3),
            (Kind::Encoded(b"GRIB".to_vec()), 4),
        ] {
            let whole = Message { metadata: metadata.clone(), kind };
            let sent = message(2, 9, &whole);
            assert_eq!(sent.len(), 26 + of_metadata + bytes);
            let place = Domain::of(&whole.kind).map(|place| {
                let Some(ToServer::Domain { plan: 2, number: 9, domain }) = to_server(&domain(2, 9, &place))
                else {
                    panic!()
                };
                assert_eq!(domain, place);
                domain
            });
            let Some(ToServer::Message { plan: 2, domain: 9, body }) = to_server(&sent) else { panic!() };
            // NaN is not equal to itself.
            assert_eq!(format!("{:?}", body.on(place.as_ref()).unwrap()), format!("{whole:?}"));
            for end in 0..26 + of_metadata {
                assert!(to_server(&sent[..end]).is_none(), "{end}");
            }
        }
        let (first, last) = (Metadata::new().with("step", 1), Metadata::new().with("step", 7));
        let lost = Gap { first, last, steps: 7, fields: 70, bytes: 700, begun: true };
        assert_eq!(to_server(&gap(1, &lost)), Some(ToServer::Gap { plan: 1, gap: lost }));
        assert_eq!(to_server(&mark(4)), Some(ToServer::Mark { plan: 4 }));
        assert_eq!(to_server(&end(4)), Some(ToServer::End { plan: 4 }));
        assert_eq!(to_server(&ask(4)), Some(ToServer::Ask { plan: 4 }));
        assert_eq!(to_server(&given_up()), Some(ToServer::GivenUp));
        for letter in [
            FromServer::Taken { plan: 1, letters: 2 },
            FromServer::Written { plan: 3, steps: 4, remembers: true },
            FromServer::State { plan: 3, state: None },
            FromServer::State { plan: 3, state: Some(vec![5, 6]) },
            FromServer::Whole(WholeFile { path: "out/1.grib2".into(), bytes: 7, hash: [8; 32] }),
            FromServer::Failure("a".into()),
            FromServer::Failed("b".into()),
            FromServer::Done("{}".into()),
            FromServer::Alive,
        ] {
            assert_eq!(FromServer::from_bytes(&letter.to_bytes()), Some(letter));
        }
    }
}
