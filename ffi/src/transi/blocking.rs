//! Grid fields as callers hold them, and as the transform does.
//!
//! A caller's array is `[ngpblks][nfld][nproma]` over the points of the distributed layout; the transform's is
//! `[nfld][point]`. The two differ in blocks, and on a latitude-longitude grid with poles in the equator's ring, which
//! the distributed layout holds twice.

use std::ffi::c_int;

use super::plan::Plan;
use super::tasks::Tasks;
use crate::failure::{Cause, Failure, Outcome};

/// What becomes of the ring that is held twice when fields are read.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Doubled {
    /// The value is the mean of the two: both are the same point.
    Mean,
    /// The value is the sum of the two, the adjoint of holding one value twice.
    Sum,
    /// The second one counts.
    Second,
}

/// Where the values of a caller's array are.
pub(super) struct Layout {
    fields: usize,
    block: usize,
    blocks: usize,
    points: usize,
    /// First point and points of the ring that is held twice.
    doubled: Option<(usize, usize)>,
}

impl Layout {
    /// `global` arrays are `[nfld][point]` without the doubled ring, whatever the block length. A task without points has no array.
    pub(super) fn new(
        plan: &Plan,
        fields: usize,
        nproma: c_int,
        ngpblks: c_int,
        global: bool,
    ) -> Outcome<Self> {
        plan.grid()?;
        if global && plan.tasks != Tasks::ALONE {
            let message = format!(
                "'lglobal' is set: expected 0 on {} tasks, none of which has whole fields.",
                plan.tasks.count
            );
            return Err(Failure::new(Cause::InvalidValue, message));
        }
        let (points, held) = (plan.own_points, plan.held_points());
        if held == 0 {
            return Ok(Self { fields, block: 0, blocks: 1, points, doubled: None });
        }
        let count = |name: &str, value: c_int| match usize::try_from(value) {
            Ok(value) if value > 0 => Ok(value),
            _ => Err(Failure::invalid(name, value, "a positive number")),
        };
        let (block, blocks) = (count("nproma", nproma)?, count("ngpblks", ngpblks)?);
        if global {
            if blocks != 1 || (block != points && block != held) {
                let message = format!(
                    "'nproma' is {block} and 'ngpblks' {blocks}: expected {points} and 1, because 'lglobal' is set."
                );
                return Err(Failure::new(Cause::LengthMismatch, message));
            }
            return Ok(Self { fields, block: points, blocks, points, doubled: None });
        }
        if block.saturating_mul(blocks) < held {
            let needed = held.div_ceil(block);
            let message = format!(
                "'ngpblks' is {blocks}: expected at least {needed} blocks of 'nproma' {block} for {held} points."
            );
            return Err(Failure::new(Cause::LengthMismatch, message));
        }
        let doubled = plan.doubled_ring().map(|ring| (ring.offset, ring.points));
        Ok(Self { fields, block, blocks, points, doubled })
    }

    /// Length of the caller's array.
    pub(super) fn len(&self) -> Outcome<usize> {
        let len = self.block.checked_mul(self.blocks).and_then(|len| len.checked_mul(self.fields));
        len.ok_or_else(|| Failure::invalid("nfld", self.fields, "a number whose array fits into memory"))
    }

    /// Length of the transform's array.
    pub(super) fn plain_len(&self) -> usize {
        self.fields * self.points
    }

    /// Whether the caller's array is the transform's.
    pub(super) fn is_plain(&self) -> bool {
        self.blocks == 1 && self.block == self.points && self.doubled.is_none()
    }

    /// From the caller's array to the transform's.
    pub(super) fn read(&self, held: &[f64], plain: &mut [f64], doubled: Doubled) {
        for field in 0..self.fields {
            let plain = &mut plain[field * self.points..][..self.points];
            for [from, to, len] in self.runs() {
                self.pieces(field, from, len, |start, offset, len| {
                    plain[to + offset..][..len].copy_from_slice(&held[start..][..len]);
                });
            }
            let Some((first, len)) = self.doubled.filter(|_| doubled != Doubled::Second) else { continue };
            let scale = if doubled == Doubled::Mean { 0.5 } else { 1.0 };
            self.pieces(field, first, len, |start, offset, len| {
                for (value, north) in plain[first + offset..][..len].iter_mut().zip(&held[start..]) {
                    *value = scale * (*value + north);
                }
            });
        }
    }

    /// From the transform's array to the caller's; the ring that is held twice gets `weight` times its values. What pads
    /// the last block stays as it is.
    pub(super) fn write(&self, plain: &[f64], held: &mut [f64], weight: f64) {
        for field in 0..self.fields {
            let plain = &plain[field * self.points..][..self.points];
            for [from, to, len] in self.runs() {
                self.pieces(field, from, len, |start, offset, len| {
                    held[start..][..len].copy_from_slice(&plain[to + offset..][..len]);
                });
            }
            let Some((first, len)) = self.doubled.filter(|_| weight != 1.0) else { continue };
            self.pieces(field, first, 2 * len, |start, _, len| {
                for value in &mut held[start..][..len] {
                    *value *= weight;
                }
            });
        }
    }

    /// [first held point, first point, length]; in this order the second copy of a doubled ring comes last.
    fn runs(&self) -> Vec<[usize; 3]> {
        match self.doubled {
            None => vec![[0, 0, self.points]],
            Some((first, len)) => {
                vec![[0, 0, first + len], [first + len, first, self.points - first]]
            }
        }
    }

    /// Calls `piece(index in the caller's array, offset in the run, length)` for the parts of a run in each block.
    fn pieces(&self, field: usize, first: usize, len: usize, mut piece: impl FnMut(usize, usize, usize)) {
        let mut done = 0;
        while done < len {
            let (block, inside) = ((first + done) / self.block, (first + done) % self.block);
            let part = (self.block - inside).min(len - done);
            piece((block * self.fields + field) * self.block + inside, done, part);
            done += part;
        }
    }
}
