//! Tracks of cyclones through time.

use super::detector::Cyclone;
use super::neighbourhood::{great_circle_angle, unit_vector};
use crate::constants::EARTH_RADIUS;
use crate::{Error, Result};

/// How centres become tracks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrackerSettings {
    /// The fastest motion between two positions [m s⁻¹].
    pub largest_speed: f64,
    /// The longest time without a centre after which a track may still go on [s].
    pub longest_gap: f64,
    /// Tracks that live shorter are left out [s].
    pub shortest_life: f64,
}

impl Default for TrackerSettings {
    /// 40 m/s, as fast as the fastest extratropical cyclones and 8° in 6 h; 12 h; 24 h.
    fn default() -> Self {
        Self { largest_speed: 40.0, longest_gap: 12.0 * 3600.0, shortest_life: 24.0 * 3600.0 }
    }
}

/// A cyclone at a time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrackPoint {
    /// [s] since any origin.
    pub time: f64,
    /// The cyclone then.
    pub cyclone: Cyclone,
}

/// A cyclone through time.
#[derive(Clone, Debug, PartialEq)]
pub struct Track {
    /// Its positions by time; at least one.
    pub points: Vec<TrackPoint>,
}

impl Track {
    /// Time between first and last position [s].
    pub fn life(&self) -> f64 {
        self.last().time - self.points[0].time
    }

    /// The lowest pressure [Pa].
    pub fn lowest_pressure(&self) -> f64 {
        self.points.iter().map(|point| point.cyclone.pressure).fold(f64::INFINITY, f64::min)
    }

    /// Number of positions with a warm core.
    pub fn warm_positions(&self) -> usize {
        self.points.iter().filter(|point| point.cyclone.warm_core == Some(true)).count()
    }

    fn last(&self) -> &TrackPoint {
        &self.points[self.points.len() - 1]
    }

    /// Where the motion of the last two positions leads to at `time`; the last position where there is only one.
    fn guess(&self, time: f64) -> (f64, f64) {
        let here = position(&self.last().cyclone);
        let [.., before, last] = &self.points[..] else { return here };
        let angle = great_circle_angle(position(&before.cyclone), here).to_radians();
        if angle < 1e-9 {
            return here;
        }
        // On the great circle through both: s(τ) = (s₀ sin((1 − τ)α) + s₁ sin(τα)) / sin α.
        let steps = 1.0 + (time - last.time) / (last.time - before.time);
        let (from, to) = (unit_vector(position(&before.cyclone)), unit_vector(here));
        let [back, ahead] = [((1.0 - steps) * angle).sin(), (steps * angle).sin()];
        let vector: [f64; 3] = std::array::from_fn(|i| (back * from[i] + ahead * to[i]) / angle.sin());
        (vector[2].atan2(vector[0].hypot(vector[1])).to_degrees(), vector[1].atan2(vector[0]).to_degrees())
    }
}

fn position(cyclone: &Cyclone) -> (f64, f64) {
    (cyclone.latitude, cyclone.longitude)
}

/// Links cyclones of successive times.
#[derive(Clone, Debug)]
pub struct Tracker {
    settings: TrackerSettings,
    /// In the order in which they began.
    tracks: Vec<Track>,
    time: Option<f64>,
}

impl Tracker {
    /// Without any track. Errors: settings below 0, or no speed.
    pub fn new(settings: TrackerSettings) -> Result<Self> {
        let checks = [
            ("largest_speed", settings.largest_speed, settings.largest_speed > 0.0),
            ("longest_gap", settings.longest_gap, settings.longest_gap >= 0.0),
            ("shortest_life", settings.shortest_life, settings.shortest_life >= 0.0),
        ];
        for (name, value, fits) in checks {
            if !(fits && value.is_finite()) {
                let expected = "a finite number, not below 0 (a speed above 0)".to_owned();
                return Err(Error::InvalidValue { name, got: value.to_string(), expected });
            }
        }
        Ok(Self { settings, tracks: Vec::new(), time: None })
    }

    /// Adds the cyclones of the next time [s], which must be later than the one before.
    ///
    /// Pairs of track and cyclone are made by rising distance of the cyclone from where the track's motion leads to.
    pub fn observe(&mut self, time: f64, cyclones: &[Cyclone]) -> Result<()> {
        if self.time.is_some_and(|before| time <= before) || !time.is_finite() {
            let expected = format!("later than {} s", self.time.unwrap_or(f64::NEG_INFINITY));
            return Err(Error::InvalidValue { name: "time", got: format!("{time} s"), expected });
        }
        let before = self.time.replace(time).unwrap_or(time);
        let mut pairs = Vec::new();
        for (number, track) in self.tracks.iter().enumerate() {
            let last = track.last();
            // At the time before nothing is missing yet, however long ago that is.
            if last.time < before && time - last.time > self.settings.longest_gap {
                continue;
            }
            let reach = (self.settings.largest_speed * (time - last.time) / EARTH_RADIUS).to_degrees();
            let guess = track.guess(time);
            for (index, cyclone) in cyclones.iter().enumerate() {
                if great_circle_angle(position(&last.cyclone), position(cyclone)) <= reach {
                    pairs.push((great_circle_angle(guess, position(cyclone)), number, index));
                }
            }
        }
        pairs.sort_by(|one, other| one.partial_cmp(other).expect("angles are finite"));
        let mut taken = vec![false; cyclones.len()];
        for (_, number, index) in pairs {
            let track = &mut self.tracks[number];
            if taken[index] || track.last().time == time {
                continue;
            }
            taken[index] = true;
            track.points.push(TrackPoint { time, cyclone: cyclones[index] });
        }
        for (cyclone, _) in cyclones.iter().zip(taken).filter(|(_, taken)| !taken) {
            self.tracks.push(Track { points: vec![TrackPoint { time, cyclone: *cyclone }] });
        }
        Ok(())
    }

    /// The tracks that live long enough, in the order in which they began; of one time, the deepest first.
    pub fn tracks(&self) -> impl Iterator<Item = &Track> {
        self.tracks.iter().filter(|track| track.life() >= self.settings.shortest_life)
    }
}
