//! What happens when not all is well: hostile words, a broken network, a server that starts again.

use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::json;

use simulator::Fault;
use simulator::faults::Kind;

use super::driver::Driver;
use super::scene::{self, House, Stage, ask_until_handed_over, customer, lines, person, quiet, say};

/// Words are never markup; only http addresses become links; what is too long is refused before it is sent.
pub async fn words_are_only_words() -> Result<()> {
    let stage = Stage::open().await?;
    let ada = stage.asks("<b>Ada</b>", "<img src=x onerror=alert(1)>").await?;
    let desk = &stage.desk;
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
    for page in [&ada, desk] {
        let bad = page.run("return document.querySelectorAll('#log script, #log img, #log b b, #data img, a[href^=\"javascript\" i]').length").await?;
        ensure!(bad == 0, "words became markup");
        ensure!(page.run("return document.title").await? != "owned", "words were run");
    }

    let before = lines(desk).await?.len();
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
    quiet(desk).await
}

/// The network goes while lines are being written, on both sides. Afterwards each line is there once, in order.
pub async fn network_break() -> Result<()> {
    let stage = Stage::open().await?;
    let ada = stage.taken_over("Ada").await?;
    let desk = &stage.desk;
    say(desk, "Hello").await?;
    ada.reads("#log", "Hello").await?;

    ada.offline(true).await?;
    ada.until("!document.querySelector('#connection').hidden").await?;
    for words in ["one", "two"] {
        ada.fill("#say", words).await?;
        ada.click("#send").await?;
    }
    say(desk, "Are you still there?").await?;
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
    scene::ready(desk).await?;
    ada.reads("#log", "Back in a moment").await?;
    desk.reads("#log", "three").await?;

    for page in [&ada, desk] {
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

/// One misfortune after the other strikes what the person sends and what the person is told. Every line is said once, in
/// order, and the page shows it once.
pub async fn bad_platform() -> Result<()> {
    let stage = Stage::open().await?;
    let ada = stage.taken_over("Ada").await?;
    let Stage { house, desk, .. } = stage;

    let notifications = [
        Kind::Duplicate,
        Kind::Reorder,
        Kind::Delay { millis: 150 },
        Kind::SkipIndex { by: 3 },
        Kind::DeliverInReplies,
    ];
    for kind in notifications {
        house.faults().add(Fault::new(kind).login("grace").chance(0.5));
    }
    let strokes = [
        // Not `LoseAnswer`: on a connection that is cut before the answer begins, Chromium sends the request again by
        // itself, without a word to the page. An answer that cannot be read leaves the page in the same doubt.
        ("unreadable answer", Fault::new(Kind::NotJson).operation("SendMessage")),
        ("internal error", Fault::new(Kind::InternalError).operation("SendMessage")),
        ("unavailable", Fault::new(Kind::Unavailable { retry_after: None }).operation("SendMessage")),
        ("refused token", Fault::new(Kind::RefuseCsrf).operation("SendMessage")),
        ("no status", Fault::new(Kind::NoStatus).operation("SendMessage")),
        ("status in words", Fault::new(Kind::StringStatus).operation("SendMessage")),
        ("lost notifications", Fault::new(Kind::DropSession)),
        ("expired session", Fault::new(Kind::ExpireSession).operation("SendMessage")),
    ];
    for (words, fault) in &strokes {
        house.faults().add(fault.clone().login("grace").times(1));
        say(&desk, words).await?;
    }
    say(&ada, "Thank you").await?;
    desk.reads("#log", "Thank you").await?;
    scene::ready(&desk).await?;

    // The answer cannot be read and the echo does not come: only the transcript can tell that the line arrived.
    house.faults().clear();
    house.faults().add(Fault::new(Kind::Delay { millis: 5_000 }).login("grace"));
    house.faults().add(Fault::new(Kind::NotJson).operation("SendMessage").login("grace").times(1));
    say(&desk, "no answer, no echo").await?;

    let sent: Vec<&str> = strokes.iter().map(|(words, _)| *words).chain(["no answer, no echo"]).collect();
    ensure!(house.said_by("grace") == sent, "the centre heard {:#?}", house.said_by("grace"));
    for (page, name) in [(&desk, "You"), (&ada, "Grace Hopper")] {
        let shown: Vec<String> =
            lines(page).await?.into_iter().filter(|(who, _)| who == name).map(|(_, words)| words).collect();
        let shown: Vec<&str> = shown.iter().map(String::as_str).filter(|words| sent.contains(words)).collect();
        ensure!(shown == sent, "a page shows {shown:#?}");
    }
    Ok(())
}

/// An offer that is taken back while it is accepted, a session that cannot be joined, a sign-in without chat.
pub async fn offers_that_go_wrong() -> Result<()> {
    let driver = Driver::start().await?;
    let house = House::open().await?;
    house.faults().add(Fault::new(Kind::PartialSignIn).login("grace").times(1));
    let desk = person(&driver, &house, "grace").await?;
    desk.reads("#toasts", "not opened").await?;

    house.faults().add(Fault::new(Kind::WithdrawOffer).login("grace").times(1));
    let ada = customer(&driver, &house, "Ada", "").await?;
    ask_until_handed_over(&ada).await?;
    desk.click("#offers .primary").await?;
    desk.reads("#toasts", "taken back").await?;
    desk.until("document.querySelectorAll('#offers li, #chats li').length === 0").await?;

    house.faults().add(Fault::new(Kind::FailJoin).login("grace").times(1));
    desk.click("#offers .primary").await?; // it is offered once more
    desk.reads("#chats", "could not be joined").await?;
    desk.click("#chats .chat-item").await?;
    desk.reads("#after", "can only be completed").await?;
    desk.click("#complete").await?;
    desk.until("document.querySelectorAll('#chats li').length === 0").await.map(drop)
}

/// The server starts again and has forgotten everything: the customer is told and can start anew, the desk signs in by
/// itself, and both talk to each other again.
pub async fn server_restart() -> Result<()> {
    let stage = Stage::open().await?;
    let ada = stage.taken_over("Ada").await?;
    let Stage { house, desk, .. } = stage;

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

/// A wrong password is told kindly, at the form; the right one then works. A second desk in the same browser, which would
/// share the first one's session, is refused until the first one is signed out.
pub async fn signing_in() -> Result<()> {
    let driver = Driver::start().await?;
    let house = House::open().await?;
    let desk = driver.window().await?;
    desk.open(&house.url("/desk")).await?;
    desk.fill("#user", "grace").await?;
    desk.fill("#password", "wrong").await?;
    desk.click("#sign-in-button").await?;
    desk.reads("#sign-in-problem", "do not match").await?;
    desk.run("document.querySelector('#password').value = ''").await?;
    desk.fill("#password", "grace-secret").await?;
    desk.click("#sign-in-button").await?;
    scene::ready(&desk).await?;

    let second = driver.window().await?;
    second.open(&house.url("/desk?user=alan")).await?;
    second.fill("#password", "alan-secret").await?;
    second.click("#sign-in-button").await?;
    second.reads("#sign-in-problem", "another tab").await?;
    desk.click("#sign-out").await?;
    desk.until("!document.querySelector('#sign-in').hidden").await?;
    second.click("#sign-in-button").await?;
    scene::ready(&second).await?;
    second.reads("#me-name", "Alan Turing").await
}
