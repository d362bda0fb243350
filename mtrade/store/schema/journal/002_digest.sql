-- What a request asked for, so that its id is not taken for another wish or another account.

ALTER TABLE intent ADD COLUMN digest TEXT NOT NULL DEFAULT '';

CREATE INDEX intent_request ON intent(request_id) WHERE request_id IS NOT NULL;
