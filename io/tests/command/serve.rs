//! The commands `verify` and `serve` on what a run wrote.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use terrella_io::log::{Log, LogSettings};
use terrella_io::manifest::{Manifest, ManifestChain};

const TOKEN: &str = "0123456789abcdef0123";

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_terrella-io"));
    command.args(arguments).env_remove("TERRELLA_STREAM_TOKEN").stdin(Stdio::null());
    command
}

fn run(arguments: &[&str]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = command(arguments).output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

/// A folder with two files, the second one of two messages, and a manifest for each of two steps. The last one's hash.
fn written(folder: &Path) -> String {
    let mut chain = ManifestChain::open(folder).unwrap();
    std::fs::create_dir(folder.join("maps")).unwrap();
    std::fs::write(folder.join("maps/t.png"), b"a map").unwrap();
    std::fs::write(folder.join("t.grib2"), b"GRIB one 7777GRIB two 7777").unwrap();
    let mut step = Manifest::new("0 h");
    step.add_message("t.grib2", 0, b"GRIB one 7777").unwrap();
    chain.append(&step).unwrap();
    let mut step = Manifest::new("6 h");
    step.add_message("t.grib2", 13, b"GRIB two 7777").unwrap();
    step.add_file(folder, "maps/t.png").unwrap();
    blake3::Hash::from_bytes(chain.finish(&step).unwrap()).to_hex().to_string()
}

#[test]
fn verify_says_what_is_not_as_it_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let head = written(root);
    let verify = || run(&["verify", root.to_str().unwrap()]);
    let right =
        format!("2 manifests, 2 files, 31 bytes right; the run came to its end; last manifest {head}\n");
    assert_eq!(verify(), (Some(0), right.clone(), String::new()));
    assert_eq!(run(&["verify", root.to_str().unwrap(), "--head", &head]).0, Some(0));

    let another = "0".repeat(64);
    let (status, text, _) = run(&["verify", root.to_str().unwrap(), "--head", &another]);
    assert_eq!(status, Some(1));
    assert_eq!(text, format!("The last manifest has hash {head}, expected {another}.\n{right}"));

    // Each alone, so that each alone makes the status.
    let lines = |wanted: &str| {
        let (status, text, error) = verify();
        assert_eq!((status, error.as_str()), (Some(1), ""), "{text}");
        assert_eq!(text.lines().next(), Some(wanted), "{text}");
        assert_eq!(text.lines().count(), 2, "{text}");
    };
    let grib = root.join("t.grib2");
    std::fs::write(&grib, b"GRIB one 7777GRIB 2wo 7777").unwrap();
    lines("'t.grib2' is changed: 13 bytes from byte 13.");
    std::fs::write(&grib, b"GRIB one 7777GRIB two 7").unwrap();
    lines("'t.grib2' is truncated: 23 of 26 bytes.");
    std::fs::write(&grib, b"GRIB one 7777GRIB two 7777more").unwrap();
    lines("'t.grib2' has 4 extra bytes from byte 26.");
    std::fs::remove_file(&grib).unwrap();
    lines("'t.grib2' is missing.");
    std::fs::write(&grib, b"GRIB one 7777GRIB two 7777").unwrap();
    std::fs::write(root.join("maps/u.png"), b"").unwrap();
    lines("'maps/u.png' is extra: no manifest lists it.");
    std::fs::remove_file(root.join("maps/u.png")).unwrap();
    assert_eq!(verify().0, Some(0));

    std::fs::remove_file(root.join("manifest/00000001.json")).unwrap();
    let (status, text, _) = verify();
    assert_eq!(status, Some(1));
    assert!(text.starts_with("Manifests 1 to 1 are missing.\n"), "{text}");
}

#[test]
fn verify_refuses_what_is_no_run() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = folder.path().join("nowhere");
    let (status, text, error) = run(&["verify", nowhere.to_str().unwrap()]);
    assert_eq!((status, text.as_str()), (Some(2), ""));
    assert!(error.starts_with("terrella-io: ") && error.contains("nowhere"), "{error}");
    assert!(!nowhere.exists());
    let (status, _, error) = run(&["verify", folder.path().to_str().unwrap(), "--head", "abc"]);
    assert_eq!(status, Some(2));
    assert!(error.contains("expected 64 hexadecimal digits"), "{error}");
}

/// A server that ends with the test.
struct Server {
    child: Child,
    scheme: String,
    address: String,
    name: String,
}

impl Server {
    fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let (scheme, url) = line.trim_end().split_once("://").unwrap_or_else(|| panic!("no URL: '{line}'"));
        let (address, name) = url.split_once("/streams/").unwrap();
        Self { child, scheme: scheme.to_owned(), address: address.to_owned(), name: name.to_owned() }
    }

    fn get(&self, path: &str, more: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {}\r\n{more}\r\n", self.address).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Sends the signal and waits for the end; its status.
    fn end(&mut self, signal: &str) -> Option<i32> {
        // The shell's own: the program is not on every machine.
        let kill = format!("kill -{signal} {}", self.child.id());
        let sent = Command::new("sh").args(["-c", &kill]).status().unwrap();
        assert!(sent.success());
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(20) {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        panic!("still there 20 s after {signal}");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn log(folder: &Path) {
    let (log, _) = Log::open(folder, &LogSettings::default()).unwrap();
    log.append(b"t850", b"GRIB one 7777").unwrap();
    log.append(b"t500", b"GRIB two 7777").unwrap();
}

#[test]
fn serve_answers_until_it_is_interrupted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("forecast");
    log(&path);
    let text = path.to_str().unwrap();
    let mut server = Server::start(&mut command(&["serve", text, "--address", "127.0.0.1:0"]));
    assert_eq!((server.scheme.as_str(), server.name.as_str()), ("http", "forecast"));
    let answer = server.get("/streams/forecast/records/2", "");
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("\r\n\r\nGRIB two 7777"), "{answer}");
    // The log has one owner.
    let (status, _, error) = run(&["serve", text, "--address", "127.0.0.1:0"]);
    assert_eq!(status, Some(2));
    assert!(error.starts_with("terrella-io: ") && error.lines().count() == 1, "{error}");
    // A consumer that waits for events does not hold up the end.
    let mut waiting = TcpStream::connect(&server.address).unwrap();
    write!(waiting, "GET /streams/forecast/events HTTP/1.1\r\nHost: {}\r\n\r\n", server.address).unwrap();
    waiting.read_exact(&mut [0; 12]).unwrap();
    assert_eq!(server.end("INT"), Some(0));
    // The log is free again.
    let (reopened, recovery) = Log::open(&path, &LogSettings::default()).unwrap();
    assert_eq!((reopened.status().next, recovery.records), (3, 2));
    assert!(recovery.damaged.is_empty() && recovery.torn.is_none());
}

#[test]
fn serve_asks_for_the_token_of_a_file_or_of_the_environment() {
    let folder = tempfile::tempdir().unwrap();
    let (path, file) = (folder.path().join("log"), folder.path().join("token"));
    log(&path);
    std::fs::write(&file, format!("{TOKEN}\n")).unwrap();
    let base = ["serve", path.to_str().unwrap(), "--address", "0.0.0.0:0", "--name", "t.850", "--plain"];
    let by_file = [&base[..], &["--token-file", file.to_str().unwrap()]].concat();
    for mut command in [command(&by_file), {
        let mut command = command(&base);
        command.env("TERRELLA_STREAM_TOKEN", TOKEN);
        command
    }] {
        let mut server = Server::start(&mut command);
        server.address = server.address.replace("0.0.0.0", "127.0.0.1");
        assert!(server.get("/streams/t.850", "").starts_with("HTTP/1.1 401 "));
        assert!(
            server
                .get("/streams/t.850", &format!("Authorization: Bearer {TOKEN}\r\n"))
                .starts_with("HTTP/1.1 200 ")
        );
        assert_eq!(server.end("TERM"), Some(0));
    }
    // An empty variable is no way to have no token.
    let empty = command(&base).env("TERRELLA_STREAM_TOKEN", "").output().unwrap();
    assert_eq!(empty.status.code(), Some(2));
}

#[test]
fn serve_refuses_what_it_must_not_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    log(&path);
    let text = path.to_str().unwrap();
    let absent = folder.path().join("absent");
    let refused = |arguments: &[&str], wanted: &str| {
        let (status, printed, error) = run(arguments);
        assert_eq!((status, printed.as_str()), (Some(2), ""), "{error}");
        assert!(error.contains(wanted) && error.lines().count() == 1, "{error}");
    };
    refused(&["serve", text, "--address", "0.0.0.0:0"], "a loopback address, or a token");
    let key = folder.path().join("token");
    std::fs::write(&key, TOKEN).unwrap();
    let with_token = ["serve", text, "--address", "0.0.0.0:0", "--token-file", key.to_str().unwrap()];
    refused(&with_token, "a loopback address, or TLS");
    refused(&["serve", text, "--certificate", text, "--private-key", text], "reading failed");
    refused(&["serve", text, "--address", "127.0.0.1:0", "--name", "a b"], "'stream' is 'a b'");
    refused(&["serve", absent.to_str().unwrap()], "is no folder");
    assert!(!absent.exists());
    let short = folder.path().join("short");
    std::fs::write(&short, "secret").unwrap();
    let (status, _, error) = run(&["serve", text, "--token-file", short.to_str().unwrap()]);
    assert_eq!(status, Some(2));
    assert!(error.contains("16 or more") && !error.contains("secret"), "{error}");
}

#[cfg(feature = "tls")]
#[test]
fn serve_speaks_tls_with_a_certificate() {
    let folder = tempfile::tempdir().unwrap();
    log(folder.path());
    let file = |name: &str| format!("{}/tests/tls/{name}", env!("CARGO_MANIFEST_DIR"));
    let (certificate, key) = (file("server.pem"), file("server.key"));
    let arguments = ["serve", folder.path().to_str().unwrap(), "--address", "0.0.0.0:0", "--name", "t"];
    let tls = ["--certificate", &certificate, "--private-key", &key];
    let mut command = command(&[&arguments[..], &tls].concat());
    let mut server = Server::start(command.env("TERRELLA_STREAM_TOKEN", TOKEN));
    assert_eq!(server.scheme, "https");
    server.address = server.address.replace("0.0.0.0", "127.0.0.1");
    let answer = server.get("/streams/t", "");
    assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("expected TLS: ask by https"), "{answer}");
    assert_eq!(server.end("TERM"), Some(0));
    let (status, _, error) = run(&[&arguments[..], &tls[..2]].concat());
    assert_eq!(status, Some(2));
    assert!(error.contains("--private-key"), "{error}");
}
