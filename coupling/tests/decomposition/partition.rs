//! Parts of meshes weigh the same, hang together, and do not depend on the ranks that find them.

use terrella_coupling::Result;
use terrella_coupling::communicator::Communicator;
use terrella_coupling::decomposition::{MeshPartition, MeshShare};
use terrella_kernels::grid::GeodesicMesh;

use crate::ranks::{End, under_each_launcher};

struct Mesh {
    coordinates: Vec<[f64; 3]>,
    weights: Vec<u64>,
    neighbours: Vec<Vec<u64>>,
}

fn word(i: usize) -> usize {
    ((i + 1) as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29).wrapping_mul(0xbf58_476d_1ce4_e5b9)
        as usize
        >> 20
}

impl Mesh {
    fn new(coordinates: Vec<[f64; 3]>, edges: impl Iterator<Item = [usize; 2]>) -> Self {
        let mut neighbours = vec![Vec::new(); coordinates.len()];
        for [a, b] in edges {
            neighbours[a].push(b as u64);
            neighbours[b].push(a as u64);
        }
        Self { weights: vec![1; coordinates.len()], coordinates, neighbours }
    }

    /// Voronoi cells of the sphere.
    fn geodesic(frequency: usize) -> Self {
        let mesh = GeodesicMesh::new(frequency, 1.0).unwrap();
        let mut sides = vec![Vec::new(); mesh.edges];
        for (place, edge) in
            mesh.edges_on_cell.iter().enumerate().filter(|(place, _)| mesh.edge_sign[*place] != 0.0)
        {
            sides[*edge as usize].push(place / mesh.max_edges);
        }
        Self::new(mesh.cell_centre, sides.into_iter().map(|side| [side[0], side[1]]))
    }

    /// Points of a plane beside the nodes of a lattice, with a diagonal of each square.
    fn planar(columns: usize, rows: usize) -> Self {
        let fraction = |i: usize| (word(i) % 1000) as f64 / 1000.0 - 0.5;
        let coordinates = (0..columns * rows).map(|i| {
            [
                (i % columns) as f64 + 0.7 * fraction(2 * i),
                (i / columns) as f64 + 0.7 * fraction(2 * i + 1),
                0.0,
            ]
        });
        let edges = (0..columns * rows).flat_map(move |i| {
            let (is_last, is_top) = (i % columns + 1 == columns, i / columns + 1 == rows);
            let diagonal = if word(i + 7_000_000).is_multiple_of(2) {
                [i, i + columns + 1]
            } else {
                [i + 1, i + columns]
            };
            let right = (!is_last).then_some([i, i + 1]);
            let up = (!is_top).then_some([i, i + columns]);
            right.into_iter().chain(up).chain((!is_last && !is_top).then_some(diagonal))
        });
        Self::new(coordinates.collect(), edges)
    }

    /// Weights as of levels under water.
    fn weighted(mut self) -> Self {
        self.weights = (0..self.weights.len())
            .map(|i| (word(i) % 40) as u64 + u64::from(self.coordinates[i][0] > 0.0) * 20)
            .collect();
        self
    }

    fn entities(&self) -> usize {
        self.weights.len()
    }

    /// The partition of own entities by ranks that have blocks, or entities dealt out, and those entities.
    fn part(&self, ranks: &Communicator, parts: usize, is_dealt: bool) -> Result<(MeshPartition, Vec<u64>)> {
        let owner =
            |i: usize| if is_dealt { word(i) % ranks.size() } else { i * ranks.size() / self.entities() };
        let own: Vec<usize> = (0..self.entities()).rev().filter(|&i| owner(i) == ranks.rank()).collect();
        let mut begins = vec![0];
        own.iter().for_each(|&i| begins.push(begins[begins.len() - 1] + self.neighbours[i].len()));
        let numbers: Vec<u64> = own.iter().map(|&i| i as u64).collect();
        let share = MeshShare {
            entities: self.entities() as u64,
            own: &numbers,
            coordinates: &own.iter().map(|&i| self.coordinates[i]).collect::<Vec<_>>(),
            weights: &own.iter().map(|&i| self.weights[i]).collect::<Vec<_>>(),
            begins: &begins,
            neighbours: &own.iter().flat_map(|&i| self.neighbours[i].iter().copied()).collect::<Vec<_>>(),
        };
        Ok((MeshPartition::new(ranks, &share, parts)?, numbers))
    }

    /// Parts of all entities, found on one rank.
    fn serial(&self, parts: usize) -> (MeshPartition, Vec<u32>) {
        let (partition, numbers) = self.part(&Communicator::serial(), parts, false).unwrap();
        let mut all = vec![u32::MAX; self.entities()];
        numbers.iter().zip(partition.parts()).for_each(|(&i, &part)| all[i as usize] = part);
        (partition, all)
    }

    /// Pieces of each part, by flooding.
    fn pieces(&self, parts: &[u32], count: usize) -> Vec<u64> {
        let mut pieces = vec![0; count];
        let mut seen = vec![false; parts.len()];
        for start in 0..parts.len() {
            if seen[start] {
                continue;
            }
            pieces[parts[start] as usize] += 1;
            let mut waiting = vec![start];
            while let Some(i) = waiting.pop() {
                if !std::mem::replace(&mut seen[i], true) {
                    let near = self.neighbours[i].iter().map(|&j| j as usize);
                    waiting.extend(near.filter(|&j| !seen[j] && parts[j] == parts[i]));
                }
            }
        }
        pieces
    }
}

/// What a partition tells of itself is true.
fn check(mesh: &Mesh, partition: &MeshPartition, all: &[u32], parts: usize) {
    let mut weights = vec![0; parts];
    all.iter().zip(&mesh.weights).for_each(|(&part, weight)| weights[part as usize] += weight);
    assert_eq!(partition.weights(), weights);
    let mean = weights.iter().sum::<u64>() as f64 / parts as f64;
    assert!((partition.imbalance() - *weights.iter().max().unwrap() as f64 / mean).abs() < 1e-12);
    let cut = |i: usize| mesh.neighbours[i].iter().filter(|&&j| all[j as usize] != all[i]).count() as u64;
    assert_eq!(2 * partition.edge_cut(), (0..all.len()).map(cut).sum::<u64>());
    assert_eq!(partition.pieces(), mesh.pieces(all, parts));
    assert!((0..parts).all(|part| all.contains(&(part as u32))));
}

#[test]
fn parts_weigh_the_same_and_hang_together() {
    let meshes = [
        Mesh::geodesic(16),
        Mesh::planar(60, 50),
        Mesh::geodesic(16).weighted(),
        Mesh::planar(60, 50).weighted(),
    ];
    // What METIS cuts of the first two in two to eight parts (decision 12).
    let metis = [[164, 257, 343, 393, 448, 493, 511], [99, 186, 222, 276, 342, 373, 412]];
    for (number, mesh) in meshes.iter().enumerate() {
        for parts in 1..=8 {
            let (partition, all) = mesh.serial(parts);
            check(mesh, &partition, &all, parts);
            println!(
                "mesh {number}, {parts} parts: cut {}, imbalance {:.4}",
                partition.edge_cut(),
                partition.imbalance()
            );
            assert!(partition.imbalance() <= 1.02);
            assert_eq!(partition.pieces(), vec![1; parts]);
            if let (Some(metis), 2..) = (metis.get(number), parts) {
                assert!(partition.edge_cut() as f64 <= 1.2 * f64::from(metis[parts - 2]));
            }
        }
    }
}

fn any_ranks_find_the_same(ranks: &Communicator) -> Result<()> {
    for mesh in [Mesh::geodesic(8).weighted(), Mesh::planar(20, 30)] {
        for parts in [1, 3, 8] {
            let (serial, all) = mesh.serial(parts);
            for is_dealt in [false, true] {
                let (partition, numbers) = mesh.part(ranks, parts, is_dealt)?;
                let expected: Vec<u32> = numbers.iter().map(|&i| all[i as usize]).collect();
                assert_eq!(partition.parts(), expected);
                assert_eq!(partition.weights(), serial.weights());
                assert_eq!((partition.edge_cut(), partition.pieces()), (serial.edge_cut(), serial.pieces()));
            }
        }
    }
    Ok(())
}

#[test]
fn on_threads() {
    for size in [1, 2, 3, 4, 7, 8] {
        let results = Communicator::threads(size, |ranks| any_ranks_find_the_same(&ranks));
        results.into_iter().for_each(|result| result.unwrap());
    }
}

#[test]
#[ignore = "under_mpi runs it on processes"]
fn rank_of_partitions() {
    any_ranks_find_the_same(&Communicator::mpi().unwrap()).unwrap();
}

#[test]
fn under_mpi() {
    under_each_launcher("partition::rank_of_partitions", 3, End::Success, |_| {});
}

#[test]
fn odd_meshes_are_parted_too() {
    // Three rows that have nothing to do with each other, cut across.
    let mut strips = Mesh::planar(40, 3);
    strips.neighbours.iter_mut().enumerate().for_each(|(i, row)| row.retain(|&j| i / 40 == j as usize / 40));
    let (partition, all) = strips.serial(2);
    check(&strips, &partition, &all, 2);
    assert_eq!(partition.pieces(), [3, 3]);
    // All the weight in one entity, as many parts as entities, all in one place.
    let mut heavy = Mesh::planar(4, 3);
    heavy.weights = (0..12).map(|i| u64::from(i == 5)).collect();
    heavy.coordinates.fill([1.0, 2.0, 3.0]);
    let (partition, mut all) = heavy.serial(12);
    check(&heavy, &partition, &all, 12);
    all.sort_unstable();
    assert_eq!(all, (0..12).collect::<Vec<u32>>());
}

#[test]
fn impossible_partitions_are_refused() {
    let refused = |change: &dyn Fn(&mut Mesh), parts: usize| {
        let mut mesh = Mesh::planar(3, 2);
        change(&mut mesh);
        mesh.part(&Communicator::serial(), parts, false).map(|_| ()).unwrap_err().to_string()
    };
    assert_eq!(refused(&|_| (), 7), "'parts' is 7: expected 1 to 6, the number of entities.");
    assert_eq!(refused(&|_| (), 0), "'parts' is 0: expected 1 to 6, the number of entities.");
    let text = refused(&|mesh| mesh.coordinates[4][1] = f64::NAN, 2);
    assert!(text.contains("NaN") && text.ends_with("of entity 4: expected finite coordinates."), "{text}");
    let text = refused(&|mesh| mesh.weights.fill(0), 2);
    assert_eq!(text, "'weights' is 0 altogether: expected a sum above 0 and below 2⁶⁴.");
    let text = refused(&|mesh| mesh.weights.fill(u64::MAX / 2), 2);
    assert_eq!(text, "'weights' is more: expected a sum above 0 and below 2⁶⁴.");
    let texts = Communicator::threads(2, |ranks| {
        Mesh::planar(3, 2).part(&ranks, 2 + ranks.rank(), false).map(|_| ()).unwrap_err().to_string()
    });
    assert_eq!(texts, vec!["'parts' is 3 on rank 1: expected 2 as on rank 0."; 2]);
}
