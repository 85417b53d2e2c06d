//! The handle of a session.

mod listeners;
mod publish;

use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Map, Value};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::binary::Binary;
use crate::builder::ClientBuilder;
use crate::channel::{Channel, Channels};
use crate::cookies::CookieJar;
use crate::driver::{Call, FieldsHook, NewStream, Notice};
use crate::error::{Error, PublishError};
use crate::event::State;
use crate::machine::{self, Command, Outcome, Ticket};
use crate::message::{Json, to_json};
use crate::options::{Options, TransportKind};
use crate::queue::Queue;
use crate::snapshot::Snapshot;
use crate::status::Status;
use crate::subscription::Subscription;

pub use listeners::{Events, MetaMessages};
pub use publish::{Batch, Publish, Receipt, Reply};

static LAST_TICKET: AtomicU64 = AtomicU64::new(0);

pub(crate) fn next_ticket() -> Ticket {
    LAST_TICKET.fetch_add(1, Ordering::Relaxed) + 1
}

/// Events that wait for a listener; the oldest go first.
const EVENTS: usize = 256;
/// Meta messages that wait for a listener; the oldest go first.
const META: usize = 256;

/// A session with a server. Clones are handles to the same session; when the last one is dropped, everything ends at once:
/// the task, the requests, the sockets. Say [`Client::disconnect`] before, to end it with good manners.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    calls: mpsc::Sender<Call>,
    notices: mpsc::UnboundedSender<Notice>,
    state: watch::Receiver<State>,
    jar: CookieJar,
    options: Options,
    /// Dropping it ends the session's task.
    _tasks: JoinSet<()>,
}

impl Client {
    /// Starts to set a client up for the server at `url` (`http`, `https`, `ws` or `wss`).
    pub fn builder(url: impl Into<String>) -> ClientBuilder {
        ClientBuilder::new(url.into())
    }

    pub(crate) fn new(
        calls: mpsc::Sender<Call>,
        notices: mpsc::UnboundedSender<Notice>,
        state: watch::Receiver<State>,
        jar: CookieJar,
        options: Options,
        tasks: JoinSet<()>,
    ) -> Self {
        Self { inner: Arc::new(Inner { calls, notices, state, jar, options, _tasks: tasks }) }
    }

    /// Opens the session: credentials, handshake, subscriptions, and the first connect. Comes back when the server answers, and
    /// keeps trying until then, unless the server says that there is no point. Dropping the future does not stop the attempt;
    /// [`Client::abort`] does.
    pub async fn connect(&self) -> Result<(), Error> {
        let (answer, outcome) = oneshot::channel();
        self.call(Call::Open(answer)).await?;
        done(outcome).await
    }

    /// Subscribes to one channel or to several, patterns included. Await it to know that the server has agreed, or take the
    /// stream at once with [`Subscribe::start`].
    ///
    /// Before the session is open this waits for it.
    pub fn subscribe(&self, channels: impl Channels) -> Subscribe<'_> {
        Subscribe { client: self, channels: channels.channels(), fields: None, limit: self.inner.options.inbox_limit }
    }

    /// Publishes a message. Messages are sent in the order in which they are awaited (or sent with [`Publish::send`]).
    pub fn publish(&self, channel: impl AsRef<str>, data: &(impl Serialize + ?Sized)) -> Publish<'_> {
        let options = &self.inner.options;
        let attempts = if options.resend { u32::MAX } else { 3 };
        Publish {
            client: self,
            message: message(channel.as_ref(), data),
            resend: options.resend,
            attempts,
            within: None,
            ext: None,
        }
    }

    /// Publishes binary data, for servers that have CometD's binary extension.
    pub fn publish_binary(&self, channel: impl AsRef<str>, data: &Binary) -> Publish<'_> {
        let mut publish = self.publish(channel, &Value::Null).ext(Binary::ext());
        publish.message = publish.message.and_then(|(channel, _)| Ok((channel, to_json(&data.to_value()?)?)));
        publish
    }

    /// Calls the remote procedure `/service/<target>` and waits for the answer with data.
    pub async fn call_remote(
        &self,
        target: &str,
        data: &(impl Serialize + ?Sized),
        within: Duration,
    ) -> Result<Json, PublishError> {
        let channel = format!("/service/{}", target.trim_start_matches('/'));
        let (channel, data) = message(&channel, data).map_err(PublishError::NotDelivered)?;
        let publish = machine::Publish {
            ticket: next_ticket(),
            channel,
            data,
            fields: Map::new(),
            resend: false,
            attempts: 1,
            deadline: Some(Instant::now() + within),
            call: true,
        };
        match self.enqueue(publish).await?.await {
            Ok(reply) => reply.message.data.ok_or(PublishError::Unknown(Error::Timeout(within))),
            Err(PublishError::Unknown(Error::Expired)) => Err(PublishError::Unknown(Error::Timeout(within))),
            Err(PublishError::NotDelivered(Error::Expired)) => Err(PublishError::NotDelivered(Error::Timeout(within))),
            Err(error) => Err(error),
        }
    }

    /// Sends everything that is put into the batch in one request, in order.
    ///
    /// What was put in before the closure fails is sent all the same.
    pub async fn batch<R>(&self, fill: impl FnOnce(&mut Batch) -> R) -> Result<R, Error> {
        let mut batch = Batch { commands: Vec::new() };
        let result = fill(&mut batch);
        if !batch.commands.is_empty() {
            self.call(Call::Commands(batch.commands, Vec::new())).await?;
        }
        Ok(result)
    }

    /// Ends the session: sends what waits, says good-bye, and lets the server answer, for at most `within`. Afterwards
    /// everything is clean, whatever the server did, and [`Client::connect`] opens a new session.
    pub async fn disconnect(&self, within: Duration) -> Result<(), Error> {
        let (answer, outcome) = oneshot::channel();
        self.call(Call::Close(within, answer)).await?;
        done(outcome).await
    }

    /// Ends the session at once, without a word to the server.
    pub async fn abort(&self) {
        let (done, ended) = oneshot::channel();
        if self.call(Call::Abort(done)).await.is_ok() {
            let _ = ended.await;
        }
    }

    /// The state, to be read or waited for.
    pub fn state(&self) -> watch::Receiver<State> {
        self.inner.state.clone()
    }

    /// What happens from now on. A listener that does not read loses the oldest events, and is told so.
    pub async fn events(&self) -> Events {
        let queue = Arc::new(Queue::new(EVENTS));
        let (answer, done) = oneshot::channel();
        if self.call(Call::Listen(Arc::downgrade(&queue), answer)).await.is_ok() {
            let _ = done.await;
        }
        Events { queue, held: None }
    }

    /// The messages that come in on `/meta/` channels, from now on; patterns such as `/meta/*` are allowed. Nothing is sent.
    pub async fn listen_meta(&self, pattern: &str) -> Result<MetaMessages, Error> {
        let pattern = Channel::new(pattern)?;
        let queue = Arc::new(Queue::new(META));
        let (answer, done) = oneshot::channel();
        self.call(Call::ListenMeta(pattern, Arc::downgrade(&queue), answer)).await?;
        done.await.map_err(|_| Error::Gone)?;
        Ok(MetaMessages { queue })
    }

    /// A look into the session.
    pub async fn status(&self) -> Result<Status, Error> {
        let (answer, status) = oneshot::channel();
        self.call(Call::Status(answer)).await?;
        status.await.map_err(|_| Error::Gone)
    }

    /// What another process needs to go on with this session; `None` while there is no session. Take it again after each
    /// batch of deliveries that was finished.
    pub async fn snapshot(&self) -> Result<Option<Snapshot>, Error> {
        let (answer, snapshot) = oneshot::channel();
        self.call(Call::Snapshot(answer)).await?;
        snapshot.await.map_err(|_| Error::Gone)
    }

    /// Goes on over another transport from the next connect on, if the server offers it: for an application that has its own
    /// mind about failures (see [`Event::Broken`](crate::Event::Broken)).
    pub async fn prefer(&self, transport: TransportKind) -> Result<(), Error> {
        self.call(Call::Prefer(transport)).await
    }

    /// Sends everything from now on to another address of the same service.
    pub async fn aim(&self, url: &str) -> Result<(), Error> {
        let url = url::Url::parse(url).map_err(|error| Error::Config(format!("the URL cannot be read: {error}")))?;
        self.call(Call::Aim(url)).await
    }

    /// The cookie jar.
    pub fn cookies(&self) -> &CookieJar {
        &self.inner.jar
    }

    async fn call(&self, call: Call) -> Result<(), Error> {
        self.inner.calls.send(call).await.map_err(|_| Error::Gone)
    }

    async fn enqueue(&self, publish: machine::Publish) -> Result<Receipt, PublishError> {
        let (answer, outcome) = oneshot::channel();
        let call = Call::Commands(vec![(Command::Publish(publish), Some(answer))], Vec::new());
        self.call(call).await.map_err(PublishError::NotDelivered)?;
        Ok(Receipt { outcome })
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Client").field("state", &*self.inner.state.borrow()).finish_non_exhaustive()
    }
}

async fn done(outcome: oneshot::Receiver<Result<Outcome, PublishError>>) -> Result<(), Error> {
    match outcome.await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(PublishError::NotDelivered(error) | PublishError::Unknown(error))) => Err(error),
        Err(_) => Err(Error::Gone),
    }
}

/// Checks a message where it enters.
fn message(channel: &str, data: &(impl Serialize + ?Sized)) -> Result<(Channel, Bytes), Error> {
    let refuse = |why| Err(Error::Channel { channel: channel.to_owned(), why });
    let name = Channel::new(channel)?;
    if name.is_meta() {
        return refuse("belongs to the protocol");
    }
    if name.is_wild() {
        return refuse("is a pattern, and nothing can be published on it");
    }
    Ok((name, to_json(data)?))
}

/// A subscription in the making; await it, or [start](Subscribe::start) it.
#[must_use = "nothing is subscribed before it is awaited or started"]
pub struct Subscribe<'a> {
    client: &'a Client,
    channels: Result<Vec<Channel>, Error>,
    fields: Option<FieldsHook>,
    limit: usize,
}

impl Subscribe<'_> {
    /// Adds fields (such as `ext`) to the subscribe message; asked again whenever the subscription is restored.
    pub fn fields(mut self, hook: impl Fn() -> Map<String, Value> + Send + Sync + 'static) -> Self {
        self.fields = Some(Arc::new(hook));
        self
    }

    /// How many deliveries may wait, in place of [`Options::inbox_limit`].
    pub fn limit(mut self, limit: usize) -> Self {
        self.limit = limit.max(1);
        self
    }

    /// Gives the stream at once. It works as soon as the server has agreed, and ends if it refuses. Fails only if a channel is
    /// wrong or the client is gone.
    pub async fn start(self) -> Result<Subscription, Error> {
        self.begin().await.map(|(subscription, _)| subscription)
    }

    async fn begin(self) -> Result<(Subscription, oneshot::Receiver<Result<Outcome, PublishError>>), Error> {
        let channels = self.channels?;
        if let Some(meta) = channels.iter().find(|channel| channel.is_meta()) {
            return Err(Error::Channel { channel: meta.to_string(), why: "belongs to the protocol" });
        }
        let id = next_ticket();
        let queue = Arc::new(Queue::new(self.limit));
        let end = Arc::new(OnceLock::new());
        let command =
            Command::Subscribe { ticket: next_ticket(), stream: id, channels, has_fields: self.fields.is_some() };
        let stream = NewStream { id, queue: queue.clone(), end: end.clone(), fields: self.fields };
        let (answer, outcome) = oneshot::channel();
        let subscription = Subscription::new(id, queue, end, self.client.inner.notices.clone());
        self.client.call(Call::Commands(vec![(command, Some(answer))], vec![stream])).await?;
        Ok((subscription, outcome))
    }
}

impl<'a> IntoFuture for Subscribe<'a> {
    type Output = Result<Subscription, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let (subscription, outcome) = self.begin().await?;
            done(outcome).await?;
            Ok(subscription)
        })
    }
}
