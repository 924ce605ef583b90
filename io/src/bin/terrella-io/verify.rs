//! `verify`: a run's folder against its manifests.

use terrella_io::manifest;

use crate::arguments::VerifyArguments;
use crate::failure::{Failure, Result};
use crate::output::print;

pub(crate) fn run(arguments: &VerifyArguments) -> Result<()> {
    let found = manifest::verify(&arguments.folder)?;
    let mut text = String::new();
    for finding in &found.findings {
        text += &format!("{finding}\n");
    }
    let head = found.head.map_or("none".into(), hexadecimal);
    let other_head = arguments.head.filter(|expected| found.head != Some(*expected));
    if let Some(expected) = other_head {
        text += &format!("The last manifest has hash {head}, expected {}.\n", hexadecimal(expected));
    }
    let end = if found.ends_run { "the run came to its end" } else { "the run has not come to its end" };
    text += &format!(
        "{} manifests, {} files, {} bytes right; {end}; last manifest {head}\n",
        found.manifests, found.files, found.bytes
    );
    print(&text)?;
    if found.is_intact() && other_head.is_none() { Ok(()) } else { Err(Failure::Different) }
}

fn hexadecimal(hash: [u8; 32]) -> String {
    blake3::Hash::from_bytes(hash).to_hex().to_string()
}
