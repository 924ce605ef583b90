//! Ranks of what came among the members.

use crate::{Error, Real, Result, random};

/// How often the observation had each rank among the members, from below all to above all.
///
/// An observation that equals members gets a random one of the ranks between them, a function of seed and number of the observation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RankHistogram {
    counts: Vec<u64>,
    seed: u64,
    seen: u32,
}

/// χ² of a histogram against a flat one, and its parts.
///
/// The parts are squares of projections on orthonormal contrasts of the ranks (Jolliffe & Primo 2008, *Mon. Wea. Rev.* 136,
/// 2133–2139, doi:10.1175/2007MWR2219.1): under flatness each has one degree of freedom.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Flatness {
    /// χ² with as many degrees of freedom as there are members.
    pub chi_square: f64,
    /// The chance of at least that χ² if ranks are equally likely.
    pub probability: f64,
    /// The part of a slope, which a bias makes.
    pub slope: f64,
    /// The part of a bowl or dome, which too little or too much spread makes.
    pub bowl: f64,
}

impl RankHistogram {
    /// An empty histogram of an ensemble.
    ///
    /// # Errors
    /// [`Error::InvalidValue`] for no members.
    pub fn new(members: usize, seed: u64) -> Result<Self> {
        if members == 0 {
            return Err(Error::InvalidValue {
                name: "members",
                got: "0".to_owned(),
                expected: "at least one member".to_owned(),
            });
        }
        Ok(Self { counts: vec![0; members + 1], seed, seen: 0 })
    }

    /// Adds an observation and the members' equivalents of it, with errors like the observation's added to them where its error
    /// counts. Returns whether it was counted: not where a number is not finite.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] for another number of members.
    pub fn add<R: Real>(&mut self, observation: R, members: &[R]) -> Result<bool> {
        crate::error::expect_len("members", self.counts.len() - 1, members.len())?;
        let number = self.seen;
        self.seen = self.seen.wrapping_add(1);
        if !observation.to_f64().is_finite() || members.iter().any(|member| !member.to_f64().is_finite()) {
            return Ok(false);
        }
        let below = members.iter().filter(|member| **member < observation).count();
        let equal = members.iter().filter(|member| **member == observation).count();
        let mut rank = below;
        if equal > 0 {
            let [word, ..] = random::words(self.seed, [number, 0, 0, 0]);
            rank += ((u64::from(word) * (equal as u64 + 1)) >> 32) as usize;
        }
        self.counts[rank] += 1;
        Ok(true)
    }

    /// How often each rank came.
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// How far from flat it is; None for a histogram without observations.
    pub fn flatness(&self) -> Option<Flatness> {
        let total: u64 = self.counts.iter().sum();
        let ranks = self.counts.len();
        let expected = total as f64 / ranks as f64;
        let scaled: Vec<f64> =
            self.counts.iter().map(|count| (*count as f64 - expected) / expected.sqrt()).collect();
        if total == 0 {
            return None;
        }
        let chi_square: f64 = scaled.iter().map(|x| x * x).sum();
        let middle = (ranks - 1) as f64 / 2.0;
        let line: Vec<f64> = (0..ranks).map(|rank| rank as f64 - middle).collect();
        let square = line.iter().map(|x| x * x).sum::<f64>() / ranks as f64;
        let parabola: Vec<f64> = line.iter().map(|x| x * x - square).collect();
        let part = |contrast: &[f64]| {
            let norm: f64 = contrast.iter().map(|x| x * x).sum();
            let projection: f64 = contrast.iter().zip(&scaled).map(|(a, b)| a * b).sum();
            // One member has no bowl.
            if norm > 0.0 { projection * projection / norm } else { 0.0 }
        };
        let probability = upper_gamma(0.5 * (ranks - 1) as f64, 0.5 * chi_square);
        Some(Flatness { chi_square, probability, slope: part(&line), bowl: part(&parabola) })
    }
}

/// The regularised upper incomplete gamma function Q(a, x): its series below a + 1, else its continued fraction by Lentz's method.
fn upper_gamma(a: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 1.0;
    }
    let front = (a * x.ln() - x - log_gamma(a)).exp();
    if x < a + 1.0 {
        let (mut term, mut sum, mut n) = (1.0 / a, 1.0 / a, a);
        while term > 1e-17 * sum {
            n += 1.0;
            term *= x / n;
            sum += term;
        }
        return (1.0 - front * sum).clamp(0.0, 1.0);
    }
    const TINY: f64 = 1e-300;
    let mut b = x + 1.0 - a;
    let (mut c, mut d) = (1.0 / TINY, 1.0 / b);
    let mut fraction = d;
    for i in 1..100_000 {
        let step = -f64::from(i) * (f64::from(i) - a);
        b += 2.0;
        d = 1.0 / non_zero(step * d + b, TINY);
        c = non_zero(b + step / c, TINY);
        fraction *= d * c;
        if (d * c - 1.0).abs() < 1e-15 {
            break;
        }
    }
    (front * fraction).clamp(0.0, 1.0)
}

fn non_zero(value: f64, least: f64) -> f64 {
    if value.abs() < least { least } else { value }
}

/// ln Γ(a) for a > 0: Stirling's series at a + 12, brought back by the recurrence.
fn log_gamma(a: f64) -> f64 {
    let product: f64 = (0..12).map(|k| (a + f64::from(k)).ln()).sum();
    let x = a + 12.0;
    let inverse = 1.0 / (x * x);
    let series = (1.0 / 12.0 - inverse * (1.0 / 360.0 - inverse * (1.0 / 1260.0 - inverse / 1680.0))) / x;
    (x - 0.5) * x.ln() - x + 0.5 * std::f64::consts::TAU.ln() + series - product
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Abramowitz & Stegun, table 26.7: chances of χ².
    #[test]
    fn chances_of_chi_square_are_those_of_the_tables() {
        for (degrees, chi_square, chance) in [
            (1.0, 3.841_458_8, 0.05),
            (10.0, 18.307_038, 0.05),
            (10.0, 3.940_299_1, 0.95),
            (2.0, 9.210_340_4, 0.01),
        ] {
            let own = upper_gamma(0.5 * degrees, 0.5 * chi_square);
            assert!((own - chance).abs() < 1e-7, "{degrees} {chi_square} {own}");
        }
        // The first term that the series leaves out is 1/(1188 · 12.5⁹) = 1e-13.
        assert!((log_gamma(0.5) - 0.5 * std::f64::consts::PI.ln()).abs() < 2e-13);
    }
}
