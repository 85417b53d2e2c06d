//! Reading state: this login, its chats, transcripts, users, skills, contacts, services.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::request::{Request, segment};
use crate::wire::{Named, lenient};
use crate::{ChannelState, Contact, Error, Family, Interaction, Message, Service, Session, Skill, User};

/// Which contacts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ContactQuery {
    /// Part of a name.
    pub name: Option<String>,
    /// `User`, `Queue` or `Custom`.
    pub kind: Option<String>,
    /// With this medium.
    pub medium: Option<String>,
}

impl ContactQuery {
    /// The people who do this medium.
    pub fn people(medium: &str) -> Self {
        Self { name: None, kind: Some("User".into()), medium: Some(medium.to_owned()) }
    }

    /// The request, for one page.
    pub fn request(&self, offset: usize) -> Request {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (key, value) in [("name", &self.name), ("type", &self.kind), ("channel", &self.medium)] {
            if let Some(value) = value {
                query.append_pair(key, value);
            }
        }
        query.append_pair("limit", &PAGE.to_string()).append_pair("offset", &offset.to_string());
        Request::get(format!("/contacts?{}", query.finish()))
    }
}

const PAGE: usize = 100;
/// More pages than this are not read: a server that ignores paging must not hold a login for ever.
const PAGES: usize = 100;

impl Session {
    /// This login.
    pub async fn me(&self) -> Result<User, Error> {
        self.one("/me", "user").await
    }

    /// This login with the state of its media.
    pub async fn channels(&self) -> Result<Vec<ChannelState>, Error> {
        Ok(self.one::<User>("/me?subresources=channels", "user").await?.channels)
    }

    /// The chats that this login owns now.
    pub async fn interactions(&self) -> Result<Vec<Interaction>, Error> {
        let family = self.options().family;
        let all: Vec<Interaction> = self.all(&format!("/me/{family}?fields=*"), family.name()).await?;
        let chat = |one: &Interaction| one.channel.as_deref().is_none_or(|medium| medium == self.options().medium);
        Ok(all.into_iter().map(Named::named).filter(|one| !one.id.is_empty()).filter(chat).collect())
    }

    /// The transcript of a chat from an index on (family `chats`; with `interactions` ask with
    /// [`Operation::RequestHistory`](crate::Operation::RequestHistory)).
    pub async fn messages(&self, interaction: &str, from: Option<u64>) -> Result<Vec<Message>, Error> {
        if self.options().family == Family::Interactions {
            return Err(Error::Unsupported { operation: "GET messages", family: Family::Interactions });
        }
        self.all(&Self::messages_request(interaction, from).path, "messages").await
    }

    /// The request of [`Session::messages`].
    pub fn messages_request(interaction: &str, from: Option<u64>) -> Request {
        let query = from.map(|index| format!("?startIndex={index}")).unwrap_or_default();
        Request::get(format!("/me/chats/{}/messages{query}", segment(interaction)))
    }

    /// All users, with their skills.
    pub async fn users(&self) -> Result<Vec<User>, Error> {
        self.all("/users?fields=*&subresources=*", "users").await
    }

    /// One user.
    pub async fn user(&self, id: &str) -> Result<User, Error> {
        self.one(&format!("/users/{}?subresources=*", segment(id)), "user").await
    }

    /// The skills of the centre.
    pub async fn skills(&self) -> Result<Vec<Skill>, Error> {
        self.all("/skills?fields=*", "skills").await
    }

    /// People and queues with availability. Reads all pages.
    pub async fn contacts(&self, query: &ContactQuery) -> Result<Vec<Contact>, Error> {
        let mut found: Vec<Contact> = Vec::new();
        for _ in 0..PAGES {
            let answer = self.exchange.call(&query.request(found.len())).await?;
            let body: BTreeMap<String, Box<RawValue>> = answer.read()?;
            let page: Vec<Contact> = elements(&body, "contacts")?;
            let total: Option<usize> = body.get("totalCount").and_then(|raw| serde_json::from_str(raw.get()).ok());
            let known = |one: &Contact| !one.id.is_empty() && found.iter().any(|other| other.id == one.id);
            // A server without paging gives the same page again.
            let page: Vec<Contact> = page.into_iter().filter(|one| !known(one)).collect();
            let last = page.is_empty();
            found.extend(page);
            if last || total.is_none_or(|total| found.len() >= total) {
                break;
            }
        }
        Ok(found)
    }

    /// The health of the back-ends.
    pub async fn services(&self) -> Result<Vec<Service>, Error> {
        self.all("/services?fields=*", "services").await
    }

    /// A resource under its singular name.
    async fn one<T: DeserializeOwned>(&self, path: &str, key: &str) -> Result<T, Error> {
        let answer = self.exchange.call(&Request::get(path)).await?;
        let body: BTreeMap<String, Box<RawValue>> = answer.read()?;
        let raw = body.get(key).ok_or_else(|| Error::Malformed(format!("no {key}")))?;
        serde_json::from_str(raw.get()).map_err(|_| Error::Malformed(format!("the {key} cannot be decoded")))
    }

    /// A collection under its plural name. Elements that cannot be decoded are left out.
    async fn all<T: DeserializeOwned>(&self, path: &str, key: &str) -> Result<Vec<T>, Error> {
        let answer = self.exchange.call(&Request::get(path)).await?;
        elements(&answer.read()?, key)
    }
}

fn elements<T: DeserializeOwned>(body: &BTreeMap<String, Box<RawValue>>, key: &str) -> Result<Vec<T>, Error> {
    #[derive(Deserialize)]
    #[serde(transparent, bound = "T: DeserializeOwned")]
    struct Elements<T>(#[serde(deserialize_with = "lenient::optional_list")] Option<Vec<T>>);

    // A server without a single element may leave the list out, or give the empty list of addresses.
    let Some(raw) = body.get(key) else { return Ok(Vec::new()) };
    let elements: Option<Elements<T>> = serde_json::from_str(raw.get()).ok();
    elements.and_then(|elements| elements.0).ok_or_else(|| Error::Malformed(format!("{key} is not a list")))
}
