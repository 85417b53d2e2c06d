//! What happens when not all is well: hostile words, a broken network, a server that starts again.

use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::json;

use super::driver::Driver;
use super::scene::{self, House, ask_until_handed_over, customer, lines, person, quiet, say};

/// Words are never markup; only http addresses become links; what is too long is refused before it is sent.
pub async fn words_are_only_words() -> Result<()> {
    let driver = Driver::start().await?;
    let house = House::open().await?;
    let desk = person(&driver, &house, "grace").await?;
    let ada = customer(&driver, &house, "<b>Ada</b>", "<img src=x onerror=alert(1)>").await?;
    ask_until_handed_over(&ada).await?;
    let link = ada.run("const a = document.querySelector('#log .bot a'); return [a.href, a.rel, a.target]").await?;
    ensure!(
        link == json!(["https://shop.example/track?id=42", "noopener noreferrer nofollow", "_blank"]),
        "the link is {link}"
    );

    desk.click("#offers .primary").await?;
    desk.reads("#chat-title", "<b>Ada</b>").await?;
    let hostile =
        "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\"> javascript:alert(1)";
    say(&ada, hostile).await?;
    desk.reads("#log", hostile).await?;
    for page in [&ada, &desk] {
        let bad = page.run("return document.querySelectorAll('#log script, #log img, #log b b, #data img, a[href^=\"javascript\" i]').length").await?;
        ensure!(bad == 0, "words became markup");
        ensure!(page.run("return document.title").await? != "owned", "words were run");
    }

    let before = lines(&desk).await?.len();
    ada.run("const say = document.querySelector('#say'); say.value = 'x'.repeat(100_000); say.dispatchEvent(new Event('input'))").await?;
    ada.reads("#say-note", "more than one message can carry").await?;
    ensure!(
        ada.run("return document.querySelector('#send').disabled").await? == true,
        "too long, and it could be sent"
    );
    ada.run("const say = document.querySelector('#say'); say.value = 'short'; say.dispatchEvent(new Event('input'))")
        .await?;
    ada.click("#send").await?;
    desk.until(&format!("document.querySelectorAll('#log .line').length === {}", before + 1)).await?;
    quiet(&ada).await?;
    quiet(&desk).await
}

/// The network goes while lines are being written, on both sides. Afterwards each line is there once, in order.
pub async fn network_break() -> Result<()> {
    let driver = Driver::start().await?;
    let house = House::open().await?;
    let desk = person(&driver, &house, "grace").await?;
    let ada = customer(&driver, &house, "Ada", "").await?;
    ask_until_handed_over(&ada).await?;
    desk.click("#offers .primary").await?;
    desk.reads("#log", "I want to talk").await?;
    say(&desk, "Hello").await?;
    ada.reads("#log", "Hello").await?;

    ada.offline(true).await?;
    ada.until("!document.querySelector('#connection').hidden").await?;
    for words in ["one", "two"] {
        ada.fill("#say", words).await?;
        ada.click("#send").await?;
    }
    say(&desk, "Are you still there?").await?;
    ada.offline(false).await?;
    ada.until("document.querySelector('#connection').hidden").await?;
    ada.reads("#log", "Are you still there?").await?;
    desk.reads("#log", "two").await?;

    desk.offline(true).await?;
    desk.reads("#connection", "Reconnecting").await?;
    desk.fill("#say", "Back in a moment").await?;
    desk.click("#send").await?;
    say(&ada, "three").await?;
    desk.offline(false).await?;
    scene::ready(&desk).await?;
    ada.reads("#log", "Back in a moment").await?;
    desk.reads("#log", "three").await?;

    for page in [&ada, &desk] {
        page.until("document.querySelectorAll('#log .delivery:not(.delivered)').length === 0").await?;
        let said: Vec<String> = lines(page).await?.into_iter().map(|(_, words)| words).collect();
        for words in ["one", "two", "three", "Are you still there?", "Back in a moment"] {
            let times = said.iter().filter(|line| line.as_str() == words).count();
            ensure!(times == 1, "“{words}” is there {times} times: {said:#?}");
        }
        let place = |words: &str| said.iter().position(|line| line == words);
        ensure!(place("one") < place("two") && place("two") < place("three"), "out of order: {said:#?}");
        let complaints = page.complaints(true).await?;
        ensure!(complaints.is_empty(), "the console says: {complaints:#?}");
    }
    Ok(())
}

/// The server starts again and has forgotten everything: the customer is told and can start anew, the desk signs in by
/// itself, and both talk to each other again.
pub async fn server_restart() -> Result<()> {
    let driver = Driver::start().await?;
    let house = House::open().await?;
    let desk = person(&driver, &house, "grace").await?;
    let ada = customer(&driver, &house, "Ada", "").await?;
    ask_until_handed_over(&ada).await?;
    desk.click("#offers .primary").await?;
    desk.reads("#log", "I want to talk").await?;

    let house = house.reopen_after(Duration::from_millis(500)).await?;
    ada.reads("#over", "not there any more").await?;
    ensure!(ada.text("#log").await?.contains("I want to talk"), "what was said can still be read");
    desk.until("document.querySelectorAll('#chats li').length === 0").await?;
    scene::ready(&desk).await?;

    ada.click("#restart").await?;
    ada.click("#start button").await?;
    ada.reads("#log", "Hello! Ask me").await?;
    ask_until_handed_over(&ada).await?;
    desk.click("#offers .primary").await?;
    desk.reads("#log", "I want to talk").await?;
    say(&desk, "Hello again").await?;
    ada.reads("#log .line.person", "Hello again").await?;
    for page in [&ada, &desk] {
        let complaints = page.complaints(true).await?;
        ensure!(complaints.is_empty(), "the console says: {complaints:#?}");
    }
    drop(house);
    Ok(())
}

/// A wrong password is told kindly, at the form; the right one then works.
pub async fn wrong_password() -> Result<()> {
    let driver = Driver::start().await?;
    let house = House::open().await?;
    let desk = driver.browser().await?;
    desk.open(&house.url("/desk")).await?;
    desk.fill("#user", "grace").await?;
    desk.fill("#password", "wrong").await?;
    desk.click("#sign-in-button").await?;
    desk.reads("#sign-in-problem", "do not match").await?;
    desk.run("document.querySelector('#password').value = ''").await?;
    desk.fill("#password", "grace-secret").await?;
    desk.click("#sign-in-button").await?;
    scene::ready(&desk).await?;
    desk.click("#sign-out").await?;
    desk.until("!document.querySelector('#sign-in').hidden").await?;
    Ok(())
}
