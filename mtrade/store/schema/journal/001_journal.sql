-- The journal of orders. Money is decimal text without an exponent, never a float; times are UTC ms.

CREATE TABLE epoch(
  id INTEGER PRIMARY KEY,
  started_ms INTEGER NOT NULL,
  boot_id TEXT NOT NULL,
  instance TEXT NOT NULL,
  version TEXT NOT NULL,
  ended_ms INTEGER,
  how TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE TABLE instance(
  code TEXT PRIMARY KEY,
  binding TEXT NOT NULL,
  current INTEGER NOT NULL CHECK(current IN(0,1))
) STRICT;

CREATE TABLE intent(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  epoch_id INTEGER REFERENCES epoch(id),
  account_id TEXT NOT NULL CHECK(account_id <> ''),
  kind TEXT NOT NULL CHECK(kind IN('copy','manual','auto','flatten')),
  request_id TEXT CHECK(request_id <> ''),
  market TEXT NOT NULL CHECK(market IN('spot','futures')),
  settle TEXT NOT NULL,
  instrument TEXT NOT NULL,
  side TEXT NOT NULL CHECK(side IN('buy','sell')),
  type TEXT NOT NULL CHECK(type IN('limit','market')),
  size TEXT NOT NULL
    CHECK(size GLOB '[0-9]*' AND size NOT GLOB '*[^0-9.]*' AND size NOT GLOB '*.*.*'),
  price TEXT
    CHECK(price GLOB '[0-9]*' AND price NOT GLOB '*[^0-9.]*' AND price NOT GLOB '*.*.*'),
  tif TEXT NOT NULL CHECK(tif IN('gtc','ioc','poc','fok')),
  reduce_only INTEGER NOT NULL CHECK(reduce_only IN(0,1)),
  close INTEGER NOT NULL CHECK(close IN(0,1)),
  auto_size TEXT CHECK(auto_size IN('close_long','close_short')),
  text TEXT NOT NULL UNIQUE CHECK(text <> ''),
  trigger_price TEXT CHECK(trigger_price GLOB '[0-9]*'
    AND trigger_price NOT GLOB '*[^0-9.]*' AND trigger_price NOT GLOB '*.*.*'),
  trigger_above INTEGER CHECK(trigger_above IN(0,1)),
  trigger_source TEXT CHECK(trigger_source IN('last','mark','index')),
  trigger_expires_s INTEGER,
  expires_ms INTEGER NOT NULL,
  state TEXT NOT NULL CHECK(state IN('WAITING','SENDING','OPEN','UNKNOWN','HOLD','DONE','VOID')),
  planned_ms INTEGER NOT NULL,
  sent_ms INTEGER,
  order_id TEXT NOT NULL,
  filled TEXT NOT NULL
    CHECK(filled GLOB '[0-9]*' AND filled NOT GLOB '*[^0-9.]*' AND filled NOT GLOB '*.*.*'),
  average TEXT
    CHECK(average GLOB '[0-9]*' AND average NOT GLOB '*[^0-9.]*' AND average NOT GLOB '*.*.*'),
  label TEXT NOT NULL,
  evidence TEXT NOT NULL,
  closed_ms INTEGER,
  parent TEXT NOT NULL,
  plan_position TEXT CHECK(ltrim(plan_position,'-') GLOB '[0-9]*'
    AND ltrim(plan_position,'-') NOT GLOB '*[^0-9.]*'
    AND plan_position NOT GLOB '*.*.*' AND plan_position NOT GLOB '--*'),
  UNIQUE(account_id, request_id)
) STRICT;

CREATE INDEX intent_unfinished ON intent(id) WHERE state NOT IN('DONE','VOID');
CREATE INDEX intent_account ON intent(account_id, id);

-- A trade with oneself has one trade id and two sides.
CREATE TABLE own_trade(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  account_id TEXT NOT NULL CHECK(account_id <> ''),
  market TEXT NOT NULL CHECK(market IN('spot','futures')),
  settle TEXT NOT NULL,
  instrument TEXT NOT NULL,
  trade_id TEXT NOT NULL CHECK(trade_id <> ''),
  order_id TEXT NOT NULL,
  time_ms INTEGER NOT NULL,
  side TEXT NOT NULL CHECK(side IN('buy','sell')),
  size TEXT NOT NULL
    CHECK(size GLOB '[0-9]*' AND size NOT GLOB '*[^0-9.]*' AND size NOT GLOB '*.*.*'),
  price TEXT NOT NULL
    CHECK(price GLOB '[0-9]*' AND price NOT GLOB '*[^0-9.]*' AND price NOT GLOB '*.*.*'),
  fee TEXT NOT NULL CHECK(ltrim(fee,'-') GLOB '[0-9]*' AND ltrim(fee,'-') NOT GLOB '*[^0-9.]*'
    AND fee NOT GLOB '*.*.*' AND fee NOT GLOB '--*'),
  fee_currency TEXT NOT NULL,
  role TEXT NOT NULL,
  text TEXT NOT NULL,
  close_size TEXT NOT NULL CHECK(ltrim(close_size,'-') GLOB '[0-9]*'
    AND ltrim(close_size,'-') NOT GLOB '*[^0-9.]*'
    AND close_size NOT GLOB '*.*.*' AND close_size NOT GLOB '--*'),
  UNIQUE(account_id, market, settle, instrument, trade_id, side)
) STRICT;

CREATE INDEX own_trade_time ON own_trade(time_ms, id);
CREATE INDEX own_trade_account ON own_trade(account_id, time_ms, id);
