//! Random numbers that are a function of their place: the same whatever is drawn before, in any order, on any machine.
//!
//! Philox4x32-10 of Salmon, Moraes, Dror & Shaw (2011, "Parallel random numbers: as easy as 1, 2, 3", SC '11,
//! doi:10.1145/2063384.2063405); normal deviates by Box & Muller (1958).

const MULTIPLIERS: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];

/// Four random words of a counter and a key.
fn philox(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    for _ in 0..10 {
        let [first, second] = [0, 1].map(|i| u64::from(MULTIPLIERS[i]) * u64::from(counter[2 * i]));
        counter = [
            (second >> 32) as u32 ^ counter[1] ^ key[0],
            second as u32,
            (first >> 32) as u32 ^ counter[3] ^ key[1],
            first as u32,
        ];
        key = [key[0].wrapping_add(WEYL[0]), key[1].wrapping_add(WEYL[1])];
    }
    counter
}

/// Two independent normal deviates, mean 0 and variance 1, of a seed and a place.
pub(super) fn normal_pair(seed: u64, place: [u32; 4]) -> [f64; 2] {
    let words = philox(place, [seed as u32, (seed >> 32) as u32]);
    // 53 bits each, in (0, 1].
    let [first, second] = [0, 2].map(|i| {
        let bits = u64::from(words[i]) << 32 | u64::from(words[i + 1]);
        ((bits >> 11) + 1) as f64 / (1_u64 << 53) as f64
    });
    let radius = (-2.0 * first.ln()).sqrt();
    let (sine, cosine) = (std::f64::consts::TAU * second).sin_cos();
    [radius * cosine, radius * sine]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn philox_gives_the_published_words() {
        // Known answers that the authors distribute with Random123.
        let pi = [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344];
        assert_eq!(philox([0; 4], [0; 2]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        assert_eq!(
            philox([u32::MAX; 4], [u32::MAX; 2]),
            [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]
        );
        assert_eq!(
            philox(pi, [0xa409_3822, 0x299f_31d0]),
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        );
    }

    #[test]
    fn deviates_are_normal() {
        let draws: Vec<f64> = (0..50_000).flat_map(|i| normal_pair(7, [i, 0, 0, 0])).collect();
        let moment = |power: i32| draws.iter().map(|x| x.powi(power)).sum::<f64>() / draws.len() as f64;
        // Five standard errors of each moment of 100,000 draws.
        assert!(moment(1).abs() < 0.016, "{}", moment(1));
        assert!((moment(2) - 1.0).abs() < 0.023, "{}", moment(2));
        assert!((moment(4) - 3.0).abs() < 0.16, "{}", moment(4));
    }
}
