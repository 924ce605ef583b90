//! What an analysis consists of.

use terrella_kernels::grid::Grid;
use terrella_kernels::vertical::HybridLevels;

/// The levels of a field.
#[derive(Clone, Debug, PartialEq)]
pub enum AnalysisLevels {
    /// Pressures \[Pa\], in any order, each once.
    Pressure(Vec<f64>),
    /// Layers of hybrid levels, top first; surface pressure is needed with them.
    Hybrid(HybridLevels),
}

impl AnalysisLevels {
    /// Number of levels.
    pub fn count(&self) -> usize {
        match self {
            Self::Pressure(pressure) => pressure.len(),
            Self::Hybrid(levels) => levels.count(),
        }
    }

    /// Numbers of the levels from the top downwards.
    pub(super) fn order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.count()).collect();
        if let Self::Pressure(pressure) = self {
            order.sort_by(|&i, &j| pressure[i].total_cmp(&pressure[j]));
        }
        order
    }
}

/// A field on levels.
#[derive(Clone, Debug, PartialEq)]
pub struct LevelField {
    /// Its levels.
    pub levels: AnalysisLevels,
    /// `[level][point]`, in the order of `levels`.
    pub values: Vec<f64>,
}

/// What a humidity is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Humidity {
    /// Specific humidity \[kg kg⁻¹\].
    Specific,
    /// Vapour pressure in percent of its saturation value \[%\]; [`super::Settings::saturation`] says over what.
    Relative,
}

/// What a height is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Height {
    /// Geopotential \[m² s⁻²\].
    Geopotential,
    /// Geopotential height \[m\].
    Height,
}

/// A state of the atmosphere on the points of one grid.
///
/// | field                  | shape            | unit               | needed |
/// |------------------------|------------------|--------------------|--------|
/// | `u`, `v`               | `[level][point]`   | m s⁻¹              | yes, on the same levels |
/// | `temperature`          | `[level][point]`   | K                  | yes |
/// | `humidity`             | `[level][point]`   | kg kg⁻¹ or %       | by a moist model |
/// | `geopotential`         | `[level][point]`   | m² s⁻² or m        | without surface pressure or sea-level pressure |
/// | `surface_pressure`     | `[point]`          | Pa                 | on hybrid levels; without geopotential |
/// | `sea_level_pressure`   | `[point]`          | Pa                 | where neither of the two is given |
/// | `orography`            | `[point]`          | m² s⁻² or m        | unless [`super::Settings::orography`] has one |
/// | `land_fraction`        | `[point]`          | 0 to 1             | no: tells the sea for the orography's ripples, else height 0 does |
///
/// Each field may have levels of its own, but for the wind.
#[derive(Clone, Debug)]
pub struct Analysis {
    /// Where the points are.
    pub grid: Grid,
    /// Eastward wind.
    pub u: LevelField,
    /// Northward wind.
    pub v: LevelField,
    /// Temperature.
    pub temperature: LevelField,
    /// Humidity.
    pub humidity: Option<(Humidity, LevelField)>,
    /// Geopotential of the levels.
    pub geopotential: Option<(Height, LevelField)>,
    /// Pressure at the ground.
    pub surface_pressure: Option<Vec<f64>>,
    /// Pressure at mean sea level.
    pub sea_level_pressure: Option<Vec<f64>>,
    /// Geopotential of the ground.
    pub orography: Option<(Height, Vec<f64>)>,
    /// Share of land.
    pub land_fraction: Option<Vec<f64>>,
}

/// An orography on a grid of its own.
#[derive(Clone, Debug)]
pub struct OrographyField {
    /// Where the points are.
    pub grid: Grid,
    /// What `values` are.
    pub height: Height,
    /// `[point]`.
    pub values: Vec<f64>,
    /// Share of land, `[point]`, where it is known.
    pub land_fraction: Option<Vec<f64>>,
}
