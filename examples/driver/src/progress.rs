//! How far the run is: a bar with the remaining time on a terminal, plain lines elsewhere.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// Progress over a number of steps or whatever is counted.
pub struct Progress {
    bar: Option<ProgressBar>,
    started: Instant,
    first: u64,
    total: u64,
    done: u64,
}

impl Progress {
    /// From `first` done to `total`; `unit` is what is counted, such as "steps".
    pub fn new(first: u64, total: u64, unit: &'static str) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(total).with_position(first);
            bar.set_style(style(unit));
            bar.enable_steady_tick(Duration::from_millis(250));
            bar
        });
        Self { bar, started: Instant::now(), first, total, done: first }
    }

    /// `done` are done; `message` says where that is.
    pub fn advance(&mut self, done: u64, message: String) {
        self.done = done;
        if let Some(bar) = &self.bar {
            bar.set_position(done);
            bar.set_message(message);
        }
    }

    /// A line above the bar, or on standard output with the remaining time.
    pub fn line(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| say(text)),
            None => match self.remaining() {
                Some(remaining) => say(&format!("{text}   left {}", clock(remaining))),
                None => say(text),
            },
        }
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    /// Expected time to the end, once a step is done and before the last one is.
    fn remaining(&self) -> Option<Duration> {
        let (done, left) = (self.done - self.first, self.total.saturating_sub(self.done));
        (done > 0 && left > 0).then(|| self.started.elapsed().mul_f64(left as f64 / done as f64))
    }
}

/// A line on standard output; a closed pipe is no reason to stop a run.
pub fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

fn style(unit: &str) -> ProgressStyle {
    ProgressStyle::with_template(&format!(
        "{{bar:40}} {{pos}}/{{len}} {unit}  {{msg}}  {{elapsed}} elapsed, {{eta}} left"
    ))
    .expect("the template is well-formed")
    .progress_chars("━╸─")
}

fn clock(duration: Duration) -> String {
    let seconds = duration.as_secs_f64().round() as u64;
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_is_well_formed() {
        let _ = style("steps");
        assert_eq!(clock(Duration::from_secs(125)), "2:05");
    }
}
