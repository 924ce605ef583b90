//! `assimilation analyse`: a real state, real observations, and 3D-Var between them.

mod configuration;
mod covariance;
mod operator;
mod results;

use std::collections::BTreeMap;

use terrella_driver::progress::say;
use terrella_io::layout::Layout;
use terrella_io::observations::{
    self, DepartureSettings, Feedback, Reason, Rejections, Report, depart, read,
};
use terrella_io::read::{State, StateLevels, StateSelection, state};
use terrella_kernels::assimilation::Observations;
use terrella_kernels::assimilation::minimisation::Ending;
use terrella_kernels::assimilation::quality::{Huber, Screening};
use terrella_kernels::assimilation::variational::{
    Minimiser, ModelWindow, OuterLoops, Persistence, VariationalAnalysis, analyse_variationally,
};
use terrella_kernels::grid::Grid;

use crate::arguments::AnalyseArguments;
use crate::error::{Error, Result};
use configuration::{Analysis, Configuration};
use operator::{FIELDS, Profiles};

/// Share of the first gradient at which inner loops end.
const REDUCTION: f64 = 1e-3;
/// Root mean square change of the control vector at which outer loops end.
const CHANGE: f64 = 1e-3;

/// Everything that results are made from.
struct Outcome<'a> {
    configuration: &'a Configuration,
    background: &'a State,
    /// Reports that were not read, by reason.
    rejected: BTreeMap<&'static str, usize>,
    feedback: Feedback,
    layout: Layout,
    pressures: Vec<f64>,
    analysis: VariationalAnalysis<f64>,
    used: usize,
}

/// `assimilation analyse`.
pub(crate) fn analyse(arguments: &AnalyseArguments) -> Result<()> {
    let mut configuration = Configuration::read(&arguments.configuration)?;
    if let Some(folder) = &arguments.out {
        configuration.output.folder.clone_from(folder);
    }
    configuration.observations.files.extend(arguments.observations.iter().cloned());
    if configuration.observations.files.is_empty() {
        let message = "no observations: expected 'files' in [observations], or --observations".to_owned();
        return Err(Error::Configuration { path: arguments.configuration.clone(), message });
    }
    let file = &configuration.background.file;
    let background = state(file, &StateSelection::default())?;
    let pressures = pressures(&configuration, &background)?;
    say(&format!("background: {}, valid {}, {} levels", file.display(), background.valid, pressures.len()));
    let mut all: Vec<Report> = Vec::new();
    let mut rejected = BTreeMap::new();
    for file in &configuration.observations.files {
        let own = read(file)?;
        let (reports, rejections) = (own.reports.len(), own.rejections.total());
        say(&format!("observations: {}, {reports} reports, {rejections} rejections", file.display()));
        all.extend(own.reports);
        for (reason, count) in own.rejections.counts() {
            *rejected.entry(reason.name()).or_default() += count;
        }
    }
    say_times(&background, &all);
    let mut feedback = depart(&background, &all, &DepartureSettings::default())?;
    let settings = &configuration.analysis;
    let chosen = choose(&mut feedback, settings, &pressures)?;
    let grid: Grid = format!("F{}", (settings.truncation + 2) / 2).parse()?;
    let layout = Layout::from(&grid);
    let mut transform = covariance::root(settings, &grid, &pressures)?;
    let profiles = Profiles::new(&feedback, &chosen, &layout, &pressures)?;
    let of = |value: &dyn Fn(&observations::Departure) -> f64| -> Vec<f64> {
        chosen.iter().map(|&number| value(&feedback.departures[number])).collect()
    };
    let (innovations, variances) = (of(&|d| d.innovation()), of(&|d| d.error * d.error));
    let values = FIELDS.len() * pressures.len() * grid.points();
    let increment = minimise(settings, profiles, &mut transform, values, &innovations, &variances)?;
    for (number, residual) in chosen.iter().zip(&increment.departures.of_analysis) {
        let departure = &mut feedback.departures[*number];
        departure.analysis = departure.observed - residual;
    }
    results::write(&Outcome {
        configuration: &configuration,
        background: &background,
        rejected,
        used: chosen.len(),
        feedback,
        layout,
        pressures,
        analysis: increment,
    })
}

/// Says when the background is valid and the observations were made: the two need not belong together.
fn say_times(background: &State, reports: &[Report]) {
    let times = reports.iter().map(|report| report.time);
    if let (Some(first), Some(last)) = (times.clone().min(), times.max()) {
        let apart = if first > background.valid { "before" } else { "after" };
        let beside = first <= background.valid && background.valid <= last;
        say(&format!(
            "observed from {first} to {last}{}",
            if beside {
                String::new()
            } else {
                format!("; the background is of another time, {apart} these")
            }
        ));
    }
}

/// The levels that all of u, v and T have, on pressures.
fn pressures(configuration: &Configuration, background: &State) -> Result<Vec<f64>> {
    let refuse = |message: &str| Error::Background {
        path: configuration.background.file.clone(),
        message: message.to_owned(),
    };
    let of = |levels: &StateLevels| match levels {
        StateLevels::Pressure(pressures) => Ok(pressures.clone()),
        StateLevels::Hybrid { .. } => Err(refuse("its levels are hybrid; expected pressure levels.")),
    };
    let (wind, temperature) = (of(&background.u.levels)?, of(&background.temperature.levels)?);
    let common: Vec<f64> = wind.into_iter().filter(|pressure| temperature.contains(pressure)).collect();
    if common.len() < 2 {
        return Err(refuse("wind and temperature share less than two levels."));
    }
    Ok(common)
}

/// Numbers of the departures that are analysed; the others get their reason.
fn choose(feedback: &mut Feedback, settings: &Analysis, pressures: &[f64]) -> Result<Vec<usize>> {
    let (top, bottom) = (pressures[0], pressures[pressures.len() - 1]);
    for departure in feedback.departures.iter_mut().filter(|departure| departure.is_used()) {
        let is_analysed =
            FIELDS.contains(&departure.quantity) && (top..=bottom).contains(&departure.pressure);
        let has_error = departure.error > 0.0 && departure.error.is_finite();
        departure.reason = match (is_analysed, has_error) {
            (false, _) => Some(Reason::NotAnalysed),
            (true, false) => Some(Reason::NoError),
            (true, true) => None,
        };
    }
    let candidates: Vec<usize> =
        (0..feedback.departures.len()).filter(|&number| feedback.departures[number].is_used()).collect();
    let mut screening = Screening::new(candidates.len());
    let of = |value: &dyn Fn(&observations::Departure) -> f64| -> Vec<f64> {
        candidates.iter().map(|&number| value(&feedback.departures[number])).collect()
    };
    let (innovations, variances) = (of(&|d| d.innovation()), of(&|d| d.error * d.error));
    let of_background = of(&|d| match d.quantity {
        observations::Quantity::Temperature => settings.temperature.powi(2),
        _ => settings.wind.powi(2),
    });
    screening.check_first_guess(&innovations, &of_background, &variances, settings.rejected_beyond)?;
    let accepted: Vec<usize> = screening.accepted().collect();
    for (number, &departure) in candidates.iter().enumerate() {
        if accepted.binary_search(&number).is_err() {
            feedback.departures[departure].reason = Some(Reason::FarFromBackground);
        }
    }
    if accepted.is_empty() {
        return Err(Error::NoObservations {
            values: feedback.departures.len(),
            reasons: reasons(&feedback.rejections()),
        });
    }
    Ok(accepted.into_iter().map(|number| candidates[number]).collect())
}

fn reasons(rejections: &Rejections) -> String {
    let counts = rejections.counts().iter();
    counts.map(|(reason, count)| format!("{count} {reason}")).collect::<Vec<_>>().join(", ")
}

/// The increment that innovations tell, with a Huber norm for each.
fn minimise(
    settings: &Analysis,
    profiles: Profiles,
    transform: &mut impl terrella_kernels::assimilation::LinearOperator<f64>,
    values: usize,
    innovations: &[f64],
    variances: &[f64],
) -> Result<VariationalAnalysis<f64>> {
    let norms = vec![Huber::new(-settings.reduced_beyond, settings.reduced_beyond)?; innovations.len()];
    let loops = OuterLoops {
        most: settings.outer_loops,
        change: CHANGE,
        inner: Ending::new(settings.iterations, REDUCTION),
        minimiser: Minimiser::Lanczos { pairs: settings.iterations },
        norms: Some(&norms),
    };
    let mut window = ModelWindow::new(Persistence::new(values), profiles, vec![0])?;
    let observations = Observations::new(innovations, variances)?;
    Ok(analyse_variationally(&mut window, transform, &vec![0.0; values], &observations, &loops)?)
}

#[cfg(test)]
mod tests {
    use terrella_io::observations::{Departure, Quality, Quantity};

    use super::*;

    #[test]
    fn what_is_not_analysed_has_a_reason() {
        let departure = |quantity, pressure, error, innovation: f64| Departure {
            report: 0,
            level: 0,
            quantity,
            pressure,
            observed: 250.0 + innovation,
            error,
            equivalent: 250.0,
            analysis: f64::NAN,
            quality: Quality::default(),
            reason: None,
        };
        let cases = [
            (departure(Quantity::Temperature, 5e4, 1.0, 1.0), None),
            (departure(Quantity::Temperature, 5e4, f64::NAN, 1.0), Some(Reason::NoError)),
            (departure(Quantity::EastwardWind, 5e4, 0.0, 1.0), Some(Reason::NoError)),
            (departure(Quantity::Temperature, 9e3, 1.0, 1.0), Some(Reason::NotAnalysed)),
            (departure(Quantity::NorthwardWind, 9.9e4, 1.0, 1.0), Some(Reason::NotAnalysed)),
            (departure(Quantity::Pressure, f64::NAN, 1.0, 1.0), Some(Reason::NotAnalysed)),
            (departure(Quantity::Temperature, 5e4, 1.0, 100.0), Some(Reason::FarFromBackground)),
            (
                Departure {
                    reason: Some(Reason::Flagged),
                    ..departure(Quantity::Temperature, 5e4, 1.0, 1.0)
                },
                Some(Reason::Flagged),
            ),
        ];
        let departures = cases.iter().map(|(departure, _)| *departure).collect();
        let mut feedback = Feedback { stations: Vec::new(), departures };
        let chosen = choose(&mut feedback, &Analysis::default(), &[1e4, 5e4, 9e4]).expect("one that counts");
        assert_eq!(chosen, [0]);
        for (departure, (case, reason)) in feedback.departures.iter().zip(&cases) {
            assert_eq!(departure.reason, *reason, "{case:?}");
        }
    }
}
