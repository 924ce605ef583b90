//! Settings of the shallow-water model, checked before anything is allocated.

use terrella_coupling::spectral::StepVolume;
use terrella_kernels::constants;
use terrella_kernels::grid::{Grid, GridKind};

use crate::time_stepping::{Diffusion, Filter};
use crate::{Error, Result};

/// Settings of [`super::ShallowWater`]. [`Configuration::new`] gives all of them for the Earth; change what you need.
#[derive(Clone, Debug)]
pub struct Configuration {
    /// Triangular truncation T: the largest total wavenumber.
    pub truncation: usize,
    /// Where products are formed. See [`quadratic_grid`].
    pub grid: Grid,
    /// Radius of the sphere \[m\].
    pub radius: f64,
    /// Angular velocity of the sphere \[s⁻¹\].
    pub rotation: f64,
    /// Acceleration of gravity \[m s⁻²\]; the equations hold geopotentials only, diagnostics turn them into heights.
    pub gravity: f64,
    /// Φ̄ \[m² s⁻²\], the depth about which gravity waves are treated implicitly.
    pub mean_geopotential: f64,
    /// Δt \[s\].
    pub time_step: f64,
    /// β, the weight of the next level in the implicit terms: 0.5 is neutral, up to 1 damps gravity waves.
    pub implicit_weight: f64,
    /// Filter of the leapfrog scheme.
    pub filter: Filter,
    /// Damping of small scales.
    pub diffusion: Option<Diffusion>,
    /// Every how many steps the wind is examined for NaN and for `wind_limit`; 0 never.
    pub watch_interval: u32,
    /// Wind speed \[m s⁻¹\] beyond which the run is stopped as unstable.
    pub wind_limit: f64,
}

impl Configuration {
    /// Radius of the Earth \[m\].
    pub const EARTH_RADIUS: f64 = constants::EARTH_RADIUS;
    /// Angular velocity of the Earth \[s⁻¹\].
    pub const EARTH_ROTATION: f64 = constants::EARTH_ROTATION;
    /// Standard gravity \[m s⁻²\].
    pub const STANDARD_GRAVITY: f64 = constants::GRAVITY;

    /// Settings for the Earth at this truncation: the grid of [`quadratic_grid`], Φ̄ of 5,500 m, a time step that keeps
    /// a wind of 120 m/s stable, ∇⁸ diffusion with an e-folding time of 6 h at the smallest scale.
    pub fn new(truncation: usize) -> Result<Self> {
        Ok(Self {
            truncation,
            grid: quadratic_grid(truncation)?,
            radius: Self::EARTH_RADIUS,
            rotation: Self::EARTH_ROTATION,
            gravity: Self::STANDARD_GRAVITY,
            mean_geopotential: 5_500.0 * Self::STANDARD_GRAVITY,
            time_step: 51_000.0 / truncation as f64,
            implicit_weight: 0.5,
            filter: Filter::default(),
            diffusion: Some(Diffusion {
                order: 4,
                strength: crate::time_stepping::DiffusionStrength::SmallestScaleTime(6.0 * 3600.0),
            }),
            watch_interval: 12,
            wind_limit: 1_000.0,
        })
    }

    /// What ranks that share the model send in a step in which the wind is not examined.
    pub fn step_volume(&self) -> StepVolume {
        // ζ and Φ′, wind; two fluxes, energy.
        StepVolume { to_grid: vec![2, 2], to_spectra: vec![4, 1], ..StepVolume::default() }
    }

    /// Refuses, by name, what the model cannot run with. Whether `grid` can carry `truncation` is the transform's to say.
    pub fn validate(&self) -> Result<()> {
        let above_zero = [
            ("radius", self.radius),
            ("gravity", self.gravity),
            ("mean_geopotential", self.mean_geopotential),
            ("time_step", self.time_step),
            ("wind_limit", self.wind_limit),
        ];
        for (name, value) in above_zero {
            if !(value > 0.0 && value.is_finite()) {
                return Err(Error::InvalidConfiguration {
                    name,
                    got: value.to_string(),
                    expected: "a finite number above 0",
                });
            }
        }
        if !self.rotation.is_finite() {
            return Err(Error::InvalidConfiguration {
                name: "rotation",
                got: self.rotation.to_string(),
                expected: "a finite number",
            });
        }
        if !(0.5..=1.0).contains(&self.implicit_weight) {
            return Err(Error::InvalidConfiguration {
                name: "implicit_weight",
                got: self.implicit_weight.to_string(),
                expected: "a number from 0.5 (neutral) to 1 (fully implicit)",
            });
        }
        if self.grid.kind() == GridKind::HealPix {
            return Err(Error::InvalidConfiguration {
                name: "grid",
                got: self.grid.name().to_owned(),
                expected: "a Gaussian or regular grid: the analysis on HEALPix is not exact",
            });
        }
        self.filter.validate()?;
        self.diffusion.map_or(Ok(()), Diffusion::validate)
    }
}

/// Time scales \[s\] of Newtonian relaxation, ∂X/∂t = … − (X − X_reference)/τ; `None` leaves a variable alone.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RelaxationTimes {
    /// τ of vorticity.
    pub vorticity: Option<f64>,
    /// τ of divergence.
    pub divergence: Option<f64>,
    /// τ of geopotential; the mean depth then follows the reference's.
    pub geopotential: Option<f64>,
}

impl RelaxationTimes {
    pub(crate) fn validate(self) -> Result<()> {
        let times = [
            ("relaxation.vorticity", self.vorticity),
            ("relaxation.divergence", self.divergence),
            ("relaxation.geopotential", self.geopotential),
        ];
        for (name, time) in times {
            if let Some(time) = time.filter(|time| !(*time > 0.0 && time.is_finite())) {
                return Err(Error::InvalidConfiguration {
                    name,
                    got: time.to_string(),
                    expected: "a finite time in seconds above 0",
                });
            }
        }
        Ok(())
    }
}

/// The smallest full Gaussian grid on which products of two fields of this truncation do not alias and whose FFT is
/// fast: F*N* with N ≥ (3T + 1)/4 and N a product of powers of 2, 3 and 5 (T42 → F32, T85 → F64, T170 → F128).
pub fn quadratic_grid(truncation: usize) -> Result<Grid> {
    let smallest = (3 * truncation + 1).div_ceil(4).max(1);
    let number =
        (smallest..).find(|&number| is_smooth(number)).expect("powers of two are smooth and unbounded");
    Ok(Grid::full(number)?)
}

/// The smallest octahedral grid that carries this truncation: O*N* with N ≥ (T + 1)/2 (T42 → O22, T85 → O43, T170 → O86).
/// Products alias on it.
pub fn linear_grid(truncation: usize) -> Result<Grid> {
    Ok(Grid::octahedral((truncation + 1).div_ceil(2))?)
}

fn is_smooth(mut number: usize) -> bool {
    for factor in [2, 3, 5] {
        while number.is_multiple_of(factor) {
            number /= factor;
        }
    }
    number == 1
}
