//! Finding somebody for a handoff where the server takes agents only.

use gws::{Contact, ContactQuery, Session};
use rand::seq::SliceRandom;

/// The free people with a skill, in random order: many logins that look at the same moment must not all take the first.
pub async fn free_with_skill(
    session: &Session,
    skill: &str,
    own: Option<&gws::User>,
) -> Result<Vec<Contact>, gws::Error> {
    let medium = session.options().medium.clone();
    let contacts = session.contacts(&ContactQuery::people(&medium)).await?;
    let mut free: Vec<Contact> = contacts.into_iter().filter(|one| one.is_available(&medium)).collect();
    free.retain(|one| own.is_none_or(|own| !one.is(own)));
    let named =
        |skills: &[gws::Skill]| skills.iter().any(|one| one.name == skill || (!one.id.is_empty() && one.id == skill));
    if free.iter().all(|one| one.skills.is_empty()) && !free.is_empty() {
        // This server tells skills with users only.
        let skilled: Vec<gws::User> = session.users().await?.into_iter().filter(|user| named(&user.skills)).collect();
        free.retain(|one| skilled.iter().any(|user| one.is(user)));
    } else {
        free.retain(|one| named(&one.skills));
    }
    free.shuffle(&mut rand::rng());
    Ok(free)
}

/// A queue as a contact, for operations that take a URI.
pub async fn queue(session: &Session, name: &str) -> Result<Option<String>, gws::Error> {
    let query = ContactQuery { name: Some(name.to_owned()), kind: Some("Queue".into()), medium: None };
    let found = session.contacts(&query).await?;
    Ok(found.into_iter().find(|one| one.name.as_deref() == Some(name)).and_then(|one| one.uri))
}

/// The user whom somebody calls by another of their names.
pub async fn user_named(session: &Session, name: &str) -> Result<Option<gws::User>, gws::Error> {
    let users = session.users().await?;
    Ok(users.into_iter().find(|user| user.user_name == name || user.employee_id.as_deref() == Some(name)))
}
