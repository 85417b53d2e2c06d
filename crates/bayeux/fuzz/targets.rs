//! What is fuzzed: any bytes to the decoder, any history to the session machine. The test `fuzzing` runs the same functions.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bayeux::machine::{Command, Effect, ExchangeId, HookFailure, Input, Lane, Machine, Publish, Setup};
use bayeux::{Channel, Failure, FailureKind, Options, State, TransportKind, decode};
use bytes::Bytes;
use serde_json::{Map, Value, json};
use tokio::time::Instant;

/// What three servers say, with places for the ids of our requests.
pub const TRANSCRIPTS: &[&str] = &[
    // CometD for Java
    r#"[{"ext":{"ack":true},"minimumVersion":"1.0","clientId":"7x1nq2","supportedConnectionTypes":["websocket","long-polling"],"advice":{"interval":0,"timeout":30000,"reconnect":"retry"},"channel":"/meta/handshake","id":"$","version":"1.0","successful":true}]"#,
    r#"[{"ext":{"ack":{"enabled":true,"batch":1}},"x-messages":1,"clientId":"7x1nq2","supportedConnectionTypes":["long-polling"],"channel":"/meta/handshake","id":"$","successful":true},{"data":1,"channel":"/a"}]"#,
    r#"[{"data":{"n":1},"channel":"/a"},{"data":2,"channel":"/a/b"},{"ext":{"ack":3},"channel":"/meta/connect","id":"$","successful":true}]"#,
    r#"[{"advice":{"interval":0,"reconnect":"handshake"},"channel":"/meta/connect","id":"$","error":"402::session_unknown","successful":false}]"#,
    r#"[{"channel":"/meta/handshake","id":"$","error":"403::handshake_denied","successful":false,"advice":{"reconnect":"none","interval":0}}]"#,
    r#"[{"advice":{"interval":2000,"reconnect":"retry","multiple-clients":true},"channel":"/meta/connect","id":"$","successful":true}]"#,
    r#"[{"channel":"/meta/disconnect","successful":true},{"channel":"/meta/connect","id":"$","successful":true,"advice":{"reconnect":"none"}}]"#,
    // cometd-nodejs-server
    r#"[{"id":"$","channel":"/meta/subscribe","subscription":"/a","successful":true}]"#,
    r#"[{"channel":"/a","data":"x"},{"channel":"/a","data":"x"},{"id":"$","channel":"/meta/connect","successful":true}]"#,
    r#"[{"id":"$","channel":"/a","successful":false,"error":"402::session_unknown"}]"#,
    // Faye
    r#"[{"id":"$","channel":"/meta/handshake","successful":false,"error":"301:x:Connection types not supported","version":"1.0","supportedConnectionTypes":["long-polling","cross-origin-long-polling","callback-polling","websocket","eventsource","in-process"],"advice":{"reconnect":"handshake","interval":0,"timeout":45000}}]"#,
    r#"[{"id":"$","clientId":"fk1","channel":"/meta/connect","successful":true,"advice":{"reconnect":"retry","interval":0,"timeout":45000}},{"channel":"/a","data":{"a":1},"id":"$"}]"#,
    r#"[{"id":"$","channel":"/meta/connect","successful":false,"error":"401:fk1:Unknown client","advice":{"reconnect":"handshake","interval":0,"timeout":45000}}]"#,
    r#"[{"id":"$","clientId":"fk1","channel":"/meta/unsubscribe","successful":true,"subscription":["/a"]}]"#,
];

/// Any bytes: an error or messages, and what comes out can be looked at.
pub fn decoder(data: &[u8]) {
    let Ok(decoded) = decode(&Bytes::copy_from_slice(data)) else { return };
    assert!(decoded.messages.len() + decoded.rejected <= data.len().max(1), "no more messages than bytes");
    for message in &decoded.messages {
        let _ = (message.refusal(), message.ext(), message.timestamp(), message.successful());
        if let Some(data) = &message.data {
            let _ = data.parse::<Value>();
            assert!(!data.text().is_empty());
        }
    }
}

/// Takes decisions from bytes; zeros when there are none left.
struct Choices<'a>(&'a [u8]);

impl Choices<'_> {
    fn done(&self) -> bool {
        self.0.is_empty()
    }

    fn byte(&mut self) -> u8 {
        match self.0.split_first() {
            Some((first, rest)) => {
                self.0 = rest;
                *first
            }
            None => 0,
        }
    }

    fn below(&mut self, end: usize) -> usize {
        if end == 0 { 0 } else { usize::from(self.byte()) % end }
    }

    fn flag(&mut self) -> bool {
        self.byte() & 1 == 1
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())].clone()
    }
}

/// A request that is out: its transport, its lane, and the ids and channels of its messages.
type Flying = (TransportKind, Lane, Vec<(u64, String)>);

/// What the machine has been seen to do, and what must hold of it.
#[derive(Default)]
struct Watch {
    flying: BTreeMap<ExchangeId, Flying>,
    open: BTreeSet<u64>,
    ended: BTreeSet<u64>,
    streams: BTreeSet<u64>,
    acknowledged: u64,
}

impl Watch {
    fn effect(&mut self, effect: Effect) {
        match effect {
            Effect::Send(exchange) => {
                assert!(!exchange.messages.is_empty());
                let lane = exchange.lane;
                let on_lane = self
                    .flying
                    .values()
                    .filter(|(kind, other, _)| *kind == exchange.transport && *other == lane)
                    .count();
                // A handshake does not wait for what the lost session still had on its way.
                let others = usize::from(exchange.messages[0].channel.as_str() == "/meta/handshake");
                let one_at_a_time = lane == Lane::Connect || exchange.transport == TransportKind::LongPolling;
                assert!(
                    !one_at_a_time || on_lane <= others,
                    "two requests on one lane: {:?} beside {:?}",
                    exchange.messages[0].channel,
                    self.flying
                );
                for message in &exchange.messages {
                    let channel = message.channel.as_str();
                    assert_eq!(message.client_id.is_none(), channel == "/meta/handshake");
                    if channel == "/meta/handshake" {
                        self.acknowledged = 0;
                    }
                    if channel == "/meta/connect"
                        && let Some(number) = message.fields.get("ext").and_then(|ext| ext["ack"].as_u64())
                    {
                        self.acknowledged = self.acknowledged.max(number);
                    }
                }
                let messages =
                    exchange.messages.iter().map(|message| (message.id, message.channel.to_string())).collect();
                assert!(
                    self.flying.insert(exchange.id, (exchange.transport, lane, messages)).is_none(),
                    "a name used twice"
                );
            }
            Effect::Drop { exchange, .. } => {
                self.flying.remove(&exchange);
            }
            Effect::Shut { transport, .. } => self.flying.retain(|_, (kind, ..)| *kind != transport),
            Effect::Done { ticket, .. } => {
                assert!(self.open.remove(&ticket), "a call with two outcomes, or nobody's");
                self.ended.insert(ticket);
            }
            Effect::Deliver { stream, .. } => assert!(self.streams.contains(&stream), "a delivery for nobody"),
            Effect::End { stream, .. } => assert!(self.streams.remove(&stream), "an end for nobody"),
            Effect::Prepare { .. }
            | Effect::Renew { .. }
            | Effect::Late { .. }
            | Effect::Tell(_)
            | Effect::Meta(_)
            | Effect::MoveTo { .. } => {}
        }
    }
}

/// Any history: the invariants hold after each step, and an abort at the end leaves nothing behind.
pub fn machine(data: &[u8]) {
    let mut choices = Choices(data);
    let flags = choices.byte();
    let both = [TransportKind::WebSocket, TransportKind::LongPolling];
    let options = Options {
        ack: flags & 1 != 0,
        outbox_limit: 20,
        resend: flags & 2 != 0,
        sticky_transport: flags & 4 != 0,
        cover_subscriptions: flags & 8 != 0,
        ..Options::default()
    };
    let limit = options.outbox_limit;
    let mut machine = Machine::new(Setup {
        options,
        transports: both[usize::from(flags & 16 != 0)..].to_vec(),
        handshake_on: None,
        can_renew: flags & 32 != 0,
        ack_when_done: flags & 64 != 0,
        ask_when_late: flags & 128 != 0,
        host: "here.test".into(),
        resume: None,
        seed: u64::from(flags),
    });
    let start = Instant::now();
    let mut now = start;
    let mut watch = Watch::default();
    let mut last = 0;
    while !choices.done() {
        let input = step(&mut choices, &mut watch, &mut machine, &mut now, &mut last);
        run(&mut machine, &mut watch, input, now);
        assert!(machine.outbox_len() <= limit + 64, "the outbox has a limit");
        // A time-out that is due leads to something: no standing still in a circle.
        for round in 0.. {
            match machine.deadline() {
                Some(deadline) if deadline <= now => run(&mut machine, &mut watch, Input::Tick, now),
                _ => break,
            }
            assert!(round < 40, "ticks without end");
        }
    }
    if machine.state() == State::Disconnected {
        // What was called before a session is kept for it.
        let ticket = last + 1;
        watch.open.insert(ticket);
        run(&mut machine, &mut watch, Input::Open { ticket }, now);
    }
    run(&mut machine, &mut watch, Input::Abort, now);
    assert_eq!(machine.state(), State::Disconnected);
    assert!(watch.flying.is_empty(), "requests are left: {:?}", watch.flying);
    assert!(machine.deadline().is_none(), "a timer is left");
    assert!(watch.open.is_empty(), "calls without outcome: {:?}", watch.open);
    assert_eq!(machine.outbox_len(), 0);
}

fn run(machine: &mut Machine, watch: &mut Watch, input: Input, now: Instant) {
    let late = matches!(input, Input::Tick);
    let effects = machine.handle(input, now);
    let mut asked = Vec::new();
    for effect in effects {
        if let Effect::Late { exchange, .. } = effect {
            asked.push(exchange);
        } else {
            watch.effect(effect);
        }
    }
    for exchange in asked {
        assert!(late, "asked out of time");
        for effect in machine.handle(Input::GiveUp(exchange), now) {
            watch.effect(effect);
        }
    }
}

fn step(
    choices: &mut Choices<'_>,
    watch: &mut Watch,
    machine: &mut Machine,
    now: &mut Instant,
    last: &mut u64,
) -> Input {
    const CHANNELS: [&str; 7] = ["/a", "/a/b", "/a/*", "/a/**", "/b", "/service/x", "/**"];
    let mut name = |set: &mut BTreeSet<u64>| {
        *last += 1;
        set.insert(*last);
        *last
    };
    let failures = [
        FailureKind::Refused,
        FailureKind::Broken,
        FailureKind::Status(500),
        FailureKind::Status(401),
        FailureKind::Status(413),
        FailureKind::Upgrade(404),
        FailureKind::BadBody,
    ];
    match choices.below(20) {
        0 => Input::Open { ticket: name(&mut watch.open) },
        1 | 2 => Input::Prepared(if choices.byte() < 200 {
            Ok(Map::new())
        } else {
            Err(HookFailure { reason: String::new(), is_final: choices.flag() })
        }),
        3 => Input::Renewed(Ok(())),
        4 => {
            let ticket = name(&mut watch.open);
            let stream = name(&mut watch.streams);
            let mut channels = vec![Channel::new(choices.pick(&CHANNELS)).expect("good")];
            if choices.flag() {
                let more = Channel::new(choices.pick(&CHANNELS)).expect("good");
                if !channels.contains(&more) {
                    channels.push(more);
                }
            }
            Input::Commands(vec![Command::Subscribe { ticket, stream, channels, has_fields: choices.byte() > 200 }])
        }
        5 => {
            let position = choices.below(watch.streams.len());
            let stream = watch.streams.iter().nth(position).copied().unwrap_or(0);
            // A dropped stream is not told of its end, and its call has nobody who waits.
            watch.streams.remove(&stream);
            let effects = machine.handle(Input::Commands(vec![Command::Unsubscribe { stream }]), *now);
            for effect in effects {
                watch.effect(effect);
            }
            Input::Tick
        }
        6 | 7 => {
            let count = 1 + choices.below(3);
            let publishes = (0..count).map(|_| {
                Command::Publish(Publish {
                    ticket: name(&mut watch.open),
                    channel: Channel::new(choices.pick(&CHANNELS[..2])).expect("good"),
                    data: Bytes::from_static(b"1"),
                    fields: Map::new(),
                    resend: choices.flag(),
                    attempts: 1 + u32::from(choices.byte() % 4),
                    deadline: choices.flag().then(|| *now + Duration::from_secs(choices.byte().into())),
                    call: choices.byte() > 220,
                })
            });
            Input::Commands(publishes.collect())
        }
        8..=11 => reply(choices, watch),
        12 => {
            let position = choices.below(watch.flying.len());
            let exchange = watch.flying.keys().nth(position).copied();
            let Some((exchange, (transport, ..))) =
                exchange.and_then(|id| watch.flying.remove(&id).map(|open| (id, open)))
            else {
                return Input::Tick;
            };
            let failure = Failure { kind: choices.pick(&failures), maybe_sent: choices.flag(), detail: String::new() };
            Input::Failed { transport, exchange: Some(exchange), failure }
        }
        13 => {
            let transport = TransportKind::WebSocket;
            watch.flying.retain(|_, (kind, ..)| *kind != transport);
            let failure = Failure { kind: choices.pick(&failures), maybe_sent: choices.flag(), detail: String::new() };
            Input::Failed { transport, exchange: None, failure }
        }
        14 | 15 => {
            let until = machine.deadline().unwrap_or(*now);
            *now = if choices.flag() {
                until.max(*now)
            } else {
                *now + Duration::from_millis(u64::from(choices.byte()) * 50)
            };
            Input::Tick
        }
        16 => Input::Pressure(choices.flag()),
        17 => {
            if choices.flag() {
                Input::Taken(choices.byte().into())
            } else {
                Input::Abandoned
            }
        }
        18 => match choices.below(5) {
            0 => Input::Close { ticket: name(&mut watch.open), within: Duration::from_secs(choices.byte().into()) },
            1 => Input::Abort,
            2 => Input::Prefer(if choices.flag() { TransportKind::WebSocket } else { TransportKind::LongPolling }),
            3 => Input::Extend { exchange: choices.byte().into(), by: Duration::from_secs(1) },
            _ => Input::Tick,
        },
        _ => {
            // Frames that nobody asked for.
            let text = choices.pick(TRANSCRIPTS).replace('$', &choices.byte().to_string());
            let messages = decode(&Bytes::from(text)).map(|decoded| decoded.messages).unwrap_or_default();
            watch.settle(&messages);
            Input::Received { transport: TransportKind::WebSocket, exchange: None, messages }
        }
    }
}

impl Watch {
    /// On a WebSocket an exchange ends with the reply to its last message.
    fn settle(&mut self, messages: &[bayeux::Incoming]) {
        for message in messages {
            let Some(id) = message.id.as_deref().and_then(|id| id.parse::<u64>().ok()) else { continue };
            for (_, _, waiting) in self.flying.values_mut() {
                waiting.retain(|(other, channel)| *other != id || channel != message.channel.as_str());
            }
        }
        self.flying.retain(|_, (kind, _, waiting)| !(waiting.is_empty() && *kind == TransportKind::WebSocket));
    }
}

/// An answer to something that was sent: good, bad, or from a transcript.
fn reply(choices: &mut Choices<'_>, watch: &mut Watch) -> Input {
    let position = choices.below(watch.flying.len());
    let Some((exchange, (transport, _, waiting))) =
        watch.flying.iter().nth(position).map(|(id, (kind, lane, waiting))| (*id, (*kind, *lane, waiting.clone())))
    else {
        return Input::Tick;
    };
    let mut all: Vec<Value> = (0..choices.below(3)).map(|number| json!({"channel": "/a", "data": number})).collect();
    let advice = [
        json!(null),
        json!({"reconnect": "retry"}),
        json!({"reconnect": "handshake"}),
        json!({"reconnect": "none"}),
        json!({"interval": -1}),
        json!({"interval": 700, "maxInterval": 900, "hosts": ["x.test"]}),
    ];
    let batch = choices.byte();
    for (id, channel) in &waiting {
        let good = choices.byte() < 200;
        let mut reply = json!({"channel": channel, "id": id.to_string(), "successful": good});
        if good && channel == "/meta/handshake" {
            reply["clientId"] = json!("c");
            reply["ext"] = json!({"ack": true});
            if choices.byte() > 220 {
                reply["x-messages"] = json!(2);
            }
        }
        if good && channel == "/meta/connect" {
            reply["ext"] = json!({"ack": batch});
        }
        if !good {
            reply["error"] = json!(choices.pick(&["402::x", "403::x", "401:c:Unknown client", "nonsense"]));
        }
        if choices.byte() > 180 {
            reply["advice"] = choices.pick(&advice);
        }
        all.push(reply);
    }
    let text = match choices.byte() {
        0..230 => json!(all).to_string(),
        _ => choices.pick(TRANSCRIPTS).replace('$', &waiting.first().map_or(0, |(id, _)| *id).to_string()),
    };
    let messages = decode(&Bytes::from(text)).map(|decoded| decoded.messages).unwrap_or_default();
    let exchange = (transport == TransportKind::LongPolling).then_some(exchange);
    match exchange {
        Some(id) => drop(watch.flying.remove(&id)),
        None => watch.settle(&messages),
    }
    Input::Received { transport, exchange, messages }
}
