//! GRIB2 files: fields go to the output server, whose plan encodes and writes them.
//!
//! Without a plan file it is one file per output time with all fields. Each output time is on the disk, read back, when
//! [`PlannedOutput::write`] returns, so that a checkpoint never knows of a file that is not there.

use std::path::{Path, PathBuf};

use serde_json::Value;
use terrella_io::encode::EnsembleProduct;
use terrella_io::layout::Layout;
use terrella_io::plan::{Metadata, Plans, WholeFile, WholeFiles};
use terrella_io::read::{GribFile, Header, Missing};
use terrella_io::server::{Server, Settings};
use terrella_io::{Level, Parameter, Time};

use crate::configuration::{Format, Output};
use crate::error::{Error, Result};
use crate::output::packing_error;

/// A field of an output time.
pub(crate) struct PlannedField<'a> {
    pub(crate) parameter: Parameter,
    pub(crate) level: Level,
    pub(crate) values: &'a [f64],
}

/// The plans of a run in `folder`, where it writes GRIB; `continued`: an earlier process wrote the first output times.
pub(crate) fn plans(output: &Output, folder: &Path, continued: bool) -> Result<Option<Plans>> {
    if !output.formats.contains(&Format::Grib2) {
        return Ok(None);
    }
    let text = match &output.plan {
        Some(path) => std::fs::read_to_string(path)
            .map_err(|error| Error::file(path, "reading the output plan", error))?,
        None => default_plan(output.bits),
    };
    let read = if continued { Plans::continue_yaml_in } else { Plans::from_yaml_in };
    match (read(&text, folder), &output.plan) {
        (Err(error), Some(path)) => Err(Error::Input { path: path.clone(), message: error.to_string() }),
        (plans, _) => Ok(Some(plans?)),
    }
}

/// The server with the run's plans.
pub(crate) struct PlannedOutput {
    server: Server,
    files: WholeFiles,
    layout: Layout,
    reference: Time,
    member: Option<EnsembleProduct>,
    /// Bits per value of the files, where they hold what was computed and nothing made of it.
    bits: Option<u32>,
}

impl PlannedOutput {
    /// Starts the plans. `fields`: how many an output time has.
    pub(crate) fn new(
        mut plans: Plans,
        layout: &Layout,
        reference: Time,
        member: Option<EnsembleProduct>,
        fields: usize,
    ) -> Result<Self> {
        let (files, bits) = (plans.whole_files(), plans.bits_of_kept_values());
        // Room for two output times in each plan: nothing waits longer.
        let share = 2 * fields as u64 * (8 * layout.points() as u64 + 4096);
        let memory = plans.count().max(1) as u64 * share;
        let server = Server::start(plans, Settings { memory, ..Settings::default() })?;
        Ok(Self { server, files, layout: layout.clone(), reference, member, bits })
    }

    /// Hands an output time over, waits until it is on the disk and reads it back. Returns the files that are whole now.
    pub(crate) fn write(&mut self, valid: Time, fields: &[PlannedField<'_>]) -> Result<Vec<WholeFile>> {
        for field in fields {
            let metadata = self.metadata(valid, field)?;
            self.server.write_field(metadata, &self.layout, field.values)?;
        }
        self.server.flush()?;
        self.verified(Some((valid, fields)))
    }

    /// What the plans remember of the output times so far.
    pub(crate) fn state(&self) -> Result<Vec<u8>> {
        Ok(self.server.state()?)
    }

    /// Ends the plans. Returns the files that are whole now and were not before.
    pub(crate) fn finish(&mut self) -> Result<Vec<WholeFile>> {
        self.server.finish()?;
        self.verified(None)
    }

    /// What the server measured.
    pub(crate) fn metrics(&self) -> Value {
        serde_json::from_str(&self.server.metrics().to_json()).unwrap_or_default()
    }

    /// What a field is, in the words of a plan.
    fn metadata(&self, valid: Time, field: &PlannedField<'_>) -> Result<Metadata> {
        let (year, month, day, hour, minute, second) = self.reference.civil();
        let seconds = valid.seconds() - self.reference.seconds();
        let unit = if seconds % 3600 == 0 { 3600 } else { 1 };
        let mut metadata = Metadata::new()
            .with("name", field.parameter.short_name)
            .with("startDate", 10_000 * year + i64::from(100 * month + day))
            .with("startTime", i64::from(10_000 * hour + 100 * minute + second))
            .with("step", seconds / unit)
            .with("timeStep", unit)
            .with("start", &*format!("{year:04}{month:02}{day:02}{hour:02}"))
            .with("hour", &*format!("{:03}", valid.hours_since(self.reference)));
        match field.level {
            Level::Pressure(pressure) => {
                metadata.set("levtype", "pl");
                // A whole number, as those of plan files are.
                match pressure.fract() == 0.0 {
                    true => metadata.set("level", pressure as i64),
                    false => metadata.set("level", pressure),
                }
            }
            _ => metadata.set("levtype", "sfc"),
        }
        if let Some(EnsembleProduct::Member { number, members }) = self.member {
            metadata.set("number", i64::from(number));
            metadata.set("numberOfForecastsInEnsemble", i64::from(members));
        }
        Ok(metadata)
    }

    /// Reads the files that have become whole; one that does not hold what it should is removed.
    fn verified(&self, time: Option<(Time, &[PlannedField<'_>])>) -> Result<Vec<WholeFile>> {
        let files = self.files.take();
        for file in &files {
            if let Err(error) = self.verify(file, time) {
                // It must not look whole.
                let _ = std::fs::remove_file(&file.path);
                return Err(error);
            }
        }
        Ok(files)
    }

    /// The bytes must be those that the plan made, and GRIB must decode: where the plan keeps values, within the packing's
    /// precision.
    fn verify(&self, file: &WholeFile, time: Option<(Time, &[PlannedField<'_>])>) -> Result<()> {
        let refuse = |message: String| Error::NotVerified { path: file.path.clone(), message };
        let bytes = read(&file.path)?;
        if *blake3::hash(&bytes).as_bytes() != file.hash {
            return Err(refuse(format!("its {} bytes are others", bytes.len())));
        }
        if !bytes.starts_with(b"GRIB") {
            return Ok(());
        }
        let grib = GribFile::open(&file.path)?;
        let kept = self.bits.zip(time);
        let mut rest: &[PlannedField<'_>] = time.map_or(&[], |(_, fields)| fields);
        for header in grib.headers() {
            let missing = if kept.is_some() { Missing::Refuse } else { Missing::Nan };
            let field = grib.decode(header, missing)?;
            let Some((bits, (valid, _))) = kept else { continue };
            // In their order; a selection may have left some out.
            let Some(place) = rest.iter().position(|written| is_of(header, written, valid)) else {
                return Err(refuse(format!(
                    "'{}' valid {} was not written here",
                    header.short_name, header.valid
                )));
            };
            let written = rest[place].values;
            rest = &rest[place + 1..];
            if field.values.len() != written.len() {
                return Err(refuse(format!("{} of {} values", field.values.len(), written.len())));
            }
            let tolerance = packing_error(written, bits);
            let worst = field.values.iter().zip(written).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            if worst > tolerance {
                return Err(refuse(format!(
                    "'{}' is off by {worst:e}, packing explains {tolerance:e}",
                    header.short_name
                )));
            }
        }
        Ok(())
    }
}

fn is_of(header: &Header, field: &PlannedField<'_>, valid: Time) -> bool {
    let pressure = match field.level {
        Level::Pressure(pressure) => Some(pressure),
        _ => None,
    };
    header.short_name == field.parameter.short_name && header.valid == valid && header.pressure() == pressure
}

fn read(path: &PathBuf) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|error| Error::file(path, "reading back", error))
}

/// One file per output time.
fn default_plan(bits: u32) -> String {
    format!(
        "
plans:
  - name: forecast
    actions:
      - {{type: encode, format: grib, bits-per-value: {bits}}}
      - {{type: sink, sinks: [{{type: file, path: 'forecast_[start]_f[hour].grib2', whole: true}}]}}
"
    )
}
