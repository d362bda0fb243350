-- Who may come in. Session ids, tokens and codes are stored as SHA-256 only; times are UTC ms.

CREATE TABLE keep(
  name TEXT PRIMARY KEY CHECK(name IN('password','csrf')),
  value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE session(
  id TEXT PRIMARY KEY,
  hash BLOB NOT NULL UNIQUE CHECK(length(hash) = 32),
  role TEXT NOT NULL CHECK(role IN('viewer','trader','owner')),
  device TEXT NOT NULL,
  remember INTEGER NOT NULL CHECK(remember IN(0,1)),
  first_seen_ms INTEGER NOT NULL,
  last_seen_ms INTEGER NOT NULL,
  first_address TEXT NOT NULL,
  address TEXT NOT NULL,
  elevated_until_ms INTEGER NOT NULL DEFAULT 0,
  elevated_from TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE TABLE token(
  id TEXT PRIMARY KEY,
  hash BLOB NOT NULL UNIQUE CHECK(length(hash) = 32),
  name TEXT NOT NULL UNIQUE CHECK(length(name) BETWEEN 1 AND 40),
  role TEXT NOT NULL CHECK(role IN('viewer','trader','owner')),
  created_ms INTEGER NOT NULL,
  expires_ms INTEGER
) STRICT;

CREATE TABLE attempt(
  scope TEXT NOT NULL,
  at_ms INTEGER NOT NULL
) STRICT;

CREATE INDEX attempt_scope ON attempt(scope, at_ms);

CREATE TABLE setup_code(
  only INTEGER PRIMARY KEY CHECK(only = 1),
  hash BLOB NOT NULL,
  issued_ms INTEGER NOT NULL,
  tries INTEGER NOT NULL
) STRICT;
