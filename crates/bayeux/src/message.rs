//! Messages on the wire: what a server sends, read once and borrowing from its body, and what a client sends.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::channel::Channel;
use crate::error::{Error, Refusal};

/// A piece of JSON text: the `data` of a delivery. It shares the memory of the answer it came in, so keeping one keeps all
/// of that answer; copy out what is to stay for long.
#[derive(Clone, PartialEq, Eq)]
pub struct Json(Bytes);

impl Json {
    pub(crate) fn new(text: impl Into<Bytes>) -> Self {
        Self(text.into())
    }

    /// The text.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Its bytes.
    pub fn bytes(&self) -> &Bytes {
        &self.0
    }

    /// Reads it. A type with borrowed fields borrows from this value.
    pub fn parse<'a, T: Deserialize<'a>>(&'a self) -> Result<T, serde_json::Error> {
        serde_json::from_slice(&self.0)
    }
}

impl fmt::Debug for Json {
    /// The text of messages is not for logs: the length has to do.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Json({} bytes)", self.0.len())
    }
}

/// A message from a server.
#[derive(Debug, Clone)]
pub struct Incoming {
    /// Its channel; replies carry the one of the request.
    pub channel: Channel,
    /// The id of the request, or (Faye) of the publisher.
    pub id: Option<Box<str>>,
    /// The payload. A message that has one is a delivery.
    pub data: Option<Json>,
    /// Everything else, which most deliveries do not have.
    pub(crate) rest: Option<Box<Rest>>,
}

/// The fields of replies.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rest {
    pub successful: Option<bool>,
    pub client_id: Option<String>,
    pub error: Option<String>,
    pub subscription: Vec<String>,
    pub advice: Option<Value>,
    pub ext: Option<Value>,
    pub transports: Vec<String>,
    pub held_messages: Option<u64>,
    pub reestablish: Option<bool>,
    pub timestamp: Option<String>,
    /// Fields that had another type than they must have.
    pub misfits: Vec<&'static str>,
}

impl Incoming {
    pub(crate) fn rest(&self) -> Option<&Rest> {
        self.rest.as_deref()
    }

    /// `successful`, if it is there.
    pub fn successful(&self) -> Option<bool> {
        self.rest().and_then(|rest| rest.successful)
    }

    /// `ext`, if it is there.
    pub fn ext(&self) -> Option<&Value> {
        self.rest().and_then(|rest| rest.ext.as_ref())
    }

    /// `timestamp`, if it is there.
    pub fn timestamp(&self) -> Option<&str> {
        self.rest().and_then(|rest| rest.timestamp.as_deref())
    }

    /// The `error` field, read.
    pub fn refusal(&self) -> Refusal {
        self.rest().and_then(|rest| rest.error.as_deref()).map(Refusal::parse).unwrap_or_default()
    }

    pub(crate) fn advice(&self) -> Option<&Value> {
        self.rest().and_then(|rest| rest.advice.as_ref())
    }

    pub(crate) fn number(&self) -> Option<u64> {
        self.id.as_deref().and_then(|id| id.parse().ok())
    }

    /// The message as an object, for extensions.
    pub(crate) fn to_object(&self) -> Map<String, Value> {
        let mut object = Map::new();
        object.insert("channel".into(), self.channel.as_str().into());
        if let Some(id) = &self.id {
            object.insert("id".into(), Value::from(&**id));
        }
        if let Some(data) = &self.data {
            object.insert("data".into(), data.parse().unwrap_or(Value::Null));
        }
        let Some(rest) = self.rest() else { return object };
        let fields = [
            ("successful", rest.successful.map(Value::from)),
            ("clientId", rest.client_id.clone().map(Value::from)),
            ("error", rest.error.clone().map(Value::from)),
            ("advice", rest.advice.clone()),
            ("ext", rest.ext.clone()),
            ("timestamp", rest.timestamp.clone().map(Value::from)),
            ("x-messages", rest.held_messages.map(Value::from)),
            ("reestablish", rest.reestablish.map(Value::from)),
            ("subscription", (!rest.subscription.is_empty()).then(|| rest.subscription.clone().into())),
            ("supportedConnectionTypes", (!rest.transports.is_empty()).then(|| rest.transports.clone().into())),
        ];
        object.extend(fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
        object
    }

    fn rest_mut(&mut self) -> &mut Rest {
        self.rest.get_or_insert_default()
    }
}

/// The messages of one body or frame.
#[derive(Debug, Default)]
pub struct Decoded {
    /// In the order of the array.
    pub messages: Vec<Incoming>,
    /// How many elements of the array were no messages: not objects, or without a channel.
    pub rejected: usize,
}

/// Reads a body: an array of messages, or a bare one. Unknown fields are skipped, fields of a wrong type count as missing, of
/// a key that stands twice the last one holds. Nesting is not limited here, because nested values are skipped, not built.
pub fn decode(body: &Bytes) -> Result<Decoded, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let decoded = BodySeed { body }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(decoded)
}

struct BodySeed<'b> {
    body: &'b Bytes,
}

impl<'de> DeserializeSeed<'de> for BodySeed<'_> {
    type Value = Decoded;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Decoded, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for BodySeed<'_> {
    type Value = Decoded;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an array of messages")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Decoded, A::Error> {
        let mut decoded = Decoded::default();
        let mut last: Option<Channel> = None;
        while let Some(message) = sequence.next_element_seed(MessageSeed { body: self.body, last: last.as_ref() })? {
            match message {
                Some(message) => {
                    if last.as_ref() != Some(&message.channel) {
                        last = Some(message.channel.clone());
                    }
                    decoded.messages.push(message);
                }
                None => decoded.rejected += 1,
            }
        }
        Ok(decoded)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Decoded, A::Error> {
        let message = MessageSeed { body: self.body, last: None }.visit_map(map)?;
        Ok(Decoded { rejected: usize::from(message.is_none()), messages: message.into_iter().collect() })
    }
}

/// One element of the array; `None` if it is no message.
struct MessageSeed<'b, 'c> {
    body: &'b Bytes,
    /// The channel of the message before: a burst on one channel shares one name.
    last: Option<&'c Channel>,
}

impl<'de> DeserializeSeed<'de> for MessageSeed<'_, '_> {
    type Value = Option<Incoming>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<Incoming>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

macro_rules! not_a_message {
    ($($name:ident($($type:ty)?)),*) => {
        $(fn $name<E>(self $(, _: $type)?) -> Result<Option<Incoming>, E> { Ok(None) })*
    };
}

impl<'de> Visitor<'de> for MessageSeed<'_, '_> {
    type Value = Option<Incoming>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a message")
    }

    not_a_message!(visit_bool(bool), visit_i64(i64), visit_u64(u64), visit_f64(f64), visit_str(&str), visit_unit());

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Option<Incoming>, A::Error> {
        while sequence.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Option<Incoming>, A::Error> {
        let mut message = Incoming { channel: Channel::received(""), id: None, data: None, rest: None };
        let mut named = false;
        while let Some(key) = map.next_key::<Key>()? {
            match key {
                Key::Channel => match map.next_value::<Text<'de>>()? {
                    Text::Is(name) => {
                        named = true;
                        message.channel = match self.last {
                            Some(last) if last.as_str() == name => last.clone(),
                            _ => Channel::received(&name),
                        };
                    }
                    Text::Null | Text::Misfit => named = false,
                },
                Key::Id => match map.next_value::<Text<'de>>()? {
                    Text::Is(id) => message.id = Some(id.into()),
                    Text::Null => {}
                    Text::Misfit => message.rest_mut().misfits.push("id"),
                },
                Key::Data => {
                    let raw = map.next_value::<&'de RawValue>()?;
                    message.data = Some(match without_lone_surrogates(raw.get()) {
                        None => Json(self.body.slice_ref(raw.get().as_bytes())),
                        Some(mended) => Json(mended.into()),
                    });
                }
                Key::Rest(field) => {
                    // A field of a reply: small, so it may be built.
                    let raw = map.next_value::<&'de RawValue>()?;
                    if raw.get() != "null" {
                        let value = serde_json::from_str::<Value>(raw.get()).unwrap_or(Value::Null);
                        if !message.rest_mut().take(field, value) {
                            message.rest_mut().misfits.push(field);
                        }
                    }
                }
                Key::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        // A `data` of null is no payload: some servers write it into replies.
        if message.data.as_ref().is_some_and(|data| data.bytes().as_ref() == b"null") && message.successful().is_some()
        {
            message.data = None;
        }
        Ok(named.then_some(message))
    }
}

/// JavaScript cuts texts in the middle of a character, and then writes half of a pair, which no text here can hold. Such a
/// half becomes the replacement character. `None` if there is nothing to mend, which is nearly always.
fn without_lone_surrogates(text: &str) -> Option<String> {
    let first = text.find("\\u")?;
    let bytes = text.as_bytes();
    let mut lone = Vec::new();
    let mut position = first;
    while position < bytes.len() {
        if bytes[position] != b'\\' {
            position += 1;
        } else if bytes.get(position + 1) != Some(&b'u') {
            position += 2;
        } else {
            let high = (0xD800..0xDC00).contains(&escape(bytes, position));
            if high && (0xDC00..0xE000).contains(&escape(bytes, position + 6)) {
                position += 12;
                continue;
            }
            if (0xD800..0xE000).contains(&escape(bytes, position)) {
                lone.push(position);
            }
            position += 6;
        }
    }
    if lone.is_empty() {
        return None;
    }
    let mut mended = text.to_owned();
    for position in lone {
        mended.replace_range(position..position + 6, "\\ufffd");
    }
    Some(mended)
}

/// The code unit of a `\uXXXX` at this place; 0 if there is none.
fn escape(bytes: &[u8], position: usize) -> u32 {
    match bytes.get(position..position + 6) {
        Some([b'\\', b'u', digits @ ..]) => {
            std::str::from_utf8(digits).ok().and_then(|digits| u32::from_str_radix(digits, 16).ok()).unwrap_or(0)
        }
        _ => 0,
    }
}

impl Rest {
    fn take(&mut self, field: &'static str, value: Value) -> bool {
        match (field, value) {
            ("successful", Value::Bool(value)) => self.successful = Some(value),
            ("clientId", Value::String(value)) => self.client_id = Some(value),
            ("error", Value::String(value)) => self.error = Some(value),
            ("timestamp", Value::String(value)) => self.timestamp = Some(value),
            ("subscription", Value::String(value)) => self.subscription = vec![value],
            ("subscription", Value::Array(values)) => self.subscription = texts(values),
            ("supportedConnectionTypes", Value::Array(values)) => self.transports = texts(values),
            ("advice", value @ Value::Object(_)) => self.advice = Some(value),
            ("ext", value @ Value::Object(_)) => self.ext = Some(value),
            ("x-messages", Value::Number(value)) => self.held_messages = value.as_u64(),
            ("reestablish", Value::Bool(value)) => self.reestablish = Some(value),
            _ => return false,
        }
        true
    }
}

fn texts(values: Vec<Value>) -> Vec<String> {
    values.into_iter().filter_map(|value| if let Value::String(text) = value { Some(text) } else { None }).collect()
}

enum Key {
    Channel,
    Id,
    Data,
    Rest(&'static str),
    Other,
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;
        impl Visitor<'_> for KeyVisitor {
            type Value = Key;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a key")
            }
            fn visit_str<E>(self, key: &str) -> Result<Key, E> {
                const REST: [&str; 10] = [
                    "successful",
                    "clientId",
                    "error",
                    "subscription",
                    "advice",
                    "ext",
                    "supportedConnectionTypes",
                    "x-messages",
                    "reestablish",
                    "timestamp",
                ];
                Ok(match key {
                    "channel" => Key::Channel,
                    "id" => Key::Id,
                    "data" => Key::Data,
                    _ => REST.into_iter().find(|name| *name == key).map_or(Key::Other, Key::Rest),
                })
            }
        }
        deserializer.deserialize_identifier(KeyVisitor)
    }
}

/// A text, where a text must stand; numbers are taken for text, as some servers write ids so.
enum Text<'de> {
    Is(Cow<'de, str>),
    Null,
    Misfit,
}

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&'de RawValue>::deserialize(deserializer)?;
        let text = raw.get();
        Ok(match text.as_bytes().first() {
            Some(b'"') => {
                // Without escapes the text is the bytes between the quotes.
                let inner = &text[1..text.len() - 1];
                if inner.contains('\\') {
                    serde_json::from_str::<String>(text).map_or(Text::Misfit, |owned| Text::Is(Cow::Owned(owned)))
                } else {
                    Text::Is(Cow::Borrowed(inner))
                }
            }
            Some(b'n') => Text::Null,
            Some(b'-' | b'0'..=b'9') => Text::Is(Cow::Borrowed(text)),
            _ => Text::Misfit,
        })
    }
}

/// A message to a server. `id` and `clientId` are filled in when it leaves.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// Its channel.
    pub channel: Channel,
    /// Unique in the session.
    pub id: u64,
    /// The session; the handshake has none.
    pub client_id: Option<Arc<str>>,
    /// The payload as JSON text.
    pub data: Option<Bytes>,
    /// All other fields.
    pub fields: Map<String, Value>,
}

impl Outgoing {
    /// Its JSON text, appended.
    pub fn encode(&self, into: &mut Vec<u8>) {
        into.extend_from_slice(br#"{"channel":"#);
        text(into, &self.channel);
        into.extend_from_slice(format!(r#","id":"{}""#, self.id).as_bytes());
        if let Some(client_id) = &self.client_id {
            into.extend_from_slice(br#","clientId":"#);
            text(into, client_id);
        }
        for (key, value) in &self.fields {
            into.push(b',');
            text(into, key);
            into.push(b':');
            // Writing a Value into a Vec cannot fail.
            let _ = serde_json::to_writer(&mut *into, value);
        }
        if let Some(data) = &self.data {
            into.extend_from_slice(br#","data":"#);
            into.extend_from_slice(data);
        }
        into.push(b'}');
    }

    /// About how many bytes it takes.
    pub(crate) fn size(&self) -> usize {
        let mut bytes = Vec::new();
        if !self.fields.is_empty() {
            let _ = serde_json::to_writer(&mut bytes, &self.fields);
        }
        let client_id = self.client_id.as_ref().map_or(0, |id| id.len() + 14);
        bytes.len() + client_id + self.channel.len() + 48 + self.data.as_ref().map_or(0, Bytes::len)
    }
}

fn text(into: &mut Vec<u8>, value: &str) {
    let _ = serde_json::to_writer(into, value);
}

/// Turns a value into JSON text once, where it enters.
pub(crate) fn to_json<T: serde::Serialize + ?Sized>(value: &T) -> Result<Bytes, Error> {
    serde_json::to_vec(value).map(Bytes::from).map_err(|error| Error::Data(error.to_string()))
}
