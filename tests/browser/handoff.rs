//! A handoff as everybody sees it, with the real bot: warm, with a note; given back to the bot, which answers again; and a
//! customer who waits for a person.

use anyhow::{Context, Result, ensure};

use super::demo::{self, away};
use super::driver::{Driver, Page};
use super::scene::{lines, picture, quiet, ready, say};

/// The bot brings Nora in and stays until she has spoken; she reads the note, gives the chat back, and the bot answers again.
pub async fn warm_and_back() -> Result<()> {
    let (_demo, base) = demo::start().await?;
    let driver = Driver::start().await?;
    away(&base, "tom").await?;
    let desk = sign_in(&driver, &base, "nora").await?;
    let ada = arrive(&driver, &base, "Ada Byron").await?;
    say(&ada, "When are you open?").await?;
    ada.reads("#log .line.bot:last-of-type", "Monday to Friday").await?;
    say(&ada, "I would like to talk to a person.").await?;

    // The note is there before the first word, and the bot still beside her.
    desk.reads("#offers", "Ada Byron").await?;
    ensure!(desk.run("return document.querySelector('#give-back').checkVisibility()").await? == false, "no chat yet");
    desk.click("#offers .primary").await?;
    desk.until("document.querySelector('#note-words').textContent.includes('When are you open?')").await?;
    desk.reads("#beside", "until you say hello").await?;
    ada.reads("#presence", "Nora").await?;
    say(&desk, "Hello Ada, this is Nora. How can I help you?").await?;
    desk.until("document.querySelector('#beside').hidden").await?;
    ada.until("document.querySelector('#presence').textContent === 'With Nora Linden'").await?;
    say(&ada, "My parcel was due yesterday.").await?;
    desk.reads("#log", "due yesterday").await?;
    say(&desk, "It is on its way, you have it today. For the rest the assistant knows best.").await?;
    ada.reads("#log", "knows best").await?;
    pictures(&desk, "desk").await?;
    pictures(&ada, "customer").await?;

    // Back to the bot, with a note; it tells the customer, and answers.
    desk.alt('b').await?;
    desk.until("document.querySelector('#confirm-dialog').open").await?;
    desk.fill("#confirm-note", "asks about the delivery").await?;
    picture(&desk, "desk-give-back").await?;
    desk.click("#confirm-yes").await?;
    desk.until("document.querySelectorAll('#chats li').length === 0").await?;
    ada.reads("#log .event:last-of-type", "is back").await?;
    let before = lines(&ada).await?.len();
    ada.until(&format!("document.querySelectorAll('#log .line').length > {before}")).await.ok();
    say(&ada, "When are you open?").await?;
    ada.until("[...document.querySelectorAll('#log .line.bot')].filter((line) => line.textContent.includes('Monday to Friday')).length === 2")
        .await?;
    picture(&ada, "customer-back").await?;

    let said = lines(&ada).await?;
    ensure!(!said.iter().any(|(_, words)| words.contains("asks about")), "the customer saw the note: {said:#?}");
    let greetings =
        said.iter().filter(|(_, words)| words.starts_with("Hello Ada Byron") || words.starts_with("Hello Ada,"));
    ensure!(greetings.count() <= 2, "the bot began anew: {said:#?}");
    quiet(&ada).await?;
    quiet(&desk).await
}

/// A person who passes the chat on to a queue where nobody is: the customer reads that, and that they are next.
pub async fn waiting_in_line() -> Result<()> {
    let (_demo, base) = demo::start().await?;
    let driver = Driver::start().await?;
    away(&base, "tom").await?;
    let desk = sign_in(&driver, &base, "nora").await?;
    let ada = arrive(&driver, &base, "Ada").await?;
    say(&ada, "I would like to talk to a person.").await?;
    desk.click("#offers .primary").await?;
    desk.reads("#log", "talk to a person").await?;
    say(&desk, "I pass you on.").await?;
    desk.until("document.querySelector('#beside').hidden").await?;
    desk.click("#ready").await?;
    desk.until("document.querySelector('#ready').ariaChecked === 'false'").await?;
    desk.click("#transfer").await?;
    desk.fill("#target-search", "service").await?;
    desk.click("#targets li:last-child .target:not(:disabled)").await?;
    ada.reads("#waiting", "Nora Linden has passed you on").await?;
    ada.reads("#waiting", "You are next").await?;
    ada.reads("#presence", "passed on").await?;
    pictures(&ada, "customer-waiting").await?;
    desk.click("#ready").await?;
    desk.click("#offers .primary").await?;
    ada.until("document.querySelector('#waiting').hidden").await?;
    ada.reads("#log .event:last-of-type", "Nora Linden is back").await?;
    quiet(&ada).await?;
    quiet(&desk).await
}

async fn sign_in(driver: &Driver, base: &str, user: &str) -> Result<Page> {
    let desk = driver.window().await?;
    desk.size(1280, 800, false).await?;
    desk.open(&format!("{base}/desk?user={user}")).await?;
    desk.fill("#password", "demo").await?;
    desk.click("#sign-in-button").await?;
    ready(&desk).await.context("the desk")?;
    Ok(desk)
}

async fn arrive(driver: &Driver, base: &str, name: &str) -> Result<Page> {
    let page = driver.window().await?;
    page.size(940, 1010, false).await?;
    page.open(&format!("{base}/customer")).await?;
    page.fill("#name", name).await?;
    page.fill("#subject", "My parcel").await?;
    page.click("#start button").await?;
    page.reads("#log .line.bot", "Hello").await?;
    Ok(page)
}

/// Light, dark, and on a phone.
async fn pictures(page: &Page, name: &str) -> Result<()> {
    picture(page, name).await?;
    page.dark(true).await?;
    picture(page, &format!("{name}-dark")).await?;
    page.dark(false).await?;
    let window = page.run("return [innerWidth, innerHeight]").await?;
    page.size(390, 844, true).await?;
    picture(page, &format!("{name}-phone")).await?;
    let side = |at: usize| window[at].as_u64().and_then(|side| u32::try_from(side).ok()).context("a size");
    page.size(side(0)?, side(1)?, false).await
}
