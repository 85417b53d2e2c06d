//! What `check` says to configurations, good and bad.

use super::tool::{attendant, file, finish, run};

const BASE: &str = "\
answers:
  - id: hours
    questions: [When are you open?, opening hours]
    answer: From 9 to 17.
  - id: place
    questions: [Where are you?, your address]
    answer: In Linden Street.
";

fn good() -> String {
    r#"
[server]
base_url = "http://127.0.0.1:9/api/v2"

[bots.shop]
kind = "faq"
base = "shop.yaml"

[[logins]]
user = "bot-{01..02}"
password = { env = "BOT_PASSWORD" }
bot = "shop"
"#
    .to_owned()
}

#[test]
fn a_good_configuration_is_called_good_and_lists_its_logins() {
    let folder = tempfile::tempdir().unwrap();
    file(folder.path(), "shop.yaml", BASE);
    let config = file(folder.path(), "a.toml", good());
    let ran = finish(attendant().env("BOT_PASSWORD", "hush-hush").args(["check", "--config", &config, "--json"]));
    assert_eq!(ran.status, Some(0), "{ran:?}");
    let report: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(report["logins"], serde_json::json!(["bot-01", "bot-02"]));
    assert!(!format!("{ran:?}").contains("hush-hush"));
}

#[test]
fn the_rules_of_a_bot_are_listed_in_their_order() {
    let folder = tempfile::tempdir().unwrap();
    file(folder.path(), "shop.yaml", BASE);
    let page = include_str!("../../../../docs/rules.md");
    let example = page.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let config = file(folder.path(), "a.toml", example);
    let check = |more: &[&str]| {
        let ran = finish(attendant().env("BOT_PASSWORD", "x").args(["check", "--config", &config]).args(more));
        assert_eq!(ran.status, Some(0), "{ran:?}");
        ran.out
    };
    let out = check(&[]);
    let place = |text: &str| out.find(text).unwrap_or_else(|| panic!("{text}: {out}"));
    assert!(place("legal → agent nora, else skill legal, must be") < place("asked → skill service"));
    assert!(out.contains("gone → the end, off") && out.contains("out-of-hours → words"), "{out}");
    let report: serde_json::Value = serde_json::from_str(&check(&["--json"])).unwrap();
    assert_eq!(report["rules"]["shop"].as_array().map(Vec::len), Some(7));
}

#[test]
fn check_says_plainly_what_a_mode_does() {
    let folder = tempfile::tempdir().unwrap();
    file(folder.path(), "shop.yaml", BASE);
    let text = good().replace("bot = \"shop\"", "bot = \"shop\"\nmode = \"shadow\"");
    let fallback = "comparisons = \"comparisons.jsonl\"\n[conversation.fallback]\nskill = \"service\"\n";
    let config = file(folder.path(), "a.toml", format!("{fallback}{text}"));
    let ran = finish(attendant().env("BOT_PASSWORD", "x").args(["check", "--config", config.as_str()]));
    assert_eq!(ran.status, Some(0), "{ran:?}");
    assert!(ran.out.contains("bot-02 cannot send anything to anybody"), "{ran:?}");
}

#[test]
fn each_mistake_ends_with_status_2_and_names_what_and_where() {
    let folder = tempfile::tempdir().unwrap();
    file(folder.path(), "shop.yaml", BASE);
    file(folder.path(), "empty.yaml", "");
    file(folder.path(), "broken.yaml", "answers:\n  - id: hours\n    questoins: [a]\n    answer: b\n");
    let peak = |more: &str| format!("{more}\n[bots.shop]");
    let cases: [(&str, &str, &[&str]); 15] = [
        ("[bots.shop]", &peak("[peak]\npolicy = \"adaptiv\"\n"), &["a.toml:6:", "adaptive"]),
        ("[bots.shop]", &peak("[peak]\nhafl_price_at = \"1m\"\n"), &["a.toml:6:", "half_price_at"]),
        ("[bots.shop]", &peak("[peak]\n\nfixed_price = 0.5\n"), &["a.toml:7:", "fixed_price"]),
        ("[bots.shop]", &peak("[peak.line]\nlook_every = \"10ms\"\n"), &["a.toml:6:", "look_every"]),
        ("[bots.shop]", &peak("[people]\nfrom = \"tabel\"\n"), &["a.toml:", "table"]),
        (
            "[bots.shop]",
            &peak("[people]\nfrom = \"table\"\n[people.table.service]\nsigned_in = 1\nready = 2\n"),
            &["a.toml:7:", "service", "ready"],
        ),
        ("base_url", "base_ulr", &["a.toml:3:", "base_url"]),
        ("\"http://127.0.0.1:9/api/v2\"", "7", &["a.toml:3:"]),
        ("kind = \"faq\"", "kind = \"fag\"", &["a.toml:", "faq"]),
        ("bot = \"shop\"", "bot = \"shpo\"", &["a.toml:12:", "shop"]),
        ("[bots.shop]", "[bots.shop", &["a.toml:5:"]),
        ("shop.yaml", "missing.yaml", &["shop", "missing.yaml"]),
        ("shop.yaml", "empty.yaml", &["shop", "empty.yaml"]),
        ("shop.yaml", "broken.yaml", &["broken.yaml:3", "questions"]),
        ("BOT_PASSWORD", "NOT_SET_ANYWHERE", &["bot-{01..02}", "NOT_SET_ANYWHERE"]),
    ];
    for (from, to, said) in cases {
        let config = file(folder.path(), "a.toml", good().replacen(from, to, 1));
        let ran = finish(attendant().env("BOT_PASSWORD", "x").args(["check", "--config", &config]));
        assert_eq!(ran.status, Some(2), "{to}: {ran:?}");
        for part in said {
            assert!(ran.err.contains(part), "{to}: no {part:?} in {}", ran.err);
        }
        assert!(ran.out.is_empty() && !ran.err.contains('\u{1b}'), "no colours in a pipe: {ran:?}");
    }
}

#[test]
fn an_environment_variable_overrides_the_file_and_a_wrong_one_is_named() {
    let folder = tempfile::tempdir().unwrap();
    file(folder.path(), "shop.yaml", BASE);
    let config = file(folder.path(), "a.toml", good());
    let check = |name: &str, value: &str| {
        finish(attendant().env("BOT_PASSWORD", "x").env(name, value).args(["check", "--config", &config]))
    };
    assert_eq!(check("ATTENDANT__SERVER__FAMILY", "chats").status, Some(0));
    let wrong = check("ATTENDANT__SERVER__FAMILY", "calls");
    assert_eq!(wrong.status, Some(2), "{wrong:?}");
    assert!(wrong.err.contains("calls"), "{wrong:?}");
}

#[test]
fn a_server_that_is_not_there_ends_a_sign_in_check_with_status_3() {
    let folder = tempfile::tempdir().unwrap();
    file(folder.path(), "shop.yaml", BASE);
    let config = file(folder.path(), "a.toml", good());
    let ran = finish(attendant().env("BOT_PASSWORD", "x").args(["check", "--config", &config, "--sign-in"]));
    assert_eq!(ran.status, Some(3), "{ran:?}");
    assert!(ran.err.contains("bot-01"), "{ran:?}");
}

#[test]
fn completions_are_printed_for_every_shell() {
    for shell in ["bash", "zsh", "fish"] {
        let ran = run(&["completions", shell]);
        assert_eq!(ran.status, Some(0));
        assert!(ran.out.contains("simulate"));
    }
}

#[test]
fn help_shows_examples_and_exit_statuses() {
    let ran = run(&["--help"]);
    assert!(ran.out.contains("Examples:") && ran.out.contains("Exit status"), "{ran:?}");
    assert_eq!(run(&["no-such-command"]).status, Some(2));
}

#[test]
fn a_configuration_for_busy_hours_is_called_good() {
    let folder = tempfile::tempdir().unwrap();
    file(folder.path(), "shop.yaml", BASE);
    for people in [
        "from = \"platform\"\nevery = \"3s\"\n[people.queues]\npeople = [\"service\"]\n",
        "from = \"table\"\n[people.table.service]\nsigned_in = 3\nready = 2\nfree = 1\nwait = \"90s\"\n",
    ] {
        let peak = "[peak]\npolicy = \"adaptive\"\nto = { skill = \"service\" }\nhours = \"from 8 to 18\"\n";
        let config = file(folder.path(), "a.toml", format!("{}\n{peak}\n[people]\n{people}", good()));
        let ran = finish(attendant().env("BOT_PASSWORD", "x").args(["check", "--config", &config]));
        assert_eq!(ran.status, Some(0), "{ran:?}");
    }
}
