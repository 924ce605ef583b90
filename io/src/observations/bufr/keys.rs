//! Which of ecCodes' keys are read, and as what.

use terrella_kernels::constants::GRAVITY;

use super::super::Quantity;
use crate::eccodes::Wanted;

/// What an element says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Key {
    /// The next subset begins.
    Mark,
    Block,
    Station,
    /// A name of the station.
    Name,
    /// A number of the station.
    Number,
    /// A name that is not its own alone.
    Site,
    /// Year, month, day, hour, minute, second.
    Clock(usize),
    TimeSignificance,
    Latitude,
    Longitude,
    Elevation,
    Barometer,
    /// Seconds since launch.
    Delay,
    Significance,
    NorthwardDrift,
    EastwardDrift,
    /// The level's pressure \[Pa].
    Pressure,
    /// Its height above mean sea level \[m].
    Height,
    /// Its geopotential height \[m].
    GeopotentialHeight,
    /// Its height above the station \[m].
    HeightAboveStation,
    /// Its height in the standard atmosphere \[m].
    FlightLevel,
    /// A value, in the unit of ecCodes.
    Value(Quantity, Unit),
    /// The per cent of confidence in the element before.
    Confidence,
}

/// How a number of ecCodes becomes one of the quantity's unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Same,
    /// m² s⁻² for m.
    Geopotential,
    /// % for 1.
    PerCent,
    /// Mass of vapour for that of dry air, for the share of moist air.
    MixingRatio,
}

impl Unit {
    pub(super) fn convert(self, value: f64) -> f64 {
        match self {
            Self::Same => value,
            Self::Geopotential => value / GRAVITY,
            Self::PerCent => 0.01 * value,
            Self::MixingRatio => value / (1.0 + value),
        }
    }
}

impl Key {
    pub(super) fn is_wind(self) -> bool {
        matches!(self, Self::Value(Quantity::WindSpeed | Quantity::EastwardWind, _))
    }
}

/// The key of a name without its rank; None for what is not read.
pub(super) fn wanted(name: &str) -> Option<Wanted<Key>> {
    if let Some((element, attribute)) = name.split_once("->") {
        let is_value = matches!(value(element), Some(Key::Value(..) | Key::Pressure));
        return (attribute == "percentConfidence" && is_value).then_some(Wanted::Numbers(Key::Confidence));
    }
    let texts = match name {
        "shipOrMobileLandStationIdentifier"
        | "aircraftFlightNumber"
        | "aircraftRegistrationNumberOrOtherIdentification"
        | "wigosLocalIdentifierCharacter" => Some(Key::Name),
        "stationOrSiteName" | "longStationName" => Some(Key::Site),
        _ => None,
    };
    texts.map(Wanted::Texts).or_else(|| value(name).map(Wanted::Numbers))
}

fn value(name: &str) -> Option<Key> {
    use Quantity as Q;
    let of = |quantity| Key::Value(quantity, Unit::Same);
    Some(match name {
        "subsetNumber" => Key::Mark,
        "blockNumber" => Key::Block,
        "stationNumber" => Key::Station,
        "marineObservingPlatformIdentifier" | "buoyOrPlatformIdentifier" | "satelliteIdentifier" => {
            Key::Number
        }
        "year" => Key::Clock(0),
        "month" => Key::Clock(1),
        "day" => Key::Clock(2),
        "hour" => Key::Clock(3),
        "minute" => Key::Clock(4),
        "second" => Key::Clock(5),
        "timeSignificance" => Key::TimeSignificance,
        "latitude" => Key::Latitude,
        "longitude" => Key::Longitude,
        "heightOfStation" | "heightOfStationGroundAboveMeanSeaLevel" => Key::Elevation,
        "heightOfBarometerAboveMeanSeaLevel" => Key::Barometer,
        "timePeriod" => Key::Delay,
        "verticalSoundingSignificance" | "extendedVerticalSoundingSignificance" => Key::Significance,
        "latitudeDisplacement" => Key::NorthwardDrift,
        "longitudeDisplacement" => Key::EastwardDrift,
        "pressure" => Key::Pressure,
        "height" | "globalNavigationSatelliteSystemAltitude" => Key::Height,
        "geopotentialHeight" => Key::GeopotentialHeight,
        "heightAboveStation" => Key::HeightAboveStation,
        "flightLevel" => Key::FlightLevel,
        "nonCoordinatePressure" => of(Q::Pressure),
        "pressureReducedToMeanSeaLevel" => of(Q::SeaLevelPressure),
        "nonCoordinateGeopotential" => Key::Value(Q::GeopotentialHeight, Unit::Geopotential),
        "nonCoordinateGeopotentialHeight" => of(Q::GeopotentialHeight),
        "airTemperature" | "airTemperatureAt2M" => of(Q::Temperature),
        "dewpointTemperature" | "dewpointTemperatureAt2M" => of(Q::DewPoint),
        "relativeHumidity" => Key::Value(Q::RelativeHumidity, Unit::PerCent),
        "mixingRatio" => Key::Value(Q::SpecificHumidity, Unit::MixingRatio),
        "windDirection" | "windDirectionAt10M" => of(Q::WindDirection),
        "windSpeed" | "windSpeedAt10M" => of(Q::WindSpeed),
        "u" => of(Q::EastwardWind),
        "v" => of(Q::NorthwardWind),
        "oceanographicWaterTemperature" | "seaSurfaceTemperature" => of(Q::SeaSurfaceTemperature),
        _ => return None,
    })
}
