//! Whether an observation has an equivalent, and if not, why.

/// Whether an observation has an equivalent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// It has.
    #[default]
    Used,
    /// Its place is outside the background's area.
    OutsideDomain,
    /// It is outside the window of time.
    OutsideWindow,
    /// Its pressure is below that of the highest level.
    AboveTop,
    /// Its pressure is above that of the background's ground.
    BelowGround,
    /// Its height differs too much from that of the background's ground.
    FarFromGround,
    /// Its place, or the background there, is not finite.
    NotFinite,
}

impl Outcome {
    /// All outcomes.
    pub const ALL: [Self; 7] = [
        Self::Used,
        Self::OutsideDomain,
        Self::OutsideWindow,
        Self::AboveTop,
        Self::BelowGround,
        Self::FarFromGround,
        Self::NotFinite,
    ];

    /// How many there are of each, in the order of [`Self::ALL`].
    pub fn count(outcomes: &[Self]) -> [usize; 7] {
        let mut counts = [0; 7];
        outcomes.iter().for_each(|outcome| counts[*outcome as usize] += 1);
        counts
    }
}
