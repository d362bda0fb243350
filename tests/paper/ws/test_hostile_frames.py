"""No frame whatsoever makes a session raise, and every one that asks is answered."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mtrade.paper.ws.private import PRIVATE
from tests.paper.ws.stand import Client, Stand

SUBJECTS = (
    "tickers", "trades", "book_ticker", "candlesticks", "order_book", "order_book_update", "obu",
    "contract_stats", "public_liquidates", "ping", "login", "order_place", "order_batch_place",
    "order_cancel", "order_cancel_ids", "order_cancel_cp", "order_amend", "order_status",
    "order_list", "dance",
)  # fmt: skip
words = st.sampled_from(
    ["BTC_USDT", "ob.BTC_USDT.50", "1m", "100ms", "20", "42", "!all", "\ud800", "", "open", "t-x"]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | words | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)
orders = st.fixed_dictionaries(
    {},
    optional={
        name: values
        for name in ("contract", "size", "price", "tif", "text", "order_id", "status", "side",
                     "currency_pair", "amount", "limit", "account")
    },
)  # fmt: skip
payloads = values | st.fixed_dictionaries(
    {}, optional={"req_id": values, "req_param": values | orders | st.lists(orders, max_size=3),
                  "req_header": values, "api_key": words, "timestamp": values, "signature": words}
)  # fmt: skip
frames = st.fixed_dictionaries(
    {"channel": st.sampled_from(sorted(PRIVATE)) | st.tuples(
        st.sampled_from(["spot", "futures", "x"]), st.sampled_from(SUBJECTS)).map(".".join)},
    optional={
        "time": values,
        "id": values,
        "event": st.sampled_from(["subscribe", "unsubscribe", "api", "", "update"]) | values,
        "payload": payloads | st.lists(words, max_size=3),
        "auth": values | st.fixed_dictionaries({"KEY": words, "SIGN": words}),
    },
)  # fmt: skip
STANDS: dict[str, tuple[Stand, Client]] = {}


def client(market: str) -> tuple[Stand, Client]:
    if market not in STANDS:
        stand = Stand()
        made = Client(stand, market)
        made.login()
        STANDS[market] = (stand, made)
    return STANDS[market]


@pytest.mark.parametrize("market", ["spot", "futures"])
@given(frame=frames)
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_frame_is_answered(market, frame):
    stand, one = client(market)
    one.outs.clear()
    before = one.session
    request = before.read(json.dumps(frame), stand.clock.ms)
    if request is not None:
        before.receive(request, stand.clock.ms)
    assert one.outs
    for out in one.outs:
        json.loads(out.text)
    stand.publish()
    stand.pass_time(20, tick=False)
