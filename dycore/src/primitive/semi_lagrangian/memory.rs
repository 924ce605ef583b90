//! Memory of the scheme.

use terrella_coupling::communicator::Communicator;
use terrella_coupling::spectral::{Part, Rings};
use terrella_kernels::Real;
use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::semi_lagrangian::Nodes;

use super::rows::Rows;
use super::{SemiLagrangian, TimeStepping};
use crate::Result;
use crate::primitive::checkpoint::own_fields;
use crate::primitive::{Configuration, ReferenceState};
use crate::shallow_water::rounded;

/// The wind and the nonlinear terms N of one time, `[levels, points]` each.
pub(in crate::primitive) struct Moment<R: Real> {
    /// \[m s⁻¹\].
    pub(super) u: Buffer<R>,
    pub(super) v: Buffer<R>,
    /// η̇ \[s⁻¹\].
    pub(super) vertical: Buffer<R>,
    /// N of the wind \[m s⁻²\].
    pub(super) force_u: Buffer<R>,
    pub(super) force_v: Buffer<R>,
    /// N of temperature \[K s⁻¹\].
    pub(super) heating: Buffer<R>,
    /// N of ln p_s + φ_s/(R_d·T̄) \[s⁻¹\].
    pub(super) inflow: Buffer<R>,
}

impl<R: Real> Moment<R> {
    fn zeros(device: Device, length: usize) -> Result<Self> {
        let field = || Buffer::zeros(device, length);
        Ok(Self {
            u: field()?,
            v: field()?,
            vertical: field()?,
            force_u: field()?,
            force_v: field()?,
            heating: field()?,
            inflow: field()?,
        })
    }

    fn all(&self) -> [&Buffer<R>; 7] {
        [&self.u, &self.v, &self.vertical, &self.force_u, &self.force_v, &self.heating, &self.inflow]
    }

    fn all_mut(&mut self) -> [&mut Buffer<R>; 7] {
        [
            &mut self.u,
            &mut self.v,
            &mut self.vertical,
            &mut self.force_u,
            &mut self.force_v,
            &mut self.heating,
            &mut self.inflow,
        ]
    }
}

/// Departure points, `[levels, points]` each.
pub(in crate::primitive) struct Departures<R: Real> {
    /// λ_D − λ_A \[rad\].
    pub(super) longitude: Buffer<R>,
    /// φ_D − φ_A \[rad\].
    pub(super) latitude: Buffer<R>,
    /// η_D.
    pub(super) height: Buffer<R>,
    /// D on the tangent plane at A.
    pub(super) eastward: Buffer<R>,
    pub(super) northward: Buffer<R>,
}

/// Fields that leave the points of the grid, `[levels, points]`.
pub(in crate::primitive) struct Leaving<R: Real> {
    pub(super) u: Buffer<R>,
    pub(super) v: Buffer<R>,
    pub(super) temperature: Buffer<R>,
    pub(super) pressure: Buffer<R>,
}

/// Tracers of the grid, which the model steps forward, and what moving them needs.
pub(in crate::primitive) struct Carried<R: Real> {
    /// `[tracers, levels, points]`.
    pub(in crate::primitive) now: Buffer<R>,
    pub(super) leaving: Buffer<R>,
    pub(super) arriving: Buffer<R>,
    /// Sums over columns \[tracers, points\], rings \[tracers, rings\] and the sphere \[tracers\] of Δp·X and Δp·|X|.
    pub(super) columns: [Buffer<R>; 2],
    pub(super) rings: [Buffer<R>; 2],
    /// The sums over the rings of all ranks, where there are others.
    pub(super) all_rings: Option<[Buffer<R>; 2]>,
    pub(super) before: [Buffer<R>; 2],
    pub(super) after: [Buffer<R>; 2],
}

/// What the scheme needs besides the model's own memory.
pub(in crate::primitive) struct Transport<R: Real> {
    pub(super) settings: SemiLagrangian,
    pub(super) rows: Rows<R>,
    /// η of layers.
    pub(super) heights: Nodes<R>,
    /// Δη, `[levels]`.
    pub(super) eta_thickness: Buffer<R>,
    /// (R·ℓ)_r and (R·α)_r of the reference \[J kg⁻¹ K⁻¹\], `[levels, 2]`.
    pub(super) reference_layers: Buffer<R>,
    /// φ_s \[m² s⁻²\] and its gradient \[m s⁻²\], `[points]`.
    pub(in crate::primitive) ground: Buffer<R>,
    pub(in crate::primitive) ground_eastward: Buffer<R>,
    pub(in crate::primitive) ground_northward: Buffer<R>,
    /// Of t − Δt.
    pub(super) previous: Moment<R>,
    pub(super) present: Moment<R>,
    pub(super) departures: Departures<R>,
    pub(super) leaving: Leaving<R>,
    pub(in crate::primitive) carried: Carried<R>,
    /// ∇q \[m⁻¹\] in a moist model.
    pub(super) humidity_eastward: Buffer<R>,
    pub(super) humidity_northward: Buffer<R>,
    /// ν·D of columns \[s⁻¹\], and what scans hand on at the end, `[points]`.
    pub(super) linear_flux: Buffer<R>,
    pub(super) scratch: [Buffer<R>; 4],
}

impl<R: Real> Transport<R> {
    /// The memory of a model with these settings, or of its part on one of the ranks, if it is semi-Lagrangian.
    pub(in crate::primitive) fn new(
        configuration: &Configuration,
        reference: &ReferenceState,
        communicator: Option<&Communicator>,
        device: Device,
    ) -> Result<Option<Box<Self>>> {
        let TimeStepping::SemiLagrangian(settings) = configuration.time_stepping else { return Ok(None) };
        let points = configuration.points();
        let ring_count = configuration.rings().len();
        let levels = configuration.levels.count();
        let tracers = configuration.tracers();
        let pressure = configuration.reference_surface_pressure;
        let half: Vec<f64> = (configuration.levels.a().iter().zip(configuration.levels.b()))
            .map(|(a, b)| a / pressure + b)
            .collect();
        let middle: Vec<f64> = half.windows(2).map(|pair| 0.5 * (pair[0] + pair[1])).collect();
        let thickness: Vec<f64> = half.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let reference_layers: Vec<f64> = (reference.layers.iter())
            .flat_map(|layer| [layer.logarithm, layer.alpha].map(|value| reference.gas_constant * value))
            .collect();
        let heights = Nodes::new("levels", &middle, middle[0], middle[levels - 1], device)?;
        let field = || Buffer::zeros(device, levels * points);
        let surface = || Buffer::zeros(device, points);
        let tracer = || Buffer::zeros(device, tracers * levels * points);
        let pair = |length: usize| -> Result<[Buffer<R>; 2]> {
            Ok([Buffer::zeros(device, length)?, Buffer::zeros(device, length)?])
        };
        let gradient = if configuration.moist { levels * points } else { 0 };
        Ok(Some(Box::new(Self {
            settings,
            heights,
            eta_thickness: Buffer::from_slice(device, &rounded::<R>(&thickness))?,
            reference_layers: Buffer::from_slice(device, &rounded::<R>(&reference_layers))?,
            ground: surface()?,
            ground_eastward: surface()?,
            ground_northward: surface()?,
            previous: Moment::zeros(device, levels * points)?,
            present: Moment::zeros(device, levels * points)?,
            departures: Departures {
                longitude: field()?,
                latitude: field()?,
                height: field()?,
                eastward: field()?,
                northward: field()?,
            },
            leaving: Leaving { u: field()?, v: field()?, temperature: field()?, pressure: field()? },
            carried: Carried {
                now: tracer()?,
                leaving: tracer()?,
                arriving: tracer()?,
                columns: pair(tracers * points)?,
                rings: pair(tracers * ring_count)?,
                all_rings: match configuration.part {
                    Some(_) => Some(pair(tracers * configuration.grid.rings().len())?),
                    None => None,
                },
                before: pair(tracers)?,
                after: pair(tracers)?,
            },
            humidity_eastward: Buffer::zeros(device, gradient)?,
            humidity_northward: Buffer::zeros(device, gradient)?,
            linear_flux: surface()?,
            scratch: [surface()?, surface()?, surface()?, surface()?],
            rows: Rows::new(configuration, communicator, device)?,
        })))
    }

    /// Forgets t − Δt.
    pub(in crate::primitive) fn forget(&mut self) -> Result<()> {
        for field in self.previous.all_mut() {
            field.fill(R::ZERO)?;
        }
        Ok(())
    }

    /// Rings that the halo of a rank reaches on both sides.
    pub(in crate::primitive) fn halo_depth(&self) -> usize {
        self.rows.depth()
    }

    /// What a restart needs besides the spectra at t, in host memory: the wind u, v, η̇ of t − Δt; N of u and v, of temperature,
    /// and of surface pressure then; tracers on the grid at t: all at own points.
    pub(in crate::primitive) fn remembered(&self) -> Result<[Vec<R>; 5]> {
        let [u, v, vertical, force_u, force_v, heating, inflow] = self.previous.all();
        let joined = |fields: &[&Buffer<R>]| -> Result<Vec<R>> {
            let mut values = Vec::new();
            for field in fields {
                values.extend(field.to_vec()?);
            }
            Ok(values)
        };
        Ok([
            joined(&[u, v, vertical])?,
            joined(&[force_u, force_v])?,
            joined(&[heating])?,
            joined(&[inflow])?,
            joined(&[&self.carried.now])?,
        ])
    }

    /// Names of [`Self::remembered`], with the lengths of whole arrays and of a rank's.
    pub(in crate::primitive) fn remembered_lengths(&self, part: &Part) -> [(&'static str, [usize; 2]); 5] {
        let of = |fields: usize, field: &Buffer<R>| {
            [part.grid().points(), part.points()]
                .map(|points| fields * (field.len() / part.points()) * points)
        };
        [
            ("previous wind", of(3, &self.previous.u)),
            ("previous force", of(2, &self.previous.u)),
            ("previous heating", of(1, &self.previous.u)),
            ("previous inflow", of(1, &self.previous.u)),
            ("tracers on the grid", of(1, &self.carried.now)),
        ]
    }

    /// The inverse of [`Self::remembered`], for arrays of the right lengths; a rank takes its part of whole ones.
    pub(in crate::primitive) fn remember(&mut self, part: &Part, arrays: &[Vec<R>; 5]) -> Result<()> {
        let counts = [3, 2, 1, 1];
        let fields =
            arrays.iter().zip(counts).flat_map(|(array, count)| array.chunks_exact(array.len() / count));
        for (field, values) in self.previous.all_mut().into_iter().zip(fields) {
            field.copy_from_host(&own_fields(part, field, values)?)?;
        }
        let now = &mut self.carried.now;
        now.copy_from_host(&own_fields(part, now, &arrays[4])?)?;
        Ok(())
    }
}
