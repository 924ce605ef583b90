//! GRIB2 files: fields go to the output server, whose plan encodes and writes them.
//!
//! Without a plan file it is one file per output time with all fields. Without servers on ranks of their own, each output time is on the
//! disk, read back, when [`PlannedOutput::write`] returns. With them, what they have written by then is returned, and all of it when
//! [`PlannedOutput::state`] has been asked for, so that a checkpoint never knows of a file that is not there.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use terrella_io::encode::EnsembleProduct;
use terrella_io::layout::Layout;
use terrella_io::plan::{Metadata, Plans, WholeFile, WholeFiles};
use terrella_io::read::{GribFile, Header, Missing};
use terrella_io::server::{Server, Settings};
use terrella_io::transport::{Client, PLANS};
use terrella_io::{Level, Parameter, Time};

use crate::configuration::{Format, Output};
use crate::error::{Error, Result};
use crate::output::packing_error;
use crate::servers::Servers;

/// A field of an output time.
pub(crate) struct PlannedField<'a> {
    pub(crate) parameter: Parameter,
    pub(crate) level: Level,
    pub(crate) values: &'a [f64],
}

/// The plans of a run before its first field.
pub(crate) enum PlannedRun {
    /// Carried out here.
    Here(Plans),
    /// On ranks of their own, with what they remembered where the run is continued.
    OnServers { text: String, path: Option<PathBuf>, folder: PathBuf, state: Option<Vec<u8>> },
}

/// The plans of a run in `folder`, where it writes GRIB; `continued`: an earlier process wrote the first output times.
pub(crate) fn plans(
    output: &Output,
    folder: &Path,
    continued: bool,
    on_servers: bool,
) -> Result<Option<PlannedRun>> {
    if !output.formats.contains(&Format::Grib2) {
        return Ok(None);
    }
    let text = match &output.plan {
        Some(path) => std::fs::read_to_string(path)
            .map_err(|error| Error::file(path, "reading the output plan", error))?,
        None => default_plan(output.bits),
    };
    if on_servers {
        let (path, folder) = (output.plan.clone(), folder.to_owned());
        return Ok(Some(PlannedRun::OnServers { text, path, folder, state: None }));
    }
    let read = if continued { Plans::continue_yaml_in } else { Plans::from_yaml_in };
    let plans = of_file(read(&text, folder), output.plan.as_deref())?;
    Ok(Some(PlannedRun::Here(plans)))
}

/// What a plan was read as, or an error that names its file.
fn of_file<T>(read: terrella_io::Result<T>, path: Option<&Path>) -> Result<T> {
    match (read, path) {
        (Err(error), Some(path)) => Err(Error::Input { path: path.to_owned(), message: error.to_string() }),
        (read, _) => Ok(read?),
    }
}

impl PlannedRun {
    /// Continues from what [`PlannedOutput::state`] returned.
    pub(crate) fn restore(&mut self, remembered: &[u8]) -> terrella_io::Result<()> {
        match self {
            Self::Here(plans) => plans.restore(&terrella_io::transport::state_of_rank(remembered, 0)?),
            Self::OnServers { state, .. } => {
                *state = Some(remembered.to_vec());
                Ok(())
            }
        }
    }
}

/// The run's plans at work.
pub(crate) struct PlannedOutput {
    carrier: Carrier,
    layout: Layout,
    reference: Time,
    member: Option<EnsembleProduct>,
    /// Bits per value of the files, where they hold what was computed and nothing made of it.
    bits: Option<u32>,
}

/// Who carries plans out.
enum Carrier {
    Here(Server, WholeFiles),
    Servers { client: Box<Client>, lost: Option<terrella_io::Error>, log: PathBuf },
}

impl PlannedOutput {
    /// Starts the plans. `fields`: how many an output time has.
    pub(crate) fn new(
        plans: PlannedRun,
        layout: &Layout,
        reference: Time,
        member: Option<EnsembleProduct>,
        fields: usize,
        servers: Option<&Servers>,
    ) -> Result<Self> {
        let bytes = fields as u64 * (8 * layout.points() as u64 + 4096);
        let (carrier, bits) = match (plans, servers) {
            (PlannedRun::Here(mut plans), _) => {
                let (files, bits) = (plans.whole_files(), plans.bits_of_kept_values());
                // Room for two output times in each plan: nothing waits longer.
                let memory = plans.count().max(1) as u64 * 2 * bytes;
                let server = Server::start(plans, Settings { memory, ..Settings::default() })?;
                (Carrier::Here(server, files), bits)
            }
            (PlannedRun::OnServers { text, path, folder, state }, Some(servers)) => {
                let client = match servers.client(&text, &folder, bytes, state.as_deref()) {
                    Err(Error::Io(error)) => of_file(Err(error), path.as_deref())?,
                    client => client?,
                };
                if client.transported_plans() == 0 {
                    return Err(Error::Setting {
                        key: "ranks",
                        table: "server",
                        got: servers.count().to_string(),
                        expected:
                            "a plan with the action 'transport', without which servers have nothing to do"
                                .into(),
                    });
                }
                let log = servers.log(&folder);
                (Carrier::Servers { client: Box::new(client), lost: None, log }, None)
            }
            (PlannedRun::OnServers { .. }, None) => {
                unreachable!("plans are for servers where there are some")
            }
        };
        Ok(Self { carrier, layout: layout.clone(), reference, member, bits })
    }

    /// Hands an output time over, and where the plans are carried out here, waits until it is on the disk and reads it back. Returns the
    /// files that are whole now and were not before.
    pub(crate) fn write(&mut self, valid: Time, fields: &[PlannedField<'_>]) -> Result<Vec<WholeFile>> {
        for field in fields {
            let metadata = self.metadata(valid, field)?;
            match &mut self.carrier {
                Carrier::Here(server, _) => server.write_field(metadata, &self.layout, field.values)?,
                Carrier::Servers { client, .. } => {
                    send(client, &metadata, &self.layout, field.values)?;
                }
            }
        }
        match &mut self.carrier {
            Carrier::Here(server, _) => server.flush()?,
            Carrier::Servers { client, .. } => client.end_step()?,
        }
        self.verified(Some((valid, fields)))
    }

    /// Between output times: sends what waits for servers.
    pub(crate) fn progress(&mut self) -> Result<()> {
        match &mut self.carrier {
            Carrier::Here(..) => Ok(()),
            Carrier::Servers { client, .. } => Ok(client.progress()?),
        }
    }

    /// Whether others carry the plans out.
    pub(crate) fn is_on_servers(&self) -> bool {
        matches!(self.carrier, Carrier::Servers { .. })
    }

    /// Files that are whole now and were not before.
    pub(crate) fn whole_files(&mut self) -> Result<Vec<WholeFile>> {
        self.verified(None)
    }

    /// A server that was lost, and where what it has not written is; after [`PlannedOutput::finish`].
    pub(crate) fn lost(&mut self) -> Option<Error> {
        match &mut self.carrier {
            Carrier::Here(..) => None,
            Carrier::Servers { lost, log, .. } => {
                lost.take().map(|lost| Error::ToReplay { lost, log: log.clone() })
            }
        }
    }

    /// What the plans remember of the output times so far, all of which are on the disk then.
    pub(crate) fn state(&mut self) -> Result<Vec<u8>> {
        match &mut self.carrier {
            Carrier::Here(server, _) => Ok(server.state()?),
            Carrier::Servers { client, .. } => Ok(client.state()?),
        }
    }

    /// Ends the plans. Returns the files that are whole now and were not before.
    pub(crate) fn finish(&mut self) -> Result<Vec<WholeFile>> {
        match &mut self.carrier {
            Carrier::Here(server, _) => server.finish()?,
            Carrier::Servers { client, lost, log } => match client.finish() {
                Err(error @ terrella_io::Error::ServerLost { .. }) => *lost = Some(error),
                outcome => {
                    outcome?;
                    remove_log(log, client.server_metrics().len());
                }
            },
        }
        self.verified(None)
    }

    /// What the output server measured, under its key of the summary; of servers on other ranks after [`PlannedOutput::finish`].
    pub(crate) fn metrics(&self) -> (&'static str, Value) {
        let read = |text: &str| -> Value { serde_json::from_str(text).unwrap_or_default() };
        match &self.carrier {
            Carrier::Here(server, _) => ("output_server", read(&server.metrics().to_json())),
            Carrier::Servers { client, .. } => {
                let told = client.server_metrics();
                let servers = told.into_iter().map(|told| told.map_or(json!({ "lost": true }), read));
                let servers: Vec<Value> = servers.collect();
                ("output_servers", json!({ "servers": servers, "rank_0": read(&client.metrics().to_json()) }))
            }
        }
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

    /// Reads the files that have become whole; one that does not hold what it should is removed. Servers have read theirs.
    fn verified(&mut self, time: Option<(Time, &[PlannedField<'_>])>) -> Result<Vec<WholeFile>> {
        let files = match &mut self.carrier {
            Carrier::Here(_, files) => files.take(),
            Carrier::Servers { client, .. } => return Ok(client.whole_files()),
        };
        let kept = self.bits.zip(time);
        files.iter().try_for_each(|file| read_back(file, kept))?;
        Ok(files)
    }
}

/// Removes what servers have no use for any more; what else is there stays.
fn remove_log(log: &Path, servers: usize) {
    let _ = std::fs::remove_file(log.join(PLANS));
    for server in 0..servers {
        let _ = std::fs::remove_dir(log.join(format!("server-{server}")));
    }
    let _ = std::fs::remove_dir(log);
}

/// A field for servers; waits where there is no room.
fn send(client: &mut Client, metadata: &Metadata, layout: &Layout, values: &[f64]) -> Result<()> {
    /// A server that takes nothing for so long is lost before.
    const LONGEST: Duration = Duration::from_secs(24 * 3600);
    let mut outcome = client.write_field(metadata.clone(), layout, values);
    while let Err(terrella_io::Error::Full { bytes, memory, .. }) = &outcome {
        let is_possible = 2 * bytes <= *memory;
        if !is_possible || !client.wait_for_room(LONGEST)? {
            break;
        }
        outcome = client.write_field(metadata.clone(), layout, values);
    }
    Ok(outcome?)
}

/// Reads a file that has become whole. The bytes must be those that the plan made, and GRIB must decode: where the plan keeps values, to
/// those of the time, within the packing's precision. A file that does not hold what it should is removed.
pub(crate) fn read_back(file: &WholeFile, kept: Option<(u32, (Time, &[PlannedField<'_>]))>) -> Result<()> {
    let outcome = compare(file, kept);
    if outcome.is_err() {
        // It must not look whole.
        let _ = std::fs::remove_file(&file.path);
    }
    outcome
}

fn compare(file: &WholeFile, kept: Option<(u32, (Time, &[PlannedField<'_>]))>) -> Result<()> {
    let refuse = |message: String| Error::NotVerified { path: file.path.clone(), message };
    let bytes = read(&file.path)?;
    if *blake3::hash(&bytes).as_bytes() != file.hash {
        return Err(refuse(format!("its {} bytes are others", bytes.len())));
    }
    if !bytes.starts_with(b"GRIB") {
        return Ok(());
    }
    let grib = GribFile::open(&file.path)?;
    let mut rest: &[PlannedField<'_>] = kept.map_or(&[], |(_, (_, fields))| fields);
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

/// One file per output time, each by one server.
fn default_plan(bits: u32) -> String {
    format!(
        "
plans:
  - name: forecast
    actions:
      - {{type: transport, target: server, hash-keys: [hour]}}
      - {{type: encode, format: grib, bits-per-value: {bits}}}
      - {{type: sink, sinks: [{{type: file, path: 'forecast_[start]_f[hour].grib2', whole: true}}]}}
"
    )
}
