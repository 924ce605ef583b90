//! Best-effort plans drop whole steps, the oldest first, and tell of each.

use terrella_io::plan::{Delivery, Kind, Message, Metadata};
use terrella_io::server::Settings;

use super::{BYTES, covered, field, gated, layout, metadata, plan, spilling, values, weight};

#[test]
fn whole_steps_are_dropped_oldest_first_and_counted_exactly() {
    // The one in work, and room for eleven in the queue: two steps of four, and three of a third.
    let memory = 12 * weight();
    let settings = Settings { memory, ..Settings::default() };
    let (mut server, [(gate, taken)]) = gated([("viewer", "best-effort")], settings);
    server.write_field(metadata(0, 0), &layout(), &values(0)).unwrap();
    gate.wait_for_arrival();
    for number in 1..400 {
        server.write_field(metadata(number / 4, number), &layout(), &values(number)).unwrap();
    }
    assert!(taken.try_recv().is_err());
    let metrics = plan(&server, 0);
    gate.open();
    server.finish().unwrap();
    let seen: Vec<_> = taken.try_iter().collect();
    let (delivered, dropped, steps) = covered(&seen, 4);
    // Step 0 was begun and is whole; the last two fit.
    let expected: Vec<i64> = (0..4).chain(392..400).collect();
    assert_eq!(delivered, expected);
    assert_eq!((dropped, steps), (97 * 4, 97));
    let gap = match &seen[4] {
        Delivery::Gap(gap) => gap,
        Delivery::Message(message) => panic!("{}", message.metadata),
    };
    assert_eq!((gap.first.integer("step").unwrap(), gap.last.integer("step").unwrap()), (1, 97));
    assert_eq!((gap.fields, gap.bytes, gap.begun), (388, 388 * weight(), false));
    assert_eq!((metrics.dropped_messages, metrics.dropped_steps, metrics.gaps), (388, 97, 1));
    assert_eq!(metrics.dropped_bytes, gap.bytes);
    assert_eq!(metrics.messages_in, 400);
    assert_eq!(plan(&server, 0).delivered_messages, 12);
    assert!(server.metrics().memory_peak <= memory);
}

#[test]
fn a_step_larger_than_memory_loses_its_rest() {
    let settings = Settings { memory: 5 * weight(), ..Settings::default() };
    let (mut server, [(gate, taken)]) = gated([("viewer", "best-effort")], settings);
    server.write_field(metadata(0, 0), &layout(), &values(0)).unwrap();
    gate.wait_for_arrival();
    for number in 1..30 {
        server.write_field(metadata(number / 10, number), &layout(), &values(number)).unwrap();
    }
    gate.open();
    server.flush().unwrap();
    server.write_field(metadata(3, 30), &layout(), &values(30)).unwrap();
    server.finish().unwrap();
    let seen: Vec<_> = taken.try_iter().collect();
    let gap = seen.iter().find_map(|seen| match seen {
        Delivery::Gap(gap) => Some(gap.clone()),
        Delivery::Message(_) => None,
    });
    let gap = gap.unwrap();
    assert!(gap.begun && gap.steps == 3 && gap.fields == 25, "{gap:?}");
    assert_eq!(covered(&seen, 10), (vec![0, 1, 2, 3, 4, 30], 25, 3));
}

#[test]
fn gaps_that_meet_become_one() {
    let settings = Settings { memory: 6 * weight(), ..Settings::default() };
    let (mut server, [(gate, taken)]) = gated([("viewer", "best-effort")], settings);
    server.write(field(0, 0)).unwrap();
    gate.wait_for_arrival();
    for step in 1..=4 {
        server.write(field(step, step)).unwrap();
    }
    // Never fits: a gap behind the four that wait.
    let large = Message { metadata: metadata(5, 5), kind: Kind::Encoded(vec![0; 6 * BYTES as usize]) };
    server.write(large).unwrap();
    assert_eq!((plan(&server, 0).gaps, plan(&server, 0).dropped_steps), (1, 1));
    for step in 6..=12 {
        server.write(field(step, step)).unwrap();
    }
    gate.open();
    server.finish().unwrap();
    let seen: Vec<_> = taken.try_iter().collect();
    let gaps: Vec<_> = seen
        .iter()
        .filter_map(|seen| match seen {
            Delivery::Gap(gap) => Some(gap),
            Delivery::Message(_) => None,
        })
        .collect();
    assert_eq!(gaps.len(), 1, "{seen:?}");
    assert_eq!((&gaps[0].first, &gaps[0].last), (&label(1), &label(7)));
    assert_eq!((gaps[0].steps, gaps[0].fields), (7, 7));
    let metrics = plan(&server, 0);
    assert_eq!((metrics.gaps, metrics.dropped_messages, metrics.delivered_messages), (1, 7, 6));
}

fn label(step: i64) -> Metadata {
    Metadata::new().with("step", step)
}

#[test]
fn masks_take_the_place_of_steps_and_go_to_the_disk() {
    let mask = || Message {
        metadata: Metadata::new().with("domain", "sea"),
        kind: Kind::Encoded(vec![1; BYTES as usize]),
    };
    let folder = tempfile::tempdir().unwrap();
    let memory = 8 * weight();
    for disk in [true, false] {
        let settings = match disk {
            true => spilling(memory, &folder, 1 << 20),
            false => Settings { memory, ..Settings::default() },
        };
        let (mut server, [(gate, taken)]) = gated([("viewer", "best-effort")], settings);
        server.write(field(0, 0)).unwrap();
        gate.wait_for_arrival();
        for step in 1..=6 {
            server.write(field(step, step)).unwrap();
        }
        for _ in 0..20 {
            server.write(mask()).unwrap();
        }
        let before = plan(&server, 0);
        gate.open();
        server.finish().unwrap();
        let seen: Vec<_> = taken.try_iter().collect();
        let masks = seen.iter().filter(|seen| **seen == Delivery::Message(mask())).count() as u64;
        let dropped = |seen: &Delivery| match seen {
            Delivery::Gap(gap) => gap.fields,
            Delivery::Message(_) => 0,
        };
        let dropped: u64 = seen.iter().map(dropped).sum();
        let metrics = plan(&server, 0);
        assert_eq!((metrics.dropped_messages, metrics.messages_in), (dropped, 27));
        assert!(server.metrics().memory_peak <= memory);
        if disk {
            assert_eq!((masks, dropped), (20, before.dropped_steps));
            assert!(dropped >= 5, "{dropped}");
            assert!(before.spilled_messages > 10);
        } else {
            assert!(masks >= 5, "{masks}");
            assert_eq!(metrics.delivered_messages + dropped, 27);
        }
    }
}
