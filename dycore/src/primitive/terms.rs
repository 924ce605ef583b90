//! What is constant in time: geometry, layers, matrices and damping rates, on the device.

use terrella_coupling::spectral::{Part, Rings};
use terrella_kernels::Real;
use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::vertical::LayerTables;

use super::Configuration;
use super::dense::Matrix;
use super::reference::ReferenceState;
use crate::Result;
use crate::shallow_water::rounded;

/// Tables of the spectral step.
pub(super) struct LinearTerms<R: Real> {
    /// n of each coefficient.
    pub(super) degree: Buffer<u32>,
    /// n(n+1)/a² \[m⁻²\], `[coefficients]`.
    pub(super) eigenvalue: Buffer<R>,
    /// φ_s \[m² s⁻²\], `[coefficients, 2]`.
    pub(super) orography: Buffer<R>,
    /// γ transposed.
    pub(super) geopotential_matrix: Buffer<R>,
    /// τ transposed.
    pub(super) conversion_matrix: Buffer<R>,
    /// ν.
    pub(super) mass_weight: Buffer<R>,
    /// R·T_r \[m² s⁻²\], `[levels]`.
    pub(super) pressure_force: Buffer<R>,
    /// Helmholtz inverses of a first step (I = Δt) and of the following ones (2Δt), transposed, `[T+1, levels, levels]`.
    pub(super) inverses: [Buffer<R>; 2],
    /// κ of vorticity, temperature and tracers \[s⁻¹\], `[coefficients]`.
    pub(super) damping: Buffer<R>,
    /// κ of divergence \[s⁻¹\], `[coefficients]`.
    pub(super) divergence_damping: Buffer<R>,
    /// Rates of the sponge \[s⁻¹\], `[levels]`.
    pub(super) sponge: Buffer<R>,
    /// No sponge, `[tracers · levels]`.
    pub(super) no_sponge: Buffer<R>,
    /// In the place of the shift of ln p_s, on ranks that have not its mean, `[1]`.
    pub(super) no_shift: Option<Buffer<R>>,
}

impl<R: Real> LinearTerms<R> {
    pub(super) fn new(
        configuration: &Configuration,
        part: &Part,
        reference: &ReferenceState,
        device: Device,
    ) -> Result<Self> {
        let truncation = configuration.truncation;
        let radius = configuration.radius;
        let levels = configuration.levels.count();
        let coefficients = part.coefficients();
        let on_device = |values: &[f64]| Buffer::from_slice(device, &rounded::<R>(values));

        let degree: Vec<u32> = part.degrees().map(|degree| degree as u32).collect();
        let eigenvalues: Vec<f64> =
            part.degrees().map(|degree| (degree * (degree + 1)) as f64 / (radius * radius)).collect();
        let rates = |diffusion: Option<crate::time_stepping::Diffusion>| -> Vec<f64> {
            part.degrees()
                .map(|degree| diffusion.map_or(0.0, |diffusion| diffusion.rate(degree, truncation, radius)))
                .collect()
        };
        let damping = rates(configuration.diffusion);
        let divergence_damping: Vec<f64> =
            damping.iter().zip(rates(configuration.divergence_damping)).map(|(all, own)| all + own).collect();
        let pressure = configuration.levels.full_level_pressure(reference.surface_pressure);
        let sponge = configuration.sponge.map_or(vec![0.0; levels], |sponge| sponge.rates(&pressure));

        let weight = configuration.implicit_weight * configuration.time_step;
        let inverses = |interval: f64| {
            let matrices = reference.helmholtz_inverses(truncation, radius, interval * weight);
            let values: Vec<f64> = matrices.iter().flat_map(transposed).collect();
            on_device(&values)
        };
        Ok(Self {
            degree: Buffer::from_slice(device, &degree)?,
            eigenvalue: on_device(&eigenvalues)?,
            orography: Buffer::zeros(device, 2 * coefficients)?,
            geopotential_matrix: on_device(&transposed(&reference.geopotential))?,
            conversion_matrix: on_device(&transposed(&reference.conversion))?,
            mass_weight: on_device(&reference.mass_weight)?,
            pressure_force: on_device(&vec![reference.gas_constant * reference.temperature; levels])?,
            inverses: [inverses(1.0)?, inverses(2.0)?],
            damping: on_device(&damping)?,
            divergence_damping: on_device(&divergence_damping)?,
            sponge: on_device(&sponge)?,
            no_sponge: Buffer::zeros(device, configuration.tracers() * levels)?,
            // x + (−0) has the bits of x whatever x is.
            no_shift: match part.zonal_coefficients() {
                0 => Some(on_device(&[-0.0])?),
                _ => None,
            },
        })
    }
}

/// Columns of a matrix one after the other: the rows of results lie side by side, as the kernels' lanes do.
fn transposed(matrix: &Matrix) -> Vec<f64> {
    let size = matrix.size();
    (0..size * size).map(|index| matrix[(index % size, index / size)]).collect()
}

/// Tables of the grid-point dynamics.
pub(super) struct ColumnTerms<R: Real> {
    pub(super) layers: LayerTables<R>,
    /// T_r \[K\], `[levels]`.
    pub(super) reference_temperature: Buffer<R>,
    /// (R·T·ln)_r and (R·T·α)_r \[m² s⁻²\], `[levels]`.
    pub(super) reference_rise: Buffer<R>,
    pub(super) reference_middle: Buffer<R>,
    /// f \[s⁻¹\], `[points]`.
    pub(super) coriolis: Buffer<R>,
    /// First point, number of points and weight per point of rings.
    pub(super) ring_first: Buffer<u32>,
    pub(super) ring_count: Buffer<u32>,
    pub(super) ring_weight: Buffer<R>,
}

impl<R: Real> ColumnTerms<R> {
    pub(super) fn new(
        configuration: &Configuration,
        part: &Part,
        reference: &ReferenceState,
        device: Device,
    ) -> Result<Self> {
        let on_device = |values: &[f64]| Buffer::from_slice(device, &rounded::<R>(values));
        let elasticity = reference.gas_constant * reference.temperature;
        let layers = &reference.layers;
        let rise: Vec<f64> = layers.iter().map(|layer| elasticity * layer.logarithm).collect();
        let middle: Vec<f64> = layers.iter().map(|layer| elasticity * layer.alpha).collect();
        let rings = part.rings();
        let total: f64 = part.grid().rings().iter().map(|ring| ring.weight).sum();
        let coriolis = part.on_points(|ring| 2.0 * configuration.rotation * ring.sine_latitude);
        let first: Vec<u32> = rings.iter().map(|ring| ring.offset as u32).collect();
        let count: Vec<u32> = rings.iter().map(|ring| ring.points as u32).collect();
        let weight: Vec<f64> = rings.iter().map(|ring| ring.weight / (ring.points as f64 * total)).collect();
        Ok(Self {
            layers: LayerTables::new(&configuration.levels, device)?,
            reference_temperature: on_device(&vec![reference.temperature; layers.len()])?,
            reference_rise: on_device(&rise)?,
            reference_middle: on_device(&middle)?,
            coriolis: on_device(&coriolis)?,
            ring_first: Buffer::from_slice(device, &first)?,
            ring_count: Buffer::from_slice(device, &count)?,
            ring_weight: on_device(&weight)?,
        })
    }
}
