//! GRIB2 files: fields go to the output server, whose plan encodes and writes them.
//!
//! Without a plan file it is one file per output time with all fields. Without servers on ranks of their own, each output time is on the
//! disk, read back, when [`PlannedOutput::write`] returns. With them, what they have written by then is returned, and all of it when
//! [`PlannedOutput::state`] has been asked for, so that a checkpoint never knows of a file that is not there.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use terrella_io::encode::EnsembleProduct;
use terrella_io::layout::Layout;
use terrella_io::plan::{Metadata, Plans, Points, WholeFile, WholeFiles};
use terrella_io::read::{GribFile, Header, Missing};
use terrella_io::server::{Server, Settings};
use terrella_io::transport::{PLANS, state_for_rank, state_of_rank};
use terrella_io::{Level, Parameter, Time};

use crate::configuration::{Format, Output};
use crate::error::{Error, Result};
use crate::output::{OutputFields, Quantity, packing_error};
use crate::ranks::Ranks;
use crate::sending::Sending;

/// A field of an output time.
pub(crate) struct PlannedField<'a> {
    pub(crate) parameter: Parameter,
    pub(crate) level: Level,
    pub(crate) values: &'a [f64],
}

impl<'a> PlannedField<'a> {
    /// All of an output time.
    pub(crate) fn of(quantities: &[Quantity], fields: &'a OutputFields) -> Vec<Self> {
        let mut planned = Vec::new();
        for (Quantity { parameter, levels }, values) in quantities.iter().zip(&fields.values) {
            let points = values.len() / levels.len();
            for (level, values) in levels.iter().zip(values.chunks_exact(points)) {
                planned.push(Self { parameter: *parameter, level: *level, values });
            }
        }
        planned
    }
}

/// The plans of a run before its first field.
pub(crate) enum PlannedRun {
    /// Carried out here.
    Here(Plans),
    /// On ranks of their own, from so many of the model, with what they remembered where the run is continued.
    OnServers { text: String, path: Option<PathBuf>, folder: PathBuf, ranks: usize, state: Option<Vec<u8>> },
}

/// The plans of a run in `folder`, where it writes GRIB; `continued`: an earlier process wrote the first output times; `on_servers`: they
/// are carried out there, for so many ranks of the model.
pub(crate) fn plans(
    output: &Output,
    folder: &Path,
    continued: bool,
    on_servers: Option<usize>,
) -> Result<Option<PlannedRun>> {
    if !output.formats.contains(&Format::Grib2) {
        return Ok(None);
    }
    let text = match &output.plan {
        Some(path) => std::fs::read_to_string(path)
            .map_err(|error| Error::file(path, "reading the output plan", error))?,
        None => default_plan(output.bits),
    };
    if let Some(ranks) = on_servers {
        let (path, folder) = (output.plan.clone(), folder.to_owned());
        return Ok(Some(PlannedRun::OnServers { text, path, folder, ranks, state: None }));
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
            Self::Here(plans) => plans.restore(&state_of_rank(&state_for_rank(remembered, 0, 1)?, 0)?),
            Self::OnServers { state, ranks, .. } => {
                state_for_rank(remembered, 0, *ranks)?;
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
    /// None of `log` on ranks but the first.
    Servers {
        sending: Box<Sending>,
        lost: Option<String>,
        log: Option<PathBuf>,
    },
}

impl PlannedOutput {
    /// Starts the plans. `fields`: how many an output time has.
    pub(crate) fn new(
        plans: PlannedRun,
        layout: &Layout,
        reference: Time,
        member: Option<EnsembleProduct>,
        fields: usize,
        ranks: &Ranks,
        points: Option<Points>,
    ) -> Result<Self> {
        let bytes = fields as u64 * (8 * layout.points() as u64 + 4096);
        let (carrier, bits) = match (plans, ranks.servers()) {
            (PlannedRun::Here(mut plans), _) => {
                let (files, bits) = (plans.whole_files(), plans.bits_of_kept_values());
                // Room for two output times in each plan: nothing waits longer.
                let memory = plans.count().max(1) as u64 * 2 * bytes;
                let server = Server::start(plans, Settings { memory, ..Settings::default() })?;
                (Carrier::Here(server, files), bits)
            }
            (PlannedRun::OnServers { text, path, folder, state, .. }, Some(servers)) => {
                let client = match servers.client(ranks, &text, &folder, bytes, state.as_deref()) {
                    Err(Error::Io(error)) => of_file(Err(error), path.as_deref())?,
                    client => client?,
                };
                let sending = Box::new(Sending::new(client, ranks, layout, points));
                if sending.transported_plans() == 0 {
                    // Those without plans have nothing to do, and know it.
                    servers.are_done();
                    return Err(Error::Setting {
                        key: "ranks",
                        table: "server",
                        got: servers.count().to_string(),
                        expected:
                            "a plan with the action 'transport', without which servers have nothing to do"
                                .into(),
                    });
                }
                (Carrier::Servers { sending, lost: None, log: Some(servers.log(&folder)) }, None)
            }
            (PlannedRun::OnServers { .. }, None) => {
                unreachable!("plans are for servers where there are some")
            }
        };
        Ok(Self { carrier, layout: layout.clone(), reference, member, bits })
    }

    /// On a rank of the model but the first, which has started the plans.
    pub(crate) fn follow(
        ranks: &Ranks,
        layout: &Layout,
        reference: Time,
        member: Option<EnsembleProduct>,
        points: Option<Points>,
    ) -> Result<Self> {
        let servers = ranks.servers().expect("rank 0 calls for plans on servers where there are some");
        let sending = Box::new(Sending::new(servers.follow(ranks)?, ranks, layout, points));
        let carrier = Carrier::Servers { sending, lost: None, log: None };
        Ok(Self { carrier, layout: layout.clone(), reference, member, bits: None })
    }

    /// Hands an output time over, and where the plans are carried out here, waits until it is on the disk and reads it back. `fields` are
    /// whole, on rank 0; `own` is what this rank has of them, where it is one of several. Returns the files that are whole now and were not
    /// before.
    pub(crate) fn write(
        &mut self,
        valid: Time,
        fields: &[PlannedField<'_>],
        own: Option<&[PlannedField<'_>]>,
    ) -> Result<Vec<WholeFile>> {
        let whole = self.with_metadata(valid, fields);
        let own = own.map(|own| self.with_metadata(valid, own));
        match &mut self.carrier {
            Carrier::Here(server, _) => {
                for (metadata, values) in whole {
                    server.write_field(metadata, &self.layout, values)?;
                }
                server.flush()?;
            }
            Carrier::Servers { sending, .. } => sending.write(&whole, own.as_deref())?,
        }
        self.verified(Some((valid, fields)))
    }

    /// The same on a rank but the first, of its own part.
    pub(crate) fn follow_write(&mut self, quantities: &[Quantity], own: Option<OutputFields>) -> Result<()> {
        let own = own.unwrap_or_else(|| OutputFields { valid: self.reference, values: Vec::new() });
        self.write(own.valid, &[], Some(&PlannedField::of(quantities, &own))).map(|_| ())
    }

    /// Between output times: sends what waits for servers.
    pub(crate) fn progress(&mut self) -> Result<()> {
        match &mut self.carrier {
            Carrier::Here(..) => Ok(()),
            Carrier::Servers { sending, .. } => sending.progress(),
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
                lost.take().zip(log.clone()).map(|(lost, log)| Error::ToReplay { lost, log })
            }
        }
    }

    /// What the plans remember of the output times so far, all of which are on the disk then.
    pub(crate) fn state(&mut self) -> Result<Vec<u8>> {
        match &mut self.carrier {
            Carrier::Here(server, _) => Ok(server.state()?),
            Carrier::Servers { sending, .. } => sending.state(),
        }
    }

    /// Ends the plans. Returns the files that are whole now and were not before.
    pub(crate) fn finish(&mut self) -> Result<Vec<WholeFile>> {
        match &mut self.carrier {
            Carrier::Here(server, _) => server.finish()?,
            Carrier::Servers { sending, lost, log } => {
                *lost = sending.finish()?;
                if let (None, Some(log)) = (&lost, log) {
                    remove_log(log, sending.server_metrics().len());
                }
            }
        }
        self.verified(None)
    }

    /// What the output server measured, under its key of the summary; of servers on other ranks after [`PlannedOutput::finish`].
    pub(crate) fn metrics(&self) -> (&'static str, Value) {
        let read = |text: &str| -> Value { serde_json::from_str(text).unwrap_or_default() };
        match &self.carrier {
            Carrier::Here(server, _) => ("output_server", read(&server.metrics().to_json())),
            Carrier::Servers { sending, .. } => {
                let told = sending.server_metrics();
                let servers = told.into_iter().map(|told| told.map_or(json!({ "lost": true }), read));
                let servers: Vec<Value> = servers.collect();
                ("output_servers", json!({ "servers": servers, "rank_0": read(&sending.metrics()) }))
            }
        }
    }

    fn with_metadata<'a>(&self, valid: Time, fields: &[PlannedField<'a>]) -> Vec<(Metadata, &'a [f64])> {
        fields.iter().map(|field| (self.metadata(valid, field), field.values)).collect()
    }

    /// What a field is, in the words of a plan.
    fn metadata(&self, valid: Time, field: &PlannedField<'_>) -> Metadata {
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
        metadata
    }

    /// Reads the files that have become whole; one that does not hold what it should is removed. Servers have read theirs.
    fn verified(&mut self, time: Option<(Time, &[PlannedField<'_>])>) -> Result<Vec<WholeFile>> {
        let files = match &mut self.carrier {
            Carrier::Here(_, files) => files.take(),
            Carrier::Servers { sending, .. } => return Ok(sending.whole_files()),
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
      - {{type: aggregate}}
      - {{type: encode, format: grib, bits-per-value: {bits}}}
      - {{type: sink, sinks: [{{type: file, path: 'forecast_[start]_f[hour].grib2', whole: true}}]}}
"
    )
}
