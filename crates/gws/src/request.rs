//! A request as a value: what goes on the wire, and whether it may go twice.

use http::Method;
use serde_json::Value;

/// Whether a request may be made again by the client itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// After every passing failure: doing it twice is the same as doing it once.
    Safe,
    /// Only when the server certainly did nothing. What may have been done is settled by reading the state.
    Undone,
    /// Never. The outcome is settled by the caller, by the echo in the transcript.
    Never,
}

/// A request, relative to the base URL.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// GET, POST or PUT.
    pub method: Method,
    /// Below the base URL, with the query.
    pub path: String,
    /// JSON.
    pub body: Option<Value>,
    /// Whether it may go twice.
    pub repeat: Repeat,
}

impl Request {
    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self { method: Method::GET, path: path.into(), body: None, repeat: Repeat::Safe }
    }

    pub(crate) fn post(path: impl Into<String>, body: Value, repeat: Repeat) -> Self {
        Self { method: Method::POST, path: path.into(), body: Some(body), repeat }
    }

    /// The name for logs: `operationName`, or the method.
    pub(crate) fn name(&self) -> &str {
        let operation = self.body.as_ref().and_then(|body| body.get("operationName")).and_then(Value::as_str);
        operation.unwrap_or(self.method.as_str())
    }
}

/// One segment of a path, with everything escaped that could end it.
pub(crate) fn segment(id: &str) -> String {
    url::form_urlencoded::byte_serialize(id.as_bytes()).collect::<String>().replace('+', "%20")
}
