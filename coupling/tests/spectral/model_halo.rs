//! Rings around a rank's part of a model.

use terrella_coupling::communicator::Communicator;
use terrella_coupling::spectral::{ModelHalo, Part, StepVolume, transform_shares};
use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::grid::Grid;
use terrella_kernels::spectral::Truncation;

fn part(grid: &Grid, ranks: usize, rank: usize) -> Part {
    Part::of_rank(&transform_shares(grid, Truncation::new(15), ranks).unwrap(), rank)
}

/// Values `[2][place]` of own points that know level and point of the grid; elsewhere −1.
fn own_points(part: &Part, places: usize) -> Vec<f64> {
    let mut values = vec![-1.0; 2 * places];
    for (level, values) in values.chunks_exact_mut(places).enumerate() {
        for (point, value) in values[..part.points()].iter_mut().enumerate() {
            *value = (level * part.grid().points() + part.point_in_grid(point)) as f64;
        }
    }
    values
}

#[test]
fn every_ring_within_the_depth_is_here_and_the_bytes_are_those_of_the_formula() {
    for name in ["F12", "O16", "N32"] {
        let grid: Grid = name.parse().unwrap();
        for (ranks, depth) in [(2, 0), (2, 2), (3, 5), (4, 1), (7, 11), (8, 3), (8, 23)] {
            Communicator::threads(ranks, |communicator| {
                let part = part(&grid, ranks, communicator.rank());
                let halo = ModelHalo::<f64>::on(&communicator, &part, depth).unwrap();
                assert_eq!(halo.depth(), depth);
                let mut fields = [0, 1]
                    .map(|_| own_points(&part, halo.places()))
                    .map(|values| Buffer::from_slice(Device::Cpu, &values).unwrap());
                let before = communicator.traffic().exchange.bytes;
                halo.fill(&mut fields).unwrap();
                let sent = communicator.traffic().exchange.bytes - before;
                let shares = transform_shares(&grid, Truncation::new(15), ranks).unwrap();
                let volume = StepVolume { halo_columns: 4, halo_depth: depth, ..StepVolume::default() };
                assert_eq!(sent, volume.bytes(&shares, communicator.rank(), 8), "{name}, {ranks}, {depth}");

                let own = part.ring_numbers();
                let is_near = |ring: &usize| own.iter().any(|own| own.abs_diff(*ring) <= depth);
                let near: Vec<usize> = (0..grid.rings().len()).filter(is_near).collect();
                assert!(halo.rings().map(|(ring, _)| ring).eq(near), "{name}, {ranks}, {depth}");
                for field in fields {
                    let field = field.to_vec().unwrap();
                    for (level, values) in field.chunks_exact(halo.places()).enumerate() {
                        for (ring, place) in halo.rings() {
                            let first = level * grid.points() + grid.rings()[ring].offset;
                            let expected =
                                (first..first + grid.rings()[ring].points).map(|point| point as f64);
                            let count = grid.rings()[ring].points;
                            assert!(values[place..place + count].iter().copied().eq(expected));
                        }
                    }
                }
            });
        }
    }
}

#[test]
fn what_cannot_be_filled_is_refused() {
    let grid: Grid = "O16".parse().unwrap();
    let texts = Communicator::threads(2, |communicator| {
        let (rank, own) = (communicator.rank(), part(&grid, 2, communicator.rank()));
        let deep = ModelHalo::<f64>::on(&communicator, &own, 32).map(|_| ()).unwrap_err();
        // Both ranks with the part of the first.
        let first = part(&grid, 2, 0);
        let wrong = ModelHalo::<f64>::on(&communicator, &first, 2).map(|_| ()).unwrap_err();
        let halo = ModelHalo::<f64>::on(&communicator, &own, 2).unwrap();
        let mut field = [Buffer::<f64>::zeros(Device::Cpu, halo.places()).unwrap()];
        let elsewhere = std::thread::scope(|scope| {
            let fill = scope.spawn(|| halo.fill(&mut field).unwrap_err().to_string());
            fill.join().unwrap()
        });
        (rank, deep.to_string(), wrong.to_string(), elsewhere)
    });
    for (rank, deep, wrong, elsewhere) in texts {
        assert!(deep.contains("'depth' is 32: expected less than the 32 rings"), "{deep}");
        let expected =
            if rank == 0 { "Rank 1: 'halo' failed" } else { "'part' is of 2 ranks: expected this rank's" };
        assert!(wrong.contains(expected), "{wrong}");
        assert!(elsewhere.contains("'thread' is another one"), "{elsewhere}");
    }
}
