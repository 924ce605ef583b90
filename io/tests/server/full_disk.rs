//! A disk without room: the caller is told, the call returns, and what was taken arrives.

use std::sync::mpsc::channel;
use std::time::Duration;

use terrella_io::layout::Layout;
use terrella_io::plan::{Kind, Message, Metadata, Plans};
use terrella_io::server::{Server, Settings, SpillSettings};

use crate::common::on_small_disk;

#[test]
fn a_disk_that_is_full_loses_nothing_that_was_taken() {
    on_small_disk("64k", fill);
}

fn fill(place: &std::path::Path) {
    let text = "plans: [{name: archive, actions: [{type: sink, sinks: [{type: call, name: consumer}]}]}]";
    let mut plans = Plans::from_yaml(text).unwrap();
    // Closed until the sender sends or is gone.
    let ((open, gate), (sender, receiver)) = (channel::<()>(), channel());
    let consumer = move |message: &Message| {
        let _ = gate.recv();
        let _ = sender.send(message.clone());
        Ok(())
    };
    plans.connect("consumer", consumer).unwrap();
    // More than the disk has.
    let spill = Some(SpillSettings { folder: place.into(), bytes: 1 << 20 });
    let mut server = Server::start(plans, Settings { memory: 32 << 10, spill, metrics: None }).unwrap();
    let layout = Layout::global_lat_lon(16, 16);
    let values = |number: i64| vec![number as f64; 256];
    let metadata = |number: i64| Metadata::new().with("step", number);
    let mut taken = 0;
    let error = loop {
        match server.write_field(metadata(taken), &layout, &values(taken)) {
            Ok(()) => taken += 1,
            Err(error) if error.to_string().contains("the disk has not taken") => {
                server.wait_for_room(Duration::from_millis(1));
            }
            Err(error) => break error.to_string(),
        }
        assert!(taken < 1000);
    };
    assert!(
        error.contains("Plan 'archive' has no room") && error.contains("No space left on device"),
        "{error}"
    );
    assert!(receiver.try_recv().is_err());
    let metrics = server.metrics();
    assert!(metrics.memory_peak <= 32 << 10);
    assert!(metrics.plans[0].spilled_messages > 20, "{}", metrics.plans[0].spilled_messages);
    drop(open);
    server.finish().unwrap();
    let expected = (0..taken).map(|number| {
        let kind = Kind::Field { layout: layout.clone(), values: values(number) };
        Message { metadata: metadata(number), kind }
    });
    assert!(receiver.try_iter().eq(expected));
}
