//! Manifests: what a run wrote, with lengths and hashes, in a chain.
//!
//! ```
//! use terrella_io::manifest::{Manifest, ManifestChain, verify};
//! # let folder = tempfile::tempdir()?;
//! # let folder = folder.path();
//! let mut chain = ManifestChain::open(folder)?;
//! std::fs::write(folder.join("t850.grib2"), b"GRIB...7777")?;
//! let mut step = Manifest::new("6 h");
//! step.add_message("t850.grib2", 0, b"GRIB...7777")?;
//! let head = chain.append(&step)?;
//!
//! let found = verify(folder)?;
//! assert!(found.is_intact());
//! assert_eq!(found.head, Some(head));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! In a run's folder lies `manifest/NUMBER.json` for each step, numbered from 1 in eight digits or more:
//!
//! ```json
//! {"terrella_manifest":1,"number":2,"label":"6 h","previous":"5891…","ends_run":false,"entries":[
//! {"path":"t850.grib2","offset":0,"bytes":11,"blake3":"23b4…"}],"blake3":"a1f0…"}
//! ```
//!
//! An entry is a message: a range of bytes of a file, by its path from the run's folder with `/`. A whole file is one that
//! starts at 0. An entry at 0 says that the file begins anew: entries of earlier steps are void. `previous` is the BLAKE3 of
//! the manifest before, all of its bytes; the last `blake3` that of the text up to the comma before it, so that a damaged
//! manifest is known by itself.
//!
//! [`verify`] finds files that are changed, missing, shortened or not listed, and manifests that are damaged, missing or not the
//! ones that their followers knew. Whoever may write in the folder can make a whole new chain: keep the last hash
//! ([`ManifestChain::append`]) elsewhere where that matters, and compare it with [`Verification::head`].

mod chain;
mod document;
mod entry;
#[cfg(fuzzing)]
pub mod fuzzing;
mod verification;

pub use chain::ManifestChain;
pub use entry::{Entry, Manifest};
pub use verification::{Finding, Verification, verify};

/// The folder of manifests within a run's folder.
const FOLDER: &str = "manifest";

/// Largest manifest that is read (bytes): about a million entries.
const LARGEST: u64 = 256 << 20;

fn hexadecimal(hash: &[u8; 32]) -> String {
    blake3::Hash::from_bytes(*hash).to_hex().to_string()
}
