//! Duplicates and thinning: which of several observations at or near a place stays.

use std::collections::HashSet;

use super::{Screening, Verdict};
use crate::assimilation::localization::{Place, SphereCells, Taper};
use crate::error::expect_len;
use crate::{Error, Result};

impl Screening {
    /// Rejects all but one of the accepted observations with the same `key`, such as station, quantity, level and time: the one with the largest
    /// `quality` stays, the first one of equals.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`], [`Error::InvalidValue`] for a quality that is NaN.
    pub fn reject_duplicates<K: Eq + std::hash::Hash>(&mut self, keys: &[K], quality: &[f64]) -> Result<()> {
        expect_len("keys", self.verdicts.len(), keys.len())?;
        let mut kept = HashSet::new();
        for number in self.by_quality(quality)? {
            if !kept.insert(&keys[number]) {
                self.verdicts[number] = Verdict::Duplicate;
            }
        }
        Ok(())
    }

    /// Keeps the best of the accepted observations so that no two of them are within `distance` along the great circle, in the unit of `radius`, the
    /// sphere's, and within `height`, where one is given, of each other's.
    ///
    /// Observations come in the order of falling `quality`, the first one of equals first, and each one rejects what is near it and comes later.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`], [`Error::InvalidValue`] for a distance, height or radius that is not positive, a quality that is NaN and places that
    /// are none among the accepted.
    pub fn thin_by_distance(
        &mut self,
        places: &[Place],
        quality: &[f64],
        radius: f64,
        distance: f64,
        height: Option<f64>,
    ) -> Result<()> {
        expect_len("places", self.verdicts.len(), places.len())?;
        let order = self.by_quality(quality)?;
        let of_order: Vec<Place> = order.iter().map(|&number| places[number]).collect();
        let cells = SphereCells::new(&of_order, radius, Taper::Step(distance), height.map(Taper::Step))?;
        let mut near = Vec::new();
        for (rank, &number) in order.iter().enumerate() {
            if self.verdicts[number] != Verdict::Accepted {
                continue;
            }
            near.clear();
            cells.near(&of_order[rank], &mut near);
            for other in near.iter().filter(|other| other.index as usize > rank) {
                let other = order[other.index as usize];
                if self.verdicts[other] == Verdict::Accepted {
                    self.verdicts[other] = Verdict::Thinned;
                }
            }
        }
        Ok(())
    }

    /// Keeps the best of the accepted observations in every box: bands of latitude of about `size` degrees, cut into boxes of about the same length
    /// along their middle, and where `depth` is given, layers of so much height.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`], [`Error::InvalidValue`] for a size or depth that is not positive, a quality that is NaN and places that are none among the
    /// accepted.
    pub fn thin_by_boxes(
        &mut self,
        places: &[Place],
        quality: &[f64],
        size: f64,
        depth: Option<f64>,
    ) -> Result<()> {
        expect_len("places", self.verdicts.len(), places.len())?;
        for (name, value) in [("size", size), ("depth", depth.unwrap_or(1.0))] {
            // Also refuses NaN.
            if !(value > 0.0 && value.is_finite()) {
                let (got, expected) = (value.to_string(), "a finite number above 0".to_owned());
                return Err(Error::InvalidValue { name, got, expected });
            }
        }
        let bands = (180.0 / size).round().max(1.0);
        let mut kept = HashSet::new();
        for number in self.by_quality(quality)? {
            let Place { latitude, longitude, height } = places[number];
            if !(latitude.abs() <= 90.0 && longitude.is_finite() && height.is_finite()) {
                let got = format!("{:?} at observation {number}", places[number]);
                let expected = "finite coordinates, latitudes from −90 to 90 degrees".to_owned();
                return Err(Error::InvalidValue { name: "places", got, expected });
            }
            let band = ((latitude + 90.0) / 180.0 * bands).floor().min(bands - 1.0);
            let middle = ((band + 0.5) / bands * 180.0 - 90.0).to_radians();
            let boxes = (360.0 / size * middle.cos()).round().max(1.0);
            let turn = (longitude.rem_euclid(360.0) / 360.0 * boxes).floor().min(boxes - 1.0);
            let layer = depth.map_or(0.0, |depth| (height / depth).floor());
            if !kept.insert([band as i64, turn as i64, layer as i64]) {
                self.verdicts[number] = Verdict::Thinned;
            }
        }
        Ok(())
    }

    /// The accepted observations by falling quality, the first one of equals first.
    fn by_quality(&self, quality: &[f64]) -> Result<Vec<usize>> {
        expect_len("quality", self.verdicts.len(), quality.len())?;
        if let Some(number) = quality.iter().position(|quality| quality.is_nan()) {
            let got = format!("NaN at observation {number}");
            return Err(Error::InvalidValue { name: "quality", got, expected: "numbers".to_owned() });
        }
        let mut order: Vec<usize> = self.accepted().collect();
        order.sort_by(|&a, &b| quality[b].total_cmp(&quality[a]));
        Ok(order)
    }
}
