//! Which streams listen to which channels, and what of it the server knows.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{StreamId, Ticket};
use crate::channel::Channel;

/// What the server knows of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    /// Nothing.
    No,
    /// It was asked.
    Asked,
    /// It said yes.
    Yes,
    /// It said no in this session.
    Refused,
}

#[derive(Debug)]
struct Topic {
    streams: Vec<StreamId>,
    known: Known,
    /// The stream whose subscribe fields go with it; such a channel is always sent.
    fields_of: Option<StreamId>,
    /// Whether a server has ever said yes.
    was_good: bool,
}

#[derive(Debug)]
struct Stream {
    channels: Vec<Channel>,
    ticket: Option<Ticket>,
}

/// The channels of one subscribe message, and the stream whose fields belong to it.
pub(super) type Asked = (Vec<Channel>, Option<StreamId>);

#[derive(Debug, Default)]
pub(super) struct Topics {
    channels: BTreeMap<Channel, Topic>,
    streams: BTreeMap<StreamId, Stream>,
    /// Confirmed by the server in a session that was taken over.
    inherited: Vec<Channel>,
    /// This session replaces a lost one, and the server has not answered for all channels yet.
    restoring: bool,
    /// The last answer of `route`: bursts are on one channel.
    last: Option<(Channel, Arc<[StreamId]>)>,
}

impl Topics {
    pub fn add(&mut self, stream: StreamId, channels: Vec<Channel>, has_fields: bool, ticket: Ticket) {
        self.last = None;
        for channel in &channels {
            let inherited = self.inherited.contains(channel);
            let topic = self.channels.entry(channel.clone()).or_insert_with(|| Topic {
                streams: Vec::new(),
                known: if inherited { Known::Yes } else { Known::No },
                fields_of: None,
                was_good: inherited,
            });
            topic.streams.push(stream);
            if has_fields {
                topic.fields_of = Some(stream);
            }
            if topic.known == Known::Refused {
                topic.known = Known::No;
            }
        }
        self.streams.insert(stream, Stream { channels, ticket: Some(ticket) });
    }

    /// Local delivery ends at once; the server is told by the next plan. Gives the call that still waits for the stream.
    pub fn remove(&mut self, stream: StreamId) -> Option<Ticket> {
        self.last = None;
        let gone = self.streams.remove(&stream)?;
        for channel in &gone.channels {
            if let Some(topic) = self.channels.get_mut(channel) {
                topic.streams.retain(|other| *other != stream);
                if topic.fields_of == Some(stream) {
                    topic.fields_of = None;
                }
            }
        }
        gone.ticket
    }

    /// The subscribe messages (each with the stream whose fields belong to it) and the channels to unsubscribe from.
    pub fn plan(&mut self, cover: bool) -> (Vec<Asked>, Vec<Channel>) {
        let mut wanted: BTreeMap<Option<StreamId>, Vec<Channel>> = BTreeMap::new();
        let mut unwanted = Vec::new();
        let mut alone = Vec::new();
        for (channel, topic) in &self.channels {
            let covered = cover && self.is_covered(channel, topic, false);
            let needed = !topic.streams.is_empty() && !covered;
            match topic.known {
                Known::No if needed => {
                    // The channels of one new subscription go in one message; a restored channel has its own.
                    let fresh = topic.streams.first().filter(|stream| {
                        !topic.was_good && self.streams.get(stream).is_some_and(|stream| stream.ticket.is_some())
                    });
                    match (fresh, topic.fields_of) {
                        (_, Some(stream)) if topic.was_good => alone.push((vec![channel.clone()], Some(stream))),
                        (Some(stream), _) => wanted.entry(Some(*stream)).or_default().push(channel.clone()),
                        (None, _) => alone.push((vec![channel.clone()], None)),
                    }
                }
                Known::Asked | Known::Yes
                    if topic.streams.is_empty()
                        || (topic.known == Known::Yes && cover && self.is_covered(channel, topic, true)) =>
                {
                    unwanted.push(channel.clone());
                }
                _ => {}
            }
        }
        let mut messages: Vec<_> = wanted
            .into_iter()
            .map(|(stream, mut channels)| {
                // In the order in which the caller gave them.
                if let Some(order) = stream.and_then(|id| self.streams.get(&id)).map(|stream| &stream.channels) {
                    channels.sort_by_key(|channel| order.iter().position(|other| other == channel));
                }
                (channels, stream)
            })
            .collect();
        messages.extend(alone);
        for channel in messages.iter().flat_map(|(channels, _)| channels) {
            if let Some(topic) = self.channels.get_mut(channel) {
                topic.known = Known::Asked;
            }
        }
        for channel in &unwanted {
            if let Some(topic) = self.channels.get_mut(channel) {
                topic.known = Known::No;
            }
        }
        self.channels.retain(|_, topic| !topic.streams.is_empty());
        (messages, unwanted)
    }

    /// Whether another channel of this client takes in everything that comes on this one.
    fn is_covered(&self, channel: &Channel, topic: &Topic, confirmed: bool) -> bool {
        topic.fields_of.is_none()
            && !channel.is_service()
            && self.channels.iter().any(|(other, its)| {
                other != channel
                    && other.is_wild()
                    && !its.streams.is_empty()
                    && its.known != Known::Refused
                    && (!confirmed || its.known == Known::Yes)
                    && other.covers(channel)
            })
    }

    pub fn confirm(&mut self, channels: &[Channel]) {
        for channel in channels {
            if let Some(topic) = self.channels.get_mut(channel)
                && topic.known == Known::Asked
            {
                topic.known = Known::Yes;
                topic.was_good = true;
            }
        }
    }

    /// Takes a refusal. True if the channels had been good in an earlier session.
    pub fn refuse(&mut self, channels: &[Channel]) -> bool {
        let mut restored = false;
        for channel in channels {
            if let Some(topic) = self.channels.get_mut(channel) {
                restored |= topic.was_good;
                topic.known = Known::Refused;
            }
        }
        restored
    }

    /// The subscribers that still wait for one of these channels; their streams are taken away.
    pub fn refused_streams(&mut self, channels: &[Channel]) -> Vec<(StreamId, Ticket)> {
        let gone: Vec<(StreamId, Ticket)> = self
            .streams
            .iter()
            .filter(|(_, stream)| stream.channels.iter().any(|channel| channels.contains(channel)))
            .filter_map(|(id, stream)| stream.ticket.map(|ticket| (*id, ticket)))
            .collect();
        for (stream, _) in &gone {
            self.remove(*stream);
        }
        gone
    }

    /// The subscribers all of whose channels are confirmed, or covered by confirmed ones.
    pub fn settled(&mut self) -> Vec<Ticket> {
        let mut settled = Vec::new();
        let ready: Vec<StreamId> = self
            .streams
            .iter()
            .filter(|(_, stream)| stream.ticket.is_some())
            .filter(|(_, stream)| {
                stream.channels.iter().all(|channel| {
                    self.channels.get(channel).is_some_and(|topic| {
                        topic.known == Known::Yes || (topic.known == Known::No && self.is_covered(channel, topic, true))
                    })
                })
            })
            .map(|(id, _)| *id)
            .collect();
        for id in ready {
            settled.extend(self.streams.get_mut(&id).and_then(|stream| stream.ticket.take()));
        }
        settled
    }

    /// A new session: the server knows nothing.
    pub fn lost(&mut self) {
        self.restoring = false;
        self.inherited.clear();
        self.channels.retain(|_, topic| !topic.streams.is_empty());
        for topic in self.channels.values_mut() {
            topic.known = Known::No;
        }
    }

    /// A new session in the place of a lost one: the server is to be asked for everything again.
    pub fn restore(&mut self) {
        self.lost();
        self.restoring = true;
    }

    /// True once, when the server has answered for everything after `restore`.
    pub fn is_restored(&mut self) -> bool {
        let asked = self.channels.values().any(|topic| topic.known == Known::Asked);
        !asked && std::mem::take(&mut self.restoring)
    }

    /// Whether these are to be restored: nobody waits for a word about them, but for deliveries.
    pub fn are_restored(&self, channels: &[Channel]) -> bool {
        channels.iter().any(|channel| self.channels.get(channel).is_some_and(|topic| topic.was_good))
    }

    /// A session of another process: the server knows these.
    pub fn take_over(&mut self, channels: Vec<Channel>) {
        for channel in &channels {
            if let Some(topic) = self.channels.get_mut(channel) {
                topic.known = Known::Yes;
                topic.was_good = true;
            }
        }
        self.inherited = channels;
    }

    /// What the server has confirmed.
    pub fn confirmed(&self) -> Vec<Channel> {
        let mut channels: Vec<Channel> = self
            .channels
            .iter()
            .filter(|(_, topic)| topic.known == Known::Yes)
            .map(|(channel, _)| channel.clone())
            .collect();
        channels.extend(self.inherited.iter().filter(|channel| !self.channels.contains_key(*channel)).cloned());
        channels
    }

    /// The streams that a message on this channel is for, each once.
    pub fn route(&mut self, channel: &Channel) -> Arc<[StreamId]> {
        if let Some((last, streams)) = &self.last
            && last == channel
        {
            return streams.clone();
        }
        let mut streams: Vec<StreamId> = self
            .channels
            .iter()
            .filter(|(pattern, _)| pattern.covers(channel))
            .flat_map(|(_, topic)| topic.streams.iter().copied())
            .collect();
        streams.sort_unstable();
        streams.dedup();
        let streams: Arc<[StreamId]> = streams.into();
        self.last = Some((channel.clone(), streams.clone()));
        streams
    }

    /// Gives all streams, with the calls that still wait for them.
    pub fn clear(&mut self) -> Vec<(StreamId, Option<Ticket>)> {
        self.channels.clear();
        self.inherited.clear();
        self.last = None;
        std::mem::take(&mut self.streams).into_iter().map(|(id, stream)| (id, stream.ticket)).collect()
    }
}
