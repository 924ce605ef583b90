//! `[model]` of the shallow-water model, and those choices in it that other models have as well.

use std::fmt::{self, Display};

use serde::{Deserialize, Serialize};
use terrella_kernels::Real;

use crate::automatic::Automatic;

/// `[model]`: the equations and their discretisation.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Model {
    /// shallow-water; with primitive, the configuration is that of [`crate::primitive`].
    #[serde(skip_serializing)]
    pub(crate) equations: Equations,
    /// Triangular truncation T.
    pub(crate) truncation: usize,
    /// Gaussian grid by its usual name; auto is the smallest one free of quadratic aliasing.
    pub(crate) grid: Automatic<String>,
    /// f64 or f32.
    pub(crate) precision: Precision,
    /// cpu, cuda:N, hip:N, wgpu:N.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) device: Option<String>,
    /// Time step \[s\]; auto follows from the truncation and the strongest wind.
    pub(crate) time_step: Automatic<f64>,
    /// Length of the forecast \[h\].
    pub(crate) length: u32,
    /// Mean height (depth of the fluid at rest) \[m\]; auto is the area mean of the initial height.
    pub(crate) mean_height: Automatic<f64>,
    /// Power p of the hyperdiffusion (−∇²)^p.
    pub(crate) diffusion_order: u32,
    /// Time in which hyperdiffusion damps the smallest scale by e \[h\]; 0 switches it off.
    pub(crate) diffusion_time: f64,
    /// Strength of the time filter, 0 to 1.
    pub(crate) filter: f64,
    /// Time in which the state is drawn back to the initial one by e \[h\]; 0 switches it off.
    pub(crate) relaxation_time: f64,
    /// How gravity waves are kept out of the initial state.
    pub(crate) initialisation: Initialisation,
    /// Period below which the digital filter takes waves away \[h\].
    pub(crate) cutoff_period: f64,
}

impl Default for Model {
    fn default() -> Self {
        Self {
            equations: Equations::ShallowWater,
            truncation: 170,
            grid: Automatic::Auto,
            precision: Precision::F64,
            device: None,
            time_step: Automatic::Auto,
            length: 120,
            mean_height: Automatic::Auto,
            diffusion_order: 4,
            diffusion_time: 4.0,
            filter: 0.1,
            relaxation_time: 0.0,
            initialisation: Initialisation::DigitalFilter,
            cutoff_period: 12.0,
        }
    }
}

/// The equations of the model.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Equations {
    /// One layer.
    #[default]
    ShallowWater,
    /// The hydrostatic atmosphere.
    Primitive,
}

/// Floating-point format of the model.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Precision {
    F32,
    F64,
}

impl Precision {
    /// That of a number type.
    pub(crate) fn of<R: Real>() -> Self {
        match R::PRECISION {
            terrella_kernels::Precision::F32 => Self::F32,
            terrella_kernels::Precision::F64 => Self::F64,
        }
    }

    /// Bytes of a number.
    pub(crate) fn bytes(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F64 => 8,
        }
    }
}

impl Display for Precision {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::F32 => "f32",
            Self::F64 => "f64",
        })
    }
}

/// How gravity waves are kept out of the initial state.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Initialisation {
    /// The analysis as it is.
    None,
    /// Digital filter over an adiabatic run backward and forward.
    DigitalFilter,
}
