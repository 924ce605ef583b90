//! Manifests: a run's folder with a manifest whose hash is right whatever it says, and one that may be anything, is verified
//! and continued.
#![no_main]

use libfuzzer_sys::fuzz_target;
use terrella_io::manifest::{Manifest, ManifestChain, verify};

fn seeds() -> Vec<Vec<u8>> {
    let folder = terrella_fuzz::empty_folder();
    let mut chain = ManifestChain::open(&folder).expect("a chain");
    let mut manifest = Manifest::new("6 h");
    manifest.add_message("data", 0, b"GRIB").expect("an entry");
    manifest.add_message("data", 4, b"7777").expect("an entry");
    chain.append(&manifest).expect("a manifest");
    manifest.add_message("other/data", 0, b"").expect("an entry");
    chain.finish(&manifest).expect("a manifest");
    let read = |name| std::fs::read(folder.join("manifest").join(name)).expect("a manifest");
    vec![read("00000001.json"), read("00000002.json")]
}

fuzz_target!(
    init: terrella_fuzz::seed("manifest", seeds().iter().map(Vec::as_slice)),
    |bytes: &[u8]| {
        let folder = terrella_fuzz::empty_folder();
        std::fs::write(folder.join("data"), b"GRIB7777").expect("a file");
        std::fs::create_dir(folder.join("manifest")).expect("a folder");
        let write = |name: &str, bytes: &[u8]| std::fs::write(folder.join("manifest").join(name), bytes).expect("a manifest");
        write("00000001.json", &terrella_io::manifest::fuzzing::sealed(bytes));
        let _ = verify(&folder);
        let _ = ManifestChain::open(&folder).map(|mut chain| chain.append(&Manifest::new("behind")));
        write("00000002.json", bytes);
        let _ = verify(&folder);
        let _ = ManifestChain::open(&folder);
    }
);
