//! The web pages: files in the binary, as they are in `pages/`. A new file is one line in the table.

use axum::Router;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::core::Core;

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SVG: &str = "image/svg+xml";

/// Path, MIME type, bytes.
pub const PAGES: &[(&str, &str, &[u8])] = &[
    ("/", HTML, include_bytes!("../../pages/index.html")),
    ("/customer", HTML, include_bytes!("../../pages/customer.html")),
    ("/desk", HTML, include_bytes!("../../pages/desk.html")),
    ("/pages/icon.svg", SVG, include_bytes!("../../pages/icon.svg")),
    ("/pages/icons.svg", SVG, include_bytes!("../../pages/icons.svg")),
    ("/pages/script/customer/api.js", SCRIPT, include_bytes!("../../pages/script/customer/api.js")),
    ("/pages/script/customer/conversation.js", SCRIPT, include_bytes!("../../pages/script/customer/conversation.js")),
    ("/pages/script/customer/page.js", SCRIPT, include_bytes!("../../pages/script/customer/page.js")),
    ("/pages/script/desk/api.js", SCRIPT, include_bytes!("../../pages/script/desk/api.js")),
    ("/pages/script/desk/bayeux.js", SCRIPT, include_bytes!("../../pages/script/desk/bayeux.js")),
    ("/pages/script/desk/chat-view.js", SCRIPT, include_bytes!("../../pages/script/desk/chat-view.js")),
    ("/pages/script/desk/chat.js", SCRIPT, include_bytes!("../../pages/script/desk/chat.js")),
    ("/pages/script/desk/desk.js", SCRIPT, include_bytes!("../../pages/script/desk/desk.js")),
    ("/pages/script/desk/details-view.js", SCRIPT, include_bytes!("../../pages/script/desk/details-view.js")),
    ("/pages/script/desk/dialogs.js", SCRIPT, include_bytes!("../../pages/script/desk/dialogs.js")),
    ("/pages/script/desk/list-view.js", SCRIPT, include_bytes!("../../pages/script/desk/list-view.js")),
    ("/pages/script/desk/page.js", SCRIPT, include_bytes!("../../pages/script/desk/page.js")),
    ("/pages/script/desk/targets.js", SCRIPT, include_bytes!("../../pages/script/desk/targets.js")),
    ("/pages/script/dom.js", SCRIPT, include_bytes!("../../pages/script/dom.js")),
    ("/pages/script/log-view.js", SCRIPT, include_bytes!("../../pages/script/log-view.js")),
    ("/pages/script/outbox.js", SCRIPT, include_bytes!("../../pages/script/outbox.js")),
    ("/pages/script/pause.js", SCRIPT, include_bytes!("../../pages/script/pause.js")),
    ("/pages/script/people.js", SCRIPT, include_bytes!("../../pages/script/people.js")),
    ("/pages/script/wire.js", SCRIPT, include_bytes!("../../pages/script/wire.js")),
    ("/pages/style/base.css", CSS, include_bytes!("../../pages/style/base.css")),
    ("/pages/style/customer.css", CSS, include_bytes!("../../pages/style/customer.css")),
    ("/pages/style/desk.css", CSS, include_bytes!("../../pages/style/desk.css")),
    ("/pages/style/index.css", CSS, include_bytes!("../../pages/style/index.css")),
    ("/pages/style/tokens.css", CSS, include_bytes!("../../pages/style/tokens.css")),
];

/// Nothing from elsewhere, no inline script or style, in nobody's frame. The WebSocket of the desk goes to this server.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
     connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub fn router() -> Router<Core> {
    PAGES.iter().fold(Router::new(), |router, (path, mime, bytes)| router.route(path, get(move || page(mime, bytes))))
}

#[expect(clippy::unused_async, reason = "a handler")]
async fn page(mime: &'static str, bytes: &'static [u8]) -> Response {
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(mime));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}
