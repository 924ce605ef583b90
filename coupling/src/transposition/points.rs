//! Fields between regions of points and whole rings.

use std::marker::PhantomData;
use std::ops::Range;

use terrella_kernels::Real;

use super::Wire;
use super::way::Way;
use crate::Result;
use crate::communicator::Communicator;
use crate::decomposition::{Blocks, PointRegions, Segment};
use crate::error::expect_len;

/// Moves fields between [`PointRegions`] and the rings of blocks of pairs ([`pairs_of_rings`](crate::decomposition::pairs_of_rings)).
///
/// | argument | shape                       | order                                                |
/// |----------|-----------------------------|------------------------------------------------------|
/// | `points` | [fields][own point]         | segments of [`PointRegions::of`]                     |
/// | `rings`  | [fields][point of own rings] | northern rings, then southern, each from north to south |
///
/// [`PointTransposition::to_points`] is the inverse of [`PointTransposition::to_rings`] and its adjoint.
///
/// ```
/// use terrella_coupling::communicator::Communicator;
/// use terrella_coupling::decomposition::{PointRegions, pairs_of_rings};
/// use terrella_coupling::transposition::{PointTransposition, Wire};
///
/// let grid = "O16".parse()?;
/// let results = Communicator::threads(3, |ranks| {
///     let (regions, pairs) = (PointRegions::new(&grid, 3), pairs_of_rings(&grid, 3));
///     let mut transposition = PointTransposition::<f64>::new(&ranks, &regions, &pairs, Wire::Same)?;
///     let points = vec![ranks.rank() as f64; transposition.points()];
///     let (mut rings, mut back) = (vec![0.0; transposition.ring_points()], vec![0.0; points.len()]);
///     transposition.to_rings(1, &points, &mut rings)?;
///     transposition.to_points(1, &rings, &mut back)?;
///     Ok::<_, terrella_coupling::Error>(back == points)
/// });
/// assert!(results.into_iter().collect::<Result<Vec<_>, _>>()?.into_iter().all(|is_same| is_same));
/// # Ok::<(), terrella_coupling::Error>(())
/// ```
pub struct PointTransposition<R: Real> {
    to_rings: Way,
    to_points: Way,
    /// Where the parcel of each rank is in this rank's points, and in its rings.
    in_points: Vec<Vec<Range<usize>>>,
    in_rings: Vec<Vec<Range<usize>>>,
    points: usize,
    ring_points: usize,
    precision: PhantomData<R>,
}

impl<R: Real> PointTransposition<R> {
    /// Between regions and blocks of pairs of as many ranks as there are.
    pub fn new(
        communicator: &Communicator,
        regions: &PointRegions,
        pairs: &Blocks,
        wire: Wire,
    ) -> Result<Self> {
        let (rank, size, grid) = (communicator.rank(), communicator.size(), regions.grid());
        let count = grid.rings().len();
        expect_len("regions", size, regions.ranks())?;
        expect_len("blocks of pairs", size, pairs.ranks())?;
        expect_len("pairs", count.div_ceil(2), pairs.items())?;
        // One after another, for whom or from whom they are.
        let places = |segments: &mut dyn Iterator<Item = (usize, Segment)>| {
            let (mut places, mut end) = (vec![Vec::new(); size], 0);
            for (other, segment) in segments {
                let start = end;
                end += segment.points.len();
                places[other].push(start..end);
            }
            (places, end)
        };
        let owner = |ring: usize| pairs.owner(ring.min(count - 1 - ring));
        let own = regions.of(rank);
        let (in_points, points) = places(&mut own.into_iter().map(|segment| (owner(segment.ring), segment)));
        let northern = pairs.of(rank);
        // The equator is a northern ring.
        let southern = count - northern.end.min(count / 2)..count - northern.start.min(count / 2);
        let mut on_rings = regions.on(northern);
        on_rings.extend(regions.on(southern));
        let (in_rings, ring_points) =
            places(&mut on_rings.into_iter().map(|segment| (segment.rank, segment)));
        let units = |places: &[Vec<Range<usize>>]| -> Vec<usize> {
            places.iter().map(|ranges| ranges.iter().map(Range::len).sum()).collect()
        };
        let (of_points, of_rings) = (units(&in_points), units(&in_rings));
        let [for_rings, for_points] = [(&of_points, &of_rings), (&of_rings, &of_points)]
            .map(|(from, to)| Way::new(communicator, wire, |other| from[other], |other| to[other]));
        Ok(Self {
            to_rings: for_rings,
            to_points: for_points,
            in_points,
            in_rings,
            points,
            ring_points,
            precision: PhantomData,
        })
    }

    /// Number of points of this rank's region.
    pub fn points(&self) -> usize {
        self.points
    }

    /// Number of points of this rank's rings.
    pub fn ring_points(&self) -> usize {
        self.ring_points
    }

    /// From regions to rings.
    pub fn to_rings(&mut self, fields: usize, points: &[R], rings: &mut [R]) -> Result<()> {
        expect_len("points", fields * self.points, points.len())?;
        expect_len("rings", fields * self.ring_points, rings.len())?;
        let (from, to) = ((&self.in_points[..], self.points), (&self.in_rings[..], self.ring_points));
        carry(&mut self.to_rings, fields, from, points, to, rings)
    }

    /// From rings to regions.
    pub fn to_points(&mut self, fields: usize, rings: &[R], points: &mut [R]) -> Result<()> {
        expect_len("rings", fields * self.ring_points, rings.len())?;
        expect_len("points", fields * self.points, points.len())?;
        let (from, to) = ((&self.in_rings[..], self.ring_points), (&self.in_points[..], self.points));
        carry(&mut self.to_points, fields, from, rings, to, points)
    }
}

/// Places by rank, and the length of a field.
type Places<'a> = (&'a [Vec<Range<usize>>], usize);

/// Parcels are [field][point].
fn carry<R: Real>(
    way: &mut Way,
    fields: usize,
    (from, from_len): Places<'_>,
    source: &[R],
    (to, to_len): Places<'_>,
    target: &mut [R],
) -> Result<()> {
    way.carry(
        fields,
        &mut |rank, parcel| {
            let mut rest = parcel;
            for (field, range) in
                (0..fields).flat_map(|field| from[rank].iter().map(move |range| (field, range)))
            {
                let part = rest.split_off_mut(..range.len()).expect("room for the parcel");
                part.copy_from_slice(&source[field * from_len..][range.clone()]);
            }
        },
        &mut |rank, parcel| {
            let mut rest = parcel;
            for (field, range) in
                (0..fields).flat_map(|field| to[rank].iter().map(move |range| (field, range)))
            {
                let part = rest.split_off(..range.len()).expect("a whole parcel");
                target[field * to_len..][range.clone()].copy_from_slice(part);
            }
        },
    )
}
