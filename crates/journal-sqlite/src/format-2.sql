-- Lines lie in the order in which they were written, whichever story they belong to: a commit touches the end of one table,
-- not a page for each story. A line knows the one before it in its story, and the story knows its last one (`tail`), as far
-- as `tails` says: tails of open stories are noted from time to time, and what was written since is read when the file is
-- opened.
ALTER TABLE lines RENAME TO lines_by_story;

CREATE TABLE lines (
    id INTEGER PRIMARY KEY,
    story INTEGER NOT NULL,
    number INTEGER NOT NULL,
    previous INTEGER,
    at INTEGER NOT NULL,
    version INTEGER NOT NULL,
    record TEXT NOT NULL
);
INSERT INTO lines (story, number, at, version, record)
    SELECT story, number, at, version, record FROM lines_by_story ORDER BY story, number;
UPDATE lines SET previous = id - 1 WHERE number > 1;
DROP TABLE lines_by_story;

ALTER TABLE stories ADD COLUMN tail INTEGER;
UPDATE stories SET tail = latest.id
    FROM (SELECT story, max(id) AS id FROM lines GROUP BY story) AS latest WHERE stories.id = latest.story;

-- One row: the tails of open stories are noted up to this line.
CREATE TABLE tails (noted INTEGER NOT NULL);
INSERT INTO tails SELECT coalesce(max(id), 0) FROM lines;
