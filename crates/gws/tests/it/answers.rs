//! Every answer to an operation, in all dialects. The golden file is written by hand from the reference.

use std::collections::BTreeMap;

use gws::{Client, Credentials, Error, Operation, Retry};
use serde::Deserialize;
use serde_json::Value;

use crate::server::{Server, says};

#[derive(Deserialize)]
struct Golden {
    http: u16,
    body: Option<Value>,
    text: Option<String>,
    means: String,
}

fn meaning(outcome: Result<gws::Receipt, Error>) -> String {
    match outcome {
        Ok(receipt) => receipt.reference.map_or_else(|| "taken".into(), |number| format!("taken {number}")),
        Err(Error::Refused(refusal)) => match refusal.code {
            Some(code) => format!("refused {}: {}", code.number(), refusal.message),
            None => format!("refused: {}", refusal.message),
        },
        Err(Error::Unauthenticated { .. }) => "unauthenticated".into(),
        Err(Error::CsrfRefused) => "csrf".into(),
        Err(Error::NotJson { .. }) => "not json".into(),
        Err(Error::NoStatus) => "no status".into(),
        Err(Error::Http { http, .. }) => format!("http {http}"),
        Err(other) => format!("{other:?}"),
    }
}

#[tokio::test]
async fn every_answer_means_what_it_means() {
    let golden: BTreeMap<String, Golden> = serde_json::from_str(include_str!("../golden/answers.json")).unwrap();
    for (name, one) in golden {
        let body = one.body.map_or(one.text.unwrap_or_default(), |body| body.to_string());
        // Renewals of the session are refused in the same way.
        let server = Server::start((0..4).map(|_| says(one.http, "", &body))).await;
        let options = gws::Options { retry: Retry::NEVER, ..server.options() };
        let session = Client::new(options).unwrap().session(Credentials::new("bot-01", "s3cret"));
        assert_eq!(meaning(session.perform("A1", &Operation::Reject).await), one.means, "{name}");
    }
}
