//! What a configuration may hold, and what each mistake is told.

use std::path::Path;

use super::*;

const GOOD: &str = r#"
[server]
base_url = "https://gws.example.test/api/v2"
family = "chats"

[bots.shop]
kind = "faq"
base = "shop.yaml"

[[logins]]
user = "bot-{01..03}"
password = { env = "BOT_PASSWORD" }
bot = "shop"

[[logins]]
user = "parrot"
password = { file = "/run/secrets/parrot" }
bot = "shop"
nickname = "Polly"
"#;

fn parse(text: &str) -> Result<Config, Error> {
    Config::parse(Path::new("conf/attendant.toml"), text, [])
}

fn line(text: &str) -> Option<usize> {
    parse(text).unwrap_err().place.map(|place| place.0)
}

#[test]
fn a_good_file_lists_every_login() {
    let config = parse(GOOD).unwrap();
    let users: Vec<String> = config.logins().map(|login| login.user).collect();
    assert_eq!(users, ["bot-01", "bot-02", "bot-03", "parrot"]);
    assert_eq!(config.logins().last().unwrap().of.nickname.as_deref(), Some("Polly"));
    assert_eq!(config.server.family, gws::Family::Chats);
    assert_eq!(config.folder, Path::new("conf"));
}

#[test]
fn the_environment_overrides_the_file() {
    let overrides = [
        ("ATTENDANT__SERVER__FAMILY", "interactions"),
        ("ATTENDANT__CONVERSATION__NICKNAME", "Robo"),
        ("ATTENDANT__CONVERSATION__PACE__ON", "false"),
    ];
    let overrides = overrides.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let config = Config::parse(Path::new("a.toml"), GOOD, overrides).unwrap();
    assert_eq!(config.server.family, gws::Family::Interactions);
    assert_eq!(config.conversation.nickname, "Robo");
    assert!(!config.conversation.pace.on);
}

#[test]
fn a_wrong_override_names_its_key() {
    let overrides = [("ATTENDANT__SERVER__FAMLY".to_owned(), "chats".to_owned())];
    let error = Config::parse(Path::new("a.toml"), GOOD, overrides).unwrap_err();
    assert!(error.message.contains("famly"), "{error}");
}

#[test]
fn mistakes_name_the_line_and_the_nearest_key() {
    let unknown = GOOD.replace("family =", "famly =");
    let error = parse(&unknown).unwrap_err();
    assert_eq!((error.place.map(|place| place.0), error.nearest.as_deref()), (Some(4), Some("family")));

    let no_bot = GOOD.replacen("bot = \"shop\"", "bot = \"shpo\"", 1);
    let error = parse(&no_bot).unwrap_err();
    assert_eq!((error.place.map(|place| place.0), error.nearest.as_deref()), (Some(13), Some("shop")));

    let kind = GOOD.replace("kind = \"faq\"", "kind = \"fag\"");
    assert_eq!(parse(&kind).unwrap_err().nearest.as_deref(), Some("faq"));

    assert_eq!(line(&GOOD.replace("https://gws.example.test/api/v2", "gws")), Some(3));
    assert_eq!(line(&GOOD.replace("bot-{01..03}", "bot-{3..1}")), Some(11));
    assert_eq!(line(&GOOD.replace("\"parrot\"", "\"bot-02\"")), Some(16));
    assert_eq!(line(&GOOD.replace("{ env = \"BOT_PASSWORD\" }", "\"secret\"")), Some(12));
    assert!(parse("").is_err());
}

/// A good file with rules in it.
fn with_rules(rules: &str) -> String {
    GOOD.replace("base = \"shop.yaml\"\n", &format!("base = \"shop.yaml\"\n{rules}"))
}

const ASKED: &str = "
[[bots.shop.rules]]
name = \"asked\"
when = \"asked-for-person\"
to = { skill = \"service\" }
";

#[test]
fn the_worked_example_of_the_rules_is_a_good_configuration() {
    let page = include_str!("../../../../docs/rules.md");
    let example = page.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let config = parse(example).unwrap();
    let shop = &config.bots["shop"];
    let names: Vec<_> = shop.rules.iter().map(|rule| rule.name.as_str()).collect();
    assert_eq!(names, ["out-of-hours", "legal", "vip", "asked", "unsure-twice", "too-long", "gone"]);
    for rule in shop.rules.iter() {
        assert!(page.contains(&format!("name = \"{}\"", rule.name)));
    }
    assert_eq!(config.conversation.note.data, ["CustomerId", "Segment"]);
}

#[test]
fn a_mistake_in_a_rule_names_its_line_and_what_was_meant() {
    assert!(parse(&with_rules(ASKED)).is_ok());
    for (right, wrong, at, nearest) in [
        ("when =", "wen =", 12, Some("when")),
        ("asked-for-person", "asked-for-persn", 12, Some("asked-for-person")),
        ("skill =", "skil =", 13, Some("skill")),
        ("when = \"asked-for-person\"", "when.confidence = { belw = 0.4 }", 12, Some("below")),
        ("when = \"asked-for-person\"", "when.closed = { zone = \"Europe/Berln\", open = [] }", 12, None),
        ("to = {", "then = \"hand-ovr\"\nto = {", 13, Some("hand-over")),
        // Found after reading: the line of the key, or of the rule's name where a key is missing.
        ("to = { skill = \"service\" }", "", 11, None),
        ("name = \"asked\"", "name = \"drain\"", 11, None),
        ("skill = \"service\"", "skill = \"service\", queue = \"x\"", 13, None),
        ("when = \"asked-for-person\"", "when.confidence = { below = 4.0 }", 12, None),
        ("to = {", "then = \"stay\"\nto = {", 13, None),
    ] {
        let text = with_rules(&ASKED.replace(right, wrong));
        let error = parse(&text).unwrap_err();
        assert_eq!(error.place.map(|place| place.0), Some(at), "{wrong}: {error}");
        assert_eq!(error.nearest.as_deref(), nearest, "{wrong}: {error}");
    }
}

#[test]
fn what_cannot_work_names_the_line_of_its_key() {
    let lines = "[conversation]\nfallback = { skill = \"a\" }\n\n[conversation.pace]\nspeed = 40\n\n\
                 [conversation.failover.to]\nbot-down = { agent = \"b\" }\n";
    assert!(parse(&format!("{GOOD}\n{lines}")).is_ok());
    for (right, wrong) in [
        ("{ skill = \"a\" }", "{ skill = \"a\", queue = \"c\" }"),
        ("speed = 40", "speed = 0"),
        ("{ agent = \"b\" }", "{ agent = \"b\", queue = \"c\" }"),
    ] {
        let error = parse(&format!("{GOOD}\n{}", lines.replace(right, wrong))).unwrap_err();
        assert!(error.line.as_ref().is_some_and(|line| line.contains(wrong)), "{wrong}: {error}");
    }
    let twice = with_rules(&ASKED.repeat(2));
    assert_eq!(line(&twice), Some(16), "the second of the name, not the first");
}

#[test]
fn a_bot_has_what_its_kind_needs() {
    assert_eq!(line(&GOOD.replace("base = \"shop.yaml\"\n", "")), Some(6));
    assert_eq!(line(&GOOD.replace("kind = \"faq\"", "kind = \"echo\"")), Some(8));
}

#[test]
fn a_login_has_a_mode_of_its_own_and_what_it_cannot_do_without_is_asked_for() {
    let draft = GOOD.replace("nickname = \"Polly\"", "nickname = \"Polly\"\nmode = \"draft\"");
    let error = parse(&draft).unwrap_err().to_string();
    assert!(error.contains("parrot") && error.contains("fallback"), "{error}");
    let draft = draft.replace("[bots.shop]", "[conversation.fallback]\nskill = \"service\"\n\n[bots.shop]");
    let config = parse(&draft).unwrap();
    let modes: Vec<Mode> = config.logins().map(|login| config.options_of(login.of).mode).collect();
    assert_eq!(modes, [Mode::Auto, Mode::Auto, Mode::Auto, Mode::Draft]);
    let shadow = draft.replace("\"draft\"", "\"shadow\"");
    assert!(parse(&shadow).unwrap_err().to_string().contains("comparisons"));
    assert!(parse(&format!("comparisons = \"comparisons.jsonl\"\n{shadow}")).is_ok());
}

#[test]
fn the_bots_of_a_fleet_know_each_other_by_name() {
    let config = parse(GOOD).unwrap();
    let first = config.logins().next().unwrap();
    assert_eq!(config.options_of(first.of).handoff.bots, ["Assistant", "Polly"]);
}

/// The TOML of a page, one block after the other.
fn toml_of(page: &str) -> String {
    let blocks = page.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next());
    blocks.collect::<Vec<_>>().join("\n")
}

/// The settings that are in the one table and not in the other, with the path to each.
fn missing(wanted: &toml::Table, there: &toml::Table, path: &str) -> Vec<String> {
    let mut all = Vec::new();
    for (key, value) in wanted {
        let path = format!("{path}.{key}");
        match (value, there.get(key)) {
            (toml::Value::Table(wanted), Some(toml::Value::Table(there))) => all.extend(missing(wanted, there, &path)),
            (toml::Value::Table(wanted), None) if wanted.is_empty() => {}
            (_, Some(_)) => {}
            (_, None) => all.push(path),
        }
    }
    all
}

#[test]
fn the_page_of_settings_has_every_one_with_its_default() {
    let text = toml_of(include_str!("../../../../docs/configuration.md"));
    let config = parse(&text).unwrap();
    let peak = attendant::peak::Options::default();
    assert_eq!(config.server, gws::Options::new(config.server.base_url.clone()));
    assert_eq!(config.conversation, attendant::Options::default());
    assert_eq!(config.journal, Journal::default());
    assert_eq!(config.people, People::default());
    assert_eq!(config.peak.as_ref(), Some(&peak));

    let page: toml::Table = toml::from_str(&text).unwrap();
    let journal = journal_sqlite::Options::new("attendant.journal");
    for (name, defaults) in [
        ("server", toml::Table::try_from(&config.server).unwrap()),
        ("conversation", toml::Table::try_from(&config.conversation).unwrap()),
        ("journal", toml::Table::try_from(journal).unwrap()),
        ("peak", toml::Table::try_from(peak).unwrap()),
    ] {
        let there = page.get(name).and_then(toml::Value::as_table).unwrap();
        assert_eq!(missing(&defaults, there, name), Vec::<String>::new());
    }
}

#[test]
fn what_the_page_of_settings_shows_as_a_comment_can_be_taken_over() {
    let text = toml_of(include_str!("../../../../docs/configuration.md"));
    let mut shown = 0;
    let lines = text.lines().map(|line| match line.strip_prefix("# ").filter(|setting| setting.contains(" = ")) {
        Some(setting) => {
            shown += 1;
            setting
        }
        None => line,
    });
    // The adaptive policy finds its price itself.
    let all = lines.collect::<Vec<_>>().join("\n").replace("policy = \"adaptive\"", "policy = \"bot-first\"");
    let config = parse(&all).unwrap();
    assert!(shown > 10 && config.conversation.fallback.is_some() && config.comparisons.is_some(), "{shown}");
}
