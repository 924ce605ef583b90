//! Notifications to another server: in order, again after a failure, and counted.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use terrella_io::log::{Log, LogSettings, Retention};
use terrella_io::stream::{Form, Notifier, NotifierSettings, NotifierStatus, Trust};

/// A server that answers with these statuses, then 200; what it was sent, with its head.
fn receiver(statuses: Vec<u16>) -> (u16, Receiver<(String, Value)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, received) = channel();
    std::thread::spawn(move || {
        let mut statuses = statuses.into_iter();
        for stream in listener.incoming() {
            let mut reader = BufReader::new(stream.unwrap());
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                assert!(reader.read_line(&mut head).unwrap() > 0);
            }
            let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: ")).unwrap();
            let mut body = vec![0; length.parse().unwrap()];
            reader.read_exact(&mut body).unwrap();
            let status = statuses.next().unwrap_or(200);
            let mut stream: TcpStream = reader.into_inner();
            write!(stream, "HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n").unwrap();
            if sender.send((head, serde_json::from_slice(&body).unwrap())).is_err() {
                return;
            }
        }
    });
    (port, received)
}

fn settings(port: u16, form: Form) -> NotifierSettings {
    NotifierSettings {
        url: format!("http://127.0.0.1:{port}/api/v1/notification"),
        trust: Trust::System,
        token: Some("a-token-for-these-tests".into()),
        form,
        stream: "forecast".into(),
        base: "http://streams.example.org/".into(),
        timeout: Duration::from_secs(10),
        retry: Duration::from_millis(30),
    }
}

fn aviso() -> Form {
    Form::Aviso { event_type: "model_output".into() }
}

fn next(received: &Receiver<(String, Value)>) -> (String, Value) {
    received.recv_timeout(Duration::from_secs(20)).unwrap()
}

fn wait_for(notifier: &Notifier, is_so: impl Fn(&NotifierStatus) -> bool) -> NotifierStatus {
    let start = Instant::now();
    loop {
        let status = notifier.status();
        if is_so(&status) {
            return status;
        }
        assert!(start.elapsed() < Duration::from_secs(20), "{status:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn an_aviso_server_is_told_of_every_record() {
    let folder = tempfile::tempdir().unwrap();
    let (log, _) = Log::open(folder.path(), &LogSettings::default()).unwrap();
    let (port, received) = receiver(vec![]);
    let notifier = Notifier::start(&log, 1, settings(port, aviso())).unwrap();
    log.append(b"param=t,step=6", b"the payload").unwrap();
    let (head, body) = next(&received);
    assert!(head.starts_with("POST /api/v1/notification HTTP/1.1\r\n"), "{head}");
    assert!(head.contains("Authorization: Bearer a-token-for-these-tests\r\n"));
    assert!(head.contains("Content-Type: application/json\r\n"));
    assert_eq!(body["event_type"], "model_output");
    assert_eq!(body["identifier"], json!({ "param": "t", "step": "6" }));
    assert_eq!(body["payload"]["url"], "http://streams.example.org/streams/forecast/records/1");
    assert_eq!(body["payload"]["hash"], blake3::hash(b"the payload").to_hex().to_string());
    // A key that says nothing to Aviso is told in the status, and passed over.
    log.append(b"no pairs", b"").unwrap();
    log.append(b"step=12", b"").unwrap();
    assert_eq!(next(&received).1["payload"]["number"], 3);
    let status = wait_for(&notifier, |status| status.next == 4);
    assert_eq!((status.delivered, status.refused), (2, 1));
    assert!(status.failure.unwrap().contains("record 2: key 'no pairs'"));
    assert_eq!(notifier.stop().next, 4);
}

#[test]
fn failures_are_tried_again_in_order_and_refusals_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let (log, _) = Log::open(folder.path(), &LogSettings::default()).unwrap();
    for number in 1..=4 {
        log.append(format!("step={number}").as_bytes(), b"").unwrap();
    }
    let (port, received) = receiver(vec![503, 429, 200, 400, 200]);
    let notifier = Notifier::start(&log, 1, settings(port, Form::CloudEvents)).unwrap();
    let ids: Vec<_> = (0..6).map(|_| next(&received).1["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids, ["1", "1", "1", "2", "3", "4"]);
    let status = wait_for(&notifier, |status| status.next == 5);
    assert_eq!((status.delivered, status.refused, status.missed), (3, 1, 0));
    assert!(status.failure.unwrap().contains("record 2: refused with status 400"));
}

#[test]
fn what_is_missing_is_told_or_counted() {
    let folder = tempfile::tempdir().unwrap();
    let retention = Retention { bytes: Some(2000), age: None };
    let (log, _) =
        Log::open(folder.path(), &LogSettings { segment_bytes: 1000, retention, ..LogSettings::default() })
            .unwrap();
    for _ in 0..50 {
        log.append(b"a=1", &[0; 200]).unwrap();
    }
    let first = log.status().first;
    let (port, received) = receiver(vec![]);
    let _notifier = Notifier::start(&log, 2, settings(port, Form::CloudEvents)).unwrap();
    let (head, event) = next(&received);
    assert!(head.contains("Content-Type: application/cloudevents+json"));
    assert_eq!((&event["type"], &event["specversion"]), (&json!("org.terrella.gap"), &json!("1.0")));
    assert_eq!(event["data"], json!({ "from": 2, "to": first - 1, "count": first - 2 }));
    let (port, received) = receiver(vec![]);
    let notifier = Notifier::start(&log, 2, settings(port, aviso())).unwrap();
    assert_eq!(next(&received).1["payload"]["number"], first);
    let status = wait_for(&notifier, |status| status.next == 51);
    assert_eq!((status.missed, status.delivered), (first - 2, 51 - first));
}

#[test]
fn a_receiver_that_is_away_or_no_server_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let (log, _) = Log::open(folder.path(), &LogSettings::default()).unwrap();
    log.append(b"a=1", b"").unwrap();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let notifier = Notifier::start(&log, 1, settings(free, aviso())).unwrap();
    let status = wait_for(&notifier, |status| status.failure.is_some());
    assert_eq!((status.next, status.delivered), (1, 0));
    assert!(status.failure.unwrap().contains("cannot be reached"));
    let start = Instant::now();
    notifier.stop();
    assert!(start.elapsed() < Duration::from_secs(5));
    // Something that answers, but not by HTTP.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(b"220 mail.example.org ESMTP\r\n\r\n");
        }
    });
    let notifier = Notifier::start(&log, 1, settings(port, aviso())).unwrap();
    let status = wait_for(&notifier, |status| status.failure.is_some());
    assert!(status.failure.unwrap().contains("did not answer by HTTP/1.1"));
}

#[test]
fn settings_that_cannot_be_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (log, _) = Log::open(folder.path(), &LogSettings::default()).unwrap();
    let refused = |from: u64, settings: NotifierSettings, words: &str| {
        let error = Notifier::start(&log, from, settings).err().unwrap().to_string();
        assert!(error.contains(words), "{error}");
    };
    refused(1, NotifierSettings { url: "ftp://example.org".into(), ..settings(1, aviso()) }, "or https");
    refused(1, NotifierSettings { token: Some("a\r\nX: y".into()), ..settings(1, aviso()) }, "'token'");
    refused(1, NotifierSettings { retry: Duration::ZERO, ..settings(1, aviso()) }, "'timeout or retry' is 0");
    refused(2, settings(1, aviso()), "'from' is 2");
}
