-- The way an order left: over the trading socket or over REST; empty while unknown or never sent.

ALTER TABLE intent ADD COLUMN path TEXT NOT NULL DEFAULT '' CHECK(path IN('','ws','rest'));
