//! Manifests: whatever is changed in a run's folder is found.

use std::path::{Path, PathBuf};

use terrella_io::manifest::{Entry, Finding, Manifest, ManifestChain, verify};

/// A run of three steps: a file per step, and one that all append to.
fn run(root: &Path) -> [u8; 32] {
    std::fs::create_dir_all(root.join("fields")).unwrap();
    let mut chain = ManifestChain::open(root).unwrap();
    let mut together = Vec::new();
    let mut head = [0; 32];
    for step in 0..3_u8 {
        let mut manifest = Manifest::new(format!("{} h", 6 * step));
        let path = format!("fields/step{step}.grib2");
        std::fs::write(root.join(&path), vec![step; 1000]).unwrap();
        manifest.add_file(root, &path).unwrap();
        let message = [b'0' + step; 50];
        manifest.add_message("all.grib2", together.len() as u64, &message).unwrap();
        together.extend_from_slice(&message);
        std::fs::write(root.join("all.grib2"), &together).unwrap();
        head = chain.append(&manifest).unwrap();
        assert_eq!(chain.head(), Some(head));
    }
    head
}

fn findings(root: &Path) -> Vec<Finding> {
    verify(root).unwrap().findings
}

fn manifest(root: &Path, number: u64) -> PathBuf {
    root.join(format!("manifest/{number:08}.json"))
}

#[test]
fn an_untouched_run_is_intact_and_its_end_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let head = run(root);
    let found = verify(root).unwrap();
    assert!(found.is_intact(), "{found:?}");
    assert_eq!((found.manifests, found.files, found.bytes, found.ends_run), (3, 4, 3150, false));
    assert_eq!(found.head, Some(head));
    // Another process goes on.
    let chain = ManifestChain::open(root).unwrap();
    assert_eq!(chain.head(), Some(head));
    let error = ManifestChain::open(root).unwrap_err().to_string();
    assert!(error.contains("open elsewhere"), "{error}");
    std::fs::write(root.join("empty"), "").unwrap();
    let mut last = Manifest::new("end");
    last.add_file(root, "empty").unwrap();
    let head = chain.finish(&last).unwrap();
    let found = verify(root).unwrap();
    assert!(found.is_intact() && found.ends_run);
    assert_eq!((found.manifests, found.files, found.head), (4, 5, Some(head)));
}

#[test]
fn a_file_that_begins_anew_is_that_of_the_later_step() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    run(root);
    let mut chain = ManifestChain::open(root).unwrap();
    std::fs::write(root.join("all.grib2"), "new").unwrap();
    let mut step = Manifest::new("again");
    step.add_file(root, "all.grib2").unwrap();
    chain.append(&step).unwrap();
    assert_eq!(findings(root), []);
}

#[test]
fn what_happened_to_files_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    run(root);
    let all = root.join("all.grib2");
    let whole = std::fs::read(&all).unwrap();
    let path = || "all.grib2".to_owned();

    let mut changed = whole.clone();
    changed[70] ^= 1;
    std::fs::write(&all, &changed).unwrap();
    assert_eq!(findings(root), [Finding::Changed { path: path(), offset: 50, bytes: 50 }]);

    std::fs::write(&all, &whole[..120]).unwrap();
    assert_eq!(findings(root), [Finding::Truncated { path: path(), expected: 150, got: 120 }]);
    std::fs::write(&all, "").unwrap();
    assert_eq!(findings(root), [Finding::Truncated { path: path(), expected: 150, got: 0 }]);

    std::fs::write(&all, [&whole[..], b"more"].concat()).unwrap();
    assert_eq!(findings(root), [Finding::ExtraBytes { path: path(), offset: 150, bytes: 4 }]);

    std::fs::remove_file(&all).unwrap();
    assert_eq!(findings(root), [Finding::Missing { path: path() }]);
    std::os::unix::fs::symlink(root.join("fields/step0.grib2"), &all).unwrap();
    assert_eq!(findings(root), [Finding::NotAFile { path: path() }]);
    std::fs::remove_file(&all).unwrap();

    std::fs::write(&all, &whole).unwrap();
    std::fs::write(root.join("fields/other"), "x").unwrap();
    std::fs::write(root.join("manifest/other"), "x").unwrap();
    let extra = ["fields/other", "manifest/other"].map(|path| Finding::Extra { path: path.into() });
    assert_eq!(findings(root), extra);
    assert_eq!(extra[0].to_string(), "'fields/other' is extra: no manifest lists it.");
}

#[test]
fn bytes_between_messages_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let mut chain = ManifestChain::open(root).unwrap();
    std::fs::write(root.join("a"), "11..33").unwrap();
    let mut step = Manifest::new("");
    step.add_message("a", 4, b"33").unwrap();
    step.add_message("a", 0, b"11").unwrap();
    chain.append(&step).unwrap();
    // The entry at 0 came last and voids the one before.
    assert_eq!(findings(root), [Finding::ExtraBytes { path: "a".into(), offset: 2, bytes: 4 }]);
    let mut step = Manifest::new("");
    step.add_message("a", 4, b"33").unwrap();
    chain.append(&step).unwrap();
    assert_eq!(findings(root), [Finding::ExtraBytes { path: "a".into(), offset: 2, bytes: 2 }]);
}

#[test]
fn what_happened_to_manifests_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let head = run(root);
    let texts: Vec<_> = (1..=3).map(|number| std::fs::read(manifest(root, number)).unwrap()).collect();
    let restore = || {
        for (number, text) in (1..).zip(&texts) {
            std::fs::write(manifest(root, number), text).unwrap();
        }
    };

    // Damaged: it is told, and so is that its follower knew another one, and what only it listed.
    let mut changed = texts[1].clone();
    changed[60] ^= 1;
    std::fs::write(manifest(root, 2), &changed).unwrap();
    let found = findings(root);
    assert!(
        matches!(&found[0], Finding::ManifestDamaged { number: 2, reason } if reason.contains("hash")),
        "{found:?}"
    );
    assert!(matches!(&found[1], Finding::ChainBroken { number: 3, .. }), "{found:?}");
    assert!(found.contains(&Finding::Extra { path: "fields/step1.grib2".into() }));
    restore();

    // Missing in the middle and at the front.
    std::fs::remove_file(manifest(root, 2)).unwrap();
    assert_eq!(findings(root)[0], Finding::ManifestMissing { from: 2, to: 2 });
    std::fs::remove_file(manifest(root, 1)).unwrap();
    assert_eq!(findings(root)[0], Finding::ManifestMissing { from: 1, to: 2 });
    restore();

    // Missing at the end: its files are extra, and the head is another one.
    std::fs::remove_file(manifest(root, 3)).unwrap();
    let found = verify(root).unwrap();
    assert_ne!(found.head, Some(head));
    assert!(found.findings.contains(&Finding::Extra { path: "fields/step2.grib2".into() }));
    restore();

    // Another manifest in its place, whole and right by itself.
    let other = tempfile::tempdir().unwrap();
    ManifestChain::open(other.path()).unwrap().append(&Manifest::new("other")).unwrap();
    std::fs::copy(manifest(other.path(), 1), manifest(root, 1)).unwrap();
    let found = findings(root);
    assert!(matches!(&found[0], Finding::ChainBroken { number: 2, .. }), "{found:?}");
    std::fs::copy(manifest(other.path(), 1), manifest(root, 3)).unwrap();
    assert!(
        findings(root).contains(&Finding::ManifestDamaged { number: 3, reason: "it has number 1".into() })
    );

    // A chain does not go on from a damaged end.
    for bytes in [&b""[..], b"{}", &[0xFF; 100], &changed] {
        std::fs::write(manifest(root, 3), bytes).unwrap();
        let error = ManifestChain::open(root).unwrap_err().to_string();
        assert!(error.contains("00000003.json"), "{error}");
    }
}

#[test]
fn half_written_manifests_go_when_the_chain_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    run(root);
    std::fs::write(root.join("manifest/.00000004.json.77-0.part"), "half").unwrap();
    assert_eq!(findings(root).len(), 1);
    drop(ManifestChain::open(root).unwrap());
    assert_eq!(findings(root), []);
}

#[test]
fn paths_out_of_the_folder_are_refused() {
    let mut step = Manifest::new("");
    for path in ["", "/a", "../a", "a/../../b", "a//b", "./a", "a/", "manifest/x", "a\\b", "C:a", "a\0b"] {
        let error = step.add_message(path, 0, b"").unwrap_err().to_string();
        assert!(error.contains("below the run's folder"), "{path}: {error}");
    }
    let entry = Entry { path: "a".into(), offset: u64::MAX, bytes: 1, hash: [0; 32] };
    assert!(step.add(entry).unwrap_err().to_string().contains("64 bits"));
    assert!(step.entries().is_empty());
    let folder = tempfile::tempdir().unwrap();
    let error = step.add_file(folder.path(), "absent").unwrap_err().to_string();
    assert!(error.contains("absent") && error.contains("reading"), "{error}");
    let error = verify(folder.path()).unwrap_err().to_string();
    assert!(error.contains("manifest"), "{error}");
    std::fs::create_dir(folder.path().join("manifest")).unwrap();
    assert!(verify(folder.path()).unwrap_err().to_string().contains("no manifest"));
}

#[test]
fn mutated_manifests_break_nothing_and_are_never_intact() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    run(root);
    let count: u64 = std::env::var("TERRELLA_MUTATIONS").map_or(400, |count| count.parse().unwrap());
    let (whole, last) =
        (std::fs::read(manifest(root, 2)).unwrap(), std::fs::read(manifest(root, 3)).unwrap());
    let mut state: u64 = 3;
    let mut random = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize
    };
    for _ in 0..count {
        let mut bytes = whole.clone();
        for _ in 0..1 + random() % 3 {
            let at = random() % bytes.len().max(1);
            match random() % 5 {
                0 => bytes.truncate(at),
                1 if !bytes.is_empty() => bytes[at] = random() as u8,
                2 => bytes.insert(at.min(bytes.len()), b"[{\"9,\xFF"[random() % 6]),
                3 => bytes.extend_from_slice(&whole[at.min(whole.len())..]),
                _ => bytes
                    .splice(at.min(bytes.len())..bytes.len(), std::iter::repeat_n(b'[', random() % 5000))
                    .for_each(drop),
            }
        }
        // Half of them with a right hash, so that what is behind it is reached.
        if random() % 2 == 0 {
            bytes.truncate(bytes.len().saturating_sub(77));
            let hash = blake3::hash(&bytes).to_hex();
            bytes.extend_from_slice(format!(",\"blake3\":\"{hash}\"}}\n").as_bytes());
        }
        std::fs::write(manifest(root, 2), &bytes).unwrap();
        let found = verify(root).unwrap();
        assert_eq!(found.is_intact(), bytes == whole, "{}", String::from_utf8_lossy(&bytes));
        std::fs::remove_file(manifest(root, 3)).unwrap();
        verify(root).unwrap();
        drop(ManifestChain::open(root));
        std::fs::write(manifest(root, 3), &last).unwrap();
    }
}
