-- A fan-out is durable as one record before its orders leave; what it holds goes into the tables
-- with the next transaction (docs/adr/0020-one-record-before-the-wire.md).

CREATE TABLE fanout(
  id INTEGER PRIMARY KEY,
  body BLOB NOT NULL
) STRICT;
