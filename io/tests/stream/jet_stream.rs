//! A stream on a NATS server: the same numbers, the same gaps, over the same HTTP.
//!
//! The server is `nats-server` (Debian's package of that name) or the program in `TERRELLA_NATS_SERVER`.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use terrella_io::log::{Item, Retention};
#[cfg(feature = "tls")]
use terrella_io::stream::Trust;
use terrella_io::stream::{
    JetStream, JetStreamSettings, StreamBackend, StreamReader, StreamServer, StreamSettings,
};

const NOW: Duration = Duration::ZERO;
const TOKEN: &str = "a-token-for-these-tests";

struct Nats {
    process: Child,
    port: u16,
}

impl Drop for Nats {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// None, said aloud, where there is no server.
fn program() -> Option<PathBuf> {
    let given = std::env::var_os("TERRELLA_NATS_SERVER").map(PathBuf::from);
    let known =
        ["/usr/sbin/nats-server", "/usr/bin/nats-server", "/usr/local/bin/nats-server"].map(PathBuf::from);
    let program = given.into_iter().chain(known).find(|path| path.exists());
    if program.is_none() {
        let required = std::env::var("TERRELLA_REQUIRE").unwrap_or_default();
        assert!(!required.split(',').any(|name| name == "nats"), "nats-server is required and not there");
        println!("not run: nats-server is not there");
    }
    program
}

fn start(program: &Path, folder: &Path, port: Option<u16>, token: Option<&str>) -> Nats {
    start_with(program, folder, port, &token.map_or(vec![], |token| vec!["--auth", token]))
}

fn start_with(program: &Path, folder: &Path, port: Option<u16>, arguments: &[&str]) -> Nats {
    // The port may be taken by another process before the server has it: then the next one is tried.
    for _ in 0..5 {
        let port =
            port.unwrap_or_else(|| TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port());
        let mut command = Command::new(program);
        command.args(["-js", "-a", "127.0.0.1", "-p", &port.to_string(), "-sd"]).arg(folder).args(arguments);
        let mut nats =
            Nats { process: command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap(), port };
        let begin = Instant::now();
        while begin.elapsed() < Duration::from_secs(20) && nats.process.try_wait().unwrap().is_none() {
            // The greeting says whether JetStream is there yet.
            if let Ok(stream) = TcpStream::connect(("127.0.0.1", port)) {
                let mut greeting = String::new();
                let _ = BufReader::new(stream).read_line(&mut greeting);
                if greeting.contains("\"jetstream\":true") {
                    return nats;
                }
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    panic!("nats-server does not start");
}

fn settings(port: u16) -> JetStreamSettings {
    JetStreamSettings {
        address: format!("127.0.0.1:{port}"),
        stream: "FORECAST".into(),
        subject: "terrella.forecast".into(),
        token: None,
        tls: None,
        timeout: Duration::from_secs(10),
        retention: Retention::default(),
    }
}

fn payload(number: u64) -> Vec<u8> {
    (0..number * 37 % 500).map(|at| (at ^ number) as u8).collect()
}

fn assert_holds(reader: &mut dyn StreamReader, numbers: impl IntoIterator<Item = u64>) {
    for number in numbers {
        let Some(Item::Record(record)) = reader.next(Duration::from_secs(10)).unwrap() else {
            panic!("{number}")
        };
        assert_eq!((record.number, &record.payload), (number, &payload(number)));
        assert_eq!(record.key, format!("step={number}\n").into_bytes());
        assert_eq!(record.hash, *blake3::hash(&record.payload).as_bytes());
    }
}

fn fill(stream: &JetStream, numbers: impl IntoIterator<Item = u64>) {
    for number in numbers {
        assert_eq!(stream.append(format!("step={number}\n").as_bytes(), &payload(number)).unwrap(), number);
    }
}

/// Publishes as others do, without our headers or with wrong ones.
fn publish(port: u16, command: &str) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    write!(stream, "CONNECT {{\"verbose\":false,\"headers\":true}}\r\n{command}PING\r\n").unwrap();
    let mut lines = BufReader::new(stream).lines();
    assert!(lines.any(|line| line.unwrap() == "PONG"));
}

#[test]
fn messages_are_read_by_number() {
    let Some(program) = program() else { return };
    let folder = tempfile::tempdir().unwrap();
    let nats = start(&program, folder.path(), None, None);
    let stream = JetStream::open(settings(nats.port)).unwrap();
    let bounds = stream.bounds().unwrap();
    assert_eq!((bounds.first, bounds.next), (1, 1));
    let mut early = stream.read_from(1).unwrap();
    assert_eq!(early.next(NOW).unwrap(), None);
    fill(&stream, 1..=30);
    assert_holds(&mut *early, 1..=30);
    assert!(!early.is_finished());
    for from in [1, 7, 30] {
        assert_holds(&mut *stream.read_from(from).unwrap(), from..=30);
    }
    assert_eq!(stream.bounds().unwrap().next, 31);
    for wrong in [0, 32] {
        let error = stream.read_from(wrong).err().unwrap().to_string();
        assert!(error.contains(&format!("'from' is {wrong}")) && error.contains("1 to 31"), "{error}");
    }
    // A reader that waits, and another opening of the same stream that adds.
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| assert_holds(&mut *early, 31..=31));
        std::thread::sleep(Duration::from_millis(120));
        fill(&JetStream::open(settings(nats.port)).unwrap(), 31..=31);
        waiting.join().unwrap();
    });
    // The server comes and goes.
    let port = nats.port;
    drop(nats);
    assert!(early.next(NOW).unwrap_err().to_string().contains("NATS server"));
    let _nats = start(&program, folder.path(), Some(port), None);
    fill(&stream, 32..=32);
    assert_holds(&mut *early, 32..=32);
}

#[test]
fn what_the_server_removed_is_a_gap() {
    let Some(program) = program() else { return };
    let folder = tempfile::tempdir().unwrap();
    let nats = start(&program, folder.path(), None, None);
    let retention = Retention { bytes: Some(20_000), age: None };
    let stream = JetStream::open(JetStreamSettings { retention, ..settings(nats.port) }).unwrap();
    let mut slow = stream.read_from(1).unwrap();
    fill(&stream, 1..=2);
    assert_holds(&mut *slow, 1..=1);
    fill(&stream, 3..=200);
    let first = stream.bounds().unwrap().first;
    assert!(first > 50);
    let Some(Item::Gap(gap)) = slow.next(NOW).unwrap() else { panic!() };
    assert_eq!((gap.from, gap.to, gap.count()), (2, first - 1, first - 2));
    assert_holds(&mut *slow, first..=200);
    // Everything removed, and one in the middle: the server itself would say nothing.
    publish(nats.port, "PUB $JS.API.STREAM.PURGE.FORECAST 0\r\n\r\n");
    let mut late = stream.read_from(199).unwrap();
    assert!(matches!(late.next(NOW).unwrap(), Some(Item::Gap(gap)) if (gap.from, gap.to) == (199, 200)));
    assert_eq!(late.next(NOW).unwrap(), None);
    fill(&stream, 201..=203);
    publish(nats.port, "PUB $JS.API.STREAM.MSG.DELETE.FORECAST 11\r\n{\"seq\":202}\r\n");
    assert_holds(&mut *late, 201..=201);
    assert!(matches!(late.next(NOW).unwrap(), Some(Item::Gap(gap)) if (gap.from, gap.to) == (202, 202)));
    assert_holds(&mut *late, 203..=203);
}

#[test]
fn messages_of_others_are_read_and_damaged_ones_told() {
    let Some(program) = program() else { return };
    let folder = tempfile::tempdir().unwrap();
    let nats = start(&program, folder.path(), None, None);
    let stream = JetStream::open(settings(nats.port)).unwrap();
    publish(nats.port, "PUB terrella.forecast 5\r\nhello\r\n");
    let headers = format!("NATS/1.0\r\nTerrella-Hash: {}\r\n\r\n", "0".repeat(64));
    let (head, total) = (headers.len(), headers.len() + 5);
    publish(nats.port, &format!("HPUB terrella.forecast {head} {total}\r\n{headers}hello\r\n"));
    let mut reader = stream.read_from(1).unwrap();
    let Some(Item::Record(record)) = reader.next(Duration::from_secs(10)).unwrap() else { panic!() };
    assert_eq!((&record.key[..], &record.payload[..]), (&b"terrella.forecast"[..], &b"hello"[..]));
    let Some(Item::Damage(damage)) = reader.next(Duration::from_secs(10)).unwrap() else { panic!() };
    assert_eq!((damage.from, damage.to), (2, 2));
    assert!(damage.reason.contains("hash"), "{}", damage.reason);
}

#[test]
fn the_http_side_serves_it_like_a_log() {
    let Some(program) = program() else { return };
    let folder = tempfile::tempdir().unwrap();
    let nats = start(&program, folder.path(), None, Some(TOKEN));
    let open = |token: Option<&str>| {
        JetStream::open(JetStreamSettings { token: token.map(Into::into), ..settings(nats.port) })
    };
    let error = open(Some("a wrong one")).err().unwrap().to_string();
    assert!(error.contains("Authorization"), "{error}");
    assert!(open(None).is_err());
    let stream = Arc::new(open(Some(TOKEN)).unwrap());
    fill(&stream, 1..=9);
    let backend: Arc<dyn StreamBackend> = stream.clone();
    let streams = BTreeMap::from([("forecast".into(), backend)]);
    let server = StreamServer::start("127.0.0.1:0", streams, StreamSettings::default()).unwrap();
    let get = |target: &str| {
        let mut connection = TcpStream::connect(server.address()).unwrap();
        write!(connection, "GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        connection.read_to_end(&mut answer).unwrap();
        answer
    };
    assert!(get("/streams/forecast").ends_with(b"{\"first\":1,\"next\":10}\n"));
    assert!(get("/streams/forecast/records/5").ends_with(&payload(5)));
    let pulled = String::from_utf8_lossy(&get("/streams/forecast/records?from=8")).into_owned();
    assert!(pulled.contains("\"number\":8") && pulled.contains("\"number\":9"), "{pulled}");
    drop(nats);
    assert!(get("/streams/forecast").starts_with(b"HTTP/1.1 500 "));
}

#[test]
fn what_cannot_be_is_refused_by_name() {
    let refused = |settings: JetStreamSettings, words: &str| {
        let error = JetStream::open(settings).err().unwrap().to_string();
        assert!(error.contains(words), "{error}");
    };
    refused(JetStreamSettings { stream: "a b".into(), ..settings(1) }, "'stream' is 'a b'");
    refused(JetStreamSettings { subject: "a.>".into(), ..settings(1) }, "'subject' is 'a.>'");
    refused(JetStreamSettings { subject: "a\r\nPUB".into(), ..settings(1) }, "'subject'");
    refused(JetStreamSettings { timeout: NOW, ..settings(1) }, "'timeout'");
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    refused(settings(free), "connecting to the NATS server");
    let secret = JetStreamSettings { token: Some(TOKEN.into()), ..settings(1) };
    assert!(!format!("{secret:?}").contains(TOKEN));
    let Some(program) = program() else { return };
    let folder = tempfile::tempdir().unwrap();
    let nats = start(&program, folder.path(), None, None);
    let stream = JetStream::open(settings(nats.port)).unwrap();
    let error = stream.append(b"k", &vec![0; 2 << 20]).unwrap_err().to_string();
    assert!(error.contains("'payload' is 2097152 bytes") && error.contains("1048576"), "{error}");
    refused(JetStreamSettings { subject: "other".into(), ..settings(nats.port) }, "expected 'other'");
    refused(JetStreamSettings { stream: "OTHER".into(), ..settings(nats.port) }, "overlap");
}

/// A server that greets, and then says these bytes to whatever it is asked.
fn pretender(answers: Vec<u8>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
        let _ = stream.write_all(&answers);
        // What is asked is read, so that the answers are not lost with a reset connection.
        let mut buffer = [0; 4096];
        while matches!(stream.read(&mut buffer), Ok(1..)) {}
    });
    port
}

#[test]
fn nonsense_of_a_server_is_an_error() {
    let greeting = "INFO {\"headers\":true,\"max_payload\":1048576}\r\nPONG\r\n";
    let cases = [
        ("", "NATS server"),
        ("HTTP/1.1 400 Bad Request\r\n\r\n", "does not greet"),
        ("INFO {\r\n", "does not greet"),
        ("INFO {\"tls_required\":true}\r\n", "TLS"),
        ("INFO {}\r\n", "no headers"),
        (&format!("INFO {}", "x".repeat(200_000)), "not one of NATS"),
        (&format!("{greeting}-ERR 'Authorization Violation'\r\n"), "Authorization Violation"),
        (&format!("{greeting}MSG a 1 18446744073709551615\r\n"), "answer of"),
        (&format!("{greeting}MSG a 1 99999999999\r\n"), "at most"),
        (&format!("{greeting}HMSG a 1 9 5\r\nhello"), "at most"),
        (&format!("{greeting}MSG a 1 x\r\n"), "no message"),
        (&format!("{greeting}MSG a 1 100\r\nshort"), "NATS server"),
        (&format!("{greeting}\u{0}\u{1}\u{2}"), "NATS"),
    ];
    for (answers, words) in cases {
        let port = pretender(answers.as_bytes().to_vec());
        let begin = Instant::now();
        let short = JetStreamSettings { timeout: Duration::from_millis(800), ..settings(port) };
        let error = JetStream::open(short).err().unwrap().to_string();
        assert!(error.contains(words), "{answers:.60}: {error}");
        assert!(begin.elapsed() < Duration::from_secs(10));
    }
}

#[cfg(feature = "tls")]
#[test]
fn in_tls_nothing_but_the_greeting_goes_without() {
    let Some(program) = program() else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tls").join(name);
    let (certificate, key) = (file("server.pem"), file("server.key"));
    let tls = ["--tls", "--tlscert", certificate.to_str().unwrap(), "--tlskey", key.to_str().unwrap()];
    let nats = start_with(&program, folder.path(), None, &[&tls[..], &["--auth", TOKEN]].concat());
    let open = |port: u16, trust: Option<Trust>| {
        JetStream::open(JetStreamSettings { token: Some(TOKEN.into()), tls: trust, ..settings(port) })
    };
    let stream = open(nats.port, Some(Trust::Authorities(file("authority.pem")))).unwrap();
    fill(&stream, 1..=9);
    assert_holds(&mut *stream.read_from(1).unwrap(), 1..=9);
    let error = open(nats.port, Some(Trust::Authorities(file("another.pem")))).err().unwrap().to_string();
    assert!(error.contains("UnknownIssuer"), "{error}");
    let error = open(nats.port, None).err().unwrap().to_string();
    assert!(error.contains("the server asks for TLS"), "{error}");
    // The token is not shown to a server without TLS where TLS is expected.
    let other = tempfile::tempdir().unwrap();
    let plain = start(&program, other.path(), None, Some(TOKEN));
    let error = open(plain.port, Some(Trust::Authorities(file("authority.pem")))).err().unwrap().to_string();
    assert!(error.contains("the server has no TLS"), "{error}");
}
