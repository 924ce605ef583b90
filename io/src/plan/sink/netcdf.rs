//! Sinks `netcdf` and `zarr`: fields as steps of NetCDF-4 files and of Zarr stores.
//!
//! A variable's name is `name`; a result of `statistics` adds operation and window, such as `t_average_1d`, unless it is
//! `instant`. `level` (hPa) where `levtype` is `pl`, none where it is `sfc`; `number` is the member of an ensemble. Unit and
//! long name are those of [`Parameter`], of others those in `units`.

use std::path::{Path, PathBuf};

use terrella_kernels::Precision;

use super::Outlet;
use super::consumer::Consumer;
use super::file::Pattern;
use super::growing::{Form, Growing};
use super::whole::{WholeFile, WholeFiles};
use crate::encode::{Compression, Naming, Period, Statistic, StreamedField};
use crate::error::{Error, Result};
use crate::layout::{Family, Layout};
use crate::parameter::Parameter;
use crate::plan::encode::{period, times};
use crate::plan::section::Section;
use crate::plan::{Kind, Message, Metadata};
use crate::time::Time;

pub(super) const KEYS: [&str; 7] =
    ["path", "append", "per-server", "precision", "compression", "level", "mantissa-bits"];

/// Files of which fields wait in memory at the same time.
const WAITING: usize = 32;

pub(super) fn outlet<S: Growing>(sink: &Section<'_>) -> Result<Outlet> {
    let precision = match sink.choice("precision", &["single", "double"])? {
        Some("double") => Precision::F64,
        _ => Precision::F32,
    };
    let pattern = Pattern::new(sink)?;
    let path_keys = pattern.keys(sink)?;
    let files: Files<S> = Files {
        pattern,
        append: sink.flag("append", false)?,
        continued: sink.run.continued,
        form: Form { precision, compression: compression(sink)? },
        open: Vec::new(),
        files: None,
    };
    // Tells of wrong settings, and of a library that is not there, before the first field.
    let layout = Layout::global_lat_lon(4, 3);
    let settings = S::open("".as_ref(), false, &layout, Time::EPOCH, files.form);
    settings.map_err(|error| sink.error(error.to_string().trim_end_matches('.')))?;
    S::expect_library()?;
    Ok(Outlet { path_keys, ..Outlet::new(Box::new(files)) })
}

fn compression(sink: &Section<'_>) -> Result<Compression> {
    let unused = |key: &str, name: &str| match sink.get(key) {
        Some(_) => Err(sink.error(format!("'{key}' has no meaning with 'compression: {name}'"))),
        None => Ok(()),
    };
    let name = sink.choice("compression", &["none", "deflate", "zstd"])?.unwrap_or("none");
    let level = sink.positive("level")?.map_or(1, |level| level as u32);
    match name {
        "none" => {
            unused("level", name)?;
            unused("mantissa-bits", name)?;
            Ok(Compression::None)
        }
        "deflate" => {
            unused("mantissa-bits", name)?;
            Ok(Compression::Deflate { level })
        }
        _ => {
            let mantissa_bits = sink.positive("mantissa-bits")?.map(|bits| bits as u32);
            Ok(Compression::Zstd { level, mantissa_bits })
        }
    }
}

struct Files<S> {
    pattern: Pattern,
    append: bool,
    /// Whether an earlier process wrote the first steps.
    continued: bool,
    form: Form,
    /// The last used last.
    open: Vec<(PathBuf, S)>,
    files: Option<WholeFiles>,
}

impl<S: Growing> Files<S> {
    /// The file of a path, for fields of a layout and forecast, of which the first is of this time and member.
    fn stream(
        &mut self,
        path: PathBuf,
        layout: &Layout,
        (reference, time): (Time, Time),
        member: Option<i64>,
    ) -> Result<&mut S> {
        let stream = match self.open.iter().position(|(open, _)| *open == path) {
            Some(number) => self.open.remove(number).1,
            None => {
                self.pattern.make_folder(&path)?;
                let is_there = (self.append || self.continued) && path.exists();
                let mut stream = S::open(&path, is_there, layout, reference, self.form)?;
                if self.continued && is_there {
                    go_on(&path, &mut stream, time, member)?;
                }
                stream
            }
        };
        // In its place whatever happens next.
        self.open.push((path, stream));
        let mut waiting = self.open.iter_mut().filter(|(_, stream)| stream.is_waiting());
        let oldest = waiting.next();
        if waiting.count() >= WAITING
            && let Some((_, oldest)) = oldest
        {
            oldest.flush()?;
        }
        let (path, stream) = self.open.last_mut().expect("just put there");
        let other = |what: &str, got: String, own: String| Error::InvalidValue {
            name: format!("{what} of a field for '{}'", path.display()),
            got,
            expected: format!("{own} as of the fields before: what tells them apart belongs into the path"),
        };
        if stream.layout() != layout {
            let told = |layout: &Layout| layout.name().unwrap_or(format!("{} points", layout.points()));
            return Err(other("grid", told(layout), told(stream.layout())));
        }
        if stream.reference() != reference {
            return Err(other("start", reference.to_string(), stream.reference().to_string()));
        }
        Ok(stream)
    }
}

impl<S: Growing> Consumer for Files<S> {
    fn message(&mut self, message: &Message) -> Result<()> {
        let Kind::Field { layout, values } = &message.kind else {
            return Err(Error::InvalidValue {
                name: format!("sink '{}'", S::NAME),
                got: "bytes".into(),
                expected: "fields, with no action 'encode' before it".into(),
            });
        };
        let metadata = &message.metadata;
        if layout.family() == Family::HealPix && metadata.get("orderingConvention").is_some() {
            let order = metadata.text("orderingConvention")?;
            if order != "ring" {
                return Err(Error::Metadata {
                    key: "orderingConvention".into(),
                    expected: "'ring', the order of NetCDF files and Zarr stores",
                    got: format!("\"{order}\""),
                });
            }
        }
        let (reference, time) = times(metadata)?;
        let period = period(metadata, reference)?;
        let pressure = match metadata.text("levtype")? {
            "pl" => Some(metadata.real("level")?),
            "sfc" => None,
            other => {
                let (key, got) = ("levtype".into(), format!("\"{other}\""));
                return Err(Error::Metadata { key, expected: "'pl' or 'sfc'", got });
            }
        };
        let member = metadata.get("number").map(|_| metadata.integer("number")).transpose()?;
        let naming = naming(metadata, period.as_ref())?;
        let since = period.map(|period| period.since);
        let path = self.pattern.path(metadata)?;
        let stream = self.stream(path, layout, (reference, time), member)?;
        stream.put(&StreamedField { naming, pressure, member, time, since, values })
    }

    fn flush(&mut self) -> Result<()> {
        let flushed: Vec<_> = self.open.iter_mut().map(|(_, stream)| stream.flush()).collect();
        flushed.into_iter().collect()
    }

    fn finish(&mut self) -> Result<()> {
        let mut first = Ok(());
        for (path, stream) in std::mem::take(&mut self.open) {
            let finished = stream.finish().and_then(|is_there| match &self.files {
                Some(files) if is_there && S::IS_FILE => hash(path).map(|file| files.add(file)),
                _ => Ok(()),
            });
            first = first.and(finished);
        }
        first
    }

    fn report(&mut self, files: &WholeFiles) {
        self.files = Some(files.clone());
    }
}

/// What an earlier process wrote of the steps to come is dropped: this one writes them anew.
fn go_on(path: &Path, stream: &mut impl Growing, time: Time, member: Option<i64>) -> Result<()> {
    if let Some(other) = stream.members().iter().find(|known| Some(**known) != member) {
        return Err(Error::InvalidValue {
            name: format!("member {other} in '{}'", path.display()),
            got: "in the file of a run that is continued".into(),
            expected: "a file for each member, which has '[number]' in its path".into(),
        });
    }
    stream.drop_from(time)
}

fn hash(path: PathBuf) -> Result<WholeFile> {
    let mut hasher = blake3::Hasher::new();
    let read = std::fs::File::open(&path).and_then(|mut file| std::io::copy(&mut file, &mut hasher));
    let bytes = read.map_err(|source| Error::file(&path, "reading", source))?;
    Ok(WholeFile { path, bytes, hash: *hasher.finalize().as_bytes() })
}

/// Names and unit of the variable that a field belongs to.
fn naming(metadata: &Metadata, period: Option<&Period>) -> Result<Naming> {
    let name = metadata.text("name")?;
    let mut naming = match Parameter::by_short_name(name) {
        Ok(parameter) => Naming::from(parameter),
        Err(_) => Naming {
            name: name.into(),
            long_name: name.into(),
            standard_name: None,
            units: metadata.text("units")?.replace("**", ""),
            cell_methods: None,
        },
    };
    let Some(period) = period else { return Ok(naming) };
    let (operation, window) = (metadata.text("operation")?, metadata.text("operation-frequency")?);
    naming.name = format!("{name}_{}_{window}", operation.replace('-', "_"));
    naming.long_name = format!("{}, {} over {window}", naming.long_name, operation.replace('-', " "));
    // CF has no word for the last less the first.
    naming.cell_methods = match period.statistic {
        Statistic::Average => Some("time: mean"),
        Statistic::Accumulation => Some("time: sum"),
        Statistic::Maximum => Some("time: maximum"),
        Statistic::Minimum => Some("time: minimum"),
        Statistic::StandardDeviation => Some("time: standard_deviation"),
        Statistic::Difference => None,
    }
    .map(String::from);
    if period.statistic == Statistic::Difference {
        naming.standard_name = None;
    }
    Ok(naming)
}
