//! Nothing of lossless plans is lost, and memory and disk stay within their limits.

use std::time::Duration;

use terrella_io::Error;
use terrella_io::plan::{Delivery, Kind, Message, Metadata, Plans};
use terrella_io::server::{Server, Settings};

use super::{
    BYTES, field, gated, layout, metadata, plan, spilling, values, weight, write_field_patiently,
    write_patiently,
};

#[test]
fn nothing_lossless_is_lost_while_the_consumer_stands_still() {
    let folder = tempfile::tempdir().unwrap();
    let memory = 6 * weight();
    let (mut server, [(gate, taken)]) =
        gated([("archive", "lossless")], spilling(memory, &folder, 400 * weight()));
    let count = 300;
    for number in 0..count {
        match number % 3 {
            0 => write_patiently(&server, |server| server.write(field(number / 4, number))),
            _ => write_field_patiently(&server, number / 4, number),
        }
    }
    gate.wait_for_arrival();
    assert!(taken.try_recv().is_err(), "the consumer took something");
    let metrics = server.metrics();
    assert!(metrics.memory_peak <= memory, "{} of {memory}", metrics.memory_peak);
    assert!(metrics.memory >= memory / 2, "{} of {memory}", metrics.memory);
    let before = &metrics.plans[0];
    assert_eq!(before.messages_in, count as u64);
    assert_eq!(before.queued_messages, count as u64 - 1);
    assert!(before.spilled_messages > count as u64 - 7);
    assert_eq!(before.spilled_bytes, before.on_disk);
    assert!(metrics.disk >= before.spilled_messages * BYTES);

    gate.open();
    server.finish().unwrap();
    let all: Vec<_> = taken.try_iter().collect();
    let expected: Vec<_> = (0..count).map(|number| Delivery::Message(field(number / 4, number))).collect();
    assert!(all == expected);
    let metrics = server.metrics();
    let after = &metrics.plans[0];
    assert_eq!((after.delivered_messages, after.delivered_bytes), (count as u64, after.bytes_in));
    assert_eq!(after.bytes_out, count as u64 * BYTES);
    assert_eq!((after.queued_messages, after.memory, after.on_disk), (0, 0, 0));
    assert_eq!(metrics.memory % BYTES, 0, "idle buffers alone are left");
    assert_eq!(after.dropped_messages + after.gaps + after.failed_messages + after.lost_messages, 0);
    assert_eq!(after.progress, Some(Metadata::new().with("step", (count - 1) / 4)));
    assert_eq!(after.actions[0].messages, count as u64);
    assert!(after.actions[0].seconds > 0.0);
    assert!(metrics.memory_peak <= memory, "{} of {memory}", metrics.memory_peak);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn any_share_that_holds_a_message_has_room_for_the_next_while_the_disk_has() {
    for tenths in 10..60 {
        let folder = tempfile::tempdir().unwrap();
        let (mut server, [(gate, taken)]) =
            gated([("archive", "lossless")], spilling(tenths * weight() / 10, &folder, 1 << 20));
        for number in 0..20 {
            write_field_patiently(&server, number, number);
        }
        gate.open();
        server.finish().unwrap();
        let expected: Vec<_> = (0..20).map(|number| Delivery::Message(field(number, number))).collect();
        assert!(taken.try_iter().collect::<Vec<_>>() == expected, "{tenths}");
        assert!(server.metrics().memory_peak <= tenths * weight() / 10, "{tenths}");
    }
}

#[test]
fn memory_is_made_before_the_first_field_as_far_as_it_may_be() {
    let memory = 10 * BYTES;
    let (server, [(gate, _)]) = gated([("archive", "lossless")], Settings { memory, ..Settings::default() });
    assert_eq!(server.prepare(&layout(), 3), 3);
    assert_eq!((server.metrics().memory, server.metrics().memory_peak), (3 * BYTES, 3 * BYTES));
    // One has its place in the plan's work.
    assert_eq!(server.prepare(&layout(), 100), 9);
    server.write_field(metadata(1, 1), &layout(), &values(1)).unwrap();
    assert!(server.metrics().memory_peak <= memory);
    gate.open();
}

#[test]
fn a_reader_of_a_pipe_that_does_not_read_stops_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    // Both ways, so that neither end waits for the other to open it.
    let mut end = std::fs::File::options().read(true).write(true).open(&pipe).unwrap();
    let text = format!(
        "plans: [{{name: p, actions: [{{type: encode, format: raw}},
         {{type: sink, sinks: [{{type: file, path: '{}'}}]}}]}}]",
        pipe.display()
    );
    let settings = spilling(8 * weight(), &folder, 1 << 24);
    let mut server = Server::start(Plans::from_yaml(&text).unwrap(), settings).unwrap();
    // Pipes hold 64 KiB.
    let count = 500;
    for number in 0..count {
        write_field_patiently(&server, number, number);
    }
    assert!(plan(&server, 0).delivered_messages <= 64, "the pipe is full");
    let reader = std::thread::spawn(move || {
        let mut bytes = vec![0; count as usize * BYTES as usize];
        std::io::Read::read_exact(&mut end, &mut bytes).unwrap();
        bytes
    });
    server.finish().unwrap();
    let expected: Vec<u8> = (0..count).flat_map(values).flat_map(f64::to_le_bytes).collect();
    assert!(reader.join().unwrap() == expected);
}

#[test]
fn a_full_disk_is_told_to_the_caller_and_no_plan_has_the_message() {
    let folder = tempfile::tempdir().unwrap();
    let (mut server, [(archive, taken), (other, taken_by_other)]) = gated(
        [("archive", "lossless"), ("other", "lossless")],
        spilling(2 * 6 * weight(), &folder, 20 * weight()),
    );
    other.open();
    let mut number = 0;
    let error = loop {
        match server.write_field(metadata(number, number), &layout(), &values(number)) {
            Ok(()) => number += 1,
            Err(error) if error.to_string().contains("the disk has not taken") => {
                server.wait_for_room(Duration::from_millis(1));
                continue;
            }
            Err(error) => break error,
        }
        assert!(number < 100);
        archive.wait_for_arrival();
        // The other has all before, and not the one that is refused.
        let got = taken_by_other.recv_timeout(Duration::from_secs(100)).unwrap();
        assert_eq!(got, Delivery::Message(field(number - 1, number - 1)));
    };
    // One is in work, five wait in memory, twenty on the disk, where their metadata take a little less than in memory.
    assert!((26..=28).contains(&number), "{number}");
    assert!(matches!(&error, Error::Full { plan, .. } if plan == "archive"), "{error}");
    let text = error.to_string();
    assert!(text.contains("Plan 'archive' has no room") && text.contains("on the disk are taken"), "{text}");
    assert!(taken.try_recv().is_err());
    assert!(server.write_field(metadata(number, number), &layout(), &values(number)).is_err());
    assert!(!server.wait_for_room(Duration::ZERO));

    // Room is made, the call is repeated.
    archive.open();
    assert!(server.wait_for_room(Duration::from_secs(100)));
    server.write_field(metadata(number, number), &layout(), &values(number)).unwrap();
    server.finish().unwrap();
    let expected: Vec<_> = (0..=number).map(|number| Delivery::Message(field(number, number))).collect();
    assert!(taken.try_iter().collect::<Vec<_>>() == expected);
    assert_eq!(taken_by_other.try_iter().collect::<Vec<_>>(), expected[number as usize..]);
    assert_eq!(plan(&server, 1).messages_in, number as u64 + 1);

    // Without a disk, and larger than the share.
    let settings = Settings { memory: 3 * weight(), ..Settings::default() };
    let (server, [(gate, _)]) = gated([("archive", "lossless")], settings);
    let write = || server.write_field(metadata(1, 1), &layout(), &values(1));
    let error = (0..10).find_map(|_| write().err()).unwrap().to_string();
    assert!(error.contains("nothing may go to the disk"), "{error}");
    let large = Message { metadata: metadata(1, 1), kind: Kind::Encoded(vec![0; 4 * BYTES as usize]) };
    let error = server.write(large).unwrap_err().to_string();
    assert!(error.contains("must not be larger"), "{error}");
    gate.open();
}
