//! What happens when all is well: customers, a bot, people.

use anyhow::{Result, ensure};

use super::driver::{Driver, key};
use super::scene::{self, House, Stage, lines, person, quiet, say};

/// The customer chats, the bot answers, the customer asks for a person, the person accepts, speaks and completes.
pub async fn customer_bot_person() -> Result<()> {
    let stage = Stage::open().await?;
    let desk = &stage.desk;
    let ada = stage.asks("Ada Byron", "My parcel").await?;
    ensure!(ada.text("#log .line.bot .who").await?.contains("assistant"), "the bot is shown as what it is");

    desk.reads("#offers .offer", "Ada Byron").await?;
    ensure!(desk.text("#offers .left").await?.ends_with(" s"), "the offer counts down");
    desk.click("#offers .primary").await?;
    desk.reads("#log", "I want to talk to a person.").await?;
    desk.reads("#data", "My parcel").await?;

    desk.fill("#say", "Hello Ada").await?;
    ada.reads("#typing", "Grace Hopper is typing").await?;
    desk.fill("#say", ", how can I help?").await?;
    desk.click("#send").await?;
    ada.reads("#log .line.person", "Hello Ada, how can I help?").await?;
    ada.until("document.querySelector('#typing').textContent === ''").await?;
    ada.reads("#presence", "Grace Hopper").await?;

    ada.fill("#say", "Thank you").await?;
    desk.reads("#typing", "Ada Byron is typing").await?;
    ada.click("#send").await?;
    desk.reads("#log", "Thank you").await?;

    desk.click("#leave").await?;
    desk.click("#confirm-yes").await?;
    ada.reads("#over", "ended").await?;
    desk.run("document.querySelector('#disposition').value = 'resolved'").await?;
    desk.click("#disposition-form button").await?;
    desk.reads("#disposition-note", "Saved").await?;
    desk.click("#complete").await?;
    desk.until("document.querySelectorAll('#chats li').length === 0").await?;

    let said: Vec<(String, String)> = lines(&ada).await?;
    let said: Vec<(&str, &str)> = said.iter().map(|(who, words)| (who.as_str(), words.as_str())).collect();
    let told = [
        ("Aria (assistant)", "Hello! Ask me about your order."),
        ("You", "Where is my parcel?"),
        ("Aria (assistant)", scene::ANSWER),
        ("You", "I want to talk to a person."),
        ("Aria (assistant)", "One moment, I am bringing in a colleague."),
        ("Grace Hopper", "Hello Ada, how can I help?"),
        ("You", "Thank you"),
    ];
    ensure!(said == told, "the conversation was {said:#?}");

    ada.click("#restart").await?;
    ada.click("#start button").await?;
    ada.reads("#log", "Hello! Ask me").await?;
    ensure!(lines(&ada).await?.len() == 1, "a new chat begins empty");
    quiet(&ada).await?;
    quiet(desk).await
}

/// Everything without a mouse.
pub async fn keyboard_alone() -> Result<()> {
    let driver = Driver::start().await?;
    let house = House::open().await?;
    let (tab, enter) = (key::TAB, key::ENTER);
    let desk = driver.window().await?;
    desk.size(1440, 900, false).await?;
    desk.open(&house.url("/desk")).await?;
    desk.until("document.activeElement.id === 'user'").await?;
    desk.keys(&format!("grace{tab}grace-secret{enter}")).await?;
    scene::ready(&desk).await?;

    let ada = driver.window().await?;
    ada.open(&house.url("/customer")).await?;
    ada.until("document.activeElement.id === 'name'").await?;
    ada.keys(&format!("Ada{tab}My parcel{tab}{enter}")).await?;
    ada.reads("#log", "Hello! Ask me").await?;
    ada.until("document.activeElement.id === 'say'").await?;
    ada.keys(&format!("Where is my parcel?{enter}")).await?;
    ada.reads("#log", "working days").await?;
    ada.keys(&format!("A person, please.{enter}")).await?;

    desk.reads("#offers", "Ada").await?;
    desk.alt('a').await?;
    desk.reads("#log", "A person, please.").await?;
    desk.until("document.activeElement.id === 'say'").await?;
    desk.keys(&format!("Good morning{enter}")).await?;
    ada.reads("#log .line.person", "Good morning").await?;

    desk.alt('n').await?;
    desk.keys(&format!("only for us{enter}")).await?;
    desk.reads("#log .agents-only", "only for us").await?;

    desk.alt('/').await?;
    desk.until("document.querySelector('#keys-dialog').open").await?;
    desk.keys("\u{E00C}").await?;
    desk.until("!document.querySelector('#keys-dialog').open").await?;

    desk.alt('e').await?;
    desk.until("document.querySelector('#confirm-dialog').open").await?;
    desk.keys(&format!("{tab}{enter}")).await?;
    ada.until("document.activeElement.id === 'restart'").await?;
    desk.reads("#after", "ended").await?;
    desk.alt('c').await?;
    desk.until("document.querySelectorAll('#chats li').length === 0").await?;
    ensure!(
        !lines(&ada).await?.iter().any(|(_, words)| words.contains("only for us")),
        "the customer saw an agents' line"
    );
    quiet(&ada).await?;
    quiet(&desk).await
}

/// Several chats at once: a list with unread marks, drafts that stay with their chat.
pub async fn side_by_side() -> Result<()> {
    let stage = Stage::open().await?;
    let ada = stage.taken_over("Ada").await?;
    let desk = &stage.desk;
    desk.reads("#chat-title", "Ada").await?;
    desk.fill("#say", "a draft for Ada").await?;

    let ben = stage.asks("Ben", "").await?;
    desk.click("#offers .primary").await?;
    desk.until("document.querySelectorAll('#chats .chat-item').length === 2").await?;
    ensure!(desk.text("#chat-title").await? == "Ada", "accepting a second chat takes nobody away from the first");

    say(&ben, "Are you there?").await?;
    desk.reads("#chats .unread", "1").await?;
    desk.until("document.title.startsWith('(1)')").await?;
    desk.click("#chats li:nth-child(2) .chat-item").await?;
    desk.reads("#chat-title", "Ben").await?;
    desk.until("!document.querySelector('#chats .unread')").await?;
    ensure!(desk.run("return document.querySelector('#say').value").await? == "", "a draft belongs to its chat");
    say(desk, "Yes, Ben").await?;
    desk.click("#chats li:nth-child(1) .chat-item").await?;
    desk.until("document.querySelector('#say').value === 'a draft for Ada'").await?;

    // The page is loaded again: the browser's session goes on, and so do both chats.
    desk.open(&stage.house.url("/desk")).await?;
    scene::ready(desk).await?;
    desk.until("document.querySelectorAll('#chats .chat-item').length === 2").await?;
    desk.click("#chats li:nth-child(2) .chat-item").await?;
    desk.reads("#log .line.own", "Yes, Ben").await?;
    ada.open(&stage.house.url("/customer")).await?;
    ada.reads("#log", "I want to talk").await?;
    quiet(desk).await
}

/// A colleague is invited, speaks to agents only and to everybody; then the chat is transferred, with a note.
pub async fn transfer_and_invite() -> Result<()> {
    let stage = Stage::open().await?;
    let ada = stage.taken_over("Ada").await?;
    let grace = &stage.desk;
    let alan = person(&stage.driver, &stage.house, "alan").await?;

    grace.click("#invite").await?;
    grace.reads("#targets", "Alan Turing").await?;
    grace.fill("#target-note", "Please look at the parcel with me").await?;
    grace.reads("#targets .free.yes", "free").await?;
    grace.click("#targets .target:has(.free.yes)").await?;
    alan.reads("#offers", "Please look at the parcel with me").await?;
    alan.click("#offers .primary").await?;
    alan.reads("#note", "Please look at the parcel with me").await?;
    grace.reads("#people", "Alan Turing").await?;
    alan.click(".to label:nth-child(2)").await?;
    say(&alan, "It is in the depot").await?;
    grace.reads("#log .agents-only", "It is in the depot").await?;
    alan.click(".to label:nth-child(1)").await?;
    say(&alan, "Your parcel comes tomorrow").await?;
    ada.reads("#log .line.person", "Your parcel comes tomorrow").await?;
    ensure!(!ada.text("#log").await?.contains("depot"), "the customer saw an agents' line");
    alan.click("#leave").await?;
    alan.click("#confirm-yes").await?;
    alan.until("document.querySelectorAll('#chats li').length === 0").await?;

    grace.click("#transfer").await?;
    grace.fill("#target-search", "service").await?;
    grace.reads("#targets", "goes to Alan Turing").await?;
    grace.click("#targets .target").await?;
    grace.until("document.querySelectorAll('#chats li').length === 0").await?;
    alan.click("#offers .primary").await?;
    alan.reads("#log", "Your parcel comes tomorrow").await?;
    say(&alan, "I am back").await?;
    ada.reads("#log", "I am back").await?;
    ada.click("#end").await?;
    alan.reads("#after", "ended").await?;
    quiet(&ada).await?;
    quiet(&alan).await?;
    quiet(grace).await
}
