-- Choices that change while the program runs. `value` is JSON; `version` grows with each change.

CREATE TABLE choice(
  key TEXT PRIMARY KEY CHECK(length(key) BETWEEN 1 AND 100),
  value TEXT NOT NULL,
  version INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
