//! What the end-to-end tests share: input files, configurations, runs of the program.
#![allow(dead_code, reason = "every test crate uses a part")]

pub(crate) mod grib_bytes;
pub(crate) mod job;
pub(crate) mod whole;

use std::f64::consts::PI;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use terrella_io::encode::{GribEncoder, GribSettings, Identity};
use terrella_io::layout::{Layout, gaussian_latitudes};
use terrella_io::read::Missing;
use terrella_io::{Level, Parameter, Time};

/// Whether ecCodes is there; if not, says so, or fails where TERRELLA_REQUIRE asks for it.
pub(crate) fn has_eccodes() -> bool {
    let Err(error) = terrella_io::eccodes::version() else { return true };
    not_run("eccodes", &error.to_string());
    false
}

/// Reports a test that cannot run here; fails where TERRELLA_REQUIRE names what it needs.
pub(crate) fn not_run(need: &str, reason: &str) {
    let required = std::env::var("TERRELLA_REQUIRE").unwrap_or_default();
    assert!(!required.split(',').any(|name| name.trim() == need), "{need} is required, but {reason}");
    println!("not run: {reason}");
}

/// NOAA's global forecast of 2011-01-10 12 UTC + 120 h on 2.5°.
pub(crate) fn real_state() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("data/gfs.t12z.pgrbf120.2p5deg.grib2")
}

/// A folder for one test, with a configuration in it.
pub(crate) struct Case {
    pub(crate) folder: tempfile::TempDir,
}

impl Case {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes `forecast.toml`: T21, 12 h, no pictures, and what the lines say instead or besides.
    pub(crate) fn configure(&self, input: &Path, input_lines: &str, model: &str, output: &str) -> PathBuf {
        let given = |lines: &str, key: &str| lines.lines().any(|line| line.trim_start().starts_with(key));
        let mut text = format!("[input]\nfile = '{}'\n{input_lines}\n[model]\n{model}\n", input.display());
        for (key, value) in [("truncation", "21"), ("length", "12")] {
            if !given(model, key) {
                text.push_str(&format!("{key} = {value}\n"));
            }
        }
        text.push_str(&format!("[output]\n{output}\n"));
        for (key, value) in [("pictures", "false"), ("checkpoint_interval", "0")] {
            if !given(output, key) {
                text.push_str(&format!("{key} = {value}\n"));
            }
        }
        let path = self.path("forecast.toml");
        std::fs::write(&path, text).unwrap();
        path
    }

    /// `extremes run forecast.toml --out out ...`.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        program_into(self, "out").args(arguments).output().unwrap()
    }

    /// Names in a folder, sorted.
    pub(crate) fn names(&self, folder: &str) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.path(folder)) else { return Vec::new() };
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

/// A plan with windows that are longer than the time between two checkpoints.
pub(crate) const WINDOWS: &str = "
plans:
  - name: forecast
    actions:
      - {type: encode, format: grib}
      - {type: sink, sinks: [{type: file, path: 'forecast_[start]_f[hour].grib2', whole: true}]}
  - name: daily
    actions:
      - {type: select, match: [{name: [u, gh]}]}
      - {type: statistics, output-frequency: 1d, operations: [average, maximum, standard-deviation]}
      - {type: encode, format: raw}
      - {type: sink, sinks: [{type: file, path: 'daily/[name]_[windowStartDate].raw', whole: true}]}
  - name: half days
    actions:
      - {type: select, match: [{name: v}]}
      - {type: statistics, output-frequency: 12h, operations: [average]}
      - {type: encode, format: grib}
      - {type: sink, sinks: [{type: file, path: 'half/[name]_[hour].grib2', whole: true}]}
";

/// `extremes run forecast.toml --out FOLDER`.
pub(crate) fn program_into(case: &Case, folder: &str) -> Command {
    let mut command = program();
    command.arg("run").arg(case.path("forecast.toml")).arg("--out").arg(case.path(folder));
    command
}

/// Whether a run that was split writes the same bytes of it: not of what tells how and when it ran.
pub(crate) fn is_result(name: &str) -> bool {
    !matches!(name, "summary.json" | "provenance.json" | "manifest")
}

/// The program that is tested, on the CPU whatever the environment says.
pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_extremes"));
    command.env_remove("TERRELLA_DEVICE");
    // Mesa's Vulkan complains on standard error where this is not set.
    if std::env::var_os("XDG_RUNTIME_DIR").is_none() {
        command.env("XDG_RUNTIME_DIR", std::env::temp_dir());
    }
    command
}

/// What the program said on standard error.
pub(crate) fn complaint(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Panics with everything that was said unless the program succeeded; returns its standard output.
pub(crate) fn expect_success(output: &Output) -> String {
    let said = String::from_utf8(output.stdout.clone()).unwrap();
    assert!(output.status.success(), "{}\n{said}{}", output.status, complaint(output));
    said
}

/// Panics unless the program failed with one line that contains all of `words`.
pub(crate) fn expect_failure(output: &Output, words: &[&str]) {
    let complaint = complaint(output);
    assert_eq!(output.status.code(), Some(1), "{complaint}{}", String::from_utf8_lossy(&output.stdout));
    assert_eq!(complaint.trim_end().lines().count(), 1, "{complaint}");
    for word in words {
        assert!(complaint.contains(word), "'{word}' is missing in: {complaint}");
    }
    assert!(!complaint.contains("panicked"), "{complaint}");
}

/// The initial time of synthetic files.
pub(crate) fn start() -> Time {
    "2020-06-01T00".parse().unwrap()
}

/// A full Gaussian grid.
pub(crate) fn full_gaussian(half: usize) -> Layout {
    Layout::gaussian(&gaussian_latitudes(half), &vec![4 * half; 2 * half])
}

/// An octahedral reduced Gaussian grid.
pub(crate) fn octahedral(half: usize) -> Layout {
    let points: Vec<usize> = (0..2 * half).map(|ring| 20 + 4 * ring.min(2 * half - 1 - ring)).collect();
    Layout::gaussian(&gaussian_latitudes(half), &points)
}

/// Wind and height of a balanced jet with a wave of number 5 in its height.
pub(crate) struct Flow {
    pub(crate) u: Vec<f64>,
    pub(crate) v: Vec<f64>,
    pub(crate) height: Vec<f64>,
}

impl Flow {
    pub(crate) fn on(layout: &Layout) -> Self {
        let (radius, rotation, gravity, speed) = (6_371_229.0, 7.292e-5, 9.80665, 25.0);
        let mut flow = Self { u: Vec::new(), v: Vec::new(), height: Vec::new() };
        for (longitude, latitude) in layout.coordinates() {
            let (longitude, latitude) = (longitude * PI / 180.0, latitude * PI / 180.0);
            let (sine, cosine) = latitude.sin_cos();
            let wave = cosine.powi(5) * (5.0 * longitude).cos();
            flow.u.push(speed * cosine);
            flow.v.push(0.0);
            flow.height.push(
                5600.0
                    - (radius * rotation * speed + 0.5 * speed * speed) * (sine * sine - 1.0 / 3.0) / gravity
                    + 40.0 * wave,
            );
        }
        flow
    }
}

/// Writes fields at 500 hPa, valid at the start, as one GRIB2 file; NaN become missing values.
pub(crate) fn write_grib(path: &Path, layout: &Layout, fields: &[(Parameter, &[f64])]) {
    write_grib_at(path, layout, fields, start(), start());
}

/// The same for another time.
pub(crate) fn write_grib_at(
    path: &Path,
    layout: &Layout,
    fields: &[(Parameter, &[f64])],
    reference: Time,
    valid: Time,
) {
    let settings = GribSettings { bits_per_value: 24, missing: Missing::Nan, ..GribSettings::default() };
    let encoder = GribEncoder::new(layout, &settings).unwrap();
    let mut bytes = Vec::new();
    for (parameter, values) in fields {
        let identity = Identity { parameter: *parameter, level: Level::Pressure(500.0), reference, valid };
        bytes.extend(encoder.encode(&identity, values).unwrap());
    }
    std::fs::write(path, bytes).unwrap();
}

/// Writes the flow as u, v and, if wanted, gh.
pub(crate) fn write_flow(path: &Path, layout: &Layout, with_height: bool) {
    let flow = Flow::on(layout);
    let mut fields = vec![(Parameter::EASTWARD_WIND, &flow.u[..]), (Parameter::NORTHWARD_WIND, &flow.v[..])];
    if with_height {
        fields.push((Parameter::GEOPOTENTIAL_HEIGHT, &flow.height[..]));
    }
    write_grib(path, layout, &fields);
}
