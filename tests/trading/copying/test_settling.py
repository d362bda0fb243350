"""What an order came to is written with its leg and with the leader's trades it consumed."""

from __future__ import annotations

from decimal import Decimal as D
from pathlib import Path
from typing import Any

from mtrade.domain.errors import ExchangeUnavailable
from mtrade.domain.orders import IntentState
from tests.trading.copying.stand import FIRST, Stand, name


def test_an_order_without_effect_sets_its_causes_free(tmp_path: Path) -> None:
    stand = Stand(tmp_path)
    stand.link(FIRST)
    stand.run(5)
    line: Any = stand.lines[name(FIRST)]
    send, times = line._send, 2

    def refused(order: Any, expires_ms: int, done: Any) -> None:
        nonlocal times
        times -= 1
        if not times:
            line._send = send
        done(ExchangeUnavailable("no line"))

    line._send = refused
    stand.trade("40")
    stand.run(8)
    assert [row.state for row in stand.intents()] == [
        IntentState.VOID, IntentState.VOID, IntentState.DONE,
    ]  # fmt: skip
    assert stand.owned() == D(20)
    with stand.journal.database.read() as db:
        causes = db.execute("SELECT intent_id FROM intent_cause").fetchall()
    assert {row[0] for row in causes} == {stand.intents()[-1].id}
