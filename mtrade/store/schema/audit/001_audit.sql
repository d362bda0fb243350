-- Who did what. hash = SHA-256(prev || canonical row); a changed or missing row breaks the chain.

CREATE TABLE audit(
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  ts_ms INTEGER NOT NULL,
  actor TEXT NOT NULL,
  ip TEXT NOT NULL,
  act TEXT NOT NULL,
  obj TEXT NOT NULL,
  detail TEXT NOT NULL,
  prev BLOB NOT NULL CHECK(length(prev) = 32),
  hash BLOB NOT NULL CHECK(length(hash) = 32)
) STRICT;
