//! Operators in spectral space, in front of the scalar transform and behind its transpose.
//!
//! With ε_n = √((n²−m²)/(4n²−1)) and (1−μ²) dP̄_n/dμ = (n+1) ε_n P̄_{n−1} − n ε_{n+1} P̄_{n+1} the derivatives of
//! f = Σ f_n P̄_n e^{imλ} have, for n = m ..= T+1, the coefficients
//!
//! cos φ ∂f/∂φ: (H f)_n = (n+2) ε_{n+1} f_{n+1} − (n−1) ε_n f_{n−1},  ∂f/∂λ: i m f_n,
//!
//! so that everything that is made of first derivatives is, component by component, z·i m x + h·H y of two inputs x and y
//! times a function of n, divided by a power of cos φ on the grid:
//!
//! - wind, with ψ = ∇⁻²ζ and χ = ∇⁻²δ: a u cos φ = i m χ − H ψ, a v cos φ = i m ψ + H χ (Temperton 1991, QJRMS 117, eq. 7–8,
//!   in this normalisation);
//! - gradient: a cos φ (∇f)_λ = i m f, a cos φ (∇f)_φ = H f;
//! - ∂u/∂λ and ∂v/∂λ: once more i m.
//!
//! The transpose, (Hᵀ y)_n = (n+1) ε_n y_{n−1} − n ε_{n+1} y_{n+1} and −i m, is at the same time integration by parts: with
//! the coefficients Ũ and Ṽ of u/cos φ and v/cos φ it yields −a ζ and −a δ.

use std::ops::Range;

use super::lanes::Lane;
use super::operation::Form;
use crate::Real;

/// One component on the grid: z·i m x of one input, h·H y of one.
struct Component {
    zonal: (usize, f64),
    gradient: (usize, f64),
}

impl Form {
    /// By component of the grid fields.
    fn derivatives(self) -> [Component; 2] {
        match self {
            Self::Scalar | Self::Gradient => [
                Component { zonal: (0, 1.0), gradient: (0, 0.0) },
                Component { zonal: (0, 0.0), gradient: (0, 1.0) },
            ],
            Self::Wind | Self::WindZonalDerivative => [
                Component { zonal: (1, 1.0), gradient: (0, -1.0) },
                Component { zonal: (0, 1.0), gradient: (1, 1.0) },
            ],
        }
    }
}

/// An operator for one wavenumber.
pub(super) struct FormAt<'a> {
    pub(super) form: Form,
    pub(super) m: usize,
    /// T.
    pub(super) total: usize,
    /// ε_{m+j}.
    pub(super) epsilon: &'a [f64],
    /// 1/(n(n+1)) by n, 0 at n = 0.
    pub(super) inverse_laplacian: &'a [f64],
    /// a⁻¹ [m⁻¹], except in [`Form::Wind`], where −a turns ζ and δ into ψ/a and χ/a; −a⁻¹ behind the quadrature of a wind.
    pub(super) scale: f64,
    /// Whether 1/(n(n+1)) is applied.
    pub(super) inverts_laplacian: bool,
}

impl FormAt<'_> {
    fn scale(&self, n: usize) -> f64 {
        if self.inverts_laplacian { self.scale * self.inverse_laplacian[n] } else { self.scale }
    }

    /// Rows `[n − m][2][component][field]`, n = m ..= T or T+1, from spectra `[n − m][2][fields]` of one wavenumber.
    ///
    /// `inputs` is workspace: the scaled spectra between rows of zeros.
    pub(super) fn apply<R: Real, W: Lane>(
        &self,
        spectra: [&[R]; 2],
        fields: usize,
        portion: Range<usize>,
        inputs: &mut [Vec<W>; 2],
        rows: &mut [W],
    ) {
        // A single field is worth loops without loops in them.
        match portion.len() {
            1 => self.apply_to(spectra, fields, portion, 1, inputs, rows),
            width => self.apply_to(spectra, fields, portion, width, inputs, rows),
        }
    }

    #[inline(always)]
    fn apply_to<R: Real, W: Lane>(
        &self,
        spectra: [&[R]; 2],
        fields: usize,
        portion: Range<usize>,
        width: usize,
        inputs: &mut [Vec<W>; 2],
        rows: &mut [W],
    ) {
        let m = self.m;
        let degrees = self.total - m + 1;
        if self.form == Form::Scalar {
            let parts = rows.chunks_exact_mut(width).zip(spectra[0].chunks_exact(fields));
            for (target, source) in parts {
                for (target, value) in target.iter_mut().zip(&source[portion.start..][..width]) {
                    *target = W::of(value.to_f64());
                }
            }
            return;
        }
        for (input, spectrum) in inputs.iter_mut().zip(spectra).take(self.form.spectra()) {
            let (below, rest) = input[..(degrees + 3) * 2 * width].split_at_mut(2 * width);
            let (values, above) = rest.split_at_mut(degrees * 2 * width);
            below.fill(W::ZERO);
            above.fill(W::ZERO);
            for (j, (target, source)) in
                values.chunks_exact_mut(2 * width).zip(spectrum.chunks_exact(2 * fields)).enumerate()
            {
                let scale = W::of(self.scale(m + j));
                let (re, im) = target.split_at_mut(width);
                for (target, value) in re.iter_mut().zip(&source[portion.start..][..width]) {
                    *target = scale * W::of(value.to_f64());
                }
                // The imaginary parts of m = 0 count as 0.
                if m == 0 {
                    im.fill(W::ZERO);
                } else {
                    let source = &source[fields + portion.start..][..width];
                    for (target, value) in im.iter_mut().zip(source) {
                        *target = scale * W::of(value.to_f64());
                    }
                }
            }
        }
        let eastward = self.form == Form::WindZonalDerivative;
        for (c, component) in self.form.derivatives().iter().enumerate() {
            let zonal = &inputs[component.zonal.0][2 * width..];
            let gradient = &inputs[component.gradient.0][..];
            let zonal_factor = W::of(component.zonal.1 * m as f64);
            let rows = rows.chunks_exact_mut(4 * width).take(degrees + 1);
            let zonal = zonal.chunks_exact(2 * width);
            let below = gradient.chunks_exact(2 * width);
            let above = gradient[4 * width..].chunks_exact(2 * width);
            for (j, (((row, zonal), below), above)) in rows.zip(zonal).zip(below).zip(above).enumerate() {
                let n = (m + j) as f64;
                let h = component.gradient.1;
                let below_factor = W::of(-h * (n - 1.0) * self.epsilon[j]);
                let above_factor = W::of(h * (n + 2.0) * self.epsilon[j + 1]);
                let (re_row, im_row) = row.split_at_mut(2 * width);
                let (re_row, im_row) = (&mut re_row[c * width..][..width], &mut im_row[c * width..][..width]);
                for field in 0..width {
                    let re = below_factor * below[field] + above_factor * above[field]
                        - zonal_factor * zonal[width + field];
                    let im = below_factor * below[width + field]
                        + above_factor * above[width + field]
                        + zonal_factor * zonal[field];
                    (re_row[field], im_row[field]) = if eastward {
                        let factor = W::of(m as f64);
                        (-(factor * im), factor * re)
                    } else {
                        (re, im)
                    };
                }
            }
        }
    }

    /// The transpose of [`FormAt::apply`]; `rows` of [`Form::WindZonalDerivative`] are overwritten.
    pub(super) fn transpose<R: Real, W: Lane, const I: usize>(
        &self,
        rows: &mut [W],
        fields: usize,
        portion: Range<usize>,
        spectra: [&mut [R]; I],
    ) {
        match portion.len() {
            1 => self.transpose_from(rows, fields, portion, 1, spectra),
            width => self.transpose_from(rows, fields, portion, width, spectra),
        }
    }

    #[inline(always)]
    fn transpose_from<R: Real, W: Lane, const I: usize>(
        &self,
        rows: &mut [W],
        fields: usize,
        portion: Range<usize>,
        width: usize,
        spectra: [&mut [R]; I],
    ) {
        let m = self.m;
        if self.form == Form::Scalar {
            let parts =
                spectra.into_iter().next().into_iter().flat_map(|spectrum| spectrum.chunks_exact_mut(fields));
            for (source, target) in rows.chunks_exact(width).zip(parts) {
                for (target, value) in target[portion.start..][..width].iter_mut().zip(source) {
                    *target = R::from_f64(value.to_f64());
                }
            }
            return;
        }
        if self.form == Form::WindZonalDerivative {
            let factor = W::of(m as f64);
            for row in rows.chunks_exact_mut(4 * width) {
                let (re, im) = row.split_at_mut(2 * width);
                for (re, im) in re.iter_mut().zip(im) {
                    (*re, *im) = (factor * *im, -(factor * *re));
                }
            }
        }
        let components = self.form.derivatives();
        for (i, spectrum) in spectra.into_iter().enumerate() {
            // Each input enters one component by i m and one by H.
            let zonal = components.iter().position(|c| c.zonal.0 == i && c.zonal.1 != 0.0).unwrap_or(0);
            let gradient =
                components.iter().position(|c| c.gradient.0 == i && c.gradient.1 != 0.0).unwrap_or(0);
            let (z, h) = (components[zonal].zonal.1, components[gradient].gradient.1);
            for (j, target) in spectrum.chunks_exact_mut(2 * fields).enumerate() {
                let n = m + j;
                let scale = self.scale(n);
                let zonal_factor = W::of(scale * z * m as f64);
                let below_factor = W::of(scale * h * (n + 1) as f64 * self.epsilon[j]);
                let above_factor = W::of(-scale * h * n as f64 * self.epsilon[j + 1]);
                let (zonal_re, zonal_im) = row_of(rows, width, j, zonal);
                let (below_re, below_im) = row_of(rows, width, j.saturating_sub(1), gradient);
                let (above_re, above_im) = row_of(rows, width, j + 1, gradient);
                let (re, im) = target.split_at_mut(fields);
                let (re, im) = (&mut re[portion.start..][..width], &mut im[portion.start..][..width]);
                for field in 0..width {
                    let value = below_factor * below_re[field]
                        + above_factor * above_re[field]
                        + zonal_factor * zonal_im[field];
                    re[field] = R::from_f64(value.to_f64());
                }
                if m == 0 {
                    im.fill(R::ZERO);
                    continue;
                }
                for field in 0..width {
                    let value = below_factor * below_im[field] + above_factor * above_im[field]
                        - zonal_factor * zonal_re[field];
                    im[field] = R::from_f64(value.to_f64());
                }
            }
        }
    }
}

/// Real and imaginary parts of one component in row `j` of rows `[2][component][field]`.
#[inline(always)]
fn row_of<W>(rows: &[W], width: usize, j: usize, component: usize) -> (&[W], &[W]) {
    let row = &rows[j * 4 * width..][..4 * width];
    (&row[component * width..][..width], &row[(2 + component) * width..][..width])
}
