//! Tables of the model: what is told, refused and owed, operation by operation.

mod properties;

use std::time::Duration;

use serde_json::json;

use super::*;

fn centre() -> Centre {
    Centre::default()
        .with_agent(AgentProfile::new("bot-1", "").skilled("bot").capacity(2))
        .with_agent(AgentProfile::new("bot-2", "").skilled("bot").capacity(1))
        .with_agent(AgentProfile::new("grace", "").skilled("service").capacity(1))
        .with_agent(AgentProfile::new("linus", "").skilled("service").capacity(2))
        .with_queue(QueueProfile::new("chat_in").needing("bot"))
        .with_queue(QueueProfile::new("people").needing("service"))
}

/// A model with a clock that the test moves by hand.
struct Bench {
    model: Model,
    now: Moment,
    chats: u64,
    last: Applied,
}

impl Bench {
    fn new() -> Self {
        Self::with(Rules::default())
    }

    fn with(rules: Rules) -> Self {
        let last = Applied { answer: Ok(None), notifications: Vec::new(), facts: Vec::new() };
        Self { model: Model::new(&centre(), rules), now: Moment(1_000_000), chats: 0, last }
    }

    fn apply(&mut self, command: Command) -> Result<Option<ChatId>, Refusal> {
        self.last = self.model.apply(command, self.now);
        self.last.answer.clone()
    }

    fn wait(&mut self, wait: Duration) {
        self.now = self.now.after(wait);
        let _ = self.apply(Command::Tick);
    }

    fn ready(&mut self, agents: &[&str]) {
        for agent in agents {
            self.apply(Command::SignIn((*agent).into())).unwrap();
            self.apply(Command::SetPresence((*agent).into(), Presence::Ready)).unwrap();
        }
    }

    fn chat(&mut self, queue: &str) -> ChatId {
        self.chats += 1;
        let key = CustomerKey::new(format!("key-{}", self.chats));
        let command = Command::RequestChat {
            key,
            nickname: "Ada".into(),
            subject: Some("Invoice".into()),
            queue: Some(queue.into()),
            data: UserData::new(),
        };
        self.apply(command).unwrap().unwrap()
    }

    fn operate(&mut self, agent: &str, chat: &ChatId, operation: Operation) -> Result<(), Refusal> {
        let reference = Some(77);
        self.apply(Command::Operate { agent: agent.into(), chat: chat.clone(), operation, reference }).map(drop)
    }

    fn accept(&mut self, agent: &str, chat: &ChatId) {
        self.operate(agent, chat, Operation::Accept { nickname: None }).unwrap();
    }

    fn state(&self, agent: &str, chat: &ChatId) -> Option<SeatState> {
        self.model.view(chat, &agent.into()).map(|view| view.state)
    }

    fn failures(&self) -> usize {
        let failed = |told: &&Notification| {
            matches!(told, Notification::Agent { notice: Notice::Failed(..), reference: Some(77), .. })
        };
        self.last.notifications.iter().filter(failed).count()
    }
}

fn say(text: &str) -> Operation {
    Operation::Say { text: text.into(), visibility: Visibility::All, label: None }
}

fn agent(name: &str) -> Target {
    Target::Agent(name.into())
}

#[test]
fn a_chat_waits_until_somebody_with_the_skill_is_ready() {
    let mut bench = Bench::new();
    let chat = bench.chat("people");
    bench.ready(&["bot-1"]);
    assert_eq!(bench.state("bot-1", &chat), None);
    assert_eq!(bench.model.waiting(), 1);
    bench.ready(&["grace"]);
    assert_eq!(bench.state("grace", &chat), Some(SeatState::Invited));
    assert_eq!(bench.model.waiting(), 0);
}

#[test]
fn capacity_counts_offers_live_chats_and_after_call_work() {
    let mut bench = Bench::new();
    bench.ready(&["bot-2"]);
    let first = bench.chat("chat_in");
    let second = bench.chat("chat_in");
    assert_eq!(bench.state("bot-2", &second), None, "the offer takes the one slot");
    bench.accept("bot-2", &first);
    assert_eq!(bench.state("bot-2", &second), None);
    bench.operate("bot-2", &first, Operation::EndSession).unwrap();
    assert_eq!(bench.state("bot-2", &second), None, "after-call work takes it, too");
    bench.operate("bot-2", &first, Operation::Complete { queue: None }).unwrap();
    assert_eq!(bench.state("bot-2", &second), Some(SeatState::Invited));
}

#[test]
fn the_least_loaded_agent_is_offered_first_then_the_one_idle_longest() {
    let mut bench = Bench::new();
    bench.ready(&["bot-1"]);
    bench.now = bench.now.after(Duration::from_secs(1));
    bench.ready(&["bot-2"]);
    let first = bench.chat("chat_in");
    assert_eq!(bench.state("bot-1", &first), Some(SeatState::Invited), "idle longest");
    let second = bench.chat("chat_in");
    assert_eq!(bench.state("bot-2", &second), Some(SeatState::Invited), "least loaded");
}

#[test]
fn an_offer_that_runs_out_is_revoked_and_goes_to_somebody_else() {
    let mut bench = Bench::new();
    bench.ready(&["bot-1"]);
    let chat = bench.chat("chat_in");
    bench.ready(&["bot-2"]);
    assert_eq!(bench.model.next_deadline(), Some(bench.now.after(Duration::from_secs(30))));
    bench.wait(Duration::from_millis(29_999));
    assert_eq!(bench.state("bot-1", &chat), Some(SeatState::Invited));
    bench.wait(Duration::from_millis(1));
    assert_eq!(bench.state("bot-1", &chat), Some(SeatState::Revoked));
    assert_eq!(bench.state("bot-2", &chat), Some(SeatState::Invited));
    let late = bench.operate("bot-1", &chat, Operation::Accept { nickname: None });
    assert_eq!(late.unwrap_err().code, Refusal::STATE);
}

#[test]
fn an_agent_who_misses_an_offer_is_made_not_ready_if_the_rules_say_so() {
    let mut bench = Bench::with(Rules { not_ready_after_missed_offer: true, ..Rules::default() });
    bench.ready(&["bot-1"]);
    let chat = bench.chat("chat_in");
    bench.wait(Duration::from_secs(30));
    assert_eq!(bench.model.presence(&"bot-1".into()), Some((Presence::NotReady, false)));
    bench.wait(Duration::from_secs(60));
    assert_eq!(bench.state("bot-1", &chat), Some(SeatState::Revoked), "not offered again while not ready");
}

#[test]
fn a_rejected_chat_comes_again_only_after_a_while() {
    let mut bench = Bench::new();
    bench.ready(&["bot-1"]);
    let chat = bench.chat("chat_in");
    bench.operate("bot-1", &chat, Operation::Reject).unwrap();
    assert_eq!(bench.state("bot-1", &chat), Some(SeatState::Completed));
    assert_eq!(bench.model.waiting(), 1);
    bench.wait(Duration::from_secs(5));
    assert_eq!(bench.state("bot-1", &chat), Some(SeatState::Invited));
}

#[test]
fn accept_tells_the_state_then_who_is_in_then_the_whole_transcript() {
    let mut bench = Bench::new();
    bench.ready(&["bot-1"]);
    let chat = bench.chat("chat_in");
    bench.apply(Command::CustomerSays { chat: chat.clone(), text: "Hello?".into() }).unwrap();
    bench.accept("bot-1", &chat);
    let told: Vec<&Notification> = bench
        .last
        .notifications
        .iter()
        .filter(|told| matches!(told, Notification::Agent { to, .. } if to.as_str() == "bot-1"))
        .collect();
    assert!(matches!(told[0], Notification::Agent { reference: Some(77), notice: Notice::Status(view), .. }
        if view.state == SeatState::Chatting && view.participants.is_empty()));
    assert!(matches!(told[1], Notification::Agent { reference: None, notice: Notice::Participants(view), .. }
        if view.participants.len() == 2));
    assert!(matches!(told[2], Notification::Agent { notice: Notice::Entries(_, entries), .. } if entries.len() == 3));
    assert_eq!(told.len(), 3);
}

#[test]
fn what_is_refused_and_why() {
    let mut bench = Bench::new();
    bench.ready(&["bot-1", "grace"]);
    let chat = bench.chat("chat_in");
    let nobody = ChatId::new("0000XbNOBODY0000");
    let accept = || Operation::Accept { nickname: None };
    let early: Vec<(Operation, u8)> = vec![
        (say("too early"), Refusal::STATE),
        (Operation::EndSession, Refusal::STATE),
        (Operation::Complete { queue: None }, Refusal::STATE),
        (Operation::Transfer(agent("grace")), Refusal::STATE),
        (Operation::RequestHistory { from: None }, Refusal::STATE),
        (Operation::Leave, Refusal::STATE),
    ];
    for (operation, code) in early {
        assert_eq!(bench.operate("bot-1", &chat, operation.clone()).unwrap_err().code, code, "{operation:?}");
    }
    assert_eq!(bench.operate("bot-1", &nobody, accept()).unwrap_err().code, Refusal::UNKNOWN);
    assert_eq!(bench.operate("grace", &chat, accept()).unwrap_err().code, Refusal::PERMISSION);
    bench.accept("bot-1", &chat);
    let live: Vec<(Operation, u8)> = vec![
        (accept(), Refusal::STATE),
        (Operation::Reject, Refusal::STATE),
        (Operation::LeaveConference { agent: "bot-1".into() }, Refusal::STATE),
        (Operation::LeaveConference { agent: "grace".into() }, Refusal::PERMISSION),
        (Operation::Invite(agent("nobody")), Refusal::UNKNOWN),
        (Operation::Transfer(Target::Skill("sorcery".into())), Refusal::UNKNOWN),
        (Operation::Transfer(Target::Queue("nowhere".into())), Refusal::UNKNOWN),
        (say(&"x".repeat(4097)), 10),
    ];
    for (operation, code) in live {
        assert_eq!(bench.operate("bot-1", &chat, operation.clone()).unwrap_err().code, code, "{operation:?}");
    }
    bench.operate("bot-1", &chat, Operation::EndSession).unwrap();
    assert_eq!(bench.operate("bot-1", &chat, say("too late")).unwrap_err().code, Refusal::STATE);
    bench.operate("bot-1", &chat, Operation::Complete { queue: None }).unwrap();
    let again = bench.operate("bot-1", &chat, Operation::Complete { queue: None });
    assert_eq!(again.unwrap_err().code, Refusal::STATE);
    let said = bench.apply(Command::CustomerSays { chat, text: "hello?".into() });
    assert_eq!(said.unwrap_err().code, Refusal::STATE);
}

#[test]
fn in_a_conference_the_last_one_owns_and_a_guest_cannot_end_it() {
    let mut bench = Bench::new();
    bench.ready(&["bot-1", "grace"]);
    let chat = bench.chat("chat_in");
    bench.accept("bot-1", &chat);
    bench.operate("bot-1", &chat, Operation::Invite(agent("grace"))).unwrap();
    assert_eq!(bench.state("grace", &chat), Some(SeatState::Invited));
    bench.accept("grace", &chat);
    assert_eq!(bench.operate("grace", &chat, Operation::EndSession).unwrap_err().code, Refusal::PERMISSION);
    bench.operate("bot-1", &chat, Operation::LeaveConference { agent: "bot-1".into() }).unwrap();
    assert_eq!(bench.state("bot-1", &chat), Some(SeatState::Completed));
    assert!(bench.last.facts.iter().any(|fact| fact.event == FactEvent::Owned { agent: "grace".into() }));
    assert_eq!(bench.operate("bot-1", &chat, say("ghost")).unwrap_err().code, Refusal::STATE);
    bench.operate("grace", &chat, Operation::EndSession).unwrap();
    assert_eq!(bench.state("grace", &chat), Some(SeatState::LeftChat));
}

#[test]
fn an_invitation_that_is_not_taken_is_told_to_whoever_invited() {
    let mut bench = Bench::new();
    bench.ready(&["bot-1", "grace"]);
    let chat = bench.chat("chat_in");
    bench.accept("bot-1", &chat);
    bench.operate("bot-1", &chat, Operation::Invite(agent("grace"))).unwrap();
    bench.operate("grace", &chat, Operation::Reject).unwrap();
    assert_eq!(bench.failures(), 1);
    bench.operate("bot-1", &chat, Operation::Invite(agent("grace"))).unwrap();
    bench.wait(Duration::from_secs(30));
    assert_eq!(bench.failures(), 1);
    assert_eq!(bench.state("bot-1", &chat), Some(SeatState::Chatting), "and the bot still has it");
    bench.operate("bot-1", &chat, Operation::Invite(agent("linus"))).unwrap();
    assert_eq!(bench.failures(), 1, "not signed in: taken, then failed");
}

#[test]
fn somebody_consulted_is_not_seen_by_the_customer() {
    let mut bench = Bench::new();
    bench.ready(&["bot-1", "grace"]);
    let chat = bench.chat("chat_in");
    bench.accept("bot-1", &chat);
    bench.operate("bot-1", &chat, Operation::Consult(agent("grace"))).unwrap();
    bench.accept("grace", &chat);
    bench.operate("grace", &chat, say("tell them no")).unwrap();
    let seen = bench.model.customer_transcript(&chat, 0);
    assert!(seen.iter().all(|entry| entry.visibility == Visibility::All));
    assert_eq!(bench.model.customer_view(&chat).unwrap().1.len(), 2);
    assert_eq!(bench.model.transcript(&chat, &"bot-1".into()).unwrap().len(), seen.len() + 2);
    let go = Operation::LeaveConference { agent: "bot-1".into() };
    assert_eq!(
        bench.operate("bot-1", &chat, go).unwrap_err().code,
        Refusal::STATE,
        "nobody else whom the customer sees"
    );
}

#[test]
fn transfers_to_an_agent_a_skill_and_a_queue() {
    for (target, taker) in [
        (agent("linus"), "linus"),
        (agent("E-linus"), "linus"),
        (Target::Skill("service".into()), "grace"),
        (Target::Queue("people".into()), "grace"),
    ] {
        let mut bench = Bench::new();
        bench.ready(&["bot-1", "grace", "linus"]);
        let chat = bench.chat("chat_in");
        bench.accept("bot-1", &chat);
        bench.operate("bot-1", &chat, Operation::Transfer(target)).unwrap();
        assert_eq!(bench.state("bot-1", &chat), Some(SeatState::Completed));
        assert_eq!(bench.state(taker, &chat), Some(SeatState::Invited));
        bench.accept(taker, &chat);
        assert_eq!(bench.model.load(&"bot-1".into()), 0, "no ghost");
        bench.operate(taker, &chat, say("Hello, a person here.")).unwrap();
        assert_eq!(bench.operate("bot-1", &chat, say("me too")).unwrap_err().code, Refusal::STATE);
    }
}

#[test]
fn a_transfer_that_cannot_be_done_fails_afterwards_and_the_giver_keeps_the_chat() {
    for target in [agent("grace"), Target::Skill("service".into())] {
        let mut bench = Bench::new();
        bench.ready(&["bot-1"]);
        let chat = bench.chat("chat_in");
        bench.accept("bot-1", &chat);
        bench.operate("bot-1", &chat, Operation::Transfer(target)).unwrap();
        assert_eq!(bench.failures(), 1);
        assert_eq!(bench.state("bot-1", &chat), Some(SeatState::Chatting));
    }
}

#[test]
fn a_transferred_chat_that_is_not_taken_goes_back_to_routing() {
    let mut bench = Bench::new();
    bench.ready(&["bot-1", "grace"]);
    let chat = bench.chat("chat_in");
    bench.accept("bot-1", &chat);
    bench.operate("bot-1", &chat, Operation::Transfer(agent("grace"))).unwrap();
    bench.operate("grace", &chat, Operation::Reject).unwrap();
    assert_eq!(bench.model.waiting(), 1);
    bench.wait(Duration::from_secs(5));
    assert_eq!(bench.state("bot-1", &chat), Some(SeatState::Invited), "back through the queue it came from");
}

#[test]
fn when_the_customer_leaves_the_owner_has_after_call_work_and_offers_are_taken_back() {
    let mut bench = Bench::new();
    bench.ready(&["bot-1", "grace", "linus"]);
    let chat = bench.chat("chat_in");
    bench.accept("bot-1", &chat);
    bench.operate("bot-1", &chat, Operation::Invite(agent("grace"))).unwrap();
    bench.operate("bot-1", &chat, Operation::Invite(agent("linus"))).unwrap();
    bench.accept("linus", &chat);
    bench.apply(Command::CustomerLeaves { chat: chat.clone() }).unwrap();
    assert_eq!(bench.state("bot-1", &chat), Some(SeatState::LeftChat));
    assert_eq!(bench.state("linus", &chat), Some(SeatState::Completed));
    assert_eq!(bench.state("grace", &chat), Some(SeatState::Revoked));
    let view = bench.model.view(&chat, &"bot-1".into()).unwrap();
    assert!(view.capabilities.contains(&"Complete") && !view.capabilities.contains(&"SendMessage"));
    let waiting = bench.chat("people");
    bench.apply(Command::CustomerLeaves { chat: waiting }).unwrap();
    assert_eq!(bench.model.waiting(), 0);
}

#[test]
fn complete_on_a_live_session_ends_it_and_completes() {
    let mut bench = Bench::new();
    bench.ready(&["bot-1"]);
    let chat = bench.chat("chat_in");
    bench.accept("bot-1", &chat);
    bench.operate("bot-1", &chat, Operation::Complete { queue: None }).unwrap();
    assert_eq!(bench.state("bot-1", &chat), Some(SeatState::Completed));
    assert_eq!(bench.model.customer_view(&chat).unwrap().0, "Completed");
}

#[test]
fn a_join_that_fails_leaves_only_complete_and_then_the_customer_is_routed_again() {
    let mut bench = Bench::new();
    bench.ready(&["bot-1"]);
    let chat = bench.chat("chat_in");
    bench.operate("bot-1", &chat, Operation::AcceptInVain).unwrap();
    assert_eq!(bench.state("bot-1", &chat), Some(SeatState::JoinFailed));
    assert_eq!(bench.operate("bot-1", &chat, say("hello")).unwrap_err().code, Refusal::STATE);
    let pairs = UserData::from([("reason".into(), json!("join failed"))]);
    bench.operate("bot-1", &chat, Operation::Attach(pairs)).unwrap();
    bench.operate("bot-1", &chat, Operation::Complete { queue: None }).unwrap();
    assert_eq!(bench.state("bot-1", &chat), Some(SeatState::Invited), "the customer is still there");
}

#[test]
fn attached_data_and_disposition_are_told_to_everybody_in_the_chat() {
    let mut bench = Bench::new();
    bench.ready(&["bot-1"]);
    let chat = bench.chat("chat_in");
    bench.accept("bot-1", &chat);
    let pairs = UserData::from([("Note".into(), json!("asked for a person")), ("Priority".into(), json!(3))]);
    bench.operate("bot-1", &chat, Operation::Attach(pairs)).unwrap();
    bench.operate("bot-1", &chat, Operation::SetDisposition { key: None, value: json!("resolved") }).unwrap();
    bench.operate("bot-1", &chat, Operation::Delete(vec!["Priority".into()])).unwrap();
    let data = bench.model.view(&chat, &"bot-1".into()).unwrap().data;
    assert_eq!((data.get("Note"), data.get("Priority")), (Some(&json!("asked for a person")), None));
    assert_eq!(data.get("DispositionCode"), Some(&json!("resolved")));
    assert!(matches!(
        &bench.last.notifications[0],
        Notification::Agent { notice: Notice::Properties(_), reference: Some(77), .. }
    ));
}

#[test]
fn signing_out_leaves_nobody_alone() {
    let mut bench = Bench::new();
    bench.ready(&["bot-1", "bot-2"]);
    let chat = bench.chat("chat_in");
    bench.accept("bot-1", &chat);
    bench.apply(Command::SignOut("bot-1".into())).unwrap();
    assert_eq!(bench.state("bot-2", &chat), Some(SeatState::Invited));
    assert_eq!(bench.model.load(&"bot-1".into()), 0);
}

#[test]
fn a_chat_that_its_agent_forgets_is_routed_again() {
    let mut bench = Bench::with(Rules { handling_deadline: Duration::from_secs(60), ..Rules::default() });
    bench.ready(&["bot-1", "bot-2"]);
    let chat = bench.chat("chat_in");
    bench.accept("bot-1", &chat);
    bench.wait(Duration::from_secs(59));
    bench.operate("bot-1", &chat, say("still here")).unwrap();
    bench.wait(Duration::from_secs(59));
    assert_eq!(bench.state("bot-1", &chat), Some(SeatState::Chatting));
    bench.wait(Duration::from_secs(1));
    assert_eq!(bench.state("bot-1", &chat), Some(SeatState::Revoked));
    assert_eq!(bench.state("bot-2", &chat), Some(SeatState::Invited));
}

#[test]
fn finished_chats_are_forgotten_beyond_a_number() {
    let mut bench = Bench::with(Rules { finished_chats_kept: 1, ..Rules::default() });
    let first = bench.chat("chat_in");
    let second = bench.chat("chat_in");
    for chat in [&first, &second] {
        bench.apply(Command::CustomerLeaves { chat: chat.clone() }).unwrap();
    }
    assert!(bench.model.customer_view(&first).is_none());
    assert!(bench.model.customer_view(&second).is_some());
    assert!(bench.model.chat_of("key-1").is_none());
}

#[test]
fn the_history_can_be_asked_for_from_an_index_on() {
    let mut bench = Bench::new();
    bench.ready(&["bot-1"]);
    let chat = bench.chat("chat_in");
    bench.accept("bot-1", &chat);
    bench.operate("bot-1", &chat, say("one")).unwrap();
    bench.operate("bot-1", &chat, Operation::RequestHistory { from: Some(3) }).unwrap();
    let [Notification::Agent { notice: Notice::Entries(_, entries), .. }] = &bench.last.notifications[..] else {
        panic!("{:?}", bench.last.notifications);
    };
    assert_eq!(entries.iter().map(|entry| entry.index).collect::<Vec<_>>(), [3]);
}
