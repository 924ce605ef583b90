//! Consumers that stand still, and count what they had in the end.

use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use terrella_io::plan::{Kind, Message, Plans};

use super::model::Field;
use super::plans;
use crate::{Error, Result};

pub(super) enum Consumer {
    Gate(Arc<Gate>),
    Process(Child),
}

/// Lets messages pass, and counts those that are as they were written.
#[derive(Default)]
pub(super) struct Gate {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    open: bool,
    /// Of those that may pass a closed gate.
    allowed: u64,
    passed: u64,
}

impl Gate {
    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
        self.changed.notify_all();
    }

    fn pass(&self, right: bool) {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let shut = |state: &mut State| !state.open && state.allowed == 0;
        let mut state = self.changed.wait_while(state, shut).unwrap_or_else(PoisonError::into_inner);
        state.allowed = state.allowed.saturating_sub(1);
        state.passed += u64::from(right);
    }
}

/// A plan with a gate at its end.
pub(super) fn gated(field: &Field) -> Result<(Plans, Consumer)> {
    let mut plans = plans("call, name: gate")?;
    let gate = Arc::new(Gate::default());
    let (at_gate, values) = (gate.clone(), field.values.clone());
    plans.connect("gate", move |message: &Message| {
        at_gate.pass(matches!(&message.kind, Kind::Field { values: got, .. } if got[..] == values[..]));
        Ok(())
    })?;
    Ok((plans, Consumer::Gate(gate)))
}

/// A plan that writes raw bytes into a pipe, which a process reads that is suspended.
pub(super) fn suspended(folder: &Path) -> Result<(Plans, Consumer)> {
    let pipe = folder.join("pipe");
    let failed = |source| Error::File { path: pipe.clone(), source };
    Command::new("mkfifo").arg(&pipe).status().map_err(failed)?;
    let process = Command::new("sh")
        .args(["-c", "exec wc -c < \"$0\""])
        .arg(&pipe)
        .stdout(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    // Opens the pipe, which waits until the process has.
    let text = format!(
        "plans: [{{actions: [{{type: encode, format: raw}}, {{type: sink, sinks: [{{type: file, path: '{}'}}]}}]}}]",
        pipe.display()
    );
    let plans = Plans::from_yaml(&text)?;
    let mut consumer = Consumer::Process(process);
    consumer.stand_still()?;
    Ok((plans, consumer))
}

impl Consumer {
    pub(super) fn go_on(&mut self) -> Result<()> {
        match self {
            Self::Gate(gate) => gate.change(|state| state.open = true),
            Self::Process(process) => signal(process, "-CONT")?,
        }
        Ok(())
    }

    pub(super) fn stand_still(&mut self) -> Result<()> {
        match self {
            Self::Gate(gate) => gate.change(|state| (state.open, state.allowed) = (false, 0)),
            Self::Process(process) => signal(process, "-STOP")?,
        }
        Ok(())
    }

    /// Takes one message, or what a process takes in a moment.
    pub(super) fn take_one(&mut self) -> Result<()> {
        match self {
            Self::Gate(gate) => gate.change(|state| state.allowed += 1),
            Self::Process(_) => {
                self.go_on()?;
                std::thread::sleep(Duration::from_millis(5));
                self.stand_still()?;
            }
        }
        Ok(())
    }

    /// Fields that it had whole, once the server has finished.
    pub(super) fn passed(&mut self, field: &Field) -> Result<u64> {
        match self {
            Self::Gate(gate) => Ok(gate.state.lock().unwrap_or_else(PoisonError::into_inner).passed),
            Self::Process(process) => {
                let failed = |source| Error::File { path: "wc".into(), source };
                let mut said = String::new();
                if let Some(output) = &mut process.stdout {
                    output.read_to_string(&mut said).map_err(failed)?;
                }
                process.wait().map_err(failed)?;
                let bytes: u64 = said.trim().parse().unwrap_or(0);
                Ok(if bytes.is_multiple_of(field.bytes()) { bytes / field.bytes() } else { 0 })
            }
        }
    }
}

/// By the shell's command, which every machine has.
fn signal(process: &mut Child, signal: &str) -> Result<()> {
    let failed = |source| Error::File { path: "sh".into(), source };
    // One that has ended is nobody's any more: its number may be another's.
    if process.try_wait().map_err(failed)?.is_none() {
        let command = format!("kill {signal} {}", process.id());
        Command::new("sh").args(["-c", &command]).status().map_err(failed)?;
    }
    Ok(())
}
