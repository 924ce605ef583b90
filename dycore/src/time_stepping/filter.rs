//! The Robert-Asselin-Williams filter of the leapfrog scheme.

use terrella_kernels::{Real, kernel};

use crate::{Error, Result};

/// Parameters of the Robert-Asselin-Williams filter; see [`super`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Filter {
    /// ν, in \[0, 1\]: 0 is no filter.
    pub strength: f64,
    /// α, in \[1/2, 1\]: 1 is the Robert-Asselin filter.
    pub centring: f64,
}

impl Filter {
    /// No filter: the computational mode of leapfrog stays undamped.
    pub const NONE: Self = Self { strength: 0.0, centring: 1.0 };

    pub(crate) fn validate(self) -> Result<()> {
        let refuse = |name, got: f64, expected| {
            Err(Error::InvalidConfiguration { name, got: got.to_string(), expected })
        };
        if !(0.0..=1.0).contains(&self.strength) {
            return refuse("filter.strength", self.strength, "a number from 0 to 1");
        }
        if !(0.5..=1.0).contains(&self.centring) {
            return refuse("filter.centring", self.centring, "a number from 0.5 to 1");
        }
        Ok(())
    }
}

impl Default for Filter {
    /// ν = 0.1, α = 0.53 (the α recommended by Williams 2009).
    fn default() -> Self {
        Self { strength: 0.1, centring: 0.53 }
    }
}

/// d = ν/2·(X⁻ − 2X⁰ + X⁺) \[unit of X\].
#[kernel(function)]
pub fn filter_displacement<R: Real>(strength: R, previous: R, present: R, next: R) -> R {
    0.5 * strength * ((previous - present) + (next - present))
}
