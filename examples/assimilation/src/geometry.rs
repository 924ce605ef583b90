//! Where the values of a state are, for localised analyses.

use std::f64::consts::PI;

use terrella_coupling::cycle::{Localisation, Part, Shared};
use terrella_kernels::Real;
use terrella_kernels::assimilation::Composition;
use terrella_kernels::assimilation::covariance::spectral::{GridFields, SpectralBlock, SpectralCovariance};
use terrella_kernels::assimilation::covariance::{MatrixRoot, Repeated};
use terrella_kernels::assimilation::localization::{Cells, Near, Neighbourhood, Place, SphereCells, Taper};
use terrella_kernels::spectral::HostTransform;

use crate::error::Result;
use crate::spectral::Blocks;
use crate::variational::WHOLE;

/// Places of a state's values, \[layer]\[domain]: those of one domain lie above each other.
pub(crate) enum Geometry {
    /// Values of no place.
    None,
    /// On a line of this length whose ends meet.
    Circle {
        places: Vec<[f64; 1]>,
        length: f64,
    },
    Plane {
        places: Vec<[f64; 2]>,
    },
    Sphere {
        places: Vec<Place>,
        /// Of the sphere \[m\].
        radius: f64,
        /// The weight of a layer's squares in the energy per mass \[m² s⁻²\], \[layer].
        energy: Vec<f64>,
        /// ln σ, \[layer], where there are levels.
        heights: Option<Vec<f64>>,
        blocks: Blocks,
    },
}

/// Half-widths of Gaspari and Cohn's tapers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Widths {
    pub(crate) horizontal: f64,
    /// In ln p; none where heights do not count.
    pub(crate) vertical: Option<f64>,
}

/// Finds what is near a domain among some points.
type Search = Box<dyn Fn(usize, &mut Vec<Near>) + Sync>;

impl Geometry {
    fn domains(&self) -> usize {
        match self {
            Self::None => 0,
            Self::Circle { places, .. } => places.len(),
            Self::Plane { places } => places.len(),
            Self::Sphere { places, .. } => places.len(),
        }
    }

    fn layers(&self) -> usize {
        match self {
            Self::Sphere { energy, .. } => energy.len(),
            _ => 1,
        }
    }

    /// ln σ of the layers, for those that look upward.
    fn heights(&self, widths: Widths) -> Result<Option<&[f64]>> {
        match (self, widths.vertical) {
            (_, None) => Ok(None),
            (Self::Sphere { heights: Some(heights), .. }, Some(_)) => Ok(Some(heights)),
            (_, Some(vertical)) => Err(terrella_coupling::Error::InvalidValue {
                name: "vertical_radius",
                got: vertical.to_string(),
                expected: "none, for a model without levels".to_owned(),
            }
            .into()),
        }
    }

    /// Finds, from a place, which of the places `of` are near. Places are those of values, by their index; without a vertical width layers do not
    /// count.
    fn search(&self, of: &[usize], widths: Widths) -> Result<Search> {
        fn flat<const D: usize>(
            places: &[[f64; D]],
            of: &[usize],
            periods: [Option<f64>; D],
            taper: Taper,
        ) -> Result<Search> {
            let points: Vec<[f64; D]> = of.iter().map(|&value| places[value]).collect();
            let cells = Cells::new(&points, periods, taper)?;
            let places = places.to_vec();
            Ok(Box::new(move |value, found| cells.near(places[value], found)))
        }
        let taper = Taper::GaspariCohn(widths.horizontal);
        match self {
            Self::None => unreachable!("localisations of values without a place are refused"),
            Self::Circle { places, length } => flat(places, of, [Some(*length)], taper),
            Self::Plane { places } => flat(places, of, [None; 2], taper),
            Self::Sphere { places, radius, .. } => {
                let heights = self.heights(widths)?.map(<[f64]>::to_vec);
                let places = places.clone();
                let place = move |value: usize| {
                    let domains = places.len();
                    let height = heights.as_ref().map_or(0.0, |heights| heights[value / domains]);
                    Place { height, ..places[value % domains] }
                };
                let points: Vec<Place> = of.iter().map(|&value| place(value)).collect();
                let vertical = widths.vertical.map(Taper::GaspariCohn);
                let cells = SphereCells::new(&points, *radius, taper, vertical)?;
                Ok(Box::new(move |value, found| cells.near(&place(value), found)))
            }
        }
    }

    /// What is near what, for observations of the values `indices`; none where values have no place. With a vertical width every level has domains of
    /// its own, which wind and temperature share, and so has the ground.
    pub(crate) fn localisation(&self, indices: &[u32], widths: Widths) -> Result<Option<Localisation>> {
        let (columns, layers) = (self.domains(), self.layers());
        if columns == 0 {
            return Ok(None);
        }
        let heights = self.heights(widths)?.map(<[f64]>::to_vec);
        let observed: Vec<usize> = match heights {
            Some(_) => indices.iter().map(|&index| index as usize).collect(),
            None => indices.iter().map(|&index| index as usize % columns).collect(),
        };
        let of_value = self.search(&observed, widths)?;
        let beside = self.search(&observed, widths)?;
        let all: Vec<usize> = (0..columns).collect();
        let in_columns = self.search(&all, Widths { vertical: None, ..widths })?;
        let parts = match &self {
            Self::Sphere { blocks: Blocks { levels, .. }, .. } if heights.is_some() => {
                vec![Part { layers: 3, domains: levels * columns }, Part { layers: 1, domains: columns }]
            }
            _ => vec![Part { layers, domains: columns }],
        };
        // Domains beyond those of the levels are at the ground, the last layer.
        let (ground, skipped) = (parts[0].domains, (parts[0].layers - 1) * parts[0].domains);
        let of_domain = move |domain: usize, found: &mut Vec<Near>| {
            of_value(if domain < ground { domain } else { domain + skipped }, found)
        };
        let (places, others) = (observed.clone(), observed);
        let vertical = widths.vertical.map(Taper::GaspariCohn);
        let of_layer = move |layer: usize, from: usize| match (&heights, vertical) {
            (Some(heights), Some(taper)) => taper.at((heights[layer] - heights[from / columns]).abs()),
            _ => 1.0,
        };
        let values = move |number: usize, found: &mut Vec<Near>| {
            let mut here = Vec::new();
            in_columns(places[number] % columns, &mut here);
            for layer in 0..layers {
                let share = of_layer(layer, places[number]);
                if share > 0.0 {
                    found.extend(here.iter().map(|Near { index, taper }| Near {
                        index: index + (layer * columns) as u32,
                        taper: taper * share,
                    }));
                }
            }
        };
        let beside = move |number: usize, found: &mut Vec<Near>| beside(others[number], found);
        Ok(Some(Localisation {
            parts,
            observations_near: boxed(of_domain),
            near_observation: Some([boxed(values), boxed(beside)]),
        }))
    }

    /// The columns near a column, itself among them.
    pub(crate) fn columns_near(&self, widths: Widths) -> Result<Box<dyn Neighbourhood>> {
        let all: Vec<usize> = (0..self.domains()).collect();
        let search = self.search(&all, Widths { vertical: None, ..widths })?;
        Ok(boxed(move |column, found| search(column, found)))
    }

    /// A square root of the correlations of Gaspari and Cohn's function; on the sphere of its spectrum, with a vertical width times that function between
    /// layers, without one the same for all layers. None where values have no place, and where a whole matrix of them would be too large.
    pub(crate) fn localisation_root<R: Real>(&self, widths: Widths) -> Result<Option<Shared<R>>> {
        let taper = Taper::GaspariCohn(widths.horizontal).validate()?;
        let flat = |count: usize, distance: &dyn Fn(usize, usize) -> f64| {
            if count > WHOLE {
                return Ok(None);
            }
            let pairs =
                (0..count * count).map(|pair| R::from_f64(taper.at(distance(pair / count, pair % count))));
            let matrix: Vec<R> = pairs.collect();
            Ok(Some(Shared::new(MatrixRoot::semidefinite(count, &matrix)?)))
        };
        match self {
            Self::None => Ok(None),
            Self::Circle { places, length } => flat(places.len(), &|a, b| {
                let along = (places[a][0] - places[b][0]).abs();
                along.min(length - along)
            }),
            Self::Plane { places } => {
                flat(places.len(), &|a, b| (places[a][0] - places[b][0]).hypot(places[a][1] - places[b][1]))
            }
            Self::Sphere { blocks, .. } => {
                let spectrum = spectrum(taper, blocks.radius, blocks.truncation.total());
                let correlations = match (self.heights(widths)?, widths.vertical) {
                    (Some(heights), Some(width)) => {
                        let taper = Taper::GaspariCohn(width).validate()?;
                        let pairs = heights.iter().flat_map(|a| heights.iter().map(move |b| (a - b).abs()));
                        pairs.map(|distance| taper.at(distance)).collect()
                    }
                    _ => vec![1.0],
                };
                let layers = if widths.vertical.is_some() { self.layers() } else { 1 };
                let block =
                    SpectralBlock::separable("localisation", &vec![1.0; layers], &correlations, &spectrum)?;
                let covariance =
                    SpectralCovariance::new(blocks.truncation, vec![block], blocks.radius, blocks.rotation)?;
                let transform = HostTransform::new(&blocks.grid, blocks.truncation)?;
                let root = Composition::new(covariance, GridFields::new(transform, vec![layers]))?;
                Ok(Some(Shared::new(Repeated::new(root, self.layers() / layers))))
            }
        }
    }

    /// Weights of the squares of a state's values in errors, \[value]: root-mean-square errors, or, on the sphere, roots of the energy per mass
    /// \[m s⁻¹].
    pub(crate) fn weights(&self, values: usize) -> Vec<f64> {
        let Self::Sphere { places, energy, .. } = self else {
            return vec![1.0 / values as f64; values];
        };
        let area: Vec<f64> = places.iter().map(|place| place.latitude.to_radians().cos()).collect();
        let whole: f64 = area.iter().sum();
        energy.iter().flat_map(|energy| area.iter().map(move |area| energy * area / whole)).collect()
    }

    /// Values that lie in one layer together.
    pub(crate) fn layer_len(&self, values: usize) -> usize {
        values / self.layers()
    }
}

/// The root of the weighted squares of values: of a state's, as errors are measured.
pub(crate) fn size<R: Real>(values: &[R], weights: &[f64]) -> f64 {
    values.iter().zip(weights).map(|(value, weight)| weight * value.to_f64().powi(2)).sum::<f64>().sqrt()
}

/// Weights s_n ∝ ½ ∫ C(aθ) P_n(cos θ) sin θ dθ, n to `total`, by the midpoint rule; what is below 0 in them is cut off.
fn spectrum(taper: Taper, radius: f64, total: usize) -> Vec<f64> {
    const INTERVALS: usize = 4_000;
    let mut weights = vec![0.0; total + 1];
    for number in 0..INTERVALS {
        let angle = (number as f64 + 0.5) * PI / INTERVALS as f64;
        let correlation = taper.at(radius * angle) * angle.sin();
        let (mut before, mut legendre) = (0.0, 1.0);
        for (n, weight) in weights.iter_mut().enumerate() {
            *weight += correlation * legendre;
            let n = n as f64;
            let next = ((2.0 * n + 1.0) * angle.cos() * legendre - n * before) / (n + 1.0);
            (before, legendre) = (legendre, next);
        }
    }
    weights.into_iter().map(|weight| weight.max(0.0)).collect()
}

fn boxed(search: impl Fn(usize, &mut Vec<Near>) + Sync + 'static) -> Box<dyn Neighbourhood> {
    Box::new(search)
}

#[cfg(test)]
mod tests {
    use terrella_kernels::spectral::Truncation;

    use super::*;

    fn widths(horizontal: f64) -> Widths {
        Widths { horizontal, vertical: None }
    }

    #[test]
    fn layers_of_a_domain_are_near_together() {
        let at = |latitude, longitude| Place { latitude, longitude, height: 0.0 };
        let places = vec![at(0.0, 0.0), at(0.0, 10.0), at(0.0, 180.0)];
        let blocks = Blocks {
            grid: "F8".parse().expect("a grid"),
            truncation: Truncation::new(7),
            radius: 6.371e6,
            rotation: 7.292e-5,
            levels: 1,
            scalars: vec![],
        };
        let sphere =
            Geometry::Sphere { places, radius: 6.371e6, energy: vec![0.5; 2], heights: None, blocks };
        // Values 1 (first layer) and 5 (second layer, domain 2).
        let near = sphere.localisation(&[1, 5], widths(1.0e6)).expect("a taper").expect("places");
        let mut found = Vec::new();
        near.observations_near.near(0, &mut found);
        assert_eq!(found.iter().map(|near| near.index).collect::<Vec<_>>(), [0]);
        let [values, others] = near.near_observation.expect("for serial analyses");
        found.clear();
        values.near(0, &mut found);
        let mut indices: Vec<u32> = found.iter().map(|near| near.index).collect();
        indices.sort_unstable();
        assert_eq!(indices, [0, 1, 3, 4]);
        found.clear();
        others.near(1, &mut found);
        assert_eq!(found.iter().map(|near| (near.index, near.taper)).collect::<Vec<_>>(), [(1, 1.0)]);
    }

    #[test]
    fn a_circle_closes() {
        let places: Vec<[f64; 1]> = (0..10).map(|place| [f64::from(place)]).collect();
        let circle = Geometry::Circle { places, length: 10.0 };
        let near = circle.localisation(&[9, 5], widths(1.0)).expect("a taper").expect("places");
        let mut found = Vec::new();
        near.observations_near.near(0, &mut found);
        assert_eq!(found.iter().map(|near| near.index).collect::<Vec<_>>(), [0]);
        assert!(Geometry::None.localisation(&[0], widths(1.0)).expect("nothing to refuse").is_none());
    }
}
