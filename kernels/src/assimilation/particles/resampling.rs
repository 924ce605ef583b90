//! Drawing members by their weights.

use crate::{Error, Result, random};

/// How members are drawn; on average, each as often as N times its weight says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Resampling {
    /// N independent draws.
    Multinomial,
    /// As often as the whole part of N w says, and the rest by independent draws of the fractions (Liu & Chen 1998, *J. Am. Stat. Assoc.* 93,
    /// 1032–1044).
    Residual,
    /// By N equidistant points over the cumulated weights, behind one random number (Kitagawa 1996, *J. Comput. Graph. Stat.* 5, 1–25): the least noise.
    Systematic,
}

/// The place of draws among an experiment's random numbers.
const DRAWS: u32 = 0x0d4a;

/// 1/Σw² of weights that add up to 1: between 1, where one member bears all, and N.
pub fn effective_size(weights: &[f64]) -> f64 {
    1.0 / weights.iter().map(|weight| weight * weight).sum::<f64>()
}

/// The members that are drawn, in rising order: as many as there are weights; a function of seed and cycle.
///
/// # Errors
/// [`Error::InvalidValue`] for weights that are negative or not finite, or do not add up to 1 (to 10⁻⁶).
pub fn resample(weights: &[f64], resampling: Resampling, seed: u64, cycle: u32) -> Result<Vec<u32>> {
    let refuse = |got: String, expected: &str| {
        Err(Error::InvalidValue { name: "weights", got, expected: expected.to_owned() })
    };
    if let Some(place) = weights.iter().position(|weight| !(*weight >= 0.0 && weight.is_finite())) {
        return refuse(format!("{} at member {place}", weights[place]), "finite numbers of at least 0");
    }
    let total: f64 = weights.iter().sum();
    if (total - 1.0).abs() > 1e-6 {
        return refuse(format!("a sum of {total}"), "a sum of 1");
    }
    let count = weights.len();
    let uniform = |draw: usize| random::uniform(seed, [draw as u32, cycle, DRAWS, 0]);
    Ok(match resampling {
        Resampling::Systematic => {
            let first = uniform(0);
            members_at(weights, (0..count).map(|point| (point as f64 + first) / count as f64))
        }
        Resampling::Multinomial => {
            let mut points: Vec<f64> = (0..count).map(uniform).collect();
            points.sort_by(f64::total_cmp);
            members_at(weights, points.into_iter())
        }
        Resampling::Residual => {
            // What rounding leaves below a whole number is one.
            let whole = |weight: f64| (weight * count as f64 * (1.0 + 1e-12)).floor();
            let mut members: Vec<u32> = (0..count as u32)
                .zip(weights)
                .flat_map(|(member, weight)| std::iter::repeat_n(member, whole(*weight) as usize))
                .collect();
            members.truncate(count);
            let rest = count - members.len();
            if rest > 0 {
                let fractions: Vec<f64> =
                    weights.iter().map(|weight| (weight * count as f64 - whole(*weight)).max(0.0)).collect();
                let total: f64 = fractions.iter().sum();
                let fractions: Vec<f64> = fractions.iter().map(|fraction| fraction / total).collect();
                let mut points: Vec<f64> = (0..rest).map(uniform).collect();
                points.sort_by(f64::total_cmp);
                members.extend(members_at(&fractions, points.into_iter()));
                members.sort_unstable();
            }
            members
        }
    })
}

/// The members over whose part of the cumulated weights rising points of 0 to 1 lie.
fn members_at(weights: &[f64], points: impl Iterator<Item = f64>) -> Vec<u32> {
    // Rounding may leave the sum below the last point: that is the last member's that has a weight.
    let last = weights.iter().rposition(|weight| *weight > 0.0).unwrap_or(0);
    let (mut member, mut sum) = (0, weights.first().copied().unwrap_or(0.0));
    points
        .map(|point| {
            while point >= sum && member < last {
                member += 1;
                sum += weights[member];
            }
            member as u32
        })
        .collect()
}

/// Puts members where they were: entry j is j for every member j that was drawn, and the others take the places of those that were not, in rising
/// order, so that members change as little as they can.
pub(super) fn keep_in_place(drawn: &[u32]) -> Vec<u32> {
    let vacant = u32::MAX;
    let mut places = vec![vacant; drawn.len()];
    let mut rest = Vec::new();
    for &member in drawn {
        if places[member as usize] == vacant {
            places[member as usize] = member;
        } else {
            rest.push(member);
        }
    }
    let mut rest = rest.into_iter();
    for place in places.iter_mut().filter(|place| **place == vacant) {
        if let Some(member) = rest.next() {
            *place = member;
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    const WEIGHTS: [f64; 5] = [0.05, 0.4, 0.0, 0.35, 0.2];

    #[test]
    fn members_are_drawn_as_often_as_their_weights_say() {
        const CYCLES: u32 = 4_000;
        for (resampling, deviation) in
            [(Resampling::Multinomial, 1.1), (Resampling::Residual, 0.8), (Resampling::Systematic, 0.5)]
        {
            let mut counts = [0.0; 5];
            for cycle in 0..CYCLES {
                let drawn = resample(&WEIGHTS, resampling, 1, cycle).expect("weights");
                assert!(drawn.len() == 5 && drawn.is_sorted());
                drawn.iter().for_each(|member| counts[*member as usize] += 1.0 / f64::from(CYCLES));
                for (member, weight) in WEIGHTS.iter().enumerate() {
                    let count = drawn.iter().filter(|drawn| **drawn as usize == member).count() as f64;
                    let expected = 5.0 * weight;
                    let enough = match resampling {
                        Resampling::Multinomial => weight > &0.0 || count == 0.0,
                        Resampling::Residual => count >= expected.floor(),
                        Resampling::Systematic => count >= expected.floor() && count <= expected.ceil(),
                    };
                    assert!(enough, "{resampling:?}: member {member} {count} times");
                }
            }
            for (count, weight) in counts.iter().zip(WEIGHTS) {
                // Five standard errors of the mean, whose deviation of one draw is below the given one.
                let tolerance = 5.0 * deviation / f64::from(CYCLES).sqrt();
                assert!((count - 5.0 * weight).abs() < tolerance, "{resampling:?}: {counts:?}");
            }
        }
    }

    #[test]
    fn extreme_weights_draw_what_they_say() {
        for resampling in [Resampling::Multinomial, Resampling::Residual, Resampling::Systematic] {
            assert_eq!(resample(&[0.0, 1.0, 0.0], resampling, 1, 2).expect("weights"), [1, 1, 1]);
        }
        let equal = vec![1.0 / 49.0; 49];
        for resampling in [Resampling::Residual, Resampling::Systematic] {
            let drawn = resample(&equal, resampling, 3, 1).expect("weights");
            assert!(drawn.into_iter().eq(0..49), "{resampling:?}");
        }
        assert!((effective_size(&equal) - 49.0).abs() < 1e-12);
        assert_eq!(effective_size(&[0.0, 1.0]), 1.0);
    }

    #[test]
    fn members_that_were_drawn_stay_in_their_places() {
        assert_eq!(keep_in_place(&[1, 1, 1, 3, 4, 4]), [1, 1, 1, 3, 4, 4]);
        assert_eq!(keep_in_place(&[0, 0, 4, 4, 4]), [0, 0, 4, 4, 4]);
        assert_eq!(keep_in_place(&[2, 2, 3, 3]), [2, 3, 2, 3]);
    }

    #[test]
    fn impossible_weights_are_refused() {
        let text = |weights: &[f64]| {
            resample(weights, Resampling::Systematic, 0, 0).expect_err("refused").to_string()
        };
        assert_eq!(
            text(&[0.5, -0.5, 1.0]),
            "'weights' is -0.5 at member 1: expected finite numbers of at least 0."
        );
        assert_eq!(text(&[f64::NAN]), "'weights' is NaN at member 0: expected finite numbers of at least 0.");
        assert_eq!(text(&[0.5, 0.25]), "'weights' is a sum of 0.75: expected a sum of 1.");
    }
}
