//! One direction of a transposition: parcels of numbers, in their own precision or in f32.

use terrella_kernels::{Precision, Real};

use super::Wire;
use crate::communicator::{Communicator, Exchange, InFlight};
use crate::{Error, Result};

/// Parcels to and from other ranks, each of so many units of any number of numbers.
pub(super) struct Way {
    communicator: Communicator,
    wire: Wire,
    /// Rank and units of parcels that are not empty, by rank.
    outgoing: Vec<(usize, usize)>,
    incoming: Vec<(usize, usize)>,
    double: Plan<f64>,
    single: Plan<f32>,
    /// Numbers before they are rounded, and after they have come.
    converted: Vec<f64>,
}

/// Parcels of one precision.
enum Plan<W: Real> {
    /// Planned when first used.
    Unmade,
    Ready(Exchange<W>),
    UnderWay(InFlight<W>),
}

impl Way {
    /// With the units for and from each rank.
    pub(super) fn new(
        communicator: &Communicator,
        wire: Wire,
        outgoing: impl Fn(usize) -> usize,
        incoming: impl Fn(usize) -> usize,
    ) -> Self {
        let parcels = |units: &dyn Fn(usize) -> usize| -> Vec<(usize, usize)> {
            (0..communicator.size()).map(|rank| (rank, units(rank))).filter(|(_, units)| *units > 0).collect()
        };
        let (outgoing, incoming) = (parcels(&outgoing), parcels(&incoming));
        Self {
            communicator: communicator.clone(),
            wire,
            outgoing,
            incoming,
            double: Plan::Unmade,
            single: Plan::Unmade,
            converted: Vec::new(),
        }
    }

    /// Whether numbers are rounded.
    pub(super) fn rounds(&self) -> bool {
        self.wire == Wire::F32
    }

    /// Sends parcels of `width` numbers for each unit, which `fill` writes one after another.
    pub(super) fn start<R: Real>(&mut self, width: usize, fill: &mut dyn FnMut(&mut [R])) -> Result<()> {
        let Self { communicator, wire, outgoing, incoming, double, single, converted } = self;
        let lists = [&outgoing[..], incoming];
        match (R::PRECISION, wire) {
            (Precision::F64, Wire::Same) => {
                double.start(communicator, lists, width, &mut |all| fill(bytemuck::cast_slice_mut(all)))
            }
            (Precision::F32, _) => {
                single.start(communicator, lists, width, &mut |all| fill(bytemuck::cast_slice_mut(all)))
            }
            (Precision::F64, Wire::F32) => single.start(communicator, lists, width, &mut |all| {
                converted.resize(all.len(), 0.0);
                fill(bytemuck::cast_slice_mut(converted));
                for (target, value) in all.iter_mut().zip(&*converted) {
                    *target = *value as f32;
                }
            }),
        }
    }

    /// Waits for the parcels of the others, which `take` reads one after another.
    pub(super) fn finish<R: Real>(&mut self, take: &mut dyn FnMut(&[R])) -> Result<()> {
        let Self { communicator, wire, double, single, converted, .. } = self;
        let rank = communicator.rank();
        match (R::PRECISION, wire) {
            (Precision::F64, Wire::Same) => double.finish(rank, &mut |all| take(bytemuck::cast_slice(all))),
            (Precision::F32, _) => single.finish(rank, &mut |all| take(bytemuck::cast_slice(all))),
            (Precision::F64, Wire::F32) => single.finish(rank, &mut |all| {
                converted.clear();
                converted.extend(all.iter().map(|value| f64::from(*value)));
                take(bytemuck::cast_slice(converted));
            }),
        }
    }

    /// Both, with a parcel at a time: `fill` writes those for a rank, `take` reads those from one.
    pub(super) fn carry<R: Real>(
        &mut self,
        width: usize,
        fill: &mut dyn FnMut(usize, &mut [R]),
        take: &mut dyn FnMut(usize, &[R]),
    ) -> Result<()> {
        let outgoing = self.outgoing.clone();
        self.start(width, &mut |all: &mut [R]| {
            let mut rest = all;
            for &(rank, units) in &outgoing {
                let (parcel, behind) = rest.split_at_mut(units * width);
                fill(rank, parcel);
                rest = behind;
            }
        })?;
        let (incoming, recorder) = (self.incoming.clone(), self.communicator.recorder());
        self.finish(&mut |all: &[R]| {
            recorder.transferring(|| {
                let mut rest = all;
                for &(rank, units) in &incoming {
                    let (parcel, behind) = rest.split_at(units * width);
                    take(rank, parcel);
                    rest = behind;
                }
            });
        })
    }
}

impl<W: Real> Plan<W> {
    fn start(
        &mut self,
        communicator: &Communicator,
        [outgoing, incoming]: [&[(usize, usize)]; 2],
        width: usize,
        fill: &mut dyn FnMut(&mut [W]),
    ) -> Result<()> {
        let mut exchange = match std::mem::replace(self, Self::Unmade) {
            Self::Ready(exchange) => exchange,
            Self::Unmade => communicator.exchange(outgoing, incoming)?,
            // Numbers of an operator that failed half way.
            Self::UnderWay(in_flight) => in_flight.finish()?,
        };
        exchange.set_width(width);
        communicator.transferring(|| fill(exchange.all_outgoing()));
        *self = Self::UnderWay(exchange.start()?);
        Ok(())
    }

    fn finish(&mut self, rank: usize, take: &mut dyn FnMut(&[W])) -> Result<()> {
        let Self::UnderWay(in_flight) = std::mem::replace(self, Self::Unmade) else {
            let reason = "nothing was sent before".to_owned();
            return Err(Error::Communication { rank, operation: "exchange", reason });
        };
        let exchange = in_flight.finish()?;
        take(exchange.all_incoming());
        *self = Self::Ready(exchange);
        Ok(())
    }
}
