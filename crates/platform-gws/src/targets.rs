//! Finding somebody for a handoff where the server takes agents only.

use attendant::{PlatformError, PlatformErrorKind};
use gws::{Contact, ContactQuery, Session};
use rand::seq::SliceRandom;

/// The people with a skill who are free, or why nobody is. In random order: many logins that look at the same moment must
/// not all take the first.
pub async fn free_with_skill(
    session: &Session,
    skill: &str,
    own: Option<&gws::User>,
) -> Result<Result<Vec<Contact>, PlatformError>, gws::Error> {
    let medium = session.options().medium.clone();
    let mut people = session.contacts(&ContactQuery::people(&medium)).await?;
    let named =
        |skills: &[gws::Skill]| skills.iter().any(|one| one.name == skill || (!one.id.is_empty() && one.id == skill));
    if people.iter().all(|one| one.skills.is_empty()) && !people.is_empty() {
        // This server tells skills with users only.
        let skilled: Vec<gws::User> = session.users().await?.into_iter().filter(|user| named(&user.skills)).collect();
        people.retain(|one| skilled.iter().any(|user| one.is(user)));
    } else {
        people.retain(|one| named(&one.skills));
    }
    people.retain(|one| own.is_none_or(|own| !one.is(own)));
    let nobody = if people.is_empty() {
        PlatformError::new(PlatformErrorKind::UnknownTarget, "nobody has this skill")
    } else if people.iter().any(|one| is_here(one, &medium)) {
        PlatformError::new(PlatformErrorKind::Busy, "nobody with this skill is free")
    } else {
        PlatformError::new(PlatformErrorKind::NobodySignedIn, "nobody with this skill is signed in")
    };
    people.retain(|one| one.is_available(&medium));
    if people.is_empty() {
        return Ok(Err(nobody));
    }
    people.shuffle(&mut rand::rng());
    Ok(Ok(people))
}

/// Signed in to this medium, with room or without.
fn is_here(one: &Contact, medium: &str) -> bool {
    let channel = one.channels().iter().find(|channel| channel.channel.eq_ignore_ascii_case(medium));
    channel.is_some_and(|channel| !channel.is_logged_out())
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
