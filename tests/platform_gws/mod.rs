//! The platform adapter against the simulator, over real sockets: both endpoint families, both transports, and every
//! kind of bad server.

mod bad;
mod good;
mod room;
mod staffing;

use std::future::Future;
use std::pin::Pin;

use anyhow::Context;
use gws::Family;
use libtest_mimic::{Failed, Trial};

use room::{Room, Transport};

/// The four ways to reach a server.
const WAYS: [(Family, Transport); 4] = [
    (Family::Interactions, Transport::LongPolling),
    (Family::Interactions, Transport::WebSocket),
    (Family::Chats, Transport::LongPolling),
    (Family::Chats, Transport::WebSocket),
];

/// What is played in a room.
type Scene = fn(Room) -> Pin<Box<dyn Future<Output = anyhow::Result<()>>>>;

/// Scenes under their own names.
macro_rules! scenes {
    ($($name:ident,)*) => {
        pub const SCENES: &[(&str, super::Scene)] = &[$((stringify!($name), |room| Box::pin($name(room))),)*];
    };
}
use scenes;

pub fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for (name, scene) in good::SCENES {
        for (family, transport) in WAYS {
            trials.push(trial(&format!("{name} ({family}, {transport})"), move || play(*scene, family, transport)));
        }
    }
    for (name, scene) in bad::SCENES {
        for family in [Family::Interactions, Family::Chats] {
            trials.push(trial(&format!("{name} ({family})"), move || play(*scene, family, Transport::LongPolling)));
        }
    }
    trials.push(trial("a_disposition_can_go_with_complete", good::disposition_with_complete));
    trials.push(trial("agents_can_be_named_by_employee_id", good::named_by_employee_id));
    trials.push(trial("an_unreachable_server_is_unavailable", bad::unreachable));
    trials.extend(staffing::trials());
    trials
}

async fn play(scene: Scene, family: Family, transport: Transport) -> anyhow::Result<()> {
    let room = Room::open(family, transport).await?;
    let centre = room.centre.clone();
    let played = scene(room).await;
    centre.shutdown().await;
    played
}

fn trial<F>(name: &str, scene: impl FnOnce() -> F + Send + 'static) -> Trial
where
    F: Future<Output = anyhow::Result<()>>,
{
    Trial::test(format!("platform_gws::{name}"), move || {
        let run = || -> anyhow::Result<()> {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
            runtime.block_on(async {
                let within = std::time::Duration::from_secs(180);
                tokio::time::timeout(within, scene()).await.context("the whole trial took too long")?
            })
        };
        run().map_err(|error| Failed::from(format!("{error:?}")))
    })
}
