//! Our client against every kind of server, over every transport that it has.

use std::time::Duration;

use anyhow::{Context, ensure};
use attendant_tests::interop::{Kind, Server, Settings, url_at};
use attendant_tests::proxy::{Fault, FaultProxy};
use bayeux::{Error, Event, State, TransportKind};
use libtest_mimic::Trial;
use serde_json::json;

use super::scene::{self, Log, in_order, numbers, shared, soon, until};
use super::trial;

pub fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for kind in Kind::ALL {
        for way in scene::transports(kind) {
            let name = |story: &str| format!("{}::{}::{story}", kind.name(), way.name());
            let needs = [kind.needs()];
            trials.push(trial(&name("subscriptions"), &needs, move || subscriptions(kind, way)));
            trials.push(trial(&name("publish_in_order"), &needs, move || publish_in_order(kind, way)));
            trials.push(trial(&name("burst_in_order"), &needs, move || burst_in_order(kind, way)));
            trials.push(trial(&name("expiry_restart_end"), &needs, move || expiry_restart_end(kind, way)));
            if kind.has_services() {
                trials.push(trial(&name("echo"), &needs, move || echo(kind, way)));
            }
        }
        let needs = [kind.needs()];
        trials.push(trial(&format!("{}::transport_of_choice", kind.name()), &needs, move || choice(kind)));
    }
    trials
}

/// One channel, `*`, `**`, several in one call; each stream gets each of its messages once; an ended one gets none.
async fn subscriptions(kind: Kind, way: TransportKind) -> anyhow::Result<()> {
    let server = shared(kind).await?;
    let client = scene::client(&server.url(), way)?.build()?;
    soon("connecting", client.connect()).await??;
    let root = scene::channel("wild");
    let mut exact = client.subscribe(format!("{root}/a")).await?;
    let mut star = client.subscribe(format!("{root}/*")).await?;
    let mut deep = client.subscribe(format!("{root}/**")).await?;
    let mut pair = client.subscribe([format!("{root}/b"), format!("{root}/a/x")]).await?;

    for (n, leaf) in ["a", "b", "a/x", "end"].into_iter().enumerate() {
        soon("publishing", client.publish(format!("{root}/{leaf}"), &json!({ "n": n })).into_future()).await??;
    }
    in_turn(&numbers(&mut exact, 1).await?, &[0])?;
    in_turn(&numbers(&mut star, 3).await?, &[0, 1, 3])?;
    in_turn(&numbers(&mut deep, 4).await?, &[0, 1, 2, 3])?;
    in_turn(&numbers(&mut pair, 2).await?, &[1, 2])?;

    drop(star);
    let mut last = client.subscribe(format!("{root}/last")).await?;
    soon("publishing", client.publish(format!("{root}/a"), &json!({ "n": 9 })).into_future()).await??;
    soon("publishing", client.publish(format!("{root}/last"), &json!({ "n": 10 })).into_future()).await??;
    in_turn(&numbers(&mut exact, 1).await?, &[9])?;
    in_turn(&numbers(&mut last, 1).await?, &[10])?;
    ensure!(exact.waiting() == 0 && pair.waiting() == 0, "more came than was published");
    soon("disconnecting", client.disconnect(scene::SOON)).await??;
    ensure!(*client.state().borrow() == State::Disconnected, "still there");
    Ok(())
}

fn in_turn(came: &[u64], expected: &[u64]) -> anyhow::Result<()> {
    ensure!(came == expected, "{came:?} came instead of {expected:?}");
    Ok(())
}

/// What is published without waiting for answers arrives in the order of the calls, and the answers say so.
async fn publish_in_order(kind: Kind, way: TransportKind) -> anyhow::Result<()> {
    const COUNT: usize = 300;
    let server = shared(kind).await?;
    let client = scene::client(&server.url(), way)?.build()?;
    soon("connecting", client.connect()).await??;
    let channel = scene::channel("in");
    let mut receipts = Vec::new();
    for n in 0..COUNT {
        receipts.push(client.publish(&channel, &json!({ "n": n })).send().await?);
    }
    for receipt in receipts {
        soon("an answer", receipt).await??;
    }
    let seen = server.seen(&channel).await?;
    let seen: Vec<u64> = seen.into_iter().map(u64::try_from).collect::<Result<_, _>>()?;
    in_order(&seen, COUNT as u64)?;
    soon("disconnecting", client.disconnect(scene::SOON)).await??;
    Ok(())
}

/// 2,000 messages at once, without and (where there is one) with ack.
async fn burst_in_order(kind: Kind, way: TransportKind) -> anyhow::Result<()> {
    const COUNT: u64 = 2_000;
    let server = shared(kind).await?;
    for ack in [false, true] {
        let client = scene::client(&server.url(), way)?.ack(ack).build()?;
        soon("connecting", client.connect()).await??;
        ensure!(client.status().await?.acknowledged == (ack && kind.has_ack()), "acknowledged: not as agreed");
        let channel = scene::channel("burst");
        let mut stream = client.subscribe(channel.as_str()).await?;
        server.burst(&channel, 0, COUNT, Duration::ZERO).await?;
        in_order(&numbers(&mut stream, usize::try_from(COUNT)?).await?, COUNT)?;
        soon("disconnecting", client.disconnect(scene::SOON)).await??;
    }
    Ok(())
}

/// A question on a service channel, its answer on the same channel.
async fn echo(kind: Kind, way: TransportKind) -> anyhow::Result<()> {
    let server = shared(kind).await?;
    let client = scene::client(&server.url(), way)?.build()?;
    soon("connecting", client.connect()).await??;
    let mut answers = client.subscribe("/service/echo").await?;
    for n in 0..50 {
        soon("asking", client.publish("/service/echo", &json!({ "n": n, "text": "grüße \u{1F44B}" })).into_future())
            .await??;
        let answer = soon("an answer", answers.next()).await?.context("the stream ended")?;
        ensure!(answer.parse::<serde_json::Value>()? == json!({ "n": n, "text": "grüße \u{1F44B}" }), "another answer");
    }
    soon("disconnecting", client.disconnect(scene::SOON)).await??;
    Ok(())
}

/// A session that the server forgets, a server that is killed and started again, and (where it can) one that ends the session.
async fn expiry_restart_end(kind: Kind, way: TransportKind) -> anyhow::Result<()> {
    let short = Settings {
        timeout: Duration::from_millis(700),
        max_interval: Duration::from_millis(800),
        ..Settings::default()
    };
    let mut server = Server::start(kind, short).await?;
    let proxy = FaultProxy::start(server.address()).await?;
    let client = scene::client(&url_at(proxy.address()), way)?.build()?;
    let log = Log::of(&client).await;
    soon("connecting", client.connect()).await??;
    let mut stream = client.subscribe("/news/*").await?;
    ensure!(server.sessions().await? == 1, "not one session at the start");

    // Nothing passes until the server has swept the session away.
    proxy.set(Fault::BlackHole);
    until("expiry", || async { Ok(server.sessions().await? == 0) }).await?;
    log.forget().await;
    proxy.set(Fault::None);
    proxy.reset_all();
    log.wait("a new session after expiry", |event| matches!(event, Event::Established { first: false, gap: true, .. }))
        .await?;
    works(&server, &mut stream, 0).await?;

    // The server goes without a word and knows nothing when it is back.
    log.forget().await;
    server.kill().await?;
    log.wait("a broken connection", |event| matches!(event, Event::Broken { .. })).await?;
    server.start_again().await?;
    log.wait("a new session after a restart", |event| {
        matches!(event, Event::Established { first: false, gap: true, .. })
    })
    .await?;
    works(&server, &mut stream, 1000).await?;

    if kind == Kind::Faye {
        soon("disconnecting", client.disconnect(scene::SOON)).await??;
    } else {
        log.forget().await;
        // A session that is ended while it holds no poll only learns that it is unknown, and opens another one: once more then.
        until("the end", || async {
            server.kick().await?;
            tokio::time::sleep(Duration::from_millis(200)).await;
            Ok(log.has(|event| matches!(event, Event::Closed { reason: Error::ClosedByServer })).await)
        })
        .await?;
        let end = soon("the end of the stream", stream.next()).await?;
        ensure!(end.is_none(), "a delivery after the end");
        // A session can be opened again afterwards, and closed in good order.
        soon("connecting", client.connect()).await??;
        ensure!(server.sessions().await? >= 1, "no session after opening it again");
        soon("disconnecting", client.disconnect(scene::SOON)).await??;
    }
    until("the server sees it go", || async { Ok(server.sessions().await? == 0) }).await
}

/// A message of the server's reaches a subscription that nobody renewed by hand. Tries with numbers from `base` on, for the
/// subscription may be on its way still.
async fn works(server: &Server, stream: &mut bayeux::Subscription, base: u64) -> anyhow::Result<()> {
    soon("a message arrives again", async {
        for n in base.. {
            server.burst("/news/today", n, 1, Duration::ZERO).await?;
            let within = Duration::from_millis(300);
            while let Ok(came) = tokio::time::timeout(within, numbers(stream, 1)).await {
                if came?.iter().any(|number| *number >= base) {
                    return Ok(());
                }
            }
        }
        anyhow::Ok(())
    })
    .await?
}

/// Without a wish, the client takes the best transport that the server has.
async fn choice(kind: Kind) -> anyhow::Result<()> {
    let server = shared(kind).await?;
    let client = bayeux::Client::builder(server.url()).options(scene::options()?).build()?;
    soon("connecting", client.connect()).await??;
    let best = if kind.has_websocket() { TransportKind::WebSocket } else { TransportKind::LongPolling };
    ensure!(client.status().await?.transport == best, "connected over {:?}", client.status().await?.transport);
    soon("disconnecting", client.disconnect(scene::SOON)).await??;
    Ok(())
}
