"""The way out: what stops entries never stops it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal as D
from typing import Any

import pytest

from mtrade.domain.copying.choices import SideFilter
from mtrade.domain.copying.codes import Code, Reason
from mtrade.domain.copying.model import LegStatus, LinkState
from mtrade.domain.copying.params import Share
from mtrade.domain.frozen import replace
from tests.domain.copying.facts import Bench


def but(part: str, **changes: Any) -> Callable[[Bench], None]:
    """Changes a part of what is known."""

    def change(bench: Bench) -> None:
        setattr(bench, part, replace(getattr(bench, part), **changes))

    return change


def limited(**changes: Any) -> Callable[[Bench], None]:
    """Changes parameters of the link."""

    def change(bench: Bench) -> None:
        bench.link = replace(bench.link, params=replace(bench.link.params, **changes))

    return change


def latched(bench: Bench) -> None:
    assert bench.leg.episode is not None
    bench.leg = replace(bench.leg, episode=replace(bench.leg.episode, latch=True, ignored=True))


def silent(bench: Bench) -> None:
    bench.leader |= {"live": False, "increase_ms": None, "increase_price": None}


def gated(bench: Bench) -> None:
    bench.gate = Reason(Code.UNKNOWN_OUTCOME)


STOPS: dict[str, Callable[[Bench], None]] = {
    "cap of an order": limited(max_order=Share(D(60), False)),
    "cap of a position": limited(max_position=D(60)),
    "cap of all positions": limited(max_total=D("0.001")),
    "cap of margin": limited(max_margin_pct=D(0)),
    "too many positions": limited(max_open_positions=0),
    "taken off the list": limited(deny=("BTC_USDT",)),
    "the other side only": limited(side_filter=SideFilter.SHORT),
    "small leader": limited(min_leader_value=D(1_000_000)),
    "wide spread": limited(max_spread_bps=D("0.1")),
    "paused": but("link", state=LinkState.CLOSE_ONLY),
    "tripped": but("link", state=LinkState.TRIPPED),
    "paused contract": but("leg", paused=True),
    "parked": but("leg", status=LegStatus.PARKED, reason=Reason(Code.STALE, human=True)),
    "sends that found nothing": but("leg", empty_ms=(10**15,) * 9),
    "rate of the link": but("follower", entries_link=10**6),
    "rate of the account": but("follower", entries_account=10**6),
    "wallet unknown": but("follower", account=None),
    "leverage unknown": but("follower", leverage=None, margin_mode=None),
    "position unknown": but("follower", position=None),
    "price ran away": but("market", bid=D(30_000), ask=D(90_000)),
    "price unknown": but("market", mark=None, bid=None, ask=None),
    "latched and ignored": latched,
    "silent leader": silent,
    "gate": gated,
}


@pytest.mark.parametrize("left", ["0", "4"])
@pytest.mark.parametrize("stop", STOPS.values(), ids=STOPS)
def test_nothing_of_what_stops_entries_stops_an_exit(
    stop: Callable[[Bench], None], left: str
) -> None:
    bench = Bench()
    bench.to("10")
    stop(bench)
    bench.size = D(left)
    bench.now += 200
    outcome = bench.look()
    assert outcome.order is not None
    assert outcome.order.order.signed_size == D(left) - 10
    assert outcome.order.order.reduce_only
