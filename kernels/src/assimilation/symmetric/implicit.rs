//! Eigenvalues of tridiagonal matrices by the implicit QL method with Wilkinson's shifts, all lanes in step.
//!
//! Golub & Van Loan (2013, *Matrix Computations*, 4th ed., section 8.3.4–8.3.5). Every lane has its own unreduced block, from its `begin` to
//! its `end`; a sweep goes over all rows that are in some lane's block, and turns nothing in the others. Rows are numbers and conditions masks of
//! lanes, 1 or 0: what one lane does alone would wait for memory.

use super::lanes::Lanes;
use super::workspace::Workspace;
use crate::Real;

/// Sweeps per eigenvalue after which a lane is given up; two are usual.
const SWEEPS: usize = 30;

/// Makes `diagonal` the eigenvalues and the rows of `vectors` the eigenvectors. False where a lane did not converge, which happens with
/// numbers that are not finite.
#[inline(always)]
pub(super) fn iterate<R: Real, L: Lanes<R>>(workspace: &mut Workspace<L>) -> bool {
    let size = workspace.size;
    (workspace.begin, workspace.end) = (L::default(), L::default());
    for _ in 0..SWEEPS * size.max(1) {
        next_blocks::<R, L>(workspace);
        let (mut first, mut last) = (usize::MAX, 0);
        for lane in 0..L::COUNT {
            let (begin, end) = (workspace.begin.lane(lane), workspace.end.lane(lane));
            if begin < end {
                first = first.min(begin.to_f64() as usize);
                last = last.max(end.to_f64() as usize);
            }
        }
        if first == usize::MAX {
            return true;
        }
        sweep::<R, L>(workspace, first, last);
    }
    false
}

/// 1 where a condition holds.
#[inline(always)]
fn mask<R: Real>(condition: bool) -> R {
    if condition { R::ONE } else { R::ZERO }
}

/// A row's number.
#[inline(always)]
fn number<R: Real>(row: usize) -> R {
    R::from_u32(row as u32)
}

/// Moves every lane's block beyond the eigenvalues that are found: to the first row from its beginning on whose subdiagonal element is not negligible, and
/// from there to the next one where it is.
#[inline(always)]
fn next_blocks<R: Real, L: Lanes<R>>(workspace: &mut Workspace<L>) {
    let Workspace { size, diagonal, subdiagonal, begin, end, .. } = workspace;
    let last = L::splat(number(size.saturating_sub(1)));
    // Nothing is left, unless a row says otherwise; `falls` is the first row below which the matrix falls apart.
    let (mut next_begin, mut next_end, mut falls) = (last, last, last);
    for row in (0..size.saturating_sub(1)).rev() {
        let beside = diagonal[row].zip(diagonal[row + 1], |a, b| R::EPSILON * (a.abs() + b.abs()));
        // Written so that NaN is not small: such a lane never converges.
        let small = subdiagonal[row].zip(beside, |own, beside| mask(own.abs() <= beside));
        let is_later = begin.map(|begin| mask(number::<R>(row) >= begin));
        let begins = is_later.zip(small, |later, small| if small == R::ZERO { later } else { R::ZERO });
        let row = L::splat(number(row));
        next_begin = L::select(begins, row, next_begin);
        next_end = L::select(begins, falls, next_end);
        falls = L::select(small, row, falls);
    }
    (*begin, *end) = (next_begin, next_end);
}

/// One QL step in every lane's block.
#[inline(always)]
fn sweep<R: Real, L: Lanes<R>>(workspace: &mut Workspace<L>, first: usize, last: usize) {
    let Workspace { size, vectors, diagonal, subdiagonal, begin, end, .. } = workspace;
    let size = *size;
    let (zero, one, two) = (L::default(), L::splat(R::ONE), L::splat(R::from_f64(2.0)));
    // The bulge `g` and the rotation (cosine, sine); what the shift took from the diagonal is `taken`.
    let mut bulge = shifts::<R, L>(diagonal, subdiagonal, *begin, *end);
    let (mut cosine, mut sine, mut taken) = (one, one, zero);
    for row in (first..last).rev() {
        let (f, b) = (sine * subdiagonal[row], cosine * subdiagonal[row]);
        let norm = (f * f + bulge * bulge).map(R::sqrt);
        let here = number::<R>(row);
        let is_inside = begin.zip(*end, |begin, end| mask(begin <= here && here < end));
        // The block falls apart here: what is above waits for the next sweep.
        let breaks = is_inside.zip(norm, |inside, norm| if norm == R::ZERO { inside } else { R::ZERO });
        let turns = is_inside - breaks;
        let (next_sine, next_cosine) = (f / norm, bulge / norm);
        let shifted = diagonal[row + 1] - taken;
        let r = (diagonal[row] - shifted) * next_sine + two * next_cosine * b;
        let next_taken = next_sine * r;
        let next_bulge = next_cosine * r - b;
        // The element below the block stays negligible.
        let coupling = end.zip(norm, |end, norm| if here + R::ONE < end { norm } else { R::ZERO });
        subdiagonal[row + 1] = L::select(turns, coupling, subdiagonal[row + 1]);
        diagonal[row + 1] = L::select(turns, shifted + next_taken, diagonal[row + 1]);
        cosine = L::select(turns, next_cosine, cosine);
        sine = L::select(turns, next_sine, sine);
        taken = L::select(turns, next_taken, taken);
        bulge = L::select(turns, next_bulge, bulge);
        let is_first = turns.zip(*begin, |turns, begin| if begin == here { turns } else { R::ZERO });
        diagonal[row] = L::select(is_first, diagonal[row] - taken, diagonal[row]);
        subdiagonal[row] = L::select(is_first, bulge, subdiagonal[row]);
        let mut any = false;
        for lane in 0..L::COUNT {
            any |= breaks.lane(lane) != R::ZERO;
        }
        for lane in (0..L::COUNT).filter(|_| any) {
            if breaks.lane(lane) != R::ZERO {
                diagonal[row + 1].set_lane(lane, shifted.lane(lane));
                subdiagonal[row + 1].set_lane(lane, R::ZERO);
                subdiagonal[end.lane(lane).to_f64() as usize].set_lane(lane, R::ZERO);
                end.set_lane(lane, begin.lane(lane));
            }
        }
        let (turn_cosine, turn_sine) =
            (L::select(turns, next_cosine, one), L::select(turns, next_sine, zero));
        let (above, below) = vectors[row * size..(row + 2) * size].split_at_mut(size);
        for (above, below) in above.iter_mut().zip(below) {
            let (x, y) = (*above, *below);
            *below = turn_sine * x + turn_cosine * y;
            *above = turn_cosine * x - turn_sine * y;
            L::end_turn();
        }
    }
}

/// d_end − Wilkinson's shift of each lane's block, the first bulge; 0 where there is none.
#[inline(always)]
fn shifts<R: Real, L: Lanes<R>>(diagonal: &[L], subdiagonal: &[L], begin: L, end: L) -> L {
    let (mut below, mut upper, mut lower, mut of_end) =
        (L::default(), L::default(), L::default(), L::default());
    for lane in 0..L::COUNT {
        let (begin, end) = (begin.lane(lane), end.lane(lane));
        if begin < end {
            let (begin, end) = (begin.to_f64() as usize, end.to_f64() as usize);
            below.set_lane(lane, subdiagonal[begin].lane(lane));
            upper.set_lane(lane, diagonal[begin].lane(lane));
            lower.set_lane(lane, diagonal[begin + 1].lane(lane));
            of_end.set_lane(lane, diagonal[end].lane(lane));
        }
    }
    let half = (lower - upper) / (L::splat(R::from_f64(2.0)) * below);
    let root = (half * half + L::splat(R::ONE)).map(R::sqrt);
    let sum = half.zip(root, |half, root| if half < R::ZERO { half - root } else { half + root });
    let is_block = begin.zip(end, |begin, end| mask(begin < end));
    L::select(is_block, of_end - upper + below / sum, L::default())
}
