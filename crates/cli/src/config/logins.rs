//! Which logins a `[[logins]]` entry names: one user, or a numbered range such as `bot-{01..12}`.

/// The user names of a pattern. Widths are kept: `{01..12}` counts 01, 02, … 12.
pub fn expand(pattern: &str) -> Result<Vec<String>, String> {
    let Some((before, rest)) = pattern.split_once('{') else {
        return if pattern.is_empty() { Err("a user name is empty".to_owned()) } else { Ok(vec![pattern.to_owned()]) };
    };
    let wrong = || format!("`{pattern}` is not a range; write it as bot-{{01..12}}");
    let (range, after) = rest.split_once('}').ok_or_else(wrong)?;
    let (first, last) = range.split_once("..").ok_or_else(wrong)?;
    let width = first.len();
    let (from, to): (u32, u32) = (first.parse().map_err(|_| wrong())?, last.parse().map_err(|_| wrong())?);
    if from > to || to - from >= 10_000 {
        return Err(format!(
            "`{pattern}` counts from {from} to {to}; the first number must be the lower one, and at most 10,000 logins fit"
        ));
    }
    Ok((from..=to).map(|number| format!("{before}{number:0width$}{after}")).collect())
}

#[cfg(test)]
mod tests {
    use super::expand;

    #[test]
    fn a_plain_name_is_itself_and_a_range_counts_with_its_width() {
        assert_eq!(expand("bot").unwrap(), ["bot"]);
        assert_eq!(expand("bot-{08..11}@x").unwrap(), ["bot-08@x", "bot-09@x", "bot-10@x", "bot-11@x"]);
    }

    #[test]
    fn what_is_not_a_range_is_refused() {
        for wrong in ["", "a{1..", "a{1-3}", "a{3..1}", "a{0..99999}", "a{x..y}"] {
            assert!(expand(wrong).is_err(), "{wrong}");
        }
    }
}
