//! Code of the application that runs inside a session: credentials, fields, extensions. Each has a deadline, and may fail or
//! panic without hurting the session.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use serde_json::{Map, Value};

use super::Driver;
use crate::event::Event;
use crate::hooks::{AuthError, Authenticator, Occasion, Verdict};
use crate::machine::HookFailure;
use crate::message::{Incoming, decode};

/// A hook that runs.
pub(super) type Hook = Pin<Box<dyn Future<Output = HookResult> + Send>>;

pub(super) enum HookResult {
    Prepared(Result<Map<String, Value>, HookFailure>),
    Renewed(Result<(), HookFailure>),
}

impl Driver {
    pub(super) fn prepare(&mut self, attempt: u32, refused: Option<u16>) {
        let authenticator = self.authenticator.clone();
        let fields = self.handshake_fields.clone();
        let within = self.options.hook_timeout;
        self.tasks.hook = Some(Box::pin(async move {
            if let Some(authenticator) = authenticator {
                let occasion = refused.map_or(Occasion::Handshake { attempt }, |status| Occasion::Refused { status });
                if let Err(failure) = ask(authenticator.as_ref(), occasion, within).await {
                    return HookResult::Prepared(Err(failure));
                }
            }
            let fields = fields.map(|fields| catch_unwind(AssertUnwindSafe(|| fields(attempt)))).transpose();
            HookResult::Prepared(
                fields.map(Option::unwrap_or_default).map_err(|_| HookFailure {
                    reason: "the hook for handshake fields panicked".into(),
                    is_final: false,
                }),
            )
        }));
    }

    pub(super) fn renew(&mut self, status: u16) {
        let Some(authenticator) = self.authenticator.clone() else { return };
        let within = self.options.hook_timeout;
        self.tasks.hook = Some(Box::pin(async move {
            HookResult::Renewed(ask(authenticator.as_ref(), Occasion::Refused { status }, within).await)
        }));
    }

    /// Lets the extensions see a message that leaves. False if one of them took it out.
    pub(super) async fn outgoing(&mut self, message: &crate::message::Outgoing, body: &mut Vec<u8>) -> bool {
        let meta = message.channel.starts_with("/meta/");
        let interested: Vec<_> =
            self.extensions.iter().rev().filter(|extension| meta || !extension.meta_only()).cloned().collect();
        if interested.is_empty() {
            message.encode(body);
            return true;
        }
        let mut text = Vec::new();
        message.encode(&mut text);
        let Ok(mut object) = serde_json::from_slice::<Map<String, Value>>(&text) else {
            body.extend_from_slice(&text);
            return true;
        };
        for extension in interested {
            let before = object.clone();
            let hook = AssertUnwindSafe(extension.outgoing(&mut object)).catch_unwind();
            let verdict = tokio::time::timeout(self.extension_timeout(), hook).await;
            if self.judged(extension.name(), verdict, &mut object, before) == Verdict::Drop {
                return false;
            }
        }
        let _ = serde_json::to_writer(&mut *body, &object);
        true
    }

    pub(super) async fn incoming(&mut self, messages: Vec<Incoming>) -> Vec<Incoming> {
        if self.extensions.is_empty() {
            return messages;
        }
        let mut passed = Vec::with_capacity(messages.len());
        for message in messages {
            let meta = message.channel.is_meta();
            let interested: Vec<_> =
                self.extensions.iter().filter(|extension| meta || !extension.meta_only()).cloned().collect();
            if interested.is_empty() {
                passed.push(message);
                continue;
            }
            let mut object = message.to_object();
            let mut verdict = Verdict::Pass;
            for extension in interested {
                let before = object.clone();
                let hook = AssertUnwindSafe(extension.incoming(&mut object)).catch_unwind();
                let judged = tokio::time::timeout(self.extension_timeout(), hook).await;
                verdict = self.judged(extension.name(), judged, &mut object, before);
                if verdict == Verdict::Drop {
                    break;
                }
            }
            if verdict == Verdict::Pass {
                let text = Bytes::from(Value::Object(object).to_string());
                passed.extend(decode(&text).map(|decoded| decoded.messages).unwrap_or_default());
            }
        }
        passed
    }

    /// A message that is held up by a hook must still be answered in time.
    fn extension_timeout(&self) -> Duration {
        self.options.hook_timeout.min(self.options.max_network_delay / 2)
    }

    fn judged(
        &mut self,
        hook: &'static str,
        verdict: Result<std::thread::Result<Result<Verdict, crate::hooks::BoxError>>, tokio::time::error::Elapsed>,
        object: &mut Map<String, Value>,
        before: Map<String, Value>,
    ) -> Verdict {
        let reason = match verdict {
            Ok(Ok(Ok(verdict))) => return verdict,
            Ok(Ok(Err(error))) => error.to_string(),
            Ok(Err(_)) => "it panicked".to_owned(),
            Err(_) => "it took too long".to_owned(),
        };
        *object = before;
        self.tell(&Event::HookFailed { hook, reason });
        Verdict::Pass
    }
}

/// What the running hook gave; never, if none runs.
pub(super) async fn hook_result(hook: &mut Option<Hook>) -> HookResult {
    match hook {
        Some(hook) => hook.await,
        None => std::future::pending().await,
    }
}

async fn ask(authenticator: &dyn Authenticator, occasion: Occasion, within: Duration) -> Result<(), HookFailure> {
    match tokio::time::timeout(within, AssertUnwindSafe(authenticator.authenticate(occasion)).catch_unwind()).await {
        Ok(Err(_)) => Err(HookFailure { reason: "the authenticator panicked".into(), is_final: false }),
        Ok(Ok(Ok(()))) => Ok(()),
        Ok(Ok(Err(error))) => {
            Err(HookFailure { reason: error.to_string(), is_final: matches!(error, AuthError::Final(_)) })
        }
        Err(_) => Err(HookFailure { reason: "the authenticator took too long".into(), is_final: false }),
    }
}
