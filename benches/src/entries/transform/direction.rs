//! What is transformed into what.

/// An operator between spectra and grid fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Synthesis,
    Analysis,
    WindSynthesis,
    WindAnalysis,
    Gradient,
    WindZonalDerivative,
}

/// An operator or its adjoint.
#[derive(Clone, Copy, Debug)]
pub(super) struct Direction {
    pub(super) name: &'static str,
    pub(super) operator: Operator,
    pub(super) adjoint: bool,
}

const fn forward(name: &'static str, operator: Operator) -> Direction {
    Direction { name, operator, adjoint: false }
}

const fn adjoint(name: &'static str, operator: Operator) -> Direction {
    Direction { name, operator, adjoint: true }
}

impl Direction {
    pub(super) const ALL: [Self; 12] = [
        forward("synthesis", Operator::Synthesis),
        forward("analysis", Operator::Analysis),
        forward("wind_synthesis", Operator::WindSynthesis),
        forward("wind_analysis", Operator::WindAnalysis),
        forward("gradient_synthesis", Operator::Gradient),
        forward("wind_zonal_derivative_synthesis", Operator::WindZonalDerivative),
        adjoint("synthesis_adjoint", Operator::Synthesis),
        adjoint("analysis_adjoint", Operator::Analysis),
        adjoint("wind_synthesis_adjoint", Operator::WindSynthesis),
        adjoint("wind_analysis_adjoint", Operator::WindAnalysis),
        adjoint("gradient_synthesis_adjoint", Operator::Gradient),
        adjoint("wind_zonal_derivative_synthesis_adjoint", Operator::WindZonalDerivative),
    ];

    /// The direction of this name.
    ///
    /// # Panics
    /// Where there is none.
    pub(super) fn named(name: &str) -> Self {
        match Self::ALL.into_iter().find(|direction| direction.name == name) {
            Some(direction) => direction,
            None => panic!("no direction '{name}'"),
        }
    }

    /// Whether the grid fields are the output.
    pub(super) fn to_grid(self) -> bool {
        self.adjoint == matches!(self.operator, Operator::Analysis | Operator::WindAnalysis)
    }
}

impl Operator {
    /// Spectra for each field: 2 where they are vorticity and divergence.
    pub(super) fn spectra(self) -> usize {
        match self {
            Self::Synthesis | Self::Analysis | Self::Gradient => 1,
            Self::WindSynthesis | Self::WindAnalysis | Self::WindZonalDerivative => 2,
        }
    }

    /// Grid fields for each field: 2 where they are the components of a vector.
    pub(super) fn components(self) -> usize {
        match self {
            Self::Synthesis | Self::Analysis => 1,
            _ => 2,
        }
    }
}
