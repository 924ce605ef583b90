//! Runs of the primitive-equation model for a case: analytic states, budgets, distances between runs.

use std::f64::consts::TAU;

use terrella_dycore::primitive::{Configuration, Diagnostics, Primitive};
use terrella_kernels::Real;
use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::grid::Grid;
use terrella_kernels::spectral::{Transform, Truncation};

use crate::fields::on_grid;
use crate::shallow_water::{Function, Spectrum};
use crate::{Measurement, Result};

/// One day \[s\].
pub const DAY: f64 = 86_400.0;

/// The air at a place.
#[derive(Clone, Debug, Default)]
pub struct Air {
    /// Eastward wind \[m s⁻¹\].
    pub u: f64,
    /// Northward wind \[m s⁻¹\].
    pub v: f64,
    /// Temperature \[K\].
    pub temperature: f64,
    /// As many as the model has: specific humidity first in a moist model \[kg kg⁻¹\], then the others.
    pub tracers: Vec<f64>,
}

/// An analytic initial state.
pub struct State<'a> {
    /// φ_s at a longitude and latitude \[radians\], \[m² s⁻²\].
    pub ground: Function<'a>,
    /// p_s there \[Pa\].
    pub surface_pressure: Function<'a>,
    /// The air there and at a pressure \[Pa\].
    pub air: &'a dyn Fn(f64, f64, f64) -> Air,
}

/// Steps in a day: T·Δt is at most that of 1,200 s at T42, which keeps a wind of 120 m/s stable.
pub fn steps_per_day(truncation: usize) -> u64 {
    (DAY * truncation as f64 / 51_000.0).ceil() as u64
}

/// A model in an analytic state.
pub fn start<R: Real>(configuration: Configuration, state: &State, device: Device) -> Result<Primitive<R>> {
    let grid = configuration.grid.clone();
    let (points, levels) = (grid.points(), configuration.levels.count());
    let field = || vec![R::ZERO; levels * points];
    let (mut u, mut v, mut temperature) = (field(), field(), field());
    let mut tracers = vec![R::ZERO; configuration.tracers() * levels * points];
    let surface_pressure = on_grid::<f64>(&grid, state.surface_pressure);
    for ring in grid.rings() {
        for index in 0..ring.points {
            let point = ring.offset + index;
            let longitude = TAU * index as f64 / ring.points as f64;
            let pressures = configuration.levels.full_level_pressure(surface_pressure[point]);
            for (level, &pressure) in pressures.iter().enumerate() {
                let air = (state.air)(longitude, ring.latitude.to_radians(), pressure);
                assert_eq!(air.tracers.len(), configuration.tracers(), "tracers of the state and the model");
                let here = level * points + point;
                u[here] = R::from_f64(air.u);
                v[here] = R::from_f64(air.v);
                temperature[here] = R::from_f64(air.temperature);
                for (tracer, value) in air.tracers.iter().enumerate() {
                    tracers[tracer * levels * points + here] = R::from_f64(*value);
                }
            }
        }
    }
    let surface_pressure: Vec<R> = surface_pressure.into_iter().map(R::from_f64).collect();
    let buffer = |values: &[R]| Buffer::from_slice(device, values);
    let mut model = Primitive::new(configuration, device)?;
    model.set_orography(&buffer(&on_grid(&grid, state.ground))?)?;
    model.set_from_grid(
        &buffer(&u)?,
        &buffer(&v)?,
        &buffer(&temperature)?,
        &buffer(&surface_pressure)?,
        &buffer(&tracers)?,
    )?;
    Ok(model)
}

/// Brings a model to the end of a day.
pub fn run_to_day<R: Real>(model: &mut Primitive<R>, day: u32) -> Result<()> {
    let steps = (f64::from(day) * DAY / model.configuration().time_step).round() as u64;
    while model.step_count() < steps {
        model.step()?;
    }
    Ok(())
}

/// ln(p_s/p_r) of a model's present state.
pub fn log_surface_pressure<R: Real>(model: &Primitive<R>) -> Result<Spectrum> {
    Spectrum::of(model.configuration().truncation, &model.spectral_state().log_surface_pressure)
}

/// Surface pressure \[Pa\] on a grid that carries the spectrum of ln(p_s/p_r); `reference` is p_r.
pub fn surface_pressure(spectrum: &Spectrum, reference: f64, grid: &Grid) -> Result<Vec<f64>> {
    Ok(spectrum.on_grid(grid)?.into_iter().map(|logarithm| reference * logarithm.exp()).collect())
}

/// The spectrum at this truncation of values `[points]`.
pub fn spectrum_of(grid: &Grid, truncation: usize, values: &[f64]) -> Result<Spectrum> {
    let mut transform = Transform::<f64>::new(grid, Truncation::new(truncation), Device::Cpu)?;
    let mut spectrum = Buffer::zeros(Device::Cpu, 2 * Truncation::new(truncation).coefficients())?;
    transform.analysis(1, &Buffer::from_slice(Device::Cpu, values)?, &mut spectrum)?;
    Spectrum::of(truncation, &spectrum)
}

/// Mean over the sphere of values `[points]`.
pub fn mean(grid: &Grid, values: impl IntoIterator<Item = f64>) -> f64 {
    let weights = grid
        .rings()
        .iter()
        .flat_map(|ring| std::iter::repeat_n(ring.weight / ring.points as f64, ring.points));
    let (sum, total) = weights
        .zip(values)
        .fold((0.0, 0.0), |(sum, total), (weight, value)| (sum + weight * value, total + weight));
    sum / total
}

/// Root-mean-square difference over the sphere of values `[points]`.
pub fn distance(grid: &Grid, values: &[f64], reference: &[f64]) -> f64 {
    mean(grid, values.iter().zip(reference).map(|(value, expected)| (value - expected).powi(2))).sqrt()
}

/// Smallest and largest value.
pub fn range(values: &[f64]) -> [f64; 2] {
    values
        .iter()
        .fold([f64::INFINITY, f64::NEG_INFINITY], |range, &value| [range[0].min(value), range[1].max(value)])
}

/// Global mean of a field of column physics, 0 where no scheme has it.
pub fn physics_mean<R: Real>(model: &Primitive<R>, name: &str) -> Result<f64> {
    match model.physics_diagnostic(name) {
        Some(field) => {
            let values = field.values.to_vec()?;
            Ok(mean(&model.configuration().grid, values.iter().map(|value| value.to_f64())))
        }
        None => Ok(0.0),
    }
}

/// Relative changes of mass and total energy, with limits.
pub fn budgets(setting: &str, start: &Diagnostics, end: &Diagnostics, limits: [f64; 2]) -> [Measurement; 2] {
    let change = |before: f64, after: f64| (after / before - 1.0).abs();
    [
        Measurement::at_most(
            "relative change of mass",
            setting,
            change(start.surface_pressure, end.surface_pressure),
            limits[0],
            "held to round-off",
        ),
        Measurement::at_most(
            "relative change of total energy",
            setting,
            change(start.total_energy, end.total_energy),
            limits[1],
            "above this model's own: time filter, diffusion and column physics change it, the vertical scheme does not",
        ),
    ]
}

/// Water over the run \[kg m⁻²\]: rain, evaporation, and what neither explains of the change of vapour.
///
/// Vapour is advected in the form −V·∇q, whose global integral is exact only for exact products, and physics sees the time
/// before last, so that the first and last step of a leapfrog count half.
pub fn water<R: Real>(
    setting: &str,
    model: &Primitive<R>,
    start: &Diagnostics,
    end: &Diagnostics,
    limit: f64,
) -> Result<[Measurement; 4]> {
    let rain = physics_mean(model, "stratiform_precipitation_amount")?;
    let evaporation = physics_mean(model, "accumulated_evapotranspiration")?;
    let residual = end.tracer_mass[0] - start.tracer_mass[0] - (evaporation - rain);
    let of_the_model = "for information";
    Ok([
        Measurement::at_most(
            "no rain [1 if so]",
            setting,
            f64::from(u8::from(rain <= 0.0)),
            0.0,
            "the state is close to saturation and the wave lifts it",
        ),
        Measurement::information("rain, mean over the globe [kg/m²]", setting, rain, of_the_model),
        Measurement::information(
            "evaporation, mean over the globe [kg/m²]",
            setting,
            evaporation,
            of_the_model,
        ),
        Measurement::at_most(
            "water that rain and evaporation do not explain, over the vapour at the start",
            setting,
            (residual / start.tracer_mass[0]).abs(),
            limit,
            "above this model's own: what truncated products and the first leapfrog step leave",
        ),
    ])
}
