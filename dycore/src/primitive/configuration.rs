//! Settings of the primitive-equation model, checked before anything is allocated.

use terrella_coupling::spectral::{Part, Rings, StepVolume};
use terrella_kernels::constants;
use terrella_kernels::grid::{Grid, GridKind, Ring};
use terrella_kernels::vertical::HybridLevels;

use super::semi_lagrangian::{SemiLagrangian, TimeStepping, halo_depth};
use crate::shallow_water::{linear_grid, quadratic_grid};
use crate::time_stepping::{Diffusion, DiffusionStrength, Filter};
use crate::{Error, Result};

/// Settings of [`super::Primitive`]. [`Configuration::new`] gives all of them for the Earth; change what you need.
#[derive(Clone, Debug)]
pub struct Configuration {
    /// Triangular truncation T: the largest total wavenumber.
    pub truncation: usize,
    /// Where products are formed. See [`quadratic_grid`](crate::shallow_water::quadratic_grid).
    pub grid: Grid,
    /// What a rank has of the grid, in the configuration of a model that ranks share; none where all of it is here.
    pub part: Option<Part>,
    /// Half levels.
    pub levels: HybridLevels,
    /// Whether the first tracer is specific humidity, which then enters pressure gradient and conversion of energy.
    pub moist: bool,
    /// Number of further tracers.
    pub passive_tracers: usize,
    /// Radius of the sphere \[m\].
    pub radius: f64,
    /// Angular velocity of the sphere \[s⁻¹\].
    pub rotation: f64,
    /// Acceleration of gravity \[m s⁻²\]; the equations hold geopotentials only, diagnostics turn them into heights.
    pub gravity: f64,
    /// R_d of dry air \[J kg⁻¹ K⁻¹\].
    pub gas_constant: f64,
    /// R_v of water vapour \[J kg⁻¹ K⁻¹\].
    pub vapour_gas_constant: f64,
    /// c_pd of dry air \[J kg⁻¹ K⁻¹\].
    pub heat_capacity: f64,
    /// c_pv of water vapour \[J kg⁻¹ K⁻¹\].
    pub vapour_heat_capacity: f64,
    /// T_r \[K\] of the reference state about which gravity waves are treated implicitly. A warm one keeps them stable.
    pub reference_temperature: f64,
    /// p_r \[Pa\] of that state; the model's variable is ln(p_s/p_r).
    pub reference_surface_pressure: f64,
    /// Δt \[s\].
    pub time_step: f64,
    /// β, the weight of the next level in the implicit terms: 0.5 is neutral, up to 1 damps gravity waves.
    pub implicit_weight: f64,
    /// Leapfrog, or semi-Lagrangian.
    pub time_stepping: TimeStepping,
    /// Filter of the leapfrog scheme.
    pub filter: Filter,
    /// Damping of small scales of vorticity, divergence, temperature and tracers, on model levels.
    pub diffusion: Option<Diffusion>,
    /// Damping of small scales of divergence, on top of `diffusion`.
    pub divergence_damping: Option<Diffusion>,
    /// Rayleigh friction below the top.
    pub sponge: Option<Sponge>,
    /// Whether the global mean of surface pressure is held at its initial value, to round-off.
    pub conserve_mass: bool,
    /// Every how many steps the wind is examined for NaN and for `wind_limit`; 0 never.
    pub watch_interval: u32,
    /// Speed \[m s⁻¹\] of a wind component beyond which the run is stopped as unstable.
    pub wind_limit: f64,
}

/// Rayleigh friction on divergence and on the eddies (m > 0) of vorticity near the top; zonal-mean flow is left alone.
///
/// Its rate is (1/`time`)·sin²(π/2·(1 − ln(p/p_1)/ln(`depth`))) from the top layer's pressure p_1 down to `depth`·p_1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sponge {
    /// Damping time at the top layer \[s\].
    pub time: f64,
    /// Ratio of the pressure at which it ends to that of the top layer, above 1.
    pub depth: f64,
}

impl Sponge {
    /// Damping rates \[s⁻¹\] of layers with these pressures \[Pa\], top first.
    pub fn rates(self, pressure: &[f64]) -> Vec<f64> {
        let rate = |pressure_here: &f64| {
            let fraction = 1.0 - (pressure_here / pressure[0]).ln() / self.depth.ln();
            (0.5 * std::f64::consts::PI * fraction.max(0.0)).sin().powi(2) / self.time
        };
        pressure.iter().map(rate).collect()
    }
}

impl Configuration {
    /// Settings for a dry Earth at this truncation: the grid of [`quadratic_grid`](crate::shallow_water::quadratic_grid), a
    /// reference of 300 K and 1,000 hPa, a time step that keeps a wind of 120 m/s stable, ∇⁸ diffusion with an e-folding
    /// time of 2.4 h at the smallest scale, no sponge.
    pub fn new(truncation: usize, levels: HybridLevels) -> Result<Self> {
        Ok(Self {
            truncation,
            grid: quadratic_grid(truncation)?,
            part: None,
            levels,
            moist: false,
            passive_tracers: 0,
            radius: constants::EARTH_RADIUS,
            rotation: constants::EARTH_ROTATION,
            gravity: constants::GRAVITY,
            gas_constant: constants::DRY_AIR_GAS_CONSTANT,
            vapour_gas_constant: constants::WATER_VAPOUR_GAS_CONSTANT,
            heat_capacity: 1004.5,
            vapour_heat_capacity: 1846.0,
            reference_temperature: 300.0,
            reference_surface_pressure: 100_000.0,
            time_step: 51_000.0 / truncation.max(1) as f64,
            implicit_weight: 0.5,
            time_stepping: TimeStepping::Leapfrog,
            filter: Filter::default(),
            diffusion: Some(Diffusion {
                order: 4,
                strength: DiffusionStrength::SmallestScaleTime(2.4 * 3600.0),
            }),
            divergence_damping: None,
            sponge: None,
            conserve_mass: true,
            watch_interval: 12,
            wind_limit: 400.0,
        })
    }

    /// Settings for the semi-Lagrangian scheme with its defaults: the grid of [`linear_grid`](crate::shallow_water::linear_grid),
    /// a reference of 350 K, twelve times the time step of [`Self::new`] but at most an hour, and the rest as there.
    ///
    /// On two time levels the reference must be warmer than the air for gravity waves to be stable (Simmons & Temperton 1997,
    /// *Mon. Wea. Rev.* 125, 600–615).
    pub fn semi_lagrangian(truncation: usize, levels: HybridLevels) -> Result<Self> {
        let eulerian = Self::new(truncation, levels)?;
        Ok(Self {
            grid: linear_grid(truncation)?,
            reference_temperature: 350.0,
            time_step: (12.0 * eulerian.time_step).min(3_600.0),
            time_stepping: TimeStepping::SemiLagrangian(SemiLagrangian::default()),
            ..eulerian
        })
    }

    /// κ = R_d/c_pd.
    pub fn kappa(&self) -> f64 {
        self.gas_constant / self.heat_capacity
    }

    /// Number of points here: of the rank's part, or of the grid.
    pub fn points(&self) -> usize {
        self.part.as_ref().map_or(self.grid.points(), Part::points)
    }

    /// Number of tracers, specific humidity among them.
    pub fn tracers(&self) -> usize {
        usize::from(self.moist) + self.passive_tracers
    }

    /// What ranks that share a model send in a step in which the wind is not examined and the halo stays as deep as it is: `halo_depth` of
    /// the semi-Lagrangian scheme ([`Primitive::halo_depth`](super::Primitive::halo_depth), or [`Self::halo_depth`] of a wind).
    pub fn step_volume(&self, halo_depth: usize) -> StepVolume {
        let (levels, tracers) = (self.levels.count(), self.levels.count() * self.tracers());
        let TimeStepping::SemiLagrangian(settings) = self.time_stepping else {
            // ln p_s; wind, ζ, D, T, ∇T, ∇ln p_s; X, ∇X.
            let mut to_grid = vec![1, 2 * levels, levels, levels, levels, 2 * levels, 2];
            // The wind's force, energy, ∂T/∂t, mass flux; ∂X/∂t.
            let mut to_spectra = vec![2 * levels, levels, levels, 1];
            if tracers > 0 {
                to_grid.extend([tracers, 2 * tracers]);
                to_spectra.push(tracers);
            }
            return StepVolume { to_grid, to_spectra, values_of_rings: 1, ..StepVolume::default() };
        };
        // ln p_s; wind, D, T, ∇T, ∇ln p_s.
        let mut to_grid = vec![1, 2 * levels, levels, levels, 2 * levels, 2];
        // Wind, T, ln p_s.
        let mut to_spectra = vec![2 * levels, levels, 1];
        let mut values_of_rings = 1;
        if self.moist {
            to_grid.push(2 * tracers);
        }
        if tracers > 0 {
            to_spectra.push(tracers);
            if settings.conserve_tracers {
                // ln p_s once more; of each tracer Δp·X and Δp·|X| before and after.
                to_grid.push(1);
                values_of_rings += 1 + 4 * self.tracers();
            }
        }
        // V and η̇ at departure points; wind, T, ln p_s, X.
        let halo_columns = 7 * levels + tracers;
        StepVolume { to_grid, to_spectra, values_of_rings, largest: 2, halo_columns, halo_depth }
    }

    /// How many rings around each own one ranks need where trajectories of the semi-Lagrangian scheme follow a wind of up to `speed` \[m s⁻¹\];
    /// 0 of the leapfrog scheme.
    pub fn halo_depth(&self, speed: f64) -> usize {
        match self.time_stepping {
            TimeStepping::Leapfrog => 0,
            TimeStepping::SemiLagrangian(_) => halo_depth(&self.grid, speed * self.time_step / self.radius),
        }
    }

    /// Refuses, by name, what the model cannot run with. Whether `grid` can carry `truncation` is the transform's to say.
    pub fn validate(&self) -> Result<()> {
        let above_zero = [
            ("radius", self.radius),
            ("gravity", self.gravity),
            ("gas_constant", self.gas_constant),
            ("vapour_gas_constant", self.vapour_gas_constant),
            ("heat_capacity", self.heat_capacity),
            ("vapour_heat_capacity", self.vapour_heat_capacity),
            ("reference_temperature", self.reference_temperature),
            ("time_step", self.time_step),
            ("wind_limit", self.wind_limit),
        ];
        for (name, value) in above_zero {
            if !(value > 0.0 && value.is_finite()) {
                return refuse(name, value, "a finite number above 0");
            }
        }
        if !(20_000.0..=120_000.0).contains(&self.reference_surface_pressure) {
            let expected = "a surface pressure of 20,000 to 120,000 Pa";
            return refuse("reference_surface_pressure", self.reference_surface_pressure, expected);
        }
        if self.gas_constant >= self.heat_capacity {
            return refuse("gas_constant", self.gas_constant, "less than heat_capacity");
        }
        if !self.rotation.is_finite() {
            return refuse("rotation", self.rotation, "a finite number");
        }
        if !(0.5..=1.0).contains(&self.implicit_weight) {
            let expected = "a number from 0.5 (neutral) to 1 (fully implicit)";
            return refuse("implicit_weight", self.implicit_weight, expected);
        }
        if self.grid.kind() == GridKind::HealPix {
            return Err(Error::InvalidConfiguration {
                name: "grid",
                got: self.grid.name().to_owned(),
                expected: "a Gaussian or regular grid: the analysis on HEALPix is not exact",
            });
        }
        if let TimeStepping::SemiLagrangian(settings) = self.time_stepping {
            settings.validate(self.levels.count())?;
        }
        if let Some(sponge) = self.sponge {
            if !(sponge.time > 0.0 && sponge.time.is_finite()) {
                return refuse("sponge.time", sponge.time, "a finite time in seconds above 0");
            }
            if !(sponge.depth > 1.0 && sponge.depth.is_finite()) {
                return refuse("sponge.depth", sponge.depth, "a finite ratio of pressures above 1");
            }
        }
        self.filter.validate()?;
        self.diffusion.map_or(Ok(()), Diffusion::validate)?;
        self.divergence_damping.map_or(Ok(()), Diffusion::validate)
    }
}

/// The rings here: of the rank's part, or of the grid.
impl Rings for Configuration {
    fn rings(&self) -> &[Ring] {
        self.part.as_ref().map_or(self.grid.rings(), Part::rings)
    }
}

fn refuse(name: &'static str, got: f64, expected: &'static str) -> Result<()> {
    Err(Error::InvalidConfiguration { name, got: got.to_string(), expected })
}
