//! How the connection of the notifications stands: when it is broken, what is known about the break, and what is missing until
//! it works again.

/// How the connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Line {
    Up,
    /// Broken, with what is known about the break so far.
    Down {
        gap: bool,
        new_session: bool,
        missing: Missing,
    },
    Over,
}

/// What a broken connection lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    Connection,
    /// The server of a new session does not know yet what is subscribed to.
    Subscriptions,
    /// The session was replaced.
    Both,
}

impl Line {
    /// It lacks this from now on. True if it worked until now.
    pub fn lose(&mut self, more_gap: bool, lacks: Missing) -> bool {
        let replaced = lacks == Missing::Both;
        match self {
            Self::Up => {
                *self = Self::Down { gap: more_gap, new_session: replaced, missing: lacks };
                return true;
            }
            Self::Down { gap, new_session, missing } => {
                *gap |= more_gap;
                *new_session |= replaced;
                *missing = missing.and(lacks);
            }
            Self::Over => {}
        }
        false
    }

    /// Notifications were missed while it was down.
    pub fn miss(&mut self) {
        if let Self::Down { gap, .. } = self {
            *gap = true;
        }
    }

    /// This is there again. When nothing is missing any more, it works: whether there is a gap, and whether the session is a
    /// new one.
    pub fn find(&mut self, found: Missing, more_gap: bool) -> Option<(bool, bool)> {
        let Self::Down { gap, new_session, missing } = self else { return None };
        *gap |= more_gap;
        if let Some(left) = missing.without(found) {
            *missing = left;
            return None;
        }
        let known = (*gap, *new_session);
        *self = Self::Up;
        Some(known)
    }
}

impl Missing {
    fn and(self, more: Self) -> Self {
        if self == more { self } else { Self::Both }
    }

    fn without(self, found: Self) -> Option<Self> {
        match (self, found) {
            (Self::Both, Self::Connection) => Some(Self::Subscriptions),
            (Self::Both, Self::Subscriptions) => Some(Self::Connection),
            (missing, found) => (missing != found).then_some(missing),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replaced_session_works_when_it_is_connected_and_subscribed_in_whatever_order() {
        for [first, then] in
            [[Missing::Connection, Missing::Subscriptions], [Missing::Subscriptions, Missing::Connection]]
        {
            let mut line = Line::Up;
            assert!(line.lose(true, Missing::Both), "told once");
            assert!(!line.lose(true, Missing::Both));
            assert_eq!(line.find(first, false), None);
            assert_eq!(line.find(first, false), None, "the same again is nothing new");
            assert_eq!(line.find(then, false), Some((true, true)));
            assert_eq!(line, Line::Up);
        }
    }

    #[test]
    fn a_session_that_goes_on_needs_its_connection_alone() {
        let mut line = Line::Up;
        assert!(line.lose(false, Missing::Connection));
        assert_eq!(line.find(Missing::Subscriptions, false), None);
        assert_eq!(line.find(Missing::Connection, false), Some((false, false)));
    }

    #[test]
    fn a_connection_that_breaks_again_is_waited_for_again() {
        let mut line = Line::Up;
        line.lose(true, Missing::Both);
        assert_eq!(line.find(Missing::Connection, false), None);
        line.lose(false, Missing::Connection);
        assert_eq!(line.find(Missing::Subscriptions, false), None);
        line.miss();
        assert_eq!(line.find(Missing::Connection, false), Some((true, true)));
    }

    #[test]
    fn what_is_over_stays_so() {
        let mut line = Line::Over;
        assert!(!line.lose(true, Missing::Both));
        assert_eq!(line.find(Missing::Both, true), None);
        assert_eq!(line, Line::Over);
    }
}
