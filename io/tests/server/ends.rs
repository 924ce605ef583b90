//! Servers that are not finished.

use terrella_io::server::Settings;

use super::{field, gated, weight};

#[test]
fn who_abandons_does_not_wait() {
    let settings = Settings { memory: 20 * weight(), ..Settings::default() };
    let (server, [(gate, taken)]) = gated([("archive", "lossless")], settings);
    for number in 0..10 {
        server.write(field(number, number)).unwrap();
    }
    gate.wait_for_arrival();
    let metrics = server.abandon();
    assert_eq!(metrics.plans[0].lost_messages, 9);
    gate.open();
    assert_eq!(taken.iter().count(), 1, "the one in work");
}

#[test]
fn who_drops_the_server_waits_for_it() {
    let (server, [(gate, taken)]) = gated([("archive", "lossless")], Settings::default());
    for number in 0..10 {
        server.write(field(number, number)).unwrap();
    }
    gate.open();
    drop(server);
    assert_eq!(taken.try_iter().count(), 10);
}
