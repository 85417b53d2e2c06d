//! Chromium through chromedriver: the few commands of the WebDriver protocol that the trials need, spoken over plain HTTP.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep};

/// How long a page may take to show what it should, on a machine that is busy with other things.
const PATIENCE: Duration = Duration::from_secs(30);
/// The key of element references in WebDriver answers.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// The WebDriver codes of keys that are no letters.
pub mod key {
    pub const TAB: char = '\u{E004}';
    pub const ENTER: char = '\u{E007}';
    pub const ALT: char = '\u{E00A}';
}

/// Whether a program is on this machine.
pub fn installed(program: &str) -> bool {
    let probe = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    probe.is_ok_and(|status| status.success())
}

/// One chromedriver and the browsers that it started. All of them end with it.
pub struct Driver {
    process: Child,
    port: u16,
    http: reqwest::Client,
    shared: Mutex<Option<Arc<Browser>>>,
}

impl Driver {
    /// Starts chromedriver on a free port.
    pub async fn start() -> Result<Self> {
        // Asking for a free port and letting it go leaves a gap in which another process can take it.
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let process = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("starting chromedriver")?;
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(30)).build()?;
        let driver = Self { process, port, http, shared: Mutex::default() };
        let due = Instant::now() + PATIENCE;
        while driver.http.get(driver.url("/status")).send().await.is_err() {
            ensure!(Instant::now() < due, "chromedriver does not answer");
            sleep(Duration::from_millis(50)).await;
        }
        Ok(driver)
    }

    /// A new window of the one browser that all share who need no cookies of their own.
    pub async fn window(&self) -> Result<Page> {
        let mut shared = self.shared.lock().await;
        let Some(browser) = shared.clone() else {
            let page = self.browser().await?;
            *shared = Some(Arc::clone(&page.browser));
            return Ok(page);
        };
        drop(shared);
        let mut shown = browser.shown.lock().await;
        let url = format!("{}/window/new", browser.session);
        let window = call(&self.http, reqwest::Method::POST, &url, Some(json!({ "type": "window" }))).await?;
        let handle = window["handle"].as_str().context("a window without a handle")?.to_owned();
        call(
            &self.http,
            reqwest::Method::POST,
            &format!("{}/window", browser.session),
            Some(json!({ "handle": handle })),
        )
        .await?;
        shown.clone_from(&handle);
        drop(shown);
        Ok(Page { http: self.http.clone(), browser, handle })
    }

    /// A browser of its own: no shared cookies, no shared storage.
    pub async fn browser(&self) -> Result<Page> {
        let profile = tempfile::tempdir()?;
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
            "--hide-scrollbars",
            "--lang=en-GB",
            "--window-size=1280,860",
        ];
        let mut arguments: Vec<String> = arguments.map(String::from).into();
        arguments.push(format!("--user-data-dir={}", profile.path().display()));
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "goog:chromeOptions": { "args": arguments },
            "goog:loggingPrefs": { "browser": "ALL" },
        } } });
        let url = self.url("/session");
        let session = call(&self.http, reqwest::Method::POST, &url, Some(wanted)).await.context("starting Chromium")?;
        let id = session["sessionId"].as_str().context("a session without an id")?;
        let session = self.url(&format!("/session/{id}"));
        let handle = call(&self.http, reqwest::Method::GET, &format!("{session}/window"), None).await?;
        let handle = handle.as_str().context("a window without a handle")?.to_owned();
        let browser = Arc::new(Browser { session, shown: Mutex::new(handle.clone()), _profile: profile });
        Ok(Page { http: self.http.clone(), browser, handle })
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // Chromedriver ends its browsers when it is asked to shut down; killed, it would leave them behind.
        if let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)) {
            let _ = stream.write_all(b"GET /shutdown HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
            let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
            let _ = std::io::copy(&mut stream, &mut std::io::sink());
        } else {
            let _ = self.process.kill();
        }
        let _ = self.process.wait();
    }
}

struct Browser {
    session: String,
    /// The window that commands go to.
    shown: Mutex<String>,
    _profile: TempDir,
}

/// One page in a window of a browser.
pub struct Page {
    http: reqwest::Client,
    browser: Arc<Browser>,
    handle: String,
}

impl Page {
    pub async fn open(&self, url: &str) -> Result<()> {
        self.post("/url", json!({ "url": url })).await.map(drop).with_context(|| format!("opening {url}"))
    }

    /// Runs the body of a JavaScript function and gives what it returns.
    pub async fn run(&self, body: &str) -> Result<Value> {
        self.run_with(body, json!([])).await
    }

    /// The same, with arguments.
    pub async fn run_with(&self, body: &str, arguments: Value) -> Result<Value> {
        self.post("/execute/sync", json!({ "script": body, "args": arguments })).await
    }

    /// Waits until a JavaScript expression is true, and gives its value.
    pub async fn until(&self, expression: &str) -> Result<Value> {
        let due = Instant::now() + PATIENCE;
        loop {
            let value = self.run(&format!("return ({expression});")).await?;
            if !matches!(value, Value::Null | Value::Bool(false)) && value != json!("") && value != json!(0) {
                return Ok(value);
            }
            if Instant::now() > due {
                let words = self.run("return document.body.innerText").await?;
                let console = self.complaints(false).await?;
                let words = words.as_str().unwrap_or_default();
                bail!("never true: {expression}\nthe console says: {console:#?}\nthe page says:\n{words}");
            }
            sleep(Duration::from_millis(40)).await;
        }
    }

    /// Waits until the text of an element contains these words.
    pub async fn reads(&self, selector: &str, words: &str) -> Result<()> {
        let (selector, words) = (json!(selector), json!(words));
        self.until(&format!("document.querySelector({selector})?.textContent.includes({words})")).await.map(drop)
    }

    pub async fn text(&self, selector: &str) -> Result<String> {
        let text = self.run(&format!("return document.querySelector({})?.innerText ?? ''", json!(selector))).await?;
        Ok(text.as_str().unwrap_or_default().to_owned())
    }

    pub async fn click(&self, selector: &str) -> Result<()> {
        self.until(&format!("document.querySelector({})?.checkVisibility()", json!(selector))).await?;
        let element = self.element(selector).await?;
        self.post(&format!("/element/{element}/click"), json!({}))
            .await
            .map(drop)
            .with_context(|| format!("clicking {selector}"))
    }

    /// Types into an element.
    pub async fn fill(&self, selector: &str, words: &str) -> Result<()> {
        let element = self.element(selector).await?;
        self.post(&format!("/element/{element}/value"), json!({ "text": words }))
            .await
            .map(drop)
            .with_context(|| format!("typing into {selector}"))
    }

    /// Types with nothing but the keyboard, wherever the focus is.
    pub async fn keys(&self, keys: &str) -> Result<()> {
        let strokes: Vec<Value> = keys
            .chars()
            .flat_map(|key| [json!({ "type": "keyDown", "value": key }), json!({ "type": "keyUp", "value": key })])
            .collect();
        self.actions(strokes).await
    }

    /// Holds Alt and presses a key.
    pub async fn alt(&self, letter: char) -> Result<()> {
        let stroke = |kind: &str, value: char| json!({ "type": kind, "value": value });
        self.actions(vec![
            stroke("keyDown", key::ALT),
            stroke("keyDown", letter),
            stroke("keyUp", letter),
            stroke("keyUp", key::ALT),
        ])
        .await
    }

    async fn actions(&self, strokes: Vec<Value>) -> Result<()> {
        self.post("/actions", json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": strokes }] }))
            .await
            .map(drop)
    }

    /// Sets the size of the page; `phone` also makes it behave like one.
    pub async fn size(&self, width: u32, height: u32, phone: bool) -> Result<()> {
        let factor = if phone { 2 } else { 1 };
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": factor, "mobile": phone });
        self.chromium("Emulation.setDeviceMetricsOverride", metrics).await
    }

    pub async fn dark(&self, dark: bool) -> Result<()> {
        let value = if dark { "dark" } else { "light" };
        self.chromium(
            "Emulation.setEmulatedMedia",
            json!({ "features": [{ "name": "prefers-color-scheme", "value": value }] }),
        )
        .await
    }

    pub async fn reduced_motion(&self) -> Result<()> {
        let features = json!([{ "name": "prefers-reduced-motion", "value": "reduce" }]);
        self.chromium("Emulation.setEmulatedMedia", json!({ "features": features })).await
    }

    /// Takes the network away, or gives it back.
    pub async fn offline(&self, offline: bool) -> Result<()> {
        self.chromium("Network.enable", json!({})).await?;
        let conditions = json!({ "offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1 });
        self.chromium("Network.emulateNetworkConditions", conditions).await
    }

    /// The picture of the page, as PNG in base64.
    pub async fn picture(&self) -> Result<String> {
        let picture = self.get("/screenshot").await?;
        Ok(picture.as_str().context("a picture is a string")?.to_owned())
    }

    /// What the page complained about on the console. `broken_network` lets failed requests pass.
    pub async fn complaints(&self, broken_network: bool) -> Result<Vec<String>> {
        let entries = self.post("/se/log", json!({ "type": "browser" })).await?;
        let entries = entries.as_array().cloned().unwrap_or_default();
        let bad = entries.into_iter().filter(|entry| matches!(entry["level"].as_str(), Some("SEVERE" | "WARNING")));
        let bad = bad.filter(|entry| !(broken_network && entry["source"] == "network"));
        Ok(bad.map(|entry| entry["message"].to_string()).collect())
    }

    /// Role and name of every element that matches, as the accessibility tree has them.
    pub async fn named(&self, selector: &str) -> Result<Vec<(String, String, String)>> {
        let found = self.post("/elements", json!({ "using": "css selector", "value": selector })).await?;
        let mut named = Vec::new();
        for element in found.as_array().into_iter().flatten() {
            let id = element[ELEMENT].as_str().context("an element without a reference")?;
            let shown = self
                .run_with("return arguments[0].checkVisibility({ visibilityProperty: true })", json!([element]))
                .await?;
            if shown != json!(true) {
                continue;
            }
            let html = self.run_with("return arguments[0].outerHTML.slice(0, 120)", json!([element])).await?;
            let role = self.get(&format!("/element/{id}/computedrole")).await?;
            let label = self.get(&format!("/element/{id}/computedlabel")).await?;
            let word = |value: &Value| value.as_str().unwrap_or_default().trim().to_owned();
            named.push((word(&role), word(&label), word(&html)));
        }
        Ok(named)
    }

    async fn element(&self, selector: &str) -> Result<String> {
        let found = self.post("/element", json!({ "using": "css selector", "value": selector })).await?;
        Ok(found[ELEMENT].as_str().with_context(|| format!("no element {selector}"))?.to_owned())
    }

    async fn chromium(&self, command: &str, parameters: Value) -> Result<()> {
        self.post("/goog/cdp/execute", json!({ "cmd": command, "params": parameters })).await.map(drop)
    }

    async fn get(&self, path: &str) -> Result<Value> {
        self.command(reqwest::Method::GET, path, None).await
    }

    async fn post(&self, path: &str, body: Value) -> Result<Value> {
        self.command(reqwest::Method::POST, path, Some(body)).await
    }

    async fn command(&self, method: reqwest::Method, path: &str, body: Option<Value>) -> Result<Value> {
        let Browser { session, shown, .. } = &*self.browser;
        let mut shown = shown.lock().await;
        if *shown != self.handle {
            let body = json!({ "handle": self.handle });
            call(&self.http, reqwest::Method::POST, &format!("{session}/window"), Some(body)).await?;
            shown.clone_from(&self.handle);
        }
        call(&self.http, method, &format!("{session}{path}"), body).await
    }
}

async fn call(http: &reqwest::Client, method: reqwest::Method, url: &str, body: Option<Value>) -> Result<Value> {
    let mut request = http.request(method, url);
    if let Some(body) = body {
        request = request.header("Content-Type", "application/json").body(body.to_string());
    }
    let text = request.send().await?.text().await?;
    let mut answer: Value = serde_json::from_str(&text)?;
    let value = answer["value"].take();
    if let Some(error) = value.get("error").and_then(Value::as_str) {
        bail!("{error}: {}", value["message"].as_str().unwrap_or_default());
    }
    Ok(value)
}
