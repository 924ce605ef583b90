//! `replay`: what lost output servers have not written.

use std::path::Path;

use terrella_io::transport::{PLANS, replay};

use crate::arguments::ReplayArguments;
use crate::failure::{Result, because};
use crate::output::print;

pub(crate) fn run(arguments: &ReplayArguments) -> Result<()> {
    let logs = &arguments.logs;
    let plan = arguments.plan.clone().unwrap_or_else(|| logs.join(PLANS));
    let text = match std::fs::read_to_string(&plan) {
        Ok(text) => text,
        Err(error) => return because(format!("'{}': reading a plan failed: {error}.", plan.display())),
    };
    let folder = arguments.folder.as_deref().or(logs.parent()).unwrap_or(Path::new(""));
    let done = replay(&text, folder, logs)?;
    print(&format!(
        "{} messages of {} logs written; {} had been written before\n",
        done.messages, done.logs, done.written
    ))
}
