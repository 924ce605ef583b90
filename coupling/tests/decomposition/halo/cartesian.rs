use terrella_coupling::Result;
use terrella_coupling::communicator::Communicator;
use terrella_coupling::decomposition::CartesianBlocks;
use terrella_coupling::halo::CartesianHalo;
use terrella_kernels::Real;

use super::check::{Place, check};

pub(crate) fn all<R: Real>(ranks: &Communicator) -> Result<()> {
    for cells in [[9, 7], [5, 1]] {
        for periodic in [[false, false], [false, true], [true, true]] {
            // The last ones are deeper than blocks, and than the plane.
            for depth in [0, 1, 4, 11] {
                of::<R>(ranks, cells, periodic, depth)?;
            }
        }
    }
    Ok(())
}

pub(crate) fn of<R: Real>(
    ranks: &Communicator,
    cells: [usize; 2],
    periodic: [bool; 2],
    depth: usize,
) -> Result<()> {
    let blocks = CartesianBlocks::new(cells, ranks.size());
    let frame = CartesianHalo::<R>::new(ranks, &blocks, periodic, depth)?;
    let block = blocks.of(ranks.rank());
    if block.iter().any(|cells| cells.is_empty()) {
        assert_eq!((frame.extents(), frame.depth()), ([0, 0], 0));
        return check(ranks, frame.halo(), &[]);
    }
    assert_eq!(frame.extents(), [0, 1].map(|axis| block[axis].len() + 2 * depth));
    let [nx, ny] = frame.extents();
    let along = |axis: usize, place: usize| -> Option<usize> {
        let count = cells[axis];
        let place = block[axis].start + place + 20 * count;
        let number = place.checked_sub(depth)?;
        if periodic[axis] {
            return Some(number % count);
        }
        number.checked_sub(20 * count).filter(|number| *number < count)
    };
    let place = |x: usize, y: usize| {
        let (Some(i), Some(j)) = (along(0, x), along(1, y)) else { return Place::Nothing };
        let number = (j * cells[0] + i) as u64;
        let is_own = (depth..nx - depth).contains(&x) && (depth..ny - depth).contains(&y);
        if is_own { Place::Own(number) } else { Place::Copy(number) }
    };
    let places: Vec<Place> = (0..ny).flat_map(|y| (0..nx).map(move |x| place(x, y))).collect();

    // Every own cell is in the interior or in one rectangle of the border; the interior sees no copy.
    let mut times = vec![0; nx * ny];
    let interior = frame.interior();
    for [xs, ys] in frame.border().into_iter().chain([interior.clone()]) {
        for y in ys {
            xs.clone().for_each(|x| times[y * nx + x] += 1);
        }
    }
    let sees_copy = |x: usize, y: usize| {
        let rows = y - depth..y + depth + 1;
        rows.flat_map(|y| (x - depth..x + depth + 1).map(move |x| (x, y)))
            .any(|(x, y)| matches!(places[y * nx + x], Place::Copy(_)))
    };
    for (cell, what) in places.iter().enumerate() {
        let (x, y) = (cell % nx, cell / nx);
        assert_eq!(times[cell], usize::from(matches!(what, Place::Own(_))));
        if matches!(what, Place::Own(_)) {
            let is_inside = interior[0].contains(&x) && interior[1].contains(&y);
            assert_eq!(is_inside, !sees_copy(x, y), "{cells:?} {periodic:?} {depth} {x} {y}");
        }
    }
    check(ranks, frame.halo(), &places)
}

#[test]
fn a_block_in_the_midst_of_others_sends_what_is_documented() {
    // Blocks of 4 × 4 cells, three along each axis.
    let sent = Communicator::threads(9, |ranks| {
        let blocks = CartesianBlocks::new([12, 12], 9);
        let frame = CartesianHalo::<f64>::new(&ranks, &blocks, [true; 2], 3)?;
        Ok::<_, terrella_coupling::Error>(frame.halo().sent_to().map(|(_, cells)| cells).sum::<usize>())
    });
    // 4 d (n + d) cells for each level.
    assert!(sent.into_iter().all(|cells| cells.is_ok_and(|cells| cells == 4 * 3 * (4 + 3))));
}

#[test]
fn other_blocks_than_ranks_are_refused() {
    let blocks = CartesianBlocks::new([4, 4], 2);
    let refused = CartesianHalo::<f64>::new(&Communicator::serial(), &blocks, [true; 2], 1).map(|_| ());
    assert_eq!(refused.unwrap_err().to_string(), "'blocks': expected 1 values, got 2.");
    let texts = Communicator::threads(2, |ranks| {
        let blocks = CartesianBlocks::new([4, 4 + 2 * ranks.rank()], 2);
        CartesianHalo::<f64>::new(&ranks, &blocks, [true; 2], 1).map(|_| ()).unwrap_err().to_string()
    });
    assert!(texts.iter().any(|text| text.starts_with("'decomposition' is one by which rank")), "{texts:?}");
}
