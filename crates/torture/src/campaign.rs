//! Many stories, one after the other, on every core.
