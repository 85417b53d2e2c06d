//! Rules as they are written.

use crate::rules::{Rules, When};

fn read(text: &str) -> Result<Rules, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}

#[test]
fn every_kind_can_be_written_and_read_again() {
    let text = r#"[
        {"name": "asked", "when": "asked-for-person", "to": {"skill": "a", "or_else": {"queue": "b"}}, "words": "hi"},
        {"name": "legal", "when": {"words": ["lawyer"]}, "to": {"skill": "a"}, "must": true},
        {"name": "legal-2", "when": {"words": {"de": ["Anwalt"]}}, "words": {"de": "hallo"}, "to": {"skill": "a"}},
        {"name": "vip", "when": {"data": {"key": "Segment", "one_of": ["gold"]}}, "to": {"agent": "a"}, "on": false},
        {"name": "unsure", "when": {"confidence": {"below": 0.4}}, "to": {"skill": "a"}},
        {"name": "long", "when": {"length": {"turns": 20, "lasts": "15m"}}, "to": {"skill": "a"}},
        {"name": "silent", "when": {"silent": {"lasts": "4m"}}, "then": "finish", "disposition": "silent"},
        {"name": "closed", "when": {"closed": {"zone": "Europe/Berlin", "open": ["mon-fri 09:00-17:00"], "holidays": ["12-25"]}},
         "then": "stay", "words": "Back at {opens}.", "attach": {"CallBack": "requested"}}
    ]"#;
    let rules = read(text).unwrap();
    assert_eq!(rules.validate(), []);
    assert_eq!(rules.iter().count(), 8);
    assert!(matches!(&rules.iter().nth(4).unwrap().when, When::Confidence(confidence) if confidence.times == 2));
    let written = serde_json::to_string(&rules).unwrap();
    assert_eq!(read(&written).unwrap(), rules);
}

#[test]
fn what_cannot_be_read_says_why() {
    for (text, why) in [
        (r#"[{"name": "a", "when": "asked"}]"#, "asked-for-person"),
        (r#"[{"name": "a", "when": {"closed": {"zone": "Europe/Berln", "open": []}}}]"#, "Europe/Berlin"),
        (r#"[{"name": "a", "when": {"closed": {"zone": "UTC", "open": ["mon 9-17"]}}}]"#, "mon-fri 09:00-17:30"),
        (r#"[{"name": "a", "when": {"closed": {"zone": "UTC", "open": [], "holidays": ["25.12."]}}}]"#, "12-25"),
        (r#"[{"name": "a", "when": {"words": 7}}]"#, "a list of words"),
        (r#"[{"name": "a", "when": {"words": ["x"]}, "words": 7}]"#, "words for each language"),
        (r#"[{"name": "a", "when": {"data": {"key": "x", "equals": "y"}}}]"#, "one_of"),
        (r#"[{"name": "a", "when": {"words": ["x"]}, "too": {}}]"#, "too"),
    ] {
        let error = read(text).unwrap_err();
        assert!(error.contains(why), "{text}: {error}");
    }
}

#[test]
fn what_cannot_work_is_named() {
    for (rule, why) in [
        (r#""name": " ", "when": "asked-for-person", "to": {"skill": "a"}"#, "name"),
        (r#""name": "drain", "when": "asked-for-person", "to": {"skill": "a"}"#, "runtime"),
        (r#""name": "a", "when": "asked-for-person""#, "`to`"),
        (r#""name": "a", "when": "asked-for-person", "to": {"skill": "a", "queue": "b"}"#, "exactly one"),
        (r#""name": "a", "when": "asked-for-person", "to": {"skill": "a", "or_else": {}}"#, "exactly one"),
        (r#""name": "a", "when": "asked-for-person", "then": "stay""#, "words"),
        (r#""name": "a", "when": {"words": []}, "to": {"skill": "a"}"#, "empty"),
        (r#""name": "a", "when": {"words": ["!"]}, "to": {"skill": "a"}"#, "letters"),
        (r#""name": "a", "when": {"data": {"key": ""}}, "to": {"skill": "a"}"#, "key"),
        (r#""name": "a", "when": {"data": {"key": "x", "is": "y", "one_of": ["z"]}}, "to": {"skill": "a"}"#, "both"),
        (r#""name": "a", "when": {"confidence": {"below": 40}}, "to": {"skill": "a"}"#, "at most 1"),
        (r#""name": "a", "when": {"confidence": {"below": 0.4, "times": 0}}, "to": {"skill": "a"}"#, "times"),
        (r#""name": "a", "when": {"length": {}}, "to": {"skill": "a"}"#, "turns"),
        (r#""name": "a", "when": {"silent": {"lasts": "0s"}}, "to": {"skill": "a"}"#, "zero"),
        (r#""name": "a", "when": {"closed": {"zone": "UTC", "open": []}}, "to": {"skill": "a"}"#, "nobody"),
    ] {
        let rules = read(&format!("[{{{rule}}}]")).unwrap();
        let found = rules.validate();
        assert!(found.len() == 1 && found[0].why.contains(why), "{rule}: {found:?}");
    }
    let twice = r#"{"name": "a", "when": "asked-for-person", "to": {"skill": "a"}}"#;
    assert_eq!(read(&format!("[{twice},{twice}]")).unwrap().validate().len(), 1);
}
