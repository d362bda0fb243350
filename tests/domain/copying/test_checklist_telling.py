"""The checklist: whatever was not copied in full says why, with its number, in both languages
(C-45)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal as D
from pathlib import Path
from typing import Any

import pytest

from mtrade.domain.copying.choices import BelowMin, SideFilter
from mtrade.domain.copying.codes import Act, Code, Reason
from mtrade.domain.copying.params import Share
from mtrade.domain.frozen import replace
from mtrade.web.copy_words import Words
from mtrade.web.i18n import Catalogue
from tests.domain.copying.facts import Bench

CATALOGUE = Catalogue(Path(__file__).resolve().parents[3] / "static" / "i18n")
LEFT_OUT = (Act.CLIPPED, Act.SKIPPED, Act.DELAYED, Act.FAILED)
Change = Callable[[Bench], None]


def market(**changes: Any) -> Change:
    def change(bench: Bench) -> None:
        bench.market = replace(bench.market, **changes)

    return change


def follower(**changes: Any) -> Change:
    def change(bench: Bench) -> None:
        bench.follower = replace(bench.follower, **changes)

    return change


def gate(code: Code, **numbers: str) -> Change:
    def change(bench: Bench) -> None:
        bench.gate = Reason(code, numbers)

    return change


def nothing(bench: Bench) -> None:
    """The settings of the link decide alone."""


CASES: dict[str, tuple[dict[str, Any], Change, set[str]]] = {
    "MIN_SIZE": ({"multiplier": D("0.01")}, nothing, {"minimum", "share_value"}),
    "BUMP_REFUSED": (
        {"multiplier": D("0.01"), "below_min": BelowMin.BUMP}, nothing, {"factor", "limit"},
    ),
    "CAP_ORDER": ({"max_order": Share(D(100), False)}, nothing, {"allowed", "wanted"}),
    "CAP_POSITION": ({"max_position": D(100)}, nothing, {"allowed", "wanted"}),
    "CAP_TOTAL": ({"max_total": D("0.01")}, follower(total_value=D(900)), {"allowed", "wanted"}),
    "CAP_COUNT": ({"max_open_positions": 1}, follower(open_legs=1), {"count", "limit"}),
    "CAP_RATE": ({}, follower(entries_account=30), {"count", "limit"}),
    "RISK_TIER": ({}, market(tier_value=D(100)), {"allowed", "wanted"}),
    "DENIED": ({"deny": ("BTC_USDT",)}, nothing, {"instrument"}),
    "SIDE_FILTER": ({"side_filter": SideFilter.SHORT}, nothing, {"allowed"}),
    "LEADER_SMALL": ({"min_leader_value": D(5000)}, nothing, {"value", "limit"}),
    "SPREAD": ({"max_spread_bps": D("0.1")}, nothing, {"spread", "limit"}),
    "VOLUME": ({"min_volume_24h": D(9)}, market(volume_24h=D(8)), {"volume", "limit"}),
    "CLOCK": ({}, gate(Code.CLOCK, ms="2000", limit="500"), {"ms", "limit"}),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_c45_each_thing_left_out_has_a_code_a_number_and_both_languages(name: str) -> None:
    params, change, numbers = CASES[name]
    bench = Bench(**params)
    change(bench)
    bench.to("10")
    said_well(bench, Code(name), numbers)


def test_c45_an_entry_that_found_too_little_in_its_time_says_so() -> None:
    """The price stays where it is, and every order fills by a part of what is left."""
    bench = Bench(entry_retry_s=2)
    bench.to("64", fill="0.5")
    said_well(bench, Code.PRICE_RAN, {"seconds"})


def said_well(bench: Bench, code: Code, numbers: set[str]) -> None:
    (row,) = [row for row in bench.events if row.act in LEFT_OUT]
    assert row.code is code
    assert numbers <= row.numbers.keys()
    for lang in ("en", "ru"):
        words = Words(CATALOGUE, lang)
        said = words.event(row)
        assert said not in (words.text(f"copy.reason.{code}.plain"), f"copy.reason.{code}")
        assert "{" not in said
        for number in numbers:
            assert words._shown(number, row.numbers[number]) in said
