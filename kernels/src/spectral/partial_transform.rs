//! A transform whose work ranks share.

use std::marker::PhantomData;

use super::host_engine::{Arrays, HostEngine};
use super::operation::{Operation, with_operators};
use super::parcels::{Came, Deliver, WaveSide};
use super::shares::{Share, TransformShares};
use super::stage::StageSeconds;
use super::{expect_len, expect_radius};
use crate::constants::EARTH_RADIUS;
use crate::{Error, Real, Result};

/// Brings Fourier coefficients from rank to rank.
///
/// A rank writes those that it makes to memory of the exchange ([`Self::write`]). Ranks that are near each other read it there; what a
/// rank sends ([`Self::start`]) are parcels for all others, one after another by rank, without one for itself; those for one rank are
/// 4 · `columns` · [`TransformShares::coefficients_between`] numbers, of this rank's wavenumbers and the other's pairs or the other way
/// round. All ranks call it together, and compute between a start and its finish; meanwhile the next coefficients are written, but not
/// yet sent.
pub trait WaveExchange {
    /// What may go wrong, in a transform or on the way.
    type Error: From<Error>;

    /// Whether numbers are rounded to f32 on their way, as then are those that stay on a rank.
    fn rounds(&self) -> bool;

    /// The other ranks whose memory this rank reads, and which read its own, ascending.
    fn near(&self) -> &[usize];

    /// Calls `sum` with room for `length` numbers, aligned to 64 bytes, which hold anything: at most [`TransformShares::memory`] bytes.
    fn write<W: Real>(
        &mut self,
        length: usize,
        sum: &mut dyn FnMut(&mut [W]),
    ) -> std::result::Result<(), Self::Error>;

    /// Shows what was written to near ranks. Calls `fill` with it and with room for all parcels to others, and sends them.
    fn start<W: Real>(
        &mut self,
        to: WaveSide,
        columns: usize,
        fill: &mut dyn FnMut(&[W], &mut [W]),
    ) -> std::result::Result<(), Self::Error>;

    /// Waits for what others started to send, or show, and calls `take` with all of it.
    fn finish<W: Real>(
        &mut self,
        to: WaveSide,
        take: &mut dyn FnMut(Came<'_, W>),
    ) -> std::result::Result<(), Self::Error>;
}

/// One rank's part of a transform on the CPU: the Legendre sums of its zonal wavenumbers, and the Fourier transforms of its
/// rings, with an exchange between the two.
///
/// | argument                                              | shape                          |
/// |-------------------------------------------------------|--------------------------------|
/// | `spectrum`, `vorticity`, `divergence`                 | [own coefficient][2][fields]   |
/// | `values`, `u`, `v`, `eastward`, `northward`, ...      | [fields][point of own rings]   |
///
/// Own coefficients are those of the rank's wavenumbers in ascending order, n = m..T of each; own rings go from north to south,
/// northern and southern ones. All ranks call the same operators in the same order with as many fields. Results have the same
/// bits as those of a [`HostTransform`](super::HostTransform), for any shares.
///
/// Each operator sends, for each [`TransformShares::columns_together`] columns (fields, or components of vector fields) or fewer, 4 · columns ·
/// [`TransformShares::coefficients_between`] numbers from rank to rank, in the precision of the sums: that of the fields, or f64 where there
/// are one or two columns. They are on their way while the next columns are summed. Near ranks read as many in place.
///
/// Adjoints are transposes with respect to the sum over all ranks of the dot products of their arrays.
///
/// Errors: [`Error::LengthMismatch`] for a slice of another length, [`Error::OutOfMemory`] if there is no room for the
/// workspace, and those of the exchange. A rank with an error should end: the others wait for it.
pub struct PartialTransform<R: Real, X> {
    engine: HostEngine,
    share: Share,
    radius: f64,
    exchange: X,
    precision: PhantomData<R>,
}

impl<R: Real, X: WaveExchange> PartialTransform<R, X> {
    /// The part of rank `rank`, for a sphere of [`EARTH_RADIUS`].
    ///
    /// # Panics
    /// If there is no such rank.
    pub fn new(shares: &TransformShares, rank: usize, exchange: X) -> Self {
        assert!(rank < shares.ranks(), "rank {rank} of {}", shares.ranks());
        let share = Share { all: shares.clone(), rank, near: exchange.near().to_vec() };
        let engine = HostEngine::of(shares.grid(), shares.truncation(), R::PRECISION, Some(share.clone()));
        Self { engine, share, radius: EARTH_RADIUS, exchange, precision: PhantomData }
    }

    /// Sets the radius a of the sphere [m], to which winds and gradients refer; an error unless it is positive and finite.
    pub fn set_radius(&mut self, radius: f64) -> Result<()> {
        self.radius = expect_radius(radius)?;
        Ok(())
    }

    /// Which wavenumbers and rings are whose.
    pub fn shares(&self) -> &TransformShares {
        &self.share.all
    }

    /// Which rank this is.
    pub fn rank(&self) -> usize {
        self.share.rank
    }

    /// The radius of the sphere [m].
    pub fn radius(&self) -> f64 {
        self.radius
    }

    /// What brings coefficients from rank to rank.
    pub fn exchange(&self) -> &X {
        &self.exchange
    }

    /// Number of points of this rank's rings.
    pub fn points(&self) -> usize {
        self.share.all.points(self.share.rank)
    }

    /// Length of this rank's part of the spectrum of some fields.
    pub fn spectrum_len(&self, fields: usize) -> usize {
        self.share.all.spectrum_len(self.share.rank, fields)
    }

    /// Where the time of all calls so far went.
    pub fn stage_seconds(&self) -> StageSeconds {
        self.engine.stage_seconds()
    }

    fn synthesize<const I: usize, const C: usize>(
        &mut self,
        operation: Operation,
        fields: usize,
        spectra: [(&'static str, &[R]); I],
        values: [(&'static str, &mut [R]); C],
    ) -> std::result::Result<(), X::Error> {
        self.expect_lengths(fields, spectra, values.each_ref().map(|(name, values)| (*name, &**values)))?;
        let arrays = Arrays::new(spectra.map(|(_, spectrum)| spectrum), values.map(|(_, values)| values));
        let mut by = Courier { exchange: &mut self.exchange, error: None };
        self.engine.synthesize(operation, fields, arrays, None, &mut by)?;
        by.error.map_or(Ok(()), Err)
    }

    fn analyze<const I: usize, const C: usize>(
        &mut self,
        operation: Operation,
        fields: usize,
        values: [(&'static str, &[R]); C],
        spectra: [(&'static str, &mut [R]); I],
    ) -> std::result::Result<(), X::Error> {
        self.expect_lengths(fields, spectra.each_ref().map(|(name, values)| (*name, &**values)), values)?;
        let arrays = Arrays::new(values.map(|(_, values)| values), spectra.map(|(_, spectrum)| spectrum));
        let mut by = Courier { exchange: &mut self.exchange, error: None };
        self.engine.analyze(operation, fields, arrays, &mut by)?;
        by.error.map_or(Ok(()), Err)
    }

    fn expect_lengths<const I: usize, const C: usize>(
        &self,
        fields: usize,
        spectra: [(&'static str, &[R]); I],
        values: [(&'static str, &[R]); C],
    ) -> Result<()> {
        for (name, spectrum) in spectra {
            expect_len(name, self.spectrum_len(fields), spectrum.len())?;
        }
        for (name, values) in values {
            expect_len(name, fields * self.points(), values.len())?;
        }
        Ok(())
    }
}

/// Keeps the exchange's error while the engine, which knows none of its kind, comes back.
struct Courier<'a, X: WaveExchange> {
    exchange: &'a mut X,
    error: Option<X::Error>,
}

impl<X: WaveExchange> Courier<'_, X> {
    fn write<W: Real>(&mut self, length: usize, sum: &mut dyn FnMut(&mut [W])) -> bool {
        self.error = self.exchange.write(length, sum).err();
        self.error.is_none()
    }

    fn start<W: Real>(&mut self, to: WaveSide, columns: usize, fill: &mut dyn FnMut(&[W], &mut [W])) -> bool {
        self.error = self.exchange.start(to, columns, fill).err();
        self.error.is_none()
    }

    fn finish<W: Real>(&mut self, to: WaveSide, take: &mut dyn FnMut(Came<'_, W>)) -> bool {
        self.error = self.exchange.finish(to, take).err();
        self.error.is_none()
    }
}

impl<X: WaveExchange> Deliver for Courier<'_, X> {
    fn rounds(&self) -> bool {
        self.exchange.rounds()
    }

    fn write_f32(&mut self, length: usize, sum: &mut dyn FnMut(&mut [f32])) -> bool {
        self.write(length, sum)
    }

    fn write_f64(&mut self, length: usize, sum: &mut dyn FnMut(&mut [f64])) -> bool {
        self.write(length, sum)
    }

    fn start_f32(&mut self, to: WaveSide, columns: usize, fill: &mut dyn FnMut(&[f32], &mut [f32])) -> bool {
        self.start(to, columns, fill)
    }

    fn start_f64(&mut self, to: WaveSide, columns: usize, fill: &mut dyn FnMut(&[f64], &mut [f64])) -> bool {
        self.start(to, columns, fill)
    }

    fn finish_f32(&mut self, to: WaveSide, take: &mut dyn FnMut(Came<'_, f32>)) -> bool {
        self.finish(to, take)
    }

    fn finish_f64(&mut self, to: WaveSide, take: &mut dyn FnMut(Came<'_, f64>)) -> bool {
        self.finish(to, take)
    }
}

/// The operators over this rank's slices.
macro_rules! over_shares {
    ($($(#[$doc:meta])+ $name:ident: $direction:ident $operation:ident,
        ($($input:ident),+) -> ($($output:ident),+);)+) => {
        impl<R: Real, X: WaveExchange> PartialTransform<R, X> {$(
            $(#[$doc])+
            pub fn $name(
                &mut self,
                fields: usize,
                $($input: &[R],)+
                $($output: &mut [R],)+
            ) -> std::result::Result<(), X::Error> {
                let operation = Operation::$operation(self.radius);
                let inputs = [$((stringify!($input), $input)),+];
                self.$direction(operation, fields, inputs, [$((stringify!($output), $output)),+])
            }
        )+}
    };
}
with_operators!(over_shares);
