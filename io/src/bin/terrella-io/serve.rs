//! `serve`: a segment log for consumers over HTTP.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::channel;

use terrella_io::log::{Log, LogSettings, Recovery};
use terrella_io::stream::{Identity, StreamBackend, StreamServer, StreamSettings, Token};

use crate::arguments::ServeArguments;
use crate::failure::{Failure, Result, because};
use crate::output::print;

/// Where the token is where no file is named.
const VARIABLE: &str = "TERRELLA_STREAM_TOKEN";

pub(crate) fn run(arguments: &ServeArguments) -> Result<()> {
    let folder = &arguments.folder;
    // The library would make a folder that is not there.
    if !folder.is_dir() {
        return because(format!("'{}' is no folder.", folder.display()));
    }
    let name = match &arguments.name {
        Some(name) => name.clone(),
        None => name_of(folder)?,
    };
    let settings = StreamSettings {
        token: token(arguments.token_file.as_deref())?,
        identity: arguments.certificate.clone().zip(arguments.private_key.clone()).map(identity),
        plain: arguments.plain,
        url: arguments.url.clone(),
        connections: usize::from(arguments.connections),
        ..StreamSettings::default()
    };
    // Before anything is printed, so that whoever reads the URL may interrupt.
    let (interrupt, interrupted) = channel();
    // A second interrupt finds nobody waiting.
    ctrlc::set_handler(move || interrupt.send(()).unwrap_or(()))
        .map_err(|error| Failure::Because(format!("cannot wait for an interrupt: {error}.")))?;
    let (log, recovery) = Log::open(folder, &LogSettings::default())?;
    tell(&recovery);
    let log: Arc<dyn StreamBackend> = Arc::new(log);
    let server =
        StreamServer::start(arguments.address.as_str(), BTreeMap::from([(name.clone(), log)]), settings)?;
    let scheme = if arguments.certificate.is_some() { "https" } else { "http" };
    print(&format!("{scheme}://{}/streams/{name}\n", server.address()))?;
    // The handler lives as long as the process: this ends with an interrupt.
    let _ = interrupted.recv();
    server.stop();
    Ok(())
}

fn identity((certificate, private_key): (PathBuf, PathBuf)) -> Identity {
    Identity { certificate, private_key }
}

/// The last part of the folder's full path.
fn name_of(folder: &Path) -> Result<String> {
    let fail = |error| Failure::Because(format!("'{}': {error}.", folder.display()));
    let whole = folder.canonicalize().map_err(fail)?;
    match whole.file_name().and_then(|name| name.to_str()) {
        Some(name) => Ok(name.to_owned()),
        None => because(format!("'{}' makes no name for a stream: give one with --name.", whole.display())),
    }
}

fn token(file: Option<&Path>) -> Result<Option<Token>> {
    let text = match file {
        Some(path) => {
            let fail = |error| Failure::Because(format!("'{}': {error}.", path.display()));
            Some(std::fs::read_to_string(path).map_err(fail)?)
        }
        None => match std::env::var(VARIABLE) {
            Ok(text) => Some(text),
            Err(std::env::VarError::NotPresent) => None,
            Err(std::env::VarError::NotUnicode(_)) => {
                return because(format!("'{VARIABLE}': expected ASCII characters."));
            }
        },
    };
    // Editors end a file with a line feed.
    Ok(text.map(|text| Token::new(text.trim_end_matches(['\r', '\n']))).transpose()?)
}

fn tell(recovery: &Recovery) {
    for damage in &recovery.damaged {
        let (from, to, segment) = (damage.from, damage.to, damage.segment.display());
        eprintln!("terrella-io: records {from} to {to} in '{segment}' are damaged: {}.", damage.reason);
    }
    if let Some(torn) = &recovery.torn {
        let (bytes, segment) = (torn.bytes, torn.segment.display());
        eprintln!("terrella-io: cut {bytes} bytes off the end of '{segment}': {}.", torn.reason);
    }
}
