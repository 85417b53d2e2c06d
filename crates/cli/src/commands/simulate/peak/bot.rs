//! A bot like one that answers questions: it solves a share at once, is unsure of others, and says how sure it is.

use attendant::{Bot, BotError, Event, Handoff, Next, Turn, async_trait};
use simulator::guests::mark;

/// The skill of the people.
pub const SKILL: &str = "service";

/// How often it asks before it gives up.
const ROUNDS: u32 = 1;

/// What a customer asks: how sure the bot will be, and after how many more questions it has the answer.
pub fn question(confidence: f64, solved: u32) -> String {
    // Not to be taken for a telephone number.
    format!("q c{:.0} s{solved}", confidence * 1000.0)
}

fn read(text: &str) -> Option<(f32, u32)> {
    let (confidence, solved) = text.lines().last()?.strip_prefix("q c")?.split_once(" s")?;
    Some((confidence.parse::<f32>().ok()? / 1000.0, solved.parse().ok()?))
}

/// The bot.
pub struct Modelled;

#[async_trait]
impl Bot for Modelled {
    async fn respond(&self, turn: &mut Turn<'_>) -> Result<Next, BotError> {
        match turn.event() {
            Event::Said(said) => {
                let Some((confidence, solved)) = read(&said.text()) else {
                    turn.say("Pardon?").await?;
                    return Ok(Next::Listen);
                };
                let asked: u32 = turn.recall("asked")?.unwrap_or(0);
                turn.set_confidence(confidence);
                if asked >= solved {
                    turn.set_confidence(1.0);
                    turn.say(format!("Here you are. {}", mark::SOLVED)).await?;
                    return Ok(Next::Listen);
                }
                turn.remember("asked", asked + 1)?;
                if asked >= ROUNDS {
                    let why = format!("{:.0} % sure after {asked} more questions", confidence * 100.0);
                    return Ok(Next::HandOff(Handoff::to_skill(SKILL).saying(mark::QUEUED).note(why)));
                }
                turn.say("Can you tell me a little more?").await?;
            }
            Event::HandoffFailed(_) => turn.say(format!("Nobody could take it. Tell me more. {}", mark::BACK)).await?,
            Event::Started => turn.say(format!("Hello. {}", mark::ASIDE)).await?,
            _ => {}
        }
        Ok(Next::Listen)
    }
}
