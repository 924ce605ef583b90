//! Memory of one step.

use terrella_coupling::spectral::Part;
use terrella_kernels::Real;
use terrella_kernels::device::{Buffer, Device};

use crate::Result;

/// The variables of one time on the grid that column physics reads.
pub(super) struct ColumnFields<R: Real> {
    /// \[m s⁻¹\], `[levels, points]`.
    pub(super) u: Buffer<R>,
    pub(super) v: Buffer<R>,
    /// T − T_r \[K\], `[levels, points]`.
    pub(super) temperature: Buffer<R>,
    /// `[tracers, levels, points]`.
    pub(super) tracers: Buffer<R>,
    /// p_s \[Pa\], `[points]`.
    pub(super) surface_pressure: Buffer<R>,
}

impl<R: Real> ColumnFields<R> {
    pub(super) fn zeros(device: Device, points: usize, levels: usize, tracers: usize) -> Result<Self> {
        let field = || Buffer::zeros(device, levels * points);
        Ok(Self {
            u: field()?,
            v: field()?,
            temperature: field()?,
            tracers: Buffer::zeros(device, tracers * levels * points)?,
            surface_pressure: Buffer::zeros(device, points)?,
        })
    }

    pub(super) fn all(&self) -> [(&'static str, &Buffer<R>); 5] {
        [
            ("u", &self.u),
            ("v", &self.v),
            ("temperature", &self.temperature),
            ("tracers", &self.tracers),
            ("surface_pressure", &self.surface_pressure),
        ]
    }

    pub(super) fn all_mut(&mut self) -> [&mut Buffer<R>; 5] {
        [&mut self.u, &mut self.v, &mut self.temperature, &mut self.tracers, &mut self.surface_pressure]
    }
}

/// Tendencies on the grid: of u and v \[m s⁻²\], T \[K s⁻¹\], and tracers \[s⁻¹\].
#[derive(Debug)]
pub struct Tendencies<R: Real> {
    /// ∂u/∂t, `[levels, points]`.
    pub u: Buffer<R>,
    /// ∂v/∂t, `[levels, points]`.
    pub v: Buffer<R>,
    /// ∂T/∂t, `[levels, points]`.
    pub temperature: Buffer<R>,
    /// ∂X/∂t, `[tracers, levels, points]`.
    pub tracers: Buffer<R>,
}

impl<R: Real> Tendencies<R> {
    pub(super) fn zeros(device: Device, points: usize, levels: usize, tracers: usize) -> Result<Self> {
        let field = || Buffer::zeros(device, levels * points);
        Ok(Self {
            u: field()?,
            v: field()?,
            temperature: field()?,
            tracers: Buffer::zeros(device, tracers * levels * points)?,
        })
    }
}

/// Fields of one step.
pub(super) struct Workspace<R: Real> {
    /// The present state.
    pub(super) columns: ColumnFields<R>,
    pub(super) vorticity: Buffer<R>,
    pub(super) divergence: Buffer<R>,
    /// ∇T \[K m⁻¹\].
    pub(super) temperature_eastward: Buffer<R>,
    pub(super) temperature_northward: Buffer<R>,
    /// ∇X of tracers \[m⁻¹\].
    pub(super) tracers_eastward: Buffer<R>,
    pub(super) tracers_northward: Buffer<R>,
    /// ln(p_s/p_r), e to its power, and its gradient \[m⁻¹\], `[points]`.
    pub(super) log_surface_pressure: Buffer<R>,
    pub(super) relative_pressure: Buffer<R>,
    pub(super) eastward: Buffer<R>,
    pub(super) northward: Buffer<R>,
    /// Sums over rings, mean of p_s/p_r, its initial value, and what ln p_s lacks, `[1]`.
    pub(super) ring_sums: Buffer<R>,
    /// Sums over the rings of all ranks, where there are others.
    pub(super) all_ring_sums: Option<Buffer<R>>,
    pub(super) mean: Buffer<R>,
    pub(super) target: Buffer<R>,
    pub(super) shift: Buffer<R>,
    /// Divergence of the mass flux above layers and of the column, over p_s \[s⁻¹\].
    pub(super) flux_above: Buffer<R>,
    pub(super) flux_total: Buffer<R>,
    /// E + φ′ \[m² s⁻²\].
    pub(super) energy: Buffer<R>,
    /// φ′ at the top \[m² s⁻²\], `[points]`; elsewhere scratch.
    pub(super) top: Buffer<R>,
    pub(super) tendencies: Tendencies<R>,
    /// Spectra of the above.
    pub(super) force_curl: Buffer<R>,
    pub(super) force_divergence: Buffer<R>,
    pub(super) energy_spectrum: Buffer<R>,
    pub(super) temperature_spectrum: Buffer<R>,
    pub(super) tracer_spectrum: Buffer<R>,
    pub(super) flux_spectrum: Buffer<R>,
    /// Right side and solution of the Helmholtz equation.
    pub(super) right_side: Buffer<R>,
    pub(super) departure: Buffer<R>,
}

impl<R: Real> Workspace<R> {
    pub(super) fn new(device: Device, part: &Part, levels: usize, tracers: usize) -> Result<Self> {
        let (points, rows) = (part.points(), 2 * part.coefficients());
        let field = || Buffer::zeros(device, levels * points);
        let tracer = || Buffer::zeros(device, tracers * levels * points);
        let surface = || Buffer::zeros(device, points);
        let one = || Buffer::zeros(device, 1);
        let spectrum = || Buffer::zeros(device, rows * levels);
        Ok(Self {
            columns: ColumnFields::zeros(device, points, levels, tracers)?,
            vorticity: field()?,
            divergence: field()?,
            temperature_eastward: field()?,
            temperature_northward: field()?,
            tracers_eastward: tracer()?,
            tracers_northward: tracer()?,
            log_surface_pressure: surface()?,
            relative_pressure: surface()?,
            eastward: surface()?,
            northward: surface()?,
            ring_sums: Buffer::zeros(device, part.rings().len())?,
            all_ring_sums: match part.is_whole() {
                true => None,
                false => Some(Buffer::zeros(device, part.grid().rings().len())?),
            },
            mean: one()?,
            target: one()?,
            shift: one()?,
            flux_above: field()?,
            flux_total: surface()?,
            energy: field()?,
            top: surface()?,
            tendencies: Tendencies::zeros(device, points, levels, tracers)?,
            force_curl: spectrum()?,
            force_divergence: spectrum()?,
            energy_spectrum: spectrum()?,
            temperature_spectrum: spectrum()?,
            tracer_spectrum: Buffer::zeros(device, rows * levels * tracers)?,
            flux_spectrum: Buffer::zeros(device, rows)?,
            right_side: spectrum()?,
            departure: spectrum()?,
        })
    }
}
