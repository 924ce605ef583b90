//! Which states of a run are kept, and how often the others are computed.

/// β(c, r) = (c + r)!/(c! r!): the largest number of states that c checkpoints give back in reverse order with no step taken more than r times;
/// the largest integer where that is larger.
pub(super) fn reach(checkpoints: usize, repetitions: usize) -> usize {
    let (smaller, larger) = (checkpoints.min(repetitions) as u128, checkpoints.max(repetitions) as u128);
    let mut value: u128 = 1;
    for factor in 1..=smaller {
        value = value * (larger + factor) / factor;
        if value > usize::MAX as u128 {
            return usize::MAX;
        }
    }
    value as usize
}

/// The smallest r with β(c, r) ≥ `states`.
fn repetitions(states: usize, checkpoints: usize) -> usize {
    (0..).find(|&repetitions| reach(checkpoints, repetitions) >= states).expect("β grows without bound")
}

/// t(l, c) = r l − β(c + 1, r − 1): the smallest number of steps in which l states come back in reverse order, the first being kept in one of c
/// checkpoints (Griewank & Walther 2000).
pub(super) fn steps(states: usize, checkpoints: usize) -> usize {
    match repetitions(states, checkpoints) {
        0 => 0,
        repetitions => repetitions * states - reach(checkpoints + 1, repetitions - 1),
    }
}

/// How many states after the first of l ≥ 2 the next one is kept, where c ≥ 2 checkpoints are there for both and what follows.
///
/// Of d with β(c, r − 2) ≤ d ≤ β(c, r − 1) and β(c − 1, r − 1) ≤ l − d ≤ β(c − 1, r), which all are best, the largest.
pub(super) fn distance(states: usize, checkpoints: usize) -> usize {
    let repetitions = repetitions(states, checkpoints);
    reach(checkpoints, repetitions - 1).min(states - reach(checkpoints - 1, repetitions - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_other_schedule_takes_fewer_steps() {
        const STATES: usize = 60;
        // By l and c: the best distance by trying all.
        let mut best = vec![[usize::MAX; 8]; STATES + 1];
        for checkpoints in 1..8 {
            best[1][checkpoints] = 0;
            for states in 2..=STATES {
                best[states][checkpoints] = if checkpoints == 1 {
                    states * (states - 1) / 2
                } else {
                    let cost = |distance: usize| {
                        distance + best[states - distance][checkpoints - 1] + best[distance][checkpoints]
                    };
                    let chosen = cost(distance(states, checkpoints));
                    let smallest = (1..states).map(cost).min().expect("a distance");
                    assert_eq!(chosen, smallest, "{states} states, {checkpoints} checkpoints");
                    smallest
                };
                assert_eq!(steps(states, checkpoints), best[states][checkpoints]);
            }
        }
        assert_eq!(reach(200, 200), usize::MAX);
    }
}
