//! What a field of an ensemble is, in GRIB2 and CF.
//!
//! Product definition templates 4.1 (a member), 4.2 (mean or spread), 4.5 (a probability) at a point in time; 4.11, 4.12 and
//! 4.9 for sums over time.
//! Source: WMO Manual on Codes, FM 92 GRIB edition 2, code tables 4.6, 4.7 and 4.9.

use super::netcdf::Naming;
use crate::eccodes::Message;
use crate::error::{Error, Result};
use crate::parameter::Parameter;

/// What a field of an ensemble of `members` is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum EnsembleProduct {
    /// One member; 0 is the unperturbed one, odd ones are perturbed positively, even ones negatively.
    Member {
        /// Its number, below `members`.
        number: u32,
        /// Size of the ensemble.
        members: u32,
    },
    /// The mean of all members.
    Mean {
        /// Size of the ensemble.
        members: u32,
    },
    /// The spread: their standard deviation.
    Spread {
        /// Size of the ensemble.
        members: u32,
    },
    /// The probability of a value above a threshold (%): the share of members.
    ProbabilityAbove {
        /// Size of the ensemble.
        members: u32,
        /// The threshold, in the parameter's unit.
        threshold: f64,
        /// Number of this threshold among those of the parameter, from 0.
        number: u32,
        /// How many thresholds the parameter has.
        thresholds: u32,
    },
}

/// A member of an ensemble.
#[derive(Clone, Copy, Debug)]
pub(super) struct Member {
    pub(super) number: u32,
    pub(super) members: u32,
}

impl Member {
    /// Code table 1.4: 3, the control; 4, a perturbed member.
    pub(super) fn processed_data(self) -> u8 {
        if self.number == 0 { 3 } else { 4 }
    }

    /// Code table 4.6: 1, the control; 3, perturbed positively; 2, negatively.
    pub(super) fn forecast(self) -> u8 {
        match self.number {
            0 => 1,
            odd if odd % 2 == 1 => 3,
            _ => 2,
        }
    }
}

impl EnsembleProduct {
    pub(super) fn member(self) -> Option<Member> {
        match self {
            Self::Member { number, members } => Some(Member { number, members }),
            _ => None,
        }
    }

    /// The product definition template of a field at a time, or of a sum over time.
    pub(super) fn template(self, sum: bool) -> i64 {
        match self {
            Self::Member { .. } => {
                if sum {
                    11
                } else {
                    1
                }
            }
            Self::Mean { .. } | Self::Spread { .. } => {
                if sum {
                    12
                } else {
                    2
                }
            }
            Self::ProbabilityAbove { .. } => {
                if sum {
                    9
                } else {
                    5
                }
            }
        }
    }

    /// Sets the keys of the template beside those of a plain forecast.
    pub(super) fn set(self, message: &mut Message) -> Result<()> {
        // Code table 4.3: 4, an ensemble forecast; 5, a probability forecast.
        let process = if matches!(self, Self::ProbabilityAbove { .. }) { 5 } else { 4 };
        message.set_long("typeOfGeneratingProcess", process)?;
        match self {
            Self::Member { number, members } => {
                let member = Member { number, members };
                message.set_long("typeOfProcessedData", i64::from(member.processed_data()))?;
                message.set_long("typeOfEnsembleForecast", i64::from(member.forecast()))?;
                message.set_long("perturbationNumber", i64::from(number))?;
                message.set_long("numberOfForecastsInEnsemble", i64::from(members))
            }
            Self::Mean { members } | Self::Spread { members } => {
                // Code tables 1.4 and 4.7: 5, control and perturbed members; 0, unweighted mean; 4, spread.
                message.set_long("typeOfProcessedData", 5)?;
                let kind = if matches!(self, Self::Mean { .. }) { 0 } else { 4 };
                message.set_long("derivedForecast", kind)?;
                message.set_long("numberOfForecastsInEnsemble", i64::from(members))
            }
            Self::ProbabilityAbove { threshold, number, thresholds, .. } => {
                message.set_long("typeOfProcessedData", 5)?;
                message.set_long("forecastProbabilityNumber", i64::from(number))?;
                message.set_long("totalNumberOfForecastProbabilities", i64::from(thresholds))?;
                // Code table 4.9: 3, above the lower limit.
                message.set_long("probabilityType", 3)?;
                let (places, scaled) = decimal(threshold)?;
                message.set_long("scaleFactorOfLowerLimit", places)?;
                message.set_long("scaledValueOfLowerLimit", scaled)?;
                message.set_missing("scaleFactorOfUpperLimit")?;
                message.set_missing("scaledValueOfUpperLimit")
            }
        }
    }

    /// Names of the product of a parameter in NetCDF: `t_spread`, `10u_above_17.2`; probabilities have unit 1.
    pub fn naming(self, parameter: &Parameter) -> Naming {
        let plain = Naming::from(parameter);
        let (suffix, words, methods) = match self {
            Self::Member { .. } => return plain,
            Self::Mean { .. } => ("mean".to_owned(), "ensemble mean", "realization: mean"),
            Self::Spread { .. } => {
                ("spread".to_owned(), "ensemble spread", "realization: standard_deviation")
            }
            Self::ProbabilityAbove { threshold, .. } => {
                return Naming {
                    name: format!("{}_above_{threshold}", plain.name),
                    long_name: format!(
                        "Probability of {} above {threshold} {}",
                        plain.long_name, plain.units
                    ),
                    standard_name: None,
                    units: "1".into(),
                    cell_methods: None,
                };
            }
        };
        Naming {
            name: format!("{}_{suffix}", plain.name),
            long_name: format!("{}, {words}", plain.long_name),
            cell_methods: Some(methods.into()),
            ..plain
        }
    }
}

/// A number as a decimal: places and value · 10^places, the fewest that keep it to 10⁻⁶.
fn decimal(value: f64) -> Result<(i64, i64)> {
    let exact = |places: &i32| {
        let scaled = value * 10_f64.powi(*places);
        (scaled - scaled.round()).abs() <= 1e-9 * scaled.abs()
    };
    let places = (0..6).find(exact).unwrap_or(6);
    let scaled = (value * 10_f64.powi(places)).round();
    if scaled.abs() >= f64::from(i32::MAX) || !scaled.is_finite() {
        return Err(Error::InvalidValue {
            name: "threshold".into(),
            got: value.to_string(),
            expected: "a number of at most nine digits".into(),
        });
    }
    Ok((i64::from(places), scaled as i64))
}
