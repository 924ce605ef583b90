//! Cuts across principal axes, all groups of a level at once.

use terrella_kernels::assimilation::symmetric;

use super::{MeshShare, sum_over_ranks};
use crate::Result;
use crate::communicator::{Communicator, ExactSum};

/// Parts that are still together.
#[derive(Clone, Copy)]
struct Group {
    first: u32,
    parts: u32,
}

/// Values that a byte has.
const BINS: usize = 256;
/// Bytes of a position along an axis with an entity's number behind it.
const BYTES: usize = 16;

/// The part of each own entity.
pub(super) fn bisect(communicator: &Communicator, share: &MeshShare<'_>, parts: usize) -> Result<Vec<u32>> {
    let mut groups = vec![Group { first: 0, parts: parts as u32 }];
    let mut group_of = vec![0u32; share.own.len()];
    while groups.iter().any(|group| group.parts > 1) {
        let keys = keys(communicator, share, groups.len(), &group_of)?;
        let is_left = halves(communicator, share, &groups, &group_of, &keys)?;
        // Left and right in place of each group that is cut.
        let mut next = Vec::with_capacity(2 * groups.len());
        let mut places = Vec::with_capacity(groups.len());
        for group in &groups {
            places.push(next.len() as u32);
            let left = group.parts / 2;
            if left > 0 {
                next.push(Group { first: group.first, parts: left });
            }
            next.push(Group { first: group.first + left, parts: group.parts - left });
        }
        for (group, is_left) in group_of.iter_mut().zip(is_left) {
            let is_cut = groups[*group as usize].parts > 1;
            *group = places[*group as usize] + u32::from(is_cut && !is_left);
        }
        groups = next;
    }
    Ok(group_of.into_iter().map(|group| groups[group as usize].first).collect())
}

/// The place of each own entity along its group's longest axis, then its number: in the order of these bits.
fn keys(
    communicator: &Communicator,
    share: &MeshShare<'_>,
    groups: usize,
    group_of: &[u32],
) -> Result<Vec<u128>> {
    let entities = || group_of.iter().zip(share.coordinates).zip(share.weights);
    // Σ w, Σ w x: the centre.
    let mut sums = vec![ExactSum::default(); 4 * groups];
    for ((&group, place), &weight) in entities() {
        let sums = &mut sums[4 * group as usize..][..4];
        sums[0].add(weight as f64);
        (0..3).for_each(|axis| sums[1 + axis].add(weight as f64 * place[axis]));
    }
    let centres: Vec<[f64; 3]> = communicator
        .sums(&sums)?
        .chunks_exact(4)
        .map(|sums| [1, 2, 3].map(|axis| if sums[0] > 0.0 { sums[axis] / sums[0] } else { 0.0 }))
        .collect();
    // Σ w (x − c)(x − c)ᵀ, the lower triangle.
    let mut sums = vec![ExactSum::default(); 6 * groups];
    for ((&group, place), &weight) in entities() {
        let from_centre = difference(*place, centres[group as usize]);
        let sums = &mut sums[6 * group as usize..][..6];
        for row in 0..3 {
            for column in 0..row + 1 {
                sums[row * (row + 1) / 2 + column]
                    .add(weight as f64 * from_centre[row] * from_centre[column]);
            }
        }
    }
    let mut matrices = Vec::with_capacity(9 * groups);
    for triangle in communicator.sums(&sums)?.chunks_exact(6) {
        let [xx, yx, yy, zx, zy, zz] = [0, 1, 2, 3, 4, 5].map(|place| triangle[place]);
        matrices.extend([xx, yx, zx, yx, yy, zy, zx, zy, zz]);
    }
    let mut values = vec![0.0; 3 * groups];
    symmetric::eigen(3, &mut matrices, &mut values)?;
    let key = |((&group, place), &number): ((&u32, &[f64; 3]), &u64)| {
        // The vector of the largest eigenvalue, which is the last.
        let axis = &matrices[9 * group as usize + 6..][..3];
        let from_centre = difference(*place, centres[group as usize]);
        let along = axis[0] * from_centre[0] + axis[1] * from_centre[1] + axis[2] * from_centre[2];
        // −0 is 0; negative numbers have their bits turned, so that integers are in the order of numbers.
        let bits = (along + 0.0).to_bits();
        let ordered = if bits >> 63 == 1 { !bits } else { bits | 1 << 63 };
        u128::from(ordered) << 64 | u128::from(number)
    };
    Ok(group_of.iter().zip(share.coordinates).zip(share.own).map(key).collect())
}

fn difference(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

/// Which own entities are left of their group's cut.
fn halves(
    communicator: &Communicator,
    share: &MeshShare<'_>,
    groups: &[Group],
    group_of: &[u32],
    keys: &[u128],
) -> Result<Vec<bool>> {
    let fraction = |group: &Group, total: u64| {
        (u128::from(total) * u128::from(group.parts / 2) / u128::from(group.parts)) as u64
    };
    let mut totals = vec![[0u64; 2]; groups.len()];
    for (&group, &weight) in group_of.iter().zip(share.weights) {
        totals[group as usize][0] += weight;
        totals[group as usize][1] += 1;
    }
    let totals = sum_over_ranks(communicator, totals.as_flattened())?;
    let targets: Vec<u64> =
        groups.iter().zip(totals.chunks_exact(2)).map(|(group, total)| fraction(group, total[0])).collect();
    let by_weight = cuts(communicator, group_of, keys, share.weights, &targets)?;
    // Each side needs an entity for each part at least.
    let mut left = vec![0; groups.len()];
    for (&group, key) in group_of.iter().zip(keys) {
        left[group as usize] += u64::from(*key < by_weight[group as usize]);
    }
    let left = sum_over_ranks(communicator, &left)?;
    let within: Vec<u64> = groups
        .iter()
        .zip(totals.chunks_exact(2))
        .zip(&left)
        .map(|((group, total), &left)| {
            let of_left = u64::from(group.parts / 2);
            left.clamp(of_left, total[1] - (u64::from(group.parts) - of_left))
        })
        .collect();
    let by_count = if within == left {
        by_weight
    } else {
        cuts(communicator, group_of, keys, &vec![1; keys.len()], &within)?
    };
    Ok(group_of.iter().zip(keys).map(|(&group, key)| *key < by_count[group as usize]).collect())
}

/// For each group the key below which its entities weigh `targets`, to within half of the entity there.
fn cuts(
    communicator: &Communicator,
    group_of: &[u32],
    keys: &[u128],
    weights: &[u64],
    targets: &[u64],
) -> Result<Vec<u128>> {
    // Byte by byte: the key up to here, and what weighs less.
    let mut found = vec![(0u128, 0u64); targets.len()];
    let mut last = vec![0; targets.len()];
    for byte in (0..BYTES).rev() {
        let mut bins = vec![0; BINS * targets.len()];
        for ((&group, key), weight) in group_of.iter().zip(keys).zip(weights) {
            let is_here = byte + 1 == BYTES || key >> (8 * (byte + 1)) == found[group as usize].0;
            if is_here {
                bins[BINS * group as usize + (key >> (8 * byte)) as usize % BINS] += weight;
            }
        }
        let bins = sum_over_ranks(communicator, &bins)?;
        for (group, bins) in bins.chunks_exact(BINS).enumerate() {
            let (prefix, before) = &mut found[group];
            // The bin that reaches the target, or else the last that holds anything.
            let mut bin = bins.iter().rposition(|&weight| weight > 0).unwrap_or(0);
            let mut sum = *before;
            for (place, weight) in bins[..bin].iter().enumerate() {
                if sum + weight >= targets[group] {
                    bin = place;
                    break;
                }
                sum += weight;
            }
            (*prefix, *before, last[group]) = (*prefix << 8 | bin as u128, sum, bins[bin]);
        }
    }
    let cut = |((&(key, before), &weight), &target): ((&(u128, u64), &u64), &u64)| {
        // The entity at the key is left of the cut if its middle is.
        let is_left = 2 * u128::from(before) + u128::from(weight) <= 2 * u128::from(target);
        key + u128::from(is_left)
    };
    Ok(found.iter().zip(&last).zip(targets).map(cut).collect())
}
