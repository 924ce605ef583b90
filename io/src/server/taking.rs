//! How a message gets to the plans that want it: all or nothing, without waiting for any of them.

use super::lane::{Lane, Payload, Refusal, Way};
use super::spill::Data;
use super::{Server, lock};
use crate::error::{Error, Result};
use crate::layout::Layout;
use crate::plan::{Kind, Message, Metadata, Points};

/// The data of a message, and whose they are.
pub(super) enum Source<'a> {
    Copy(&'a Layout, Option<&'a Points>, &'a [f64]),
    Owned(Kind),
}

impl Source<'_> {
    fn data(&self) -> Data<'_> {
        match self {
            Self::Copy(layout, None, values) => Data::Field(layout, values),
            Self::Copy(layout, Some(points), values) => Data::Part(layout, points, values),
            Self::Owned(kind) => Data::from(kind),
        }
    }
}

/// The plans that are given a message.
#[derive(Clone, Copy)]
pub(crate) enum To {
    All,
    One(usize),
    /// Those that make fields of the parts of several ranks.
    Parts,
    /// The others.
    Wholes,
}

impl To {
    fn is_for(self, number: usize, lane: &Lane) -> bool {
        match self {
            Self::All => true,
            Self::One(only) => only == number,
            Self::Parts => lane.takes_parts,
            Self::Wholes => !lane.takes_parts,
        }
    }
}

impl Server {
    /// [`Server::write_field`], or with `points` [`Server::write_part`], for some plans.
    pub(crate) fn copy_to(
        &self,
        to: To,
        metadata: Metadata,
        layout: &Layout,
        points: Option<&Points>,
        values: &[f64],
    ) -> Result<()> {
        self.take(metadata, Source::Copy(layout, points, values), to)
    }

    pub(super) fn take(&self, metadata: Metadata, source: Source<'_>, to: To) -> Result<()> {
        let mut producer = lock(&self.producer);
        let producer = &mut *producer;
        let (lanes, shared) = (&self.view.lanes, &self.view.shared);
        if producer.finished {
            return Err(Error::Server { reason: "is finished: it takes no more messages".into() });
        }
        if !matches!(to, To::One(_)) {
            shared.failures.tell()?;
        }
        let data = source.data();
        match data {
            Data::Field(layout, values) if layout.points() != values.len() => {
                let (name, expected) = ("values".into(), layout.points());
                return Err(Error::LengthMismatch { name, expected, got: values.len() });
            }
            Data::Part(layout, points, values) => points.check(layout, values.len())?,
            _ => {}
        }
        let bytes = metadata.bytes() + data.bytes();
        let full = |lane: &Lane, reason: String| Error::Full {
            plan: lane.name.clone(),
            bytes,
            memory: lane.share,
            reason,
        };
        // First all that may be refused, then what has an effect.
        const NOWHERE: &str = "nothing may go to the disk";
        for (number, lane) in lanes.iter().enumerate() {
            if !to.is_for(number, lane) {
                producer.ways[number] = Way::Past;
                continue;
            }
            let way = lane.way(&metadata, matches!(data, Data::Mask(_)), bytes);
            (producer.ways[number], producer.largest[number]) = way.map_err(|refusal| {
                let reason = match (refusal, &producer.spill) {
                    (Refusal::TooLarge, _) => "one message must not be larger than that".into(),
                    (Refusal::Full, None) => NOWHERE.into(),
                    (Refusal::Full, Some(_)) => {
                        self.spiller.bell.ring();
                        let behind = || "the disk has not taken what was written before it".into();
                        self.spiller.failure().unwrap_or_else(behind)
                    }
                };
                full(lane, reason)
            })?;
        }
        let mut stored = None;
        if producer.ways.contains(&Way::Disk) {
            let spill = producer.spill.as_deref().map(lock);
            match spill.map_or_else(|| Err(NOWHERE.into()), |mut spill| spill.store(&metadata, data)) {
                Ok(place) => stored = Some(place),
                Err(reason) => {
                    for (way, lane) in producer.ways.iter_mut().zip(&**lanes) {
                        if *way == Way::Disk && lane.is_lossless() {
                            return Err(full(lane, reason));
                        }
                        *way = if *way == Way::Disk { Way::Dropped } else { *way };
                    }
                }
            }
        }
        for (way, lane) in producer.ways.iter_mut().zip(&**lanes) {
            *way = lane.make_room(&metadata, bytes, *way, &shared.pool);
        }
        let limit = self.view.memory.saturating_sub(producer.largest.iter().sum());
        let message = match producer.ways.contains(&Way::Memory).then_some(source) {
            Some(Source::Copy(layout, points, values)) => {
                Some(shared.pool.fill(metadata, layout, points, values, limit))
            }
            Some(Source::Owned(kind)) => Some(shared.pool.adopt(Message { metadata, kind }, limit)),
            None => {
                shared.pool.trim(limit);
                None
            }
        };
        let mut crowded = false;
        for (way, lane) in producer.ways.iter().zip(&**lanes) {
            match (way, &message, &stored) {
                (Way::Memory, Some(message), _) => {
                    crowded |= lane.push(Payload::Memory(message.clone()), bytes, &shared.pool)
                }
                (Way::Disk, _, Some(stored)) => {
                    crowded |= lane.push(Payload::Disk(stored.clone()), bytes, &shared.pool)
                }
                (Way::Lost, ..) => lane.lose(bytes),
                _ => {}
            }
        }
        if crowded {
            self.spiller.bell.ring();
        }
        if let Some(message) = message {
            shared.pool.release(message);
        }
        Ok(())
    }
}
