//! What made a report.

use std::fmt;

/// What made a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A station on land.
    SurfaceLand,
    /// A ship, buoy or platform.
    SurfaceSea,
    /// A balloon or dropsonde, with or without wind.
    Radiosonde,
    /// A radar that looks upwards.
    WindProfiler,
    /// An aircraft, at one place.
    Aircraft,
    /// The motion of clouds or vapour in pictures of a satellite.
    SatelliteWind,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 6] = [
        Self::SurfaceLand,
        Self::SurfaceSea,
        Self::Radiosonde,
        Self::WindProfiler,
        Self::Aircraft,
        Self::SatelliteWind,
    ];

    /// As in files and lists.
    pub fn name(self) -> &'static str {
        match self {
            Self::SurfaceLand => "surface-land",
            Self::SurfaceSea => "surface-sea",
            Self::Radiosonde => "radiosonde",
            Self::WindProfiler => "wind-profiler",
            Self::Aircraft => "aircraft",
            Self::SatelliteWind => "satellite-wind",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}
