//! Plans that stand still, callers that meet: each is as if alone.

use std::time::Duration;

use terrella_io::plan::Delivery;
use terrella_io::server::Settings;

use super::{covered, field, gated, layout, metadata, spilling, values, weight, write_field_patiently};

#[test]
fn any_order_of_work_and_rest_loses_and_counts_nothing_wrong() {
    let mut seed = 12_345_u64;
    let mut random = move |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    for round in 0..60 {
        let of_step = 1 + random(9) as i64;
        let folder = tempfile::tempdir().unwrap();
        let memory = 2 * (3 + random(12)) * weight();
        let (mut server, [(archive, stored), (viewer, seen)]) =
            gated([("archive", "lossless"), ("viewer", "best-effort")], spilling(memory, &folder, 1 << 24));
        let count = 150;
        for number in 0..count {
            write_field_patiently(&server, number / of_step, number);
            match random(4) {
                0 => archive.allow(random(4)),
                1 => viewer.allow(random(5)),
                2 if random(3) == 0 => viewer.wait_for_arrival_or_rest(),
                _ => {}
            }
        }
        archive.open();
        viewer.open();
        server.finish().unwrap();
        let stored: Vec<_> = stored.try_iter().collect();
        let expected: Vec<_> =
            (0..count).map(|number| Delivery::Message(field(number / of_step, number))).collect();
        assert!(stored == expected, "round {round}");
        let seen: Vec<_> = seen.try_iter().collect();
        let (delivered, dropped, steps) = covered(&seen, of_step);
        assert_eq!(delivered.len() as u64 + dropped, count as u64, "round {round}");
        let metrics = server.metrics();
        let viewer = &metrics.plans[1];
        assert_eq!(viewer.delivered_messages, delivered.len() as u64);
        assert_eq!((viewer.dropped_messages, viewer.dropped_steps), (dropped, steps));
        let gaps = seen.iter().filter(|seen| matches!(seen, Delivery::Gap(_))).count();
        assert_eq!(viewer.gaps, gaps as u64, "round {round}");
        assert!(metrics.memory_peak <= memory, "round {round}: {} of {memory}", metrics.memory_peak);
    }
}

#[test]
fn one_plan_that_stands_still_holds_up_no_other() {
    let settings = Settings { memory: 40 * weight(), ..Settings::default() };
    let (mut server, [(still, taken), (busy, received)]) =
        gated([("still", "best-effort"), ("busy", "lossless")], settings);
    busy.open();
    for number in 0..200 {
        server.write_field(metadata(number, number), &layout(), &values(number)).unwrap();
        still.wait_for_arrival();
        let got = received.recv_timeout(Duration::from_secs(100)).unwrap();
        assert_eq!(got, Delivery::Message(field(number, number)));
    }
    assert!(taken.try_recv().is_err());
    still.open();
    server.finish().unwrap();
    let (delivered, dropped, _) = covered(&taken.try_iter().collect::<Vec<_>>(), 1);
    assert_eq!(delivered.len() as u64 + dropped, 200);
}

#[test]
fn many_callers_are_as_if_one_after_the_other() {
    let folder = tempfile::tempdir().unwrap();
    let (mut server, [(gate, taken)]) =
        gated([("archive", "lossless")], spilling(10 * weight(), &folder, 1 << 24));
    std::thread::scope(|scope| {
        for caller in 0..4 {
            let server = &server;
            scope.spawn(move || {
                for number in 0..50 {
                    write_field_patiently(server, caller, number);
                }
            });
        }
    });
    gate.open();
    server.finish().unwrap();
    let mut next = [0; 4];
    for delivery in taken.try_iter() {
        let Delivery::Message(message) = delivery else { panic!() };
        let caller = message.metadata.integer("step").unwrap() as usize;
        assert_eq!(message, field(caller as i64, next[caller]));
        next[caller] += 1;
    }
    assert_eq!(next, [50; 4]);
}
