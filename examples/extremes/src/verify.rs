//! `extremes verify`: forecast fields against an analysis, at the analysis' points.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde::Serialize;
use terrella_dycore::shallow_water::Configuration as ModelConfiguration;
use terrella_io::Time;
use terrella_io::layout::Layout;
use terrella_io::read::{Field, GribFile, Header, Missing};

use crate::arguments::VerifyArguments;
use crate::error::{Error, Result};
use crate::interpolation::{Kind, interpolate};
use crate::score::{REGIONS, Sample, Score, area_weights, score};

/// Scores of one parameter at one time in one region.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Row {
    valid: String,
    step_hours: f64,
    parameter: String,
    unit: String,
    level_hpa: u32,
    region: &'static str,
    #[serde(flatten)]
    score: Score,
}

/// Compares everything that matches and returns the table for people; writes the JSON file if one is wanted.
pub(crate) fn verify(arguments: &VerifyArguments) -> Result<String> {
    let rows = rows(arguments)?;
    if let Some(path) = &arguments.json {
        let text = serde_json::to_string_pretty(&rows).expect("numbers and texts are valid JSON");
        terrella_io::sink::AtomicFile::write(path, text.as_bytes())?;
    }
    Ok(table(&rows))
}

fn rows(arguments: &VerifyArguments) -> Result<Vec<Row>> {
    let forecast = Fields::open(&arguments.forecast, arguments)?;
    let analysis = Fields::open(&arguments.analysis, arguments)?;
    let climatology =
        arguments.climatology.as_deref().map(|path| Fields::open(path, arguments)).transpose()?;
    let wanted_step = arguments.step.map(f64::from);

    let mut rows = Vec::new();
    for ((parameter, valid), &(file, ref header)) in &forecast.entries {
        let Some((analysis_file, analysis_header)) = analysis.entries.get(&(parameter.clone(), *valid))
        else {
            continue;
        };
        if wanted_step.is_some_and(|step| (step - header.step()).abs() > 1e-6) {
            continue;
        }
        let truth = analysis.decode(*analysis_file, analysis_header, Missing::Nan)?;
        let kind = if matches!(parameter.as_str(), "u" | "v") { Kind::Component } else { Kind::Scalar };
        let at_points = |field: &Field, path: &Path| at_points(field, path, kind, &truth.layout);
        let predicted = at_points(&forecast.decode(file, header, Missing::Refuse)?, forecast.path(file))?;
        let first = forecast
            .entries
            .iter()
            .find(|((name, _), (_, header))| name == parameter && header.step() == 0.0);
        let persisted = match first {
            Some((_, (file, header))) => {
                Some(at_points(&forecast.decode(*file, header, Missing::Refuse)?, forecast.path(*file))?)
            }
            None => None,
        };
        let normal = match &climatology {
            None => None,
            Some(climatology) => {
                let entry = climatology.entries.iter().find(|((name, _), _)| name == parameter);
                let Some((_, (file, header))) = entry else {
                    return Err(Error::Input {
                        path: climatology.given.clone(),
                        message: format!(
                            "no '{parameter}' at {} hPa for the climatology; it has {}.",
                            arguments.level,
                            climatology.parameters()
                        ),
                    });
                };
                Some(at_points(
                    &climatology.decode(*file, header, Missing::Refuse)?,
                    climatology.path(*file),
                )?)
            }
        };

        let rings = truth.layout.rings();
        let latitudes: Vec<f64> = rings.iter().map(|ring| ring.latitude).collect();
        let points: Vec<usize> = rings.iter().map(|ring| ring.points).collect();
        let weights = area_weights(&latitudes, &points);
        let mut samples = Vec::with_capacity(truth.values.len());
        for (ring, weight) in rings.iter().zip(&weights) {
            for point in ring.offset..ring.offset + ring.points {
                if truth.values[point].is_nan() {
                    continue;
                }
                samples.push(Sample {
                    latitude: ring.latitude,
                    weight: *weight,
                    forecast: predicted[point],
                    analysis: truth.values[point],
                    climatology: normal.as_ref().map(|values| values[point]),
                    persistence: persisted.as_ref().map(|values| values[point]),
                });
            }
        }
        for region in REGIONS {
            if let Some(score) = score(&samples, region) {
                rows.push(Row {
                    valid: valid.to_string(),
                    step_hours: header.step(),
                    parameter: parameter.clone(),
                    unit: if parameter == "gh" { "m".into() } else { header.units.clone() },
                    level_hpa: arguments.level,
                    region: region.name,
                    score,
                });
            }
        }
    }
    if rows.is_empty() {
        let step = wanted_step.map(|step| format!(" at step {step} h")).unwrap_or_default();
        return Err(Error::NothingToCompare {
            forecast: format!("'{}' has{step} {}", forecast.given.display(), forecast.times(wanted_step)),
            analysis: format!("'{}' has {}", analysis.given.display(), analysis.times(None)),
        });
    }
    rows.sort_by(|a, b| (&a.parameter, &a.valid).cmp(&(&b.parameter, &b.valid)));
    Ok(rows)
}

/// The fields of a file, or of all GRIB files in a folder, by parameter and valid time.
struct Fields {
    given: PathBuf,
    files: Vec<GribFile>,
    entries: BTreeMap<(String, Time), (usize, Header)>,
}

impl Fields {
    fn open(path: &Path, arguments: &VerifyArguments) -> Result<Self> {
        let mut files = Vec::new();
        for path in grib_files(path)? {
            files.push(GribFile::open(&path)?);
        }
        let mut entries: BTreeMap<(String, Time), (usize, Header)> = BTreeMap::new();
        for (number, file) in files.iter().enumerate() {
            for header in file.headers() {
                let name = if header.short_name == "z" { "gh" } else { &header.short_name };
                let wanted = arguments
                    .parameters
                    .iter()
                    .any(|parameter| parameter == name || *parameter == header.short_name);
                if !wanted || header.pressure() != Some(f64::from(arguments.level)) {
                    continue;
                }
                let key = (name.to_owned(), header.valid);
                // Of several fields valid at one time the one with the shortest step is nearest to an analysis.
                let nearer = entries.get(&key).is_none_or(|(_, known)| header.step() < known.step());
                if nearer {
                    entries.insert(key, (number, header.clone()));
                }
            }
        }
        let fields = Self { given: path.to_owned(), files, entries };
        if fields.entries.is_empty() {
            let mut found: Vec<String> =
                fields.files.iter().flat_map(GribFile::headers).map(Header::title).collect();
            found.sort();
            found.dedup();
            found.truncate(20);
            return Err(Error::Input {
                path: path.to_owned(),
                message: format!(
                    "no {} at {} hPa; it has {}.",
                    arguments.parameters.join(", "),
                    arguments.level,
                    found.join(", ")
                ),
            });
        }
        Ok(fields)
    }

    fn path(&self, file: usize) -> &Path {
        self.files[file].path()
    }

    /// The values; a geopotential becomes a height.
    fn decode(&self, file: usize, header: &Header, missing: Missing) -> Result<Field> {
        let mut field = self.files[file].decode(header, missing)?;
        if header.short_name == "z" {
            field.values.iter_mut().for_each(|value| *value /= ModelConfiguration::STANDARD_GRAVITY);
        }
        Ok(field)
    }

    fn parameters(&self) -> String {
        let mut names: Vec<&str> = self.entries.keys().map(|(name, _)| name.as_str()).collect();
        names.dedup();
        names.join(", ")
    }

    /// The valid times, all or those of a step.
    fn times(&self, step: Option<f64>) -> String {
        let mut times: Vec<String> = self
            .entries
            .iter()
            .filter(|(_, (_, header))| step.is_none_or(|step| (header.step() - step).abs() < 1e-6))
            .map(|((name, valid), _)| format!("{name} valid {valid}"))
            .collect();
        times.sort();
        times.dedup();
        let more = times.len().saturating_sub(12);
        times.truncate(12);
        match (times.is_empty(), more) {
            (true, _) => "nothing".into(),
            (false, 0) => times.join(", "),
            (false, _) => format!("{} and {more} more", times.join(", ")),
        }
    }
}

fn grib_files(path: &Path) -> Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let failed = |error| Error::file(path, "listing", error);
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path).map_err(failed)? {
        let file = entry.map_err(failed)?.path();
        let extension = file.extension().and_then(|extension| extension.to_str()).unwrap_or("");
        if matches!(extension, "grib" | "grib1" | "grib2" | "grb" | "grb1" | "grb2") && file.is_file() {
            files.push(file);
        }
    }
    if files.is_empty() {
        return Err(Error::Input {
            path: path.to_owned(),
            message: "the folder has no file named *.grib, *.grib1, *.grib2, *.grb, *.grb1 or *.grb2.".into(),
        });
    }
    files.sort();
    Ok(files)
}

/// The field at the points of another layout; itself where the layouts are equal.
fn at_points(field: &Field, path: &Path, kind: Kind, target: &Layout) -> Result<Vec<f64>> {
    if field.layout == *target {
        return Ok(field.values.clone());
    }
    if !field.layout.is_global() || field.layout.rings().len() < 4 {
        return Err(Error::Input {
            path: path.to_owned(),
            message: format!(
                "'{}' does not cover the globe: it cannot be interpolated.",
                field.header.title()
            ),
        });
    }
    let rings = field.layout.rings();
    Ok(target
        .coordinates()
        .map(|(longitude, latitude)| interpolate(rings, &field.values, kind, latitude, longitude))
        .collect())
}

fn table(rows: &[Row]) -> String {
    let optional = |value: Option<f64>, digits: usize| match value {
        Some(value) => format!("{value:.digits$}"),
        None => "-".into(),
    };
    let mut text = format!(
        "{:<9} {:>6} {:<20} {:<22} {:>10} {:>10} {:>12} {:>8}\n",
        "parameter", "step", "valid", "region", "bias", "RMSE", "persistence", "ACC"
    );
    for row in rows {
        let score = &row.score;
        writeln!(
            text,
            "{:<9} {:>6} {:<20} {:<22} {:>10.3} {:>10.3} {:>12} {:>8}",
            row.parameter,
            row.step_hours,
            row.valid,
            row.region,
            score.bias,
            score.rmse,
            optional(score.persistence_rmse, 3),
            optional(score.anomaly_correlation, 4)
        )
        .expect("a String takes any text");
    }
    text.push_str("bias, RMSE and persistence's RMSE in m for gh, m s**-1 for u and v; ACC: centred anomaly correlation");
    if rows.iter().all(|row| row.score.anomaly_correlation.is_none()) {
        text.push_str(" (needs --climatology)");
    }
    text
}
