//! How far each direction is from what it must be.

use terrella_kernels::Real;
use terrella_kernels::device::Buffer;

use super::case::TransformCase;
use super::direction::{Direction, Operator};
use super::run::run;
use super::spectra::{spectrum, zonal_derivative};
use crate::Result;
use crate::entries::data::scattered;

impl<R: Real> TransformCase<R> {
    /// The error of the last run.
    ///
    /// - Syntheses and analyses: the largest change of a coefficient of order 1 by synthesis and analysis.
    /// - Gradient: as a wind, it has no vorticity and the divergence −n(n+1) f, by analysis; over the largest n(n+1).
    /// - East-west derivatives of winds: against the winds of i m times the coefficients, over cos φ; relative.
    /// - Adjoints: |x·Aᵀy − Ax·y| / (|Ax| |y|).
    pub(super) fn largest_error(&mut self) -> Result<f64> {
        if self.direction.adjoint {
            return self.adjoint_error();
        }
        let analysis = match self.direction.operator {
            Operator::Analysis | Operator::WindAnalysis => return self.coefficient_error(),
            Operator::Gradient => return self.gradient_error(),
            Operator::WindZonalDerivative => return self.derivative_error(),
            Operator::Synthesis => "analysis",
            Operator::WindSynthesis => "wind_analysis",
        };
        let Self { fields, plan, spectra, values, .. } = self;
        run(plan, Direction::named(analysis), *fields, spectra, values)?;
        let error = self.coefficient_error()?;
        self.put_spectra()?;
        Ok(error)
    }

    fn coefficient_error(&self) -> Result<f64> {
        let mut largest = 0.0_f64;
        for which in 0..self.direction.operator.spectra() {
            largest = largest.max(difference(&self.spectra[which].to_vec()?, &self.start(which)));
        }
        Ok(largest)
    }

    fn gradient_error(&mut self) -> Result<f64> {
        let device = self.spectra[0].device();
        let len = self.truncation.spectrum_len(self.fields);
        let mut analysed = [Buffer::zeros(device, len)?, Buffer::zeros(device, len)?];
        let Self { fields, plan, values, .. } = self;
        run(plan, Direction::named("wind_analysis"), *fields, &mut analysed, values)?;
        let mut expected = self.start(0);
        for (m, n) in self.truncation.wavenumbers() {
            let first = self.truncation.index(m, n) * 2 * self.fields;
            let factor = -((n * (n + 1)) as f64);
            for value in &mut expected[first..first + 2 * self.fields] {
                *value = R::from_f64(factor * value.to_f64());
            }
        }
        let [vorticity, divergence] = [analysed[0].to_vec()?, analysed[1].to_vec()?];
        let total = self.truncation.total();
        let largest = difference(&vorticity, &vec![R::ZERO; len]).max(difference(&divergence, &expected));
        Ok(largest / (total * (total + 1)).max(1) as f64)
    }

    fn derivative_error(&mut self) -> Result<f64> {
        let device = self.spectra[0].device();
        let derivative = |which| {
            let mut values = self.start(which);
            zonal_derivative(self.truncation, self.fields, &mut values);
            Buffer::from_slice(device, &values)
        };
        let mut spectra = [derivative(0)?, derivative(1)?];
        let len = self.fields * self.grid.points();
        let mut winds = [Buffer::zeros(device, len)?, Buffer::zeros(device, len)?];
        let Self { fields, plan, .. } = self;
        run(plan, Direction::named("wind_synthesis"), *fields, &mut spectra, &mut winds)?;
        let (mut largest, mut magnitude) = (0.0_f64, 0.0_f64);
        for (winds, values) in winds.iter().zip(&self.values) {
            let mut expected = winds.to_vec()?;
            for field in expected.chunks_mut(self.grid.points()) {
                for ring in self.grid.rings() {
                    for value in &mut field[ring.offset..ring.offset + ring.points] {
                        *value = R::from_f64(value.to_f64() / ring.cosine_latitude);
                    }
                }
            }
            largest = largest.max(difference(&values.to_vec()?, &expected));
            magnitude = expected.iter().fold(magnitude, |largest, value| largest.max(value.to_f64().abs()));
        }
        Ok(largest / magnitude)
    }

    fn adjoint_error(&mut self) -> Result<f64> {
        let operator = self.direction.operator;
        let forward = Direction { adjoint: false, ..self.direction };
        let device = self.spectra[0].device();
        let [spectra, values] =
            [&self.spectra, &self.values].map(|arrays| [arrays[0].len(), arrays[1].len()]);
        // x is of the kind that the adjoint makes.
        let mut x_spectra = [Buffer::zeros(device, spectra[0])?, Buffer::zeros(device, spectra[1])?];
        let mut x_values = [Buffer::zeros(device, values[0])?, Buffer::zeros(device, values[1])?];
        for which in 0..2 {
            let seed = 21 + which as u64;
            if self.direction.to_grid() && which < operator.components() {
                x_values[which].copy_from_host(&scattered::<R>(values[which], -1.0, 1.0, seed))?;
            }
            if !self.direction.to_grid() && which < operator.spectra() {
                let x = spectrum::<R>(self.truncation, self.fields, operator.spectra() == 2, seed);
                x_spectra[which].copy_from_host(&x)?;
            }
        }
        run(&mut self.plan, forward, self.fields, &mut x_spectra, &mut x_values)?;
        let [mut x_adjoint, mut image_y, mut image_image, mut y_y] = [0.0; 4];
        let on_grid = self.values.iter().zip(&x_values).take(operator.components());
        let spectral = self.spectra.iter().zip(&x_spectra).take(operator.spectra());
        for (is_grid, (own, made)) in
            on_grid.map(|pair| (true, pair)).chain(spectral.map(|pair| (false, pair)))
        {
            let (own, made) = (own.to_vec()?, made.to_vec()?);
            if is_grid == self.direction.to_grid() {
                x_adjoint += dot(&made, &own);
            } else {
                image_y += dot(&made, &own);
                image_image += dot(&made, &made);
                y_y += dot(&own, &own);
            }
        }
        let error = (x_adjoint - image_y).abs() / (image_image * y_y).sqrt();
        Ok(if error.is_nan() { f64::INFINITY } else { error })
    }
}

fn dot<R: Real>(left: &[R], right: &[R]) -> f64 {
    left.iter().zip(right).map(|(a, b)| a.to_f64() * b.to_f64()).sum()
}

/// The largest difference; infinite where one is NaN.
fn difference<R: Real>(left: &[R], right: &[R]) -> f64 {
    let differences = left.iter().zip(right).map(|(a, b)| (a.to_f64() - b.to_f64()).abs());
    differences.fold(0.0, |largest, x| if x.is_nan() { f64::INFINITY } else { largest.max(x) })
}
