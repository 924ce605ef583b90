//! Whole fields and spectra, cut into the parts of ranks and put together again: methods of [`Part`].
//!
//! | method                     | from                      | to                   | bytes sent by a rank to others           |
//! |----------------------------|---------------------------|----------------------|------------------------------------------|
//! | [`Part::own_fields`]       | whole fields, everywhere  | own points           | 0                                        |
//! | [`Part::own_spectra`]      | whole spectra, everywhere | own coefficients     | 0                                        |
//! | [`Part::spread_fields`]    | whole fields, of each rank others | own points of all of them | s F (N − N_r) by rank r     |
//! | [`Part::scatter_fields`]   | whole fields on rank 0    | own points           | s F (N − N_0) by rank 0                  |
//! | [`Part::scatter_spectra`]  | whole spectra on rank 0   | own coefficients     | 2 s F (M − M_0) by rank 0                |
//! | [`Part::gather_fields`]    | own points                | whole fields on rank 0 | s F N_r by each other rank r           |
//! | [`Part::gather_spectra`]   | own coefficients          | whole spectra on rank 0 | 2 s F M_r by each other rank r        |
//! | [`Part::spectra_for`]      | own coefficients          | those of another part, through rank 0 | as of both, or 0 where they are alike |
//! | [`Part::values_of_rings`]  | w values of each own ring | those of all rings, everywhere | (P − 1) s w L_r                |
//! | [`largest`]                | some f64                  | the largest of all ranks, everywhere | (P − 1) 8 values         |
//!
//! P ranks, F fields of numbers of s bytes, N points, M coefficients and L rings, those of rank r with an index, and lengths beside
//! (16 bytes to each rank at most). Values are moved and not computed with. Whole fields are `[field][point of the grid]`, whole spectra
//! `[coefficient][2][field]` in the order of [`Truncation`](terrella_kernels::spectral::Truncation).
//!
//! ```
//! use terrella_coupling::communicator::Communicator;
//! use terrella_coupling::spectral::ModelTransform;
//! use terrella_kernels::spectral::Truncation;
//!
//! let grid = "F8".parse()?;
//! let fields = Communicator::threads(2, |ranks| {
//!     let transform = ModelTransform::<f64>::on(&ranks, &grid, Truncation::new(10))?;
//!     let part = transform.part();
//!     // Each point knows whose it is.
//!     part.gather_fields(&ranks, 1, &vec![ranks.rank() as f64; part.points()])
//! });
//! let [first, second] = fields.try_into().expect("two ranks");
//! let field = first?.expect("rank 0 has it");
//! assert_eq!((field[0], field[grid.points() / 2 - 1], second?), (0.0, 1.0, None));
//! # Ok::<(), terrella_coupling::Error>(())
//! ```

use std::borrow::Cow;
use std::ops::Range;

use bytemuck::Pod;

use crate::Result;
use crate::communicator::Communicator;
use crate::error::expect_len;
use crate::spectral::Part;

impl Part {
    /// The own points of whole fields.
    ///
    /// Errors: fields of another length.
    pub fn own_fields<'a, T: Pod>(&self, fields: usize, whole: &'a [T]) -> Result<Cow<'a, [T]>> {
        expect_len("whole fields", fields * self.grid().points(), whole.len())?;
        Ok(self.cut(whole, &self.places_of_fields(fields, self.rank())))
    }

    /// The own coefficients of whole spectra.
    ///
    /// Errors: spectra of another length.
    pub fn own_spectra<'a, T: Pod>(&self, fields: usize, whole: &'a [T]) -> Result<Cow<'a, [T]>> {
        expect_len("whole spectra", self.truncation().spectrum_len(fields), whole.len())?;
        Ok(self.cut(whole, &self.places_of_spectra(fields, self.rank())))
    }

    /// The own points of the whole fields that ranks have, by rank; each may have another number of them, or none.
    ///
    /// Errors: a length that is not a number of fields, a part for another number of ranks, those of the communicator.
    pub fn spread_fields<T: Pod>(&self, communicator: &Communicator, whole: &[T]) -> Result<Vec<Vec<T>>> {
        let fields = whole.len() / self.grid().points();
        expect_len("whole fields", fields * self.grid().points(), whole.len())?;
        self.spread(communicator, whole, |rank| self.places_of_fields(fields, rank))
    }

    /// The own points of the whole fields that rank 0 has; those of the others are not looked at.
    ///
    /// Errors: fields of another length on rank 0, a part for another number of ranks, those of the communicator.
    pub fn scatter_fields<T: Pod>(
        &self,
        communicator: &Communicator,
        fields: usize,
        whole: &[T],
    ) -> Result<Vec<T>> {
        let whole_len = fields * self.grid().points();
        self.scatter(communicator, ("whole fields", whole_len), whole, |rank| {
            self.places_of_fields(fields, rank)
        })
    }

    /// The own coefficients of the whole spectra that rank 0 has; those of the others are not looked at.
    ///
    /// Errors: as of [`Self::scatter_fields`].
    pub fn scatter_spectra<T: Pod>(
        &self,
        communicator: &Communicator,
        fields: usize,
        whole: &[T],
    ) -> Result<Vec<T>> {
        let whole_len = self.truncation().spectrum_len(fields);
        self.scatter(communicator, ("whole spectra", whole_len), whole, |rank| {
            self.places_of_spectra(fields, rank)
        })
    }

    /// The whole fields on rank 0, nothing on the others.
    ///
    /// Errors: fields of another length, a part for another number of ranks, those of the communicator.
    pub fn gather_fields<T: Pod>(
        &self,
        communicator: &Communicator,
        fields: usize,
        own: &[T],
    ) -> Result<Option<Vec<T>>> {
        expect_len("own fields", fields * self.points(), own.len())?;
        self.gather(communicator, fields * self.grid().points(), own, |rank| {
            self.places_of_fields(fields, rank)
        })
    }

    /// The whole spectra on rank 0, nothing on the others.
    ///
    /// Errors: as of [`Self::gather_fields`].
    pub fn gather_spectra<T: Pod>(
        &self,
        communicator: &Communicator,
        fields: usize,
        own: &[T],
    ) -> Result<Option<Vec<T>>> {
        expect_len("own spectra", 2 * fields * self.coefficients(), own.len())?;
        self.gather(communicator, self.truncation().spectrum_len(fields), own, |rank| {
            self.places_of_spectra(fields, rank)
        })
    }

    /// The coefficients that a rank has in another part of the same truncation, from those it has in this one; all ranks call it
    /// together. How wavenumbers are dealt out depends on the grid.
    ///
    /// Errors: another truncation, spectra of another length, parts for another number of ranks, those of the communicator.
    pub fn spectra_for<'a, T: Pod>(
        &self,
        other: &Self,
        communicator: &Communicator,
        own: &'a [T],
    ) -> Result<Cow<'a, [T]>> {
        expect_len("coefficients", self.truncation().coefficients(), other.truncation().coefficients())?;
        expect_len("ranks", self.ranks(), other.ranks())?;
        let is_alike = |rank: usize| self.coefficients_of(rank).eq(other.coefficients_of(rank));
        if self.is_whole() || (0..self.ranks()).all(is_alike) {
            return Ok(Cow::Borrowed(own));
        }
        let fields = own.len() / (2 * self.coefficients()).max(1);
        let whole = self.gather_spectra(communicator, fields, own)?.unwrap_or_default();
        Ok(Cow::Owned(other.scatter_spectra(communicator, fields, &whole)?))
    }

    /// From `width` values of each own ring those of all rings of the grid, from the north, on all ranks.
    ///
    /// Errors: another number of values, a part for another number of ranks, those of the communicator.
    pub fn values_of_rings<T: Pod>(
        &self,
        communicator: &Communicator,
        width: usize,
        own: &[T],
    ) -> Result<Vec<T>> {
        expect_len("values of own rings", width * self.rings().len(), own.len())?;
        self.expect_ranks(communicator)?;
        if self.is_whole() {
            return Ok(own.to_vec());
        }
        let place = |ring: usize| ring * width..(ring + 1) * width;
        let places = |rank: usize| self.ring_numbers_of(rank).into_iter().map(place).collect();
        let parcels = communicator.all_gather(own)?;
        joined(width * self.grid().rings().len(), &parcels, places)
    }

    fn expect_ranks(&self, communicator: &Communicator) -> Result<()> {
        expect_len("ranks", self.ranks(), communicator.size())
    }

    fn cut<'a, T: Pod>(&self, whole: &'a [T], places: &[Range<usize>]) -> Cow<'a, [T]> {
        if self.is_whole() { Cow::Borrowed(whole) } else { Cow::Owned(pieces(whole, places)) }
    }

    fn scatter<T: Pod>(
        &self,
        communicator: &Communicator,
        (name, whole_len): (&'static str, usize),
        whole: &[T],
        places: impl Fn(usize) -> Vec<Range<usize>>,
    ) -> Result<Vec<T>> {
        let leads = communicator.rank() == 0;
        if leads {
            expect_len(name, whole_len, whole.len())?;
        }
        let places = |rank: usize| if leads { places(rank) } else { Vec::new() };
        Ok(self.spread(communicator, whole, places)?.swap_remove(0))
    }

    fn spread<T: Pod>(
        &self,
        communicator: &Communicator,
        whole: &[T],
        places: impl Fn(usize) -> Vec<Range<usize>>,
    ) -> Result<Vec<Vec<T>>> {
        self.expect_ranks(communicator)?;
        let mut counts = vec![0; communicator.size()];
        let mut parcels = Vec::new();
        communicator.transferring(|| {
            for (rank, count) in counts.iter_mut().enumerate() {
                let parcel = pieces(whole, &places(rank));
                *count = parcel.len();
                parcels.extend(parcel);
            }
        });
        communicator.all_to_all(&parcels, &counts)
    }

    fn gather<T: Pod>(
        &self,
        communicator: &Communicator,
        whole_len: usize,
        own: &[T],
        places: impl Fn(usize) -> Vec<Range<usize>>,
    ) -> Result<Option<Vec<T>>> {
        self.expect_ranks(communicator)?;
        if self.is_whole() {
            return Ok(Some(own.to_vec()));
        }
        let parcels = communicator.gather(0, own)?;
        let put = |parcels: Vec<Vec<T>>| communicator.transferring(|| joined(whole_len, &parcels, &places));
        parcels.map(put).transpose()
    }

    fn places_of_fields(&self, fields: usize, rank: usize) -> Vec<Range<usize>> {
        let points = self.grid().points();
        let in_field = |field: usize| {
            self.points_of(rank).map(move |range| field * points + range.start..field * points + range.end)
        };
        (0..fields).flat_map(in_field).collect()
    }

    fn places_of_spectra(&self, fields: usize, rank: usize) -> Vec<Range<usize>> {
        self.coefficients_of(rank).map(|range| 2 * fields * range.start..2 * fields * range.end).collect()
    }
}

fn pieces<T: Pod>(whole: &[T], places: &[Range<usize>]) -> Vec<T> {
    places.iter().flat_map(|place| &whole[place.clone()]).copied().collect()
}

/// Puts the parcel of each rank where it belongs.
fn joined<T: Pod>(
    whole_len: usize,
    parcels: &[Vec<T>],
    places: impl Fn(usize) -> Vec<Range<usize>>,
) -> Result<Vec<T>> {
    let mut whole = vec![T::zeroed(); whole_len];
    for (rank, parcel) in parcels.iter().enumerate() {
        let places = places(rank);
        expect_len("parcel of a rank", places.iter().map(Range::len).sum(), parcel.len())?;
        let mut rest = &parcel[..];
        for place in places {
            let (piece, others) = rest.split_at(place.len());
            whole[place].copy_from_slice(piece);
            rest = others;
        }
    }
    Ok(whole)
}

/// The largest of each of some values over all ranks, on all ranks; NaN where there is one.
///
/// Errors: another number of values on another rank, those of the communicator.
pub fn largest(communicator: &Communicator, values: &[f64]) -> Result<Vec<f64>> {
    let mut all = communicator.all_gather(values)?.into_iter();
    let mut largest = all.next().unwrap_or_default();
    for others in all {
        expect_len("values of another rank", largest.len(), others.len())?;
        for (value, other) in largest.iter_mut().zip(others) {
            if other > *value || other.is_nan() {
                *value = other;
            }
        }
    }
    expect_len("values of another rank", values.len(), largest.len())?;
    Ok(largest)
}
