//! Sealed streams: opened by who has the secret, by nobody else, and nowhere but where they were sealed.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use terrella_io::Error;
use terrella_io::log::{Form, Item, Log, LogSettings, Record, Seal, SecretKey, verify};
use terrella_io::plan::{Kind, Message, Metadata, Plans};
use terrella_io::stream::{StreamBackend, StreamServer, StreamSettings};

const SECRET: [u8; 32] = *b"thirty-two bytes that are secret";

fn seal() -> Seal {
    Seal::new("forecast").encrypted(SecretKey::new(SECRET))
}

fn log(folder: &Path) -> Log {
    Log::open(folder, &LogSettings::default()).unwrap().0
}

fn records(log: &Log) -> Vec<Record> {
    let mut reader = log.reader(1).unwrap();
    let mut records = Vec::new();
    while let Some(item) = reader.next(Duration::ZERO).unwrap() {
        let Item::Record(record) = item else { panic!("{item:?}") };
        records.push(record);
    }
    records
}

/// The reason for which a record is not opened.
fn refused(seal: &Seal, record: &Record) -> String {
    match seal.open(record) {
        Err(Error::Sealed { number, reason }) => {
            assert_eq!(number, record.number);
            reason
        }
        other => panic!("expected an error of record {}, got {other:?}", record.number),
    }
}

/// Zeros shrink, what the hash makes does not.
fn payloads() -> [Vec<u8>; 4] {
    let mut random = vec![0; 5000];
    blake3::Hasher::new().update(b"noise").finalize_xof().fill(&mut random);
    [Vec::new(), vec![0; 100_000], random, b"GRIB...7777".to_vec()]
}

#[test]
fn every_form_is_opened_again_and_verified_without_the_secret() {
    let both = || seal().compressed(3).unwrap();
    let only_compressed = || Seal::new("forecast").compressed(19).unwrap();
    for (make, encrypted) in [(&seal as &dyn Fn() -> Seal, true), (&both, true), (&only_compressed, false)] {
        let folder = tempfile::tempdir().unwrap();
        let writer = log(folder.path()).sealed(make());
        for (payload, number) in payloads().iter().zip(1..) {
            assert_eq!(writer.append(b"t850", payload).unwrap(), number);
        }
        drop(writer);
        let stored = std::fs::read(folder.path().join(format!("{:020}.log", 1))).unwrap();
        let plain = stored.windows(11).any(|bytes| bytes == b"GRIB...7777");
        assert_eq!(plain, !encrypted);
        let found = verify(folder.path()).unwrap();
        assert_eq!((found.records, found.damaged.len()), (4, 0));
        for (record, payload) in records(&log(folder.path())).iter().zip(payloads()) {
            assert_eq!(record.hash, *blake3::hash(&record.payload).as_bytes());
            assert_eq!((record.form.encrypted, &record.key[..]), (encrypted, &b"t850"[..]));
            assert_eq!(make().open(record).unwrap(), payload);
        }
    }
    // What does not shrink is stored as it is.
    let folder = tempfile::tempdir().unwrap();
    let writer = log(folder.path()).sealed(only_compressed());
    for payload in payloads() {
        writer.append(b"", &payload).unwrap();
    }
    let compressed: Vec<bool> = records(&writer).iter().map(|record| record.form.compressed).collect();
    assert_eq!(compressed, [false, true, false, false]);
    assert!(records(&writer)[1].payload.len() < 100);
    let error = writer.append_hashed(b"", b"", [0; 32]).unwrap_err().to_string();
    assert!(error.contains("a sealed log hashes what it stores"), "{error}");
    for level in [0, 23, -1] {
        let error = Seal::new("").compressed(level).unwrap_err().to_string();
        assert!(error.contains("'level'") && error.contains("1 to 22"), "{error}");
    }
}

#[test]
fn what_was_not_sealed_so_is_refused_with_its_number() {
    let folder = tempfile::tempdir().unwrap();
    let writer = log(folder.path()).sealed(seal().compressed(1).unwrap());
    for payload in payloads() {
        writer.append(b"t850", &payload).unwrap();
    }
    let records = records(&writer);
    // The same payload twice is not the same twice on the disk.
    writer.append(b"t850", &payloads()[3]).unwrap();
    let Some(Item::Record(again)) = writer.reader(5).unwrap().next(Duration::ZERO).unwrap() else { panic!() };
    assert_ne!(again.payload, records[3].payload);

    let another = "another secret, or not what was sealed";
    for record in &records {
        assert!(refused(&Seal::new("forecast"), record).contains("there is no secret"));
        let wrong = Seal::new("forecast").encrypted(SecretKey::new([7; 32]));
        assert!(refused(&wrong, record).contains(another));
        let other_stream = Seal::new("forecast2").encrypted(SecretKey::new(SECRET));
        assert!(refused(&other_stream, record).contains(another));
        let moved = Record { number: record.number + 1, ..record.clone() };
        assert!(refused(&seal(), &moved).contains(another));
        let renamed = Record { key: b"t500".to_vec(), ..record.clone() };
        assert!(refused(&seal(), &renamed).contains(another));
        let form = Form { compressed: !record.form.compressed, ..record.form };
        assert!(refused(&seal(), &Record { form, ..record.clone() }).contains(another));
        // Plain text in the place of what was encrypted.
        let plain = Record { form: Form::default(), payload: b"forged".to_vec(), ..record.clone() };
        assert!(refused(&seal(), &plain).contains("it is not encrypted"));
        for length in [0, 39, record.payload.len() - 1] {
            let cut = Record { payload: record.payload[..length].to_vec(), ..record.clone() };
            let expected = if length < 40 { "fewer than nonce and tag" } else { another };
            assert!(refused(&seal(), &cut).contains(expected));
        }
        for bit in (0..8 * record.payload.len()).step_by(if record.payload.len() > 1000 { 997 } else { 1 }) {
            let mut changed = record.clone();
            changed.payload[bit / 8] ^= 1 << (bit % 8);
            assert!(refused(&seal(), &changed).contains(another), "bit {bit}");
        }
    }
}

#[test]
fn secrets_come_from_private_files_and_variables() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    let record = {
        let writer = log(&folder.path().join("log")).sealed(seal());
        writer.append(b"", b"message").unwrap();
        records(&writer).remove(0)
    };
    let write = |content: &[u8], mode: u32| {
        use std::os::unix::fs::PermissionsExt;
        std::fs::write(&path, content).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        SecretKey::from_file(&path)
    };
    let upper = format!("  {}\r\n", hexadecimal().to_uppercase());
    for content in
        [&SECRET[..], hexadecimal().as_bytes(), upper.as_bytes(), format!("{}\n", base64()).as_bytes()]
    {
        let key = write(content, 0o600).unwrap();
        assert_eq!(format!("{key:?}"), "SecretKey(..)");
        assert_eq!(Seal::new("forecast").encrypted(key).open(&record).unwrap(), b"message");
        for mode in [0o640, 0o604, 0o660] {
            let error = write(content, mode).unwrap_err().to_string();
            assert!(error.contains(&format!("mode {mode:o}")) && error.contains("chmod 600"), "{error}");
        }
    }
    for content in ["", "short", &hexadecimal()[1..], &"g".repeat(64), &"a".repeat(5000), &base64()[1..]] {
        let error = write(content.as_bytes(), 0o600).unwrap_err().to_string();
        assert!(error.contains("expected 32 bytes"), "{error}");
        assert!(content.is_empty() || !error.contains(content), "{error}");
    }
    assert!(matches!(SecretKey::from_file(folder.path().join("none")), Err(Error::File { .. })));
    let error = SecretKey::from_environment("TERRELLA_NO_SUCH_VARIABLE").unwrap_err().to_string();
    assert!(error.contains("'TERRELLA_NO_SUCH_VARIABLE'"), "{error}");
    // The right one, in a process of its own.
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "sealed::secret_of_the_environment", "--nocapture"])
        .env("TERRELLA_TEST_SECRET", hexadecimal())
        .output()
        .unwrap();
    assert!(String::from_utf8_lossy(&child.stdout).contains("opened by the variable"), "{child:?}");
}

#[test]
fn secret_of_the_environment() {
    if std::env::var_os("TERRELLA_TEST_SECRET").is_some() {
        let folder = tempfile::tempdir().unwrap();
        let writer = log(folder.path()).sealed(seal());
        writer.append(b"", b"message").unwrap();
        let key = SecretKey::from_environment("TERRELLA_TEST_SECRET").unwrap();
        assert_eq!(Seal::new("forecast").encrypted(key).open(&records(&writer)[0]).unwrap(), b"message");
        println!("opened by the variable");
    }
}

fn hexadecimal() -> String {
    SECRET.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn base64() -> String {
    // As the program base64 writes it.
    "dGhpcnR5LXR3byBieXRlcyB0aGF0IGFyZSBzZWNyZXQ=".into()
}

fn plans(folder: &Path, keys: &str) -> Result<Plans, Error> {
    let text = format!("plans: [{{actions: [{{type: sink, sinks: [{{type: log, path: log{keys}}}]}}]}}]");
    Plans::from_yaml_in(&text, folder)
}

#[test]
fn plans_seal_and_servers_need_no_secret() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    std::fs::write(&path, SECRET).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    let keys = ", name: forecast, compression: zstd, level: 5, encryption: {key-file: key}";
    let mut planned = plans(folder.path(), keys).unwrap();
    let message = |bytes: &[u8]| Message {
        metadata: Metadata::new().with("name", "t"),
        kind: Kind::Encoded(bytes.to_vec()),
    };
    for payload in payloads() {
        planned.write(message(&payload)).unwrap();
    }
    planned.finish().unwrap();

    let stored = Arc::new(log(&folder.path().join("log")));
    let streams = BTreeMap::from([("forecast".into(), stored.clone() as Arc<dyn StreamBackend>)]);
    let server = StreamServer::start("127.0.0.1:0", streams, StreamSettings::default()).unwrap();
    let get = |target: &str| {
        let mut stream = TcpStream::connect(server.address()).unwrap();
        write!(stream, "GET /streams/forecast/{target} HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap() + 4;
        (String::from_utf8(answer[..end].to_vec()).unwrap(), answer[end..].to_vec())
    };
    for (record, payload) in records(&stored).into_iter().zip(payloads()) {
        let (head, body) = get(&format!("records/{}", record.number));
        let names = if payload.len() == 100_000 { "zstd, xchacha20-poly1305" } else { "xchacha20-poly1305" };
        assert!(head.contains(&format!("\r\nTerrella-Form: {names}\r\n")), "{head}");
        assert_eq!(body, record.payload);
        let received = Record { payload: body, ..record };
        assert_eq!(seal().open(&received).unwrap(), payload);
    }
    let (_, body) = get("records?from=2&count=1");
    let text = String::from_utf8_lossy(&body);
    assert!(
        text.contains(r#""form":["zstd","xchacha20-poly1305"]"#) && text.contains(r#""key":"{\"name\""#),
        "{text}"
    );

    for (keys, words) in [
        (", compression: gzip", "unknown compression 'gzip': did you mean"),
        (", level: 3", "'level' has no meaning without 'compression: zstd'"),
        (", compression: zstd, level: 30", "'level': expected 1 to 22, got 30"),
        (", encryption: {key-file: key}", "'encryption' needs a 'name'"),
        (", name: a, encryption: {}", "expected one of 'key-file' and 'key-environment'"),
        (", name: a, encryption: {key-file: key, key-environment: A}", "expected one of"),
        (", name: a, encryption: {keyfile: key}", "did you mean 'key-file'?"),
        (", name: a, encryption: {key-file: no-such-key}", "no-such-key"),
        (", name: a, encryption: {key-environment: TERRELLA_NO_SUCH}", "'TERRELLA_NO_SUCH'"),
        (", name: a, encryption: key", "expected keys with values"),
    ] {
        let other = tempfile::tempdir().unwrap();
        let error = plans(other.path(), keys).err().unwrap().to_string();
        assert!(error.contains(words), "{error}");
        assert!(!other.path().join("log").exists(), "{keys}");
    }
}
