//! How a run ends: whole, interrupted or failed.

use std::path::{Path, PathBuf};
use std::time::Instant;

use super::Run;
use crate::configuration::Settings;
use crate::error::{Error, Result};
use crate::model::Model;
use crate::summary::Summary;
use crate::timing;
use terrella_driver::progress::{Progress, say};

impl<C: Settings, M: Model> Run<C, M> {
    /// After a failed step or output: writes the last good state, and lets servers end. Returns the error, which names time and place.
    pub(super) fn failed(&mut self, error: Error, progress: &Progress) -> Error {
        progress.finish();
        if self.ranks.are_several() && error.is_of_one_rank() {
            // The others may wait for something else than their parts of that state, and hear nothing of servers.
            return error;
        }
        self.keep_last_good();
        if self.writer.is_on_servers()
            && let Err(second) = self.writer.interrupt()
        {
            say(&format!("the output before it did not end as it should: {second}"));
        }
        error
    }

    /// Leaves what a restart needs; the error that ends the program.
    pub(super) fn interrupt(mut self) -> Result<Error> {
        let hour = format!("{:.2}", self.model.hour());
        let checkpoint = self.write_checkpoint()?;
        let drawn = self.pictures.take().map_or(Vec::new(), |pictures| pictures.files().to_vec());
        self.summarise("interrupted", drawn, None)?;
        Ok(Error::Interrupted { hour, checkpoint })
    }

    /// Ends a run that has done its steps.
    pub(super) fn complete(mut self, started: Instant) -> Result<()> {
        let closing = self.recorder.phase(timing::OUTPUT);
        self.ranks.enter("end");
        if self.span.stops_early() {
            let path = self.write_checkpoint()?;
            say(&format!(
                "stopped after {} steps; continue with --restart {}",
                self.span.last,
                path.display()
            ));
        }
        let mut made = Vec::new();
        if let Some(pictures) = self.pictures.take() {
            let started = Instant::now();
            made = pictures.finish(&self.model.charts())?;
            self.timings.pictures += started.elapsed().as_secs_f64();
        }
        for observer in &mut self.observers {
            made.extend(observer.finish()?);
        }
        drop(closing);
        let status = if self.span.stops_early() { "stopped early" } else { "complete" };
        self.summarise(status, made, Some(started))
    }

    /// Closes the files and writes the summary; with `started` the run is whole and the closing lines are printed.
    fn summarise(mut self, status: &str, made: Vec<PathBuf>, started: Option<Instant>) -> Result<()> {
        let mut timings = self.timings;
        let phase = self.recorder.phase(timing::OUTPUT);
        let closing = Instant::now();
        let mut files = if started.is_some() { self.writer.finish()? } else { self.writer.interrupt()? };
        let (output, lost) = (self.writer.metrics(), self.writer.lost());
        let status = if lost.is_some() { "to be replayed" } else { status };
        timings.output += closing.elapsed().as_secs_f64();
        drop(phase);
        let table = timing::collect(&self.ranks, &self.recorder, self.trace.as_deref())?;
        if let Some(table) = table.as_ref().filter(|table| table.ranks > 1) {
            say(&table.to_string());
        }
        let count = |files: &[PathBuf], extension: &str| {
            files.iter().filter(|path| has_extension(path, extension)).count()
        };
        let (grib, pictures) = (count(&files, "grib2"), count(&made, "png"));
        files.extend(made);
        files.extend(self.checkpoint);
        files.extend(self.earlier_files);
        files.sort();
        files.dedup();
        let summary = Summary {
            status,
            configuration: serde_json::to_value(&self.configuration).expect("a configuration is valid JSON"),
            input: self.configuration.input(),
            input_hash: self.input_hash.to_hex().to_string(),
            device: self.model.device().to_string(),
            grid: self.model.grid().name().to_owned(),
            valid: self.valid.to_string(),
            time_step: self.model.time_step(),
            steps: self.model.step_count(),
            steps_of_this_process: self.model.step_count() - self.span.first,
            report: &self.report,
            timings,
            size: self.model.size(),
            measured: self.model.measured(),
            ranks: table.as_ref().map(timing::entry),
            output,
            files: &files,
        };
        let path = summary.write(&self.folder)?;
        let mut all = files.clone();
        all.push(path.clone());
        self.record.finish(&all, status == "complete", summary.steps)?;
        if let Some(lost) = lost {
            return Err(lost);
        }
        let Some(started) = started else { return Ok(()) };
        say(&format!(
            "done       {:.1} forecast days in {:.1} s ({:.0} simulated days per day in the model); start {:.1} s, steps {:.1} s, files {:.1} s, pictures {:.1} s",
            summary.steps_of_this_process as f64 * summary.time_step / 86400.0,
            started.elapsed().as_secs_f64(),
            summary.days_per_day(),
            timings.initial_state,
            timings.model,
            timings.output,
            timings.pictures
        ));
        let is_forecast = |path: &&PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with("forecast_") && has_extension(path, "nc")
        };
        let netcdf = files.iter().find(is_forecast);
        say(&format!(
            "written    {}: {grib} GRIB2 files{}, {pictures} pictures; everything read back; details in {}",
            self.folder.display(),
            netcdf
                .and_then(|path| path.file_name())
                .map(|name| format!(", {}", name.display()))
                .unwrap_or_default(),
            path.display()
        ));
        Ok(())
    }
}

fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|found| found == extension)
}
