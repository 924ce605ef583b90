//! The nearest valid name to a misspelt one.

/// The candidate most like `name`, if any is like it at all.
pub fn nearest<'a>(name: &str, candidates: &[&'a str]) -> Option<&'a str> {
    // Jaro-Winkler weighs the beginning of a word, where people seldom err; 0.7 keeps unrelated words out.
    candidates
        .iter()
        .map(|candidate| (strsim::jaro_winkler(&name.to_lowercase(), candidate), *candidate))
        .filter(|(likeness, _)| *likeness > 0.7)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, candidate)| candidate)
}

/// "did you mean 'x'?", or the list of what is valid.
pub fn hint(name: &str, candidates: &[&str]) -> String {
    match nearest(name, candidates) {
        Some(candidate) => format!("did you mean '{candidate}'?"),
        None => format!("expected one of {}.", candidates.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: [&str; 4] = ["truncation", "time_step", "length", "device"];

    #[test]
    fn a_missing_letter_is_found() {
        assert_eq!(hint("truncaton", &KEYS), "did you mean 'truncation'?");
        assert_eq!(nearest("Timestep", &KEYS), Some("time_step"));
    }

    #[test]
    fn an_unrelated_word_gets_the_list() {
        assert_eq!(hint("xyz", &KEYS), "expected one of truncation, time_step, length, device.");
    }
}
