"""The digest of what a person asked for: a request repeated after an update is still the same."""

from __future__ import annotations

from decimal import Decimal as D

from mtrade.domain.frozen import replace
from mtrade.domain.instruments import Side, futures
from mtrade.domain.orders import OrderType
from mtrade.trading.wishes import OrderWish, Protection, digest

WISH = OrderWish(
    account_id="paper:1",
    request_id="x",
    instrument=futures("BTC_USDT"),
    side=Side.BUY,
    type=OrderType.LIMIT,
    size=D("5.0"),
    unit="contracts",
    price=D("64000.10"),
    take_profit=Protection(price=D("70000.0")),
)
STORED = "a07ce3f60029a42da7a3f8adb4de574b"  # as journals of earlier versions have it


def test_the_digest_is_what_journals_already_have() -> None:
    assert digest(WISH) == STORED


def test_neither_the_request_nor_the_spelling_of_a_number_counts() -> None:
    again = replace(WISH, request_id="y", size=D("5"), take_profit=Protection(price=D(70_000)))
    assert digest(again) == STORED


def test_everything_else_counts() -> None:
    others = [
        replace(WISH, instrument=futures("ETH_USDT")),
        replace(WISH, size=D("5.1")),
        replace(WISH, take_profit=Protection(price=D("70000.1"))),
        replace(WISH, side=Side.SELL),
    ]
    assert STORED not in {digest(other) for other in others}
    assert len({digest(other) for other in others}) == len(others)
