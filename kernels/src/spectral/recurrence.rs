//! The recurrence by which Legendre functions are made on the fly.
//!
//! With ε_n = √((n²−m²)/(4n²−1)) the normalised functions obey μ P̄_n = ε_{n+1} P̄_{n+1} + ε_n P̄_{n−1}. Applied twice it
//! links every second degree, and an amplitude α_k can be split off so that the function before the last enters with
//! factor −1 (the idea of Ishioka 2018, doi:10.2151/jmsj.2018-019, in our own notation): with
//! P̄_{m+2k+1} = μ α_k q_k,
//!
//! q_{k+1} = (a_k μ² + b_k) q_k − q_{k−1},  a_k = α_k / (ε_{n+1} ε_{n+2} α_{k+1}),  b_k = −a_k (ε²_{n+1} + ε²_n),  n = m+2k+1,
//! α_{k+1} = α_{k−1} ε_n ε_{n−1} / (ε_{n+1} ε_{n+2}),  α_0 = 1/ε_{m+1},  q_0 = P̄_m, q_{−1} = 0.
//!
//! One step, two multiply-adds, yields two degrees, because P̄_{m+2k} = α_k ε_{m+2k+1} q_k + α_{k−1} ε_{m+2k} q_{k−1}. Sums
//! over even and over odd degrees thus become sums over the same q_k with coefficients transformed once per wavenumber.
//!
//! Poleward of 45° a_k μ² + b_k is written (a_k+b_k) − a_k cos²φ, so that neither 1−μ² nor μ² loses digits to the other.

use super::lanes::Lane;

/// Coefficients of the recurrence of one zonal wavenumber m.
#[derive(Debug)]
pub(super) struct Recurrence {
    /// [a_k, b_k], to be used with μ².
    pub(super) equatorial: Vec<[f64; 2]>,
    /// [−a_k, a_k + b_k], to be used with cos²φ.
    pub(super) polar: Vec<[f64; 2]>,
    /// ε_{m+j}.
    pub(super) epsilon: Vec<f64>,
    /// α_k ε_{m+2k+1}, α_k ε_{m+2k+2} and α_k: from q_k to the functions of even and odd degree.
    pub(super) amplitudes: Vec<[f64; 3]>,
}

/// ε_n of zonal wavenumber m.
pub(super) fn epsilon(m: usize, n: usize) -> f64 {
    let (difference, sum) = ((n - m) as f64, (n + m) as f64);
    let twice = 2.0 * n as f64;
    (difference * sum / ((twice - 1.0) * (twice + 1.0))).sqrt()
}

impl Recurrence {
    /// For degrees m ..= `last`.
    pub(super) fn new(m: usize, last: usize) -> Self {
        let count = steps(m, last);
        let square = |n: usize| {
            let twice = 2.0 * n as f64;
            (n - m) as f64 * (n + m) as f64 / ((twice - 1.0) * (twice + 1.0))
        };
        let epsilon: Vec<f64> =
            (0..2 * count + 4).map(|j| if m + j == 0 { 0.0 } else { epsilon(m, m + j) }).collect();
        let mut alpha = vec![0.0; count + 1];
        alpha[0] = 1.0 / epsilon[1];
        // α_1 is free: half of the ratio that the rule for α_2 would give keeps both chains at one level.
        alpha[1] = alpha[0] * (epsilon[2] * epsilon[3] / (epsilon[4] * epsilon[5])).sqrt();
        for k in 1..count {
            let j = 2 * k + 1;
            alpha[k + 1] = alpha[k - 1] * epsilon[j] * epsilon[j - 1] / (epsilon[j + 1] * epsilon[j + 2]);
        }
        let factors = |k: usize| {
            let n = m + 2 * k + 1;
            let a = alpha[k] / (epsilon[2 * k + 2] * epsilon[2 * k + 3] * alpha[k + 1]);
            (a, square(n + 1) + square(n))
        };
        let equatorial = (0..count).map(factors).map(|(a, sum)| [a, -a * sum]).collect();
        let polar = (0..count).map(factors).map(|(a, sum)| [-a, a * (1.0 - sum)]).collect();
        let amplitudes = (0..count)
            .map(|k| [epsilon[2 * k + 1], epsilon[2 * k + 2], 1.0].map(|factor| alpha[k] * factor))
            .collect();
        Self { equatorial, polar, epsilon, amplitudes }
    }

    /// [`Recurrence::polar`] or [`Recurrence::equatorial`].
    #[inline(always)]
    pub(super) fn factors(&self, polar: bool) -> &[[f64; 2]] {
        if polar { &self.polar } else { &self.equatorial }
    }

    /// Coefficients of the q_k that sum to the same even and odd parts as the columns of `rows`, [n − m][2][columns]:
    /// even α_k (ε_{m+2k+1} c_{m+2k} + ε_{m+2k+2} c_{m+2k+2}); odd α_k c_{m+2k+1}; degrees behind the end of `rows` count as 0.
    ///
    /// In order [group of GROUP columns][k][column of the group], where columns are those of even degrees,
    /// re and im, and from `first_odd` on those of odd ones; all others are 0. `row` is room for the columns of one k.
    ///
    /// Even degrees are left as they are where their sums are not formed against q_k ([`Lane::SUMS_STEPS`]).
    #[inline(always)]
    pub(super) fn to_groups<W: Lane, const GROUP: usize>(
        &self,
        rows: &[W],
        columns: usize,
        first_odd: usize,
        row: &mut [W],
        groups: &mut [W],
    ) {
        let width = 2 * columns;
        let count = rows.len().div_ceil(2 * width);
        row.fill(W::ZERO);
        let mut rest = rows;
        for (k, amplitudes) in self.amplitudes[..count].iter().enumerate() {
            let [first, second, alpha] = amplitudes.map(W::of);
            let (even, behind) = rest.split_at(width);
            let (odd, behind) = behind.split_at(width.min(behind.len()));
            let next = &behind[..width.min(behind.len())];
            let (even_row, odd_row) = row.split_at_mut(first_odd);
            if !W::SUMS_STEPS {
                even_row[..width].copy_from_slice(even);
            } else if next.is_empty() {
                for (target, &even) in even_row.iter_mut().zip(even) {
                    *target = first * even;
                }
            } else {
                for ((target, &even), &next) in even_row.iter_mut().zip(even).zip(next) {
                    *target = first * even + second * next;
                }
            }
            if odd.is_empty() {
                odd_row.fill(W::ZERO);
            }
            for (target, &odd) in odd_row.iter_mut().zip(odd) {
                *target = alpha * odd;
            }
            for (group, piece) in row.chunks_exact(GROUP).enumerate() {
                groups[(group * count + k) * GROUP..][..GROUP].copy_from_slice(piece);
            }
            rest = behind;
        }
    }

    /// The transpose of [`Recurrence::to_groups`] but for the order: `sums` are [k][even or odd][`width` ≥ 2 columns], `rows`
    /// [n − m][2 columns].
    #[inline(always)]
    pub(super) fn to_all_rows<W: Lane>(&self, sums: &[W], width: usize, columns: usize, rows: &mut [W]) {
        let width_of_rows = 2 * columns;
        let mut before: Option<(W, &[W])> = None;
        let pairs = rows.chunks_mut(2 * width_of_rows).zip(sums.chunks_exact(2 * width));
        for ((pair, sums), amplitudes) in pairs.zip(&self.amplitudes) {
            let [first, second, alpha] = amplitudes.map(W::of);
            let (even_row, odd_row) = pair.split_at_mut(width_of_rows);
            let (even, odd) = (&sums[..width_of_rows], &sums[width..]);
            if !W::SUMS_STEPS {
                even_row.copy_from_slice(even);
            } else if let Some((second, before)) = before {
                for ((target, &even), &before) in even_row.iter_mut().zip(even).zip(before) {
                    *target = first * even + second * before;
                }
            } else {
                for (target, &even) in even_row.iter_mut().zip(even) {
                    *target = first * even;
                }
            }
            for (target, &odd) in odd_row.iter_mut().zip(odd) {
                *target = alpha * odd;
            }
            before = Some((second, even));
        }
    }
}

/// Number of q_k for degrees m ..= `last`.
pub(super) fn steps(m: usize, last: usize) -> usize {
    (last - m) / 2 + 1
}
