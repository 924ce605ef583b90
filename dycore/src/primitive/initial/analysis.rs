//! What an analysis consists of.

use std::borrow::Cow;

use terrella_kernels::grid::Grid;
use terrella_kernels::vertical::HybridLevels;

use crate::Error;
use crate::shallow_water::expect_length;

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

/// The values of a field on levels, here or where they can be had one level at a time.
pub trait LevelValues {
    /// What getting them can end in.
    type Error: From<Error> + std::fmt::Display;

    /// Refuses another number of values than that of so many levels of so many points, where it is known before they are there.
    fn expect(&self, name: &'static str, levels: usize, points: usize) -> crate::Result<()>;

    /// Those of a level, `[point]`.
    fn level(&self, level: usize, points: usize) -> std::result::Result<Cow<'_, [f64]>, Self::Error>;

    /// What getting a level costs, such as its bytes in a file, the same on all ranks.
    fn cost(&self, level: usize) -> u64;
}

/// `[level][point]`.
impl LevelValues for Vec<f64> {
    type Error = Error;

    fn expect(&self, name: &'static str, levels: usize, points: usize) -> crate::Result<()> {
        expect_length(name, levels * points, self.len())
    }

    fn level(&self, level: usize, points: usize) -> crate::Result<Cow<'_, [f64]>> {
        Ok(Cow::Borrowed(&self[level * points..(level + 1) * points]))
    }

    fn cost(&self, _: usize) -> u64 {
        1
    }
}

/// A field on levels.
#[derive(Clone, Debug, PartialEq)]
pub struct LevelField<V = Vec<f64>> {
    /// Its levels.
    pub levels: AnalysisLevels,
    /// `[level][point]`, in the order of `levels`.
    pub values: V,
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
/// Each field may have levels of its own, but for the wind. Fields on levels are here, or elsewhere until they are wanted
/// ([`LevelValues`]).
#[derive(Clone, Debug)]
pub struct Analysis<V = Vec<f64>> {
    /// Where the points are.
    pub grid: Grid,
    /// Eastward wind.
    pub u: LevelField<V>,
    /// Northward wind.
    pub v: LevelField<V>,
    /// Temperature.
    pub temperature: LevelField<V>,
    /// Humidity.
    pub humidity: Option<(Humidity, LevelField<V>)>,
    /// Geopotential of the levels.
    pub geopotential: Option<(Height, LevelField<V>)>,
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
