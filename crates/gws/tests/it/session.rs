//! A login against a scripted server: credentials, cookies, CSRF, renewal, repetition, and every bad answer.

use std::time::Duration;

use gws::{
    Client, ContactQuery, Credentials, Error, InteractionState, Operation, Options, Outcome, Presence, StatusCode,
    Visibility,
};

use crate::server::{ME, Reply, Server, ok, says, signed_in};

const OK: &str = r#"{"statusCode":0}"#;

fn say(text: &str) -> Operation {
    Operation::SendMessage { text: text.into(), to: Visibility::All }
}

fn denied() -> Reply {
    says(403, "", r#"{"statusCode":20,"statusMessage":"Access denied"}"#)
}

#[tokio::test]
async fn every_request_carries_credentials_cookie_and_csrf_token_of_its_own_login() {
    let server = Server::start([
        signed_in("one", "t-1"),
        signed_in("two", "t-2"),
        ok(r#"{"statusCode":0,"referenceId":7}"#),
        ok(OK),
    ])
    .await;
    let client = Client::new(server.options()).unwrap();
    let one = client.session(Credentials::new("bot-01", "s3cret"));
    let two = client.session(Credentials::new("bot-02", "other"));
    let user = one.sign_in().await.unwrap();
    assert_eq!((user.id.as_str(), user.user_name.as_str()), ("u-bot-01", "bot-01"));
    two.sign_in().await.unwrap();
    assert_eq!(one.perform("A1", &say("hi")).await.unwrap().reference, Some(7));
    two.set_presence(Presence::Ready).await.unwrap();

    let asked = server.asked();
    assert_eq!(asked[0].header("authorization"), Some("Basic Ym90LTAxOnMzY3JldA=="));
    assert_eq!(asked[0].header("cookie"), None);
    assert_eq!(asked[2].line, "POST /api/v2/me/chats/A1");
    assert_eq!(asked[2].body, r#"{"operationName":"SendMessage","text":"hi"}"#);
    assert_eq!(asked[2].header("content-type"), Some("application/json"));
    let carried = |at: usize| (asked[at].header("cookie").unwrap(), asked[at].header("x-csrf-token").unwrap());
    assert_eq!(carried(2), ("JSESSIONID=one", "t-1"));
    assert_eq!(carried(3), ("JSESSIONID=two", "t-2"));
}

#[tokio::test]
async fn a_wrong_password_is_told_after_one_renewal_and_never_quoted() {
    let server = Server::start([denied(), denied(), denied()]).await;
    let error = server.session().sign_in().await.unwrap_err();
    assert!(matches!(error, Error::Unauthenticated { http: 403 }));
    assert!(!error.is_retryable());
    assert_eq!(error.code(), Some(StatusCode::AccessDenied));
    assert_eq!(error.outcome(), Outcome::NotPerformed);
    assert!(!format!("{error} {error:?}").contains("s3cret"));
    assert_eq!(server.lines().len(), 3);
}

#[tokio::test]
async fn an_expired_session_is_renewed_and_the_request_goes_once_more() {
    let server = Server::start([signed_in("old", "t-1"), denied(), signed_in("new", "t-2"), ok(OK)]).await;
    let session = server.session();
    session.sign_in().await.unwrap();
    session.perform("A1", &say("hi")).await.unwrap();
    let lines = server.lines();
    assert_eq!(lines[1..], ["POST /api/v2/me/chats/A1", "GET /api/v2/me", "POST /api/v2/me/chats/A1"]);
    let last = &server.asked()[3];
    assert_eq!((last.header("cookie"), last.header("x-csrf-token")), (Some("JSESSIONID=new"), Some("t-2")));
}

#[tokio::test]
async fn a_refused_csrf_token_is_renewed_once_and_then_told() {
    let csrf = || says(403, "Content-Type: text/plain\r\n", "Missing or invalid Csrf token");
    let server = Server::start([
        signed_in("c", "t-1"),
        csrf(),
        signed_in("c", "t-2"),
        ok(OK),
        csrf(),
        signed_in("c", "t-3"),
        csrf(),
    ])
    .await;
    let session = server.session();
    session.sign_in().await.unwrap();
    session.set_presence(Presence::Ready).await.unwrap();
    let error = session.set_presence(Presence::NotReady).await.unwrap_err();
    assert!(matches!(error, Error::CsrfRefused));
    assert_eq!(server.lines().len(), 7);
    assert_eq!(server.asked()[6].header("x-csrf-token"), Some("t-3"));
}

#[tokio::test]
async fn a_session_that_is_replaced_while_it_is_renewed_is_renewed_once_more() {
    let csrf = says(403, "Set-Cookie: JSESSIONID=of-cometd; Path=/\r\n", "Missing or invalid Csrf token");
    let server = Server::start([
        signed_in("old", "t-1"),
        denied(),
        signed_in("new", "t-2"),
        csrf,
        signed_in("of-cometd", "t-3"),
        ok(OK),
    ])
    .await;
    let session = server.session();
    session.sign_in().await.unwrap();
    session.perform("A1", &say("hi")).await.unwrap();
    assert_eq!(server.lines()[5], "POST /api/v2/me/chats/A1");
    let last = &server.asked()[5];
    assert_eq!((last.header("cookie"), last.header("x-csrf-token")), (Some("JSESSIONID=of-cometd"), Some("t-3")));
}

#[tokio::test]
async fn the_server_can_name_the_csrf_header() {
    let named = says(200, "X-CSRF-HEADER: X-Guard\r\nX-CSRF-TOKEN: t-1\r\n", ME);
    let server = Server::start([named, ok(OK)]).await;
    let session = server.session();
    session.sign_in().await.unwrap();
    session.set_presence(Presence::Ready).await.unwrap();
    assert_eq!(server.asked()[1].header("x-guard"), Some("t-1"));
}

#[tokio::test]
async fn a_message_whose_answer_is_lost_is_not_sent_again() {
    let page = || says(200, "Content-Type: text/html\r\n", "<html>");
    for reply in [Reply::HangUp, page(), ok("{}"), says(504, "", "")] {
        let server = Server::start([signed_in("c", "t"), reply.clone()]).await;
        let session = server.session();
        session.sign_in().await.unwrap();
        let error = session.perform("A1", &say("hi")).await.unwrap_err();
        assert_eq!(error.outcome(), Outcome::Unknown, "{reply:?}: {error}");
        assert_eq!(server.lines().len(), 2);
    }
}

#[tokio::test]
async fn an_answer_that_is_not_json_or_has_no_status_is_told_as_such() {
    let server =
        Server::start([says(200, "Content-Type: text/html\r\n", "<html>"), ok(r#"{"user":{}}"#), ok(OK)]).await;
    let session = server.session();
    let Err(Error::NotJson { http: 200, content_type }) = session.me().await else { panic!() };
    assert_eq!(content_type, "text/html");
    assert!(matches!(session.me().await, Err(Error::NoStatus)));
    assert!(matches!(session.me().await, Err(Error::Malformed(_))), "no user in the answer");
}

#[tokio::test]
async fn an_internal_error_of_the_back_end_is_a_refusal_that_may_pass() {
    let broken = || says(500, "", r#"{"statusCode":4,"statusMessage":"Device '5001' is not registered."}"#);
    let server = Server::start([signed_in("c", "t"), broken(), broken(), ok(OK)]).await;
    let session = server.session();
    session.sign_in().await.unwrap();
    // Never by itself for a message …
    let error = session.perform("A1", &say("hi")).await.unwrap_err();
    assert_eq!((error.code(), error.is_retryable()), (Some(StatusCode::Internal), true));
    assert_eq!(error.outcome(), Outcome::NotPerformed);
    // … but for what does no harm twice.
    session.perform("A1", &Operation::StartTyping(Visibility::All)).await.unwrap();
    assert_eq!(server.lines().len(), 4);
}

#[tokio::test]
async fn a_burst_of_503_is_waited_out_with_the_hint_of_the_server() {
    let busy = || says(503, "Retry-After: 0\r\n", "busy");
    let server =
        Server::start([signed_in("c", "t"), busy(), busy(), busy(), ok(OK), says(503, "Retry-After: 7\r\n", "")]).await;
    let session = server.session();
    session.sign_in().await.unwrap();
    session.perform("A1", &Operation::Accept { nickname: "Robo".into() }).await.unwrap();
    // A hint beyond the deadline is not waited for: the caller gets it.
    let error = session.perform("A1", &Operation::Reject).await.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
    assert!(error.is_retryable() && error.outcome() == Outcome::NotPerformed);
    assert_eq!(server.lines().len(), 6);
}

#[tokio::test]
async fn an_accept_whose_answer_is_lost_is_not_repeated_but_a_read_is() {
    let server = Server::start([Reply::HangUp, Reply::HangUp, ok(r#"{"statusCode":0,"chats":[]}"#)]).await;
    let session = server.session();
    let error = session.perform("A1", &Operation::Accept { nickname: "Robo".into() }).await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::Unknown);
    assert_eq!(session.interactions().await.unwrap(), []);
    assert_eq!(server.lines().len(), 3);
}

#[tokio::test]
async fn an_offer_withdrawn_meanwhile_is_a_refusal_that_does_not_pass() {
    let late = || ok(r#"{"statusCode":2,"statusMessage":"not in this state"}"#);
    let server = Server::start([late()]).await;
    let error = server.session().perform("A1", &Operation::Accept { nickname: "Robo".into() }).await.unwrap_err();
    assert_eq!((error.code(), error.is_retryable()), (Some(StatusCode::InvalidState), false));
    server.lines();
}

#[tokio::test]
async fn the_other_dialect_refuses_in_words_alone() {
    let server =
        Server::start([ok(r#"{"status":"error","errorDescription":"agent is busy"}"#), ok(r#"{"status":"ok"}"#)]).await;
    let session = server.session();
    let Err(Error::Refused(refusal)) = session.perform("A1", &Operation::EndChat).await else { panic!() };
    assert_eq!((refusal.code, refusal.message.as_str()), (None, "agent is busy"));
    session.perform("A1", &Operation::EndChat).await.unwrap();
}

#[tokio::test]
async fn a_partial_start_counts_only_if_chats_are_in_it() {
    let partial = |failed: &str, succeeded: &str| {
        let failed = format!(r#"{{"statusCode":4,"statusMessage":"connection is not opened","channel":"{failed}"}}"#);
        ok(&format!(
            r#"{{"statusCode":7,"failed":[{failed}],"succeeded":[{{"statusCode":0,"channel":"{succeeded}"}}]}}"#
        ))
    };
    let server = Server::start([partial("multimedia", "voice"), partial("voice", "chat"), ok(OK)]).await;
    let session = server.session();
    let Err(Error::PartialStart(failed)) = session.start().await else { panic!() };
    assert_eq!((failed[0].channel.as_str(), failed[0].refusal.code), ("multimedia", Some(StatusCode::Internal)));
    assert!(Error::PartialStart(failed).is_retryable());
    assert_eq!(session.start().await.unwrap().failed[0].channel, "voice");
    assert_eq!(session.start().await.unwrap().failed, []);
}

#[tokio::test]
async fn an_unreachable_server_is_told_after_the_deadline_and_nothing_was_done() {
    let mut options = Options::new("http://127.0.0.1:1/api/v2".parse().unwrap());
    options.retry.deadline = Duration::from_millis(50);
    let session = Client::new(options).unwrap().session(Credentials::new("bot-01", "s3cret"));
    let error = session.sign_in().await.unwrap_err();
    assert!(matches!(error, Error::Unreachable(_)), "{error}");
    assert!(error.is_retryable() && error.outcome() == Outcome::NotPerformed);
}

#[tokio::test]
async fn ending_the_session_forgets_cookie_and_token() {
    let server = Server::start([signed_in("c", "t"), ok(OK), ok(ME)]).await;
    let session = server.session();
    session.sign_in().await.unwrap();
    session.end().await.unwrap();
    session.me().await.unwrap();
    let last = &server.asked()[2];
    assert_eq!((last.header("cookie"), last.header("x-csrf-token")), (None, None));
}

#[tokio::test]
async fn an_answer_beyond_the_limit_is_not_read_to_its_end() {
    let server = Server::start([ok(&format!(r#"{{"statusCode":0,"pad":"{}"}}"#, "x".repeat(100_000)))]).await;
    let mut options = server.options();
    options.limits.answer_bytes = 10_000;
    let session = Client::new(options).unwrap().session(Credentials::new("bot-01", "s3cret"));
    assert!(matches!(session.me().await, Err(Error::AnswerTooLong { limit: 10_000 })));
}

#[tokio::test]
async fn state_is_read_again_after_a_reconnect() {
    let chats = r#"{"statusCode":0,"chats":[{"id":"A1","state":"Chatting","userData":{"Subject":"x"}},{"path":"/chats/A2","state":"Invited"},{"state":"Chatting"}]}"#;
    let messages = r#"{"statusCode":"0","messages":[{"index":1,"type":"Text","text":"hi"},{"index":4,"type":"Text","text":"there"}]}"#;
    let me = r#"{"statusCode":0,"user":{"id":"u","userName":"bot-01","channels":[{"channel":"chat","userState":{"state":"NotReady"}}]}}"#;
    let server = Server::start([ok(chats), ok(messages), ok(me)]).await;
    let session = server.session();
    let owned = session.interactions().await.unwrap();
    let ids: Vec<_> = owned.iter().map(|one| (one.id.as_str(), one.state.clone().unwrap())).collect();
    assert_eq!(ids, [("A1", InteractionState::Chatting), ("A2", InteractionState::Invited)]);
    let messages = session.messages("A1", Some(1)).await.unwrap();
    assert_eq!(messages.iter().filter_map(gws::Message::index).collect::<Vec<_>>(), [1, 4]);
    assert_eq!(session.channels().await.unwrap()[0].is_ready(), Some(false));
    let lines = server.lines();
    assert_eq!(lines[0], "GET /api/v2/me/chats?fields=*");
    assert_eq!(lines[1], "GET /api/v2/me/chats/A1/messages?startIndex=1");
    assert_eq!(lines[2], "GET /api/v2/me?subresources=channels");
}

#[tokio::test]
async fn contacts_are_read_page_by_page_and_tell_who_is_free() {
    let contact = |id: &str, available: bool, dnd: &str| {
        format!(
            r#"{{"id":"{id}","type":"User","userName":"{id}","employeeId":"E-{id}","skills":[{{"name":"service","level":"3"}}],
            "uri":"http://gws.test/api/v2/contacts/{id}","availability":{{"channels":[
            {{"channel":"voice","available":true}},
            {{"channel":"chat","available":{available},"dndState":"{dnd}","userActivity":"Idle","userState":{{"state":"Ready"}}}}]}}}}"#
        )
    };
    let page = |contacts: &[String], total: usize| {
        ok(&format!(r#"{{"statusCode":0,"totalCount":{total},"contacts":[{}]}}"#, contacts.join(",")))
    };
    let first = page(&[contact("ada", true, "Off"), contact("bob", false, "Off")], 4);
    let second = page(&[contact("cy", true, "On"), r#"{"id":"q","type":"Queue","name":"chat_in"}"#.into()], 4);
    let server = Server::start([first, second]).await;
    let people = server.session().contacts(&ContactQuery::people("chat")).await.unwrap();
    let free: Vec<_> = people.iter().filter(|one| one.is_available("chat")).map(|one| one.user_name.as_str()).collect();
    assert_eq!(free, ["ada"]);
    assert_eq!(people[0].skills[0].level, Some(3));
    assert_eq!(server.lines()[1], "GET /api/v2/contacts?type=User&channel=chat&limit=100&offset=2");
}

#[tokio::test]
async fn users_and_skills_are_decoded_and_a_broken_one_is_left_out() {
    let users = r#"{"statusCode":0,"users":[{"id":"u1","userName":"ghop","employeeId":17,"skills":[{"id":"s","name":"service","level":2}]},"broken"]}"#;
    let server =
        Server::start([ok(users), ok(r#"{"statusCode":0,"skills":[{"name":"service"}]}"#), ok(r#"{"statusCode":0}"#)])
            .await;
    let session = server.session();
    let users = session.users().await.unwrap();
    assert_eq!((users.len(), users[0].employee_id.as_deref()), (1, Some("17")));
    assert_eq!(session.skills().await.unwrap()[0].name, "service");
    assert_eq!(session.services().await.unwrap(), []);
}
