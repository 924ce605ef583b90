//! Column physics: schemes that are pointwise in the horizontal and add to the tendencies of the dynamics.
//!
//! [`ColumnPhysics`] is what the model calls. Moist processes follow each other inside one of them, [`MoistPhysics`]: each
//! [`ColumnScheme`] changes a state of columns that starts from [`Columns`], and what has become of it over the interval is the
//! tendency that the model sees.

mod boundary_layer;
mod condensation;
mod convection;
mod diagnostics;
mod ground;
mod kernels;
mod radiation;
mod scheme;
mod simple_surface;
mod suite;
mod surface_fluxes;

pub use boundary_layer::{BoundaryLayer, Mixing};
pub use condensation::LargeScaleCondensation;
pub use convection::Convection;
pub use diagnostics::Diagnostic;
pub use ground::Ground;
pub use kernels::{accumulated, suite_tendencies, suite_tracer_tendencies, total_column_water};
pub use radiation::{GreyAtmosphere, GreyRadiation, Sunlight};
pub use scheme::{ColumnScheme, ColumnState, ProvisionalFields};
pub use simple_surface::SimpleSurfaceFluxes;
pub use suite::MoistPhysics;
pub use surface_fluxes::{GroundKind, SurfaceFluxes};

use terrella_kernels::Real;
use terrella_kernels::device::Buffer;
use terrella_kernels::vertical::{HybridLevels, LayerTables};

use super::Tendencies;
use crate::Result;

/// What a scheme sees: columns at the beginning of the interval.
///
/// Fields are those of t − Δt on the grid as they were computed when that was the present (before the time filter moved
/// its spectra), or of t in a first step, so that damping is stable. A scheme returns tendencies that act over `interval`.
/// The semi-Lagrangian scheme has one time level: fields of t, and an interval of Δt.
///
/// | buffer                | shape                     | unit    |
/// |-----------------------|---------------------------|---------|
/// | `u`, `v`              | \[levels, points\]          | m s⁻¹   |
/// | `temperature`         | \[levels, points\], departure from `reference_temperature` | K |
/// | `reference_temperature` | \[levels\]                | K       |
/// | `tracers`             | \[tracers, levels, points\], specific humidity first in a moist model | kg kg⁻¹ |
/// | `surface_pressure`    | \[points\]                  | Pa      |
/// | `geopotential`        | \[levels, points\], above the ground, without the reference's: see below | m² s⁻² |
/// | `reference_geopotential` | \[levels\]               | m² s⁻²  |
///
/// `geopotential` + `reference_geopotential` is the height of layers above the ground times gravity; it is computed where
/// a scheme asks for it, and `None` else. The pressure of layer k is (a_sum\[k\] + b_sum\[k\]·p_s)/2.
pub struct Columns<'a, R: Real> {
    /// Number of points.
    pub points: usize,
    /// The half levels.
    pub levels: &'a HybridLevels,
    /// The layers, on the device.
    pub layers: &'a LayerTables<R>,
    /// I \[s\]: 2Δt, or Δt in a first step and by the semi-Lagrangian scheme.
    pub interval: f64,
    /// Model time t \[s\].
    pub time: f64,
    /// Δt \[s\], by which a step brings the model forward: what fluxes are to be summed with.
    pub time_step: f64,
    /// Eastward wind.
    pub u: &'a Buffer<R>,
    /// Northward wind.
    pub v: &'a Buffer<R>,
    /// T − T_r.
    pub temperature: &'a Buffer<R>,
    /// T_r.
    pub reference_temperature: &'a Buffer<R>,
    /// Specific humidity and other tracers.
    pub tracers: &'a Buffer<R>,
    /// p_s.
    pub surface_pressure: &'a Buffer<R>,
    /// φ′.
    pub geopotential: Option<&'a Buffer<R>>,
    /// The reference's geopotential above the ground.
    pub reference_geopotential: &'a Buffer<R>,
}

/// Which tendencies a scheme adds to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Affects {
    /// u and v.
    pub wind: bool,
    /// T.
    pub temperature: bool,
    /// Specific humidity and other tracers.
    pub tracers: bool,
}

/// A scheme of column physics. Schemes are called in the order in which they were added.
pub trait ColumnPhysics<R: Real>: Send {
    /// Its name, as in an error message.
    fn name(&self) -> &'static str;

    /// What it adds to; of the other tendencies it must leave the output alone.
    fn affects(&self) -> Affects;

    /// Whether it reads `Columns::geopotential`.
    fn needs_geopotential(&self) -> bool {
        false
    }

    /// Writes `before` plus the scheme's own tendencies to `after`, for all that it [affects](Self::affects), without
    /// allocating and without copies to the host.
    fn add_tendencies(
        &mut self,
        columns: &Columns<'_, R>,
        before: &Tendencies<R>,
        after: &mut Tendencies<R>,
    ) -> Result<()>;

    /// Fields that it keeps for whom they interest: fluxes, sums of precipitation.
    fn diagnostics(&self) -> Vec<Diagnostic<'_, R>> {
        Vec::new()
    }

    /// What its next call depends on besides its arguments, by name, such as the temperature of the ground: with
    /// [`memory_mut`](Self::memory_mut), for restarts. Diagnostics that are sums are part of it.
    fn memory(&self) -> Vec<(String, &Buffer<R>)> {
        Vec::new()
    }

    /// The fields of [`memory`](Self::memory), in the same order.
    fn memory_mut(&mut self) -> Vec<&mut Buffer<R>> {
        Vec::new()
    }
}
