//! Items as JSON, as server-sent events and as CloudEvents.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use super::base64::encode as base64;
use crate::log::{Form, Item, Record};
use crate::time::Time;

/// The line of an item in a pull. A record's payload follows it.
pub(super) fn line(item: &Item) -> String {
    let value = match item {
        Item::Record(record) => describe(record),
        Item::Gap(_) => json!({ "gap": lost(item) }),
        Item::Damage(_) => json!({ "damage": lost(item) }),
    };
    format!("{value}\n")
}

/// Numbers of an item: the first, the last.
pub(super) fn numbers(item: &Item) -> (u64, u64) {
    match item {
        Item::Record(record) => (record.number, record.number),
        Item::Gap(gap) => (gap.from, gap.to),
        Item::Damage(damage) => (damage.from, damage.to),
    }
}

/// What is missing: the files behind it are no affair of a consumer.
pub(super) fn lost(item: &Item) -> Value {
    let (from, to) = numbers(item);
    let mut value = json!({ "from": from, "to": to, "count": (to + 1).saturating_sub(from) });
    if let Item::Damage(damage) = item {
        value["reason"] = json!(damage.reason);
    }
    value
}

/// An event with the payload itself.
pub(super) fn event(item: &Item) -> String {
    let (name, data) = match item {
        Item::Record(record) => {
            let mut data = describe(record);
            data["payload_base64"] = json!(base64(&record.payload));
            ("record", data)
        }
        Item::Gap(_) => ("gap", lost(item)),
        Item::Damage(_) => ("damage", lost(item)),
    };
    server_sent(name, numbers(item).1, &data)
}

/// An event with a CloudEvent.
pub(super) fn notification(item: &Item, base: &str, stream: &str) -> String {
    let name = match item {
        Item::Record(_) => "record",
        Item::Gap(_) => "gap",
        Item::Damage(_) => "damage",
    };
    server_sent(name, numbers(item).1, &cloud_event(item, base, stream))
}

/// A CloudEvent, which says where the payload is.
///
/// CloudEvents 1.0.2, section 3.1: `id`, `source`, `specversion` and `type` are required.
pub(super) fn cloud_event(item: &Item, base: &str, stream: &str) -> Value {
    let source = format!("/streams/{stream}");
    let (from, to) = numbers(item);
    let mut event = json!({
        "specversion": "1.0",
        "source": source,
        "datacontenttype": "application/json",
    });
    match item {
        Item::Record(record) => {
            event["id"] = json!(record.number.to_string());
            event["type"] = json!("org.terrella.record");
            event["time"] = json!(instant(record.time));
            // A subject is a non-empty string.
            if let Ok(key) = std::str::from_utf8(&record.key)
                && !key.is_empty()
            {
                event["subject"] = json!(key);
            }
            event["data"] = reference(record, base, stream);
        }
        Item::Gap(_) | Item::Damage(_) => {
            let kind = if matches!(item, Item::Gap(_)) { "gap" } else { "damage" };
            event["id"] = json!(format!("{from}-{to}"));
            event["type"] = json!(format!("org.terrella.{kind}"));
            event["data"] = lost(item);
        }
    }
    event
}

/// What a record is and where its payload lies.
pub(super) fn reference(record: &Record, base: &str, stream: &str) -> Value {
    let mut value = describe(record);
    value["url"] = json!(format!("{base}/streams/{stream}/records/{}", record.number));
    value
}

fn server_sent(name: &str, id: u64, data: &Value) -> String {
    // JSON has no line feeds outside of strings, and escapes them inside.
    format!("event: {name}\nid: {id}\ndata: {data}\n\n")
}

fn describe(record: &Record) -> Value {
    let mut value = json!({
        "number": record.number,
        "time": instant(record.time),
        "bytes": record.payload.len(),
        "hash": hexadecimal(&record.hash),
    });
    if record.form != Form::default() {
        value["form"] = json!(record.form.names());
    }
    match std::str::from_utf8(&record.key) {
        Ok(key) => value["key"] = json!(key),
        Err(_) => value["key_base64"] = json!(base64(&record.key)),
    }
    value
}

/// RFC 3339, to the nanosecond.
fn instant(time: SystemTime) -> String {
    let (seconds, fraction) = match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => (after.as_secs() as i64, after.subsec_nanos()),
        Err(before) => {
            let before = before.duration();
            let up = before
                + Duration::from_nanos((1_000_000_000 - u64::from(before.subsec_nanos())) % 1_000_000_000);
            (-(up.as_secs() as i64), (up - before).subsec_nanos())
        }
    };
    let time = Time::EPOCH.plus_seconds(seconds).to_string();
    format!("{}.{fraction:09}Z", time.trim_end_matches('Z'))
}

pub(super) fn hexadecimal(hash: &[u8; 32]) -> String {
    blake3::Hash::from_bytes(*hash).to_hex().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_those_of_the_standard() {
        let after = SystemTime::UNIX_EPOCH + Duration::new(1_000_000_000, 5);
        assert_eq!(instant(after), "2001-09-09T01:46:40.000000005Z");
        let before = SystemTime::UNIX_EPOCH - Duration::from_millis(250);
        assert_eq!(instant(before), "1969-12-31T23:59:59.750000000Z");
        assert_eq!(
            instant(SystemTime::UNIX_EPOCH - Duration::from_secs(60)),
            "1969-12-31T23:59:00.000000000Z"
        );
    }
}
