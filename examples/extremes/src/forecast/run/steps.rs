//! What a run does at each step and at each output time.

use std::time::Instant;

use super::Run;
use crate::configuration::Settings;
use crate::error::Result;
use crate::forecast::Outcome;
use crate::forecast::snapshot::snapshot;
use crate::model::Model;
use crate::observer::Moment;
use crate::ranks::Call;
use crate::timing;
use terrella_driver::interruption;
use terrella_driver::progress::Progress;

impl<C: Settings, M: Model> Run<C, M> {
    /// Does all of it, to its end.
    pub(in crate::forecast) fn run(mut self) -> Result<Outcome> {
        let started = Instant::now();
        self.announce();
        let mut progress = Progress::new(self.span.first, self.span.last, "steps");
        if self.span.first == 0 {
            self.output(&progress)?;
        }
        let checkpoint_hours = self.configuration.output().checkpoint_interval;
        self.keep_good()?;
        while self.model.step_count() < self.span.last {
            if let Err(error) = self.step() {
                return Err(self.failed(error, &progress));
            }
            let step = self.model.step_count();
            progress.advance(step, format!("+{:.1} h", self.model.hour()));
            if step.is_multiple_of(self.steps_per_output) {
                if let Err(error) = self.output(&progress) {
                    return Err(self.failed(error, &progress));
                }
                self.keep_good()?;
                let hour = self.model.hour().round() as u32;
                if checkpoint_hours > 0 && hour.is_multiple_of(checkpoint_hours) {
                    self.write_checkpoint()?;
                }
            } else if step.is_multiple_of(self.steps_per_look)
                && let Err(error) = self.look()
            {
                return Err(self.failed(error, &progress));
            }
            if interruption::requested() && step < self.span.last {
                progress.finish();
                return Err(self.interrupt()?);
            }
        }
        progress.finish();
        let outcome =
            Outcome { configured_steps: self.span.configured, stopped_early: self.span.stops_early() };
        self.complete(started)?;
        Ok(outcome)
    }

    fn step(&mut self) -> Result<()> {
        let _phase = self.recorder.phase(timing::STEP);
        let started = Instant::now();
        self.ranks.enter(Call::Step.phase(self.model.step_count()));
        self.model.step()?;
        self.writer.progress()?;
        self.timings.model += started.elapsed().as_secs_f64();
        Ok(())
    }

    /// Diagnoses, writes and draws the present state.
    fn output(&mut self, progress: &Progress) -> Result<()> {
        let _phase = self.recorder.phase(timing::OUTPUT);
        let started = Instant::now();
        let (valid, hour) = (self.valid.plus_seconds(self.model.time().round() as i64), self.model.hour());
        self.ranks.enter(format_args!("output of +{hour:.2} h"));
        let snapshot = snapshot(&self.ranks, &mut self.model, self.valid)?;
        let line = self.model.record(&snapshot.fields)?;
        self.forget_good_without_plans();
        let written = self.writer.write(&snapshot.fields, snapshot.own.as_ref())?;
        self.record.output_time(&format!("+{hour} h"), &written)?;
        let moment =
            Moment { hour, layout: &self.layout, quantities: &self.quantities, fields: &snapshot.fields };
        for observer in &mut self.observers {
            observer.observe(&moment)?;
        }
        self.timings.output += started.elapsed().as_secs_f64();
        if let Some(pictures) = &mut self.pictures {
            let started = Instant::now();
            pictures.add(valid, snapshot.drawable)?;
            self.timings.pictures += started.elapsed().as_secs_f64();
        }
        progress.line(&format!("+{hour:03.0} h   {line}"));
        Ok(())
    }

    /// Shows the present state, between output times, to those who look at it.
    fn look(&mut self) -> Result<()> {
        if !self.observers.iter().any(|observer| observer.looks_between()) {
            return Ok(());
        }
        let _phase = self.recorder.phase(timing::OUTPUT);
        let started = Instant::now();
        let hour = self.model.hour();
        self.ranks.enter(format_args!("look at +{hour:.2} h"));
        let snapshot = snapshot(&self.ranks, &mut self.model, self.valid)?;
        let moment =
            Moment { hour, layout: &self.layout, quantities: &self.quantities, fields: &snapshot.fields };
        for observer in self.observers.iter_mut().filter(|observer| observer.looks_between()) {
            observer.observe(&moment)?;
        }
        self.timings.output += started.elapsed().as_secs_f64();
        Ok(())
    }
}
