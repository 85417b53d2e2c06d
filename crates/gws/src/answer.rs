//! Answers in all dialects: `statusCode`/`statusMessage`, `status`/`errorDescription`, and what else was seen on the wire.

use std::time::Duration;

use http::{HeaderMap, StatusCode as Http, header};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::wire::lenient;
use crate::{Error, Refusal, StatusCode};

/// What the server answered to an operation that it took. Taken is not done: the outcome comes as a notification.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Receipt {
    /// The number that the notification of the outcome carries, where the server gives one.
    pub reference: Option<i64>,
}

/// A whole answer, before anybody looked into it.
#[derive(Debug)]
pub(crate) struct Answer {
    pub http: Http,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

/// The part that all answers share.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    status_code: Option<Value>,
    status_message: Option<Value>,
    status: Option<Value>,
    error_description: Option<Value>,
    #[serde(default, deserialize_with = "lenient::integer")]
    reference_id: Option<i64>,
}

enum Verdict {
    Success,
    /// Some parts of a bulk operation failed.
    Partial,
    Refused(Option<StatusCode>),
    Absent,
}

impl Head {
    fn verdict(&self) -> Verdict {
        let nested = |key: &str| self.status.as_ref().and_then(|status| status.get(key));
        let code = [self.status_code.as_ref(), nested("code"), self.status.as_ref()];
        let code = code.into_iter().flatten().find_map(number).map(StatusCode::from_number);
        match (code, self.status.as_ref().and_then(Value::as_str)) {
            (Some(StatusCode::Success), _) => Verdict::Success,
            (Some(StatusCode::Partial), _) => Verdict::Partial,
            (Some(code), _) => Verdict::Refused(Some(code)),
            (None, Some(word)) if word.eq_ignore_ascii_case("ok") => Verdict::Success,
            (None, Some(_)) => Verdict::Refused(None),
            // A status code that is no number at all: present, and certainly not success.
            (None, None) if self.status_code.as_ref().is_some_and(|code| !code.is_null()) => Verdict::Refused(None),
            (None, None) => Verdict::Absent,
        }
    }

    fn message(&self) -> String {
        let nested = self.status.as_ref().and_then(|status| status.get("message"));
        let words = [self.status_message.as_ref(), self.error_description.as_ref(), nested];
        let found = words.into_iter().flatten().find(|words| !words.is_null());
        let text =
            found.map(|words| words.as_str().map_or_else(|| words.to_string(), str::to_owned)).unwrap_or_default();
        // The server's words are for logs; a page of them is not.
        text.chars().take(300).collect()
    }
}

fn number(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

impl Answer {
    /// Success as it stands, or the error that the answer is. Partial success counts as success if `partial` says so.
    pub fn check(&self, partial: bool) -> Result<Receipt, Error> {
        let http = self.http.as_u16();
        // Serde takes a list for a struct as well.
        let object = self.body.trim_ascii_start().starts_with(b"{");
        let head = object.then(|| serde_json::from_slice::<Head>(&self.body).ok()).flatten();
        let Some(head) = head else { return Err(self.without_json()) };
        let retry_after = self.retry_after();
        match head.verdict() {
            Verdict::Success if self.http.is_success() => Ok(Receipt { reference: head.reference_id }),
            Verdict::Partial if self.http.is_success() && partial => Ok(Receipt { reference: head.reference_id }),
            Verdict::Refused(Some(StatusCode::AccessDenied)) => Err(Error::Unauthenticated { http }),
            Verdict::Refused(code) => Err(Error::Refused(Refusal { code, message: head.message(), http, retry_after })),
            Verdict::Partial if self.http.is_success() => {
                let code = Some(StatusCode::Partial);
                Err(Error::Refused(Refusal { code, message: head.message(), http, retry_after }))
            }
            Verdict::Absent if self.http.is_success() => Err(Error::NoStatus),
            _ => Err(self.by_http()),
        }
    }

    /// The body, as what was asked for.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_slice(&self.body).map_err(|error| {
            // Of serde's words only the place is passed on: the rest can quote the customer's data.
            Error::Malformed(format!(
                "{:?} error at line {}, column {}",
                error.classify(),
                error.line(),
                error.column()
            ))
        })
    }

    fn without_json(&self) -> Error {
        if matches!(self.http.as_u16(), 401 | 403) || self.body.is_empty() {
            return self.by_http();
        }
        let content_type = self.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let content_type = content_type.unwrap_or("no content type").chars().take(80).collect();
        if self.http.is_success() || self.retry_after().is_none() {
            return Error::NotJson { http: self.http.as_u16(), content_type };
        }
        self.by_http()
    }

    fn by_http(&self) -> Error {
        let http = self.http.as_u16();
        match http {
            403 if contains_csrf(&self.body) => Error::CsrfRefused,
            401 | 403 => Error::Unauthenticated { http },
            200..300 => Error::NoStatus,
            _ => Error::Http { http, retry_after: self.retry_after() },
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        let seconds = self.headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
        Some(Duration::from_secs(seconds))
    }
}

/// The words are "Missing or invalid Csrf token", in plain text.
fn contains_csrf(body: &[u8]) -> bool {
    body.windows(4).take(4096).any(|four| four.eq_ignore_ascii_case(b"csrf"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(http: u16, body: &str) -> Result<Receipt, Error> {
        let http = Http::from_u16(http).unwrap();
        Answer { http, headers: HeaderMap::new(), body: body.as_bytes().to_vec() }.check(false)
    }

    #[test]
    fn every_spelling_of_success() {
        for body in [
            r#"{"statusCode":0}"#,
            r#"{"statusCode":"0"}"#,
            r#"{"status":0}"#,
            r#"{"status":"0"}"#,
            r#"{"status":"ok"}"#,
            r#"{"status":"OK"}"#,
            r#"{"status":{"code":0}}"#,
        ] {
            assert_eq!(check(200, body).unwrap(), Receipt::default(), "{body}");
        }
        assert_eq!(check(200, r#"{"statusCode":0,"referenceId":41}"#).unwrap().reference, Some(41));
        assert_eq!(check(200, r#"{"statusCode":0,"referenceId":"41"}"#).unwrap().reference, Some(41));
        assert_eq!(check(200, r#"{"statusCode":0,"referenceId":null}"#).unwrap().reference, None);
    }

    #[test]
    fn every_spelling_of_refusal() {
        for (body, code, message) in [
            (r#"{"statusCode":2,"statusMessage":"late"}"#, Some(StatusCode::InvalidState), "late"),
            (r#"{"statusCode":"6","statusMessage":null}"#, Some(StatusCode::NotFound), ""),
            (r#"{"status":"error","errorDescription":"busy"}"#, None, "busy"),
            (r#"{"status":3}"#, Some(StatusCode::Forbidden), ""),
            (r#"{"status":{"code":5,"message":"no"}}"#, Some(StatusCode::NoPermission), "no"),
            (r#"{"statusCode":7}"#, Some(StatusCode::Partial), ""),
            (r#"{"statusCode":"strange"}"#, None, ""),
        ] {
            let Err(Error::Refused(refusal)) = check(200, body) else { panic!("{body}") };
            assert_eq!((refusal.code, refusal.message.as_str()), (code, message), "{body}");
        }
    }

    #[test]
    fn an_error_in_the_body_wins_over_the_http_status_and_the_other_way_round() {
        let Err(Error::Refused(refusal)) = check(500, r#"{"statusCode":4,"statusMessage":"x"}"#) else { panic!() };
        assert_eq!((refusal.code, refusal.http), (Some(StatusCode::Internal), 500));
        assert!(matches!(check(500, r#"{"statusCode":0}"#), Err(Error::Http { http: 500, .. })));
    }

    #[test]
    fn what_is_no_answer_at_all() {
        assert!(matches!(check(200, "<html>"), Err(Error::NotJson { http: 200, .. })));
        assert!(matches!(check(502, "<html>"), Err(Error::NotJson { http: 502, .. })));
        assert!(matches!(check(200, "{}"), Err(Error::NoStatus)));
        assert!(matches!(check(200, ""), Err(Error::NoStatus)));
        assert!(matches!(check(200, r#"{"statusCode":null}"#), Err(Error::NoStatus)));
        assert!(matches!(check(200, "[0,0,0,0,0]"), Err(Error::NotJson { .. })));
        assert!(matches!(check(503, ""), Err(Error::Http { http: 503, .. })));
        assert!(matches!(check(302, ""), Err(Error::Http { http: 302, .. })));
    }

    #[test]
    fn the_ways_to_be_locked_out() {
        assert!(matches!(
            check(403, r#"{"statusCode":20,"statusMessage":"Access denied"}"#),
            Err(Error::Unauthenticated { .. })
        ));
        assert!(matches!(check(401, ""), Err(Error::Unauthenticated { http: 401 })));
        assert!(matches!(check(403, "Missing or invalid Csrf token"), Err(Error::CsrfRefused)));
        assert!(matches!(check(403, "<html>no</html>"), Err(Error::Unauthenticated { http: 403 })));
    }
}
