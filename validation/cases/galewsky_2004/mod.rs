//! Galewsky, Scott & Polvani (2004): An initial-value problem for testing numerical models of the global shallow-water
//! equations, *Tellus A* 56, 429–440, doi:10.3402/tellusa.v56i5.14436.
//!
//! A narrow jet at 45°N in balance, with a small bump of height that makes it roll up into vortices by day 6.

use std::f64::consts::{FRAC_PI_2, FRAC_PI_4, PI};

use terrella_dycore::shallow_water::ShallowWater;
use terrella_dycore::time_stepping::{Diffusion, DiffusionStrength, Filter};
use terrella_io::picture::ColourMap;

use crate::cases::williamson_1992::{DAY, GRAVITY, RADIUS, ROTATION};
use crate::convergence::{Run, integrate, surface_errors, time_step_convergence, vorticity_errors};
use crate::figure::{Map, draw, levels};
use crate::shallow_water::{Budgets, Integration, Scenario, budgets};
use crate::{Case, Measurement, Options, Result};

/// The case.
pub const CASE: Case = Case {
    name: "galewsky",
    title: "Barotropic instability of a jet, 6 days",
    source: "Galewsky et al. (2004), Tellus A 56, 429–440",
    truncations: &[42, 63, 85, 106],
    quick_truncations: &[21, 31],
    run,
};

const SPEED: f64 = 80.0;
const SOUTH: f64 = PI / 7.0;
const NORTH: f64 = FRAC_PI_2 - SOUTH;
const MEAN_DEPTH: f64 = 10_000.0;
/// h₀ that gives it, as other models have it \[m\].
const SOUTHERN_HEIGHT: f64 = 10_158.186_170_454_619;
/// ν of the diffused runs \[m² s⁻¹\].
const VISCOSITY: f64 = 1.0e5;

/// Zonal wind of the jet \[m s⁻¹\].
pub fn jet(latitude: f64) -> f64 {
    if latitude <= SOUTH || latitude >= NORTH {
        return 0.0;
    }
    let normalisation = (-4.0 / (NORTH - SOUTH).powi(2)).exp();
    SPEED / normalisation * (1.0 / ((latitude - SOUTH) * (latitude - NORTH))).exp()
}

/// Height in balance with the jet, tabulated because it is an integral over latitude.
pub struct BalancedHeight {
    /// Height at the pole without the jet, so that the mean depth is 10 km \[m\].
    pub southern_height: f64,
    /// ∫ of the slope from the jet's southern edge to each node \[m\].
    cumulative: Vec<f64>,
}

impl BalancedHeight {
    const INTERVALS: usize = 2_000;

    /// Tabulates.
    #[expect(clippy::new_without_default, reason = "it computes")]
    pub fn new() -> Self {
        let mut cumulative = vec![0.0];
        let mut drop_of_mean = 0.0;
        for interval in 0..Self::INTERVALS {
            let (from, to) = (Self::node(interval), Self::node(interval + 1));
            cumulative.push(cumulative[interval] + simpson(slope, from, to));
            drop_of_mean += simpson(|latitude| 0.5 * slope(latitude) * (1.0 - latitude.sin()), from, to);
        }
        Self { southern_height: MEAN_DEPTH + drop_of_mean, cumulative }
    }

    fn node(index: usize) -> f64 {
        SOUTH + (NORTH - SOUTH) * index as f64 / Self::INTERVALS as f64
    }

    /// Height \[m\] at a latitude.
    pub fn at(&self, latitude: f64) -> f64 {
        let latitude = latitude.clamp(SOUTH, NORTH);
        let index = ((latitude - SOUTH) / (NORTH - SOUTH) * Self::INTERVALS as f64) as usize;
        let index = index.min(Self::INTERVALS);
        self.southern_height - self.cumulative[index] - simpson(slope, Self::node(index), latitude)
    }
}

/// −dh/dφ of gradient-wind balance \[m per radian\].
fn slope(latitude: f64) -> f64 {
    let wind = jet(latitude);
    RADIUS * wind * (2.0 * ROTATION * latitude.sin() + latitude.tan() * wind / RADIUS) / GRAVITY
}

/// ∫ of `function`, Simpson's rule with eight intervals.
fn simpson(function: impl Fn(f64) -> f64, from: f64, to: f64) -> f64 {
    let width = (to - from) / 8.0;
    let value = |index: u32| function(from + width * f64::from(index));
    let odd: f64 = [1, 3, 5, 7].into_iter().map(value).sum();
    let even: f64 = [2, 4, 6].into_iter().map(value).sum();
    width / 3.0 * (value(0) + 4.0 * odd + 2.0 * even + value(8))
}

/// The bump that sets off the instability \[m\].
pub fn bump(longitude: f64, latitude: f64) -> f64 {
    let longitude = if longitude > PI { longitude - 2.0 * PI } else { longitude };
    let (width, breadth) = (1.0 / 3.0, 1.0 / 15.0);
    120.0
        * latitude.cos()
        * (-(longitude / width).powi(2)).exp()
        * (-((FRAC_PI_4 - latitude) / breadth).powi(2)).exp()
}

fn scenario<'a>(surface: &'a dyn Fn(f64, f64) -> f64) -> Scenario<'a> {
    Scenario {
        u: &|_, latitude| jet(latitude),
        v: &|_, _| 0.0,
        surface,
        ground: None,
        coriolis: None,
        mean_depth: MEAN_DEPTH,
    }
}

fn study(
    options: &Options,
    viscosity: Option<f64>,
    surface: &dyn Fn(f64, f64) -> f64,
) -> Result<(Vec<Run>, ShallowWater<f64>)> {
    integrate::<f64>(&scenario(surface), &options.truncations, 6.0 * DAY, |truncation| {
        integration(options, truncation, viscosity)
    })
}

fn integration(options: &Options, truncation: usize, viscosity: Option<f64>) -> Integration {
    Integration {
        truncation,
        time_step: 300.0,
        filter: Filter { strength: 0.02, centring: 0.53 },
        diffusion: viscosity
            .map(|viscosity| Diffusion { order: 1, strength: DiffusionStrength::Coefficient(viscosity) }),
        device: options.device,
    }
}

fn run(options: &Options) -> Result<Vec<Measurement>> {
    let height = BalancedHeight::new();
    let balanced = |_: f64, latitude: f64| height.at(latitude);
    let perturbed = |longitude: f64, latitude: f64| height.at(latitude) + bump(longitude, latitude);
    let mut measurements = vec![
        Measurement::at_most(
            "southern height for a mean depth of 10 km, distance from the value in use [m]",
            "initial state",
            (height.southern_height - SOUTHERN_HEIGHT).abs(),
            1e-6,
            "10158.186170454619 m, the constant that implementations of the case share",
        )
        .published(0.0),
    ];

    for (name, viscosity) in [("ν = 1e5 m²/s", Some(VISCOSITY)), ("no diffusion", None)] {
        let (runs, mut finest) = study(options, viscosity, &perturbed)?;
        measurements.extend(self_convergence(&runs, name, viscosity.is_some())?);
        for run in &runs {
            let limits = match viscosity {
                Some(_) => Budgets {
                    mass: 1e-13,
                    total_energy: 7e-4,
                    potential_enstrophy: 5e-2,
                    basis: "mass: round-off; the published diffusion dissipates 5.84e-4 of the energy and 4.12e-2 of the \
                            potential enstrophy at T85 and T106 alike",
                },
                None => Budgets {
                    mass: 1e-13,
                    total_energy: 1e-5,
                    potential_enstrophy: 5e-4,
                    basis: "mass: round-off; energy and enstrophy: above this model's own drift at T21 (5.0e-6 of the energy)",
                },
            };
            measurements.extend(budgets(
                &format!("T{} f64, {name}", run.truncation),
                &run.start,
                &run.end,
                limits,
            ));
        }
        if let Some(folder) = &options.figures {
            let file = if viscosity.is_some() { "galewsky-day6-diffused" } else { "galewsky-day6-inviscid" };
            let title = format!("Vorticity, day 6, T{}, {name}", finest.configuration().truncation);
            let grid = finest.configuration().grid.clone();
            let vorticity = finest.grid_state()?.vorticity;
            let map = Map {
                title: &title,
                label: "1e-5 s⁻¹",
                factor: 1.0e5,
                levels: levels(-16.0, 16.0, 17),
                colours: ColourMap::Difference,
                latitudes: [10.0, 80.0],
            };
            draw(folder, file, &map, &grid, &vorticity)?;
        }
    }

    measurements.extend(time_step_convergence(
        &scenario(&perturbed),
        &Integration { time_step: 150.0, ..integration(options, options.truncations[0].min(21), Some(VISCOSITY)) },
        6.0 * DAY,
        8e-4,
        "about twice what was measured (4.1e-4 at T21): the bump is not in balance and sends out gravity waves, whose \
         phase is the implicit terms' to lose",
    )?);

    // Without the bump the jet is an exact steady state of the equations: what moves is truncation error.
    let truncation = options.truncations[options.truncations.len() / 2];
    let single = Options { truncations: vec![truncation], ..options.clone() };
    let (runs, _) = study(&single, None, &balanced)?;
    let initial = runs[0].initial_surface.clone();
    measurements.push(Measurement::information(
        "l2 change of height, day 6, without the bump",
        format!("T{truncation} f64, no diffusion"),
        surface_errors(&[(truncation, &runs[0].surface)], &initial, MEAN_DEPTH)?[0].1.root_mean_square,
        "the jet alone is steady; what moves is truncation error and the instability that it feeds",
    ));
    Ok(measurements)
}

fn self_convergence(runs: &[Run], name: &str, diffused: bool) -> Result<Vec<Measurement>> {
    let (reference, coarser) = runs.split_last().expect("a study has runs");
    let surfaces: Vec<_> = coarser.iter().map(|run| (run.truncation, &run.surface)).collect();
    let mut measurements = Vec::new();
    let mut previous = f64::INFINITY;
    for (truncation, norms) in surface_errors(&surfaces, &reference.surface, MEAN_DEPTH)? {
        let setting = format!("T{truncation} against T{} f64, {name}", reference.truncation);
        let error = norms.root_mean_square;
        let gate = diffused && truncation == 85 && reference.truncation == 106;
        measurements.push(if gate {
            Measurement::at_most(
                "l2 difference of height, day 6",
                &setting,
                error,
                6e-5,
                "twice the spread of about 3e-5 between T85 and T106 of other models",
            )
            .published(3e-5)
        } else if previous.is_finite() {
            Measurement::at_most(
                "l2 difference of height, day 6",
                &setting,
                error,
                previous,
                "must be below the next coarser truncation's",
            )
        } else {
            Measurement::information(
                "l2 difference of height, day 6",
                &setting,
                error,
                "start of the convergence",
            )
        });
        previous = error;
    }
    for (run, error) in coarser.iter().zip(vorticity_errors(coarser, reference)?) {
        measurements.push(Measurement::information(
            "l2 difference of vorticity, day 6",
            format!("T{} against T{} f64, {name}", run.truncation, reference.truncation),
            error,
            "for information",
        ));
    }
    Ok(measurements)
}
