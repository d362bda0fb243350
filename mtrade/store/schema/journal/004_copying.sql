-- Copying: links, their legs with the ledger `owned`, the feed, what was consumed, the brakes.
-- Ids are never used twice (AUTOINCREMENT), also after a link was removed.
--
-- The orders of a whole fan-out are written at once, so the table is built anew with checks that
-- cost half: SQLite fills a temporary table for each `IN` of three or more words, every time.

CREATE TABLE intent_built(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  epoch_id INTEGER REFERENCES epoch(id),
  account_id TEXT NOT NULL CHECK(account_id <> ''),
  kind TEXT NOT NULL CHECK(kind='copy' OR kind='manual' OR kind='auto' OR kind='flatten'),
  request_id TEXT CHECK(request_id <> ''),
  digest TEXT NOT NULL,
  market TEXT NOT NULL CHECK(market IN('spot','futures')),
  settle TEXT NOT NULL,
  instrument TEXT NOT NULL,
  side TEXT NOT NULL CHECK(side IN('buy','sell')),
  type TEXT NOT NULL CHECK(type IN('limit','market')),
  size TEXT NOT NULL CHECK(size <> '' AND size NOT GLOB '*[^0-9.]*'),
  price TEXT CHECK(price <> '' AND price NOT GLOB '*[^0-9.]*'),
  tif TEXT NOT NULL CHECK(tif='gtc' OR tif='ioc' OR tif='poc' OR tif='fok'),
  reduce_only INTEGER NOT NULL CHECK(reduce_only IN(0,1)),
  close INTEGER NOT NULL CHECK(close IN(0,1)),
  auto_size TEXT CHECK(auto_size IN('close_long','close_short')),
  text TEXT NOT NULL UNIQUE CHECK(text <> ''),
  trigger_price TEXT CHECK(trigger_price <> '' AND trigger_price NOT GLOB '*[^0-9.]*'),
  trigger_above INTEGER CHECK(trigger_above IN(0,1)),
  trigger_source TEXT
    CHECK(trigger_source='last' OR trigger_source='mark' OR trigger_source='index'),
  trigger_expires_s INTEGER,
  expires_ms INTEGER NOT NULL,
  state TEXT NOT NULL CHECK(state='SENDING' OR state='DONE' OR state='VOID' OR state='OPEN'
    OR state='UNKNOWN' OR state='HOLD' OR state='WAITING'),
  planned_ms INTEGER NOT NULL,
  sent_ms INTEGER,
  path TEXT NOT NULL CHECK(path='' OR path='ws' OR path='rest'),
  order_id TEXT NOT NULL,
  filled TEXT NOT NULL CHECK(filled <> '' AND filled NOT GLOB '*[^0-9.]*'),
  average TEXT CHECK(average <> '' AND average NOT GLOB '*[^0-9.]*'),
  label TEXT NOT NULL,
  evidence TEXT NOT NULL,
  closed_ms INTEGER,
  parent TEXT NOT NULL,
  plan_position TEXT CHECK(plan_position <> '' AND plan_position NOT GLOB '*[^-0-9.]*'),
  leg_id INTEGER
) STRICT;

INSERT INTO intent_built(
    id, epoch_id, account_id, kind, request_id, digest, market, settle, instrument, side, type,
    size, price, tif, reduce_only, close, auto_size, text, trigger_price, trigger_above,
    trigger_source, trigger_expires_s, expires_ms, state, planned_ms, sent_ms, path, order_id,
    filled, average, label, evidence, closed_ms, parent, plan_position)
  SELECT
    id, epoch_id, account_id, kind, request_id, digest, market, settle, instrument, side, type,
    size, price, tif, reduce_only, close, auto_size, text, trigger_price, trigger_above,
    trigger_source, trigger_expires_s, expires_ms, state, planned_ms, sent_ms, path, order_id,
    filled, average, label, evidence, closed_ms, parent, plan_position
  FROM intent ORDER BY id;

DROP TABLE intent;
ALTER TABLE intent_built RENAME TO intent;

CREATE INDEX intent_unfinished ON intent(id) WHERE state NOT IN('DONE','VOID');
CREATE INDEX intent_account ON intent(account_id, id);
CREATE INDEX intent_request ON intent(request_id) WHERE request_id IS NOT NULL;
CREATE UNIQUE INDEX intent_once ON intent(account_id, request_id) WHERE request_id IS NOT NULL;
CREATE UNIQUE INDEX intent_leg_in_flight ON intent(leg_id)
  WHERE leg_id IS NOT NULL AND state NOT IN('DONE','VOID');

CREATE TABLE copy_link(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  leader_id TEXT NOT NULL CHECK(leader_id <> ''),
  follower_id TEXT NOT NULL CHECK(follower_id <> '' AND follower_id <> leader_id),
  settle TEXT NOT NULL CHECK(settle <> ''),
  state TEXT NOT NULL CHECK(state='off' OR state='shadow' OR state='on' OR state='close_only'
    OR state='hands_off' OR state='tripped'),
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
  leaving TEXT CHECK(leaving='keep' OR leaving='wind_down' OR leaving='close_now'),
  paused_on INTEGER NOT NULL CHECK(paused_on IN(0,1))
) STRICT;

CREATE TABLE copy_leg(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  link_id INTEGER NOT NULL REFERENCES copy_link(id) ON DELETE CASCADE,
  follower_id TEXT NOT NULL CHECK(follower_id <> ''),
  settle TEXT NOT NULL CHECK(settle <> ''),
  instrument TEXT NOT NULL CHECK(instrument <> ''),
  side TEXT NOT NULL CHECK(side='single' OR side='dual_long' OR side='dual_short'),
  owned TEXT NOT NULL CHECK(owned <> '' AND owned NOT GLOB '*[^-0-9.]*'),
  shadow TEXT NOT NULL CHECK(shadow <> '' AND shadow NOT GLOB '*[^-0-9.]*'),
  status TEXT NOT NULL CHECK(status='active' OR status='parked' OR status='blocked'),
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

-- One leader trade is consumed by at most one order of a follower, for ever; `intent_id` is NULL when
-- trades cancelled each other out. What is written together lies together: the trade comes first.
CREATE TABLE intent_cause(
  leader_id TEXT NOT NULL CHECK(leader_id <> ''),
  trade_id TEXT NOT NULL CHECK(trade_id <> ''),
  follower_id TEXT NOT NULL CHECK(follower_id <> ''),
  intent_id INTEGER REFERENCES intent(id),
  PRIMARY KEY(leader_id, trade_id, follower_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX intent_cause_intent ON intent_cause(intent_id) WHERE intent_id IS NOT NULL;

CREATE TABLE copy_event(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  time_ms INTEGER NOT NULL,
  link_id INTEGER NOT NULL,
  act TEXT NOT NULL CHECK(act <> ''),
  code TEXT,
  settle TEXT,
  instrument TEXT,
  side TEXT CHECK(side='single' OR side='dual_long' OR side='dual_short'),
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
