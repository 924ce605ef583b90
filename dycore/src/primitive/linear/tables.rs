//! What is constant in time and only the linear model needs.

use terrella_kernels::Real;
use terrella_kernels::device::{Buffer, Device};

use super::super::reference::ReferenceState;
use super::super::{Configuration, Matrix};
use crate::Result;
use crate::shallow_water::rounded;

/// Matrices whose columns lie side by side, as the kernels of the transposed step read them, and weights of sums.
pub(super) struct Tables<R: Real> {
    /// γ and τ.
    pub(super) geopotential_matrix: Buffer<R>,
    pub(super) conversion_matrix: Buffer<R>,
    /// Helmholtz inverses of a first step and of the following ones, `[T+1, levels, levels]`.
    pub(super) inverses: [Buffer<R>; 2],
    /// Zeros: no damping, no sponge, `[coefficients]` and at least `[levels]`.
    pub(super) none: Buffer<R>,
    /// Zeros in the place of the ground's spectrum, `[coefficients, 2]`.
    pub(super) plain: Buffer<R>,
    /// Share of the sphere that a point stands for, `[points]`.
    pub(super) point_weight: Buffer<R>,
    /// One for each ring.
    pub(super) ring_one: Buffer<R>,
}

impl<R: Real> Tables<R> {
    pub(super) fn new(
        configuration: &Configuration,
        reference: &ReferenceState,
        device: Device,
    ) -> Result<Self> {
        let on_device = |values: &[f64]| Buffer::from_slice(device, &rounded::<R>(values));
        let elements = |matrix: &Matrix| -> Vec<f64> {
            let size = matrix.size();
            (0..size * size).map(|index| matrix[(index / size, index % size)]).collect()
        };
        let weight = configuration.implicit_weight * configuration.time_step;
        let inverses = |interval: f64| {
            let matrices = reference.helmholtz_inverses(
                configuration.truncation,
                configuration.radius,
                interval * weight,
            );
            on_device(&matrices.iter().flat_map(elements).collect::<Vec<f64>>())
        };
        let rings = configuration.grid.rings();
        let total: f64 = rings.iter().map(|ring| ring.weight).sum();
        let point_weight: Vec<f64> = rings
            .iter()
            .flat_map(|ring| std::iter::repeat_n(ring.weight / (ring.points as f64 * total), ring.points))
            .collect();
        let coefficients = (configuration.truncation + 1) * (configuration.truncation + 2) / 2;
        Ok(Self {
            geopotential_matrix: on_device(&elements(&reference.geopotential))?,
            conversion_matrix: on_device(&elements(&reference.conversion))?,
            inverses: [inverses(1.0)?, inverses(2.0)?],
            none: Buffer::zeros(device, coefficients.max(configuration.levels.count()))?,
            plain: Buffer::zeros(device, 2 * coefficients)?,
            point_weight: on_device(&point_weight)?,
            ring_one: on_device(&vec![1.0; rings.len()])?,
        })
    }
}
