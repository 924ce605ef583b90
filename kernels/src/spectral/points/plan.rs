//! The plan of an evaluation at points.

use rayon::prelude::*;

use super::functions::{BLOCK, BlockOfPoints, Lanes, Steps, norms};
use super::sums::{Adjoint, GROUP, Synthesis};
use super::wind;
use crate::constants::EARTH_RADIUS;
use crate::spectral::{Truncation, expect_len, expect_radius};
use crate::{Error, Real, Result};

/// Blocks of points that one task sums, so that coefficients are prepared once for all of them.
const BLOCKS: usize = 32;

/// Evaluation of spectra at a list of points on the CPU, and its adjoint.
///
/// Legendre functions and sums are f64 for f32 fields too. Calls share the plan, run on the calling rayon pool, and give
/// the same bits for any number of threads.
///
/// ```
/// use terrella_kernels::spectral::Truncation;
/// use terrella_kernels::spectral::points::PointEvaluation;
///
/// let truncation = Truncation::new(3);
/// let points = PointEvaluation::new(&[90.0, -30.0], &[0.0, 123.0], truncation)?;
/// let mut spectrum = vec![0.0; truncation.spectrum_len(1)];
/// spectrum[2 * truncation.index(0, 1)] = 1.0; // √3 sin φ
/// let mut values = vec![0.0; 2];
/// points.synthesis(1, &spectrum, &mut values)?;
/// assert!((values[0] - 3f64.sqrt()).abs() < 1e-15 && (values[1] + 0.5 * 3f64.sqrt()).abs() < 1e-15);
/// # Ok::<(), terrella_kernels::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct PointEvaluation {
    truncation: Truncation,
    radius: f64,
    points: usize,
    blocks: Vec<BlockOfPoints>,
    /// P̄_mm / cos^m φ.
    norms: Vec<f64>,
}

/// What is summed with which functions.
#[derive(Clone, Copy)]
enum Quantity {
    /// P̄_nm, n = m ..= T.
    Scalar,
    /// P̄_nm / cos φ, n = m ..= T+1; P̄_n1 for m = 0, n = 1 ..= T.
    Wind,
}

impl PointEvaluation {
    /// A plan for points at these latitudes (−90 to 90) and longitudes [°], on a sphere of [`EARTH_RADIUS`].
    ///
    /// Errors: lists of different lengths, a latitude out of range, a coordinate that is not finite.
    pub fn new(latitudes: &[f64], longitudes: &[f64], truncation: Truncation) -> Result<Self> {
        let points = latitudes.len();
        if longitudes.len() != points {
            return Err(Error::LengthMismatch {
                name: "longitudes",
                expected: points,
                got: longitudes.len(),
            });
        }
        let refuse = |name, values: &[f64], point: usize, expected: &str| {
            let got = format!("{} at point {point}", values[point]);
            Err(Error::InvalidValue { name, got, expected: expected.to_owned() })
        };
        if let Some(point) = latitudes.iter().position(|latitude| !(-90.0..=90.0).contains(latitude)) {
            return refuse("latitudes", latitudes, point, "degrees from -90 to 90");
        }
        if let Some(point) = longitudes.iter().position(|longitude| !longitude.is_finite()) {
            return refuse("longitudes", longitudes, point, "a finite number of degrees");
        }
        let blocks = latitudes.par_chunks(BLOCK).zip(longitudes.par_chunks(BLOCK));
        let blocks = blocks.map(|(latitudes, longitudes)| BlockOfPoints::new(latitudes, longitudes));
        Ok(Self {
            truncation,
            radius: EARTH_RADIUS,
            points,
            blocks: blocks.collect(),
            norms: norms(truncation.total().max(1)),
        })
    }

    /// Sets the radius of the sphere [m] that winds refer to; an error unless it is positive and finite.
    pub fn set_radius(&mut self, radius: f64) -> Result<()> {
        self.radius = expect_radius(radius)?;
        Ok(())
    }

    /// The truncation.
    pub fn truncation(&self) -> Truncation {
        self.truncation
    }

    /// Number of points.
    pub fn points(&self) -> usize {
        self.points
    }

    /// The radius of the sphere [m].
    pub fn radius(&self) -> f64 {
        self.radius
    }

    /// Scalar fields at the points.
    ///
    /// | argument   | shape                    | unit            |
    /// |------------|--------------------------|-----------------|
    /// | `spectrum` | [coefficient][2][fields] | any             |
    /// | `values`   | [fields][point]          | of the spectrum |
    ///
    /// The imaginary parts of m = 0 count as 0. Error: a slice of another length.
    pub fn synthesis<R: Real>(&self, fields: usize, spectrum: &[R], values: &mut [R]) -> Result<()> {
        self.expect_spectrum("spectrum", fields, spectrum)?;
        self.expect_values("values", fields, values)?;
        let fill = |m: usize, coefficients: &mut [[f64; 2]]| {
            let count = self.truncation.total() + 1 - m;
            for (field, row) in coefficients.chunks_exact_mut(count).enumerate() {
                self.read_row(m, fields, field, spectrum, row);
            }
        };
        self.evaluate(Quantity::Scalar, fields, fill, &mut [values]);
        Ok(())
    }

    /// The adjoint of [`PointEvaluation::synthesis`]: its transpose with respect to plain dot products of the arrays; the
    /// imaginary parts of m = 0 are set to 0.
    pub fn synthesis_adjoint<R: Real>(&self, fields: usize, values: &[R], spectrum: &mut [R]) -> Result<()> {
        self.expect_values("values", fields, values)?;
        self.expect_spectrum("spectrum", fields, spectrum)?;
        let store = |m: usize, coefficients: &mut [[f64; 2]], targets: &mut [&mut [R]]| {
            let count = self.truncation.total() + 1 - m;
            for (field, row) in coefficients.chunks_exact_mut(count).enumerate() {
                write_row(m, fields, field, row, targets[0]);
            }
        };
        self.evaluate_adjoint(Quantity::Scalar, fields, &[values], store, &mut [spectrum]);
        Ok(())
    }

    /// Eastward and northward wind at the points.
    ///
    /// | argument                  | shape                    | unit  |
    /// |---------------------------|--------------------------|-------|
    /// | `vorticity`, `divergence` | [coefficient][2][fields] | s⁻¹   |
    /// | `u`, `v`                  | [fields][point]          | m s⁻¹ |
    ///
    /// The (0,0) coefficients and the imaginary parts of m = 0 count as 0. Error: a slice of another length.
    pub fn wind_synthesis<R: Real>(
        &self,
        fields: usize,
        vorticity: &[R],
        divergence: &[R],
        u: &mut [R],
        v: &mut [R],
    ) -> Result<()> {
        self.expect_spectrum("vorticity", fields, vorticity)?;
        self.expect_spectrum("divergence", fields, divergence)?;
        self.expect_values("u", fields, u)?;
        self.expect_values("v", fields, v)?;
        let total = self.truncation.total();
        let fill = |m: usize, coefficients: &mut [[f64; 2]]| {
            let (u, v) = coefficients.split_at_mut(fields * wind::count(m, total));
            let mut sources = [0; 2].map(|_| vec![[0.0; 2]; total + 1 - m]);
            let rows =
                u.chunks_exact_mut(wind::count(m, total)).zip(v.chunks_exact_mut(wind::count(m, total)));
            for (field, (u, v)) in rows.enumerate() {
                self.read_row(m, fields, field, vorticity, &mut sources[0]);
                self.read_row(m, fields, field, divergence, &mut sources[1]);
                wind::from_sources(m, total, self.radius, [&sources[0], &sources[1]], [u, v]);
            }
        };
        self.evaluate(Quantity::Wind, fields, fill, &mut [u, v]);
        Ok(())
    }

    /// The adjoint of [`PointEvaluation::wind_synthesis`]: its transpose with respect to plain dot products of the arrays;
    /// the (0,0) coefficients and the imaginary parts of m = 0 are set to 0.
    pub fn wind_synthesis_adjoint<R: Real>(
        &self,
        fields: usize,
        u: &[R],
        v: &[R],
        vorticity: &mut [R],
        divergence: &mut [R],
    ) -> Result<()> {
        self.expect_values("u", fields, u)?;
        self.expect_values("v", fields, v)?;
        self.expect_spectrum("vorticity", fields, vorticity)?;
        self.expect_spectrum("divergence", fields, divergence)?;
        let total = self.truncation.total();
        let store = |m: usize, coefficients: &mut [[f64; 2]], targets: &mut [&mut [R]]| {
            let count = wind::count(m, total);
            let (u, v) = coefficients.split_at(fields * count);
            let [mut zeta, mut delta] = [0; 2].map(|_| vec![[0.0; 2]; total + 1 - m]);
            for field in 0..fields {
                let row = field * count..(field + 1) * count;
                let sources = [&mut zeta[..], &mut delta[..]];
                wind::to_sources(m, total, self.radius, [&u[row.clone()], &v[row]], sources);
                write_row(m, fields, field, &zeta, targets[0]);
                write_row(m, fields, field, &delta, targets[1]);
            }
        };
        self.evaluate_adjoint(Quantity::Wind, fields, &[u, v], store, &mut [vorticity, divergence]);
        Ok(())
    }

    /// Recurrence, power of cos φ and number of functions of one m.
    fn functions(&self, quantity: Quantity, m: usize) -> (Steps, usize, usize) {
        let total = self.truncation.total();
        match quantity {
            Quantity::Scalar => (Steps::new(m, total, self.norms[m]), m, total + 1 - m),
            Quantity::Wind if m == 0 => (Steps::new(1, total, self.norms[1]), 1, total),
            Quantity::Wind => (Steps::new(m, total + 1, self.norms[m]), m - 1, total + 2 - m),
        }
    }

    /// `fill` writes the coefficients `[quantity][n]` of one m; quantities are all fields of the first output, then of the
    /// second.
    fn evaluate<R: Real>(
        &self,
        quantity: Quantity,
        fields: usize,
        fill: impl Fn(usize, &mut [[f64; 2]]) + Sync,
        outputs: &mut [&mut [R]],
    ) {
        if fields == 0 || self.points == 0 {
            return;
        }
        // Fewer blocks in a task where there are few points; no sum depends on it.
        let tasks = 4 * rayon::current_num_threads();
        let blocks = self.blocks.len().div_ceil(tasks).clamp(1, BLOCKS);
        let mut targets: Vec<Vec<&mut [R]>> = Vec::new();
        targets.resize_with(self.blocks.len().div_ceil(blocks), Vec::new);
        for field in outputs.iter_mut().flat_map(|output| output.chunks_exact_mut(self.points)) {
            for (targets, target) in targets.iter_mut().zip(field.chunks_mut(blocks * BLOCK)) {
                targets.push(target);
            }
        }
        self.blocks.par_chunks(blocks).zip(targets).for_each(|(blocks, mut targets)| {
            let mut values = vec![[0.0; BLOCK]; blocks.len() * targets.len()];
            let mut functions = Vec::new();
            let mut coefficients = Vec::new();
            for m in 0..=self.truncation.total() {
                let (steps, power, count) = self.functions(quantity, m);
                if count == 0 {
                    continue;
                }
                functions.resize(count, [0.0; BLOCK]);
                coefficients.clear();
                coefficients.resize(count * targets.len(), [0.0; 2]);
                fill(m, &mut coefficients);
                for (block, values) in blocks.iter().zip(values.chunks_exact_mut(targets.len())) {
                    pulp::Arch::new().dispatch(Synthesis {
                        block,
                        steps: &steps,
                        m,
                        power,
                        coefficients: &coefficients,
                        functions: &mut functions[..count],
                        values,
                    });
                }
            }
            for (index, values) in values.chunks_exact(targets.len()).enumerate() {
                for (target, lanes) in targets.iter_mut().zip(values) {
                    for (value, lane) in target[index * BLOCK..].iter_mut().zip(lanes) {
                        *value = R::from_f64(*lane);
                    }
                }
            }
        });
    }

    /// `store` writes one m of the spectra from the coefficients `[quantity][n]`.
    fn evaluate_adjoint<R: Real>(
        &self,
        quantity: Quantity,
        fields: usize,
        inputs: &[&[R]],
        store: impl Fn(usize, &mut [[f64; 2]], &mut [&mut [R]]) + Sync,
        spectra: &mut [&mut [R]],
    ) {
        if fields == 0 {
            return;
        }
        let total = self.truncation.total();
        let mut targets: Vec<Vec<&mut [R]>> = Vec::new();
        targets.resize_with(total + 1, Vec::new);
        for spectrum in spectra {
            let mut rest = &mut **spectrum;
            for (m, targets) in targets.iter_mut().enumerate() {
                let (target, behind) = rest.split_at_mut(2 * fields * (total + 1 - m));
                targets.push(target);
                rest = behind;
            }
        }
        // One wavenumber a task: small ones have more to do.
        targets.into_par_iter().enumerate().with_max_len(1).for_each(|(m, mut targets)| {
            let (steps, power, count) = self.functions(quantity, m);
            let mut functions: Vec<Lanes> = vec![[0.0; BLOCK]; count];
            let mut coefficients = vec![[0.0; 2]; count * fields * inputs.len()];
            let mut values: Vec<Lanes> = vec![[0.0; BLOCK]; fields * inputs.len()];
            let grouped = values.len() / GROUP * GROUP;
            let mut groups = vec![[0.0; 2 * GROUP]; count * (grouped / GROUP)];
            for (index, block) in self.blocks.iter().enumerate() {
                if count == 0 {
                    break;
                }
                let sources = inputs.iter().flat_map(|input| input.chunks_exact(self.points));
                for (lanes, source) in values.iter_mut().zip(sources) {
                    let first = index * BLOCK;
                    let last = (first + BLOCK).min(self.points);
                    *lanes = [0.0; BLOCK];
                    for (lane, value) in lanes.iter_mut().zip(&source[first..last]) {
                        *lane = value.to_f64();
                    }
                }
                pulp::Arch::new().dispatch(Adjoint {
                    block,
                    steps: &steps,
                    m,
                    power,
                    values: &values,
                    functions: &mut functions,
                    groups: &mut groups,
                    rest: &mut coefficients[count * grouped..],
                });
            }
            for quantity in 0..grouped {
                let part = 2 * (quantity % GROUP);
                let sums = &groups[quantity / GROUP * count..][..count];
                for (coefficient, sum) in coefficients[quantity * count..].iter_mut().zip(sums) {
                    *coefficient = [sum[part], sum[part + 1]];
                }
            }
            store(m, &mut coefficients, &mut targets);
        });
    }

    /// One field's coefficients of one m.
    fn read_row<R: Real>(&self, m: usize, fields: usize, field: usize, spectrum: &[R], row: &mut [[f64; 2]]) {
        let first = 2 * fields * self.truncation.first_index(m) + field;
        for (j, [re, im]) in row.iter_mut().enumerate() {
            let at = first + 2 * fields * j;
            *re = spectrum[at].to_f64();
            *im = if m == 0 { 0.0 } else { spectrum[at + fields].to_f64() };
        }
    }

    fn expect_spectrum<R: Real>(&self, name: &'static str, fields: usize, spectrum: &[R]) -> Result<()> {
        expect_len(name, self.truncation.spectrum_len(fields), spectrum.len())
    }

    fn expect_values<R: Real>(&self, name: &'static str, fields: usize, values: &[R]) -> Result<()> {
        expect_len(name, fields * self.points, values.len())
    }
}

/// Writes one field's coefficients into the part of a spectrum that belongs to m.
fn write_row<R: Real>(m: usize, fields: usize, field: usize, row: &[[f64; 2]], target: &mut [R]) {
    for (j, [re, im]) in row.iter().enumerate() {
        let at = 2 * fields * j + field;
        target[at] = R::from_f64(*re);
        target[at + fields] = if m == 0 { R::ZERO } else { R::from_f64(*im) };
    }
}
