use std::collections::{BTreeSet, HashMap};

use terrella_coupling::Result;
use terrella_coupling::communicator::Communicator;
use terrella_coupling::halo::{Directory, Halo, MeshHalo};
use terrella_kernels::grid::GeodesicMesh;
use terrella_kernels::{Real, random};

use super::check::{Place, check};

/// Neighbours of each cell.
fn geodesic(frequency: usize) -> Vec<Vec<u64>> {
    let mesh = GeodesicMesh::new(frequency, 1.0).unwrap();
    let mut cells = vec![Vec::new(); mesh.edges];
    for (place, edge) in mesh.edges_on_cell.iter().enumerate() {
        if mesh.edge_sign[place] != 0.0 {
            cells[*edge as usize].push((place / mesh.max_edges) as u64);
        }
    }
    let mut neighbours = vec![Vec::new(); mesh.cells];
    for pair in cells {
        neighbours[pair[0] as usize].push(pair[1]);
        neighbours[pair[1] as usize].push(pair[0]);
    }
    neighbours
}

/// A graph whose neighbours are one-sided, in pieces, with entities that have none.
fn tangled() -> Vec<Vec<u64>> {
    let word = |i: usize, k: usize| random::words(3, [i as u32, k as u32, 0, 0])[0] as usize;
    (0..120).map(|i| (0..word(i, 9) % 4).map(|k| (word(i, k) % 100) as u64).collect()).collect()
}

/// Own entities by rank: blocks, dealt out, or all on the last but one.
fn owner(kind: usize, entity: usize, entities: usize, ranks: usize) -> usize {
    match kind {
        0 => entity * ranks / entities,
        1 => random::words(7, [entity as u32, 0, 0, 0])[0] as usize % ranks,
        _ => ranks.saturating_sub(2),
    }
}

pub(crate) fn all<R: Real>(ranks: &Communicator) -> Result<()> {
    for depth in [0, 1, 3] {
        of::<R>(ranks, 3, depth)?;
    }
    for depth in [1, 4] {
        (0..3).try_for_each(|kind| on::<R>(ranks, &tangled(), kind, depth))?;
    }
    Ok(())
}

pub(crate) fn of<R: Real>(ranks: &Communicator, frequency: usize, depth: usize) -> Result<()> {
    let graph = geodesic(frequency);
    (0..3).try_for_each(|kind| on::<R>(ranks, &graph, kind, depth))
}

fn on<R: Real>(ranks: &Communicator, graph: &[Vec<u64>], kind: usize, depth: usize) -> Result<()> {
    let is_own = |entity: usize| owner(kind, entity, graph.len(), ranks.size()) == ranks.rank();
    // Own entities in no order.
    let mut own: Vec<u64> =
        (0..graph.len()).filter(|&entity| is_own(entity)).map(|entity| entity as u64).collect();
    own.sort_by_key(|&entity| entity.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let (begins, neighbours) = rows(graph, &own);
    let mesh = MeshHalo::<R>::new(ranks, graph.len() as u64, &own, &begins, &neighbours, depth)?;

    // Steps from the own entities, one after the other.
    let mut seen: BTreeSet<u64> = own.iter().copied().collect();
    let mut numbers = own.clone();
    let mut latest = own.clone();
    assert_eq!(mesh.own(), own.len());
    for level in 1..=depth {
        let reached: BTreeSet<u64> =
            latest.iter().flat_map(|&entity| graph[entity as usize].iter().copied()).collect();
        latest = reached.difference(&seen).copied().collect();
        assert_eq!(&mesh.numbers()[mesh.at_depth(level)], latest);
        seen.extend(&latest);
        numbers.extend(&latest);
    }
    assert_eq!(mesh.numbers(), numbers);
    for (entity, number) in numbers.iter().enumerate() {
        let expected = (entity < mesh.at_depth(depth).start).then_some(&graph[*number as usize]);
        let found = mesh
            .neighbours(entity)
            .map(|row| row.iter().map(|&place| numbers[place as usize]).collect::<Vec<_>>());
        assert_eq!(found.as_ref(), expected);
    }
    // What is within the depth of an entity.
    for &entity in mesh.interior().iter().chain(mesh.border()) {
        let mut near: BTreeSet<u64> = [own[entity as usize]].into();
        for _ in 0..depth {
            near = near.iter().flat_map(|&near| graph[near as usize].iter().copied().chain([near])).collect();
        }
        let sees_others = near.iter().any(|&near| !is_own(near as usize));
        assert_eq!(mesh.border().contains(&entity), sees_others);
    }
    assert_eq!(mesh.interior().len() + mesh.border().len(), own.len());
    let place = |(place, number): (usize, &u64)| {
        if place < own.len() { Place::Own(*number) } else { Place::Copy(*number) }
    };
    let places: Vec<Place> = numbers.iter().enumerate().map(place).collect();
    check(ranks, mesh.halo(), &places)?;
    if depth > 0 {
        neighbours_are_summed_meanwhile(ranks, graph, &mesh)?;
    }
    Ok(())
}

fn rows(graph: &[Vec<u64>], own: &[u64]) -> (Vec<usize>, Vec<u64>) {
    let (mut begins, mut neighbours) = (vec![0], Vec::new());
    for &entity in own {
        neighbours.extend(&graph[entity as usize]);
        begins.push(neighbours.len());
    }
    (begins, neighbours)
}

/// The interior is computed while the halo is under way, the border after: as on one rank, bit for bit.
fn neighbours_are_summed_meanwhile<R: Real>(
    ranks: &Communicator,
    graph: &[Vec<u64>],
    mesh: &MeshHalo<R>,
) -> Result<()> {
    let mut values = vec![R::ZERO; graph.len()];
    random::normals(1, [0; 3], &mut values);
    let sum = |row: &mut dyn Iterator<Item = R>| {
        let mut sum = R::ZERO;
        row.for_each(|value| sum += value);
        sum
    };
    let mut field = vec![R::from_f64(f64::NAN); mesh.numbers().len()];
    for entity in mesh.at_depth(0) {
        field[entity] = values[mesh.numbers()[entity] as usize];
    }
    let mut sums = vec![R::ZERO; mesh.own()];
    let mut compute = |entities: &[u32], field: &[R]| {
        for &entity in entities {
            let row = mesh.neighbours(entity as usize).expect("own entities have neighbours");
            sums[entity as usize] = sum(&mut row.iter().map(|&place| field[place as usize]));
        }
    };
    let under_way = mesh.halo().start(&[&field])?;
    compute(mesh.interior(), &field);
    under_way.finish(&mut [&mut field])?;
    compute(mesh.border(), &field);
    for (entity, own) in sums.iter().enumerate() {
        let row = &graph[mesh.numbers()[entity] as usize];
        assert_eq!(*own, sum(&mut row.iter().map(|&number| values[number as usize])), "{ranks:?}");
    }
    Ok(())
}

#[test]
fn a_plan_takes_what_is_documented() {
    let graph = geodesic(4);
    let entities = graph.len();
    for size in [1, 3, 4] {
        let results = Communicator::threads(size, |ranks| {
            let all: Vec<Vec<u64>> = (0..size)
                .map(|rank| {
                    (0..entities as u64).filter(|&i| owner(1, i as usize, entities, size) == rank).collect()
                })
                .collect();
            let block =
                |entity: u64| (0..size).find(|rank| entity < ((rank + 1) * entities / size) as u64).unwrap();
            let wanted: Vec<BTreeSet<u64>> = all
                .iter()
                .map(|own| {
                    let near: BTreeSet<u64> = own.iter().flat_map(|&i| graph[i as usize].clone()).collect();
                    near.difference(&own.iter().copied().collect()).copied().collect()
                })
                .collect();
            let rank = ranks.rank();
            let (begins, neighbours) = rows(&graph, &all[rank]);
            MeshHalo::<f64>::new(&ranks, entities as u64, &all[rank], &begins, &neighbours, 1)?;
            let elsewhere =
                |numbers: &mut dyn Iterator<Item = u64>| numbers.filter(|&i| block(i) != rank).count();
            let asked: usize = (0..size)
                .filter(|&other| other != rank)
                .map(|other| wanted[other].iter().filter(|&&i| block(i) == rank).count())
                .sum();
            // Own entities, questions and answers of the directory, and requests.
            let bytes = 8 * elsewhere(&mut all[rank].iter().copied())
                + 8 * elsewhere(&mut wanted[rank].iter().copied())
                + 4 * asked
                + 8 * wanted[rank].len();
            assert_eq!(ranks.traffic().all_to_all.bytes, bytes as u64);
            Ok::<_, terrella_coupling::Error>(())
        });
        results.into_iter().for_each(|result| result.unwrap());
    }
}

#[test]
fn wrong_meshes_are_refused_on_all_ranks() {
    let refused = |entities: [u64; 2], own: [&[u64]; 2], neighbours: [&[u64]; 2]| {
        Communicator::threads(2, |ranks| {
            let (rank, begins) = (ranks.rank(), [0, 1]);
            MeshHalo::<f64>::new(&ranks, entities[rank], own[rank], &begins, neighbours[rank], 1)
                .map(|_| ())
                .unwrap_err()
                .to_string()
        })
    };
    let other = |rank: usize, operation: &str, own: &str| format!("Rank {rank}: '{operation}' failed: {own}");
    let fine: [&[u64]; 2] = [&[1], &[0]];
    let texts = refused([2, 3], [&[0], &[1]], fine);
    assert_eq!(texts, vec!["'entities' is 3 on rank 1: expected 2 as on rank 0."; 2]);
    let texts = refused([2, 2], [&[0], &[2]], fine);
    let own = "'own entities' is 2: expected numbers below 2.";
    assert_eq!(texts, [&other(1, "directory", own), own]);
    let texts = refused([2, 2], [&[0], &[0]], fine);
    let own = "'own entities' is 0 on ranks 0 and 1: expected one owner for each entity.";
    assert_eq!(texts, [own, &other(0, "directory", own)]);
    let texts = refused([4, 4], [&[0], &[1]], [&[1], &[3]]);
    assert_eq!(texts[1], "'entities that are asked for' is 3: expected an entity that some rank owns.");
    let texts = refused([2, 2], [&[0], &[1]], [&[1], &[0, 0]]);
    let own = "'neighbours': expected 1 values, got 2.";
    assert_eq!(texts, [&other(1, "halo", own), own]);
    let errors = Communicator::threads(2, |ranks| {
        let depth = 1 + ranks.rank();
        let own = [ranks.rank() as u64];
        MeshHalo::<f64>::new(&ranks, 2, &own, &[0, 0], &[], depth).map(|_| ()).unwrap_err().to_string()
    });
    assert_eq!(errors, vec!["'depth' is 2 on rank 1: expected 1 as on rank 0."; 2]);
}

#[test]
fn wrong_fields_are_refused() {
    let halo = Halo::<f64>::of_entities(&Communicator::serial(), 3, &[2, 0, 1], &[0, 2, 0]).unwrap();
    let mut field = [20.0, 0.0, 10.0, -1.0, -1.0, -1.0];
    halo.exchange(&mut [&mut field]).unwrap();
    assert_eq!(field, [20.0, 0.0, 10.0, 0.0, 20.0, 0.0]);
    halo.adjoint(&mut [&mut field]).unwrap();
    assert_eq!(field, [40.0, 0.0, 10.0, 0.0, 0.0, 0.0]);
    let text = halo.exchange(&mut [&mut [0.0; 7]]).unwrap_err().to_string();
    assert_eq!(text, "'field': expected 6 values, got 7.");
    let under_way = halo.start(&[&field]).unwrap();
    let text = halo.start(&[&field]).map(|_| ()).unwrap_err().to_string();
    assert_eq!(text, "'halo' is a plan that is under way, or was given up: expected one exchange at a time.");
    let text = under_way.finish(&mut [&mut [0.0; 12]]).unwrap_err().to_string();
    assert_eq!(text, "'field': expected 6 values, got 12.");
    halo.exchange(&mut [&mut field]).unwrap();
    let text = halo.start(&[&field]).unwrap().finish::<[f64; 6]>(&mut []).unwrap_err().to_string();
    assert_eq!(text, "'fields': expected 1 values, got 0.");
}

#[test]
fn owners_are_found_in_any_order() {
    let found = Communicator::threads(3, |ranks| {
        let own: Vec<u64> = (0..20).filter(|i| i * i % 3 == ranks.rank() as u64).collect();
        let directory = Directory::new(&ranks, 20, &own)?;
        let asked: Vec<u64> = (0..20).rev().filter(|i| i % 3 != 2 || ranks.rank() > 0).collect();
        let owners = directory.owners(&asked)?;
        Ok::<_, terrella_coupling::Error>(asked.into_iter().zip(owners).collect::<HashMap<_, _>>())
    });
    for found in found {
        let found = found.unwrap();
        assert!(found.len() >= 13 && found.iter().all(|(i, owner)| (i * i % 3) as usize == *owner));
    }
}
