"""Topics: what is written as documented is understood, anything else is refused by name."""

from __future__ import annotations

import pytest

from mtrade.domain.accounts import Network
from mtrade.domain.errors import InvalidRequest
from mtrade.domain.instruments import futures, spot
from mtrade.trading.live.topics import (
    MOST_TOPICS,
    AccountTopic,
    CandleTopic,
    MarketTopic,
    ServerTopic,
    parse_topics,
)

ALL = (
    MarketTopic(Network.PAPER, futures("BTC_USDT")),
    MarketTopic(Network.LIVE, spot("BTC_USDT")),
    CandleTopic(Network.TESTNET, futures("BTC_USD", "btc"), "1m"),
    AccountTopic("paper:10001"),
    ServerTopic(),
)


def test_text_to_topic_and_back() -> None:
    text = ",".join(map(str, ALL))
    assert text == (
        "market:paper:usdt:BTC_USDT,market:live:spot:BTC_USDT,"
        "candles:testnet:btc:BTC_USD:1m,account:paper:10001,server"
    )
    assert parse_topics(text) == ALL
    assert parse_topics("server,server,") == (ServerTopic(),)


@pytest.mark.parametrize(
    "text",
    [
        "", ",", "servers", "server:x", "account", "account:", "account:paper:1:2",
        "account:PAPER:1", "market:paper:usdt", "market:moon:usdt:BTC_USDT",
        "market:paper:eth:BTC_USDT", "market:paper:usdt:btc_usdt", "market:paper:usdt:BTC_USDT:1m",
        "candles:paper:usdt:BTC_USDT", "candles:paper:usdt:BTC_USDT:2m", "account:paper:1\n",
        ",".join(f"account:paper:{n}" for n in range(MOST_TOPICS + 1)),
    ],
)  # fmt: skip
def test_anything_else_is_refused_by_name(text: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        parse_topics(text)
    assert set(refused.value.fields) == {"topics"}
