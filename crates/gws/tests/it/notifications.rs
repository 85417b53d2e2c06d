//! What the server tells, as it tells it, and what the samples of its pages look like.

use std::collections::BTreeMap;

use gws::{Interaction, InteractionState, MessageKind, Notification, ParticipantType, StatusCode, Visibility};
use serde_json::value::RawValue;

fn decode(name: &str) -> Notification {
    let golden: BTreeMap<String, Box<RawValue>> =
        serde_json::from_str(include_str!("../golden/notifications.json")).unwrap();
    Notification::decode(golden[name].get()).unwrap()
}

fn interaction(name: &str) -> (Option<i64>, Interaction) {
    match decode(name) {
        Notification::Interaction { reference, interaction } => (reference, interaction),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_offer_with_attached_data_whose_numbers_keep_their_spelling() {
    let (reference, offer) = interaction("an offer (chats)");
    assert_eq!(reference, Some(41));
    assert_eq!((offer.id.as_str(), offer.state), ("0000XbQ7PK2T00A1", Some(InteractionState::Invited)));
    let data = offer.user_data.unwrap().0;
    assert_eq!(data["Subject"], "Invoice");
    assert_eq!(data["ChatServerPort"], "4800");
    assert_eq!(data["PegAG?:Customer_Service > 1"], "1.50");
    assert_eq!(data["Big"], "12345678901234567890123");
    assert!(!data.contains_key("RVQID"), "null is the same as absent");
}

#[test]
fn what_a_change_does_not_tell_stays() {
    let (_, mut picture) = interaction("an offer (chats)");
    let (_, change) = interaction("a change without user data (chats)");
    picture.merge(change);
    assert_eq!(picture.state, Some(InteractionState::Invited));
    assert_eq!(picture.user_data.unwrap().0["FirstName"], "Ada");
    assert_eq!(picture.capabilities.unwrap().len(), 2);
    let people = picture.participants.unwrap();
    assert_eq!(people.len(), 4, "the broken one is left out");
    let users: Vec<Option<&str>> = people.iter().map(|one| one.user()).collect();
    assert_eq!(users, [None, Some("u-bot-01"), Some("u-grace"), None]);
    assert_eq!(people[1].participant_id, "7352");
    assert_eq!(people[3].kind, Some(ParticipantType::Other("Hologram".into())));
}

#[test]
fn an_unknown_state_is_kept_as_it_is_spelt_and_the_id_is_found_in_the_path() {
    let (_, strange) = interaction("a state that nobody knows");
    assert_eq!(strange.id, "0000XbQ7PK2T00A1");
    assert_eq!(strange.state, Some(InteractionState::Other("Teleporting".into())));
}

#[test]
fn messages_have_gaps_and_what_is_not_for_all_is_for_agents() {
    let Notification::Messages { interaction, messages, .. } = decode("messages (chats)") else { panic!() };
    assert_eq!(interaction, "0000XbQ7PK2T00A1");
    let indexes: Vec<u64> = messages.iter().filter_map(gws::Message::index).collect();
    assert_eq!(indexes, [1, 3, 4, 5, 6, 7, 8]);
    assert_eq!(messages[1].content(), "Where is my parcel?");
    assert_eq!(messages[1].at_millis, Some(1_709_629_880_120));
    let seen: Vec<Visibility> = messages[2..5].iter().map(|one| one.visibility).collect();
    assert_eq!(seen, [Visibility::Agents, Visibility::Agents, Visibility::All]);
    assert_eq!((messages[4].content(), messages[5].content()), ("n", "https://shop.example.test/"));
    assert_eq!(messages[6].kind, MessageKind::Other("TranscriptSaveDone".into()));
}

#[test]
fn the_event_id_counts_where_there_is_no_index() {
    let Notification::Messages { interaction, messages, .. } = decode("messages (interactions)") else { panic!() };
    assert_eq!((interaction.as_str(), messages[0].index()), ("0000XbQ7PK2T00A1", Some(1)));
    assert_eq!(messages[0].from.as_ref().unwrap().kind, Some(ParticipantType::Customer));
}

#[test]
fn a_failure_names_its_operation_if_the_server_does() {
    let Notification::Failed { interaction, reference, refusal } = decode("an operation that failed (chats)") else {
        panic!()
    };
    assert_eq!(interaction.unwrap().id, "0000XbQ7PK2T00A1");
    assert_eq!((reference, refusal.code), (Some(42), Some(StatusCode::NotFound)));
    let Notification::Failed { interaction, reference, refusal } =
        decode("an operation that failed, with no more words")
    else {
        panic!()
    };
    assert_eq!((interaction, reference, refusal.code), (None, None, None));
}

#[test]
fn interactions_are_wrapped_or_lie_right_in_the_data() {
    let (_, wrapped) = interaction("an offer (interactions)");
    assert_eq!((wrapped.channel.as_deref(), wrapped.current_queue.as_deref()), (Some("chat"), Some("chat_in")));
    let (_, flat) = interaction("an offer, fields right in the data (interactions)");
    assert_eq!((flat.id.as_str(), flat.state), ("00004aDXN7KC001F", Some(InteractionState::Revoked)));
    assert_eq!(flat.channel.as_deref(), Some("email"));
}

#[test]
fn channels_tell_whether_work_is_wanted() {
    let Notification::Channels(channels) = decode("channels") else { panic!() };
    let ready: Vec<Option<bool>> = channels.iter().map(gws::ChannelState::is_ready).collect();
    assert_eq!(ready, [Some(true), Some(false), Some(false), None]);
    assert!(channels[1].do_not_disturb && !channels[0].do_not_disturb);
    assert!(channels[2].is_logged_out() && !channels[3].is_logged_out());
}

#[test]
fn everything_else_is_told_by_its_name_and_nonsense_is_nothing() {
    assert_eq!(decode("something else"), Notification::Other { message_type: "DeviceStateChangeMessage".into() });
    assert_eq!(Notification::decode("[1]"), None);
    assert_eq!(Notification::decode("{"), None);
}
