//! What a server has done and has before it, as numbers, JSON and Prometheus' text.

use std::fmt::Write;

use serde_json::json;

use crate::plan::{Metadata, Value};

/// Numbers of a server. Bytes of messages are those of their data and metadata.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metrics {
    /// Memory that messages may take (bytes).
    pub memory_limit: u64,
    /// Memory of messages and of buffers kept for the next ones (bytes).
    pub memory: u64,
    /// The most that it ever was (bytes).
    pub memory_peak: u64,
    /// Disk that waiting messages may take (bytes); 0 where there is none.
    pub disk_limit: u64,
    /// Disk that they take (bytes), with those of the same file that no longer wait.
    pub disk: u64,
    /// Errors and panics of plans that no action skipped.
    pub failures: u64,
    /// Of each plan.
    pub plans: Vec<PlanMetrics>,
}

/// Numbers of one plan.
///
/// All messages that it was given are accounted for: `messages_in` = `delivered_messages` + `failed_messages` +
/// `dropped_messages` + `queued_messages` + the one in work + those lost after a panic or abandoned before their turn.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PlanMetrics {
    /// The plan.
    pub name: String,
    /// Whether it drops steps, rather than spill them.
    pub best_effort: bool,
    /// Messages that wait.
    pub queued_messages: u64,
    /// Memory that it may take (bytes).
    pub memory_limit: u64,
    /// Memory of waiting messages (bytes).
    pub memory: u64,
    /// Waiting messages on the disk (bytes).
    pub on_disk: u64,
    /// Messages that it was given: those that the selections at its beginning let pass.
    pub messages_in: u64,
    /// Their bytes.
    pub bytes_in: u64,
    /// Messages that went through without an error, or with one that an action skipped.
    pub delivered_messages: u64,
    /// Their bytes.
    pub delivered_bytes: u64,
    /// Bytes that its sinks have taken.
    pub bytes_out: u64,
    /// Messages that went by the disk.
    pub spilled_messages: u64,
    /// Their bytes.
    pub spilled_bytes: u64,
    /// Messages that were dropped.
    pub dropped_messages: u64,
    /// Their bytes.
    pub dropped_bytes: u64,
    /// Steps that were dropped, whole or from some message on.
    pub dropped_steps: u64,
    /// Gaps that its consumers see.
    pub gaps: u64,
    /// Messages that ended with an error.
    pub failed_messages: u64,
    /// Messages that came, or waited, when the plan had panicked, or were abandoned.
    pub lost_messages: u64,
    /// The time of the last message that went through: those of its metadata that tell it.
    pub progress: Option<Metadata>,
    /// Of each action.
    pub actions: Vec<ActionMetrics>,
}

/// Numbers of one action.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ActionMetrics {
    /// Its plan, number and type.
    pub place: String,
    /// Messages that it has had.
    pub messages: u64,
    /// Errors that it skipped.
    pub skipped: u64,
    /// Time that it has taken (s).
    pub seconds: f64,
}

type Number = fn(&PlanMetrics) -> u64;

/// Name, type, explanation and number of each series of a plan.
const SERIES: [(&str, &str, &str, Number); 18] = [
    ("queued_messages", "gauge", "Messages that wait", |plan| plan.queued_messages),
    ("plan_memory_limit_bytes", "gauge", "Memory that a plan may take", |plan| plan.memory_limit),
    ("queued_memory_bytes", "gauge", "Waiting messages in memory", |plan| plan.memory),
    ("queued_disk_bytes", "gauge", "Waiting messages on the disk", |plan| plan.on_disk),
    ("messages_in_total", "counter", "Messages given to a plan", |plan| plan.messages_in),
    ("bytes_in_total", "counter", "Bytes given to a plan", |plan| plan.bytes_in),
    ("messages_delivered_total", "counter", "Messages that went through", |plan| plan.delivered_messages),
    ("bytes_delivered_total", "counter", "Bytes that went through", |plan| plan.delivered_bytes),
    ("bytes_out_total", "counter", "Bytes that sinks have taken", |plan| plan.bytes_out),
    ("messages_spilled_total", "counter", "Messages that went by the disk", |plan| plan.spilled_messages),
    ("bytes_spilled_total", "counter", "Bytes that went by the disk", |plan| plan.spilled_bytes),
    ("messages_dropped_total", "counter", "Messages dropped", |plan| plan.dropped_messages),
    ("bytes_dropped_total", "counter", "Bytes dropped", |plan| plan.dropped_bytes),
    ("steps_dropped_total", "counter", "Steps dropped", |plan| plan.dropped_steps),
    ("gaps_total", "counter", "Gaps in what consumers see", |plan| plan.gaps),
    ("messages_failed_total", "counter", "Messages that ended with an error", |plan| plan.failed_messages),
    ("messages_lost_total", "counter", "Messages lost by a panic or abandoned", |plan| plan.lost_messages),
    ("best_effort", "gauge", "1 where a plan drops steps", |plan| u64::from(plan.best_effort)),
];

impl Metrics {
    /// One JSON object, with the names of the fields here.
    pub fn to_json(&self) -> String {
        let action = |action: &ActionMetrics| {
            let ActionMetrics { place, messages, skipped, seconds } = action;
            json!({ "place": place, "messages": messages, "skipped": skipped, "seconds": seconds })
        };
        let plan = |plan: &PlanMetrics| {
            json!({
                "name": plan.name,
                "best_effort": plan.best_effort,
                "queued_messages": plan.queued_messages,
                "memory_limit": plan.memory_limit,
                "memory": plan.memory,
                "on_disk": plan.on_disk,
                "messages_in": plan.messages_in,
                "bytes_in": plan.bytes_in,
                "delivered_messages": plan.delivered_messages,
                "delivered_bytes": plan.delivered_bytes,
                "bytes_out": plan.bytes_out,
                "spilled_messages": plan.spilled_messages,
                "spilled_bytes": plan.spilled_bytes,
                "dropped_messages": plan.dropped_messages,
                "dropped_bytes": plan.dropped_bytes,
                "dropped_steps": plan.dropped_steps,
                "gaps": plan.gaps,
                "failed_messages": plan.failed_messages,
                "lost_messages": plan.lost_messages,
                "progress": plan.progress.as_ref().map(Metadata::to_json),
                "actions": plan.actions.iter().map(action).collect::<Vec<_>>(),
            })
        };
        json!({
            "memory_limit": self.memory_limit,
            "memory": self.memory,
            "memory_peak": self.memory_peak,
            "disk_limit": self.disk_limit,
            "disk": self.disk,
            "failures": self.failures,
            "plans": self.plans.iter().map(plan).collect::<Vec<_>>(),
        })
        .to_string()
    }

    /// The text that Prometheus reads (exposition format 0.0.4): series `terrella_output_...`, with the labels `plan` and,
    /// for actions, `action`. `..._step` is the metadata `step` of the last message that went through.
    pub fn to_prometheus(&self) -> String {
        let mut text = String::new();
        for (name, kind, help, number) in [
            ("memory_limit_bytes", "gauge", "Memory that messages may take", self.memory_limit),
            ("memory_bytes", "gauge", "Memory of messages and idle buffers", self.memory),
            ("memory_peak_bytes", "gauge", "The most memory that there was", self.memory_peak),
            ("disk_limit_bytes", "gauge", "Disk that messages may take", self.disk_limit),
            ("disk_bytes", "gauge", "Disk that messages take", self.disk),
            ("failures_total", "counter", "Errors of plans", self.failures),
        ] {
            head(&mut text, name, kind, help);
            line(&mut text, name, &[], number);
        }
        for (name, kind, help, number) in SERIES {
            head(&mut text, name, kind, help);
            for plan in &self.plans {
                line(&mut text, name, &[("plan", &plan.name)], number(plan));
            }
        }
        head(&mut text, "step", "gauge", "Step of the last message that went through");
        for plan in &self.plans {
            if let Some(Value::Integer(step)) = plan.progress.as_ref().and_then(|step| step.get("step")) {
                line(&mut text, "step", &[("plan", &plan.name)], step);
            }
        }
        let actions =
            || self.plans.iter().flat_map(|plan| plan.actions.iter().map(move |action| (plan, action)));
        let mut of_actions = |name, kind, help, number: fn(&ActionMetrics) -> String| {
            head(&mut text, name, kind, help);
            for (plan, action) in actions() {
                line(&mut text, name, &[("plan", &plan.name), ("action", &action.place)], number(action));
            }
        };
        of_actions("action_seconds_total", "counter", "Time in an action", |action| {
            action.seconds.to_string()
        });
        of_actions("action_messages_total", "counter", "Messages of an action", |action| {
            action.messages.to_string()
        });
        of_actions("action_skipped_total", "counter", "Errors skipped", |action| action.skipped.to_string());
        text
    }
}

fn head(text: &mut String, name: &str, kind: &str, help: &str) {
    writeln!(text, "# HELP terrella_output_{name} {help}.\n# TYPE terrella_output_{name} {kind}")
        .expect(TEXT);
}

fn line(text: &mut String, name: &str, labels: &[(&str, &str)], value: impl std::fmt::Display) {
    write!(text, "terrella_output_{name}").expect(TEXT);
    for (number, (label, value)) in labels.iter().enumerate() {
        let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        write!(text, "{}{label}=\"{value}\"", if number == 0 { '{' } else { ',' }).expect(TEXT);
    }
    let end = if labels.is_empty() { "" } else { "}" };
    writeln!(text, "{end} {value}").expect(TEXT);
}

const TEXT: &str = "text takes what is written";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_tell_all_numbers() {
        let action =
            ActionMetrics { place: "plan 'a', action 1 (sink)".into(), seconds: 0.5, ..Default::default() };
        let progress = Metadata::new().with("step", 6).with("startTime", 0);
        let plan = PlanMetrics {
            name: "a \"b\"\\\n".into(),
            dropped_messages: 7,
            progress: Some(progress),
            actions: vec![action],
            ..Default::default()
        };
        let metrics = Metrics { memory: 12, plans: vec![plan], ..Default::default() };
        let text = metrics.to_prometheus();
        for expected in [
            "# TYPE terrella_output_memory_bytes gauge\nterrella_output_memory_bytes 12\n",
            "\nterrella_output_messages_dropped_total{plan=\"a \\\"b\\\"\\\\\\n\"} 7\n",
            "\nterrella_output_step{plan=\"a \\\"b\\\"\\\\\\n\"} 6\n",
            ",action=\"plan 'a', action 1 (sink)\"} 0.5\n",
        ] {
            assert!(text.contains(expected), "{text}");
        }
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let (series, number) = line.rsplit_once(' ').unwrap();
            assert!(series.starts_with("terrella_output_") && number.parse::<f64>().is_ok(), "{line}");
        }
        let json: serde_json::Value = serde_json::from_str(&metrics.to_json()).unwrap();
        assert_eq!(json["memory"], 12);
        assert_eq!(json["plans"][0]["name"], "a \"b\"\\\n");
        assert_eq!(json["plans"][0]["progress"]["step"], 6);
        assert_eq!(json["plans"][0]["actions"][0]["seconds"], 0.5);
    }
}
