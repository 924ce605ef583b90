//! Streams in TLS: who is trusted, who is refused, and who waits for nobody.
//!
//! `tls/make.sh` made the certificates.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use terrella_io::Error;
use terrella_io::log::{Log, LogSettings};
use terrella_io::stream::{
    Form, Identity, Notifier, NotifierSettings, NotifierStatus, StreamBackend, StreamServer, StreamSettings,
    Token, Trust,
};

const TOKEN: &str = "a-token-for-these-tests";

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tls").join(name)
}

fn identity() -> Identity {
    Identity { certificate: file("server.pem"), private_key: file("server.key") }
}

fn settings() -> StreamSettings {
    StreamSettings { identity: Some(identity()), ..StreamSettings::default() }
}

struct Place {
    log: Arc<Log>,
    server: StreamServer,
    _folder: tempfile::TempDir,
}

fn place(address: &str, settings: StreamSettings) -> Place {
    let folder = tempfile::tempdir().unwrap();
    let log = Arc::new(Log::open(folder.path(), &LogSettings::default()).unwrap().0);
    log.append(b"t850", b"GRIB one 7777").unwrap();
    let streams = BTreeMap::from([("forecast".into(), log.clone() as Arc<dyn StreamBackend>)]);
    Place { log, server: StreamServer::start(address, streams, settings).unwrap(), _folder: folder }
}

type Client = StreamOwned<ClientConnection, TcpStream>;

fn client(place: &Place, authority: &str, name: &'static str) -> Client {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(file(authority)).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connection = ClientConnection::new(Arc::new(config), ServerName::try_from(name).unwrap()).unwrap();
    let socket = TcpStream::connect(("127.0.0.1", place.server.address().port())).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    StreamOwned::new(connection, socket)
}

/// The whole answer; its end is told by TLS, so that nobody on the way can cut it.
fn get(mut stream: Client, target: &str, more: &str) -> std::io::Result<String> {
    write!(stream, "GET {target} HTTP/1.1\r\nHost: localhost\r\n{more}\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

#[test]
fn only_the_right_authority_and_name_are_trusted() {
    let place = place("127.0.0.1:0", settings());
    let record = "/streams/forecast/records/1";
    for name in ["localhost", "127.0.0.1"] {
        let answer = get(client(&place, "authority.pem", name), record, "").unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("\r\n\r\nGRIB one 7777"), "{answer}");
    }
    let error = get(client(&place, "another.pem", "localhost"), record, "").unwrap_err().to_string();
    assert!(error.contains("UnknownIssuer"), "{error}");
    let error = get(client(&place, "authority.pem", "example.org"), record, "").unwrap_err().to_string();
    assert!(error.contains("not valid for name"), "{error}");
    // More than one record of TLS; events; a refusal.
    let large: Vec<u8> = (0..1_000_000_u32).map(|at| (at % 251) as u8 & 0x7F).collect();
    place.log.append(b"large", &large).unwrap();
    let answer =
        get(client(&place, "authority.pem", "localhost"), "/streams/forecast/records/2", "").unwrap();
    assert!(answer.as_bytes().ends_with(&large));
    let mut events = client(&place, "authority.pem", "localhost");
    write!(events, "GET /streams/forecast/notifications?from=1 HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut text = String::new();
    while !text.contains("\n\n") {
        let mut part = [0; 64];
        let count = events.read(&mut part).unwrap();
        text += std::str::from_utf8(&part[..count]).unwrap();
    }
    let url = format!("https://{}/streams/forecast/records/1", place.server.address());
    assert!(text.contains(&url), "{text}");
    let answer = get(client(&place, "authority.pem", "localhost"), "/nothing", "").unwrap();
    assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
}

#[test]
fn addresses_of_others_need_a_token_and_tls() {
    let start =
        |settings| StreamServer::start("0.0.0.0:0", BTreeMap::new(), settings).err().unwrap().to_string();
    assert!(start(settings()).contains("a loopback address, or a token"));
    let token = || Some(Token::new(TOKEN).unwrap());
    let error = start(StreamSettings { token: token(), identity: None, ..settings() });
    assert!(error.contains("a loopback address, or TLS"), "{error}");
    let place = place("0.0.0.0:0", StreamSettings { token: token(), ..settings() });
    let get =
        |more: &str| get(client(&place, "authority.pem", "localhost"), "/streams/forecast", more).unwrap();
    assert!(get("").starts_with("HTTP/1.1 401 "));
    assert!(get("Authorization: Bearer another-token-of-this-length\r\n").starts_with("HTTP/1.1 401 "));
    assert!(get(&format!("Authorization: Bearer {TOKEN}\r\n")).starts_with("HTTP/1.1 200 "));

    // A certificate without its key, a key without a certificate, a file with neither, none.
    let refused = |certificate: &str, private_key: &str| {
        let identity = Identity { certificate: file(certificate), private_key: file(private_key) };
        let settings = StreamSettings { identity: Some(identity), ..StreamSettings::default() };
        StreamServer::start("127.0.0.1:0", BTreeMap::new(), settings).err().unwrap()
    };
    assert!(refused("authority.pem", "server.key").to_string().contains("the key that belongs to it"));
    assert!(refused("server.key", "server.key").to_string().contains("expected certificates in PEM"));
    assert!(refused("server.pem", "server.pem").to_string().contains("expected a private key in PEM"));
    assert!(refused("make.sh", "server.key").to_string().contains("make.sh"));
    assert!(matches!(refused("absent", "server.key"), Error::File { .. }));
}

#[test]
fn who_speaks_without_tls_is_told() {
    let place = place("127.0.0.1:0", settings());
    let mut stream = TcpStream::connect(place.server.address()).unwrap();
    stream.write_all(b"GET /streams HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("expected TLS: ask by https"), "{answer}");
    // Something else: closed, and the next one is served.
    let mut stream = TcpStream::connect(place.server.address()).unwrap();
    stream.write_all(&[0x16, 3, 1, 0xFF, 0xFF, 0, 0, 0, 0, 0, 0]).unwrap();
    stream.read_to_end(&mut Vec::new()).unwrap_or(0);
    assert!(get(client(&place, "authority.pem", "localhost"), "/streams", "").is_ok());
}

#[test]
fn peers_that_stand_still_or_drip_lose_their_place() {
    let head_timeout = Duration::from_secs(2);
    let place = place("127.0.0.1:0", StreamSettings { connections: 3, head_timeout, ..settings() });
    let begin = Instant::now();
    let _silent: Vec<_> = (0..2).map(|_| TcpStream::connect(place.server.address()).unwrap()).collect();
    // Others are served meanwhile.
    assert!(get(client(&place, "authority.pem", "localhost"), "/streams", "").unwrap().contains(" 200 "));
    assert!(begin.elapsed() < Duration::from_millis(1900), "{:?}", begin.elapsed());
    // A handshake byte by byte: it would take ten seconds.
    let mut dripping = TcpStream::connect(place.server.address()).unwrap();
    dripping.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
    let begin = Instant::now();
    let head = [0x16, 3, 1, 2, 0, 1, 0, 1, 0xFC];
    let mut bytes = head.into_iter().chain(std::iter::repeat(0));
    let ended = loop {
        let sent = dripping.write_all(&[bytes.next().unwrap()]);
        match dripping.read(&mut [0; 64]) {
            Ok(0) => break true,
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => break true,
            _ if sent.is_err() => break true,
            _ if begin.elapsed() > Duration::from_secs(9) => break false,
            _ => std::thread::sleep(Duration::from_millis(20)),
        }
    };
    assert!(ended, "a peer that drips keeps its place");
    // One that had its handshake and drips its head is told.
    let mut slow = client(&place, "authority.pem", "localhost");
    write!(slow, "GET /streams HTTP/1.1\r\n").unwrap();
    let mut answer = String::new();
    slow.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
}

/// A server in TLS that takes everything; what it was sent.
fn receiver() -> (u16, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, received) = channel();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from_pem_file(file("server.pem")).unwrap()],
            PrivateKeyDer::from_pem_file(file("server.key")).unwrap(),
        )
        .unwrap();
    let config = Arc::new(config);
    std::thread::spawn(move || {
        for socket in listener.incoming() {
            let mut stream =
                StreamOwned::new(ServerConnection::new(config.clone()).unwrap(), socket.unwrap());
            let (mut text, mut part) = (String::new(), [0; 1024]);
            while !text.ends_with('}') {
                match stream.read(&mut part) {
                    Ok(count) if count > 0 => text += std::str::from_utf8(&part[..count]).unwrap(),
                    _ => break,
                }
            }
            if text.is_empty() {
                continue;
            }
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").unwrap();
            if sender.send(text).is_err() {
                return;
            }
        }
    });
    (port, received)
}

fn wait_for(notifier: &Notifier, is_so: impl Fn(&NotifierStatus) -> bool) -> NotifierStatus {
    let start = Instant::now();
    while !is_so(&notifier.status()) {
        assert!(start.elapsed() < Duration::from_secs(20), "{:?}", notifier.status());
        std::thread::sleep(Duration::from_millis(5));
    }
    notifier.status()
}

#[test]
fn notifications_go_to_trusted_servers_alone() {
    let place = place("127.0.0.1:0", settings());
    let (port, received) = receiver();
    let notifier = |url: String, authority: &str| NotifierSettings {
        url,
        trust: Trust::Authorities(file(authority)),
        token: Some(TOKEN.into()),
        form: Form::CloudEvents,
        stream: "forecast".into(),
        base: "https://streams.example.org".into(),
        timeout: Duration::from_secs(10),
        retry: Duration::from_millis(30),
    };
    let url = || format!("https://localhost:{port}/api");
    let trusting = Notifier::start(&*place.log, 1, notifier(url(), "authority.pem")).unwrap();
    let text = received.recv_timeout(Duration::from_secs(20)).unwrap();
    assert!(text.starts_with("POST /api HTTP/1.1\r\n") && text.contains(TOKEN), "{text}");
    assert_eq!(wait_for(&trusting, |status| status.delivered == 1).failure, None);

    let wary = Notifier::start(&*place.log, 1, notifier(url(), "another.pem")).unwrap();
    let failure = wait_for(&wary, |status| status.failure.is_some()).failure.unwrap();
    assert!(failure.contains("UnknownIssuer"), "{failure}");
    assert_eq!(wary.stop().delivered, 0);
    // A server that has no TLS, and one that ends the handshake.
    for plain in [&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], b""] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("https://localhost:{}/", listener.local_addr().unwrap().port());
        std::thread::spawn(move || {
            for mut socket in listener.incoming().flatten() {
                let _ = socket.write_all(plain);
            }
        });
        let lost = Notifier::start(&*place.log, 1, notifier(url, "authority.pem")).unwrap();
        wait_for(&lost, |status| status.failure.is_some());
        assert_eq!(lost.stop().delivered, 0);
    }
    assert!(received.try_recv().is_err());
    for (bad, words) in [("absent.pem", "absent.pem"), ("server.key", "expected certificates in PEM")] {
        let error = Notifier::start(&*place.log, 1, notifier(url(), bad)).err().unwrap().to_string();
        assert!(error.contains(words), "{error}");
    }
}
