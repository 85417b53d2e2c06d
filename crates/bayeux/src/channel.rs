//! Channel names and patterns: what may be sent, and what a pattern matches.

use std::fmt;
use std::sync::Arc;

use crate::Error;

/// A channel name, or a pattern that ends in `*` (one segment) or `**` (one or more). Cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Channel(Arc<str>);

impl Channel {
    /// Checks a name or pattern as far as the protocol does: segments of legal characters, each behind a slash, wildcards in
    /// the last segment only. A trailing slash is kept: servers treat it as the same channel or as another one.
    pub fn new(name: &str) -> Result<Self, Error> {
        match fault(name) {
            None => Ok(Self(name.into())),
            Some(why) => Err(Error::Channel { channel: name.to_owned(), why }),
        }
    }

    /// A name of the protocol's own.
    pub(crate) fn fixed(name: &'static str) -> Self {
        Self(name.into())
    }

    /// A name that came from a server, taken as it is.
    pub(crate) fn received(name: &str) -> Self {
        Self(name.into())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `/meta/…`: the protocol's own.
    pub fn is_meta(&self) -> bool {
        self.0.starts_with("/meta/")
    }

    /// `/service/…`: between one client and the server.
    pub fn is_service(&self) -> bool {
        self.0.starts_with("/service/")
    }

    /// Whether this is a pattern.
    pub fn is_wild(&self) -> bool {
        self.0.ends_with("/*") || self.0.ends_with("/**")
    }

    /// Whether this channel or pattern takes in a message on `name`, or everything that the pattern `name` takes in.
    ///
    /// `/a/*` covers `/a/b`; `/a/**` covers `/a/b`, `/a/b/c`, `/a/*` and `/a/b/**`; none of them covers `/a`.
    pub fn covers(&self, name: &str) -> bool {
        let own = self.as_str();
        if let Some(parent) = own.strip_suffix("**") {
            return name.len() > parent.len() && name.starts_with(parent);
        }
        if let Some(parent) = own.strip_suffix('*') {
            return name.strip_prefix(parent).is_some_and(|rest| {
                let rest = rest.strip_suffix('/').unwrap_or(rest);
                !rest.is_empty() && !rest.contains('/') && rest != "**"
            });
        }
        same(own, name)
    }
}

/// Servers take `/a/` and `/a` for one channel.
fn same(left: &str, right: &str) -> bool {
    left == right || left.strip_suffix('/').unwrap_or(left) == right.strip_suffix('/').unwrap_or(right)
}

fn fault(name: &str) -> Option<&'static str> {
    let Some(path) = name.strip_prefix('/') else { return Some("must begin with a slash") };
    let path = path.strip_suffix('/').unwrap_or(path);
    let mut segments = path.split('/').peekable();
    while let Some(segment) = segments.next() {
        if segment.is_empty() {
            return Some("has an empty segment");
        }
        if segment == "*" || segment == "**" {
            if segments.peek().is_some() || name.ends_with('/') {
                return Some("may have a wildcard in the last segment only");
            }
        } else if let Some(bad) = segment.chars().find(|character| !legal(*character)) {
            return Some(if bad == '*' {
                "must have a wildcard as a whole segment"
            } else {
                "has an illegal character"
            });
        }
    }
    None
}

/// Letters and digits of any script (servers allow them), and the marks of the protocol's grammar.
fn legal(character: char) -> bool {
    character.is_alphanumeric() || "-_!~()$@. ',+&=:".contains(character)
}

impl fmt::Display for Channel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Debug for Channel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::ops::Deref for Channel {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

/// One channel or several, checked when they are used.
pub trait Channels {
    /// The checked channels, without doubles, in the order given.
    fn channels(self) -> Result<Vec<Channel>, Error>;
}

impl Channels for &str {
    fn channels(self) -> Result<Vec<Channel>, Error> {
        Ok(vec![Channel::new(self)?])
    }
}

impl Channels for String {
    fn channels(self) -> Result<Vec<Channel>, Error> {
        self.as_str().channels()
    }
}

impl Channels for &String {
    fn channels(self) -> Result<Vec<Channel>, Error> {
        self.as_str().channels()
    }
}

impl Channels for Channel {
    fn channels(self) -> Result<Vec<Channel>, Error> {
        Ok(vec![self])
    }
}

impl<S: AsRef<str>> Channels for &[S] {
    fn channels(self) -> Result<Vec<Channel>, Error> {
        let mut list: Vec<Channel> = Vec::with_capacity(self.len());
        for name in self {
            let channel = Channel::new(name.as_ref())?;
            if !list.contains(&channel) {
                list.push(channel);
            }
        }
        if list.is_empty() {
            return Err(Error::Channel { channel: String::new(), why: "no channel was given" });
        }
        Ok(list)
    }
}

impl<S: AsRef<str>, const N: usize> Channels for [S; N] {
    fn channels(self) -> Result<Vec<Channel>, Error> {
        self.as_slice().channels()
    }
}

impl<S: AsRef<str>> Channels for Vec<S> {
    fn channels(self) -> Result<Vec<Channel>, Error> {
        self.as_slice().channels()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covers(pattern: &str, name: &str) -> bool {
        Channel::new(pattern).unwrap().covers(name)
    }

    /// SU3
    #[test]
    fn one_star_is_one_segment_two_are_many_and_the_parent_is_in_neither() {
        assert!(covers("/a/*", "/a/b"));
        assert!(!covers("/a/*", "/a/b/c"));
        assert!(!covers("/a/*", "/a"));
        assert!(covers("/a/**", "/a/b"));
        assert!(covers("/a/**", "/a/b/c"));
        assert!(!covers("/a/**", "/a"));
        assert!(!covers("/a/**", "/ab/c"));
        assert!(covers("/**", "/a"));
        assert!(covers("/a", "/a"));
        assert!(!covers("/a", "/a/b"));
    }

    #[test]
    fn patterns_cover_narrower_patterns() {
        assert!(covers("/a/**", "/a/*"));
        assert!(covers("/a/**", "/a/**"));
        assert!(covers("/a/**", "/a/b/**"));
        assert!(covers("/a/*", "/a/*"));
        assert!(!covers("/a/*", "/a/**"));
        assert!(!covers("/a/b/**", "/a/**"));
    }

    /// SU17
    #[test]
    fn a_trailing_slash_is_the_same_channel() {
        assert!(covers("/a/", "/a"));
        assert!(covers("/a", "/a/"));
        assert!(covers("/a/*", "/a/b/"));
    }

    /// MF13
    #[test]
    fn names_are_checked() {
        for good in ["/a", "/a/b", "/a/*", "/**", "/a-b_c!~()$@.d", "/ünï/ço", "/a/"] {
            assert!(Channel::new(good).is_ok(), "{good}");
        }
        for bad in ["", "a", "/", "//", "/a//b", "/a/*/b", "/a*", "/**/a", "/a/\u{7}", "/a\"b", "/a?x", "/a/*/"] {
            assert!(Channel::new(bad).is_err(), "{bad}");
        }
    }
}
