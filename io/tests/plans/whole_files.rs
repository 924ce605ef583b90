//! Sink `file` with `whole: true`: files appear with all their messages, or not at all.

use std::path::Path;

use terrella_io::layout::Layout;
use terrella_io::manifest::{Manifest, ManifestChain, verify};
use terrella_io::plan::{Kind, Message, Metadata, Plans};
use terrella_io::server::{Server, Settings};

const PLAN: &str = "
plans:
  - name: whole
    actions:
      - {type: encode, format: raw}
      - {type: sink, sinks: [{type: file, path: 'steps/[step].raw', whole: true}]}
";

fn message(step: i64, value: f64) -> Message {
    let layout = Layout::global_lat_lon(4, 3);
    let values = vec![value; layout.points()];
    Message { metadata: Metadata::new().with("step", step), kind: Kind::Field { layout, values } }
}

fn names(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_file_appears_at_the_flush_and_is_told_with_its_hash() {
    let folder = tempfile::tempdir().unwrap();
    let mut plans = Plans::from_yaml_in(PLAN, folder.path()).unwrap();
    assert_eq!((plans.count(), plans.bits_of_kept_values()), (1, None));
    let files = plans.whole_files();
    let steps = folder.path().join("steps");
    for value in [1.0, 2.0] {
        plans.write(message(6, value)).unwrap();
        assert!(names(&steps).iter().all(|name| name.ends_with(".part")));
    }
    assert!(files.take().is_empty());
    plans.flush().unwrap();
    assert_eq!(names(&steps), ["6.raw"]);
    let bytes = std::fs::read(steps.join("6.raw")).unwrap();
    let taken = files.take();
    assert_eq!((taken.len(), &taken[0].path, taken[0].bytes), (1, &steps.join("6.raw"), 192));
    assert_eq!((bytes.len(), taken[0].hash), (192, *blake3::hash(&bytes).as_bytes()));
    // The file is whole: what comes late is refused and changes nothing.
    let error = plans.write(message(6, 3.0)).unwrap_err().to_string();
    assert!(error.contains("6.raw") && error.contains("after the file was finished"), "{error}");
    plans.write(message(12, 3.0)).unwrap();
    drop(plans);
    assert_eq!(std::fs::read(steps.join("6.raw")).unwrap(), bytes);
    assert_eq!(names(&steps), ["6.raw"]);
}

/// A plan that fails on one message of a step leaves no file of that step, not even when it ends.
#[test]
fn a_failed_message_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let mut server =
        Server::start(Plans::from_yaml_in(PLAN, folder.path()).unwrap(), Settings::default()).unwrap();
    server.write(message(6, 1.0)).unwrap();
    server.flush().unwrap();
    server.write(message(12, 1.0)).unwrap();
    let mut wrong = message(12, 1.0);
    wrong.metadata.set("step", "../12");
    server.write(wrong).unwrap();
    assert!(server.finish().unwrap_err().to_string().contains("without '/'"));
    assert_eq!(names(&folder.path().join("steps")), ["6.raw"]);
}

#[test]
fn plans_that_add_to_what_is_there_cannot_be_continued() {
    for (action, word) in [
        ("{type: sink, sinks: [{type: file, path: all.raw}]}", "whole: true"),
        ("{type: sink, sinks: [{type: log, path: log}]}", "whole: true"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let text = format!("plans: [{{actions: [{action}]}}]");
        std::fs::write(folder.path().join("all.raw"), "kept").unwrap();
        let error = Plans::continue_yaml_in(&text, folder.path()).err().unwrap();
        assert_eq!(std::fs::read(folder.path().join("all.raw")).unwrap(), b"kept");
        assert!(error.to_string().contains(word), "{error}");
    }
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(Plans::continue_yaml_in(PLAN, folder.path()).unwrap().count(), 1);
    let text = PLAN.replace("whole: true", "whole: true, append: true");
    let error = Plans::from_yaml(&text).err().unwrap().to_string();
    assert!(error.contains("'append' has no meaning with 'whole: true'"), "{error}");
}

#[test]
fn a_new_chain_takes_the_place_of_an_old_one() {
    let folder = tempfile::tempdir().unwrap();
    let mut chain = ManifestChain::open(folder.path()).unwrap();
    for label in ["0 h", "6 h"] {
        chain.append(&Manifest::new(label)).unwrap();
    }
    drop(chain);
    let chain = ManifestChain::begin(folder.path()).unwrap();
    assert_eq!(chain.head(), None);
    chain.finish(&Manifest::new("end")).unwrap();
    let found = verify(folder.path()).unwrap();
    assert!(found.is_intact() && found.ends_run && found.manifests == 1, "{found:?}");
}
