//! `transport`: the way from the ranks of a model to those that write its output.
//!
//! What comes before it is done by the model's ranks, each with its part of a field, what comes after it by a server
//! ([`crate::transport`]). All messages that have the same values of `hash-keys` go to one server, whoever sends them: the
//! first 64 bits of the BLAKE3 of these keys and values, modulo the number of servers. Masks go to all. Where there are no
//! servers, messages go on where they are.
//!
//! Source of the keys: MultIO (`Transport.cc`), where a key that is absent is an error and the default includes `category`.

use saphyr::{Scalar, Yaml};

use super::action::{Action, Kind, Message, Step};
use super::gap::Gap;
use super::metadata::Metadata;
use super::section::Section;
use super::sink::Consumer;
use crate::error::Result;

pub(super) const KEYS: [&str; 2] = ["target", "hash-keys"];

/// Parameter, level and member.
const HASH_KEYS: [&str; 3] = ["name", "level", "number"];

/// Metadata that tell a message's time.
const TIMES: [&str; 3] = ["step", "date", "time"];

pub(crate) struct Transport {
    hash_keys: Vec<String>,
    /// None: there are no servers.
    carrier: Option<Box<dyn Consumer>>,
}

fn value<'a>(yaml: &'a Yaml<'a>, key: &str) -> Option<&'a Yaml<'a>> {
    let Yaml::Mapping(mapping) = yaml else { return None };
    let is_key = |name: &Yaml<'_>| matches!(name, Yaml::Value(Scalar::String(name)) if name == key);
    mapping.iter().find_map(|(name, value)| is_key(name).then_some(value))
}

/// The type of an action.
pub(super) fn name<'a>(action: &'a Yaml<'a>) -> Option<&'a str> {
    match value(action, "type")? {
        Yaml::Value(Scalar::String(name)) => Some(name),
        _ => None,
    }
}

/// Whether a plan has the action.
pub(super) fn is_in(plan: &Yaml<'_>) -> bool {
    match value(plan, "actions") {
        Some(Yaml::Sequence(actions)) => actions.iter().any(|action| name(action) == Some("transport")),
        _ => false,
    }
}

/// Which action of a plan it is, by their names.
pub(super) fn place(plan: &Section<'_>, names: &[Option<&str>]) -> Result<Option<usize>> {
    let mut places = (0..names.len()).filter(|&number| names[number] == Some("transport"));
    let (first, second) = (places.next(), places.next());
    match second {
        None => Ok(first),
        Some(second) => Err(plan.error(format!("action {} is a second 'transport'", second + 1))),
    }
}

impl Transport {
    pub(super) fn new(section: &Section<'_>) -> Result<Self> {
        section.choice("target", &["server"])?;
        let keys = section.texts("hash-keys")?;
        if section.get("hash-keys").is_some() && keys.is_empty() {
            return Err(section.error("'hash-keys': expected at least one key of the metadata"));
        }
        let keys = if keys.is_empty() { HASH_KEYS.to_vec() } else { keys };
        Ok(Self { hash_keys: keys.into_iter().map(String::from).collect(), carrier: None })
    }

    /// Sends messages by `carrier` from now on.
    pub(crate) fn connect(&mut self, carrier: impl Consumer + 'static) {
        self.carrier = Some(Box::new(carrier));
    }

    pub(crate) fn hash_keys(&self) -> &[String] {
        &self.hash_keys
    }

    /// Refuses plans that several servers would carry out to something else than one.
    pub(super) fn check_servers(&self, servers: usize, plan: &Section<'_>, steps: &mut [Step]) -> Result<()> {
        if servers < 2 {
            return Ok(());
        }
        let time = self.hash_keys.iter().find(|key| TIMES.contains(&key.as_str()));
        if let (Some(key), true) = (time, steps.iter().any(|step| step.name == "statistics")) {
            return Err(plan.error(format!(
                "'statistics' on {servers} servers needs all times of a field on one: take '{key}' out of 'hash-keys'"
            )));
        }
        for outlet in steps.iter_mut().filter_map(|step| step.action.sink()).flat_map(|sink| sink.outlets()) {
            let Some(keys) = &outlet.path_keys else { continue };
            if let Some(key) = self.hash_keys.iter().find(|key| !keys.contains(key)) {
                return Err(plan.error(format!(
                    "{servers} servers would write the same file: put '[{key}]' into its path, say 'per-server: true', or choose 'hash-keys' that are in the path"
                )));
            }
        }
        Ok(())
    }
}

/// The server of a message, out of `servers`.
pub(crate) fn server_of(metadata: &Metadata, hash_keys: &[String], servers: usize) -> usize {
    let mut hasher = blake3::Hasher::new();
    for key in hash_keys {
        if let Some(value) = metadata.get(key) {
            hasher.update(format!("{key}={value};").as_bytes());
        }
    }
    let hash = hasher.finalize().as_bytes()[..8].try_into().expect("8 of 32 bytes");
    (u64::from_le_bytes(hash) % servers as u64) as usize
}

impl Action for Transport {
    fn apply(&mut self, message: Message) -> Result<Vec<Message>> {
        match &mut self.carrier {
            None => Ok(vec![message]),
            Some(carrier) => {
                carrier.message(&message)?;
                // The last action: its memory is for the next message.
                if let Kind::Field { values, .. } = message.kind {
                    super::spare::give_values(values);
                }
                Ok(Vec::new())
            }
        }
    }

    fn gap(&mut self, gap: &Gap) -> Result<()> {
        self.carrier.as_mut().map_or(Ok(()), |carrier| carrier.gap(gap))
    }

    fn flush(&mut self) -> Result<()> {
        self.carrier.as_mut().map_or(Ok(()), |carrier| carrier.flush())
    }

    fn transport(&mut self) -> Option<&mut Transport> {
        Some(self)
    }

    fn finish(&mut self) -> Result<()> {
        self.carrier.as_mut().map_or(Ok(()), |carrier| carrier.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_the_same_in_every_run_and_get_about_as_much() {
        let keys: Vec<String> = HASH_KEYS.iter().map(|key| (*key).to_owned()).collect();
        let mut counts = [0; 4];
        for level in 0..200 {
            for step in [1, 7] {
                let metadata = Metadata::new().with("name", "t").with("level", level).with("step", step);
                let server = server_of(&metadata, &keys, 4);
                assert_eq!(server, server_of(&metadata.clone().with("date", step), &keys, 4));
                counts[server] += 1;
            }
        }
        assert!(counts.iter().all(|&count| (60..140).contains(&count)), "{counts:?}");
        // A change of the hash would part fields of a run that is continued.
        let of =
            |name: &str| server_of(&Metadata::new().with("name", name).with("level", 500), &keys, 1 << 20);
        assert_eq!([of("t"), of("u")], [367_021, 945_437]);
    }
}
