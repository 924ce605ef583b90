//! `assimilation analyse`: a real state, real observations, and 3D-Var between them.

mod configuration;
mod covariance;
mod fields;
mod operator;
mod results;

use std::collections::BTreeMap;

use terrella_driver::progress::say;
use terrella_io::observations::{
    self, DepartureSettings, Feedback, Reason, Rejections, Report, depart, read,
};
use terrella_io::read::{State, StateSelection, state};
use terrella_kernels::assimilation::minimisation::Ending;
use terrella_kernels::assimilation::quality::{Huber, Screening};
use terrella_kernels::assimilation::variational::ObservationOperator;
use terrella_kernels::assimilation::variational::{
    Minimiser, ModelWindow, OuterLoops, Persistence, VariationalAnalysis, analyse_variationally,
};
use terrella_kernels::assimilation::{LinearOperator, Observations};

use crate::arguments::AnalyseArguments;
use crate::error::{Error, Result};
use configuration::{Analysis, Configuration};
use fields::{FIELDS, Fields};
use operator::Profiles;

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
    fields: Fields,
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
    let refuse = |message: &str| Error::Background { path: file.clone(), message: message.to_owned() };
    let fields = Fields::new(&configuration.analysis, &background, refuse)?;
    let [levels, .., humid] = [0, 1, 2, 3].map(|field: usize| fields.pressures[field].len());
    let humidity = if humid > 0 { format!(", {humid} of humidity") } else { String::new() };
    say(&format!("background: {}, valid {}, {levels} levels{humidity}", file.display(), background.valid));
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
    let candidates = candidates(&mut feedback, &fields.pressures);
    let deviations = fields.deviations(settings, &background)?;
    let mut of_background = vec![0.0; candidates.len()];
    Profiles::new(&feedback, &candidates, &fields)?.observe(0, &deviations, &mut of_background)?;
    let chosen = screen(&mut feedback, &candidates, &of_background, settings.rejected_beyond)?;
    let mut transform = covariance::root(settings, &fields, fields.parts(&deviations)[3])?;
    let profiles = Profiles::new(&feedback, &chosen, &fields)?;
    let of = |value: &dyn Fn(&observations::Departure) -> f64| -> Vec<f64> {
        chosen.iter().map(|&number| value(&feedback.departures[number])).collect()
    };
    let (innovations, variances) = (of(&|d| d.innovation()), of(&|d| d.error * d.error));
    let values = deviations.len();
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
        fields,
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

/// Numbers of the departures that could be analysed; the others get their reason. `pressures` are those of the levels of [`FIELDS`].
fn candidates(feedback: &mut Feedback, pressures: &[Vec<f64>; 4]) -> Vec<usize> {
    for departure in feedback.departures.iter_mut().filter(|departure| departure.is_used()) {
        let levels =
            FIELDS.iter().position(|field| *field == departure.quantity).map(|field| &pressures[field]);
        let is_analysed = levels.is_some_and(|levels| match levels[..] {
            [top, .., bottom] => (top..=bottom).contains(&departure.pressure),
            _ => false,
        });
        let has_error = departure.error > 0.0 && departure.error.is_finite();
        departure.reason = match (is_analysed, has_error) {
            (false, _) => Some(Reason::NotAnalysed),
            (true, false) => Some(Reason::NoError),
            (true, true) => None,
        };
    }
    (0..feedback.departures.len()).filter(|&number| feedback.departures[number].is_used()).collect()
}

/// Those of them that are not too far from the background, whose standard deviations there are `of_background`.
fn screen(
    feedback: &mut Feedback,
    candidates: &[usize],
    of_background: &[f64],
    beyond: f64,
) -> Result<Vec<usize>> {
    let mut screening = Screening::new(candidates.len());
    let of = |value: &dyn Fn(&observations::Departure) -> f64| -> Vec<f64> {
        candidates.iter().map(|&number| value(&feedback.departures[number])).collect()
    };
    let (innovations, variances) = (of(&|d| d.innovation()), of(&|d| d.error * d.error));
    let of_background: Vec<f64> = of_background.iter().map(|deviation| deviation * deviation).collect();
    screening.check_first_guess(&innovations, &of_background, &variances, beyond)?;
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
    transform: &mut impl LinearOperator<f64>,
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
            (departure(Quantity::SpecificHumidity, 2e4, 1e-3, 1e-3), Some(Reason::NotAnalysed)),
            (departure(Quantity::SpecificHumidity, 5e4, 1e-3, 1e-3), None),
        ];
        let departures = cases.iter().map(|(departure, _)| *departure).collect();
        let mut feedback = Feedback { stations: Vec::new(), departures };
        let levels = vec![1e4, 5e4, 9e4];
        let found = candidates(&mut feedback, &[levels.clone(), levels.clone(), levels, vec![3e4, 9e4]]);
        assert_eq!(found, [0, 6, 9]);
        let chosen = screen(&mut feedback, &found, &[1.5, 1.5, 1e-3], 5.0).expect("some that count");
        assert_eq!(chosen, [0, 9]);
        for (departure, (case, reason)) in feedback.departures.iter().zip(&cases) {
            assert_eq!(departure.reason, *reason, "{case:?}");
        }
    }
}
