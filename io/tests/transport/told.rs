//! What fails on a server, what goes to all of them, and what they cannot share.

use terrella_coupling::communicator::Communicator;
use terrella_io::Error;
use terrella_io::layout::Layout;
use terrella_io::plan::{Kind, Message, Metadata};
use terrella_io::transport::{Client, OutputServer, Role};

use crate::common::*;

#[test]
fn what_fails_on_a_server_is_told_with_its_rank() {
    // No parameter of GRIB has this name.
    let plans = "plans: [{name: archive, actions: [{type: transport}, {type: encode, format: grib}, {type: sink, sinks: [{type: discard}]}]}]";
    let folder = tempfile::tempdir().unwrap();
    let results = Communicator::threads(2, |all| match Role::of(&all, 1)? {
        Role::Model { link, .. } => {
            let mut output = Client::start(&link, plans, folder.path(), &settings(folder.path()))?;
            let layout = Layout::global_lat_lon(8, 5);
            output.write_field(metadata("nonsense", 500, 1), &layout, &[1.0; 40])?;
            let error = output.flush().unwrap_err();
            let text = "Output server 0 (rank 1): Output, plan 'archive', action 2 (encode), message {";
            assert!(error.to_string().starts_with(text), "{error}");
            assert!(matches!(error, Error::OutputServer { server: 0, rank: 1, .. }));
            // Told once, and at the end.
            output.write_field(metadata("t", 500, 2), &layout, &[1.0; 40])?;
            output.flush()?;
            assert_eq!(output.finish().unwrap_err().to_string(), error.to_string());
            Ok(())
        }
        Role::Server(link) => {
            let served = OutputServer::start(&link, plans, folder.path(), &settings(folder.path()))?.serve();
            assert!(matches!(served.unwrap_err(), Error::Output { .. }));
            Ok::<_, Error>(())
        }
    });
    results.into_iter().for_each(|result| result.unwrap());
}

#[test]
fn masks_go_to_all_servers() {
    let plans = "plans: [{actions: [{type: transport}, {type: mask, missing-value: -9}, {type: encode, format: raw}, {type: sink, sinks: [{type: file, path: '[name]-[level]-[number]'}]}]}]";
    let folder = tempfile::tempdir().unwrap();
    let results = Communicator::threads(4, |all| match Role::of(&all, 3)? {
        Role::Model { link, .. } => {
            let mut output = Client::start(&link, plans, folder.path(), &settings(folder.path()))?;
            let layout = Layout::global_lat_lon(2, 2);
            let mask = Metadata::new().with("domain", "ocean").with("level", 1);
            output.write(Message { metadata: mask, kind: Kind::Mask(vec![true, false, true, true]) })?;
            for number in 0..12 {
                let metadata = Metadata::new().with("name", "sst").with("domain", "ocean").with("level", 1);
                let metadata = metadata.with("number", number);
                output.write_field(metadata, &layout, &[1.0; 4])?;
            }
            output.finish()
        }
        Role::Server(link) => {
            OutputServer::start(&link, plans, folder.path(), &settings(folder.path()))?.serve()
        }
    });
    results.into_iter().for_each(|result| result.unwrap());
    let found = files(folder.path());
    assert_eq!(found.len(), 12);
    let expected: Vec<u8> = [1.0f64, -9.0, 1.0, 1.0].into_iter().flat_map(f64::to_le_bytes).collect();
    assert!(found.values().all(|bytes| *bytes == expected));
}

#[test]
fn plans_that_servers_cannot_share_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |actions: &str, servers: usize| {
        let plans = format!("plans: [{{name: p, actions: [{actions}]}}]");
        let results = Communicator::threads(servers + 1, |all| match Role::of(&all, servers)? {
            Role::Model { link, .. } => {
                Client::start(&link, &plans, folder.path(), &settings(folder.path())).map(|_| ())
            }
            Role::Server(link) => {
                OutputServer::start(&link, &plans, folder.path(), &settings(folder.path())).map(|_| ())
            }
        });
        results.into_iter().last().unwrap().err().map(|error| error.to_string())
    };
    let file = "{type: encode, format: raw}, {type: sink, sinks: [{type: file, path: '[step].raw'}]}";
    let text = refused(&format!("{{type: transport, hash-keys: [step, name]}}, {file}"), 2).unwrap();
    assert_eq!(
        text,
        "plan 1: 2 servers would write the same file: put '[name]' into its path, say 'per-server: true', or choose 'hash-keys' that are in the path."
    );
    assert_eq!(refused(&format!("{{type: transport, hash-keys: [step, name]}}, {file}"), 1), None);
    assert_eq!(refused(&format!("{{type: transport, hash-keys: [step]}}, {file}"), 2), None);
    let statistics = "{type: statistics, output-frequency: 1d, operations: [average]}";
    let text = refused(&format!("{{type: transport, hash-keys: [step]}}, {statistics}, {file}"), 2).unwrap();
    assert!(text.contains("take 'step' out of 'hash-keys'"), "{text}");
    for (transport, text) in [
        ("{type: transport}, {type: transport}", "plan 1: action 2 is a second 'transport'."),
        (
            "{type: transport, target: servers}",
            "plan 'p', action 1 (transport): unknown target 'servers': did you mean 'server'?.",
        ),
        (
            "{type: transport, hash-keys: []}",
            "plan 'p', action 1 (transport): 'hash-keys': expected at least one key of the metadata.",
        ),
        (
            "{type: transport, hash-key: [name]}",
            "plan 'p', action 1 (transport): unknown key 'hash-key': did you mean 'hash-keys'?.",
        ),
    ] {
        let error =
            terrella_io::plan::Plans::from_yaml(&format!("plans: [{{name: p, actions: [{transport}]}}]"));
        assert_eq!(error.err().unwrap().to_string(), text);
    }
    let error = Communicator::threads(2, |all| Role::of(&all, 2).map(|_| ()).unwrap_err().to_string());
    assert_eq!(error[0], "'servers' is 2: expected fewer than the 2 ranks.");
}
