//! One direction of a transposition: parcels of numbers, in their own precision or in f32.

use terrella_kernels::{Precision, Real};

use super::Wire;
use crate::Result;
use crate::communicator::{Communicator, Exchange};

/// Parcels to and from other ranks, each of so many units of any number of numbers.
pub(super) struct Way {
    communicator: Communicator,
    wire: Wire,
    /// Rank and units of parcels that are not empty.
    outgoing: Vec<(usize, usize)>,
    incoming: Vec<(usize, usize)>,
    /// Planned when first used.
    double: Option<Exchange<f64>>,
    single: Option<Exchange<f32>>,
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
        Self { communicator: communicator.clone(), wire, outgoing, incoming, double: None, single: None }
    }

    /// Brings parcels of `width` numbers for each unit: `fill` writes those for a rank, `take` reads those from one.
    pub(super) fn carry<R: Real>(
        &mut self,
        width: usize,
        fill: &mut dyn FnMut(usize, &mut [R]),
        take: &mut dyn FnMut(usize, &[R]),
    ) -> Result<()> {
        let Self { communicator, wire, outgoing, incoming, double, single } = self;
        match (R::PRECISION, wire) {
            (Precision::F64, Wire::Same) => {
                carry_as(communicator, double, outgoing, incoming, width, fill, take)
            }
            (Precision::F32, _) | (Precision::F64, Wire::F32) => {
                carry_as(communicator, single, outgoing, incoming, width, fill, take)
            }
        }
    }
}

/// The same, as numbers of type W.
fn carry_as<R: Real, W: Real>(
    communicator: &Communicator,
    plan: &mut Option<Exchange<W>>,
    outgoing: &[(usize, usize)],
    incoming: &[(usize, usize)],
    width: usize,
    fill: &mut dyn FnMut(usize, &mut [R]),
    take: &mut dyn FnMut(usize, &[R]),
) -> Result<()> {
    let mut exchange = match plan.take() {
        Some(exchange) => exchange,
        None => communicator.exchange(outgoing, incoming)?,
    };
    exchange.set_width(width);
    let is_same = R::PRECISION == W::PRECISION;
    let mut converted: Vec<R> = Vec::new();
    for (index, &(rank, units)) in outgoing.iter().enumerate() {
        let parcel = exchange.outgoing(index);
        if is_same {
            fill(rank, bytemuck::cast_slice_mut(parcel));
            continue;
        }
        converted.resize(units * width, R::ZERO);
        fill(rank, &mut converted);
        for (target, value) in parcel.iter_mut().zip(&converted) {
            *target = W::from_f64(value.to_f64());
        }
    }
    let exchange = exchange.complete()?;
    for (index, &(rank, _)) in incoming.iter().enumerate() {
        let parcel = exchange.incoming(index);
        if is_same {
            take(rank, bytemuck::cast_slice(parcel));
            continue;
        }
        converted.clear();
        converted.extend(parcel.iter().map(|value| R::from_f64(value.to_f64())));
        take(rank, &converted);
    }
    *plan = Some(exchange);
    Ok(())
}
