//! Where the values of a state are, for localised analyses.

use std::f64::consts::PI;

use terrella_coupling::cycle::{Localisation, Shared};
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
        blocks: Blocks,
    },
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

    /// Finds, from the place of a domain, which of the domains `of` are near.
    fn search(&self, of: &[usize], taper: Taper) -> Result<Search> {
        fn flat<const D: usize>(
            places: &[[f64; D]],
            of: &[usize],
            periods: [Option<f64>; D],
            taper: Taper,
        ) -> Result<Search> {
            let points: Vec<[f64; D]> = of.iter().map(|&domain| places[domain]).collect();
            let cells = Cells::new(&points, periods, taper)?;
            let places = places.to_vec();
            Ok(Box::new(move |domain, found| cells.near(places[domain], found)))
        }
        match self {
            Self::None => unreachable!("localisations of values without a place are refused"),
            Self::Circle { places, length } => flat(places, of, [Some(*length)], taper),
            Self::Plane { places } => flat(places, of, [None; 2], taper),
            Self::Sphere { places, radius, .. } => {
                let points: Vec<Place> = of.iter().map(|&domain| places[domain]).collect();
                let cells = SphereCells::new(&points, *radius, taper, None)?;
                let places = places.clone();
                Ok(Box::new(move |domain, found| cells.near(&places[domain], found)))
            }
        }
    }

    /// What is near what, for observations of the values `indices` and Gaspari and Cohn's taper of this half-width; none where values have no
    /// place.
    pub(crate) fn localisation(&self, indices: &[u32], half_width: f64) -> Result<Option<Localisation>> {
        let (domains, layers) = (self.domains(), self.layers());
        if domains == 0 {
            return Ok(None);
        }
        let taper = Taper::GaspariCohn(half_width);
        let observed: Vec<usize> = indices.iter().map(|&index| index as usize % domains).collect();
        let of_domain = self.search(&observed, taper)?;
        let of_observation = self.search(&observed, taper)?;
        let all: Vec<usize> = (0..domains).collect();
        let columns = self.search(&all, taper)?;
        let (places, others) = (observed.clone(), observed);
        let values = move |number: usize, found: &mut Vec<Near>| {
            let first = found.len();
            columns(places[number], found);
            let here = found.len();
            for layer in 1..layers {
                for place in first..here {
                    let Near { index, taper } = found[place];
                    found.push(Near { index: index + (layer * domains) as u32, taper });
                }
            }
        };
        let beside = move |number: usize, found: &mut Vec<Near>| of_observation(others[number], found);
        Ok(Some(Localisation {
            domains,
            observations_near: boxed(move |domain, found| of_domain(domain, found)),
            near_observation: Some([boxed(values), boxed(beside)]),
        }))
    }

    /// A square root of the correlations of Gaspari and Cohn's function of this half-width; on the sphere of its spectrum, the same for all layers.
    /// None where values have no place, and where a whole matrix of them would be too large.
    pub(crate) fn localisation_root<R: Real>(&self, half_width: f64) -> Result<Option<Shared<R>>> {
        let taper = Taper::GaspariCohn(half_width).validate()?;
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
                let block = SpectralBlock::separable("localisation", &[1.0], &[1.0], &spectrum)?;
                let covariance =
                    SpectralCovariance::new(blocks.truncation, vec![block], blocks.radius, blocks.rotation)?;
                let fields = GridFields::new(HostTransform::new(&blocks.grid, blocks.truncation)?, vec![1]);
                let level = Composition::new(covariance, fields)?;
                Ok(Some(Shared::new(Repeated::new(level, self.layers()))))
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
        let sphere = Geometry::Sphere { places, radius: 6.371e6, energy: vec![0.5; 2], blocks };
        // Values 1 (first layer) and 5 (second layer, domain 2).
        let near = sphere.localisation(&[1, 5], 1.0e6).expect("a taper").expect("places");
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
        let near = circle.localisation(&[9, 5], 1.0).expect("a taper").expect("places");
        let mut found = Vec::new();
        near.observations_near.near(0, &mut found);
        assert_eq!(found.iter().map(|near| near.index).collect::<Vec<_>>(), [0]);
        assert!(Geometry::None.localisation(&[0], 1.0).expect("nothing to refuse").is_none());
    }
}
