//! Metrics are served to this machine alone, and only where asked for.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use terrella_io::layout::Layout;
use terrella_io::plan::{Metadata, Plans};
use terrella_io::server::{Server, Settings};

const PLAN: &str = "plans: [{name: archive, actions: [{type: encode, format: raw}, {type: sink, sinks: [{type: discard}]}]}]";

fn start(metrics: Option<SocketAddr>) -> terrella_io::Result<Server> {
    Server::start(Plans::from_yaml(PLAN).unwrap(), Settings { metrics, ..Settings::default() })
}

fn ask(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

#[test]
fn numbers_are_served_as_text_and_json() {
    let mut server = start(Some("127.0.0.1:0".parse().unwrap())).unwrap();
    let address = server.metrics_address().unwrap();
    let layout = Layout::global_lat_lon(4, 2);
    for step in 1..=5 {
        server.write_field(Metadata::new().with("step", step), &layout, &[1.0; 8]).unwrap();
    }
    server.flush().unwrap();
    let answer = ask(address, "GET /metrics HTTP/1.1\r\nHost: localhost:9464\r\n\r\n");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4"), "{head}");
    assert!(head.contains(&format!("Content-Length: {}\r\n", body.len())), "{head}");
    for line in [
        "terrella_output_messages_delivered_total{plan=\"archive\"} 5",
        "terrella_output_bytes_out_total{plan=\"archive\"} 320",
        "terrella_output_step{plan=\"archive\"} 5",
        "terrella_output_queued_messages{plan=\"archive\"} 0",
        "terrella_output_action_messages_total{plan=\"archive\",action=\"plan 'archive', action 1 (encode)\"} 5",
    ] {
        assert!(body.lines().any(|other| other == line), "{line} is not in\n{body}");
    }
    let answer = ask(address, "GET /metrics.json HTTP/1.0\r\n\r\n");
    let json: serde_json::Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
    assert_eq!(json["plans"][0]["delivered_messages"], 5);
    assert_eq!(json["plans"][0]["progress"]["step"], 5);
    assert!(ask(address, "GET /metrics?x=1 HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 200 "));
    assert!(ask(address, "GET /other HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 404 "));
    assert!(ask(address, "POST /metrics HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 405 "));
    assert!(ask(address, "GET /metrics HTTP/1.1\r\nhost: [::1]:80\r\n\r\n").starts_with("HTTP/1.1 200 "));
    for name in ["example.org", "localhost.example.org", "10.0.0.1:9464", ""] {
        let answer = ask(address, &format!("GET /metrics HTTP/1.1\r\nHost: {name}\r\n\r\n"));
        assert!(answer.starts_with("HTTP/1.1 403 ") && !answer.contains("archive"), "{answer}");
    }
    // A client that says nothing, and one that says too much, are left.
    let silent = TcpStream::connect(address).unwrap();
    assert_eq!(ask_or_nothing(address, &"x".repeat(20_000)), "");
    assert!(ask(address, "GET /metrics HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 200 "));
    drop(silent);
    server.finish().unwrap();
    assert!(TcpStream::connect(address).is_err(), "nobody listens after the end");
}

/// The answer, or nothing where the other side has closed.
fn ask_or_nothing(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let mut text = String::new();
    let _ = stream.write_all(request.as_bytes());
    let _ = stream.read_to_string(&mut text);
    text
}

#[test]
fn nobody_else_is_served() {
    assert_eq!(start(None).unwrap().metrics_address(), None);
    for address in ["0.0.0.0:0", "192.0.2.1:9464", "[::]:0"] {
        let error = start(Some(address.parse().unwrap())).err().unwrap().to_string();
        assert!(
            error.contains(&format!("'metrics' is {address}: expected an address of this machine")),
            "{error}"
        );
    }
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let error = start(Some(taken.local_addr().unwrap())).err().unwrap().to_string();
    assert!(error.starts_with("The output server cannot serve metrics at 127.0.0.1:"), "{error}");
}
