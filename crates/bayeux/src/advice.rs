//! Advice: how the server wants to be reconnected to.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value};

/// What to do after the answer that carried the advice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reconnect {
    /// Connect again.
    Retry,
    /// Open a new session.
    Handshake,
    /// Stop.
    None,
}

/// A server's advice. Newer advice replaces older advice whole: a missing key means the client's default.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Advice {
    /// What to do next.
    pub reconnect: Option<Reconnect>,
    /// The least wait before the next connect.
    pub interval: Option<Duration>,
    /// A negative interval: do not come back by yourself.
    pub never: bool,
    /// How long the server holds a connect.
    pub timeout: Option<Duration>,
    /// How long the server keeps a session whose client does not connect.
    pub max_interval: Option<Duration>,
    /// Other sessions of the same browser are alive.
    pub multiple_clients: bool,
    /// Other hosts that serve the same sessions, in order of preference.
    pub hosts: Vec<String>,
    /// Keys whose values make no sense, and were left out.
    pub ignored: Vec<String>,
}

/// No server holds longer, or asks for a longer wait; what is above is taken for a mistake.
const LONGEST: u64 = 24 * 60 * 60 * 1000;

impl Advice {
    /// Reads an advice object for one transport: what stands in the sub-object of that name goes before the rest.
    /// `None` if the value is no object at all.
    pub fn read(value: &Value, transport: &str) -> Option<Self> {
        let object = value.as_object()?;
        let mut advice = Self::default();
        advice.take(object);
        if let Some(own) = object.get(transport).and_then(Value::as_object) {
            advice.take(own);
        }
        Some(advice)
    }

    fn take(&mut self, object: &Map<String, Value>) {
        for (key, value) in object {
            let taken = match key.as_str() {
                "reconnect" => match value.as_str() {
                    Some("retry") => store(&mut self.reconnect, Reconnect::Retry),
                    Some("handshake") => store(&mut self.reconnect, Reconnect::Handshake),
                    Some("none") => store(&mut self.reconnect, Reconnect::None),
                    _ => false,
                },
                "interval" => {
                    self.never = number(value).is_some_and(|number| number < 0.0);
                    self.never || duration(value).is_some_and(|interval| store(&mut self.interval, interval))
                }
                "timeout" => duration(value).is_some_and(|timeout| store(&mut self.timeout, timeout)),
                "maxInterval" => duration(value).is_some_and(|longest| store(&mut self.max_interval, longest)),
                "multiple-clients" => match value {
                    Value::Bool(many) => {
                        self.multiple_clients = *many;
                        true
                    }
                    _ => false,
                },
                "hosts" => match Vec::<String>::deserialize(value) {
                    Ok(hosts) => {
                        self.hosts = hosts;
                        true
                    }
                    Err(_) => false,
                },
                // A key of an extension, or the sub-object of a transport.
                _ => true,
            };
            if !taken {
                self.ignored.push(key.clone());
            }
        }
    }
}

fn store<T>(place: &mut Option<T>, value: T) -> bool {
    *place = Some(value);
    true
}

/// Numbers come as numbers, and from careless servers as text.
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok().filter(|number: &f64| number.is_finite()),
        _ => None,
    }
}

fn duration(value: &Value) -> Option<Duration> {
    let number = number(value)?;
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the range is checked"
    )]
    (0.0..=LONGEST as f64).contains(&number).then(|| Duration::from_millis(number as u64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// AD11
    #[test]
    fn values_that_make_no_sense_are_left_out_and_named() {
        let advice = Advice::read(
            &json!({"reconnect": "maybe", "interval": 1e300, "timeout": "soon", "maxInterval": -5, "multiple-clients": 1,
                    "hosts": "a", "x": 1}),
            "long-polling",
        )
        .unwrap();
        let mut ignored = advice.ignored.clone();
        ignored.sort();
        assert_eq!(ignored, ["hosts", "interval", "maxInterval", "multiple-clients", "reconnect", "timeout"]);
        assert_eq!(Advice { ignored: Vec::new(), ..advice }, Advice::default());
        assert_eq!(Advice::read(&json!("retry"), "x"), None);
        assert_eq!(Advice::read(&json!({"interval": "2000"}), "x").unwrap().interval, Some(Duration::from_secs(2)));
    }

    /// AD10
    #[test]
    fn advice_for_one_transport_goes_before_the_rest() {
        let value = json!({"reconnect": "retry", "interval": 0, "timeout": 30000, "long-polling": {"interval": 500}});
        assert_eq!(Advice::read(&value, "long-polling").unwrap().interval, Some(Duration::from_millis(500)));
        assert_eq!(Advice::read(&value, "long-polling").unwrap().timeout, Some(Duration::from_secs(30)));
        assert_eq!(Advice::read(&value, "websocket").unwrap().interval, Some(Duration::ZERO));
    }

    /// AD4
    #[test]
    fn a_negative_interval_means_never() {
        assert!(Advice::read(&json!({"interval": -1}), "x").unwrap().never);
    }
}
