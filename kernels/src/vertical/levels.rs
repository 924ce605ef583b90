//! The coefficients A and B of half levels, checked.

use std::fmt;
use std::str::FromStr;

use super::tables;
use crate::{Error, Result};

/// Hybrid levels: p_{k+½} = A_{k+½} + B_{k+½}·p_s, from the top to the ground.
///
/// ```
/// use terrella_kernels::vertical::HybridLevels;
///
/// let levels: HybridLevels = "L60".parse()?;
/// assert_eq!(levels.count(), 60);
/// let pressure = levels.full_level_pressure(101_325.0); // [Pa], between the half levels
/// assert!((pressure[0] - 10.0).abs() < 1e-9 && (pressure[59] - 101_204.9).abs() < 0.1);
/// # Ok::<(), terrella_kernels::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct HybridLevels {
    a: Vec<f64>,
    b: Vec<f64>,
}

/// Half levels must be in order for surface pressures from the one to the other [Pa]: the roof of the world to a record high.
const SURFACE_PRESSURES: [f64; 2] = [45_000.0, 110_000.0];

impl HybridLevels {
    /// `count` layers of equal thickness in σ = p/p_s.
    ///
    /// An error if `count` is 0.
    pub fn sigma(count: usize) -> Result<Self> {
        let half: Vec<f64> = (0..=count).map(|k| k as f64 / count.max(1) as f64).collect();
        Self::sigma_at(&half)
    }

    /// Layers between these half levels σ = p/p_s, from 0 (or a top above it) to 1.
    ///
    /// Errors: as of [`Self::from_coefficients`].
    pub fn sigma_at(half_levels: &[f64]) -> Result<Self> {
        Self::from_coefficients(&vec![0.0; half_levels.len()], half_levels)
    }

    /// Layers between half levels with these A [Pa] and B, top first.
    ///
    /// Errors: fewer than two half levels, or different numbers of A and B; a value that is not finite; a top with B ≠ 0 or
    /// A < 0; a lowest half level that is not the ground (A = 0, B = 1); B that decreases downwards; half levels out of
    /// order at a surface pressure of 450 or 1,100 hPa.
    pub fn from_coefficients(a: &[f64], b: &[f64]) -> Result<Self> {
        if a.len() < 2 {
            return Err(invalid("a", format!("{} half levels", a.len()), "at least two half levels"));
        }
        if a.len() != b.len() {
            return Err(Error::LengthMismatch { name: "b", expected: a.len(), got: b.len() });
        }
        for (name, values) in [("a", a), ("b", b)] {
            if let Some(k) = values.iter().position(|value| !value.is_finite()) {
                let got = format!("{} at half level {k}", values[k]);
                return Err(invalid(name, got, "finite numbers"));
            }
        }
        let ground = a.len() - 1;
        if a[0] < 0.0 || b[0] != 0.0 {
            let got = format!("A = {} Pa, B = {} at the top", a[0], b[0]);
            return Err(invalid(
                "half level 0",
                got,
                "A of at least 0 Pa and B = 0: a top of constant pressure",
            ));
        }
        if a[ground] != 0.0 || b[ground] != 1.0 {
            let got = format!("A = {} Pa, B = {} at half level {ground}", a[ground], b[ground]);
            return Err(invalid("lowest half level", got, "A = 0 Pa and B = 1: the ground"));
        }
        if let Some(k) = (0..ground).find(|&k| b[k + 1] < b[k]) {
            let got = format!("{} at half level {k} and {} below it", b[k], b[k + 1]);
            return Err(invalid("b", got, "values that do not decrease downwards"));
        }
        for surface in SURFACE_PRESSURES {
            let pressure = |k: usize| a[k] + b[k] * surface;
            if let Some(k) = (0..ground).find(|&k| pressure(k) >= pressure(k + 1)) {
                return Err(invalid(
                    "half-level pressure",
                    format!(
                        "{} Pa at half level {k} and {} Pa below it for a surface pressure of {surface} Pa",
                        pressure(k),
                        pressure(k + 1)
                    ),
                    "pressures that increase downwards",
                ));
            }
        }
        Ok(Self { a: a.to_vec(), b: b.to_vec() })
    }

    /// A published set by its number of levels: 19, 26, 31, 60, 91 or 137.
    ///
    /// | levels | model                                        | top [Pa]  | source |
    /// |--------|----------------------------------------------|-----------|--------|
    /// | 19     | ECMWF until 1991, ECHAM                      | 0         | ECMWF's page of L19 definitions; ECHAM's coefficients, ten digits of B |
    /// | 26     | CAM 3                                        | 219.4067  | Jablonowski & Williamson (2006), whose test uses them; CAM 3's hyai·1,000 hPa and hybi |
    /// | 31     | ECMWF from 1991, ERA-15, ECHAM               | 0         | ECMWF's page of L31 definitions; ECHAM's B to eight digits |
    /// | 60     | ECMWF from 1999, ERA-40, ERA-Interim         | 0         | ECMWF's page of L60 definitions |
    /// | 91     | ECMWF 2006 to 2013                           | 0         | the vertical coordinate of ECMWF's GRIB messages |
    /// | 137    | ECMWF since 2013, ERA5                       | 0         | the vertical coordinate of ECMWF's GRIB messages |
    ///
    /// An error for any other number.
    pub fn published(count: usize) -> Result<Self> {
        let (a, b): (&[f64], &[f64]) = match count {
            19 => (&tables::L19.0, &tables::L19.1),
            26 => (&tables::L26.0, &tables::L26.1),
            31 => (&tables::L31.0, &tables::L31.1),
            60 => (&tables::L60.0, &tables::L60.1),
            91 => (&tables::L91.0, &tables::L91.1),
            137 => (&tables::L137.0, &tables::L137.1),
            _ => return Err(invalid("levels", format!("L{count}"), "L19, L26, L31, L60, L91 or L137")),
        };
        Self::from_coefficients(a, b)
    }

    /// Number of layers L.
    pub fn count(&self) -> usize {
        self.a.len() - 1
    }

    /// A of the L+1 half levels [Pa].
    pub fn a(&self) -> &[f64] {
        &self.a
    }

    /// B of the L+1 half levels.
    pub fn b(&self) -> &[f64] {
        &self.b
    }

    /// Pressure of the L+1 half levels [Pa] over a surface pressure [Pa].
    pub fn half_level_pressure(&self, surface_pressure: f64) -> Vec<f64> {
        self.a.iter().zip(&self.b).map(|(a, b)| a + b * surface_pressure).collect()
    }

    /// Pressure of the L layers [Pa]: the mean of their half levels, (p_{k−½} + p_{k+½})/2.
    pub fn full_level_pressure(&self, surface_pressure: f64) -> Vec<f64> {
        let half = self.half_level_pressure(surface_pressure);
        half.windows(2).map(|pair| 0.5 * (pair[0] + pair[1])).collect()
    }
}

/// `L60` is the published set of 60 levels, `sigma20` are 20 layers of equal thickness in σ.
impl FromStr for HybridLevels {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let number = |digits: &str| digits.parse::<usize>().ok();
        if let Some(count) = text.strip_prefix("sigma").and_then(number) {
            return Self::sigma(count);
        }
        match text.strip_prefix('L').and_then(number) {
            Some(count) => Self::published(count),
            None => Err(invalid("levels", format!("'{text}'"), "L19, L26, L31, L60, L91, L137 or sigmaN")),
        }
    }
}

/// As in `60 levels from 0 Pa`.
impl fmt::Display for HybridLevels {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} levels from {} Pa", self.count(), self.a[0])
    }
}

fn invalid(name: &'static str, got: String, expected: &str) -> Error {
    Error::InvalidValue { name, got, expected: expected.to_owned() }
}
