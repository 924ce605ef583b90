//! Which zonal wavenumbers are whose.

use std::ops::Range;

use terrella_kernels::spectral::Truncation;

use super::tasks::Tasks;

/// The wavenumbers of the tasks: m = 0, 1, ... go to the tasks in turn, forward and back, so that whoever has a long sum over n also has
/// a short one. This depends on truncation and tasks alone, so that spectra fit every handle of their truncation.
#[derive(Clone, Copy)]
pub(super) struct Waves {
    pub(super) truncation: Truncation,
    pub(super) tasks: Tasks,
}

impl Waves {
    /// The wavenumbers of a task, ascending.
    pub(super) fn of(self, task: usize) -> impl Iterator<Item = usize> {
        let count = self.tasks.count;
        (0..=self.truncation.total()).filter(move |m| {
            let place = m % count;
            task == if (m / count).is_multiple_of(2) { place } else { count - 1 - place }
        })
    }

    /// Those of this task.
    pub(super) fn own(self) -> impl Iterator<Item = usize> {
        self.of(self.tasks.own)
    }

    /// Reals of one wavenumber of a field.
    pub(super) fn len_of_wave(self, m: usize) -> usize {
        2 * (self.truncation.total() - m + 1)
    }

    /// Reals of a field on a task.
    pub(super) fn len_of(self, task: usize) -> usize {
        self.of(task).map(|m| self.len_of_wave(m)).sum()
    }

    /// Reals of a field on this task.
    pub(super) fn own_len(self) -> usize {
        self.len_of(self.tasks.own)
    }

    /// Reals of a field with m = 0 on this task: they come first.
    pub(super) fn own_zonal_len(self) -> usize {
        if self.tasks.own == 0 { self.len_of_wave(0) } else { 0 }
    }

    /// Where the reals of a task are in those of a whole field.
    pub(super) fn places_of(self, task: usize) -> Vec<Range<usize>> {
        let place = |m: usize| {
            let first = 2 * self.truncation.index(m, m);
            first..first + self.len_of_wave(m)
        };
        self.of(task).map(place).collect()
    }

    /// (m, n) of the coefficients of this task, in order.
    pub(super) fn coefficients(self) -> impl Iterator<Item = (usize, usize)> {
        self.own().flat_map(move |m| (m..=self.truncation.total()).map(move |n| (m, n)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wavenumber_has_one_task_and_tasks_have_as_many_reals() {
        for total in [0, 1, 7, 63, 159] {
            for count in 1..=20 {
                let of_task =
                    |own: usize| Waves { truncation: Truncation::new(total), tasks: Tasks { own, count } };
                let mut all: Vec<usize> = (0..count).flat_map(|task| of_task(task).own()).collect();
                all.sort_unstable();
                assert_eq!(all, (0..=total).collect::<Vec<_>>());
                let lengths: Vec<usize> = (0..count).map(|task| of_task(task).own_len()).collect();
                assert_eq!(lengths.iter().sum::<usize>(), (total + 1) * (total + 2));
                // Two neighbouring wavenumbers' difference for each round, or one wavenumber more.
                let difference = lengths.iter().max().unwrap() - lengths.iter().min().unwrap();
                assert!(difference <= 2 * (total + 1).max(2 * count), "{total} {count} {difference}");
                assert_eq!(of_task(0).own_zonal_len(), 2 * (total + 1));
            }
        }
    }

    #[test]
    fn one_task_alone_has_the_order_of_the_truncation() {
        let truncation = Truncation::new(5);
        let waves = Waves { truncation, tasks: Tasks::ALONE };
        assert!(waves.coefficients().eq(truncation.wavenumbers()));
        assert_eq!(waves.own_len(), truncation.spectrum_len(1));
    }
}
