//! Scores of a forecast on the grid of the verifying analysis, with area weights.
//!
//! With f forecast, a analysis, c climatology, p the forecast's own step 0, ⟨·⟩ the area mean over a region:
//! bias ⟨f − a⟩; RMSE √⟨(f − a)²⟩; persistence's RMSE √⟨(p − a)²⟩; anomaly correlation, centred,
//! ⟨f′a′⟩/√(⟨f′²⟩⟨a′²⟩) with f′ = (f − c) − ⟨f − c⟩ and a′ = (a − c) − ⟨a − c⟩.

use serde::Serialize;

/// A band of latitude.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Region {
    pub(crate) name: &'static str,
    /// Degrees north.
    pub(crate) south: f64,
    /// Degrees north.
    pub(crate) north: f64,
}

/// The regions in which forecasts are usually compared.
pub(crate) const REGIONS: [Region; 4] = [
    Region { name: "globe", south: -90.0, north: 90.0 },
    Region { name: "northern extratropics", south: 20.0, north: 90.0 },
    Region { name: "tropics", south: -20.0, north: 20.0 },
    Region { name: "southern extratropics", south: -90.0, north: -20.0 },
];

/// Scores of one field in one region, in the field's unit.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Score {
    pub(crate) points: usize,
    pub(crate) bias: f64,
    pub(crate) rmse: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) anomaly_correlation: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) persistence_rmse: Option<f64>,
}

/// One point of the analysis' grid with everything that is compared there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    pub(crate) latitude: f64,
    /// Area, in any unit.
    pub(crate) weight: f64,
    pub(crate) forecast: f64,
    pub(crate) analysis: f64,
    pub(crate) climatology: Option<f64>,
    pub(crate) persistence: Option<f64>,
}

/// The scores of the samples within a region; none if there is no such sample.
pub(crate) fn score(samples: &[Sample], region: Region) -> Option<Score> {
    let inside: Vec<&Sample> = samples
        .iter()
        .filter(|sample| {
            region.south <= sample.latitude && sample.latitude <= region.north && sample.weight > 0.0
        })
        .collect();
    let area: f64 = inside.iter().map(|sample| sample.weight).sum();
    if area <= 0.0 {
        return None;
    }
    let mean = |value: &dyn Fn(&Sample) -> f64| {
        inside.iter().map(|sample| sample.weight * value(sample)).sum::<f64>() / area
    };
    let all = |has: &dyn Fn(&Sample) -> bool| inside.iter().all(|sample| has(sample));

    let anomaly_correlation = all(&|sample| sample.climatology.is_some()).then(|| {
        let forecast = |sample: &Sample| sample.forecast - sample.climatology.unwrap_or(0.0);
        let analysis = |sample: &Sample| sample.analysis - sample.climatology.unwrap_or(0.0);
        let (forecast_mean, analysis_mean) = (mean(&forecast), mean(&analysis));
        let covariance =
            mean(&|sample| (forecast(sample) - forecast_mean) * (analysis(sample) - analysis_mean));
        let forecast_variance = mean(&|sample| (forecast(sample) - forecast_mean).powi(2));
        let analysis_variance = mean(&|sample| (analysis(sample) - analysis_mean).powi(2));
        covariance / (forecast_variance * analysis_variance).sqrt()
    });
    let persistence_rmse = all(&|sample| sample.persistence.is_some())
        .then(|| mean(&|sample| (sample.persistence.unwrap_or(0.0) - sample.analysis).powi(2)).sqrt());
    Some(Score {
        points: inside.len(),
        bias: mean(&|sample| sample.forecast - sample.analysis),
        rmse: mean(&|sample| (sample.forecast - sample.analysis).powi(2)).sqrt(),
        anomaly_correlation: anomaly_correlation.filter(|correlation| correlation.is_finite()),
        persistence_rmse,
    })
}

/// Area of each ring's zone between the middles to its neighbours, in any unit, shared by its points.
pub(crate) fn area_weights(latitudes: &[f64], points: &[usize]) -> Vec<f64> {
    let count = latitudes.len();
    let edge = |ring: usize| {
        // North of ring 0 and south of the last ring: half a spacing beyond, at most to the pole.
        let middle = |here: f64, neighbour: f64| here + 0.5 * (neighbour - here);
        let latitude = match ring {
            _ if count == 1 => latitudes[0] + 0.5 - ring as f64,
            0 => latitudes[0] + 0.5 * (latitudes[0] - latitudes[1]),
            _ if ring == count => latitudes[count - 1] - 0.5 * (latitudes[count - 2] - latitudes[count - 1]),
            _ => middle(latitudes[ring - 1], latitudes[ring]),
        };
        latitude.clamp(-90.0, 90.0).to_radians().sin()
    };
    (0..count).map(|ring| (edge(ring) - edge(ring + 1)).abs() / points[ring] as f64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(latitude: f64, weight: f64, forecast: f64, analysis: f64) -> Sample {
        Sample { latitude, weight, forecast, analysis, climatology: Some(1.0), persistence: Some(0.0) }
    }

    #[test]
    fn hand_computed_scores() {
        let samples =
            [sample(50.0, 1.0, 3.0, 2.0), sample(60.0, 3.0, 1.0, 2.0), sample(-60.0, 4.0, 9.0, 9.0)];
        let north = score(&samples, REGIONS[1]).unwrap();
        assert_eq!(north.points, 2);
        assert_eq!(north.bias, -0.5);
        assert_eq!(north.rmse, 1.0);
        assert_eq!(north.persistence_rmse, Some(2.0));
        // The analysis' anomaly is the same everywhere: no correlation is defined.
        assert_eq!(north.anomaly_correlation, None);
        assert!(score(&samples, REGIONS[2]).is_none());
        let globe = score(&samples, REGIONS[0]).unwrap();
        assert_eq!(globe.bias, -0.25);
        assert_eq!(globe.rmse, 0.5_f64.sqrt());
    }

    #[test]
    fn a_perfect_forecast_correlates_fully_and_an_opposite_one_negatively() {
        let values = [1.0, 4.0, -2.0, 0.5];
        let samples = |sign: f64| -> Vec<Sample> {
            values.iter().enumerate().map(|(i, v)| sample(i as f64, 1.0 + i as f64, sign * v, *v)).collect()
        };
        let perfect = score(&samples(1.0), REGIONS[0]).unwrap();
        assert!((perfect.anomaly_correlation.unwrap() - 1.0).abs() < 1e-14);
        assert_eq!(perfect.rmse, 0.0);
        let opposite = score(&samples(-1.0), REGIONS[0]).unwrap();
        assert!((opposite.anomaly_correlation.unwrap() + 1.0).abs() < 1e-14);
    }

    #[test]
    fn zones_fill_the_sphere() {
        let with_poles: Vec<f64> = (0..19).map(|i| 90.0 - 10.0 * f64::from(i)).collect();
        let without: Vec<f64> = (0..18).map(|i| 85.0 - 10.0 * f64::from(i)).collect();
        for latitudes in [with_poles, without] {
            let weights = area_weights(&latitudes, &vec![4; latitudes.len()]);
            let total: f64 = weights.iter().sum::<f64>() * 4.0;
            assert!((total - 2.0).abs() < 1e-14);
            assert!(weights.iter().all(|weight| *weight > 0.0));
        }
        assert!((area_weights(&[60.0], &[2])[0] / area_weights(&[0.0], &[2])[0] - 0.5).abs() < 1e-12);
    }
}
