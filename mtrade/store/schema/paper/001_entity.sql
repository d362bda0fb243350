-- The paper exchange's state, one row per entity. Only its owner knows what `data` (JSON) means.
CREATE TABLE entity(
  kind TEXT NOT NULL,
  key TEXT NOT NULL,
  data TEXT NOT NULL,
  PRIMARY KEY(kind, key)
) STRICT, WITHOUT ROWID;
