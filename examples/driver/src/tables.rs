//! The tables of a configuration file and their keys: none that nothing reads.

use serde::de::DeserializeOwned;

use crate::suggestion::hint;

/// The tables of a configuration and the keys of each.
pub struct Tables {
    /// Names of the tables.
    pub names: fn() -> &'static [&'static str],
    /// Keys of a table.
    pub keys_of: fn(&str) -> Option<&'static [&'static str]>,
}

impl Tables {
    /// The table that knows `key`.
    fn owner_of(&self, key: &str) -> Option<&'static str> {
        let knows = |table: &&str| (self.keys_of)(table).is_some_and(|keys| keys.contains(&key));
        (self.names)().iter().copied().find(knows)
    }

    fn expect_keys(&self, name: &str, entries: &toml::Table) -> Result<(), String> {
        let keys = (self.keys_of)(name)
            .ok_or_else(|| format!("Unknown table [{name}]: {}", hint(name, (self.names)())))?;
        for key in entries.keys() {
            if keys.contains(&key.as_str()) {
                continue;
            }
            return Err(match self.owner_of(key) {
                Some(owner) => format!("Unknown key '{key}' in [{name}]: it belongs into [{owner}]."),
                None => format!("Unknown key '{key}' in [{name}]: {}", hint(key, keys)),
            });
        }
        Ok(())
    }
}

/// Reads the text of a configuration file, in which only keys may stand that something reads.
///
/// # Errors
/// One line that says what was found and what was expected, with its place where the text is no TOML or a value has the wrong form.
pub fn parse<T: DeserializeOwned>(text: &str, tables: &Tables) -> Result<T, String> {
    let table: toml::Table = text.parse().map_err(|error| toml_message(&error, text))?;
    expect_known_keys(&table, tables)?;
    toml::from_str(text).map_err(|error| toml_message(&error, text))
}

/// Refuses keys that nothing reads, naming the nearest one that something does. Arrays of tables, \[\[name]], are looked at one by one.
fn expect_known_keys(table: &toml::Table, tables: &Tables) -> Result<(), String> {
    for (name, value) in table {
        let entries: Option<Vec<&toml::Table>> = match value {
            toml::Value::Table(entries) => Some(vec![entries]),
            toml::Value::Array(items) => items.iter().map(toml::Value::as_table).collect(),
            _ => None,
        };
        let Some(entries) = entries else {
            return Err(match tables.owner_of(name) {
                Some(owner) => format!("Key '{name}' stands outside a table: it belongs into [{owner}]."),
                None => format!("Unknown key '{name}' outside a table: {}", hint(name, (tables.names)())),
            });
        };
        for entries in entries {
            tables.expect_keys(name, entries)?;
        }
    }
    Ok(())
}

/// One line: the place and toml's own words.
fn toml_message(error: &toml::de::Error, text: &str) -> String {
    let words = error.message().lines().map(str::trim).collect::<Vec<_>>().join(" ");
    match error.span() {
        Some(span) => {
            let line = text[..span.start.min(text.len())].matches('\n').count() + 1;
            let source = text.lines().nth(line - 1).unwrap_or("").trim();
            if source.is_empty() {
                format!("line {line}: {words}.")
            } else {
                format!("line {line} ({source}): {words}.")
            }
        }
        None => format!("{words}."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLES: Tables = Tables {
        names: || &["model", "method"],
        keys_of: |table| match table {
            "model" => Some(&["name", "time_step"]),
            "method" => Some(&["members"]),
            _ => None,
        },
    };

    fn message(text: &str) -> Option<String> {
        expect_known_keys(&text.parse().expect("valid TOML"), &TABLES).err()
    }

    #[test]
    fn a_value_of_the_wrong_form_is_shown_in_its_line() {
        #[derive(Debug, serde::Deserialize)]
        struct Configuration {
            #[expect(dead_code, reason = "only read")]
            model: std::collections::BTreeMap<String, f64>,
        }
        let said = |text: &str| parse::<Configuration>(text, &TABLES).expect_err("refused");
        assert!(said("[model]\ntime_step = \"x\"").starts_with("line 2 (time_step = \"x\"): invalid type"));
        assert!(said("[model]\ntime_step = ").starts_with("line 2 (time_step =): "));
    }

    #[test]
    fn unknown_keys_get_the_nearest_one_or_their_table() {
        assert_eq!(message("[model]\nname = 1\n[[method]]\nmembers = 2\n[[method]]\nmembers = 3"), None);
        let said = |text: &str| message(text).expect("refused");
        assert_eq!(
            said("[model]\ntimestep = 1"),
            "Unknown key 'timestep' in [model]: did you mean 'time_step'?"
        );
        assert_eq!(
            said("[[method]]\nmembers = 2\n[[method]]\nmember = 3"),
            "Unknown key 'member' in [method]: did you mean 'members'?"
        );
        assert_eq!(
            said("[model]\nmembers = 2"),
            "Unknown key 'members' in [model]: it belongs into [method]."
        );
        assert_eq!(said("members = 2"), "Key 'members' stands outside a table: it belongs into [method].");
        assert_eq!(said("[modle]"), "Unknown table [modle]: did you mean 'model'?");
    }
}
