//! What the eigensolver computes with: one matrix element, or that of several matrices, a lane each.

use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub, SubAssign};

use crate::{Pack, Real};

/// One value per matrix.
pub(in crate::assimilation) trait Lanes<R: Real>:
    Copy
    + Default
    + Send
    + Sync
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + SubAssign
{
    /// Number of matrices.
    const COUNT: usize;

    /// The same value for all.
    fn splat(value: R) -> Self;
    /// The value of one.
    fn lane(&self, lane: usize) -> R;
    /// Sets the value of one.
    fn set_lane(&mut self, lane: usize, value: R);
    /// A function of each.
    fn map(self, function: impl Fn(R) -> R) -> Self;
    /// A function of each two.
    fn zip(self, other: Self, function: impl Fn(R, R) -> R) -> Self;
    /// `yes` in the lanes of a mask that are not 0, else `no`.
    fn select(mask: Self, yes: Self, no: Self) -> Self;
    /// Stands at the end of a loop's body where lanes are vectors: LLVM would rather make vectors of several turns of the loop, one
    /// lane after the other, by gathers.
    fn end_turn();
}

/// One matrix alone; not a pack of one, which would be as long as a vector register.
#[derive(Clone, Copy, Default)]
pub(in crate::assimilation) struct Single<R>(pub(in crate::assimilation) R);

macro_rules! arithmetic {
    ($($trait:ident $method:ident)*; $($assign_trait:ident $assign_method:ident)*) => {
        $(impl<R: Real> $trait for Single<R> {
            type Output = Self;
            #[inline(always)]
            fn $method(self, right: Self) -> Self {
                Self(self.0.$method(right.0))
            }
        })*
        $(impl<R: Real> $assign_trait for Single<R> {
            #[inline(always)]
            fn $assign_method(&mut self, right: Self) {
                self.0.$assign_method(right.0);
            }
        })*
    };
}

arithmetic!(Add add Sub sub Mul mul Div div; AddAssign add_assign SubAssign sub_assign);

impl<R: Real> Neg for Single<R> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl<R: Real> Lanes<R> for Single<R> {
    const COUNT: usize = 1;

    #[inline(always)]
    fn splat(value: R) -> Self {
        Self(value)
    }
    #[inline(always)]
    fn lane(&self, _: usize) -> R {
        self.0
    }
    #[inline(always)]
    fn set_lane(&mut self, _: usize, value: R) {
        self.0 = value;
    }
    #[inline(always)]
    fn map(self, function: impl Fn(R) -> R) -> Self {
        Self(function(self.0))
    }
    #[inline(always)]
    fn zip(self, other: Self, function: impl Fn(R, R) -> R) -> Self {
        Self(function(self.0, other.0))
    }
    #[inline(always)]
    fn select(mask: Self, yes: Self, no: Self) -> Self {
        if mask.0 != R::ZERO { yes } else { no }
    }
    #[inline(always)]
    fn end_turn() {}
}

impl<R: Real, const N: usize> Lanes<R> for Pack<R, N> {
    const COUNT: usize = N;

    #[inline(always)]
    fn splat(value: R) -> Self {
        Pack([value; N])
    }
    #[inline(always)]
    fn lane(&self, lane: usize) -> R {
        self.0[lane]
    }
    #[inline(always)]
    fn set_lane(&mut self, lane: usize, value: R) {
        self.0[lane] = value;
    }
    #[inline(always)]
    fn map(mut self, function: impl Fn(R) -> R) -> Self {
        for lane in 0..N {
            self.0[lane] = function(self.0[lane]);
        }
        self
    }
    #[inline(always)]
    fn zip(mut self, other: Self, function: impl Fn(R, R) -> R) -> Self {
        for lane in 0..N {
            self.0[lane] = function(self.0[lane], other.0[lane]);
        }
        self
    }
    #[inline(always)]
    fn select(mask: Self, yes: Self, mut no: Self) -> Self {
        for lane in 0..N {
            no.0[lane] = if mask.0[lane] != R::ZERO { yes.0[lane] } else { no.0[lane] };
        }
        no
    }
    #[inline(always)]
    fn end_turn() {
        std::hint::black_box(());
    }
}
