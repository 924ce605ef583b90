//! Streams over HTTP/1.1: pull, push and notifications, gaps, and who is refused.

mod jet_stream;
mod notifier;
#[cfg(feature = "tls")]
mod tls;

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use terrella_io::log::{Log, LogSettings, Retention};
use terrella_io::stream::{StreamBackend, StreamServer, StreamSettings, Token};

const TOKEN: &str = "a-token-for-these-tests";

struct Place {
    log: Arc<Log>,
    server: StreamServer,
    _folder: tempfile::TempDir,
}

fn settings() -> StreamSettings {
    StreamSettings { head_timeout: Duration::from_millis(400), ..StreamSettings::default() }
}

fn place(log: &LogSettings, settings: StreamSettings) -> Place {
    let folder = tempfile::tempdir().unwrap();
    let log = Arc::new(Log::open(folder.path(), log).unwrap().0);
    let backend: Arc<dyn StreamBackend> = log.clone();
    let server =
        StreamServer::start("127.0.0.1:0", BTreeMap::from([("forecast".into(), backend)]), settings).unwrap();
    Place { log, server, _folder: folder }
}

fn few_kept() -> LogSettings {
    let retention = Retention { bytes: Some(4096), age: None };
    LogSettings { segment_bytes: 1024, retention, ..LogSettings::default() }
}

fn connect(place: &Place) -> TcpStream {
    let stream = TcpStream::connect(place.server.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
}

/// Status, head and body of the answer to these bytes.
fn send(place: &Place, bytes: &[u8]) -> (u16, String, Vec<u8>) {
    let mut stream = connect(place);
    stream.write_all(bytes).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").expect("a head") + 4;
    let head = String::from_utf8(answer[..end].to_vec()).unwrap();
    let status = head.strip_prefix("HTTP/1.1 ").unwrap()[..3].parse().unwrap();
    let body = answer.split_off(end);
    let body = if head.contains("Transfer-Encoding: chunked") { joined(&body) } else { body };
    if let Some((_, rest)) = head.split_once("Content-Length: ") {
        assert_eq!(rest.split_once("\r\n").unwrap().0.parse::<usize>().unwrap(), body.len());
    }
    (status, head, body)
}

fn joined(mut chunks: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let end = chunks.windows(2).position(|bytes| bytes == b"\r\n").expect("the length of a chunk");
        let length = usize::from_str_radix(std::str::from_utf8(&chunks[..end]).unwrap(), 16).unwrap();
        body.extend_from_slice(&chunks[end + 2..end + 2 + length]);
        assert_eq!(&chunks[end + 2 + length..end + 4 + length], b"\r\n");
        chunks = &chunks[end + 4 + length..];
        if length == 0 {
            assert!(chunks.is_empty());
            return body;
        }
    }
}

fn get(place: &Place, target: &str) -> (u16, String, Vec<u8>) {
    send(place, format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes())
}

fn json_of(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap()
}

/// Lines of a pull with their payloads.
fn items(mut body: &[u8]) -> Vec<(Value, Vec<u8>)> {
    let mut items = Vec::new();
    while !body.is_empty() {
        let end = body.iter().position(|&byte| byte == b'\n').unwrap();
        let line = json_of(&body[..end]);
        body = &body[end + 1..];
        let mut payload = Vec::new();
        if let Some(bytes) = line["bytes"].as_u64() {
            payload = body[..bytes as usize].to_vec();
            assert_eq!(body[bytes as usize], b'\n');
            body = &body[bytes as usize + 1..];
        }
        items.push((line, payload));
    }
    items
}

/// Name, id and data of the next event; reads bytes as they come.
fn next_event(stream: &mut TcpStream) -> (String, String, Value) {
    let mut text = Vec::new();
    loop {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        text.push(byte[0]);
        if text.ends_with(b"\r\n\r\n") || text.ends_with(b":\n\n") {
            text.clear();
        } else if text.ends_with(b"\n\n") {
            break;
        }
    }
    let text = String::from_utf8(text).unwrap();
    let field =
        |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().to_owned();
    (field("event: "), field("id: "), serde_json::from_str(&field("data: ")).unwrap())
}

fn subscribe(place: &Place, target: &str, headers: &str) -> TcpStream {
    let mut stream = connect(place);
    write!(stream, "GET {target} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n").unwrap();
    stream
}

#[test]
fn a_pull_gives_the_records_that_were_asked_for() {
    let place = place(&LogSettings::default(), settings());
    for number in 1..=20_u8 {
        place
            .log
            .append(format!("step={number}").as_bytes(), &vec![number; 100 * usize::from(number)])
            .unwrap();
    }
    place.log.append(b"\xFF\xFE", b"").unwrap();
    assert_eq!(json_of(&get(&place, "/streams").2), json!({ "streams": ["forecast"] }));
    assert_eq!(json_of(&get(&place, "/streams/forecast").2), json!({ "first": 1, "next": 22 }));
    let numbers = |target: &str| {
        let (status, head, body) = get(&place, target);
        assert_eq!(status, 200, "{target} {head}");
        items(&body).iter().map(|item| item.0["number"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(numbers("/streams/forecast/records"), (1..=21).collect::<Vec<_>>());
    assert_eq!(numbers("/streams/forecast/records?from=5&to=9"), [5, 6, 7, 8, 9]);
    assert_eq!(numbers("/streams/forecast/records?from=5&count=2"), [5, 6]);
    assert_eq!(numbers("/streams/forecast/records?to=1"), [1]);
    let (_, _, body) = get(&place, "/streams/forecast/records?from=20");
    let items = items(&body);
    assert_eq!(items[0].1, vec![20; 2000]);
    assert_eq!(items[0].0["key"], "step=20");
    assert_eq!(items[0].0["hash"], blake3::hash(&items[0].1).to_hex().to_string());
    assert_eq!((&items[1].0["key_base64"], items[1].1.len()), (&json!("//4="), 0));
    let (status, head, body) = get(&place, "/streams/forecast/records/3");
    assert_eq!((status, body), (200, vec![3; 300]));
    assert!(head.contains(&format!("ETag: \"{}\"", blake3::hash(&[3; 300]))), "{head}");
}

#[test]
fn a_pull_waits_for_the_next_record() {
    let place = place(&LogSettings::default(), settings());
    place.log.append(b"k", b"1").unwrap();
    assert_eq!(get(&place, "/streams/forecast/records?from=2").0, 204);
    let start = Instant::now();
    assert_eq!(get(&place, "/streams/forecast/records?from=2&wait=1").0, 204);
    assert!(start.elapsed() >= Duration::from_secs(1));
    std::thread::scope(|scope| {
        let pull = scope.spawn(|| get(&place, "/streams/forecast/records?from=2&wait=60"));
        std::thread::sleep(Duration::from_millis(100));
        place.log.append(b"k", b"2").unwrap();
        assert_eq!(items(&pull.join().unwrap().2)[0].1, b"2");
    });
    assert!(start.elapsed() < Duration::from_secs(30));
}

#[test]
fn pulls_end_at_the_servers_limits() {
    let limits = StreamSettings { pull_records: 3, pull_bytes: 1000, ..settings() };
    let place = place(&LogSettings::default(), limits);
    for _ in 0..5 {
        place.log.append(b"k", b"short").unwrap();
    }
    for _ in 0..5 {
        place.log.append(b"k", &[0; 600]).unwrap();
    }
    assert_eq!(items(&get(&place, "/streams/forecast/records?count=9").2).len(), 3);
    assert_eq!(items(&get(&place, "/streams/forecast/records?from=6").2).len(), 2);
}

#[test]
fn gaps_are_explicit_in_every_form() {
    let place = place(&few_kept(), settings());
    for _ in 0..100 {
        place.log.append(b"k", &[1; 200]).unwrap();
    }
    let first = place.log.status().first;
    assert!(first > 50);
    let gap = json!({ "from": 3, "to": first - 1, "count": first - 3 });
    let (status, _, body) = get(&place, "/streams/forecast/records?from=3&count=2");
    let pulled = items(&body);
    assert_eq!((status, &pulled[0].0["gap"], &pulled[1].0["number"]), (200, &gap, &json!(first)));
    let (status, _, body) = get(&place, "/streams/forecast/records/3");
    assert_eq!((status, &json_of(&body)["gap"]), (410, &gap));

    let mut stream = subscribe(&place, "/streams/forecast/events?from=3", "");
    assert_eq!(next_event(&mut stream), ("gap".into(), (first - 1).to_string(), gap.clone()));
    assert_eq!(next_event(&mut stream).1, first.to_string());

    let mut stream = subscribe(&place, "/streams/forecast/notifications", "Last-Event-ID: 2\r\n");
    let (name, id, data) = next_event(&mut stream);
    assert_eq!((name.as_str(), id, &data["data"]), ("gap", (first - 1).to_string(), &gap));
    assert_eq!(data["type"], "org.terrella.gap");
    assert_eq!(next_event(&mut stream).1, first.to_string());
}

#[test]
fn events_carry_the_payload_and_go_on_where_a_consumer_was() {
    let place = place(&LogSettings::default(), settings());
    place.log.append(b"step=0", b"before").unwrap();
    let mut stream = subscribe(&place, "/streams/forecast/events", "");
    let mut head = [0; 15];
    stream.read_exact(&mut head).unwrap();
    assert_eq!(&head, b"HTTP/1.1 200 OK");
    place.log.append(b"step=6", b"GRIB\n\n7777").unwrap();
    let (name, id, data) = next_event(&mut stream);
    assert_eq!((name.as_str(), id.as_str()), ("record", "2"));
    assert_eq!((&data["key"], &data["payload_base64"]), (&json!("step=6"), &json!("R1JJQgoKNzc3Nw==")));
    drop(stream);
    let mut stream = subscribe(&place, "/streams/forecast/events?from=2", "Last-Event-ID: 0\r\n");
    assert_eq!(next_event(&mut stream).1, "1");
    assert_eq!(next_event(&mut stream).1, "2");
    place.log.close().unwrap();
    assert_eq!(next_event(&mut stream).0, "end");
}

#[test]
fn notifications_are_cloud_events_whose_url_gives_the_payload() {
    let place = place(&LogSettings::default(), settings());
    place.log.append(b"param=t,step=6", b"the payload").unwrap();
    let mut stream = subscribe(&place, "/streams/forecast/notifications?from=1", "");
    let (name, id, event) = next_event(&mut stream);
    assert_eq!((name.as_str(), id.as_str()), ("record", "1"));
    for (attribute, value) in [
        ("specversion", "1.0"),
        ("id", "1"),
        ("source", "/streams/forecast"),
        ("type", "org.terrella.record"),
        ("subject", "param=t,step=6"),
        ("datacontenttype", "application/json"),
    ] {
        assert_eq!(event[attribute], value, "{attribute}");
    }
    assert_eq!(event["data"]["hash"], blake3::hash(b"the payload").to_hex().to_string());
    let url = event["data"]["url"].as_str().unwrap();
    let target = url.strip_prefix(&format!("http://{}", place.server.address())).unwrap();
    assert_eq!(get(&place, target).2, b"the payload");
}

#[test]
fn without_the_token_nothing_is_told() {
    let token = Some(Token::new(TOKEN).unwrap());
    let place = place(&LogSettings::default(), StreamSettings { token, ..settings() });
    place.log.append(b"k", b"1").unwrap();
    for target in ["/streams", "/streams/forecast/records/1", "/nothing", "/streams/forecast/events"] {
        for line in [
            "",
            "Authorization: Bearer a-token-for-these-testS\r\n",
            "Authorization: Bearer \r\n",
            &format!("Authorization: Basic {TOKEN}\r\n"),
            &format!("Authorization: {TOKEN}\r\n"),
        ] {
            let (status, head, body) =
                send(&place, format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n{line}\r\n").as_bytes());
            assert_eq!(status, 401, "{target} {line}");
            assert!(head.contains("WWW-Authenticate: Bearer\r\n"));
            assert!(!String::from_utf8(body).unwrap().contains("forecast"));
        }
    }
    let request =
        format!("GET /streams HTTP/1.1\r\nHost: example.org\r\nauthorization: bearer {TOKEN}\r\n\r\n");
    assert_eq!(send(&place, request.as_bytes()).0, 200);
}

#[test]
fn without_a_token_only_loopback_is_served() {
    let error = StreamServer::start("0.0.0.0:0", BTreeMap::new(), settings()).err().unwrap().to_string();
    assert!(error.contains("0.0.0.0") && error.contains("a loopback address, or a token"), "{error}");
    let place = place(&LogSettings::default(), settings());
    let status =
        |host: &str| send(&place, format!("GET /streams HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes()).0;
    assert_eq!(status("127.0.0.1:80"), 200);
    assert_eq!(status("example.org"), 403);
    let token = || StreamSettings { token: Some(Token::new(TOKEN).unwrap()), ..settings() };
    let error = StreamServer::start("0.0.0.0:0", BTreeMap::new(), token()).err().unwrap().to_string();
    assert!(error.contains("0.0.0.0") && error.contains("a loopback address, or TLS"), "{error}");
    let open = StreamSettings { plain: true, ..token() };
    StreamServer::start("0.0.0.0:0", BTreeMap::new(), open).unwrap().stop();
}

#[test]
fn requests_that_make_no_sense_are_refused_by_name() {
    let place = place(&LogSettings::default(), settings());
    place.log.append(b"k", b"1").unwrap();
    let host = "Host: localhost\r\n";
    let get = |target: &str| format!("GET {target} HTTP/1.1\r\n{host}\r\n");
    let many: String = (0..80).map(|number| format!("H{number}: x\r\n")).collect();
    for (request, status, word) in [
        (get("/"), 404, "nothing is at"),
        (get("/streams/other"), 404, "nothing is at"),
        (get("/streams/../forecast"), 404, "nothing is at"),
        (get("/streams/forecast/records/x"), 404, "nothing is at"),
        (get("/streams/forecast/records/2"), 404, "not there yet"),
        (get("/streams/forecast/records/3"), 416, "3"),
        (get("/streams/forecast/records/0"), 416, "0"),
        (get("/streams/forecast/records?from=9"), 416, "9"),
        (get("/streams/forecast/events?from=9"), 416, "9"),
        (get("/streams/forecast/records?from=x"), 400, "'from'"),
        (get("/streams/forecast/records?from=+1"), 400, "'from'"),
        (get("/streams/forecast/records?from=99999999999999999999"), 400, "'from'"),
        (get("/streams/forecast/records?from=1&from=1"), 400, "twice"),
        (get("/streams/forecast/records?form=1"), 400, "'form'"),
        (get("/streams/forecast/records?wait=61"), 400, "60 s"),
        (get("/streams/forecast/records?count=0"), 400, "'count'"),
        (get("/streams/forecast/records?from=1&to=0"), 400, "'to'"),
        (get("streams"), 400, "path"),
        (format!("POST /streams HTTP/1.1\r\n{host}\r\n"), 405, "GET"),
        (format!("GET /streams HTTP/1.0\r\n{host}\r\n"), 505, "HTTP/1.1"),
        (format!("GET /streams HTTP/2.0\r\n{host}\r\n"), 505, "HTTP/1.1"),
        ("GET /streams HTTP/1.1\r\n\r\n".into(), 400, "'Host'"),
        (format!("GET /streams HTTP/1.1\r\n{host}{host}\r\n"), 400, "twice"),
        (format!("GET /streams HTTP/1.1\r\n{host}Content-Length: 5\r\n\r\nabcde"), 400, "no body"),
        (format!("GET /streams HTTP/1.1\r\n{host}Transfer-Encoding: chunked\r\n\r\n"), 400, "no body"),
        (
            format!("GET /streams/forecast/events HTTP/1.1\r\n{host}Last-Event-ID: x\r\n\r\n"),
            400,
            "'Last-Event-ID'",
        ),
        (format!("GET /streams HTTP/1.1\r\n{host}{many}\r\n"), 431, "header lines"),
        (format!("GET /streams HTTP/1.1\r\n{host}Long: {}\r\n\r\n", "x".repeat(100_000)), 431, "16384"),
        (format!("GET /{} HTTP/1.1\r\n{host}\r\n", "x".repeat(100_000)), 431, "16384"),
        ("\x16\x03\x01\x02\x00\x01\x00".into(), 400, "no request"),
        ("GET /streams HTTP/1.1\r\nbad header\r\n\r\n".into(), 400, "no request"),
        (format!("GET /streams HTTP/1.1\r\n{host}"), 408, "in time"),
    ] {
        let (got, _, body) = send(&place, request.as_bytes());
        let body = String::from_utf8(body).unwrap();
        assert_eq!(got, status, "{request:.80} {body}");
        assert!(body.contains(word), "{request:.80} {body}");
    }
}

#[test]
fn random_bytes_do_not_break_the_server() {
    let place = place(&LogSettings::default(), settings());
    place.log.append(b"k", b"1").unwrap();
    let valid =
        b"GET /streams/forecast/records?from=1&count=1 HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n";
    let mut state: u64 = 5;
    let mut random = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state >> 33
    };
    for _ in 0..300 {
        let mut bytes = valid.to_vec();
        for _ in 0..1 + random() % 3 {
            let at = random() as usize % bytes.len();
            match random() % 3 {
                0 => bytes[at] = random() as u8,
                1 => drop(bytes.drain(at..bytes.len().min(at + 9))),
                _ => bytes.insert(at, random() as u8),
            }
        }
        let mut stream = connect(&place);
        stream.write_all(&bytes).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        assert!(
            answer.is_empty() || answer.starts_with(b"HTTP/1.1 "),
            "{:?}",
            String::from_utf8_lossy(&bytes)
        );
    }
    assert_eq!(get(&place, "/streams").0, 200);
}

#[test]
fn connections_beyond_the_limit_are_refused_and_room_comes_back() {
    let place = place(&LogSettings::default(), StreamSettings { connections: 3, ..settings() });
    let open: Vec<TcpStream> = (0..3)
        .map(|_| {
            let mut stream = subscribe(&place, "/streams/forecast/events", "");
            stream.read_exact(&mut [0; 15]).unwrap();
            stream
        })
        .collect();
    let (status, head, _) = get(&place, "/streams");
    assert_eq!(status, 503);
    assert!(head.contains("Retry-After"));
    drop(open);
    place.log.append(b"k", b"wakes the connections").unwrap();
    let start = Instant::now();
    while get(&place, "/streams").0 != 200 {
        place.log.append(b"k", b"and again").unwrap();
        assert!(start.elapsed() < Duration::from_secs(20));
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_consumer_that_takes_nothing_is_dropped_and_the_writer_never_waits() {
    let timeout = Duration::from_millis(300);
    let place = place(&few_kept(), StreamSettings { write_timeout: timeout, ..settings() });
    let mut stream = subscribe(&place, "/streams/forecast/events?from=1", "");
    stream.read_exact(&mut [0; 15]).unwrap();
    // More than the system's buffers hold, so that the connection stands.
    let payload = vec![7; 1 << 20];
    for _ in 0..64 {
        place.log.append(b"k", &payload).unwrap();
    }
    std::thread::sleep(4 * timeout);
    let (mut received, mut buffer) = (0, vec![0; 1 << 16]);
    while let Ok(count @ 1..) = stream.read(&mut buffer) {
        received += count;
    }
    assert!(received < 64 << 20, "{received}");
    assert_eq!(place.log.status().next, 65);
}

#[test]
fn a_server_stops_with_consumers_on_it() {
    let place = place(&LogSettings::default(), settings());
    let mut stream = subscribe(&place, "/streams/forecast/events", "");
    stream.read_exact(&mut [0; 15]).unwrap();
    let start = Instant::now();
    let address = place.server.address();
    place.server.stop();
    assert!(start.elapsed() < Duration::from_secs(5));
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest);
    assert!(TcpStream::connect(address).is_err());
}

#[test]
fn names_and_limits_that_cannot_be_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let log: Arc<dyn StreamBackend> = Arc::new(Log::open(folder.path(), &LogSettings::default()).unwrap().0);
    for name in ["", "a/b", "a b", "ä"] {
        let streams = BTreeMap::from([(name.to_owned(), log.clone())]);
        let error = StreamServer::start("127.0.0.1:0", streams, settings()).err().unwrap().to_string();
        assert!(error.contains(&format!("'{name}'")), "{error}");
    }
    let nothing = StreamSettings { connections: 0, ..settings() };
    let error = StreamServer::start("127.0.0.1:0", BTreeMap::new(), nothing).err().unwrap().to_string();
    assert!(error.contains("'connections' is 0"), "{error}");
}
