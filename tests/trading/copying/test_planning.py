"""Events of a moment are gathered, and the last of them is not forgotten."""

from __future__ import annotations

from decimal import Decimal as D
from pathlib import Path

from mtrade.domain.copying.params import CopyParams
from tests.trading.copying.stand import FIRST, Stand


def test_the_last_of_many_events_is_followed_as_soon_as_they_are_gathered(tmp_path: Path) -> None:
    stand = Stand(tmp_path)
    stand.link(FIRST, params=CopyParams(coalesce_ms=1_000))
    stand.run(5)
    for _ in range(5):
        stand.trade("8")
        stand.run(0.1)
    assert len(stand.intents()) == 1
    stand.run(1.2)
    assert stand.owned() == stand.held() == D(20)
    assert len(stand.intents()) == 2
