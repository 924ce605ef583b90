//! Requests to the server of streams: answered or refused; and what other servers answer to a post.
#![no_main]

use libfuzzer_sys::fuzz_target;

const SEEDS: [&str; 7] = [
    "GET /streams HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "GET /streams/s/records?from=1&to=2&count=3&wait=0 HTTP/1.1\r\nHost: [::1]:80\r\nAuthorization: Bearer 0123456789abcdef\r\n\r\n",
    "GET /streams/s/events HTTP/1.1\r\nHost: 127.0.0.1:1\r\nLast-Event-ID: 18446744073709551615\r\n\r\n",
    "GET /streams/s/records/1 HTTP/1.1\r\nhost: LOCALHOST\r\nContent-Length: 0\r\n\r\n",
    "GET /streams/s/notifications?from=2 HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n",
    "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n",
    "Zm9vYg==",
];

fuzz_target!(
    init: terrella_fuzz::seed("request", SEEDS.map(str::as_bytes)),
    |bytes: &[u8]| {
        terrella_io::stream::fuzzing::request(bytes);
        terrella_io::stream::fuzzing::answer(bytes);
    }
);
