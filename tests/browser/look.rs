//! Pages for everybody: names and roles, contrast, light and dark, phone and large, reduced motion.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::driver::{Driver, Page};
use super::scene::{House, ask_until_handed_over, customer, person, quiet, say};

/// Texts with too little contrast to what is behind them (WCAG 2.2 AA), and the number of texts looked at.
const CONTRAST: &str = r"
const parse = (colour) => {
  const parts = colour.match(/[\d.]+/g)?.map(Number) ?? [0, 0, 0, 0];
  return { rgb: parts.slice(0, 3), alpha: parts.length > 3 ? parts[3] : 1 };
};
const over = (top, below) => top.rgb.map((value, at) => value * top.alpha + below[at] * (1 - top.alpha));
const behind = (node) => {
  const layers = [];
  for (let at = node; at; at = at.parentElement) {
    const colour = parse(getComputedStyle(at).backgroundColor);
    layers.push(colour);
    if (colour.alpha === 1) break;
  }
  return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255]);
};
const luminance = (rgb) => {
  const [r, g, b] = rgb.map((value) => value / 255).map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const bad = [];
let seen = 0;
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const node = walker.currentNode.parentElement;
  const box = node.getBoundingClientRect();
  if (walker.currentNode.textContent.trim() === '' || box.width < 3 || !node.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
  if (node.closest('[disabled], .visually-hidden, .skip, noscript, dialog:not([open])')) continue;
  const style = getComputedStyle(node);
  const ground = behind(node);
  const ink = over(parse(style.color), ground);
  const [high, low] = [luminance(ink), luminance(ground)].sort((a, b) => b - a);
  const ratio = (high + 0.05) / (low + 0.05);
  const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && Number(style.fontWeight) >= 700);
  seen += 1;
  if (ratio < (large ? 3 : 4.5)) bad.push(`${ratio.toFixed(2)} ${walker.currentNode.textContent.trim().slice(0, 40)} (${node.className})`);
}
return { seen, bad };
";

/// The mean brightness of a picture, 0 to 255.
const BRIGHTNESS: &str = r"
const image = new Image();
return new Promise((resolve, reject) => {
  image.onerror = reject;
  image.onload = () => {
    const canvas = document.createElement('canvas');
    canvas.width = canvas.height = 64;
    const context = canvas.getContext('2d');
    context.drawImage(image, 0, 0, 64, 64);
    const data = context.getImageData(0, 0, 64, 64).data;
    let sum = 0;
    for (let at = 0; at < data.length; at += 4) sum += (data[at] + data[at + 1] + data[at + 2]) / 3;
    resolve(sum / (64 * 64));
  };
  image.src = 'data:image/png;base64,' + arguments[0];
});
";

const OPERABLE: &str = "button, input, textarea, select, a[href], [role]:not([role=presentation])";

pub async fn customer_page() -> Result<()> {
    let driver = Driver::start().await?;
    let house = House::open().await?;
    let fresh = driver.window().await?;
    fresh.open(&house.url("/")).await?;
    check(&fresh, "the front door").await?;
    fresh.open(&house.url("/customer")).await?;
    check(&fresh, "the start form").await?;

    let ada = customer(&driver, &house, "Ada", "My parcel").await?;
    say(&ada, "Where is my parcel?").await?;
    ada.reads("#log", "working days").await?;
    check(&ada, "the customer's chat").await?;
    let log = ada.run("const log = document.querySelector('#log'); return [log.role, log.ariaLive, log.getAttribute('aria-label')]").await?;
    ensure!(log == json!(["log", "polite", "Conversation"]), "the conversation is announced: {log}");
    pictures(&driver, &ada).await?;
    quiet(&ada).await?;
    quiet(&fresh).await
}

pub async fn desk() -> Result<()> {
    let driver = Driver::start().await?;
    let house = House::open().await?;
    let desk = person(&driver, &house, "grace").await?;
    check(&desk, "the empty desk").await?;
    let ada = customer(&driver, &house, "Ada", "My parcel").await?;
    ask_until_handed_over(&ada).await?;
    desk.until("document.querySelector('#offers .offer')").await?;
    check(&desk, "an offer").await?;
    desk.click("#offers .primary").await?;
    desk.reads("#log", "I want to talk").await?;
    say(&desk, "Good morning").await?;
    desk.click(".to label:nth-child(2)").await?;
    say(&desk, "only for us").await?;
    check(&desk, "a chat on the desk").await?;
    desk.click("#transfer").await?;
    desk.reads("#targets", "Alan").await?;
    check(&desk, "the transfer dialog").await?;
    desk.click("#target-dialog header button").await?;
    pictures(&driver, &desk).await?;

    desk.size(390, 844, true).await?;
    desk.click("#to-details").await?;
    desk.reads("#details", "My parcel").await?;
    desk.click("#from-details").await?;
    desk.click("#to-list").await?;
    desk.click("#chats .chat-item").await?;
    desk.until("document.querySelector('#say').checkVisibility()").await?;
    quiet(&desk).await
}

/// Names, roles and contrast, in light and dark.
async fn check(page: &Page, what: &str) -> Result<()> {
    for (role, name, html) in page.named(OPERABLE).await? {
        let may_be_nameless = ["alert", "status", "group", "timer", "generic", "none"].contains(&role.as_str());
        ensure!(!name.is_empty() || may_be_nameless, "{what}: no name for {role} {html}");
    }
    for dark in [false, true] {
        page.dark(dark).await?;
        page.run("for (const motion of document.getAnimations()) if (motion.effect.getTiming().iterations !== Infinity) motion.finish()").await?;
        let found = page.run(CONTRAST).await?;
        ensure!(found["seen"].as_u64().unwrap_or(0) > 3, "{what}: nothing was looked at");
        ensure!(found["bad"] == json!([]), "{what}, dark {dark}: too little contrast: {:#}", found["bad"]);
    }
    page.dark(false).await
}

/// Light is bright, dark is dark, nothing is wider than the screen, and with reduced motion nothing moves for long.
async fn pictures(driver: &Driver, page: &Page) -> Result<()> {
    let bench = driver.window().await?;
    for (width, height, phone) in [(1440, 900, false), (390, 844, true), (320, 640, true), (2560, 1440, false)] {
        page.size(width, height, phone).await?;
        let wide =
            page.run("return document.documentElement.scrollWidth - document.documentElement.clientWidth").await?;
        ensure!(wide == 0, "{width}x{height}: {wide} pixels too wide");
        if width == 320 {
            continue; // the smallest phones: nothing sticks out, which is all that differs
        }
        let mut brightness = Vec::new();
        for dark in [false, true] {
            page.dark(dark).await?;
            page.run("return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 200))))").await?;
            let value: Value = bench.run_with(BRIGHTNESS, json!([page.picture().await?])).await?;
            brightness.push(value.as_f64().unwrap_or(-1.0));
        }
        ensure!(
            brightness[0] > 180.0 && brightness[1] < 80.0 && brightness[1] > 5.0,
            "{width}x{height}: {brightness:?}"
        );
    }
    page.size(1440, 900, false).await?;
    page.dark(false).await?;
    page.reduced_motion().await?;
    let longest = page
        .run("return Math.max(0, ...[...document.querySelectorAll('*')].map((node) => { const style = getComputedStyle(node); return Math.max(parseFloat(style.animationDuration), parseFloat(style.transitionDuration)); }))")
        .await?;
    ensure!(longest.as_f64().is_some_and(|seconds| seconds < 0.01), "something moves for {longest} s");
    Ok(())
}
