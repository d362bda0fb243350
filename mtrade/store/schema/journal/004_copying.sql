-- Copying: links, their legs with the ledger `owned`, the feed, what was consumed, the brakes.
-- Ids are never used twice (AUTOINCREMENT), also after a link was removed.

ALTER TABLE intent ADD COLUMN leg_id INTEGER;

CREATE UNIQUE INDEX intent_leg_in_flight ON intent(leg_id)
  WHERE leg_id IS NOT NULL AND state NOT IN('DONE','VOID');
CREATE INDEX intent_leg ON intent(leg_id, id) WHERE leg_id IS NOT NULL;

CREATE TABLE copy_link(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  leader_id TEXT NOT NULL CHECK(leader_id <> ''),
  follower_id TEXT NOT NULL CHECK(follower_id <> '' AND follower_id <> leader_id),
  settle TEXT NOT NULL CHECK(settle <> ''),
  state TEXT NOT NULL CHECK(state IN('off','shadow','on','close_only','hands_off','tripped')),
  name TEXT NOT NULL,
  note TEXT NOT NULL,
  colour TEXT NOT NULL,
  version INTEGER NOT NULL,
  created_ms INTEGER NOT NULL,
  armed_ms INTEGER,
  since_ms INTEGER NOT NULL,
  why TEXT,
  params TEXT NOT NULL,
  guard TEXT NOT NULL,
  leaving TEXT CHECK(leaving IN('keep','wind_down','close_now')),
  paused_on INTEGER NOT NULL CHECK(paused_on IN(0,1))
) STRICT;

CREATE TABLE copy_leg(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  link_id INTEGER NOT NULL REFERENCES copy_link(id) ON DELETE CASCADE,
  follower_id TEXT NOT NULL CHECK(follower_id <> ''),
  settle TEXT NOT NULL CHECK(settle <> ''),
  instrument TEXT NOT NULL CHECK(instrument <> ''),
  side TEXT NOT NULL CHECK(side IN('single','dual_long','dual_short')),
  owned TEXT NOT NULL CHECK(ltrim(owned,'-') GLOB '[0-9]*'
    AND ltrim(owned,'-') NOT GLOB '*[^0-9.]*' AND owned NOT GLOB '*.*.*' AND owned NOT GLOB '--*'),
  shadow TEXT NOT NULL CHECK(ltrim(shadow,'-') GLOB '[0-9]*'
    AND ltrim(shadow,'-') NOT GLOB '*[^0-9.]*'
    AND shadow NOT GLOB '*.*.*' AND shadow NOT GLOB '--*'),
  status TEXT NOT NULL CHECK(status IN('active','parked','blocked')),
  reason TEXT,
  episode TEXT,
  episodes INTEGER NOT NULL,
  pending INTEGER REFERENCES intent(id),
  tries INTEGER NOT NULL,
  empty_ms TEXT NOT NULL,
  planned_ms INTEGER NOT NULL,
  paused INTEGER NOT NULL CHECK(paused IN(0,1)),
  version INTEGER NOT NULL,
  UNIQUE(link_id, instrument, side)
) STRICT;

-- Two leaders of one follower leg would share a net position that neither owns.
CREATE UNIQUE INDEX copy_leg_one_leader ON copy_leg(follower_id, settle, instrument, side)
  WHERE owned <> '0' OR pending IS NOT NULL;

-- One leader trade is consumed by at most one order of a follower, for ever; `text` is empty when
-- trades cancelled each other out.
CREATE TABLE intent_cause(
  follower_id TEXT NOT NULL CHECK(follower_id <> ''),
  leader_id TEXT NOT NULL CHECK(leader_id <> ''),
  trade_id TEXT NOT NULL CHECK(trade_id <> ''),
  text TEXT NOT NULL,
  PRIMARY KEY(follower_id, leader_id, trade_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX intent_cause_text ON intent_cause(text) WHERE text <> '';

CREATE TABLE copy_event(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  time_ms INTEGER NOT NULL,
  link_id INTEGER NOT NULL,
  act TEXT NOT NULL CHECK(act <> ''),
  code TEXT,
  settle TEXT,
  instrument TEXT,
  side TEXT CHECK(side IN('single','dual_long','dual_short')),
  numbers TEXT NOT NULL,
  intent_id INTEGER
) STRICT;

CREATE INDEX copy_event_link ON copy_event(link_id);
CREATE INDEX copy_event_link_act ON copy_event(link_id, act);
CREATE INDEX copy_event_act ON copy_event(act);
CREATE INDEX copy_event_code ON copy_event(code) WHERE code IS NOT NULL;
CREATE INDEX copy_event_time ON copy_event(time_ms, link_id, act);

CREATE TABLE copy_control(
  scope TEXT PRIMARY KEY CHECK(scope <> ''),
  state TEXT NOT NULL CHECK(state IN('halt','pause')),
  since_ms INTEGER NOT NULL,
  actor TEXT NOT NULL,
  why TEXT NOT NULL
) STRICT;
