//! The transform on a GPU: kernels one after another, everything on the device.
//!
//! The Legendre functions are a table of (T+2)(T+3)/2 × pairs values there; Fourier sums are added up term by term. What
//! the table weighs is the limit: T170 15 MB, T255 35 MB, T639 0.5 GB, T1279 4.2 GB in f64.

use super::Truncation;
use super::device_kernels::{
    fourier_analysis, fourier_synthesis, legendre_analysis, legendre_synthesis, vorticity_divergence,
    wind_coefficients,
};
use super::fourier::POLE_COSINE;
use super::lanes::Lane;
use super::latitudes::Legendre;
use super::recurrence::epsilon;
use super::resampling::Resampling;
use crate::device::{Buffer, Device};
use crate::grid::{Grid, Ring};
use crate::{Error, Real, Result};

/// Tables and workspace on one device.
pub(super) struct DeviceTransform<R: Real> {
    device: Device,
    truncation: Truncation,
    rings: u32,
    pairs: u32,
    points: u32,
    table: Buffer<R>,
    ring_of_point: Buffer<u32>,
    /// [ring][5], see [`fourier_synthesis`].
    ring_table: Buffer<u32>,
    first_root: Buffer<u32>,
    roots: Buffer<R>,
    /// Factors of Fourier coefficients [ring][2].
    synthesis_factor: Components<Buffer<R>>,
    analysis_factor: Components<Buffer<R>>,
    /// m of each coefficient of the triangles of T and T+1.
    wavenumber_of: [Buffer<u32>; 2],
    /// Factors of degrees n, n−1, n+1 in the wind, on the triangle of T+1.
    wind_factors: [Buffer<R>; 3],
    /// Factors of degrees n−1, n+1 in vorticity and divergence, on the triangle of T.
    source_factors: [Buffer<R>; 2],
    workspaces: Vec<Workspace<R>>,
}

/// One for scalars, one for wind components.
struct Components<T> {
    scalar: T,
    wind: T,
}

/// Buffers that depend on the number of fields.
struct Workspace<R: Real> {
    fields: usize,
    /// North re, north im, south re, south im, [wavenumber][field][pair].
    waves: [Buffer<R>; 4],
    /// re, im, [field][ring][wavenumber].
    lines: [Buffer<R>; 2],
    /// Coefficients of both wind components, [coefficient up to T+1][2][field].
    wind: [Buffer<R>; 2],
}

impl<R: Real> DeviceTransform<R> {
    pub(super) fn new(grid: &Grid, truncation: Truncation, device: Device) -> Result<Self> {
        let total = truncation.total();
        if Resampling::is_needed(grid, total) {
            let largest = (grid.rings().len() - 1) / 2;
            let reason =
                format!("on device '{device}' only the quadrature of its {} rings", grid.rings().len());
            let grid = grid.name().to_owned();
            return Err(Error::ImpossibleTruncation { truncation: total, grid, reason, largest });
        }
        let rings = grid.rings();
        let pairs = rings.len().div_ceil(2);
        let above = Truncation::new(total + 1);
        let values = above.coefficients() * pairs;
        // Kernels index with 32 bits.
        if u32::try_from(values).is_err() {
            let (requested, limit) =
                ((values * size_of::<R>()) as u64, u64::from(u32::MAX) * size_of::<R>() as u64);
            return Err(Error::BufferTooLarge { device, requested, limit });
        }
        let upload = |values: &[f64]| {
            let values: Vec<R> = values.iter().map(|&value| R::from_f64(value)).collect();
            Buffer::from_slice(device, &values)
        };
        let carried = |ring: usize| total.min((rings[ring].points - 1) / 2) + 1;
        // The whole table first, so that what does not fit is known before anything is computed; the row of m = T+1 stays 0.
        let mut table = Buffer::<R>::zeros(device, values)?;
        let legendre = Legendre::of_grid(grid, total, f64::MATTERS, carried);
        for m in 0..=total {
            let functions: Vec<R> = legendre.functions(m, pairs).into_iter().map(R::from_f64).collect();
            table.copy_range_from_host(above.first_index(m) * pairs, &functions)?;
        }

        let mut ring_table = Vec::new();
        let mut ring_of_point = Vec::new();
        let mut first_root = Vec::new();
        let mut roots = Vec::new();
        let mut root_of_length = std::collections::HashMap::new();
        for (index, ring) in rings.iter().enumerate() {
            let southern = index >= pairs;
            let pair = if southern { rings.len() - 1 - index } else { index };
            let entry = [pair, usize::from(southern), carried(index), ring.points, ring.offset];
            ring_table.extend(entry.map(|value| value as u32));
            ring_of_point.extend(std::iter::repeat_n(index as u32, ring.points));
            let first = *root_of_length.entry(ring.points).or_insert_with(|| {
                let first = roots.len() / 2;
                for j in 0..ring.points {
                    let (sine, cosine) = (std::f64::consts::TAU * j as f64 / ring.points as f64).sin_cos();
                    roots.extend([cosine, sine]);
                }
                first as u32
            });
            first_root.push(first);
        }
        let factors =
            |factor: &dyn Fn(&Ring) -> [f64; 2]| upload(&rings.iter().flat_map(factor).collect::<Vec<_>>());
        let weight = |ring: &Ring| ring.weight / ring.points as f64;
        let synthesis_factor =
            Components { scalar: factors(&|_| [1.0; 2])?, wind: factors(&inverse_cosine)? };
        let analysis_factor = Components {
            scalar: factors(&|ring| [weight(ring); 2])?,
            wind: factors(&|ring| inverse_cosine(ring).map(|factor| weight(ring) * factor))?,
        };
        let wavenumber_of = |truncation: Truncation| {
            let wavenumbers: Vec<u32> = truncation.wavenumbers().map(|(m, _)| m as u32).collect();
            Buffer::from_slice(device, &wavenumbers)
        };
        let epsilon = |m: usize, n: usize| if n == 0 { 0.0 } else { epsilon(m, n) };
        let table_of = |truncation: Truncation, factor: &dyn Fn(usize, usize) -> f64| {
            upload(&truncation.wavenumbers().map(|(m, n)| factor(m, n)).collect::<Vec<_>>())
        };
        // ψ_n = −ζ_n/(n(n+1)) inserted into the relations of the wind.
        let wind_factors = [
            table_of(above, &|m, n| if n == 0 { 0.0 } else { -(m as f64) / (n * (n + 1)) as f64 })?,
            table_of(above, &|m, n| if n <= 1 { 0.0 } else { -epsilon(m, n) / n as f64 })?,
            table_of(above, &|m, n| epsilon(m, n + 1) / (n + 1) as f64)?,
        ];
        let source_factors = [
            table_of(truncation, &|m, n| (n + 1) as f64 * epsilon(m, n))?,
            table_of(truncation, &|m, n| -(n as f64) * epsilon(m, n + 1))?,
        ];
        Ok(Self {
            device,
            truncation,
            rings: rings.len() as u32,
            pairs: pairs as u32,
            points: grid.points() as u32,
            table,
            ring_of_point: Buffer::from_slice(device, &ring_of_point)?,
            ring_table: Buffer::from_slice(device, &ring_table)?,
            first_root: Buffer::from_slice(device, &first_root)?,
            roots: upload(&roots)?,
            synthesis_factor,
            analysis_factor,
            wavenumber_of: [wavenumber_of(truncation)?, wavenumber_of(above)?],
            wind_factors,
            source_factors,
            workspaces: Vec::new(),
        })
    }

    pub(super) fn synthesis(
        &mut self,
        fields: usize,
        spectrum: &Buffer<R>,
        grid: &mut Buffer<R>,
    ) -> Result<()> {
        let mut workspace = self.take_workspace(fields)?;
        let Workspace { waves, .. } = &mut workspace;
        self.waves_from_spectrum(fields, self.truncation, spectrum, waves)?;
        self.grid_from_waves(fields, &self.synthesis_factor.scalar, waves, grid)?;
        self.workspaces.push(workspace);
        Ok(())
    }

    pub(super) fn analysis(
        &mut self,
        fields: usize,
        grid: &Buffer<R>,
        spectrum: &mut Buffer<R>,
    ) -> Result<()> {
        let mut workspace = self.take_workspace(fields)?;
        let Workspace { lines, .. } = &mut workspace;
        self.lines_from_grid(fields, &self.analysis_factor.scalar, grid, lines)?;
        self.spectrum_from_lines(fields, self.truncation, lines, spectrum)?;
        self.workspaces.push(workspace);
        Ok(())
    }

    pub(super) fn wind_synthesis(
        &mut self,
        fields: usize,
        radius: f64,
        [vorticity, divergence]: [&Buffer<R>; 2],
        winds: [&mut Buffer<R>; 2],
    ) -> Result<()> {
        let mut workspace = self.take_workspace(fields)?;
        let Workspace { waves, wind: [eastward, northward], .. } = &mut workspace;
        let [zonal, below, above] = &self.wind_factors;
        wind_coefficients::launch(
            [self.above().coefficients() as u32, 2, fields as u32],
            fields as u32,
            self.truncation.total() as u32,
            R::from_f64(radius),
            &self.wavenumber_of[1],
            zonal,
            below,
            above,
            vorticity,
            divergence,
            eastward,
            northward,
        )?;
        for (spectrum, grid) in [&*eastward, &*northward].into_iter().zip(winds) {
            self.waves_from_spectrum(fields, self.above(), spectrum, waves)?;
            self.grid_from_waves(fields, &self.synthesis_factor.wind, waves, grid)?;
        }
        self.workspaces.push(workspace);
        Ok(())
    }

    pub(super) fn wind_analysis(
        &mut self,
        fields: usize,
        radius: f64,
        winds: [&Buffer<R>; 2],
        [vorticity, divergence]: [&mut Buffer<R>; 2],
    ) -> Result<()> {
        let mut workspace = self.take_workspace(fields)?;
        let Workspace { lines, wind: [eastward, northward], .. } = &mut workspace;
        for (grid, spectrum) in winds.into_iter().zip([&mut *eastward, &mut *northward]) {
            self.lines_from_grid(fields, &self.analysis_factor.wind, grid, lines)?;
            self.spectrum_from_lines(fields, self.above(), lines, spectrum)?;
        }
        let [below, above] = &self.source_factors;
        vorticity_divergence::launch(
            [self.truncation.coefficients() as u32, 2, fields as u32],
            fields as u32,
            self.truncation.total() as u32,
            R::from_f64(radius),
            &self.wavenumber_of[0],
            below,
            above,
            eastward,
            northward,
            vorticity,
            divergence,
        )?;
        self.workspaces.push(workspace);
        Ok(())
    }

    /// The triangle of T+1.
    fn above(&self) -> Truncation {
        Truncation::new(self.truncation.total() + 1)
    }

    fn waves_from_spectrum(
        &self,
        fields: usize,
        triangle: Truncation,
        spectrum: &Buffer<R>,
        [north_re, north_im, south_re, south_im]: &mut [Buffer<R>; 4],
    ) -> Result<()> {
        legendre_synthesis::launch(
            [self.truncation.total() as u32 + 1, fields as u32, self.pairs],
            fields as u32,
            self.pairs,
            triangle.total() as u32,
            self.truncation.total() as u32 + 1,
            &self.table,
            spectrum,
            north_re,
            north_im,
            south_re,
            south_im,
        )
    }

    fn grid_from_waves(
        &self,
        fields: usize,
        factor: &Buffer<R>,
        [north_re, north_im, south_re, south_im]: &[Buffer<R>; 4],
        grid: &mut Buffer<R>,
    ) -> Result<()> {
        fourier_synthesis::launch(
            [fields as u32, self.points],
            fields as u32,
            self.pairs,
            &self.ring_of_point,
            &self.ring_table,
            &self.first_root,
            &self.roots,
            factor,
            north_re,
            north_im,
            south_re,
            south_im,
            grid,
        )
    }

    fn lines_from_grid(
        &self,
        fields: usize,
        factor: &Buffer<R>,
        grid: &Buffer<R>,
        [re, im]: &mut [Buffer<R>; 2],
    ) -> Result<()> {
        fourier_analysis::launch(
            [fields as u32, self.rings, self.truncation.total() as u32 + 1],
            self.points,
            &self.ring_table,
            &self.first_root,
            &self.roots,
            factor,
            grid,
            re,
            im,
        )
    }

    fn spectrum_from_lines(
        &self,
        fields: usize,
        triangle: Truncation,
        [re, im]: &[Buffer<R>; 2],
        spectrum: &mut Buffer<R>,
    ) -> Result<()> {
        legendre_analysis::launch(
            [triangle.coefficients() as u32, 2, fields as u32],
            self.pairs,
            self.rings,
            self.truncation.total() as u32 + 1,
            triangle.total() as u32,
            self.truncation.total() as u32 + 1,
            &self.wavenumber_of[triangle.total() - self.truncation.total()],
            &self.table,
            re,
            im,
            spectrum,
        )
    }

    /// The workspace for a number of fields, made at the first call with it. Callers put it back when they are done.
    fn take_workspace(&mut self, fields: usize) -> Result<Workspace<R>> {
        if let Some(at) = self.workspaces.iter().position(|workspace| workspace.fields == fields) {
            return Ok(self.workspaces.swap_remove(at));
        }
        let wavenumbers = self.truncation.total() + 1;
        let zeros = |len: usize| Buffer::zeros(self.device, len);
        let waves = wavenumbers * fields * self.pairs as usize;
        let lines = wavenumbers * fields * self.rings as usize;
        let wind = self.above().spectrum_len(fields);
        Ok(Workspace {
            fields,
            waves: [zeros(waves)?, zeros(waves)?, zeros(waves)?, zeros(waves)?],
            lines: [zeros(lines)?, zeros(lines)?],
            wind: [zeros(wind)?, zeros(wind)?],
        })
    }
}

/// 1/cos φ at m = 0 and m > 0, as in the transform on the CPU.
fn inverse_cosine(ring: &Ring) -> [f64; 2] {
    if ring.cosine_latitude == 0.0 { [0.0, 1.0 / POLE_COSINE] } else { [1.0 / ring.cosine_latitude; 2] }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spectral::HostTransform;

    /// The kernels run on the CPU as well: there they must agree with the engine of the CPU.
    #[test]
    fn kernels_agree_with_the_engine_of_the_cpu() {
        for (name, total) in [("F32", 63), ("O32", 42), ("r64x63", 31), ("r65x64", 31)] {
            let grid: Grid = name.parse().unwrap();
            let truncation = Truncation::new(total);
            let fields = 2;
            let mut kernels = DeviceTransform::<f64>::new(&grid, truncation, Device::Cpu).unwrap();
            let mut engine = HostTransform::new(&grid, truncation).unwrap();
            engine.set_radius(3.0).unwrap();
            let [first, second] = [1, 2].map(|seed| {
                let wave = |i: usize| ((i * (2 * seed + 5)) as f64).sin();
                let values: Vec<f64> = (0..truncation.spectrum_len(fields)).map(wave).collect();
                Buffer::from_slice(Device::Cpu, &values).unwrap()
            });
            let zeros = |len: usize| Buffer::<f64>::zeros(Device::Cpu, len).unwrap();
            let points = fields * grid.points();
            let close = |what: &str, a: &Buffer<f64>, b: &Buffer<f64>| {
                let (a, b) = (a.cpu_slice().unwrap(), b.cpu_slice().unwrap());
                let norm = a.iter().map(|value| value * value).sum::<f64>().sqrt();
                let difference = a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
                assert!(norm > 0.0 && difference < 1e-13 * norm, "{name} {what}: {:e}", difference / norm);
            };

            let (mut values, mut expected) = (zeros(points), zeros(points));
            kernels.synthesis(fields, &first, &mut values).unwrap();
            engine.synthesis(fields, first.cpu_slice().unwrap(), expected.cpu_slice_mut().unwrap()).unwrap();
            close("synthesis", &expected, &values);

            let (mut spectrum, mut expected) = (zeros(first.len()), zeros(first.len()));
            kernels.analysis(fields, &values, &mut spectrum).unwrap();
            engine.analysis(fields, values.cpu_slice().unwrap(), expected.cpu_slice_mut().unwrap()).unwrap();
            close("analysis", &expected, &spectrum);

            let ([mut u, mut v], [mut eastward, mut northward]) =
                ([0; 2].map(|_| zeros(points)), [0; 2].map(|_| zeros(points)));
            kernels.wind_synthesis(fields, 3.0, [&first, &second], [&mut u, &mut v]).unwrap();
            let (zeta, delta) = (first.cpu_slice().unwrap(), second.cpu_slice().unwrap());
            let (to_u, to_v) = (eastward.cpu_slice_mut().unwrap(), northward.cpu_slice_mut().unwrap());
            engine.wind_synthesis(fields, zeta, delta, to_u, to_v).unwrap();
            close("u", &eastward, &u);
            close("v", &northward, &v);

            let ([mut zeta, mut delta], [mut vorticity, mut divergence]) =
                ([0; 2].map(|_| zeros(first.len())), [0; 2].map(|_| zeros(first.len())));
            kernels.wind_analysis(fields, 3.0, [&u, &v], [&mut zeta, &mut delta]).unwrap();
            let (to_zeta, to_delta) =
                (vorticity.cpu_slice_mut().unwrap(), divergence.cpu_slice_mut().unwrap());
            engine
                .wind_analysis(fields, u.cpu_slice().unwrap(), v.cpu_slice().unwrap(), to_zeta, to_delta)
                .unwrap();
            close("vorticity", &vorticity, &zeta);
            close("divergence", &divergence, &delta);
        }
    }
}
