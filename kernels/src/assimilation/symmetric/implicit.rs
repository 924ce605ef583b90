//! Eigenvalues of tridiagonal matrices by the implicit QL method with Wilkinson's shifts, all lanes in step.
//!
//! Golub & Van Loan (2013, *Matrix Computations*, 4th ed., section 8.3.4–8.3.5). Every lane has its own unreduced block, from its `begin` to
//! its `end`; a sweep goes over all rows that are in some lane's block, and turns nothing in the others.

use super::lanes::Lanes;
use super::workspace::{Block, Workspace};
use crate::Real;

/// Sweeps per eigenvalue after which a lane is given up; two are usual.
const SWEEPS: usize = 30;

/// Makes `diagonal` the eigenvalues and the rows of `vectors` the eigenvectors. False where a lane did not converge, which happens with
/// numbers that are not finite.
#[inline(always)]
pub(super) fn iterate<R: Real, L: Lanes<R>>(workspace: &mut Workspace<L>) -> bool {
    let size = workspace.size;
    workspace.blocks.fill(Block::default());
    for _ in 0..SWEEPS * size.max(1) {
        let (mut first, mut last) = (usize::MAX, 0);
        for lane in 0..L::COUNT {
            if let Some(block) = next_block::<R, L>(workspace, lane) {
                (first, last) = (first.min(block.begin), last.max(block.end));
            }
        }
        if first == usize::MAX {
            return true;
        }
        sweep::<R, L>(workspace, first, last);
    }
    false
}

/// Moves a lane's block beyond the eigenvalues that are found; none when all are.
#[inline(always)]
fn next_block<R: Real, L: Lanes<R>>(workspace: &mut Workspace<L>, lane: usize) -> Option<Block> {
    let Workspace { size, diagonal, subdiagonal, blocks, .. } = workspace;
    let block = &mut blocks[lane];
    while block.begin < *size {
        block.end = block.begin;
        while block.end + 1 < *size {
            let beside = diagonal[block.end].lane(lane).abs() + diagonal[block.end + 1].lane(lane).abs();
            // Written so that NaN is not small: such a lane never converges.
            if subdiagonal[block.end].lane(lane).abs() <= R::EPSILON * beside {
                break;
            }
            block.end += 1;
        }
        if block.end > block.begin {
            return Some(*block);
        }
        block.begin += 1;
    }
    block.end = block.begin;
    None
}

/// One QL step in every lane's block.
#[inline(always)]
fn sweep<R: Real, L: Lanes<R>>(workspace: &mut Workspace<L>, first: usize, last: usize) {
    let Workspace { size, vectors, diagonal, subdiagonal, blocks, .. } = workspace;
    let size = *size;
    let two = L::splat(R::from_f64(2.0));
    // The bulge `g` and the rotation (cosine, sine); what the shift took from the diagonal is `taken`.
    let mut bulge = L::default();
    for lane in 0..L::COUNT {
        let Block { begin, end } = blocks[lane];
        if begin < end {
            let below = subdiagonal[begin].lane(lane);
            let half =
                (diagonal[begin + 1].lane(lane) - diagonal[begin].lane(lane)) / (R::from_f64(2.0) * below);
            let root = (half * half + R::ONE).sqrt();
            let sum = if half < R::ZERO { half - root } else { half + root };
            bulge.set_lane(lane, diagonal[end].lane(lane) - diagonal[begin].lane(lane) + below / sum);
        }
    }
    let inner = blocks.iter().map(|block| block.begin + 1).max().unwrap_or(0)
        ..blocks.iter().map(|block| block.end.saturating_sub(1)).min().unwrap_or(0);
    let (mut cosine, mut sine, mut taken) = (L::splat(R::ONE), L::splat(R::ONE), L::default());
    for row in (first..last).rev() {
        let (f, b) = (sine * subdiagonal[row], cosine * subdiagonal[row]);
        let norm = (f * f + bulge * bulge).map(R::sqrt);
        let (next_sine, next_cosine) = (f / norm, bulge / norm);
        let shifted = diagonal[row + 1] - taken;
        let r = (diagonal[row] - shifted) * next_sine + two * next_cosine * b;
        let next_taken = next_sine * r;
        let next_bulge = next_cosine * r - b;
        let (mut turn_cosine, mut turn_sine) = (L::splat(R::ONE), L::default());
        let mut whole = inner.contains(&row);
        for lane in 0..L::COUNT {
            whole &= norm.lane(lane) != R::ZERO;
        }
        if whole {
            // Inside of every lane's block, which most rows are.
            subdiagonal[row + 1] = norm;
            diagonal[row + 1] = shifted + next_taken;
            (cosine, sine, taken, bulge) = (next_cosine, next_sine, next_taken, next_bulge);
            (turn_cosine, turn_sine) = (next_cosine, next_sine);
        }
        for lane in (0..L::COUNT).filter(|_| !whole) {
            let block = &mut blocks[lane];
            if row < block.begin || row >= block.end {
                continue;
            }
            if norm.lane(lane) == R::ZERO {
                // The block falls apart here: what is above waits for the next sweep.
                let value = diagonal[row + 1].lane(lane) - taken.lane(lane);
                diagonal[row + 1].set_lane(lane, value);
                subdiagonal[row + 1].set_lane(lane, R::ZERO);
                subdiagonal[block.end].set_lane(lane, R::ZERO);
                block.end = block.begin;
                continue;
            }
            let coupling = if row + 1 < block.end { norm.lane(lane) } else { R::ZERO };
            subdiagonal[row + 1].set_lane(lane, coupling);
            diagonal[row + 1].set_lane(lane, shifted.lane(lane) + next_taken.lane(lane));
            for (now, next) in [
                (&mut cosine, next_cosine),
                (&mut sine, next_sine),
                (&mut taken, next_taken),
                (&mut bulge, next_bulge),
                (&mut turn_cosine, next_cosine),
                (&mut turn_sine, next_sine),
            ] {
                now.set_lane(lane, next.lane(lane));
            }
            if row == block.begin {
                let value = diagonal[row].lane(lane) - taken.lane(lane);
                diagonal[row].set_lane(lane, value);
                subdiagonal[row].set_lane(lane, bulge.lane(lane));
            }
        }
        let (above, below) = vectors[row * size..(row + 2) * size].split_at_mut(size);
        for (above, below) in above.iter_mut().zip(below) {
            let (x, y) = (*above, *below);
            *below = turn_sine * x + turn_cosine * y;
            *above = turn_cosine * x - turn_sine * y;
            L::end_turn();
        }
    }
}
