//! The operators of a transform, the same for the engines of all devices.

/// What an operator does in spectral space: see [`super::form`] for the equations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(super) enum Form {
    /// The field itself.
    Scalar = 0,
    /// A scalar to its eastward and northward derivative.
    Gradient = 1,
    /// Vorticity and divergence to u and v.
    Wind = 2,
    /// Vorticity and divergence to (1/(a cos φ)) ∂u/∂λ and (1/(a cos φ)) ∂v/∂λ.
    WindZonalDerivative = 3,
}

impl Form {
    /// Number of spectra.
    pub(super) fn spectra(self) -> usize {
        match self {
            Self::Scalar | Self::Gradient => 1,
            Self::Wind | Self::WindZonalDerivative => 2,
        }
    }

    /// Number of components on the grid.
    pub(super) fn components(self) -> usize {
        if self == Self::Scalar { 1 } else { 2 }
    }

    /// Power of 1/cos φ on the grid.
    pub(super) fn power(self) -> usize {
        match self {
            Self::Scalar => 0,
            Self::Wind | Self::Gradient => 1,
            Self::WindZonalDerivative => 2,
        }
    }

    /// How far degrees go beyond the truncation.
    pub(super) fn beyond(self) -> usize {
        usize::from(self != Self::Scalar)
    }
}

/// Whether the sums over the points of a ring are those of a quadrature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quadrature {
    /// Analysis and its adjoint.
    Weighted,
    /// Synthesis and its adjoint.
    Plain,
}

/// An operator without its direction.
#[derive(Clone, Copy, Debug)]
pub(super) struct Operation {
    pub(super) form: Form,
    /// What spectra are multiplied by, over n(n+1) where the Laplacian is inverted.
    pub(super) scale: f64,
    pub(super) inverts_laplacian: bool,
    pub(super) quadrature: Quadrature,
}

impl Operation {
    const SCALAR: Self =
        Self { form: Form::Scalar, scale: 1.0, inverts_laplacian: false, quadrature: Quadrature::Plain };

    fn weighted(self) -> Self {
        Self { quadrature: Quadrature::Weighted, ..self }
    }

    pub(super) fn scalar(_radius: f64) -> Self {
        Self::SCALAR
    }

    pub(super) fn weighted_scalar(_radius: f64) -> Self {
        Self::SCALAR.weighted()
    }

    /// ζ and δ to ψ and χ by −a²/(n(n+1)), then the 1/a of the wind.
    pub(super) fn wind(radius: f64) -> Self {
        Self { form: Form::Wind, scale: -radius, inverts_laplacian: true, ..Self::SCALAR }
    }

    /// The transpose of the wind's form is integration by parts: from u/cos φ and v/cos φ it yields −a ζ and −a δ.
    pub(super) fn wind_by_parts(radius: f64) -> Self {
        Self { form: Form::Wind, scale: -1.0 / radius, ..Self::SCALAR }.weighted()
    }

    pub(super) fn gradient(radius: f64) -> Self {
        Self { form: Form::Gradient, scale: 1.0 / radius, ..Self::SCALAR }
    }

    /// The a of the wind and the 1/a of the derivative cancel.
    pub(super) fn wind_zonal_derivative(_radius: f64) -> Self {
        Self { form: Form::WindZonalDerivative, scale: -1.0, inverts_laplacian: true, ..Self::SCALAR }
    }
}

/// Hands the table of operators to the macro `$define`: documentation, name, direction (`synthesize` from spectra to grid
/// fields, `analyze` back), the [`Operation`], what goes in and what comes out.
macro_rules! with_operators {
    ($define:ident) => {
        $define! {
            /// Spectra to grid fields: f(λ,μ) = Σ f_nm P̄_nm(μ) e^{imλ}.
            synthesis: synthesize scalar, (spectrum) -> (values);

            /// The adjoint of [`Self::synthesis`].
            synthesis_adjoint: analyze scalar, (values) -> (spectrum);

            /// Grid fields to spectra: f_nm = ½ ∫ P̄_nm (1/2π) ∫ f e^{−imλ} dλ dμ by the quadrature of the grid, the inverse of
            /// [`Self::synthesis`] on the fields that it makes.
            analysis: analyze weighted_scalar, (values) -> (spectrum);

            /// The adjoint of [`Self::analysis`].
            analysis_adjoint: synthesize weighted_scalar, (spectrum) -> (values);

            /// Vorticity and divergence [s⁻¹] to eastward and northward wind [m s⁻¹].
            ///
            /// The (0,0) coefficients count as 0: the means of vorticity and divergence over a sphere vanish. On a pole, u and
            /// v are the components along longitude 0°E + λ of the finite vector there.
            wind_synthesis: synthesize wind, (vorticity, divergence) -> (u, v);

            /// The adjoint of [`Self::wind_synthesis`].
            wind_synthesis_adjoint: analyze wind, (u, v) -> (vorticity, divergence);

            /// Eastward and northward wind [m s⁻¹] to vorticity and divergence [s⁻¹], whose (0,0) coefficients are 0.
            wind_analysis: analyze wind_by_parts, (u, v) -> (vorticity, divergence);

            /// The adjoint of [`Self::wind_analysis`].
            wind_analysis_adjoint: synthesize wind_by_parts, (vorticity, divergence) -> (u, v);

            /// Spectra to their gradients on the grid: (1/(a cos φ)) ∂f/∂λ and (1/a) ∂f/∂φ [unit of f per m].
            gradient_synthesis: synthesize gradient, (spectrum) -> (eastward, northward);

            /// The adjoint of [`Self::gradient_synthesis`].
            gradient_synthesis_adjoint: analyze gradient, (eastward, northward) -> (spectrum);

            /// Vorticity and divergence [s⁻¹] to (1/(a cos φ)) ∂u/∂λ and (1/(a cos φ)) ∂v/∂λ [s⁻¹]; 0 on a pole, where they
            /// have no limit.
            wind_zonal_derivative_synthesis:
                synthesize wind_zonal_derivative, (vorticity, divergence) -> (u_eastward, v_eastward);

            /// The adjoint of [`Self::wind_zonal_derivative_synthesis`].
            wind_zonal_derivative_synthesis_adjoint:
                analyze wind_zonal_derivative, (u_eastward, v_eastward) -> (vorticity, divergence);
        }
    };
}
pub(super) use with_operators;
