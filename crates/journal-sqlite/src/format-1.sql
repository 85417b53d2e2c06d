-- The right to write for a login: the highest fence that was given out.
CREATE TABLE logins (
    login TEXT PRIMARY KEY,
    fence INTEGER NOT NULL
) WITHOUT ROWID;

-- One story a conversation. closed_at is the time of its last line, once that closes it.
CREATE TABLE stories (
    id INTEGER PRIMARY KEY,
    login TEXT NOT NULL,
    interaction TEXT NOT NULL,
    began INTEGER NOT NULL,
    closed_at INTEGER,
    UNIQUE (login, interaction, began)
);
CREATE INDEX stories_open ON stories (login, began) WHERE closed_at IS NULL;
CREATE INDEX stories_closed ON stories (closed_at) WHERE closed_at IS NOT NULL;

-- The facts. Each record carries the version of its form.
CREATE TABLE lines (
    story INTEGER NOT NULL REFERENCES stories (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    at INTEGER NOT NULL,
    version INTEGER NOT NULL,
    record TEXT NOT NULL,
    PRIMARY KEY (story, number)
) WITHOUT ROWID;
