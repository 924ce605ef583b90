//! Transforms whose ranks share wavenumbers and rings, and levels as well.

use std::ops::Range;

use terrella_kernels::Real;
use terrella_kernels::grid::Grid;
use terrella_kernels::spectral::{TransformShares, Truncation};

use super::{DistributedTransform, transform_shares};
use crate::communicator::Communicator;
use crate::error::expect_len;
use crate::transposition::{FieldSets, LevelTransposition, Order, WaveTransposition, Wire};
use crate::{Error, Result};

/// Columns below which a set of fields is not divided: sums over fewer are slower, and rounded otherwise below four.
const LEAST_COLUMNS: usize = 16;

/// Ranks of a set, at least.
const LEAST_ROWS: usize = 32;

/// Bytes of a parcel with 48 columns, in f64, below which further ranks divide levels.
const SMALL_PARCEL: usize = 32 << 10;

/// A rank's part of a transform of P = W · V ranks, a table of W sets of wavenumbers and rings by V sets of fields.
///
/// ```text
///  all fields of own coefficients                                              all fields of own points
///        │   between the V ranks of a row                                            ▲
///        ▼                                                                           │
///  own fields of the coefficients of a row ── transform among the W ranks ──► own fields of the points of a row
///                                              with the same fields
/// ```
///
/// Rank r is in row ⌊r / V⌋, whose ranks are neighbours. Before and after, wavenumbers and rings are those of [`transform_shares`] of all P
/// ranks, as with V = 1, and so are results, bit for bit: a model does not see V. A rank sends to W − 1 others between sums and Fourier transforms,
/// with 1/V of the columns, and to V − 1 others before and after, instead of P − 1. Operators of fewer than 32 columns are those of one set.
///
/// Sent by rank a with numbers of s bytes, beside what [`DistributedTransform`] sends among W ranks with the largest set's columns or fewer: s c
/// (V − 1) times its numbers of an input field, and s c times the numbers of an output field of the V − 1 others of its row, c the fields of the largest set.
pub struct LevelTransform<R: Real> {
    shares: TransformShares,
    rank: usize,
    /// V.
    sets: usize,
    transform: DistributedTransform<R>,
    spectra: LevelTransposition<R>,
    points: LevelTransposition<R>,
    /// Own fields of a row's coefficients, and of its points.
    row_spectra: [Vec<R>; 2],
    row_points: [Vec<R>; 2],
}

/// V, the sets of levels that suit a number of ranks: the fewest with which parcels between the ranks of the same fields are of 32 KiB on average.
///
/// A divisor of the number of ranks P, with at least 32 ranks in a set, so that operators of few columns are still shared by many; 1 below 64 ranks.
pub fn level_sets(shares: &TransformShares) -> usize {
    let ranks = shares.ranks();
    let pairs = |m: usize| (0..ranks).map(|rank| shares.pairs_with(m, rank).len()).sum::<usize>();
    let coefficients: usize = (0..=shares.truncation().total()).map(pairs).sum();
    let is_large = |sets: usize| {
        let rows = ranks / sets;
        4 * size_of::<f64>() * 48 * coefficients / (rows * rows) >= SMALL_PARCEL
    };
    let mut suitable = 1;
    for sets in (2..=ranks / LEAST_ROWS).filter(|sets| ranks.is_multiple_of(*sets)) {
        if is_large(suitable) {
            break;
        }
        suitable = sets;
    }
    suitable
}

/// Who has what between the ranks of the same fields: row r what ranks rV..(r+1)V have together.
///
/// Errors: a number of sets V that does not divide that of ranks.
pub fn shares_of_rows(shares: &TransformShares, sets: usize) -> Result<TransformShares> {
    let ranks = shares.ranks();
    if sets == 0 || !ranks.is_multiple_of(sets) {
        return Err(Error::InvalidValue {
            name: "sets of levels",
            got: sets.to_string(),
            expected: format!("a divisor of the {ranks} ranks"),
        });
    }
    let rows = || (0..ranks / sets).map(|row| row * sets..(row + 1) * sets);
    let wavenumbers = |members: Range<usize>| -> Vec<usize> {
        let mut all: Vec<_> = members.flat_map(|rank| shares.wavenumbers(rank).to_vec()).collect();
        all.sort_unstable();
        all
    };
    let pairs = |members: Range<usize>| shares.pairs(members.start).start..shares.pairs(members.end - 1).end;
    let (wavenumbers, pairs) = (rows().map(wavenumbers).collect(), rows().map(pairs).collect());
    Ok(TransformShares::new(shares.grid(), shares.truncation(), wavenumbers, pairs)?)
}

impl<R: Real> LevelTransform<R> {
    /// Of as many sets of fields as divide the number of ranks; all ranks make it together.
    pub fn new(
        communicator: &Communicator,
        grid: &Grid,
        truncation: Truncation,
        sets: usize,
        wire: Wire,
    ) -> Result<Self> {
        let (rank, ranks) = (communicator.rank(), communicator.size());
        let shares = transform_shares(grid, truncation, ranks)?;
        let (of_rows, row, set) = (shares_of_rows(&shares, sets)?, rank / sets, rank % sets);
        let group = |colour: usize, key: usize| -> Result<Communicator> {
            let group = communicator.split(Some(colour as u16), key as i32)?;
            Ok(group.unwrap_or_else(Communicator::serial))
        };
        let (of_set, of_row) = (group(set, row)?, group(row, set)?);
        let transposition = WaveTransposition::new(&of_set, &of_rows, wire)?;
        let transform = DistributedTransform::new(&of_rows, row, transposition);
        let members = || row * sets..(row + 1) * sets;
        let coefficients =
            members().map(|rank| places_of_wavenumbers(&shares, rank, of_rows.wavenumbers(row)));
        let points = members().map(|rank| places_of_rings(&shares, rank, of_rows.pairs(row)));
        Ok(Self {
            spectra: LevelTransposition::new(&of_row, Order::FieldsInnermost, coefficients.collect()),
            points: LevelTransposition::new(&of_row, Order::FieldsOutermost, points.collect()),
            shares,
            rank,
            sets,
            transform,
            row_spectra: Default::default(),
            row_points: Default::default(),
        })
    }

    /// Which wavenumbers and rings are whose.
    pub fn shares(&self) -> &TransformShares {
        &self.shares
    }

    /// V, the number of sets of fields.
    pub fn sets(&self) -> usize {
        self.sets
    }

    /// Sets the radius a of the sphere \[m\], to which winds and gradients refer; an error unless it is positive and finite.
    pub fn set_radius(&mut self, radius: f64) -> Result<()> {
        Ok(self.transform.set_radius(radius)?)
    }

    fn expect_lengths(
        &self,
        fields: usize,
        spectra: &[(&'static str, usize)],
        values: &[(&'static str, usize)],
    ) -> Result<()> {
        for (name, length) in spectra {
            expect_len(name, self.shares.spectrum_len(self.rank, fields), *length)?;
        }
        for (name, length) in values {
            expect_len(name, fields * self.shares.points(self.rank), *length)?;
        }
        Ok(())
    }

    /// Which of an operator's fields are whose.
    fn field_sets(&self, fields: usize, components: usize) -> FieldSets {
        FieldSets::new(fields, self.sets, LEAST_COLUMNS.div_ceil(components))
    }

    fn synthesize<const I: usize, const C: usize>(
        &mut self,
        fields: usize,
        inputs: [(&'static str, &[R]); I],
        outputs: [(&'static str, &mut [R]); C],
        operator: impl FnOnce(&mut DistributedTransform<R>, usize, [&[R]; I], [&mut [R]; C]) -> Result<()>,
    ) -> Result<()> {
        let lengths = outputs.each_ref().map(|(name, values)| (*name, values.len()));
        self.expect_lengths(fields, &inputs.map(|(name, values)| (name, values.len())), &lengths)?;
        self.apply(
            fields,
            true,
            inputs.map(|(_, values)| values),
            outputs.map(|(_, values)| values),
            operator,
        )
    }

    fn analyze<const C: usize, const I: usize>(
        &mut self,
        fields: usize,
        inputs: [(&'static str, &[R]); C],
        outputs: [(&'static str, &mut [R]); I],
        operator: impl FnOnce(&mut DistributedTransform<R>, usize, [&[R]; C], [&mut [R]; I]) -> Result<()>,
    ) -> Result<()> {
        let lengths = outputs.each_ref().map(|(name, values)| (*name, values.len()));
        self.expect_lengths(fields, &lengths, &inputs.map(|(name, values)| (name, values.len())))?;
        self.apply(
            fields,
            false,
            inputs.map(|(_, values)| values),
            outputs.map(|(_, values)| values),
            operator,
        )
    }

    /// Between the rows of ranks.
    fn apply<const I: usize, const O: usize>(
        &mut self,
        fields: usize,
        is_to_grid: bool,
        inputs: [&[R]; I],
        outputs: [&mut [R]; O],
        operator: impl FnOnce(&mut DistributedTransform<R>, usize, [&[R]; I], [&mut [R]; O]) -> Result<()>,
    ) -> Result<()> {
        if self.sets == 1 {
            return operator(&mut self.transform, fields, inputs, outputs);
        }
        let sets = self.field_sets(fields, if is_to_grid { O } else { I });
        let own = sets.of(self.rank % self.sets).len();
        let Self { transform, spectra, points, row_spectra, row_points, .. } = self;
        let (spectra, points) = ((spectra, row_spectra), (points, row_points));
        let ((before, from), (after, to)) = if is_to_grid { (spectra, points) } else { (points, spectra) };
        let mut from = rows::<R, I>(from, before.len(own));
        let mut to = rows::<R, O>(to, after.len(own));
        for (input, row) in inputs.into_iter().zip(&mut from) {
            before.join_items(&sets, input, row)?;
        }
        operator(transform, own, from.each_ref().map(|row| &**row), to.each_mut().map(|row| &mut **row))?;
        outputs.into_iter().zip(&to).try_for_each(|(output, row)| after.join_fields(&sets, row, output))
    }
}

/// The first N of two arrays, with at least `len` numbers, of which the slices have as many.
fn rows<R: Real, const N: usize>(arrays: &mut [Vec<R>; 2], len: usize) -> [&mut [R]; N] {
    let mut arrays = arrays.iter_mut();
    [(); N].map(|_| {
        let array = arrays.next().expect("one array, or two");
        if array.len() < len {
            array.resize(len, R::ZERO);
        }
        &mut array[..len]
    })
}

/// Where the coefficients of a rank's wavenumbers are among those of some wavenumbers.
fn places_of_wavenumbers(shares: &TransformShares, rank: usize, all: &[usize]) -> Vec<Range<usize>> {
    let (own, total, mut first) = (shares.wavenumbers(rank), shares.truncation().total(), 0);
    let mut places = Vec::new();
    for m in all {
        let end = first + total - m + 1;
        if own.binary_search(m).is_ok() {
            places.push(first..end);
        }
        first = end;
    }
    places
}

/// Where the points of a rank's rings are among those of the rings of some pairs.
fn places_of_rings(shares: &TransformShares, rank: usize, pairs: Range<usize>) -> Vec<Range<usize>> {
    let rings = shares.grid().rings();
    let (count, own) = (rings.len(), shares.pairs(rank));
    let (mut first, mut places) = (0, Vec::new());
    for ring in pairs.clone().chain(count - pairs.end..count - pairs.start) {
        let end = first + rings[ring].points;
        if own.contains(&ring.min(count - 1 - ring)) {
            places.push(first..end);
        }
        first = end;
    }
    places
}

/// The operators over this rank's slices.
macro_rules! operators {
    ($($name:ident: $direction:ident, ($($input:ident),+) -> ($($output:ident),+);)+) => {
        impl<R: Real> LevelTransform<R> {$(
            #[doc = concat!("[`DistributedTransform::", stringify!($name), "`].")]
            pub fn $name(
                &mut self,
                fields: usize,
                $($input: &[R],)+
                $($output: &mut [R],)+
            ) -> Result<()> {
                self.$direction(
                    fields,
                    [$((stringify!($input), $input)),+],
                    [$((stringify!($output), $output)),+],
                    |transform, fields, [$($input),+], [$($output),+]| {
                        transform.$name(fields, $($input,)+ $($output),+)
                    },
                )
            }
        )+}
    };
}
operators! {
    synthesis: synthesize, (spectrum) -> (values);
    synthesis_adjoint: analyze, (values) -> (spectrum);
    analysis: analyze, (values) -> (spectrum);
    analysis_adjoint: synthesize, (spectrum) -> (values);
    wind_synthesis: synthesize, (vorticity, divergence) -> (u, v);
    wind_synthesis_adjoint: analyze, (u, v) -> (vorticity, divergence);
    wind_analysis: analyze, (u, v) -> (vorticity, divergence);
    wind_analysis_adjoint: synthesize, (vorticity, divergence) -> (u, v);
    gradient_synthesis: synthesize, (spectrum) -> (eastward, northward);
    gradient_synthesis_adjoint: analyze, (eastward, northward) -> (spectrum);
    wind_zonal_derivative_synthesis: synthesize, (vorticity, divergence) -> (u_eastward, v_eastward);
    wind_zonal_derivative_synthesis_adjoint: analyze, (u_eastward, v_eastward) -> (vorticity, divergence);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_shared_where_ranks_are_many() {
        let sets = |name: &str, total: usize, ranks: usize| {
            let grid = name.parse().unwrap();
            level_sets(&transform_shares(&grid, Truncation::new(total), ranks).unwrap())
        };
        for (ranks, expected) in [(1, 1), (8, 1), (63, 1), (64, 2), (67, 1), (128, 4)] {
            assert_eq!(sets("F32", 63, ranks), expected, "{ranks} ranks");
        }
        // Parcels are long enough.
        assert_eq!(sets("F256", 511, 64), 1);
    }
}
