//! The contact centre of the demo: a parcel shop with two bot logins and two people.

use std::time::Duration;

use simulator::{AgentProfile, Centre, QueueProfile, Script, Then};

/// Where customers come in: served by the bots.
pub const DOOR: &str = "chat_in";
/// What the bots can do.
const SELF_SERVICE: &str = "self-service";
/// What the people can do; the demo's knowledge base hands over to it.
const SERVICE: &str = "service";
/// The password of everybody here. Invented, for a server that listens on this machine alone.
pub const PASSWORD: &str = "demo";
/// The bot logins.
pub const BOTS: [&str; 2] = ["bot-01", "bot-02"];
/// The people, by user name and first name.
pub const PEOPLE: [(&str, &str); 2] = [("nora", "Nora"), ("tom", "Tom")];

/// The centre.
pub fn centre() -> Centre {
    let mut centre = Centre::default()
        .with_queue(QueueProfile::new(DOOR).needing(SELF_SERVICE))
        .with_queue(QueueProfile::new("service").needing(SERVICE));
    for bot in BOTS {
        centre = centre
            .with_agent(AgentProfile::new(bot, PASSWORD).named("Linden", "Bot").skilled(SELF_SERVICE).capacity(20));
    }
    for (user, first) in PEOPLE {
        let profile = AgentProfile::new(user, PASSWORD).named(first, "Linden").skilled(SERVICE).capacity(3);
        centre = centre.with_agent(profile.scripted(script()));
    }
    centre
}

/// How the people are played until somebody signs in as one of them.
fn script() -> Script {
    Script {
        accept_after: Duration::from_secs(3),
        greeting: "Hello, this is {name} from the shop. I have read what you asked our assistant. How can I help?"
            .into(),
        lines: vec![
            "Thank you, let me look that up for you.".into(),
            "I have found it and taken care of it. Is there anything else?".into(),
            "You are welcome. I am here if you need anything else.".into(),
        ],
        answer_after: Duration::from_millis(2500),
        then: Then::Stay,
        answers: 3,
        wrap_up: Duration::from_secs(2),
        disposition: Some("solved".into()),
        ..Script::default()
    }
}
