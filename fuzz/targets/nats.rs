//! What a NATS server says: greeting, lines, messages and what is in them.
#![no_main]

use libfuzzer_sys::fuzz_target;

const GREETING: &str = "INFO {\"headers\":true,\"max_payload\":1048576}\r\nPONG\r\n";

fn seeds() -> Vec<String> {
    let message = r#"{"message":{"subject":"s","seq":1,"data":"Zm9v","hdrs":"TkFUUy8xLjANClRlcnJlbGxhLUtleTogZm9vDQoNCg==","time":"2001-09-09T01:46:40.25Z"}}"#;
    let state = r#"{"state":{"first_seq":1,"last_seq":7},"error":{"code":404,"description":"none"}}"#;
    let answer = |number: usize, text: &str| {
        format!("MSG _INBOX.0000000000000000.{number} 1 {}\r\n{text}\r\n", text.len())
    };
    vec![
        format!("{GREETING}{}{}", answer(1, message), answer(2, state)),
        format!("{GREETING}PING\r\nHMSG _INBOX.0000000000000000.1 1 16 16\r\nNATS/1.0 503\r\n\r\n\r\n"),
        "-ERR 'Authorization Violation'\r\n".to_owned(),
    ]
}

fuzz_target!(
    init: terrella_fuzz::seed("nats", seeds().iter().map(String::as_bytes)),
    |bytes: &[u8]| terrella_io::stream::fuzzing::nats(bytes)
);
