//! What all logins on one server share: the options and the connections.

use std::sync::Arc;

use crate::{Credentials, Error, Options, Session};

/// One server. A clone is a handle to the same connections; sessions are made from it.
#[derive(Debug, Clone)]
pub struct Client {
    pub(crate) http: reqwest::Client,
    pub(crate) options: Arc<Options>,
}

impl Client {
    /// Connections of its own, with the roots that the machine trusts.
    pub fn new(options: Options) -> Result<Self, Error> {
        // Fails only if another part of the process has chosen a provider already, and that one serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .connect_timeout(options.timeouts.connect)
            // A redirect is an answer here (a single sign-on page); credentials do not follow it.
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("attendant/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| Error::Config(error.to_string()))?;
        Self::with_http(options, http)
    }

    /// Connections that were made elsewhere: no cookie store, for cookies belong to logins, and no redirects.
    pub fn with_http(options: Options, http: reqwest::Client) -> Result<Self, Error> {
        options.validate()?;
        Ok(Self { http, options: Arc::new(options) })
    }

    /// What it was made with.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// The shared connections.
    pub fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// A login. Nothing is sent yet.
    pub fn session(&self, credentials: Credentials) -> Session {
        Session::new(self.clone(), credentials)
    }
}
