//! Points go to rings and back, on threads and processes, with as many bytes as the documentation says.

use terrella_coupling::Result;
use terrella_coupling::communicator::Communicator;
use terrella_coupling::decomposition::{PointRegions, WavenumberSets, pairs_of_rings};
use terrella_coupling::transposition::{PointTransposition, WaveTransposition, Wire};
use terrella_kernels::Real;
use terrella_kernels::grid::Grid;
use terrella_kernels::spectral::{Came, TransformShares, Truncation, WaveExchange, WaveSide};

use crate::ranks::{End, under_each_launcher};

const FIELDS: usize = 3;

/// A value that tells its place, exact in f32.
fn value<R: Real>(field: usize, point: usize) -> R {
    R::from_f64((100_000 * field + point) as f64)
}

/// Something like noise at every index.
fn noise<R: Real>(seed: usize, len: usize) -> Vec<R> {
    let number = |i: usize| ((i * 2 + 1) * (seed * 2 + 1)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 11;
    (0..len).map(|i| R::from_f64(number(i) as f64 / (1u64 << 53) as f64 - 0.5)).collect()
}

fn there_and_back<R: Real>(communicator: &Communicator, grid: &Grid, wire: Wire) -> Result<()> {
    let (rank, size) = (communicator.rank(), communicator.size());
    let (regions, pairs) = (PointRegions::new(grid, size), pairs_of_rings(grid, size));
    let mut transposition = PointTransposition::<R>::new(communicator, &regions, &pairs, wire)?;
    let own_points: Vec<usize> = regions
        .of(rank)
        .into_iter()
        .flat_map(|segment| segment.points.map(move |point| (segment.ring, point)))
        .map(|(ring, point)| grid.rings()[ring].offset + point)
        .collect();
    let count = grid.rings().len();
    let own_rings = (0..count).filter(|&ring| pairs.of(rank).contains(&ring.min(count - 1 - ring)));
    let ring_points: Vec<usize> = own_rings
        .flat_map(|ring| grid.rings()[ring].offset..grid.rings()[ring].offset + grid.rings()[ring].points)
        .collect();
    assert_eq!((transposition.points(), transposition.ring_points()), (own_points.len(), ring_points.len()));

    let fields = |places: &[usize]| -> Vec<R> {
        (0..FIELDS).flat_map(|field| places.iter().map(move |&point| value(field, point))).collect()
    };
    let points = fields(&own_points);
    let mut rings = vec![R::ZERO; FIELDS * ring_points.len()];
    let before = communicator.traffic().exchange;
    transposition.to_rings(FIELDS, &points, &mut rings)?;
    assert_eq!(rings, fields(&ring_points));
    // s F (N − those that stay).
    let stay = own_points.iter().filter(|point| ring_points.binary_search(point).is_ok()).count();
    let bytes = if wire == Wire::F32 { 4 } else { size_of::<R>() };
    let sent = communicator.traffic().exchange;
    assert_eq!(sent.bytes - before.bytes, (bytes * FIELDS * (own_points.len() - stay)) as u64);
    assert!(sent.messages - before.messages < size as u64);

    let mut back = vec![R::ZERO; points.len()];
    transposition.to_points(FIELDS, &rings, &mut back)?;
    assert_eq!(back, points);
    let returned = communicator.traffic().exchange;
    assert_eq!(returned.bytes - sent.bytes, (bytes * FIELDS * (ring_points.len() - stay)) as u64);

    // ⟨Tx, y⟩ = ⟨x, Tᵀy⟩ where nothing is rounded, exactly: the sums have the same terms.
    if wire == Wire::Same {
        let (x, y) = (noise::<R>(rank, points.len()), noise::<R>(rank + size, rings.len()));
        let (mut moved, mut adjoint) = (vec![R::ZERO; y.len()], vec![R::ZERO; x.len()]);
        transposition.to_rings(FIELDS, &x, &mut moved)?;
        transposition.to_points(FIELDS, &y, &mut adjoint)?;
        let dot = |a: &[R], b: &[R]| {
            communicator.sum(a.iter().zip(b).map(|(a, b)| a.to_f64() * b.to_f64()).collect::<Vec<_>>())
        };
        let products = [dot(&moved, &y)?, dot(&x, &adjoint)?];
        assert!(products[0] == products[1] && (products[0] != 0.0 || size == 1), "{products:?}");
    }
    Ok(())
}

/// Coefficients go to rings and back, and each way is the other's adjoint.
fn waves_there_and_back<R: Real>(communicator: &Communicator, grid: &Grid) -> Result<()> {
    let (rank, size) = (communicator.rank(), communicator.size());
    let truncation = Truncation::new(9);
    let (sets, pairs) = (WavenumberSets::new(grid, truncation, size), pairs_of_rings(grid, size));
    let wavenumbers = (0..size).map(|rank| sets.of(rank).to_vec()).collect();
    let shares =
        TransformShares::new(grid, truncation, wavenumbers, (0..size).map(|rank| pairs.of(rank)).collect())?;
    let mut transposition = WaveTransposition::by_parcels(communicator, &shares, Wire::Same)?;
    // Numbers of the parcels for or from others: of own wavenumbers, and of own rings.
    let length = |side: WaveSide| -> usize {
        let between = |other: usize| match side {
            WaveSide::Wavenumbers => shares.coefficients_between(rank, other),
            WaveSide::Rings => shares.coefficients_between(other, rank),
        };
        (0..size).filter(|other| *other != rank).map(|other| 4 * FIELDS * between(other)).sum()
    };
    let mut carry = |to: WaveSide, source: &[R]| -> Result<Vec<R>> {
        let mut target = vec![R::ZERO; length(to)];
        transposition.start(to, FIELDS, &mut |_: &[R], parcels: &mut [R]| parcels.copy_from_slice(source))?;
        transposition.finish(to, &mut |came: Came<'_, R>| target.copy_from_slice(came.parcels))?;
        Ok(target)
    };
    let of_wavenumbers = noise::<R>(rank, length(WaveSide::Wavenumbers));
    let of_rings = noise::<R>(rank + size, length(WaveSide::Rings));
    let moved = carry(WaveSide::Rings, &of_wavenumbers)?;
    assert_eq!(carry(WaveSide::Wavenumbers, &moved)?, of_wavenumbers);
    let adjoint = carry(WaveSide::Wavenumbers, &of_rings)?;
    let dot = |a: &[R], b: &[R]| {
        communicator.sum(a.iter().zip(b).map(|(a, b)| a.to_f64() * b.to_f64()).collect::<Vec<_>>())
    };
    let products = [dot(&moved, &of_rings)?, dot(&of_wavenumbers, &adjoint)?];
    assert!(products[0] == products[1] && (products[0] != 0.0 || size == 1), "{products:?}");
    Ok(())
}

fn all_kinds(communicator: &Communicator, grid: &Grid) -> Result<()> {
    there_and_back::<f64>(communicator, grid, Wire::Same)?;
    there_and_back::<f64>(communicator, grid, Wire::F32)?;
    there_and_back::<f32>(communicator, grid, Wire::Same)?;
    if grid.kind().is_gaussian() {
        waves_there_and_back::<f64>(communicator, grid)?;
        waves_there_and_back::<f32>(communicator, grid)?;
    }
    Ok(())
}

#[test]
fn on_threads() {
    for name in ["F8", "O16", "N32", "r36x19"] {
        let grid: Grid = name.parse().unwrap();
        all_kinds(&Communicator::serial(), &grid).unwrap();
        for size in [1, 2, 3, 4, 7, 8, 20] {
            let results = Communicator::threads(size, |ranks| all_kinds(&ranks, &grid));
            results.into_iter().for_each(|result| result.unwrap());
        }
    }
}

#[test]
fn what_is_rounded_on_the_way_is_rounded_at_home_too() {
    let grid: Grid = "O8".parse().unwrap();
    for size in [1, 3] {
        Communicator::threads(size, |ranks| {
            let (regions, pairs) = (PointRegions::new(&grid, size), pairs_of_rings(&grid, size));
            let mut transposition =
                PointTransposition::<f64>::new(&ranks, &regions, &pairs, Wire::F32).unwrap();
            let mut rings = vec![0.0; transposition.ring_points()];
            transposition.to_rings(1, &vec![0.1; transposition.points()], &mut rings).unwrap();
            assert!(rings.iter().all(|&value| value == f64::from(0.1f32)));
        });
    }
}

#[test]
#[ignore = "under_mpi runs it on processes"]
fn rank_of_transpositions() {
    let ranks = Communicator::mpi().unwrap();
    all_kinds(&ranks, &"O16".parse().unwrap()).unwrap();
}

#[test]
fn under_mpi() {
    for size in 1..=4 {
        under_each_launcher("transpositions::rank_of_transpositions", size, End::Success, |_| {});
    }
}
