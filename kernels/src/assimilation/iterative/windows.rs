//! Which observations are assimilated when.

use std::ops::Range;

use crate::{Error, Result};

/// One window of a smoother. Times are numbered: 0 is where the first ensemble is, 1, 2, … are the times of observations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// The time at which it begins, where the ensemble is.
    pub begin: usize,
    /// The times of the observations that are assimilated; with the last one it ends.
    pub assimilated: Range<usize>,
    /// The time to which the analysis is run for the next window.
    pub next: usize,
}

/// The windows of single data assimilation, in order: they are L times of observation long and move by S, and each assimilates the S last ones, which no window before it did
/// (Bocquet & Sakov 2014, *Q. J. R. Meteorol. Soc.* 140, 1521–1535). The first ones are shorter, and the last one assimilates
/// what is left.
///
/// ```
/// use terrella_kernels::assimilation::iterative::Windows;
/// let windows: Vec<_> = Windows::new(3, 2, 5)?.map(|w| (w.begin, w.assimilated, w.next)).collect();
/// assert_eq!(windows, [(0, 1..3, 1), (1, 3..5, 2), (2, 5..6, 2)]);
/// # Ok::<(), terrella_kernels::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Windows {
    lag: usize,
    shift: usize,
    times: usize,
    /// The first time that was not assimilated yet.
    next: usize,
}

impl Windows {
    /// Windows of `lag` L, moving by `shift` S, over `times` times of observation.
    ///
    /// # Errors
    /// [`Error::InvalidValue`] for a shift of 0 or beyond the lag.
    pub fn new(lag: usize, shift: usize, times: usize) -> Result<Self> {
        if shift == 0 || shift > lag {
            let expected = format!("1 to the lag, {lag}");
            return Err(Error::InvalidValue { name: "shift", got: shift.to_string(), expected });
        }
        Ok(Self { lag, shift, times, next: 1 })
    }

    fn begin_of(&self, last: usize) -> usize {
        last.saturating_sub(self.lag)
    }
}

impl Iterator for Windows {
    type Item = Window;

    fn next(&mut self) -> Option<Window> {
        if self.next > self.times {
            return None;
        }
        let last = |first: usize| (first + self.shift - 1).min(self.times);
        let (first, end) = (self.next, last(self.next));
        let begin = self.begin_of(end);
        let next = if end < self.times { self.begin_of(last(end + 1)) } else { begin };
        self.next = end + 1;
        Some(Window { begin, assimilated: first..end + 1, next })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_time_is_assimilated_once_in_a_window_of_the_lag() {
        for (lag, shift, times) in [(1, 1, 4), (4, 1, 9), (5, 2, 12), (6, 6, 13)] {
            let windows: Vec<Window> = Windows::new(lag, shift, times).expect("windows").collect();
            let assimilated: Vec<usize> = windows.iter().flat_map(|w| w.assimilated.clone()).collect();
            assert!(assimilated.into_iter().eq(1..times + 1));
            for pair in windows.windows(2) {
                assert_eq!(pair[0].next, pair[1].begin);
            }
            for window in windows {
                let length = window.assimilated.end - 1 - window.begin;
                assert!(length == lag || (window.begin == 0 && length < lag), "{window:?}");
            }
        }
    }

    #[test]
    fn impossible_shifts_are_refused() {
        for shift in [0, 3] {
            let error = Windows::new(2, shift, 9).expect_err("refused").to_string();
            assert_eq!(error, format!("'shift' is {shift}: expected 1 to the lag, 2."));
        }
    }
}
