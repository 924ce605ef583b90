//! What is cut, and what hangs together.

use super::sum_over_ranks;
use crate::Result;
use crate::communicator::Communicator;
use crate::halo::MeshHalo;

/// The number of pairs of neighbours in different parts, and of the pieces of each part.
pub(super) fn count(
    communicator: &Communicator,
    mesh: &MeshHalo<u64>,
    parts: &[u32],
    count: usize,
) -> Result<(u64, Vec<u64>)> {
    let own = mesh.own();
    let row = |entity: usize| mesh.neighbours(entity).unwrap_or_default();
    let mut part = vec![0u64; mesh.numbers().len()];
    part[..own].iter_mut().zip(parts).for_each(|(extended, part)| *extended = u64::from(*part));
    mesh.halo().exchange(&mut [&mut part])?;
    let cut: usize = (0..own)
        .map(|entity| row(entity).iter().filter(|&&other| part[other as usize] != part[entity]).count())
        .sum();
    // Each pair is seen from both sides.
    let edge_cut = sum_over_ranks(communicator, &[cut as u64])?[0] / 2;

    // Pieces of this rank's share, known by one of their entities.
    let mut roots: Vec<usize> = (0..own).collect();
    for entity in 0..own {
        for &other in row(entity).iter().filter(|&&other| (other as usize) < own) {
            if part[other as usize] == part[entity] {
                let (a, b) = (root(&mut roots, entity), root(&mut roots, other as usize));
                roots[a.max(b)] = a.min(b);
            }
        }
    }
    let roots: Vec<usize> = (0..own).map(|entity| root(&mut roots, entity)).collect();
    // The least number of a piece goes from rank to rank.
    let mut least = mesh.numbers()[..own].to_vec();
    for entity in 0..own {
        least[roots[entity]] = least[roots[entity]].min(mesh.numbers()[entity]);
    }
    let mut field = vec![0; mesh.numbers().len()];
    loop {
        (0..own).for_each(|entity| field[entity] = least[roots[entity]]);
        mesh.halo().exchange(&mut [&mut field])?;
        let mut changes = 0;
        for entity in 0..own {
            for &other in row(entity).iter().filter(|&&other| (other as usize) >= own) {
                let is_less = field[other as usize] < least[roots[entity]];
                if is_less && part[other as usize] == part[entity] {
                    least[roots[entity]] = field[other as usize];
                    changes += 1;
                }
            }
        }
        if sum_over_ranks(communicator, &[changes])?[0] == 0 {
            break;
        }
    }
    // A piece is counted where the entity of this number is.
    let mut pieces = vec![0; count];
    for entity in 0..own {
        if least[roots[entity]] == mesh.numbers()[entity] {
            pieces[parts[entity] as usize] += 1;
        }
    }
    Ok((edge_cut, sum_over_ranks(communicator, &pieces)?))
}

/// The entity that stands for a piece, with shorter ways to it for the next time.
fn root(roots: &mut [usize], entity: usize) -> usize {
    let mut entity = entity;
    while roots[entity] != entity {
        roots[entity] = roots[roots[entity]];
        entity = roots[entity];
    }
    entity
}
