//! What the bot takes from chats.

use std::sync::{Arc, Mutex};

use attendant::Rehearsal;
use faq_bot::learn::{Learner, Lesson, LessonKind};

#[derive(Clone, Default)]
struct Notebook(Arc<Mutex<Vec<Lesson>>>);

impl Learner for Notebook {
    fn learn(&self, lesson: Lesson) {
        self.0.lock().unwrap().push(lesson);
    }
}

async fn lessons(lines: &[&str]) -> Vec<Lesson> {
    let notebook = Notebook::default();
    let mut chat = Rehearsal::new(crate::demo_bot().learning(notebook.clone())).start().await;
    for line in lines {
        chat.say(*line).await;
    }
    assert!(chat.failures().is_empty());
    drop(chat);
    notebook.0.lock().unwrap().split_off(0)
}

#[tokio::test]
async fn unanswered_questions_are_kept_masked() {
    let lessons = lessons(&["квантовая механика ада@пример.рф"]).await;
    assert_eq!(lessons.len(), 1);
    assert!(matches!(lessons[0].kind, LessonKind::Unanswered { .. }));
    assert_eq!(lessons[0].question, "квантовая механика [email]");
    assert!(lessons[0].at > 0);
}

#[tokio::test]
async fn an_answer_that_needed_a_person_after_all_is_kept() {
    let lessons = lessons(&["When do I get my refund?", "I want to talk to a human"]).await;
    assert_eq!(lessons.len(), 1);
    assert!(matches!(&lessons[0].kind, LessonKind::HandedOver { answer, .. } if answer == "refund"), "{lessons:?}");
}

#[tokio::test]
async fn answers_and_gibberish_teach_nothing() {
    assert!(lessons(&["When are you open?", "thanks", "dfgjkhdfgkjh", "😀"]).await.is_empty());
}
