"""After a start that may have lost commits: only orders of this installation are taken in."""

from __future__ import annotations

from pathlib import Path

from tests.trading.copying.stand import FIRST, Stand


def test_lost_orders_of_another_installation_are_not_ours(tmp_path: Path) -> None:
    stand = Stand(tmp_path)
    stand.link(FIRST)
    stand.run(5)
    body = {"contract": "DOGE_USDT", "size": "3", "price": "0", "tif": "ioc",
            "text": "t-mt1cNzzzz" + "b" * 16}  # fmt: skip
    stand.bourse.create(FIRST, body, None, "rest")
    stand.kill()
    stand.tools["lost"] = True
    stand.begin()
    stand.run(30)
    assert stand.core.gates.blind == set()
    assert (stand.held(), stand.owned(), stand.intents()) == (3, 0, [])
