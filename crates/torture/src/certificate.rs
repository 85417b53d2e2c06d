//! Short stories, cut off at every boundary.
